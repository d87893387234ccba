//! What a change comes to: as `plan` shows it, and which containers are others afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lab::*;
use crate::engine::fake::fake_engine::FakeEngine;
use crate::graph::lab_graph::LabGraph;
use crate::model::container::Endpoint;
use crate::model::service::Service;
use crate::model::topology::NetworkDef;
use crate::ops::forecast::forecast;
use crate::plan::goal::{Goal, Lab, Up};
use crate::plan::plan_check::breaches;
use crate::plan::step::StepId;
use crate::report::plan_text::render;
use crate::report::style::Style;

/// What `plan` shows.
pub(super) async fn shown(engine: &FakeEngine, goal: &Goal) -> String {
    let surveyed = surveyed(engine).await;
    let plan = goal.plan(&surveyed.known, &answered(&surveyed), StepId(0));
    let found = breaches(&plan, &surveyed.known, StepId(0));
    assert!(found.is_empty(), "{found:#?}\n{plan}");
    let later = forecast(&goal.planning(), &surveyed.known, &plan);
    let later: Vec<_> = later.iter().map(|it| (it.layer.clone(), &it.plan)).collect();
    let mut text = render(&plan, &later, &project(), Style { color: false, unicode: true }, 100);
    for problem in plan.problems.sorted() {
        text = format!("{text}{}\n", problem.message);
    }
    text
}

/// IDs of the lab's containers by address.
pub(super) async fn ids(engine: &FakeEngine) -> BTreeMap<String, String> {
    let surveyed = surveyed(engine).await;
    let ours = crate::plan::ours::containers(&surveyed.known, &project());
    ours.into_iter().map(|it| (it.addr.to_string(), it.container.id.clone())).collect()
}

/// Brings a lab up; which of the containers that were there are others now, or gone. A second `up` does nothing.
pub(super) async fn renewed(engine: &FakeEngine, lab: &Arc<Lab>) -> String {
    let before = ids(engine).await;
    up(engine, lab).await;
    let after = ids(engine).await;
    let again = up(engine, lab).await;
    assert_eq!(again.report.summary.changed, 0, "{:#?}", again.ends());
    let other = before.iter().filter(|(addr, id)| after.get(*addr) != Some(*id));
    other.map(|(addr, _)| addr.as_str()).collect::<Vec<_>>().join(" ")
}

/// `up` in another way than usual.
pub(super) fn in_a_way(lab: &Arc<Lab>, change: impl FnOnce(&mut Up)) -> Goal {
    let Goal::Up(mut up) = up_goal(lab) else { unreachable!() };
    change(&mut up);
    Goal::Up(up)
}

/// Runs it; which of the containers that were there are others now, or gone.
pub(super) async fn renewed_by(engine: &FakeEngine, goal: &Goal) -> String {
    let before = ids(engine).await;
    go(engine, goal).await.assert_good();
    let after = ids(engine).await;
    let other = before.iter().filter(|(addr, id)| after.get(*addr) != Some(*id));
    other.map(|(addr, _)| addr.as_str()).collect::<Vec<_>>().join(" ")
}

pub(super) fn set(mut service: Service, name: &str, value: &str) -> Service {
    service.spec.environment.insert(name.to_owned(), Some(value.to_owned()));
    service
}

pub(super) fn in_networks(mut service: Service, networks: &[&str]) -> Service {
    let endpoints = networks.iter().map(|name| ((*name).to_owned(), Endpoint::default()));
    service.spec.networks = endpoints.collect();
    service
}

/// A lab with two more networks; `internal` is a property of the second.
pub(super) fn networked(services: Vec<Service>, internal: bool) -> Arc<Lab> {
    let mut lab = lab(Vec::new()).topology.clone();
    lab.root = inner(services);
    lab.root.networks.insert("front".to_owned(), NetworkDef::default());
    let mut back = NetworkDef::default();
    back.spec.internal = internal;
    lab.root.networks.insert("back".to_owned(), back);
    let (graph, problems) = LabGraph::build(&lab);
    assert!(problems.is_empty(), "{problems:?}");
    Arc::new(Lab { topology: lab, graph })
}
