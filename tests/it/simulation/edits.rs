//! Small changes of labs, of the kind that users make.

use nestctl::model::addr::Addr;
use nestctl::model::behaviour::Sharer;
use nestctl::model::container::{Endpoint, Mount, MountSource, NetworkMode, RestartPolicy};
use nestctl::model::name::ServiceName;
use nestctl::model::service::{Condition, DataRoot, Target};
use nestctl::model::topology::{Layer, Topology};

use super::draw::{
    JOB, NODES, SERVERS, add_dependency, add_port, check, is_checked, is_right, layer_mut, one_service,
    service_mut,
};
use crate::support::dice::Dice;

/// A lab as it is after an edit. One that would make it wrong changes nothing.
pub(super) fn edited(lab: &Topology, seed: u64) -> Topology {
    let mut changed = lab.clone();
    edit(&mut changed, &mut Dice(seed));
    forget_the_gone(&mut changed);
    if is_right(&changed) { changed } else { lab.clone() }
}

fn edit(lab: &mut Topology, dice: &mut Dice) {
    let all: Vec<Addr> = lab.instances().into_iter().map(|(addr, _)| addr).collect();
    let Some(addr) = dice.of(&all) else { return };
    let service = service_mut(&mut lab.root, addr);
    let is_plain = service.node.is_none() && service.spec.image != JOB;
    match dice.below(17) {
        0 => service.scale = 1 + u32::try_from(dice.below(3)).expect("small"),
        1 => service.depends_on.retain(|it| matches!(it.target, Target::Relative(_))),
        2 => add_dependency(dice, lab),
        3 if is_plain => {
            service.spec.healthcheck = service.spec.healthcheck.is_none().then(|| Box::new(check()));
        }
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
            layer_mut(&mut lab.root, addr).services.insert(added.name.clone(), Box::new(added));
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
        11 => add_port(dice, lab),
        12 => move_port(dice, lab, addr),
        13 => {
            service.spec.ports.clear();
            service.publish.clear();
        }
        14 => {
            if let Some(node) = &mut service.node {
                let other = if node.kind.value == "socket" { "dind" } else { "socket" };
                other.clone_into(&mut node.kind.value);
                node.options.data = DataRoot::Volume;
            }
        }
        15 if service.node.is_some() => NODES[dice.index(NODES.len())].clone_into(&mut service.spec.image),
        _ => {
            let text = Some(dice.below(9).to_string());
            service.spec.environment.insert("REVISION".to_owned(), text);
        }
    }
}

/// Gives what an instance publishes to another one, which gives its own in return.
fn move_port(dice: &mut Dice, lab: &mut Topology, from: &Addr) {
    let all: Vec<Addr> = lab.instances().into_iter().map(|(addr, _)| addr).collect();
    let Some(to) = dice.of(&all) else { return };
    let takes = |addr: &Addr| {
        let service = lab.service(addr).expect("it is there");
        service.spec.image != JOB && service.spec.network_mode.is_none()
    };
    if !takes(from) || !takes(to) {
        return;
    }
    let mut take = |addr: &Addr| {
        let service = service_mut(&mut lab.root, addr);
        (std::mem::take(&mut service.spec.ports), std::mem::take(&mut service.publish))
    };
    let (given, got) = (take(from), take(to));
    for (addr, (ports, publish)) in [(to, given), (from, got)] {
        let service = service_mut(&mut lab.root, addr);
        service.spec.ports = ports;
        service.publish = if addr.layer().is_root() { Vec::new() } else { publish };
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
