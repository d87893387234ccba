//! What an instance needs before its container can be made: images, networks, volumes, and an engine that can do what it asks
//! for.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::addr::{Addr, LayerPath};
use crate::model::container::{BindPath, MountSource};
use crate::model::service::Service;

use super::desired::Desired;
use super::engine_lacks;
use super::goal::ImagesOnly;
use super::images::{Order, Provided, Wanted};
use super::step::{Need, StepId};
use super::up::Planner;

impl<'a> Planner<'a> {
    /// What the user asks of builds.
    pub(super) fn order(&self) -> Order<'a> {
        Order {
            builds: self.up.way.builds,
            building: &self.up.way.building,
            all_platforms: matches!(self.up.way.images_only, Some(ImagesOnly::Build { .. })),
        }
    }

    /// Images for an instance. `renew` copies an inner image although it is there.
    pub(super) fn provide_image(&mut self, desired: &Desired<'_>, renew: bool) -> Provided {
        let layer = desired.addr.layer();
        let wanted = Wanted {
            reference: &desired.spec.image,
            platform: desired.spec.platform.as_deref(),
            policy: desired.service.pull_policy,
            layer: &layer,
            by: Some(&desired.addr),
            span: desired.service.span_of("image"),
            built: desired.service.build.is_some().then_some(desired.service),
            order: self.order(),
        };
        self.images.provide(self.world, self.known, &mut self.builder, wanted, renew)
    }

    /// What a container that is to be made asks for in vain: fields that its engine does not have, and binds that
    /// must exist and do not.
    pub(super) fn check_wishes(&mut self, addr: &Addr, service: &Service) {
        for lack in self
            .known
            .facts(&addr.layer())
            .map(|facts| engine_lacks::container(&service.spec, facts))
            .unwrap_or_default()
        {
            let severity = if lack.refused { Diagnostic::error } else { Diagnostic::warning };
            let problem = severity(Code::EngineLacks, format!("`{addr}`: {}", lack.message));
            self.problem(problem.help(lack.help), service.span_of(lack.key));
        }
        for mount in &service.spec.mounts {
            let MountSource::Bind { path: BindPath::User(path), create: false, .. } = &mount.source else {
                continue;
            };
            if self.known.missing_paths.contains(path) {
                let path = path.display();
                let span = service.spans.get(&format!("volumes.{path}"));
                let problem = Diagnostic::error(
                    Code::HostPath,
                    format!("`{addr}` binds `{path}`, which does not exist and is not to be made"),
                );
                let help = "make it, or take `create_host_path: false` away";
                self.problem(problem.help(help), span.unwrap_or(service.span_of("volumes")));
            }
        }
    }

    /// An image whose files an instance mounts.
    pub(super) fn provide_mounted(&mut self, desired: &Desired<'_>, reference: &str) -> Provided {
        let layer = desired.addr.layer();
        let wanted = Wanted {
            reference,
            platform: desired.spec.platform.as_deref(),
            policy: desired.service.pull_policy,
            layer: &layer,
            by: Some(&desired.addr),
            span: desired.service.span_of("volumes"),
            built: None,
            order: self.order(),
        };
        self.images.provide(self.world, self.known, &mut self.builder, wanted, false)
    }

    /// Networks and volumes of an instance: the steps that make them.
    pub(super) fn provide_objects(&mut self, desired: &Desired<'_>) -> Vec<Need> {
        self.objects.provide(self.world, self.known, &mut self.builder, desired)
    }

    /// One network of an instance: the step that makes it, where it is not there.
    pub(super) fn provide_network(&mut self, layer: &LayerPath, name: &str) -> Option<StepId> {
        self.objects.network_of(self.world, self.known, &mut self.builder, layer, name)
    }
}
