//! A smaller case that fails too.

use nestctl::model::addr::Addr;
use nestctl::model::container::{NetworkMode, RestartPolicy};
use nestctl::model::service::Service;

use super::case::Case;
use super::draw::{layer_mut, service_mut};
use super::edits::{forget_the_gone, remove};

/// Tries before a case is taken for as small as it gets.
const TRIES: usize = 400;

/// The smallest case that `fails`, as far as single steps lead there.
pub(super) fn shrunk(case: &Case, fails: impl Fn(&Case) -> bool) -> Case {
    let mut best = case.clone();
    let mut tries = 0;
    'again: loop {
        for smaller in smaller(&best) {
            tries += 1;
            if tries > TRIES {
                return best;
            }
            if fails(&smaller) {
                best = smaller;
                continue 'again;
            }
        }
        return best;
    }
}

/// Cases that are one step smaller, the largest steps first.
fn smaller(case: &Case) -> Vec<Case> {
    let mut out = Vec::new();
    for i in 0..case.acts.len() {
        let mut less = case.clone();
        less.acts.remove(i);
        out.push(less);
    }
    if case.shuffle != 0 {
        out.push(Case { shuffle: 0, ..case.clone() });
    }
    let all: Vec<Addr> = case.lab.instances().into_iter().map(|(addr, _)| addr).collect();
    for addr in &all {
        let mut less = case.clone();
        let layer = layer_mut(&mut less.lab.root, addr);
        remove(layer, addr.service());
        let is_layer = !layer.services.is_empty();
        forget_the_gone(&mut less.lab);
        if is_layer {
            out.push(less);
        }
    }
    for addr in all {
        for simplify in SIMPLER {
            let mut less = case.clone();
            let service = service_mut(&mut less.lab.root, &addr);
            let before = service.clone();
            simplify(service);
            if *service != before {
                forget_the_gone(&mut less.lab);
                out.push(less);
            }
        }
    }
    out
}

const SIMPLER: [fn(&mut Service); 9] = [
    |it| it.scale = 1,
    |it| it.depends_on.truncate(it.depends_on.len().saturating_sub(1)),
    |it| it.depends_on.clear(),
    |it| {
        it.behaviour.pre_start.clear();
        it.behaviour.post_start.clear();
        it.behaviour.pre_stop.clear();
    },
    |it| it.spec.mounts.clear(),
    |it| {
        it.spec.ports.clear();
        it.publish.clear();
    },
    |it| it.spec.healthcheck = None,
    |it| it.spec.restart = RestartPolicy::No,
    |it| {
        if !matches!(it.spec.network_mode, Some(NetworkMode::Service(_))) {
            it.spec.networks.remove("back");
        }
    },
];
