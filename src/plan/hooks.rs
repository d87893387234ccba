//! Programs around the life of a container: `pre_start` in containers of their own, `post_start` and `pre_stop` in it.

use std::sync::Arc;

use crate::model::addr::{Addr, LayerPath};
use crate::model::behaviour::Hook;
use crate::model::container::{ContainerSpec, Endpoint, MountSource};
use crate::model::label;
use crate::model::map::Map;
use crate::model::milestone::Stage;
use crate::model::observed::ObservedContainer;

use super::action::{Action, HookPoint, HookRun, NewContainer};
use super::builder::{Builder, Draft, after};
use super::cause::Cause;
use super::desired::Desired;
use super::fingerprint::Canonical;
use super::hook_label::from_label;
use super::images::Wanted;
use super::ours::is_ours;
use super::step::{Group, Need, StepId};
use super::up::Planner;

/// What is asked of the engine for a hook.
pub(super) fn run_of(hook: &Hook) -> HookRun {
    let variable = |(name, value): (&String, &Option<String>)| match value {
        Some(value) => format!("{name}={value}"),
        None => name.clone(),
    };
    HookRun {
        command: hook.command.clone(),
        user: hook.user.clone(),
        privileged: hook.privileged,
        working_dir: hook.working_dir.clone(),
        environment: hook.environment.iter().map(variable).collect(),
    }
}

/// Steps that run hooks in a container, one after the other; the last one.
pub(super) fn in_container(
    builder: &mut Builder,
    (layer, addr): (&LayerPath, &Addr),
    container: &str,
    point: HookPoint,
    hooks: &[HookRun],
    group: Group,
    needs: Vec<Need>,
) -> Option<StepId> {
    let mut needs = Some(needs);
    let mut last = None;
    for hook in hooks {
        let draft = Draft::service(addr, layer, Cause::Hook, group);
        let action = Action::Hook { container: container.to_owned(), point, hook: Box::new(hook.clone()) };
        let needs = needs.take().unwrap_or_else(|| last.map(after).into_iter().collect());
        last = Some(builder.push(draft, action, needs));
    }
    last
}

/// What runs in a container before it is stopped, by its label.
pub(super) fn before_stop(container: &ObservedContainer) -> Vec<HookRun> {
    container.labels.get(label::PRE_STOP).map(|text| from_label(text)).unwrap_or_default()
}

/// What runs in a container after it was started, by its label.
fn after_start(container: &ObservedContainer) -> Vec<HookRun> {
    container.labels.get(label::POST_START).map(|text| from_label(text)).unwrap_or_default()
}

/// Starts a container that is there, and runs what its label says that follows; the last step: what waits for the start
/// waits for the hooks.
pub(super) fn start(
    builder: &mut Builder,
    (layer, addr): (&LayerPath, &Addr),
    container: &ObservedContainer,
    cause: Cause,
    needs: Vec<Need>,
) -> StepId {
    let (id, run) = (&container.id, after_start(container));
    let draft = Draft::service(addr, layer, cause, Group::Up);
    let start = builder.push(draft, Action::Start { container: id.clone() }, needs);
    let needs = vec![after(start)];
    let last = in_container(builder, (layer, addr), id, HookPoint::PostStart, &run, Group::Up, needs);
    last.unwrap_or(start)
}

/// Hooks as a part of the fingerprint: one that changes makes the container anew, as in Compose.
pub(super) fn lines(canonical: &mut Canonical, desired: &crate::model::behaviour::Behaviour) {
    let kinds = [
        ("pre_start", &desired.pre_start),
        ("post_start", &desired.post_start),
        ("pre_stop", &desired.pre_stop),
    ];
    for (key, hooks) in kinds {
        for hook in hooks {
            canonical.line(key, &super::hook_label::to_label(&[run_of(hook)]));
            canonical.maybe("image", hook.image.as_ref());
            canonical.maybe("per_replica", hook.per_replica.then_some(true));
        }
    }
}

/// Whether the container of a `pre_start` hook may have anonymous volumes that are not its service's: those of an image of
/// its own, or where the service has memory, which `volumes_from` does not bring.
///
/// Where it has none, it is removed without volumes. What the service's container has from the one before it by
/// `volumes_from` is held by no other until that container has been started, and would go with the hook's.
pub(super) fn has_own_volumes(service: &ContainerSpec, hook: &Hook) -> bool {
    hook.image.is_some()
        || service.mounts.iter().any(|mount| matches!(mount.source, MountSource::Tmpfs { .. }))
}

/// The containers that run the `pre_start` of an instance that has never been started, each to its end before the
/// next, after `needs`. They share its volumes and networks, and are removed when they have ended well; one that
/// failed stays for its log until the next `up` or `down`. What comes back is met when all have ended well.
pub(super) fn before_first_start(
    planner: &mut Planner<'_>,
    desired: &Desired<'_>,
    needs: Vec<Need>,
) -> Vec<Need> {
    let addr = &desired.addr;
    let service = (addr.layer(), addr.service().clone());
    let hooks: Vec<(usize, &Hook)> = desired
        .service
        .behaviour
        .pre_start
        .iter()
        .enumerate()
        .filter(|(_, hook)| hook.per_replica || addr.number() == 1)
        .collect();
    let mut needs = needs;
    needs.extend(planner.initialized.get(&service).copied().map(after));
    for (n, hook) in hooks {
        let step = one(planner, desired, n + 1, hook, needs);
        needs = vec![after(step)];
        if !hook.per_replica {
            planner.initialized.insert(service.clone(), step);
        }
    }
    needs
}

fn one(
    planner: &mut Planner<'_>,
    desired: &Desired<'_>,
    number: usize,
    hook: &Hook,
    needs: Vec<Need>,
) -> StepId {
    let (addr, layer) = (&desired.addr, desired.addr.layer());
    let name = format!("{}.pre_start-{number}", desired.name);
    let volumes = has_own_volumes(&desired.spec, hook);
    let mut needs = needs;
    let draft = || Draft::service(addr, &layer, Cause::Hook, Group::Up);
    let seen = planner.known.seen(&layer).map(|seen| seen.containers.as_slice()).unwrap_or_default();
    let project = &planner.world.topology.project;
    let is_left = |found: &&ObservedContainer| {
        found.name == name && is_ours(&found.labels, project, &planner.known.root_id)
    };
    if let Some(left) = seen.iter().find(is_left) {
        let action = Action::Remove { container: left.id.clone(), volumes };
        let draft = Draft::service(addr, &layer, Cause::Unfinished, Group::Up);
        needs.push(after(planner.builder.push(draft, action, Vec::new())));
    }
    let reference = hook.image.as_ref().unwrap_or(&desired.spec.image);
    let own_platform = desired.spec.platform.as_deref();
    let wanted = Wanted {
        reference,
        platform: hook.image.as_ref().map_or(own_platform, |_| planner.world.default_platform(&layer)),
        policy: desired.service.pull_policy,
        layer: &layer,
        by: Some(addr),
        span: hook.span,
        built: desired.service.build.as_ref().filter(|_| hook.image.is_none()).map(|_| desired.service),
        order: planner.order(),
    };
    let provided = planner.images.provide(planner.world, planner.known, &mut planner.builder, wanted, false);
    needs.extend(provided.needs);
    let mut environment = desired.spec.environment.clone();
    environment.extend(hook.environment.clone());
    // Nobody else is to find it under the service's names, and its fixed addresses are the service's.
    let networks: Map<String, Endpoint> = desired
        .spec
        .networks
        .iter()
        .map(|(name, endpoint)| {
            let without_names = Endpoint { priority: endpoint.priority, ..Endpoint::default() };
            (name.clone(), without_names)
        })
        .collect();
    let spec = ContainerSpec {
        image: reference.clone(),
        command: (!hook.command.is_empty()).then(|| hook.command.clone()),
        environment,
        working_dir: hook.working_dir.clone(),
        user: hook.user.clone(),
        privileged: hook.privileged,
        network_mode: desired.spec.network_mode.clone(),
        networks: networks.clone(),
        volumes_from: vec![desired.name.clone()],
        ..ContainerSpec::default()
    };
    let mut labels = desired.labels.clone();
    labels.insert(label::ROLE.to_owned(), label::ROLE_HOOK.to_owned());
    labels.remove(label::PRE_STOP);
    labels.remove(label::POST_START);
    labels.remove(label::PRE_START);
    labels.remove(label::COMPOSE_NUMBER);
    let spec = Arc::new(spec);
    let container = NewContainer { name: name.clone(), spec, labels, image: provided.image };
    let create = planner.builder.push(draft(), Action::CreateContainer(Box::new(container)), needs);
    let mut ready = vec![after(create)];
    let mut networks: Vec<(String, Endpoint)> = networks.into_iter().collect();
    networks.sort_by(|a, b| (-a.1.priority, &a.0).cmp(&(-b.1.priority, &b.0)));
    for (network, endpoint) in networks.into_iter().skip(1) {
        let endpoint = Box::new(endpoint);
        let action = Action::Connect { container: name.clone(), network, endpoint };
        ready.push(after(planner.builder.push(draft(), action, vec![after(create)])));
    }
    let start = planner.builder.push(draft(), Action::Start { container: name.clone() }, ready);
    let timeout = planner.up.wait.limit();
    let wait = Action::Wait { container: name.clone(), stage: Stage::Completed, timeout };
    let wait = planner.builder.push(draft(), wait, vec![after(start)]);
    let action = Action::Remove { container: name, volumes };
    planner.builder.push(draft(), action, vec![after(wait)])
}
