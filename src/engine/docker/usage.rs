//! What runs in a container, and what it uses.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, StreamExt as _};
use serde::Deserialize;

use super::api::{Raw, bytes_of, values_of, within};
use super::engine::DockerEngine;
use super::error::Call as Tried;
use super::observe::words::nullable;
use crate::engine::error::EngineError;
use crate::model::usage::{ProcessTable, Usage};

/// How long the head of the answer to a wait is waited for. podman sends it with the end only.
const HEAD_LIMIT: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TopAnswer {
    #[serde(default, deserialize_with = "nullable")]
    titles: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    processes: Vec<Vec<String>>,
}

/// `GET /containers/{id}/stats`; cgroup version 1 has `cache`, version 2 `inactive_file`.
#[derive(Deserialize)]
struct StatsAnswer {
    #[serde(default)]
    cpu_stats: Cpu,
    #[serde(default)]
    precpu_stats: Cpu,
    #[serde(default)]
    memory_stats: Memory,
    #[serde(default)]
    pids_stats: Pids,
    #[serde(default, deserialize_with = "nullable")]
    networks: BTreeMap<String, Network>,
    #[serde(default)]
    blkio_stats: Blkio,
}

#[derive(Default, Deserialize)]
struct Cpu {
    #[serde(default, rename = "cpu_usage")]
    usage: CpuUsage,
    #[serde(default)]
    system_cpu_usage: u64,
    #[serde(default)]
    online_cpus: u32,
}

#[derive(Default, Deserialize)]
struct CpuUsage {
    #[serde(default)]
    total_usage: u64,
    #[serde(default, deserialize_with = "nullable")]
    percpu_usage: Vec<u64>,
}

#[derive(Default, Deserialize)]
struct Memory {
    #[serde(default)]
    usage: u64,
    #[serde(default)]
    limit: u64,
    #[serde(default, deserialize_with = "nullable")]
    stats: BTreeMap<String, u64>,
}

#[derive(Default, Deserialize)]
struct Pids {
    #[serde(default)]
    current: u64,
}

#[derive(Default, Deserialize)]
struct Network {
    #[serde(default)]
    rx_bytes: u64,
    #[serde(default)]
    tx_bytes: u64,
}

#[derive(Default, Deserialize)]
struct Blkio {
    #[serde(default, deserialize_with = "nullable")]
    io_service_bytes_recursive: Vec<BlkioEntry>,
}

#[derive(Deserialize)]
struct BlkioEntry {
    #[serde(default)]
    op: String,
    #[serde(default)]
    value: u64,
}

impl From<StatsAnswer> for Usage {
    /// As docker/cli counts (`cli/command/container/stats_helpers.go`).
    #[expect(clippy::cast_precision_loss, reason = "a share of CPU time needs no 53 bits")]
    fn from(answer: StatsAnswer) -> Self {
        let StatsAnswer { cpu_stats: now, precpu_stats: before, memory_stats, .. } = &answer;
        let used = now.usage.total_usage.saturating_sub(before.usage.total_usage) as f64;
        let passed = now.system_cpu_usage.saturating_sub(before.system_cpu_usage) as f64;
        let cpus = match now.online_cpus {
            0 => now.usage.percpu_usage.len() as f64,
            n => f64::from(n),
        };
        let cpu_percent = if passed > 0.0 && used > 0.0 { used / passed * cpus * 100.0 } else { 0.0 };
        let cache = ["total_inactive_file", "inactive_file"]
            .iter()
            .find_map(|key| memory_stats.stats.get(*key))
            .filter(|cache| **cache < memory_stats.usage);
        let blkio = |word: &str| {
            let entries = answer.blkio_stats.io_service_bytes_recursive.iter();
            entries.filter(|entry| entry.op.eq_ignore_ascii_case(word)).map(|entry| entry.value).sum()
        };
        Self {
            cpu_percent,
            memory: memory_stats.usage - cache.copied().unwrap_or(0),
            memory_limit: memory_stats.limit,
            received: answer.networks.values().map(|network| network.rx_bytes).sum(),
            sent: answer.networks.values().map(|network| network.tx_bytes).sum(),
            read: blkio("read"),
            written: blkio("write"),
            processes: answer.pids_stats.current,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WaitAnswer {
    status_code: i64,
}

impl DockerEngine {
    pub(super) async fn top_of(
        &self,
        container: &str,
        arguments: Option<&str>,
    ) -> Result<ProcessTable, EngineError> {
        let call = Tried::new("list the processes of container", container);
        let request = Raw::get(&["containers", container, "top"]).maybe("ps_args", arguments);
        let answer: TopAnswer = request.fetch(&self.transport, &call).await?;
        Ok(ProcessTable { titles: answer.titles, rows: answer.processes })
    }

    /// Without `follow` the engine takes two looks, a second apart, so that the CPU's share is known.
    pub(super) async fn usage_of(
        &self,
        container: &str,
        follow: bool,
    ) -> Result<BoxStream<'static, Result<Usage, EngineError>>, EngineError> {
        let call = Tried::new("read the figures of container", container);
        let request = Raw::get(&["containers", container, "stats"])
            .query("stream", if follow { "true" } else { "false" });
        let response =
            within(&call, Some(self.transport.limits.call), request.send(&self.transport, &call)).await?;
        let answers = values_of::<StatsAnswer>(bytes_of(response, call.clone(), None), call);
        Ok(answers.map(|answer| answer.map(Usage::from)).boxed())
    }

    /// The engine answers the head once it waits, and the body with the end.
    pub(super) async fn wait_for(
        &self,
        container: &str,
        next: bool,
    ) -> Result<BoxFuture<'static, Result<i64, EngineError>>, EngineError> {
        let call = Tried::new("wait for the end of container", container);
        let condition = if next { "next-exit" } else { "not-running" };
        let request = Raw::post(&["containers", container, "wait"]).query("condition", condition);
        let (transport, head_call) = (self.transport.clone(), call.clone());
        let mut head = Box::pin(async move { request.send(&transport, &head_call).await });
        let early = tokio::time::timeout(HEAD_LIMIT, &mut head).await;
        let early = match early {
            Ok(response) => Some(response?),
            Err(_elapsed) => None,
        };
        Ok(Box::pin(async move {
            let response = match early {
                Some(response) => response,
                None => head.await?,
            };
            let mut answers = values_of::<WaitAnswer>(bytes_of(response, call.clone(), None), call.clone());
            match answers.next().await {
                Some(answer) => Ok(answer?.status_code),
                None => Err(call.unreachable("the answer ended without an exit code")),
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_counted_as_dockers_client_does() {
        let answer: StatsAnswer = serde_json::from_str(
            r#"{"cpu_stats":{"cpu_usage":{"total_usage":300},"system_cpu_usage":2000,"online_cpus":4},
            "precpu_stats":{"cpu_usage":{"total_usage":100},"system_cpu_usage":1000},
            "memory_stats":{"usage":1000,"limit":4000,"stats":{"inactive_file":400}},
            "pids_stats":{"current":7},"networks":{"eth0":{"rx_bytes":1,"tx_bytes":2},"eth1":{"rx_bytes":10,"tx_bytes":20}},
            "blkio_stats":{"io_service_bytes_recursive":[{"op":"Read","value":5},{"op":"write","value":6},{"op":"read","value":1}]}}"#,
        )
        .expect("an answer");
        let usage = Usage::from(answer);
        assert!((usage.cpu_percent - 80.0).abs() < 1e-9, "{}", usage.cpu_percent);
        assert_eq!((usage.memory, usage.memory_limit, usage.processes), (600, 4000, 7));
        assert_eq!((usage.received, usage.sent, usage.read, usage.written), (11, 22, 6, 6));
    }

    #[test]
    fn a_container_that_has_just_begun_has_no_figures_yet() {
        let answer: StatsAnswer =
            serde_json::from_str(r#"{"networks":null,"memory_stats":{}}"#).expect("an answer");
        assert_eq!(Usage::from(answer), Usage::default());
    }
}
