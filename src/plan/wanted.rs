//! What an `up` is to reach, and whom it means.

use std::collections::BTreeSet;

use crate::graph::expand::matching;
use crate::graph::lab_graph::{Closure, Why};
use crate::model::addr::Addr;
use crate::model::milestone::{Milestone, Stage};

use super::goal::{Starts, Up, Wait};
use super::world::World;

/// The milestones that this `up` is to reach.
pub(super) fn wanted<'a>(up: &'a Up, world: &World<'_>) -> Closure<'a> {
    let mut wanted = wanted_when_all_start(up, world);
    if up.way.starts == Starts::All {
        return wanted;
    }
    // `Started` stands for "is looked at"; nothing is waited for but the engines of nodes.
    wanted.retain(|milestone| matches!(milestone, Milestone::Service(_, Stage::Started | Stage::EngineUp)));
    wanted
}

/// The instances that were named, and all inside them; all of them where none was.
pub(super) fn meant(up: &Up, world: &World<'_>) -> BTreeSet<Addr> {
    let topology = world.topology;
    let named: BTreeSet<Addr> = up.targets.iter().flat_map(|pattern| matching(topology, pattern)).collect();
    let instances = world.instances.iter().map(|(addr, _)| addr.clone());
    let needed = (!up.way.no_deps).then(|| wanted_when_all_start(up, world));
    let is_meant = |addr: &Addr| {
        named.is_empty()
            || named.iter().any(|it| it == addr || addr.is_within(&it.inner()))
            || needed
                .as_ref()
                .is_some_and(|it| it.contains(&Milestone::Service(addr.clone(), Stage::Started)))
    };
    instances.filter(is_meant).collect()
}

fn wanted_when_all_start<'a>(up: &'a Up, world: &World<'_>) -> Closure<'a> {
    let stage = match up.wait {
        Wait::Ready(_) => Stage::Ready,
        Wait::Started => Stage::Started,
    };
    if let Some(one) = &up.way.one_off {
        // What is around it must be there in any case.
        let started = Milestone::Service(one.addr.clone(), Stage::Started);
        let counts = |why| !up.way.no_deps || matches!(why, Why::Inside);
        let needs = up.lab.graph.needs(&started).into_iter().filter(|(_, why)| counts(*why));
        let needs: Vec<Milestone> = needs.map(|(milestone, _)| milestone.clone()).collect();
        let graph = &up.lab.graph;
        return if up.way.no_deps { graph.closure_without_dependencies(needs) } else { graph.closure(needs) };
    }
    let targets: Vec<Addr> = if up.targets.is_empty() {
        world.instances.iter().map(|(addr, _)| addr.clone()).collect()
    } else {
        up.targets.iter().flat_map(|pattern| matching(world.topology, pattern)).collect()
    };
    let goals: Vec<Milestone> = targets.into_iter().map(|addr| Milestone::Service(addr, stage)).collect();
    if up.way.no_deps {
        up.lab.graph.closure_without_dependencies(goals)
    } else {
        up.lab.graph.closure(goals)
    }
}
