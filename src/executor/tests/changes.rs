//! What a change of the file, or of what is there, comes to: as `plan` shows it, and what a run then leaves alone.

use std::collections::BTreeMap;

use super::lab::*;
use crate::engine::fake::fake_engine::FakeEngine;
use crate::model::container::PortBinding;
use crate::model::service::Service;
use crate::model::span::{Span, Spanned};
use crate::plan::goal::{Goal, Lab};
use crate::plan::step::StepId;
use crate::report::plan_text::render;
use crate::report::style::Style;
use std::sync::Arc;

/// What `plan` shows.
async fn shown(engine: &FakeEngine, goal: &Goal) -> String {
    let surveyed = surveyed(engine).await;
    let plan = goal.plan(&surveyed.known, &answered(&surveyed), StepId(0));
    let mut text = render(&plan, &[], &project(), Style { color: false, unicode: true }, 100);
    for problem in plan.problems.sorted() {
        text = format!("{text}{}\n", problem.message);
    }
    text
}

/// IDs of the lab's containers by address.
async fn ids(engine: &FakeEngine) -> BTreeMap<String, String> {
    let surveyed = surveyed(engine).await;
    let ours = crate::plan::ours::containers(&surveyed.known, &project());
    ours.into_iter().map(|it| (it.addr.to_string(), it.container.id.clone())).collect()
}

/// Brings a lab up; which of the containers that were there are others now, or gone. A second `up` does nothing.
async fn renewed(engine: &FakeEngine, lab: &Arc<Lab>) -> String {
    let before = ids(engine).await;
    up(engine, lab).await;
    let after = ids(engine).await;
    let again = up(engine, lab).await;
    assert_eq!(again.report.summary.changed, 0, "{:#?}", again.ends());
    let other = before.iter().filter(|(addr, id)| after.get(*addr) != Some(*id));
    other.map(|(addr, _)| addr.as_str()).collect::<Vec<_>>().join(" ")
}

fn set(mut service: Service, name: &str, value: &str) -> Service {
    service.spec.environment.insert(name.to_owned(), Some(value.to_owned()));
    service
}

fn publishing(mut service: Service, port: u16) -> Service {
    let binding = PortBinding { host: Some((port, port)), container: 80, ..PortBinding::default() };
    service.publish.push(Spanned::new(binding, Span::default()));
    service
}

#[tokio::test(start_paused = true)]
async fn a_changed_inner_service_touches_nothing_outside_of_it() {
    let engine = engine();
    let of = |debug: &str| {
        lab(vec![
            service("client"),
            node(
                "vm1",
                "dind",
                vec![set(set(service("web"), "DEBUG", debug), "TOKEN", debug), service("db")],
            ),
        ])
    };
    up(&engine, &of("0")).await;
    insta::assert_snapshot!(shown(&engine, &up_goal(&of("1"))).await, @r"
    vm1
      ~ web  recreate  environment.DEBUG: 0 → 1
                       environment.TOKEN changed

    1 to recreate
    ");
    assert_eq!(renewed(&engine, &of("1")).await, "vm1/web");
}

#[tokio::test(start_paused = true)]
async fn a_changed_node_keeps_its_containers_inside() {
    let engine = engine();
    let of = |debug: &str| {
        lab(vec![
            set(node("vm1", "dind", vec![service("web"), service("db")]), "DEBUG", debug),
            service("client"),
        ])
    };
    up(&engine, &of("0")).await;
    insta::assert_snapshot!(shown(&engine, &up_goal(&of("1"))).await, @r"
    lab
      ~ vm1  recreate  environment.DEBUG: 0 → 1
    vm1
      ~ db   restart  vm1 goes down
      ~ web  restart  vm1 goes down
    looked at again once their engines answer: vm1

    1 to recreate, 2 to restart
    ");
    assert_eq!(renewed(&engine, &of("1")).await, "vm1");
}

#[tokio::test(start_paused = true)]
async fn a_port_published_from_inside_is_the_nodes_too() {
    let engine = engine();
    let of = |web: Service| lab(vec![node("vm1", "dind", vec![web, service("db")])]);
    up(&engine, &of(service("web"))).await;
    let published = of(publishing(service("web"), 8081));
    insta::assert_snapshot!(shown(&engine, &up_goal(&published)).await, @r"
    lab
      ~ vm1  recreate  publish: 8081 of vm1/web added
    vm1
      ~ db   restart  vm1 goes down
      ~ web  restart  vm1 goes down
    looked at again once their engines answer: vm1

    1 to recreate, 2 to restart
    ");
    assert_eq!(renewed(&engine, &published).await, "vm1 vm1/web");
    insta::assert_snapshot!(shown(&engine, &up_goal(&of(service("web")))).await, @r"
    lab
      ~ vm1  recreate  publish: 8081 of vm1/web removed
    vm1
      ~ db   restart  vm1 goes down
      ~ web  restart  vm1 goes down
    looked at again once their engines answer: vm1

    1 to recreate, 2 to restart
    ");
}
