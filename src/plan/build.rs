//! Builds of images: always on the root engine, each image once, and before it the images of other services that it is
//! made of. Inner engines get what was built as they get every image, by a copy.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::addr::LayerPath;
use crate::model::build::{BuildSpec, Context};
use crate::model::label;
use crate::model::milestone::Milestone;
use crate::model::name::ServiceName;
use crate::model::service::{PullPolicy, Service};

use super::action::{Action, BuildOrder};
use super::builder::{Builder, Draft, when};
use super::cause::Cause;
use super::goal::Builds;
use super::images::{Images, Order};
use super::known::Known;
use super::step::{Need, Resource};
use super::world::World;

impl Order<'_> {
    /// Whether the image of a service is built although it is there.
    pub(super) fn asks_for(self, service: &Service) -> bool {
        self.builds == Builds::All || service.pull_policy == PullPolicy::Build
    }

    /// Why it is.
    pub(super) fn cause(self) -> Cause {
        if self.builds == Builds::All { Cause::Asked } else { Cause::BuildAlways }
    }
}

/// What is known when a build of a layer's service is planned.
pub(super) struct Building<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) known: &'a Known,
    pub(super) order: Order<'a>,
    pub(super) cause: Cause,
    pub(super) layer: &'a LayerPath,
}

impl Building<'_> {
    /// Plans the build of a service's image, unless that is planned. `way` holds the services that are made of it.
    pub(super) fn plan(
        &self,
        images: &mut Images,
        builder: &mut Builder,
        service: &Service,
        way: &mut Vec<ServiceName>,
    ) {
        let Some(spec) = &service.build else { return };
        let root = LayerPath::root();
        let reference = self.world.image_name(self.layer, service);
        let milestone = Milestone::Image(root.clone(), reference.clone());
        if builder.has(&milestone) || self.known.promised.contains(&milestone) {
            return;
        }
        way.push(service.name.clone());
        let mut spec = (**spec).clone();
        let needs = self.resolve(images, builder, &mut spec, way);
        way.pop();
        if !self.order.all_platforms && spec.platforms.len() > 1 {
            spec.platforms.clear();
        }
        let building = self.order.building;
        spec.args.extend(building.args.clone());
        spec.ssh.extend(building.ssh.clone());
        spec.no_cache |= building.no_cache;
        spec.pull |= building.pull;
        // `false` is none, as in the file.
        let over = |given: &Option<String>, own: &mut Option<String>| {
            if let Some(text) = given {
                *own = (text != "false").then(|| text.clone());
            }
        };
        over(&building.provenance, &mut spec.provenance);
        over(&building.sbom, &mut spec.sbom);
        let project = self.world.project(self.layer);
        spec.labels.insert(label::COMPOSE_PROJECT.to_owned(), project.to_string());
        spec.labels.insert(label::COMPOSE_SERVICE.to_owned(), service.name.to_string());
        if self.known.facts(&root).is_some_and(|facts| !facts.containerd_store) {
            refuse_indexes(builder, &spec, &reference);
        }
        let mut names = vec![reference.clone()];
        names.extend(std::mem::take(&mut spec.tags));
        // Which of several is run says nothing of a build for all of them.
        let own = service.spec.platform.clone().filter(|_| spec.platforms.len() < 2);
        let platform = own.or_else(|| (!spec.platforms.is_empty()).then(|| spec.platforms.join(",")));
        let draft = Draft {
            layer: root.clone(),
            of: Resource::Image(root, reference),
            cause: self.cause.clone(),
            group: None,
        };
        let action = Action::Build(Box::new(BuildOrder { spec, names, platform }));
        let step = builder.push(draft, action, needs);
        builder.reaches(step, milestone);
    }

    /// Puts the images of services in the place of their names; the answer is what must be there before.
    fn resolve(
        &self,
        images: &mut Images,
        builder: &mut Builder,
        spec: &mut BuildSpec,
        way: &mut Vec<ServiceName>,
    ) -> Vec<Need> {
        let mut needs = Vec::new();
        let span = spec.span;
        for context in spec.additional_contexts.values_mut().chain([&mut spec.context]) {
            let Context::Service(name) = context else { continue };
            let sibling = self.world.topology.layer(self.layer).and_then(|layer| layer.services.get(name));
            let Some(sibling) = sibling else {
                let message = format!("there is no service `{name}` whose image the build could use");
                builder.problems.push(
                    Diagnostic::error(Code::UnknownService, message)
                        .at(span, "")
                        .help("Name a service of this layer, or write `docker-image://IMAGE`."),
                );
                continue;
            };
            if way.contains(name) {
                let circle: Vec<String> = way.iter().chain([&*name]).map(ToString::to_string).collect();
                let message = format!("images are built from each other in a circle: {}", circle.join(" → "));
                builder.problems.push(
                    Diagnostic::error(Code::Contradiction, message).at(span, "").help("Break the circle."),
                );
                continue;
            }
            let image = self.world.image_name(self.layer, sibling);
            let root = LayerPath::root();
            let there = images.id(self.known, &root, &image).is_some();
            if sibling.build.is_some() && (!there || self.order.asks_for(sibling)) {
                self.plan(images, builder, sibling, way);
            }
            let milestone = Milestone::Image(root, image.clone());
            if (builder.has(&milestone) && !builder.is_reached(&milestone))
                || self.known.promised.contains(&milestone)
            {
                needs.push(when(milestone));
            }
            *context = Context::Remote(format!("docker-image://{image}"));
        }
        needs
    }
}

/// What makes an index of several manifests needs a store that can hold one: moby's graph drivers cannot, and leave
/// attestations out without a word.
fn refuse_indexes(builder: &mut Builder, spec: &BuildSpec, reference: &str) {
    let rows = [
        (spec.platforms.len() > 1, "platforms", "Keep one platform"),
        (spec.provenance.is_some(), "provenance", "Leave `provenance` out"),
        (spec.sbom.is_some(), "sbom", "Leave `sbom` out"),
    ];
    for (_, key, instead) in rows.into_iter().filter(|(asked, ..)| *asked) {
        let message = format!("the engine's image store cannot hold what `{key}` asks for of `{reference}`");
        builder.problems.push(
            Diagnostic::error(Code::NotSupported, message)
                .at(spec.span, key)
                .help(format!("{instead}, or let the engine use containerd's image store.")),
        );
    }
}
