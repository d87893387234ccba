//! One container and one image.

use serde::Deserialize;

use super::words::{health_of, image_id, nullable, state_of};
use crate::model::observed::{ContainerDetail, ImageDetail};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::engine::docker) struct ContainerAnswer {
    id: String,
    state: StateAnswer,
    #[serde(default, deserialize_with = "nullable")]
    config: ConfigAnswer,
    #[serde(default)]
    restart_count: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StateAnswer {
    #[serde(default)]
    status: String,
    #[serde(default, rename = "OOMKilled")]
    oom_killed: bool,
    #[serde(default)]
    pid: i64,
    #[serde(default)]
    exit_code: i64,
    #[serde(default)]
    error: String,
    #[serde(default)]
    started_at: String,
    #[serde(default)]
    finished_at: String,
    health: Option<HealthAnswer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HealthAnswer {
    #[serde(default)]
    status: String,
    #[serde(default, deserialize_with = "nullable")]
    log: Vec<HealthRun>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HealthRun {
    #[serde(default)]
    output: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConfigAnswer {
    #[serde(default)]
    tty: bool,
    /// Seconds of grace.
    stop_timeout: Option<u64>,
}

impl ContainerAnswer {
    /// The container's own grace in seconds, if it has one.
    pub(in crate::engine::docker) fn stop_timeout(&self) -> Option<u64> {
        self.config.stop_timeout
    }
}

impl From<ContainerAnswer> for ContainerDetail {
    fn from(answer: ContainerAnswer) -> Self {
        let state = answer.state;
        let health = state.health.as_ref().and_then(|health| health_of(&health.status));
        let last = state.health.and_then(|health| health.log.into_iter().next_back());
        Self {
            id: answer.id,
            state: state_of(&state.status),
            health,
            health_output: last.map(|run| run.output),
            exit_code: state.exit_code,
            error: state.error,
            oom_killed: state.oom_killed,
            restarts: answer.restart_count,
            started_at: state.started_at,
            finished_at: state.finished_at,
            tty: answer.config.tty,
            pid: state.pid,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::engine::docker) struct ImageAnswer {
    id: String,
    #[serde(default, rename = "RootFS", deserialize_with = "nullable")]
    root_fs: RootFs,
    #[serde(default, deserialize_with = "nullable")]
    config: ImageConfig,
    #[serde(default)]
    size: i64,
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: String,
    #[serde(default, deserialize_with = "nullable")]
    metadata: ImageMetadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImageMetadata {
    #[serde(default)]
    last_tag_time: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RootFs {
    #[serde(default, deserialize_with = "nullable")]
    layers: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImageConfig {
    #[serde(default, deserialize_with = "nullable")]
    entrypoint: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    cmd: Vec<String>,
    #[serde(default)]
    user: String,
}

impl ImageAnswer {
    /// `platform` as the engine wants it in a query: an OCI platform.
    pub(in crate::engine::docker) fn platform(&self) -> serde_json::Value {
        let mut platform = serde_json::json!({"os": self.os, "architecture": self.architecture});
        if !self.variant.is_empty() {
            platform["variant"] = self.variant.as_str().into();
        }
        platform
    }
}

impl From<ImageAnswer> for ImageDetail {
    fn from(answer: ImageAnswer) -> Self {
        Self {
            id: image_id(answer.id),
            layers: answer.root_fs.layers,
            entrypoint: answer.config.entrypoint,
            command: answer.config.cmd,
            user: answer.config.user,
            size: answer.size,
            platform: format!("{}/{}", answer.os, answer.architecture),
            last_tagged: answer.metadata.last_tag_time,
        }
    }
}
