//! What is to be done in any case (`--force-recreate`, `restart`, `kill`, `run`) is done once, also when the run looks again
//! because somebody else was at the lab.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::engine::Remove;
use crate::engine::fake::fake_engine::FakeEngine;
use crate::engine::fake::fault::When;
use crate::event::event::EventKind;
use crate::model::service::Condition;
use crate::plan::goal::{Goal, Lab, Life, OneOff, Verb, Wait};

use super::lab::{Ran, engine, go, lab, needing, node, project, service, up, up_goal};

fn looks(ran: &Ran) -> usize {
    ran.events.iter().filter(|event| matches!(event.kind, EventKind::LookingAgain { .. })).count()
}

fn small() -> Arc<Lab> {
    let web = needing(service("web"), &[("db", Condition::Started)]);
    lab(vec![web, service("db"), node("vm", "dind", vec![service("inside")])])
}

fn life(verb: Verb) -> Goal {
    let wait = Wait::Ready(None);
    Goal::Life(Life { project: project(), targets: Vec::new(), verb, grace: None, wait })
}

/// Runs it, and takes `name` away just before the call on `target`. It goes well, and has looked again.
async fn disturbed(engine: &FakeEngine, goal: &Goal, (op, target): (&'static str, &str), name: &str) {
    let gate = engine.hold(When::on(op, target));
    let (ran, ()) = tokio::join!(go(engine, goal), async {
        gate.reached(1).await;
        let gone = Remove::Container { container: name.to_owned(), volumes: true };
        engine.shared().remove(&gone).await.expect("another run removes it");
        gate.open();
    });
    ran.assert_good();
    assert_eq!(looks(&ran), 1);
}

/// How often each target was called with `op` since call `from`.
fn calls(engine: &FakeEngine, op: &str, from: u64) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for call in engine.calls().into_iter().filter(|call| call.op == op && call.number > from) {
        *out.entry(call.target).or_default() += 1;
    }
    out
}

fn last_call(engine: &FakeEngine) -> u64 {
    engine.calls().last().map_or(0, |call| call.number)
}

fn id(engine: &FakeEngine, name: &str) -> String {
    engine.container(name).expect("it is there").id
}

#[tokio::test(start_paused = true)]
async fn what_is_made_anew_by_force_is_made_anew_once() {
    let engine = engine();
    up(&engine, &small()).await;
    let before = last_call(&engine);
    let Goal::Up(mut goal) = up_goal(&small()) else { unreachable!() };
    goal.force_recreate = true;
    let at = ("start container", "lab-web-1");
    disturbed(&engine, &Goal::Up(goal), at, "lab-web-1").await;
    let made = calls(&engine, "create container", before);
    let made: Vec<(&str, usize)> = made.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    let once = ["lab-db-1.next", "lab-vm-1.next", "lab-vm-inside-1.next", "lab-web-1", "lab-web-1.next"];
    assert_eq!(made, once.map(|name| (name, 1)));
}

#[tokio::test(start_paused = true)]
async fn what_was_restarted_is_not_restarted_again() {
    let engine = engine();
    up(&engine, &small()).await;
    let before = last_call(&engine);
    let (db, web) = (id(&engine, "lab-db-1"), id(&engine, "lab-web-1"));
    let restart = life(Verb::Restart { no_deps: false });
    disturbed(&engine, &restart, ("start container", &web), "lab-web-1").await;
    for op in ["stop container", "start container"] {
        assert_eq!(calls(&engine, op, before)[&db], 1, "{op}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_is_sent_once() {
    let engine = engine();
    up(&engine, &small()).await;
    let before = last_call(&engine);
    let (db, web) = (id(&engine, "lab-db-1"), id(&engine, "lab-web-1"));
    // Users come first.
    let hangup = life(Verb::Kill { signal: Some("HUP".to_owned()) });
    disturbed(&engine, &hangup, ("kill container", &db), "lab-db-1").await;
    assert_eq!(calls(&engine, "kill container", before)[&web], 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_one_off_needs_is_looked_at_again_until_it_is_there() {
    let engine = engine();
    let Goal::Up(mut goal) = up_goal(&small()) else { unreachable!() };
    let addr = "web".parse().expect("an address");
    let one = OneOff {
        service: goal.lab.topology.service(&addr).expect("it is there").clone(),
        addr,
        name: "lab-web-run-1".to_owned(),
        slug: "1".to_owned(),
        use_aliases: false,
        service_ports: false,
    };
    goal.targets = vec!["db".parse().expect("an address")];
    goal.way.one_off = Some(Box::new(one));
    disturbed(&engine, &Goal::Up(goal), ("start container", "lab-db-1"), "lab-db-1").await;
    assert_eq!(calls(&engine, "create container", 0)["lab-web-run-1"], 1);
}
