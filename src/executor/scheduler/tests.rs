use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::addr::Addr;
use crate::model::dial::Dial;
use crate::model::milestone::Stage;
use crate::plan::action::Enter;
use crate::plan::cause::Cause;
use crate::plan::step::{Resource, Step};

mod property;

fn addr(text: &str) -> Addr {
    text.parse().expect("a valid address")
}

fn layer(text: &str) -> LayerPath {
    if text == "/" { LayerPath::root() } else { addr(text).inner() }
}

fn started(text: &str) -> Milestone {
    Milestone::Service(addr(text), Stage::Started)
}

fn id(n: u32) -> StepId {
    StepId(n)
}

fn step(n: u32, of: &str, needs: Vec<Need>, reaches: Vec<Milestone>) -> Step {
    Step {
        id: id(n),
        layer: addr(of).layer(),
        of: Resource::Service(addr(of)),
        action: Action::Join,
        needs,
        reaches,
        cause: Cause::Missing,
        group: None,
        may_fail: false,
    }
}

fn enter(n: u32, node: &str, needs: Vec<Need>) -> Step {
    let action = Action::Enter(Box::new(Enter {
        layer: layer(node),
        container: node.to_owned(),
        dial: Dial::Parent { path: "/docker.sock".to_owned() },
        boot: None,
        paths: Vec::new(),
        timeout: Duration::from_secs(1),
    }));
    Step { action, ..step(n, node, needs, vec![Milestone::Service(addr(node), Stage::EngineUp)]) }
}

fn plan(steps: Vec<Step>) -> Plan {
    Plan { steps, ..Plan::default() }
}

fn after(n: u32) -> Need {
    Need { on: On::Step(id(n)), must: Must::Succeed }
}

fn whatever(n: u32) -> Need {
    Need { on: On::Step(id(n)), must: Must::End }
}

fn once(milestone: Milestone) -> Need {
    Need { on: On::Milestone(milestone), must: Must::Succeed }
}

fn skipped(n: u32, because: u32) -> Unrun {
    Unrun::Skipped(id(n), Because::Step(id(because)))
}

/// Starts a step that must be ready, and ends it.
fn does(scheduler: &mut Scheduler, n: u32, end: End) -> Vec<Unrun> {
    assert!(scheduler.ready().contains(&id(n)), "#{n} is {:?}", scheduler.state(id(n)));
    scheduler.started(id(n));
    scheduler.finish(id(n), end)
}

#[test]
fn a_step_starts_when_all_that_it_needs_is_done() {
    let mut scheduler = Scheduler::new();
    let two = step(2, "c", vec![after(0), once(started("b"))], vec![]);
    scheduler.add(&plan(vec![step(0, "a", vec![], vec![]), step(1, "b", vec![], vec![started("b")]), two]));
    assert_eq!(scheduler.ready(), [id(0), id(1)]);
    does(&mut scheduler, 0, End::Done);
    assert_eq!(scheduler.ready(), [id(1)]);
    does(&mut scheduler, 1, End::Done);
    assert_eq!(scheduler.ready(), [id(2)]);
    does(&mut scheduler, 2, End::Done);
    assert!(scheduler.is_finished());
}

#[test]
fn a_failure_skips_what_follows_with_the_first_cause_and_nothing_else() {
    let mut scheduler = Scheduler::new();
    scheduler.add(&plan(vec![
        step(0, "a", vec![], vec![started("a")]),
        step(1, "b", vec![once(started("a"))], vec![started("b")]),
        step(2, "c", vec![once(started("b"))], vec![]),
        step(3, "d", vec![], vec![]),
        step(4, "e", vec![whatever(2)], vec![]),
    ]));
    let unrun = does(&mut scheduler, 0, End::Failed);
    assert_eq!(unrun, [skipped(1, 0), skipped(2, 0)]);
    assert_eq!(scheduler.ready(), [id(3), id(4)]);
}

#[test]
fn what_comes_after_a_skipped_step_comes_after_all_that_it_needed() {
    let mut scheduler = Scheduler::new();
    scheduler.add(&plan(vec![
        step(0, "a", vec![], vec![]),
        step(1, "b", vec![], vec![]),
        step(2, "c", vec![after(0), after(1)], vec![]),
        step(3, "d", vec![whatever(2)], vec![]),
    ]));
    assert_eq!(does(&mut scheduler, 0, End::Failed), []);
    assert_eq!(scheduler.ready(), [id(1)]);
    assert_eq!(does(&mut scheduler, 1, End::Failed), [skipped(2, 0)]);
    assert_eq!(scheduler.ready(), [id(3)]);
}

#[test]
fn a_milestone_below_a_node_is_owned_by_its_enter_until_the_layer_is_planned() {
    let mut scheduler = Scheduler::new();
    scheduler.add(&plan(vec![
        enter(0, "vm", vec![]),
        step(1, "client", vec![once(started("vm/web"))], vec![]),
        step(2, "other", vec![once(started("vm/in/leaf"))], vec![]),
    ]));
    scheduler.started(id(0));
    assert_eq!(scheduler.ready(), []);
    scheduler.add(&plan(vec![step(3, "vm/web", vec![], vec![started("vm/web")]), enter(4, "vm/in", vec![])]));
    assert_eq!(scheduler.finish(id(0), End::Done), []);
    does(&mut scheduler, 3, End::Done);
    assert_eq!(scheduler.ready(), [id(1), id(4)]);
    assert_eq!(does(&mut scheduler, 4, End::Failed), [skipped(2, 4)]);
}

#[test]
fn a_failed_enter_skips_whatever_on_any_layer_needs_something_below_it() {
    let mut scheduler = Scheduler::new();
    scheduler.add(&plan(vec![
        step(0, "a", vec![], vec![started("a")]),
        enter(1, "a", vec![once(started("a"))]),
        step(2, "far", vec![once(started("a/b/c/leaf"))], vec![started("far")]),
        step(3, "near", vec![], vec![]),
        step(4, "end", vec![Need { on: On::Milestone(started("a/x")), must: Must::End }], vec![]),
    ]));
    assert_eq!(does(&mut scheduler, 0, End::Failed), [skipped(1, 0), skipped(2, 0)]);
    assert_eq!(scheduler.ready(), [id(3), id(4)]);
}

#[test]
fn a_milestone_that_the_layers_plan_does_not_hold_is_nobodys() {
    let mut scheduler = Scheduler::new();
    scheduler
        .add(&plan(vec![enter(0, "vm", vec![]), step(1, "client", vec![once(started("vm/web"))], vec![])]));
    let unrun = does(&mut scheduler, 0, End::Done);
    assert_eq!(unrun, [Unrun::Skipped(id(1), Because::Nobody(started("vm/web")))]);
    assert!(scheduler.is_finished());
}

#[test]
fn a_milestone_reached_without_a_step_holds_in_a_later_plan_too() {
    let mut scheduler = Scheduler::new();
    scheduler.add(&plan(vec![enter(0, "vm", vec![]), step(1, "x", vec![once(started("vm/web"))], vec![])]));
    scheduler.started(id(0));
    scheduler.add(&Plan { reached: vec![started("vm/web")], ..Plan::default() });
    assert_eq!(scheduler.ready(), [id(1)]);
    assert_eq!(scheduler.finish(id(0), End::Done), []);
}

#[test]
fn steps_that_wait_for_each_other_are_skipped_and_the_run_ends() {
    let mut scheduler = Scheduler::new();
    scheduler.add(&plan(vec![
        enter(0, "vm", vec![once(started("vm/web"))]),
        step(1, "x", vec![after(0)], vec![]),
    ]));
    assert!(scheduler.is_stalled());
    let stalled = |n| Unrun::Skipped(id(n), Because::Stalled);
    assert_eq!(scheduler.break_stall(), [stalled(0), stalled(1)]);
    assert!(scheduler.is_finished());
}

#[test]
fn a_broken_off_run_starts_nothing_more() {
    let mut scheduler = Scheduler::new();
    scheduler.add(&plan(vec![
        step(0, "a", vec![], vec![]),
        step(1, "b", vec![], vec![]),
        step(2, "c", vec![after(0)], vec![]),
    ]));
    scheduler.started(id(0));
    assert_eq!(scheduler.cancel(), [Unrun::Cancelled(id(1)), Unrun::Cancelled(id(2))]);
    assert_eq!(scheduler.finish(id(0), End::Done), []);
    assert_eq!(scheduler.add(&plan(vec![step(3, "d", vec![], vec![])])), [Unrun::Cancelled(id(3))]);
    assert_eq!(scheduler.ready(), []);
    assert!(scheduler.is_finished());
}
