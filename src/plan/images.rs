//! Where the image of an instance comes from.

use std::collections::{BTreeMap, HashMap};

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::addr::{Addr, LayerPath};
use crate::model::image::ImageRef;
use crate::model::label;
use crate::model::milestone::Milestone;
use crate::model::observed::ObservedContainer;
use crate::model::quick_hash::QuickHash;
use crate::model::service::{PullPolicy, Service};
use crate::model::span::Span;

use super::action::{Action, ImageUse};
use super::builder::{Builder, Draft, when};
use super::cause::Cause;
use super::goal::{Building, Builds};
use super::known::Known;
use super::step::{Need, Resource};
use super::world::World;

/// The images of every engine, by normalised reference.
#[derive(Debug, Default)]
pub(super) struct Images {
    by_home: BTreeMap<LayerPath, HashMap<String, String>>,
    /// References in full: most services have one of few.
    in_full: HashMap<String, String, QuickHash>,
    /// What is to be pulled although it is there, and why.
    pub(super) pulls: BTreeMap<String, Cause>,
}

/// Who wants an image, and where it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) reference: &'a str,
    pub(super) platform: Option<&'a str>,
    pub(super) policy: PullPolicy,
    pub(super) layer: &'a LayerPath,
    pub(super) by: Option<&'a Addr>,
    pub(super) span: Span,
    /// The service whose image it is, if it is built.
    pub(super) built: Option<&'a Service>,
    pub(super) order: Order<'a>,
}

/// What the user asks of builds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order<'a> {
    pub(super) builds: Builds,
    pub(super) building: &'a Building,
    /// Builds are for all platforms that the file lists: `build`. What is built to be run is for one (docker/compose
    /// `cmd/compose/options.go`, `applyPlatforms`).
    pub(super) all_platforms: bool,
}

/// An image that will be there.
#[derive(Debug)]
pub(super) struct Provided {
    pub(super) needs: Vec<Need>,
    pub(super) image: ImageUse,
}

/// Whether a step brings, or has brought, the image to the engine owned by `home`.
fn is_to_come(known: &Known, builder: &Builder, home: &LayerPath, reference: &str) -> bool {
    let milestone = Milestone::Image(home.clone(), reference.to_owned());
    builder.has(&milestone) || known.promised.contains(&milestone)
}

fn normal(reference: &str) -> String {
    ImageRef::parse(reference).map_or_else(|| reference.to_owned(), |image| image.to_string())
}

impl Images {
    /// ID of a reference on the engine owned by `home`, if it is there.
    pub(super) fn id(&mut self, known: &Known, home: &LayerPath, reference: &str) -> Option<String> {
        if !self.by_home.contains_key(home) {
            let mut index = HashMap::new();
            for image in known.seen(home).map(|seen| seen.images.as_slice()).unwrap_or_default() {
                for name in image.tags.iter().chain(&image.digests) {
                    // podman puts `localhost/` before names that it loads without a registry.
                    let name = name.strip_prefix("localhost/").unwrap_or(name);
                    index.insert(normal(name), image.id.clone());
                }
                index.insert(image.id.clone(), image.id.clone());
                index.insert(image.id.trim_start_matches("sha256:").to_owned(), image.id.clone());
            }
            self.by_home.insert(home.clone(), index);
        }
        if !self.in_full.contains_key(reference) {
            self.in_full.insert(reference.to_owned(), normal(reference));
        }
        let index = self.by_home.get(home)?;
        let id = index.get(self.in_full.get(reference)?).or_else(|| index.get(reference));
        // Engines forget the tag beside a digest; what was copied by its digest has only the tag that the copy gave it.
        let by_digest = || {
            if !reference.contains('@') {
                return None;
            }
            let image = ImageRef::parse(reference)?;
            let copied = normal(&image.local_tag()?);
            let pulled = ImageRef { tag: None, ..image }.to_string();
            index.get(&pulled).or_else(|| index.get(&copied))
        };
        id.or_else(by_digest).cloned()
    }

    /// The outermost engine outside `home` that has the image, or will once a step has ended: what its tag names there is
    /// what is meant, whatever the engines in between have. It is also the one that is read through the fewest nodes. `comes`: whether a step brings it to an engine.
    fn outermost(
        &mut self,
        world: &World<'_>,
        known: &Known,
        home: &LayerPath,
        reference: &str,
        comes: impl Fn(&LayerPath) -> bool,
    ) -> Option<LayerPath> {
        let above = world.chain(home).into_iter().map(|node| world.home(&node.layer()));
        above.filter(|outer| self.id(known, outer, reference).is_some() || comes(outer)).last()
    }

    /// Whether `home` may have another image than `source`: a container that is made of it now could be outdated at once.
    /// Engines may give one image IDs of their own; a container that was made of it then tells that it is the same.
    fn is_stale(&mut self, known: &Known, home: &LayerPath, source: &LayerPath, reference: &str) -> bool {
        let (here, there) = (self.id(known, home, reference), self.id(known, source, reference));
        let (Some(here), Some(there)) = (here, there) else { return false };
        let origin = format!("{source}={there}");
        let tells = |it: &ObservedContainer| {
            it.image_id == here && it.labels.get(label::IMAGE).is_some_and(|label| *label == origin)
        };
        here != there && !known.seen(home).is_some_and(|seen| seen.containers.iter().any(tells))
    }

    /// Whether a container on the engine owned by `home`, made with `label` (`<layer>=<ID>`), has another image than it
    /// would get now.
    pub(super) fn is_outdated(
        &mut self,
        world: &World<'_>,
        known: &Known,
        home: &LayerPath,
        label: &str,
        reference: &str,
    ) -> bool {
        let Some((source, id)) = label.split_once('=') else { return false };
        let source = if source == "/" {
            Some(LayerPath::root())
        } else {
            source.parse().ok().map(|addr: Addr| addr.inner())
        };
        let Some(source) = source.and_then(|source| known.home(&source).cloned()) else { return false };
        if self.id(known, &source, reference).is_some_and(|now| now != id) {
            return true;
        }
        // An engine further out may have got the image since.
        let outermost = self.outermost(world, known, home, reference, |_| false);
        outermost.is_some_and(|outer| {
            outer.depth() < source.depth() && self.is_stale(known, &source, &outer, reference)
        })
    }

    /// Plans that the image is on the layer's engine: it is there, or copied from the outermost engine that has it, or
    /// pulled once at the root and copied. `renew` copies although it is there.
    pub(super) fn provide(
        &mut self,
        world: &World<'_>,
        known: &Known,
        builder: &mut Builder,
        wanted: Wanted<'_>,
        renew: bool,
    ) -> Provided {
        let root = LayerPath::root();
        let home = world.home(wanted.layer);
        let reference = wanted.reference;
        let cause = |fallback| match wanted.by {
            Some(addr) => Cause::NeededBy(addr.clone()),
            None => fallback,
        };
        let above = self
            .outermost(world, known, &home, reference, |outer| is_to_come(known, builder, outer, reference));
        let here = self.id(known, &home, reference).is_some();
        let milestone = Milestone::Image(home.clone(), reference.to_owned());
        let built = wanted.built.filter(|_| wanted.order.builds != Builds::None);
        let build_asked = built.is_some_and(|service| wanted.order.asks_for(service));
        // What is pulled or built anew is so at the root, whatever lies on the way.
        let pull = self.pulls.contains_key(reference) || build_asked;
        let pull_cause = self.pulls.get(reference).cloned().unwrap_or(Cause::PullAlways);
        let source = match &above {
            // What is pulled is pulled at the root, whatever lies on the way.
            _ if home.is_root() || pull => root.clone(),
            Some(above) => above.clone(),
            None if here => home.clone(),
            None => root.clone(),
        };
        // Its own engine's where no other has it.
        let origin = above.clone().unwrap_or_else(LayerPath::root);
        let provided = |builder: &Builder| {
            let done = builder.is_reached(&milestone);
            Provided {
                needs: if done { Vec::new() } else { vec![when(milestone.clone())] },
                image: ImageUse { reference: reference.to_owned(), source: origin.clone() },
            }
        };
        if builder.has(&milestone) || known.promised.contains(&milestone) {
            return provided(builder);
        }
        // At the root there is nothing to copy from: what the tag names now is what is used. An image of the same ID
        // is the same image, whichever engine has it: `pull` has copied it.
        let is_current = self.id(known, &home, reference) == self.id(known, &source, reference);
        let renew = renew || self.is_stale(known, &home, &source, reference);
        if here && !pull && (!renew || is_current) {
            builder.reached(milestone.clone());
            return provided(builder);
        }
        let at_source = if source == home && home.is_root() { None } else { Some(source.clone()) };
        let missing_everywhere = !here && above.is_none();
        let never = match wanted.policy {
            PullPolicy::Never => Some("the pull policy is `never`"),
            PullPolicy::Build => Some("the pull policy is `build`"),
            _ => None,
        };
        if let Some(never) = never.filter(|_| missing_everywhere && built.is_none()) {
            let whose = wanted.by.map(|addr| format!(" of `{addr}`")).unwrap_or_default();
            builder.problems.push(
                Diagnostic::error(
                    Code::NoImage,
                    format!("image `{reference}`{whose} is on no engine, and it may not be pulled"),
                )
                .at(wanted.span, never)
                .help(format!(
                    "load it into the root engine (`docker load`), or allow the pull of `{reference}`"
                )),
            );
            builder.reached(milestone.clone());
            return provided(builder);
        }
        let root_milestone = Milestone::Image(root.clone(), reference.to_owned());
        let pulls = (pull || missing_everywhere) && !is_to_come(known, builder, &root, reference);
        if let Some(service) = built.filter(|_| pulls) {
            let cause = if build_asked { wanted.order.cause() } else { cause(Cause::Missing) };
            let build =
                super::build::Building { world, known, order: wanted.order, cause, layer: wanted.layer };
            build.plan(self, builder, service, &mut Vec::new());
        } else if pulls {
            let draft = Draft {
                layer: root.clone(),
                of: Resource::Image(root.clone(), reference.to_owned()),
                cause: if pull { pull_cause } else { cause(Cause::Missing) },
                group: None,
            };
            let action =
                Action::Pull { image: reference.to_owned(), platform: wanted.platform.map(str::to_owned) };
            let step = builder.push(draft, action, Vec::new());
            builder.reaches(step, root_milestone);
        }
        if let Some(from) = at_source {
            let comes = is_to_come(known, builder, &from, reference);
            let needs = if comes {
                vec![when(Milestone::Image(from.clone(), reference.to_owned()))]
            } else {
                Vec::new()
            };
            let draft = Draft {
                layer: home.clone(),
                of: Resource::Image(home.clone(), reference.to_owned()),
                cause: if renew && here { Cause::ImageChanged } else { cause(Cause::Missing) },
                group: None,
            };
            let step = builder.push(draft, Action::Copy { image: reference.to_owned(), from }, needs);
            builder.reaches(step, milestone.clone());
        }
        provided(builder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::label::Labels;
    use crate::model::observed::{Observed, ObservedImage};
    use crate::plan::known::{Answered, Layer};

    #[test]
    fn a_copy_is_known_by_the_digest_that_it_was_copied_by() {
        let reference = "r.io/x:1@sha256:0123456789abcdef";
        let tags = vec!["r.io/x:nestctl-0123456789ab".to_owned()];
        let image = ObservedImage {
            id: "sha256:1".to_owned(),
            tags,
            digests: Vec::new(),
            size: 1,
            labels: Labels::new(),
        };
        let (known, home) = (known_with(image), LayerPath::root());
        let mut images = Images::default();
        assert_eq!(images.id(&known, &home, reference).as_deref(), Some("sha256:1"));
        assert_eq!(images.id(&known, &home, "r.io/x:1@sha256:fedcba9876543210"), None);
    }

    #[test]
    fn a_pulled_image_is_known_by_its_digest_whatever_tag_stands_beside_it() {
        let digests = vec!["r.io/x@sha256:0123456789abcdef".to_owned()];
        let image = ObservedImage {
            id: "sha256:1".to_owned(),
            tags: Vec::new(),
            digests,
            size: 1,
            labels: Labels::new(),
        };
        let mut images = Images::default();
        let known = known_with(image);
        for reference in ["r.io/x:1@sha256:0123456789abcdef", "r.io/x@sha256:0123456789abcdef"] {
            assert_eq!(images.id(&known, &LayerPath::root(), reference).as_deref(), Some("sha256:1"));
        }
    }

    fn known_with(image: ObservedImage) -> Known {
        let seen = Observed { images: vec![image], ..Observed::default() };
        let home = LayerPath::root();
        let answered = Answered { home: home.clone(), seen, facts: None };
        let mut known = Known::default();
        known.layers.insert(home, Layer::Answered(Box::new(answered)));
        known
    }
}
