//! A node for the tests of kinds.

use super::kind::NodeInput;
use crate::model::container::{ContainerSpec, Mount, MountSource};
use crate::model::key_places::KeyPlaces;
use crate::model::service::EngineOptions;
use crate::model::span::{Span, Spanned};

/// What a test may change of a node before it asks its kind.
#[derive(Default)]
pub(super) struct Node {
    pub(super) spec: ContainerSpec,
    pub(super) options: EngineOptions,
    pub(super) written: KeyPlaces,
    pub(super) outer: Vec<&'static str>,
    pub(super) parent_socket: Option<&'static str>,
    pub(super) pool: Option<&'static str>,
    pub(super) mtu: Option<u32>,
}

impl Node {
    /// A node of which the file says only what its kind cannot do without.
    pub(super) fn plain(kind: &str) -> Self {
        let mut node = Self::default();
        match kind {
            "systemd" => node.spec.image = "debian-with-systemd".to_owned(),
            "tcp" => node.options.host = Some(spanned("tcp://engine:2375")),
            _ => {}
        }
        node
    }

    /// Says that the file has the key.
    pub(super) fn write(&mut self, key: &str) {
        self.written = KeyPlaces::new(&[(key, None, Span::default())]);
    }

    /// What the kind is told.
    pub(super) fn input(&self) -> NodeInput<'_> {
        NodeInput {
            name: "vm1",
            spec: &self.spec,
            written: &self.written,
            options: &self.options,
            outer: &self.outer,
            parent_socket: self.parent_socket,
            pool: self.pool,
            mtu: self.mtu,
        }
    }
}

/// A text with a place that does not matter.
pub(super) fn spanned(text: &str) -> Spanned<String> {
    Spanned::new(text.to_owned(), Span::default())
}

/// The options of the tmpfs at `target`.
pub(super) fn tmpfs<'a>(spec: &'a ContainerSpec, target: &str) -> Option<&'a str> {
    mount(spec, target).and_then(|mount| match &mount.source {
        MountSource::Tmpfs { options } => Some(options.as_str()),
        _ => None,
    })
}

/// The mount at `target`.
pub(super) fn mount<'a>(spec: &'a ContainerSpec, target: &str) -> Option<&'a Mount> {
    spec.mounts.iter().find(|mount| mount.target == target)
}
