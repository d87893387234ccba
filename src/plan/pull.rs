//! `pull`: images are pulled at the root, and copied to the inner engines that run and want them. Nothing else is
//! touched: which containers are to be made anew for them is seen by the next `up`.
//!
//! What is wanted inside a node that does not run is pulled as well: `up` copies it from the root and needs no registry.

use std::collections::BTreeSet;

use crate::model::addr::LayerPath;
use crate::model::container::MountSource;
use crate::model::image::ImageRef;
use crate::model::milestone::Milestone;
use crate::model::service::{PullPolicy, Service};

use super::action::Action;
use super::builder::{Builder, Draft, after_end, when};
use super::cause::Cause;
use super::goal::Pulling;
use super::images::Images;
use super::known::Known;
use super::plan::Plan;
use super::step::{Resource, StepId};
use super::up::{Basis, Planner};
use super::wanted::meant;
use super::world::{World, kind_of};

/// An image that something in a layer wants, and that may be pulled.
struct Wish<'a> {
    reference: &'a str,
    platform: Option<&'a str>,
    layer: LayerPath,
    /// It is pulled although it is there: what `pull` does but where the policy is to pull what is missing.
    renews: bool,
}

impl<'a> Wish<'a> {
    /// `None` for what may not be pulled. `policy` is what was written, if anything was (docker/compose `pull.go`,
    /// `shouldPullImage`): an interval counts as passed, and a `latest` that is there is asked for all the same.
    fn new(
        reference: &'a str,
        platform: Option<&'a str>,
        layer: LayerPath,
        policy: Option<PullPolicy>,
    ) -> Option<Self> {
        let renews = match policy {
            None | Some(PullPolicy::Always | PullPolicy::Refresh(_)) => true,
            Some(PullPolicy::Missing) => ImageRef::parse(reference)?.tag.as_deref() == Some("latest"),
            Some(PullPolicy::Never | PullPolicy::Build) => return None,
        };
        Some(Self { reference, platform, layer, renews })
    }
}

/// All of them, of what is meant.
fn wishes<'a>(basis: &Basis<'a>, pulling: &Pulling) -> Vec<Wish<'a>> {
    let (up, world) = (basis.up, &basis.world);
    let meant = meant(up, world);
    let mut out = Vec::new();
    let layers =
        world.instances.iter().filter(|(addr, _)| meant.contains(addr)).map(|(addr, _)| addr.inner());
    let root = up.targets.is_empty().then(LayerPath::root);
    for path in root.into_iter().chain(layers) {
        let default = world.default_platform(&path);
        let images = world.topology.layer(&path).map(|layer| layer.images.as_slice()).unwrap_or_default();
        out.extend(
            images.iter().filter_map(|image| Wish::new(&image.value, default, path.clone(), pulling.policy)),
        );
    }
    for (addr, service) in &world.instances {
        if meant.contains(addr) {
            of_service(world, service, &addr.layer(), pulling, &mut out);
        }
    }
    out
}

fn of_service<'a>(
    world: &World<'a>,
    service: &'a Service,
    layer: &LayerPath,
    pulling: &Pulling,
    out: &mut Vec<Wish<'a>>,
) {
    let (platform, default_platform) = (world.platform(layer, service), world.default_platform(layer));
    let written = service.spans.contains("pull_policy").then_some(service.pull_policy);
    let policy = pulling.policy.or(written);
    let default = kind_of(service).and_then(|kind| kind.default_image).unwrap_or_default();
    let own = if service.spec.image.is_empty() { default } else { &service.spec.image };
    let is_left_out = service.build.is_some() && (pulling.ignore_buildable || service.spec.image.is_empty());
    if !own.is_empty() && !is_left_out {
        out.extend(Wish::new(own, platform, layer.clone(), policy));
    }
    // They cannot be built: they are there, or they are pulled.
    let policy = policy.map(|it| if it == PullPolicy::Build { PullPolicy::Missing } else { it });
    let hooks = service.behaviour.pre_start.iter().filter_map(|hook| hook.image.as_deref());
    out.extend(hooks.filter_map(|image| Wish::new(image, default_platform, layer.clone(), policy)));
    let mounts = service.spec.mounts.iter().filter_map(|mount| match &mount.source {
        MountSource::Image { image, .. } => Some(image.as_str()),
        _ => None,
    });
    out.extend(mounts.filter_map(|image| Wish::new(image, platform, layer.clone(), policy)));
}

/// The pulls, and a new look at the root engine after them: only then it is known what inner engines lack. `None` where
/// nothing is to be pulled.
pub(super) fn at_the_root(
    basis: &Basis<'_>,
    known: &Known,
    pulling: &Pulling,
    first: StepId,
) -> Option<Plan> {
    let root = LayerPath::root();
    let mut images = Images::default();
    let mut builder = Builder::new(first);
    let mut seen = BTreeSet::new();
    for wish in wishes(basis, pulling) {
        let mut is_on = |home: &LayerPath| images.id(known, home, wish.reference).is_some();
        let is_there = is_on(&root) || is_on(&basis.world.home(&wish.layer));
        if (is_there && !wish.renews) || !seen.insert(wish.reference) {
            continue;
        }
        let of = Resource::Image(root.clone(), wish.reference.to_owned());
        let cause = if is_there { Cause::Asked } else { Cause::Missing };
        let draft = Draft { layer: root.clone(), of, cause, group: None };
        let action =
            Action::Pull { image: wish.reference.to_owned(), platform: wish.platform.map(str::to_owned) };
        let step = builder.push(draft, action, Vec::new());
        builder.reaches(step, Milestone::Image(root.clone(), wish.reference.to_owned()));
        if pulling.ignore_failures {
            builder.may_fail(step);
        }
    }
    if seen.is_empty() {
        return None;
    }
    let needs = builder.ids().map(after_end).collect();
    let draft = Draft { layer: root.clone(), of: Resource::Layer(root), cause: Cause::Asked, group: None };
    builder.push(draft, Action::Look, needs);
    Some(builder.finish())
}

/// The copies to inner engines that answer.
pub(super) fn copies(planner: &mut Planner<'_>, basis: &Basis<'_>, pulling: &Pulling) {
    let root = LayerPath::root();
    for wish in wishes(basis, pulling) {
        let home = planner.world.home(&wish.layer);
        let milestone = Milestone::Image(home.clone(), wish.reference.to_owned());
        if home.is_root() || planner.known.seen(&home).is_none() || planner.builder.has(&milestone) {
            continue;
        }
        let at_root = planner.images.id(planner.known, &root, wish.reference);
        let here = planner.images.id(planner.known, &home, wish.reference);
        let root_milestone = Milestone::Image(root.clone(), wish.reference.to_owned());
        let is_promised = planner.known.promised.contains(&root_milestone);
        // Where the pull failed, and before it, there may be nothing to copy; the need says which it is.
        let is_wanted = match (&here, &at_root) {
            (None, None) => is_promised,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (Some(here), Some(at_root)) => wish.renews && here != at_root,
        };
        if !is_wanted {
            continue;
        }
        let draft = Draft {
            layer: home.clone(),
            of: Resource::Image(home, wish.reference.to_owned()),
            cause: if here.is_some() { Cause::ImageChanged } else { Cause::Missing },
            group: None,
        };
        let needs = if is_promised { vec![when(root_milestone)] } else { Vec::new() };
        let action = Action::Copy { image: wish.reference.to_owned(), from: root.clone() };
        let step = planner.builder.push(draft, action, needs);
        planner.builder.reaches(step, milestone);
    }
}
