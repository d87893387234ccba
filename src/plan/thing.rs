//! A plan by things: what becomes of each container, network, volume and image, and why. Several steps, one verdict.

use std::collections::BTreeMap;

use crate::model::addr::LayerPath;

use super::action::Action;
use super::cause::Cause;
use super::plan::Plan;
use super::step::{Group, Resource, Step};

/// What a change does to the thing that is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It goes, and another takes its place.
    Recreate,
    /// It stops and starts again, the same.
    Restart,
    /// It is not there yet.
    Create,
    /// It goes.
    Remove,
    /// It goes on running.
    Live,
    /// It stood still.
    Start,
    /// It stands still afterwards.
    Stop,
    /// Something is brought to where it is needed: an image.
    Prepare,
}

impl Effect {
    /// As a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recreate => "recreate",
            Self::Restart => "restart",
            Self::Create => "create",
            Self::Remove => "remove",
            Self::Live => "live",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Prepare => "prepare",
        }
    }
}

/// What becomes of one thing.
#[derive(Clone, Debug)]
pub struct Thing<'a> {
    /// Of what.
    pub of: &'a Resource,
    /// The layer whose it is.
    pub layer: LayerPath,
    /// What it comes to.
    pub effect: Effect,
    /// The verb for it: `connect`, `recreate`, `pull`.
    pub word: &'static str,
    /// Why: what explains it first, then what is changed on it beside that.
    pub causes: Vec<&'a Cause>,
}

/// Everything that a plan changes, layer by layer, services after what they stand on.
pub fn things(plan: &Plan) -> Vec<Thing<'_>> {
    let mut steps: BTreeMap<(LayerPath, usize, &Resource), Vec<&Step>> = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| step.action.is_change()) {
        let rank = usize::from(matches!(step.of, Resource::Service(_)));
        steps.entry((layer_of(&step.of), rank, &step.of)).or_default().push(step);
    }
    let entered = plan.entered();
    let returns = |layer: &LayerPath| entered.iter().any(|entered| layer.is_within(entered));
    steps
        .into_iter()
        .map(|((layer, _, of), steps)| {
            let (effect, word, cause) = verdict(&steps, returns(&layer));
            let mut causes = vec![cause];
            if matches!(effect, Effect::Live | Effect::Start | Effect::Restart) {
                let live = steps.iter().filter(|step| is_live(&step.action)).map(|step| &step.cause);
                for cause in live.filter(|cause| !matches!(cause, Cause::Replaces)) {
                    if !causes.contains(&cause) {
                        causes.push(cause);
                    }
                }
            }
            Thing { of, layer, effect, word, causes }
        })
        .collect()
}

/// The layer that a thing is of, which need not be that whose engine is called.
fn layer_of(of: &Resource) -> LayerPath {
    match of {
        Resource::Service(addr) => addr.layer(),
        Resource::Network(layer, _)
        | Resource::Volume(layer, _)
        | Resource::Image(layer, _)
        | Resource::Layer(layer) => layer.clone(),
    }
}

/// All steps of one thing in one word, with the cause that explains it. `returns`: its layer is entered later, and
/// what stops now is started then.
fn verdict<'a>(steps: &[&'a Step], returns: bool) -> (Effect, &'static str, &'a Cause) {
    let explains = |step: &&&Step| !matches!(step.cause, Cause::Replaces | Cause::Hook | Cause::Paused);
    let why = |fits: fn(&Action) -> bool| {
        let fitting = || steps.iter().filter(|step| fits(&step.action));
        &fitting()
            .find(explains)
            .or_else(|| fitting().next())
            .or_else(|| steps.iter().find(explains))
            .unwrap_or(&steps[0])
            .cause
    };
    let any = |fits: fn(&Action) -> bool| steps.iter().any(|step| fits(&step.action));
    if any(creates) && (any(removes) || steps.iter().any(|step| step.group == Some(Group::Recreate))) {
        return (Effect::Recreate, "recreate", why(creates));
    }
    if any(creates) {
        return (Effect::Create, "create", why(creates));
    }
    if any(removes) {
        return (Effect::Remove, "remove", why(removes));
    }
    if any(stops) && (any(starts) || returns) {
        return (Effect::Restart, "restart", why(stops));
    }
    if any(starts) {
        return (Effect::Start, "start", why(starts));
    }
    if any(stops) {
        return (Effect::Stop, "stop", why(stops));
    }
    let step = steps.iter().find(|step| rest(&step.action).0 == Effect::Live).unwrap_or(&steps[0]);
    let (effect, word) = rest(&step.action);
    (effect, word, &step.cause)
}

fn creates(action: &Action) -> bool {
    matches!(action, Action::CreateContainer(_) | Action::CreateNetwork { .. } | Action::CreateVolume { .. })
}

fn removes(action: &Action) -> bool {
    matches!(
        action,
        Action::Remove { .. }
            | Action::RemoveNetwork { .. }
            | Action::RemoveVolume { .. }
            | Action::RemoveImage { .. }
    )
}

fn starts(action: &Action) -> bool {
    matches!(action, Action::Start { .. } | Action::Unpause { .. })
}

fn stops(action: &Action) -> bool {
    matches!(action, Action::Stop { .. } | Action::Kill { .. })
}

fn is_live(action: &Action) -> bool {
    matches!(action, Action::Connect { .. } | Action::Disconnect { .. } | Action::Rename { .. })
}

/// What neither makes nor removes, starts nor stops.
fn rest(action: &Action) -> (Effect, &'static str) {
    match action {
        Action::Pull { .. }
        | Action::Push { .. }
        | Action::Build(_)
        | Action::Copy { .. }
        | Action::FillVolume(_) => (Effect::Prepare, action.verb()),
        _ => (Effect::Live, action.verb()),
    }
}
