//! `push`, and `build --push`: images that are built and have a name go to its registry, with their other names, from the
//! root engine, where all of them are built.

use std::collections::BTreeSet;

use crate::model::addr::LayerPath;
use crate::model::milestone::Milestone;

use super::action::Action;
use super::builder::{Draft, when};
use super::cause::Cause;
use super::step::Resource;
use super::up::{Basis, Planner};
use super::wanted::meant;

/// What is to be pushed of what is meant. What this plan builds is pushed once it is built. A service without `image` is
/// left out, as in Compose: its image has no place in a registry.
pub(super) fn pushes(planner: &mut Planner<'_>, basis: &Basis<'_>, ignore_failures: bool) {
    let root = LayerPath::root();
    let meant = meant(basis.up, &basis.world);
    let mut seen = BTreeSet::new();
    for (addr, service) in &basis.world.instances {
        let Some(build) = service.build.as_ref().filter(|_| meant.contains(addr)) else { continue };
        if service.spec.image.is_empty() {
            continue;
        }
        let built = Milestone::Image(root.clone(), basis.world.image_name(&addr.layer(), service));
        for name in std::iter::once(&service.spec.image).chain(&build.tags) {
            if !seen.insert(name) {
                continue;
            }
            let of = Resource::Image(root.clone(), name.clone());
            let draft = Draft { layer: root.clone(), of, cause: Cause::Asked, group: None };
            let needs = if planner.builder.has(&built) { vec![when(built.clone())] } else { Vec::new() };
            let step = planner.builder.push(draft, Action::Push { image: name.clone() }, needs);
            if ignore_failures {
                planner.builder.may_fail(step);
            }
        }
    }
}
