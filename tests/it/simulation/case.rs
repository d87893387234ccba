//! One case: a lab, what is done with it, and the promises that hold meanwhile and afterwards.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use nestctl::engine::engine::{Change, Create, Engine};
use nestctl::engine::fake::call::Call;
use nestctl::engine::fake::fake_engine::FakeEngine;
use nestctl::engine::fake::fault::{Fault, Meanwhile, When};
use nestctl::event::event::CancelLevel;
use nestctl::event::protocol;
use nestctl::event::sink::Recorder;
use nestctl::executor::run::{Before as Passed, RunOptions, RunReport, run};
use nestctl::executor::survey::{Asks, SurveyOptions, Surveyed, survey};
use nestctl::graph::lab_graph::LabGraph;
use nestctl::model::addr::LayerPath;
use nestctl::model::container::{ContainerSpec, RestartPolicy};
use nestctl::model::label::{self, Labels};
use nestctl::model::network::{NetworkSpec, VolumeSpec};
use nestctl::model::topology::Topology;
use nestctl::plan::goal::{Down, Goal, Lab, Life, Verb, Wait};
use nestctl::plan::known::Layer as KnownLayer;
use nestctl::plan::plan::Plan;
use nestctl::plan::plan_check::breaches;
use nestctl::plan::step::StepId;
use nestctl::transfer::memory_files::MemoryFiles;
use tokio::sync::watch;

use super::acts::{Act, Trouble, acts, behave, drift, heal};
use super::draw::{HOOK, JOB, NODES, SERVERS, project, topology, up_of};
use super::edits::edited;
use super::promises::{Before, Broken, Order, desired, left};
use crate::support::dice::Dice;

thread_local! {
    /// Whether plans, what they are made of and what comes of them are printed.
    pub(super) static SHOW: Cell<bool> = const { Cell::new(false) };
}

/// A case. All that happens follows from it.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) lab: Topology,
    pub(super) acts: Vec<Act>,
    /// In which order calls at once are served; 0: as they come.
    pub(super) shuffle: u64,
    /// Whether volumes go at the end.
    pub(super) volumes: bool,
}

impl Case {
    pub(super) fn of(seed: u64) -> Self {
        let mut dice = Dice(seed);
        Self {
            lab: topology(&mut dice),
            acts: acts(&mut dice),
            shuffle: if dice.one_in(2) { dice.next() } else { 0 },
            volumes: dice.one_in(2),
        }
    }

    /// Runs it on an engine in memory, by a clock that waits for nobody.
    pub(super) fn run(&self) -> Ran {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(self.story())
    }

    async fn story(&self) -> Ran {
        let engine = FakeEngine::new("root")
            .with_path("/var/run/docker.sock")
            .with_registry(&SERVERS)
            .with_registry(&NODES)
            .with_registry(&[JOB, HOOK]);
        if self.shuffle != 0 {
            engine.shuffle(self.shuffle);
        }
        behave(&engine);
        strangers(&engine).await;
        let (empty, calls) = (engine.snapshot(), Vec::new());
        let mut world = World { empty, engine, lab: self.lab.clone(), calls };
        let held = self.acts_in(&mut world).await;
        world.note_calls();
        Ran { held, calls: world.calls }
    }

    async fn acts_in(&self, world: &mut World) -> Result<(), Broken> {
        for (i, act) in self.acts.iter().enumerate() {
            world.act(*act).await.map_err(|broken| format!("at act {i}, {act:?}: {broken}"))?;
        }
        world.converge().await.map_err(|broken| format!("in the end: {broken}"))?;
        world.down(self.volumes).await.map_err(|broken| format!("in the end: {broken}"))
    }
}

/// What came of a case.
pub(super) struct Ran {
    /// Whether all promises held.
    pub(super) held: Result<(), Broken>,
    /// All calls of engines.
    pub(super) calls: Vec<Call>,
}

/// Objects that look like the lab's, and are not.
async fn strangers(engine: &FakeEngine) {
    engine.add_image("other:1", &[b"x"]);
    let ours = Labels::from_iter([(label::COMPOSE_PROJECT.to_owned(), "lab".to_owned())]);
    let other = Labels::from_iter([
        (label::PROJECT.to_owned(), "other".to_owned()),
        (label::ADDRESS.to_owned(), "a".to_owned()),
    ]);
    let restart = RestartPolicy::Always;
    let spec = ContainerSpec { image: "other:1".to_owned(), restart, ..ContainerSpec::default() };
    let spec = Box::new(spec);
    for (name, labels) in [("other-a-1", &other), ("other-b-1", &ours)] {
        let (name, image) = (name.to_owned(), "other:1".to_owned());
        let create = Create::Container { name, spec: spec.clone(), image, labels: labels.clone() };
        let id = engine.create(&create).await.expect("the name is free");
        engine.act(&id, &Change::Start).await.expect("it starts");
        let network = Create::Network {
            name: format!("other-{id:.4}"),
            spec: NetworkSpec::default(),
            labels: labels.clone(),
        };
        engine.create(&network).await.expect("the name is free");
        let volume = Create::Volume {
            name: format!("other-{id:.4}"),
            spec: VolumeSpec::default(),
            labels: labels.clone(),
        };
        engine.create(&volume).await.expect("the name is free");
    }
}

/// How the other party in a run behaves.
enum Ended {
    /// It came to its end.
    Reported(RunReport),
    /// It was killed, or the root engine did not answer, or it refused.
    Cut,
}

struct World {
    engine: FakeEngine,
    lab: Topology,
    /// The engine before the lab came.
    empty: String,
    /// The calls of all runs but the last.
    calls: Vec<Call>,
}

impl World {
    async fn act(&mut self, act: Act) -> Result<(), Broken> {
        match act {
            Act::Edit(seed) => {
                self.lab = edited(&self.lab, seed);
                Ok(())
            }
            Act::Drift(seed) => {
                drift(&self.engine, seed);
                Ok(())
            }
            Act::Reboot => {
                self.engine.reboot();
                Ok(())
            }
            Act::Up(trouble) => self.troubled(&up(&self.lab), trouble).await,
            Act::Down(volumes, trouble) => self.troubled(&down(volumes), trouble).await,
            Act::Stop(start, trouble) => {
                self.troubled(&life(Verb::Stop), trouble).await?;
                if start { self.troubled(&life(Verb::Start), Trouble::None).await } else { Ok(()) }
            }
            Act::Twice(seed) => {
                let other = up(&edited(&self.lab, seed));
                self.at_once(&up(&self.lab), &other).await
            }
            Act::UpAndDown => self.at_once(&up(&self.lab), &down(false)).await,
            Act::Converge => self.converge().await,
        }
    }

    /// Before the engine forgets them.
    fn note_calls(&mut self) {
        self.calls.extend(self.engine.calls());
    }

    /// A run in which something goes wrong.
    async fn troubled(&mut self, goal: &Goal, trouble: Trouble) -> Result<(), Broken> {
        let before = Before::of(&self.engine);
        let order = Order::of(&self.engine);
        self.note_calls();
        let signal = trouble.set(&self.engine);
        let ended = go(&self.engine, goal, signal).await;
        let happenings = self.engine.happenings();
        heal(&self.engine).await;
        ended?;
        before.holds(&self.engine, is_with_volumes(goal))?;
        // What somebody else changes meanwhile is not seen at once.
        match goal {
            Goal::Up(up) if trouble.is_alone() => order.holds(&happenings, Some(&up.lab.graph), false),
            _ => Ok(()),
        }
    }

    async fn at_once(&mut self, one: &Goal, other: &Goal) -> Result<(), Broken> {
        let before = Before::of(&self.engine);
        self.note_calls();
        self.engine.forget_calls();
        let (one, other) = tokio::join!(go(&self.engine, one, None), go(&self.engine, other, None));
        heal(&self.engine).await;
        one.and(other)?;
        before.holds(&self.engine, false)
    }

    async fn converge(&mut self) -> Result<(), Broken> {
        heal(&self.engine).await;
        let goal = up(&self.lab);
        self.well(&goal).await?;
        desired(&self.engine, &self.lab)?;
        let (_, again) = plan(&self.engine, &goal).await?.ok_or("the root engine does not answer")?;
        if again.is_empty() {
            return Ok(());
        }
        Err(format!("a second `up` would change something\n{again}\n{}", self.engine.snapshot()))
    }

    async fn down(&mut self, volumes: bool) -> Result<(), Broken> {
        self.well(&down(volumes)).await?;
        left(&self.engine, &self.empty, volumes)
    }

    /// A run without trouble: it succeeds, and keeps the order.
    async fn well(&mut self, goal: &Goal) -> Result<(), Broken> {
        let before = Before::of(&self.engine);
        let order = Order::of(&self.engine);
        self.note_calls();
        self.engine.forget_calls();
        let Ended::Reported(report) = go(&self.engine, goal, None).await? else {
            return Err("a run without trouble does not end".to_owned());
        };
        if !report.summary.is_success() {
            let (failures, snapshot) = (&report.failures, self.engine.snapshot());
            return Err(format!(
                "{} fails: {:#?}\n{failures:#?}\n{snapshot}",
                goal.command(),
                report.summary
            ));
        }
        before.holds(&self.engine, is_with_volumes(goal))?;
        let happenings = self.engine.happenings();
        match goal {
            Goal::Up(up) => order.holds(&happenings, Some(&up.lab.graph), false),
            Goal::Down(_) => order.holds(&happenings, None, true),
            Goal::Life(_) => Ok(()),
        }
    }
}

fn is_with_volumes(goal: &Goal) -> bool {
    matches!(goal, Goal::Down(down) if down.volumes)
}

fn up(lab: &Topology) -> Goal {
    let (graph, _) = LabGraph::build(lab);
    up_of(Lab { topology: lab.clone(), graph })
}

fn down(volumes: bool) -> Goal {
    Goal::Down(Down { project: project(), volumes, grace: None, patience: None, rmi: None, part: None })
}

fn life(verb: Verb) -> Goal {
    let wait = Wait::Ready(Some(Duration::from_secs(600)));
    Goal::Life(Life { project: project(), targets: Vec::new(), verb, grace: None, wait })
}

/// Surveys and plans; `None` when the root engine does not answer, or the goal is refused.
async fn plan(engine: &FakeEngine, goal: &Goal) -> Result<Option<(Surveyed, Plan)>, Broken> {
    let options = SurveyOptions {
        project: Some(goal.project().clone()),
        paths: Vec::new(),
        asks: Asks::Lists,
        patience: Duration::from_secs(3),
    };
    let Ok(surveyed) = survey(engine.shared(), &options).await else { return Ok(None) };
    let answered = surveyed.known.layers.iter().filter(|(_, layer)| matches!(layer, KnownLayer::Answered(_)));
    let scope: BTreeSet<LayerPath> = answered.map(|(path, _)| path.clone()).collect();
    let plan = goal.plan(&surveyed.known, &scope, StepId(0));
    // What `start` and `stop` cannot do without the file they refuse: a `pre_start` that has not run yet.
    if matches!(goal, Goal::Life(_)) && plan.problems.has_errors() {
        return Ok(None);
    }
    let unsound = breaches(&plan, &surveyed.known, StepId(0));
    if !unsound.is_empty() || plan.problems.has_errors() {
        return Err(format!("{unsound:#?}\n{:#?}\n{plan}", plan.problems));
    }
    Ok(Some((surveyed, plan)))
}

/// A whole run; the user breaks it off at the call with this number. It is killed after an hour.
async fn go(engine: &FakeEngine, goal: &Goal, signal: Option<u64>) -> Result<Ended, Broken> {
    let (cancel, cancelled) = watch::channel(None);
    if let Some(call) = signal {
        let cancel = cancel.clone();
        let comes = Meanwhile::new(move |_| {
            cancel.send_replace(Some(CancelLevel::Drain));
        });
        engine.script(When::Call(call), 1, Fault::Meanwhile(comes));
    }
    let signals = async {
        let _ = cancel.subscribe().wait_for(Option::is_some).await;
        tokio::time::sleep(Duration::from_secs(300)).await;
        cancel.send_replace(Some(CancelLevel::Abort));
        std::future::pending::<()>().await;
    };
    let run = async {
        let Some((surveyed, plan)) = plan(engine, goal).await? else { return Ok(Ended::Cut) };
        if SHOW.get() {
            println!("{} of\n{}\n{plan}", goal.command(), engine.snapshot());
        }
        let (command, files) = (goal.command(), Arc::new(MemoryFiles::new()));
        let options =
            RunOptions { command, parallel: None, files, hook_limit: None, before: Passed::default() };
        let mut recorder = Recorder::default();
        let report = run(goal, surveyed, plan, &options, &mut recorder, cancelled).await;
        let events = recorder.events.lock().expect("no panic while locked").clone();
        if SHOW.get() {
            events.iter().for_each(|event| println!("{:?}", event.kind));
            engine.happenings().iter().for_each(|it| {
                println!(
                    "after call {}: {} {} {} {}",
                    it.after_call, it.engine, it.object, it.name, it.action
                );
            });
            println!();
        }
        let breaches = protocol::breaches(&events, &report.summary);
        if breaches.is_empty() {
            return Ok(Ended::Reported(report));
        }
        Err(format!("events break their protocol: {breaches:#?}\n{events:#?}"))
    };
    tokio::select! {
        biased;
        ended = tokio::time::timeout(Duration::from_secs(3600), Box::pin(run)) => ended.unwrap_or(Ok(Ended::Cut)),
        () = signals => Ok(Ended::Cut),
    }
}
