//! A service.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::suggest::nearest;
use crate::model::behaviour::FileRole;
use crate::model::name::ServiceName;
use crate::model::service::{NodeDef, Service};
use crate::model::span::{Span, Spanned};
use crate::spec::raw::engine::EngineForm;
use crate::spec::raw::service::Service as Raw;
use crate::spec::read::words::{enumerate, quote};
use crate::spec::tree::node::{Node, Text};

use super::engine::kinds;
use super::lowering::Lowering;
use super::scope::Scope;
use super::spans::spans;
use super::stored_file::{StoredFiles, UsedFiles};

/// What a layer gives its services.
pub(super) struct Shelf {
    pub(super) configs: StoredFiles,
    pub(super) secrets: StoredFiles,
    /// Volumes of a layer inside a node that are directories of the user's machine.
    pub(super) bound: BTreeMap<String, PathBuf>,
}

impl Lowering<'_> {
    /// Lowers a service; `node` is its mapping in the tree.
    pub(super) fn service(
        &self,
        name: ServiceName,
        span: Span,
        mut raw: Box<Raw>,
        node: &Node,
        shelf: &Shelf,
        scope: &Scope,
    ) -> Box<Service> {
        self.excuse(&raw, node, span);
        let keys = spans(node);
        let deploy = raw.deploy.value.as_deref().map(|deploy| self.deploy(deploy));
        let scale = self.scale(&raw, deploy.as_ref());
        let container_name = raw.container_name.clone().take();
        if let Some(fixed) = &container_name {
            self.check_name("the name of a container", &fixed.value, fixed.span);
            if scale > 1 {
                let place = keys.get("scale").or_else(|| keys.get("deploy")).unwrap_or(span);
                self.problems.push(
                    Diagnostic::error(Code::Contradiction, format!("{scale} containers cannot all be called `{}`", fixed.value))
                        .at(fixed.span, "one name")
                        .at(place, "several replicas")
                        .help("Take `container_name` away: containers are then called `<project>-<service>-<number>`."),
                );
            }
        }
        let engine_keys: Vec<Spanned<Text>> = node
            .get("engine")
            .map(|node| node.pairs().iter().map(|pair| pair.key.clone()).collect())
            .unwrap_or_default();
        let wants_engine = raw.engine.place.is_some();
        if node.get("engine").is_some_and(Node::is_null) {
            let place = raw.engine.key.unwrap_or(span);
            let help = format!("Write a kind: one of {}.", enumerate(kinds()));
            self.problems.error(Code::MissingKey, place, "`engine` is empty", help);
        }
        let engine = self.engine(std::mem::take(&mut raw.engine), &engine_keys, scope);
        let inner = std::mem::take(&mut raw.inner);
        if let (false, Some(place)) = (wants_engine, inner.key) {
            let help = format!("Add `engine`: one of {}.", enumerate(kinds()));
            let message = format!("{} has an inner layer and no engine to run it on", quote(name.as_str()));
            self.problems.error(Code::InnerWithoutEngine, place, message, help);
        }
        let mut depends_on = self.depends_on(std::mem::take(&mut raw.depends_on));
        let publish = self.ports(std::mem::take(&mut raw.publish));
        let pull_policy = self.pull_policy(&raw.pull_policy, &raw.pull_refresh_after);
        let configs = std::mem::take(&mut raw.configs);
        let UsedFiles { mut uses, mut mounts, mut files } =
            self.file_uses(FileRole::Config, configs, &shelf.configs, scope);
        let secrets =
            self.file_uses(FileRole::Secret, std::mem::take(&mut raw.secrets), &shelf.secrets, scope);
        uses.extend(secrets.uses);
        mounts.extend(secrets.mounts);
        files.extend(secrets.files);
        let (mut behaviour, more_labels) = self.behaviour(&mut raw, scope);
        behaviour.file_uses = uses;
        self.implied(&behaviour, &raw, &mut depends_on);
        let build = std::mem::take(&mut raw.build);
        let build = self.build(build, raw.platform.get(), &shelf.secrets, scope);
        // What is built is built for it: as in Compose it is then what the service asks for.
        if build.is_some() && raw.platform.value.as_deref().unwrap_or_default().is_empty() {
            raw.platform.value = scope.default_platform().cloned();
        }
        let mut spec = self.container(raw, deploy.as_ref(), mounts, scope);
        for (label, value) in more_labels {
            spec.labels.entry(label).or_insert(value);
        }
        // Below a service whose engine was refused the inner layer is read all the same, for its problems.
        let inner = self.inner(inner, node.get("inner"), scope.path.join(&name, 1).inner(), scope);
        let node = engine.map(|(kind, options)| Box::new(NodeDef { kind, options, inner }));
        Box::new(Service {
            name,
            span,
            spans: keys,
            spec,
            container_name,
            scale,
            depends_on,
            build,
            pull_policy,
            files,
            publish,
            behaviour,
            node,
        })
    }

    /// A missing image needs no words of its own where its cause was noted: an image or an engine that was refused,
    /// a misspelt `image`, a `build` that cannot be read; and one that is built needs none.
    fn excuse(&self, raw: &Raw, node: &Node, span: Span) {
        if raw.image.value.is_some() {
            return;
        }
        let refused = raw.image.place.is_some()
            && raw.image.value.is_none()
            && !node.get("image").is_some_and(Node::is_null);
        let misspelt = |key: &str| key != "image" && nearest(key, ["image"]).is_some();
        let engine = raw.engine.value.as_ref().is_some_and(|engine| match engine {
            EngineForm::Kind(_) => false,
            EngineForm::Options(options) => options.kind.value.is_none(),
        });
        let engine = engine || (raw.engine.place.is_some() && raw.engine.value.is_none());
        if refused
            || engine
            || raw.build.place.is_some()
            || raw.provider.key.is_some()
            || node.pairs().iter().any(|pair| misspelt(&pair.key.value))
        {
            self.notes.borrow_mut().excused.insert(span);
        }
    }
}
