//! Small changes of labs, of the kind that users make.

use nestctl::graph::lab_graph::LabGraph;
use nestctl::model::addr::Addr;
use nestctl::model::behaviour::Sharer;
use nestctl::model::container::{Endpoint, Mount, MountSource, NetworkMode, RestartPolicy};
use nestctl::model::name::ServiceName;
use nestctl::model::service::{Condition, Target};
use nestctl::model::topology::{Layer, Topology};

use super::draw::{
    JOB, SERVERS, add_dependency, check, has_room, is_checked, layer_mut, one_service, service_mut,
};
use crate::support::dice::Dice;

/// A lab as it is after an edit. One that would make it wrong changes nothing.
pub(super) fn edited(lab: &Topology, seed: u64) -> Topology {
    let mut changed = lab.clone();
    edit(&mut changed, &mut Dice(seed));
    forget_the_gone(&mut changed);
    let is_wrong = LabGraph::build(&changed).1.has_errors() || !has_room(&changed);
    if is_wrong { lab.clone() } else { changed }
}

fn edit(lab: &mut Topology, dice: &mut Dice) {
    let all: Vec<Addr> = lab.instances().into_iter().map(|(addr, _)| addr).collect();
    let Some(addr) = dice.of(&all) else { return };
    let service = service_mut(&mut lab.root, addr);
    let is_plain = service.node.is_none() && service.spec.image != JOB;
    match dice.below(12) {
        0 => service.scale = 1 + u32::try_from(dice.below(3)).expect("small"),
        1 => service.depends_on.retain(|it| matches!(it.target, Target::Relative(_))),
        2 => add_dependency(dice, lab),
        3 if is_plain => service.spec.healthcheck = service.spec.healthcheck.is_none().then(check),
        4 if is_plain => SERVERS[dice.index(SERVERS.len())].clone_into(&mut service.spec.image),
        5 if is_plain => {
            let policies = [RestartPolicy::No, RestartPolicy::Always, RestartPolicy::UnlessStopped];
            service.spec.restart = policies[dice.index(policies.len())];
        }
        6 if service.spec.network_mode.is_none() => {
            if service.spec.networks.remove("back").is_none() {
                service.spec.networks.insert("back".to_owned(), Endpoint::default());
            }
        }
        7 => {
            if service.spec.mounts.is_empty() {
                let source = MountSource::volume(Some("data".to_owned()));
                service.spec.mounts.push(Mount::new("/data", source, false));
            } else {
                service.spec.mounts.clear();
            }
        }
        8 => {
            let depth = addr.layer().parts().len() as u64;
            let added = one_service(dice, "e", depth);
            layer_mut(&mut lab.root, addr).services.insert(added.name.clone(), added);
        }
        9 => {
            let layer = layer_mut(&mut lab.root, addr);
            if layer.services.len() > 1 {
                remove(layer, addr.service());
            }
        }
        10 => {
            let networks = &mut layer_mut(&mut lab.root, addr).networks;
            let network = networks.get_mut(if dice.one_in(2) { "back" } else { "default" });
            let options = &mut network.expect("each layer has both").spec.driver_opts;
            options.insert("revision".to_owned(), dice.below(3).to_string());
        }
        _ => {
            let text = Some(dice.below(9).to_string());
            service.spec.environment.insert("REVISION".to_owned(), text);
        }
    }
}

/// Takes a service out of its layer, with what uses it there.
pub(super) fn remove(layer: &mut Layer, name: &ServiceName) {
    layer.services.remove(name);
    for service in layer.services.values_mut() {
        if matches!(&service.spec.network_mode, Some(NetworkMode::Service(other)) if other == name.as_str()) {
            service.spec.network_mode = None;
            service.spec.networks.insert("default".to_owned(), Endpoint::default());
        }
        if service.spec.pid.as_deref() == Some(&format!("service:{name}")) {
            service.spec.pid = None;
        }
        service.behaviour.volumes_from.retain(|from| from.source != Sharer::Service(name.clone()));
        service.depends_on.retain(
            |it| !matches!(&it.target, Target::Relative(pattern) if pattern.to_string() == name.as_str()),
        );
    }
}

/// Takes dependencies away whose target is no more, and conditions that it cannot fulfil any more: nothing in the file
/// would, and `up` rightly failed.
pub(super) fn forget_the_gone(lab: &mut Topology) {
    let now = lab.clone();
    let all: Vec<Addr> = now.instances().into_iter().map(|(addr, _)| addr).collect();
    for addr in &all {
        service_mut(&mut lab.root, addr).depends_on.retain_mut(|it| {
            let Target::Absolute(pattern) = &it.target else { return true };
            let Some(target) = now.service(&pattern.first()) else { return false };
            let can = match it.condition {
                Condition::Healthy => is_checked(target),
                Condition::Completed => target.spec.image == JOB,
                _ => true,
            };
            if !can {
                it.condition = Condition::Started;
            }
            true
        });
    }
}
