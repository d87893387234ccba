//! `pull_policy: always`, intervals that have passed, and `nestctl pull`: what must be pulled before it can be said what
//! else is to be done.

use std::collections::BTreeMap;

use crate::model::addr::LayerPath;
use crate::model::milestone::{Milestone, Stage};
use crate::model::service::{PullPolicy, Service};

use super::action::Action;
use super::build::Building;
use super::builder::{Builder, Draft, after_end};
use super::cause::Cause;
use super::goal::{Builds, ImagesOnly, Up};
use super::images::{Images, Order};
use super::known::Known;
use super::ours;
use super::plan::Plan;
use super::pull;
use super::step::{Resource, StepId};
use super::up::Basis;
use super::world::kind_of;

/// Images that a service of `wanted` wants to be pulled now, with its platform, and why. One that another service of
/// the same image does not want to be pulled is pulled all the same, as in Compose.
pub(super) fn pulls<'a>(basis: &Basis<'a>, known: &Known) -> BTreeMap<&'a str, (Option<&'a str>, Cause)> {
    let mut images: BTreeMap<&str, (Option<&str>, Cause)> = BTreeMap::new();
    for (addr, service) in &basis.world.instances {
        if !matches!(service.pull_policy, PullPolicy::Always | PullPolicy::Refresh(_)) {
            continue;
        }
        let default = kind_of(service).and_then(|kind| kind.default_image).unwrap_or_default();
        let image = if service.spec.image.is_empty() { default } else { &service.spec.image };
        if known.policy(service.pull_policy, image) == PullPolicy::Always
            && !is_built(basis.up, service)
            && basis.wanted.contains(&Milestone::Service(addr.clone(), Stage::Started))
        {
            let cause =
                if service.pull_policy == PullPolicy::Always { Cause::PullAlways } else { Cause::PullDue };
            let platform = basis.world.platform(&addr.layer(), service);
            images.entry(image).or_insert((platform, cause));
        }
    }
    images.remove("");
    images
}

/// Whether the image of a service is built, and so not pulled.
fn is_built(up: &Up, service: &Service) -> bool {
    service.build.is_some() && up.way.builds != Builds::None
}

/// Pulls of all such images at the root, and a new look at it after them. `None` where there is nothing yet that a
/// newer image could make outdated: each image is then pulled on the way to its container.
///
/// A pull that fails fails what needs the image; the look is taken all the same, so that the rest goes on.
pub(super) fn plan(basis: &Basis<'_>, known: &Known, first: StepId) -> Option<Plan> {
    let up = basis.up;
    match &up.way.images_only {
        Some(ImagesOnly::Build { .. } | ImagesOnly::Push { .. }) => return None,
        Some(ImagesOnly::Pull(pulling)) => return pull::at_the_root(basis, known, pulling, first),
        None => {}
    }
    let topology = &up.lab.topology;
    if ours::containers(known, &topology.project).is_empty() {
        return None;
    }
    let images = pulls(basis, known);
    let order = Order { builds: up.way.builds, building: &up.way.building, all_platforms: false };
    let built = basis.world.instances.iter().filter(|(addr, service)| {
        is_built(up, service)
            && order.asks_for(service)
            && basis.wanted.contains(&Milestone::Service(addr.clone(), Stage::Started))
    });
    let built: Vec<_> = built.collect();
    if images.is_empty() && built.is_empty() {
        return None;
    }
    let root = LayerPath::root();
    let mut builder = Builder::new(first);
    let mut needs = Vec::new();
    for (image, (platform, cause)) in images {
        let draft = Draft {
            layer: root.clone(),
            of: Resource::Image(root.clone(), image.to_owned()),
            cause,
            group: None,
        };
        let action = Action::Pull { image: image.to_owned(), platform: platform.map(str::to_owned) };
        let step = builder.push(draft, action, Vec::new());
        builder.reaches(step, Milestone::Image(root.clone(), image.to_owned()));
        needs.push(after_end(step));
    }
    let mut index = Images::default();
    for (addr, service) in built {
        let layer = addr.layer();
        let build = Building { world: &basis.world, known, order, cause: order.cause(), layer: &layer };
        build.plan(&mut index, &mut builder, service, &mut Vec::new());
    }
    needs.extend(
        builder.ids().filter(|id| !needs.contains(&after_end(*id))).map(after_end).collect::<Vec<_>>(),
    );
    let draft =
        Draft { layer: root.clone(), of: Resource::Layer(root), cause: Cause::PullAlways, group: None };
    builder.push(draft, Action::Look, needs);
    Some(builder.finish())
}
