//! Random labs, failures and cancels: every step ends once, and never before its needs.

use super::*;

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
