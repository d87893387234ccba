//! The model's rules.

use std::sync::Arc;

use futures_util::{FutureExt, StreamExt};
use tokio::io::AsyncWriteExt;

use super::behaviour::{Behaviour, Boot, HealthScript};
use super::call::OPERATIONS;
use super::fake_engine::FakeEngine;
use super::fault::{Fault, When};
use crate::engine::engine::{Change, Create, Engine, ExecSpec, LogOptions, OutputKind, Remove};
use crate::engine::error::EngineError;
use crate::model::container::{
    ContainerSpec, Endpoint, Mount, MountSource, PortBinding, Protocol, RestartPolicy,
};
use crate::model::dial::Dial;
use crate::model::failure::FailureKind;
use crate::model::label::Labels;
use crate::model::network::{NetworkSpec, Subnet, VolumeSpec};
use crate::model::observed::{ContainerState, Health};

mod contents;
mod nested;
mod objects;
mod scripts;
mod states;

fn engine() -> FakeEngine {
    FakeEngine::new("host").with_image("busybox")
}

fn container(name: &str, spec: ContainerSpec) -> Create {
    Create::Container {
        name: name.to_owned(),
        spec: Box::new(ContainerSpec { image: "busybox".to_owned(), ..spec }),
        image: "busybox".to_owned(),
        labels: Labels::new(),
    }
}

fn plain(name: &str) -> Create {
    container(name, ContainerSpec::default())
}

fn network(name: &str) -> Create {
    Create::Network { name: name.to_owned(), spec: NetworkSpec::default(), labels: Labels::new() }
}

fn on_network(name: &str) -> ContainerSpec {
    ContainerSpec {
        networks: [(name.to_owned(), Endpoint::default())].into_iter().collect(),
        ..ContainerSpec::default()
    }
}

fn volume_at(name: Option<&str>, target: &str) -> ContainerSpec {
    let source = MountSource::volume(name.map(str::to_owned));
    ContainerSpec {
        mounts: vec![Mount { target: target.to_owned(), source, read_only: false, consistency: None }],
        ..ContainerSpec::default()
    }
}

fn checked() -> ContainerSpec {
    ContainerSpec { healthcheck: Some(Box::default()), ..ContainerSpec::default() }
}

fn remove(name: &str) -> Remove {
    Remove::Container { container: name.to_owned(), volumes: true }
}

fn inside(engine: &FakeEngine, node: &str) -> Arc<dyn Engine> {
    Arc::new(engine.clone()).inside(node, &FakeEngine::dial())
}

fn kind<T>(answer: Result<T, EngineError>) -> Option<FailureKind> {
    answer.err().map(|error| error.kind)
}

async fn make(engine: &dyn Engine, object: &Create) -> String {
    engine.create(object).await.expect("nothing stands in the way")
}

async fn start(engine: &dyn Engine, name: &str) {
    engine.act(name, &Change::Start).await.expect("nothing stands in the way");
}
