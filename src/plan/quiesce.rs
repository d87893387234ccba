//! Stopping what runs inside a node before the node itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::kind::kind::Hosting;
use crate::kind::kinds;
use crate::model::addr::{Addr, LayerPath};
use crate::model::label;
use crate::model::observed::{ContainerState, ObservedContainer};

use super::action::{Action, HookPoint};
use super::builder::{Builder, Draft, after, after_end};
use super::cause::Cause;
use super::hooks;
use super::known::Known;
use super::step::{Group, Need, StepId};

/// Whether stopping it is something to do.
pub(super) fn is_running(container: &ObservedContainer) -> bool {
    matches!(container.state, ContainerState::Running | ContainerState::Paused | ContainerState::Restarting)
}

/// The addresses that a container needs, by its label.
pub(super) fn needs_of(container: &ObservedContainer) -> BTreeSet<Addr> {
    let text = container.labels.get(label::NEEDS).map(String::as_str).unwrap_or_default();
    text.split_whitespace().filter_map(|addr| addr.parse().ok()).collect()
}

/// How the layer inside a node is hosted, by the node's label.
pub(super) fn hosting(container: &ObservedContainer) -> Option<Hosting> {
    kinds::find(container.labels.get(label::KIND)?).map(|kind| kind.hosting)
}

/// Stops a container: a paused one is continued first, or it would not hear the signal.
pub(super) fn stop(
    builder: &mut Builder,
    layer: &LayerPath,
    addr: &Addr,
    container: &ObservedContainer,
    cause: &Cause,
    group: Group,
    needs: Vec<Need>,
) -> Need {
    stop_within(builder, layer, addr, container, cause, group, needs, None)
}

/// As [`stop`], with a grace in place of the container's own.
#[expect(clippy::too_many_arguments, reason = "a step's parts, each with its own type")]
pub(super) fn stop_within(
    builder: &mut Builder,
    layer: &LayerPath,
    addr: &Addr,
    container: &ObservedContainer,
    cause: &Cause,
    group: Group,
    mut needs: Vec<Need>,
    grace: Option<Duration>,
) -> Need {
    if container.state == ContainerState::Paused {
        let draft = Draft::service(addr, layer, Cause::Paused, group);
        let step = builder.push(draft, Action::Unpause { container: container.id.clone() }, needs);
        builder.may_fail(step);
        needs = vec![after_end(step)];
    }
    let run = hooks::before_stop(container);
    let place = (layer, addr);
    if let Some(last) =
        hooks::in_container(builder, place, &container.id, HookPoint::PreStop, &run, group, needs.clone())
    {
        // One that fails keeps the container running, as in Compose.
        needs = vec![after(last)];
    }
    let draft = Draft::service(addr, layer, cause.clone(), group);
    let step = builder.push(draft, Action::Stop { container: container.id.clone(), grace }, needs);
    after(step)
}

/// Steps that stop everything of the lab that runs on the engine of the node at `node` and below it, users
/// before used and innermost first. Nothing for a node whose inner containers live on an outer engine. The needs
/// that come back are met when all have ended.
pub(super) fn stop_inside(
    builder: &mut Builder,
    known: &Known,
    existing: &BTreeMap<Addr, Vec<&ObservedContainer>>,
    node: &Addr,
) -> Vec<Need> {
    let inner = node.inner();
    if known.home(&inner) != Some(&inner) {
        return Vec::new();
    }
    let running: Vec<(&Addr, &ObservedContainer)> = existing
        .iter()
        .filter(|(addr, _)| addr.layer().is_within(&inner))
        .flat_map(|(addr, containers)| containers.iter().map(move |container| (addr, *container)))
        .filter(|(_, container)| is_running(container))
        .collect();
    let cause = Cause::NodeLeaves(node.clone());
    let mut stopped: Vec<(&Addr, StepId)> = Vec::new();
    for (addr, container) in users_first(&running) {
        // It stops already, for what it depends on.
        if let Some(step) = builder.stop_of(&container.id) {
            stopped.push((addr, step));
            continue;
        }
        let needs = waits_for(addr, &running, &stopped);
        // A layer whose `socket` node does not run is not known; what it has is on the engine of this one.
        let layer =
            Some(addr.layer()).filter(|layer| known.home(layer).is_some()).unwrap_or_else(|| inner.clone());
        let Need { on: super::step::On::Step(step), .. } =
            stop(builder, &layer, addr, container, &cause, Group::Down, needs)
        else {
            continue;
        };
        stopped.push((addr, step));
    }
    stopped.into_iter().map(|(_, step)| after_end(step)).collect()
}

/// The needs of stopping `addr`: everything that uses it, and everything inside it, has ended.
fn waits_for(addr: &Addr, running: &[(&Addr, &ObservedContainer)], stopped: &[(&Addr, StepId)]) -> Vec<Need> {
    let is_user = |at: &Addr| {
        at != addr && running.iter().any(|(other, container)| *other == at && uses(at, container, addr))
    };
    stopped.iter().filter(|(at, _)| is_user(at)).map(|(_, step)| after_end(*step)).collect()
}

/// Whether `other` must end before `addr` may: it needs it, or it runs inside it.
pub(super) fn uses(other: &Addr, container: &ObservedContainer, addr: &Addr) -> bool {
    other.layer().is_within(&addr.inner()) || needs_of(container).contains(addr)
}

/// The containers in an order in which every user comes before what it uses. A circle through labels drops
/// dependency edges, never containment.
pub(super) fn users_first<'a, 'b>(
    containers: &'b [(&'a Addr, &'a ObservedContainer)],
) -> Vec<(&'a Addr, &'a ObservedContainer)> {
    let mut left: Vec<(&'a Addr, &'a ObservedContainer)> = containers.to_vec();
    let mut out = Vec::new();
    while !left.is_empty() {
        let free = |strict: bool| {
            left.iter().position(|(addr, _)| {
                !left.iter().any(|(other, container)| {
                    other != addr
                        && if strict {
                            uses(other, container, addr)
                        } else {
                            other.layer().is_within(&addr.inner())
                        }
                })
            })
        };
        let next = free(true).or_else(|| free(false)).unwrap_or(0);
        out.push(left.remove(next));
    }
    out
}
