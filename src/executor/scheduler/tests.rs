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

const LAYERS: [&str; 4] = ["/", "a", "a/b", "c"];

/// A random step: the layer whose plan has it, the service that it starts, and what it needs.
#[derive(Clone, Debug)]
struct Sketch {
    layer: usize,
    service: usize,
    reaches: bool,
    needs: Vec<(NeedOf, Must)>,
}

#[derive(Clone, Debug)]
enum NeedOf {
    Step(prop::sample::Index),
    Milestone(usize, usize),
}

#[derive(Clone, Debug)]
struct Lab {
    sketches: Vec<Sketch>,
    /// Whether the layer's engine is entered in the run.
    enters: [bool; 4],
}

fn service(layer: usize, service: usize) -> String {
    if layer == 0 { format!("s{service}") } else { format!("{}/s{service}", LAYERS[layer]) }
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let on = prop_oneof![
        any::<prop::sample::Index>().prop_map(NeedOf::Step),
        (0..4_usize, 0..4_usize).prop_map(|(layer, service)| NeedOf::Milestone(layer, service)),
    ];
    let need = (on, prop_oneof![3 => Just(Must::Succeed), 1 => Just(Must::End)]);
    (0..4_usize, 0..4_usize, any::<bool>(), prop::collection::vec(need, 0..4))
        .prop_map(|(layer, service, reaches, needs)| Sketch { layer, service, reaches, needs })
}

fn lab() -> impl Strategy<Value = Lab> {
    (prop::collection::vec(sketch(), 1..25), any::<[bool; 4]>())
        .prop_map(|(sketches, enters)| Lab { sketches, enters })
}

impl Lab {
    /// The plan of one layer. Step numbers go up from plan to plan; needs on steps go to any step so far, of
    /// any plan, or to a later one of the same plan.
    fn plan(&self, of: usize, next: &mut u32) -> Plan {
        let mine: Vec<&Sketch> = self.sketches.iter().filter(|sketch| sketch.layer == of).collect();
        let first = *next;
        let mut steps = Vec::new();
        for (child, name) in LAYERS.iter().enumerate().skip(1) {
            if self.enters[child] && layer(name).parent() == Some(layer(LAYERS[of])) {
                steps.push(enter(*next, name, vec![]));
                *next += 1;
            }
        }
        let total = first as usize + steps.len() + mine.len();
        for sketch in mine {
            let needs = sketch.needs.iter().map(|(on, must)| Need {
                on: match on {
                    NeedOf::Step(index) => {
                        On::Step(id(u32::try_from(index.index(total)).expect("few steps")))
                    }
                    NeedOf::Milestone(layer, s) => On::Milestone(started(&service(*layer, *s))),
                },
                must: *must,
            });
            let name = service(of, sketch.service);
            let reaches = if sketch.reaches { vec![started(&name)] } else { vec![] };
            steps.push(step(*next, &name, needs.collect(), reaches));
            *next += 1;
        }
        plan(steps)
    }
}

/// Everything that was seen of a run, and what can be said of it without the scheduler's own books.
#[derive(Default)]
struct Seen {
    steps: BTreeMap<StepId, Step>,
    ended: BTreeMap<StepId, State>,
    planned: BTreeSet<LayerPath>,
}

impl Seen {
    fn ends(&mut self, id: StepId, state: State) {
        assert!(self.steps.contains_key(&id), "{id} ended and is no step");
        let before = self.ended.insert(id, state);
        assert_eq!(before, None, "{id} ended twice");
    }

    fn unrun(&mut self, unrun: Vec<Unrun>, stalled: bool) {
        let before: Vec<StepId> = self.ended.keys().copied().collect();
        for one in unrun {
            match one {
                Unrun::Cancelled(id) => self.ends(id, State::Cancelled),
                Unrun::Skipped(id, because) => {
                    if let Because::Step(cause) = &because {
                        let cause = self.ended.get(cause);
                        assert!(matches!(cause, Some(State::Failed | State::Cancelled)), "{id}: {cause:?}");
                    }
                    self.ends(id, State::Skipped(because));
                }
            }
        }
        if !stalled {
            let new: Vec<StepId> = self.ended.keys().copied().filter(|id| !before.contains(id)).collect();
            for id in new {
                if matches!(self.ended[&id], State::Skipped(_)) {
                    self.assert_needs_ended(id);
                }
            }
        }
    }

    fn is_done(&self, id: StepId) -> bool {
        self.ended.get(&id) == Some(&State::Done)
    }

    fn promisers(&self, milestone: &Milestone) -> impl Iterator<Item = StepId> {
        let all = self.steps.values().filter(|step| step.reaches.contains(milestone));
        all.map(|step| step.id).collect::<Vec<_>>().into_iter()
    }

    fn is_owned(&self, milestone: &Milestone) -> bool {
        let at = milestone.layer();
        self.steps.values().any(|step| match &step.action {
            Action::Enter(enter) => at.is_within(&enter.layer) && !self.ended.contains_key(&step.id),
            _ => false,
        })
    }

    fn assert_needs_ended(&self, id: StepId) {
        for need in &self.steps[&id].needs {
            match &need.on {
                On::Step(on) => {
                    assert!(self.ended.contains_key(on) || !self.steps.contains_key(on), "{id} before {on}");
                }
                On::Milestone(on) => {
                    if self.promisers(on).any(|id| self.is_done(id)) {
                        continue;
                    }
                    let mut promisers = self.promisers(on).peekable();
                    assert!(promisers.peek().is_some() || !self.is_owned(on), "{id} before {on}'s layer");
                    assert!(promisers.all(|id| self.ended.contains_key(&id)), "{id} before {on}");
                }
            }
        }
    }

    fn assert_may_start(&self, id: StepId) {
        self.assert_needs_ended(id);
        for need in self.steps[&id].needs.iter().filter(|need| need.must == Must::Succeed) {
            let good = match &need.on {
                On::Step(on) => self.is_done(*on),
                On::Milestone(on) => self.promisers(on).any(|id| self.is_done(id)),
            };
            assert!(good, "{id} although {need:?} did not succeed");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_step_ends_once_and_never_before_its_needs(
        lab in lab(),
        choices in prop::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 60),
        cancel_at in prop::option::of(0..40_usize),
    ) {
        let mut scheduler = Scheduler::new();
        let mut seen = Seen::default();
        let mut next = 0;
        let first = lab.plan(0, &mut next);
        seen.steps.extend(first.steps.iter().map(|step| (step.id, step.clone())));
        let unrun = scheduler.add(&first);
        seen.unrun(unrun, false);
        let mut running: Vec<StepId> = Vec::new();
        let mut choices = choices.into_iter().cycle();
        let mut turn = 0;
        while !scheduler.is_finished() {
            if cancel_at == Some(turn) {
                let unrun = scheduler.cancel();
                seen.unrun(unrun, false);
            }
            turn += 1;
            let ready = scheduler.ready();
            for id in &ready {
                seen.assert_may_start(*id);
            }
            if cancel_at.is_some_and(|at| at < turn) {
                prop_assert!(ready.is_empty());
            }
            let (which, what) = choices.next().expect("it cycles");
            if !ready.is_empty() && (running.is_empty() || what % 2 == 0) {
                let id = ready[which.index(ready.len())];
                scheduler.started(id);
                running.push(id);
            } else if !running.is_empty() {
                let id = running.swap_remove(which.index(running.len()));
                let end = if what == 7 { End::Failed } else { End::Done };
                if let (Action::Enter(enter), End::Done) = (&seen.steps[&id].action, end) {
                    let layer = enter.layer.clone();
                    prop_assert!(seen.planned.insert(layer.clone()));
                    let at = LAYERS.iter().position(|name| *name == layer.to_string()).expect("one of ours");
                    let plan = lab.plan(at, &mut next);
                    seen.steps.extend(plan.steps.iter().map(|step| (step.id, step.clone())));
                    let unrun = scheduler.add(&plan);
                    seen.unrun(unrun, false);
                }
                let unrun = scheduler.finish(id, end);
                seen.ends(id, if end == End::Done { State::Done } else { State::Failed });
                seen.unrun(unrun, false);
            } else if !scheduler.is_finished() {
                prop_assert!(scheduler.is_stalled());
                let unrun = scheduler.break_stall();
                prop_assert!(!unrun.is_empty());
                seen.unrun(unrun, true);
            }
        }
        prop_assert_eq!(seen.ended.len(), seen.steps.len());
        for (id, state) in &seen.ended {
            prop_assert_eq!(scheduler.state(*id), Some(state));
        }
    }
}
