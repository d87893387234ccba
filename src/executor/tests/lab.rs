//! Small labs by hand, and runs of them whose events are checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::super::run::{Before, RunOptions, RunReport, run};
use super::super::survey::{Asks, SurveyOptions, Surveyed, survey};
use crate::engine::fake::fake_engine::FakeEngine;
use crate::event::event::{CancelLevel, Event, EventKind};
use crate::event::outcome::Outcome;
use crate::event::protocol::breaches;
use crate::event::sink::Recorder;
use crate::graph::lab_graph::LabGraph;
use crate::model::addr::LayerPath;
use crate::model::behaviour::Behaviour;
use crate::model::container::{ContainerSpec, Endpoint, Healthcheck};
use crate::model::failure::Failure;
use crate::model::key_places::KeyPlaces;
use crate::model::map::Map;
use crate::model::name::{ProjectName, ServiceName};
use crate::model::service::{Condition, Dependency, EngineOptions, NodeDef, PullPolicy, Service, Target};
use crate::model::span::{Span, Spanned};
use crate::model::topology::{Layer, NetworkDef, Separator, Topology};
use crate::plan::goal::{Down, Goal, Lab, Orphans, Up, Wait};
use crate::plan::known::Layer as KnownLayer;
use crate::plan::plan::Plan;
use crate::plan::step::StepId;
use crate::transfer::memory_files::MemoryFiles;

/// Images that the fake's registry serves.
pub(super) const IMAGES: &[&str] = &["docker:dind", "docker:cli", "busybox", "machine"];

pub(super) fn project() -> ProjectName {
    ProjectName::new("lab").expect("valid")
}

/// A root engine with a registry.
pub(super) fn engine() -> FakeEngine {
    FakeEngine::new("host").with_registry(IMAGES)
}

/// A plain service.
pub(super) fn service(name: &str) -> Service {
    let networks = Map::from_iter([("default".to_owned(), Endpoint::default())]);
    Service {
        name: ServiceName::new(name).expect("valid"),
        span: Span::default(),
        spans: KeyPlaces::default(),
        spec: ContainerSpec { image: "busybox".to_owned(), networks, ..ContainerSpec::default() },
        container_name: None,
        scale: 1,
        depends_on: Vec::new(),
        build: None,
        pull_policy: PullPolicy::Missing,
        files: Vec::new(),
        publish: Vec::new(),
        behaviour: Behaviour::default(),
        node: None,
    }
}

/// A service with a health check.
pub(super) fn checked(name: &str) -> Service {
    let mut service = service(name);
    let test = vec!["CMD".to_owned(), "true".to_owned()];
    service.spec.healthcheck = Some(Box::new(Healthcheck { test, ..Healthcheck::default() }));
    service
}

/// Lets everything else go on until something holds; time is paused, so it passes only when all wait.
pub(super) async fn until(holds: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it never holds");
}

/// A node of a kind, with what runs inside.
pub(super) fn node(name: &str, kind: &str, inside: Vec<Service>) -> Service {
    let mut service = service(name);
    service.spec.image = match kind {
        "systemd" => "machine".to_owned(),
        "dind" | "tcp" => String::new(),
        _ => service.spec.image,
    };
    service.node = Some(Box::new(NodeDef {
        kind: Spanned::new(kind.to_owned(), Span::default()),
        options: EngineOptions::default(),
        inner: inner(inside),
    }));
    service
}

pub(super) fn inner(services: Vec<Service>) -> Layer {
    Layer {
        services: services.into_iter().map(|service| (service.name.clone(), Box::new(service))).collect(),
        networks: BTreeMap::from([("default".to_owned(), NetworkDef::default())]),
        ..Layer::default()
    }
}

/// Lets a service need others before it starts.
pub(super) fn needing(mut service: Service, needs: &[(&str, Condition)]) -> Service {
    service.depends_on = needs
        .iter()
        .map(|(target, condition)| Dependency {
            target: match target.strip_prefix('/') {
                Some(absolute) => Target::Absolute(absolute.parse().expect("valid")),
                None => Target::Relative(target.parse().expect("valid")),
            },
            condition: *condition,
            required: true,
            restart: false,
            span: Span::default(),
        })
        .collect();
    service
}

/// A lab of these services.
pub(super) fn lab(services: Vec<Service>) -> Arc<Lab> {
    let topology = Topology {
        project: project(),
        directory: PathBuf::from("/home/user/lab"),
        root: inner(services),
        separator: Separator::Hyphen,
        all_resources: false,
    };
    let (graph, problems) = LabGraph::build(&topology);
    assert!(problems.is_empty(), "{problems:?}");
    Arc::new(Lab { topology, graph })
}

pub(super) fn up_goal(lab: &Arc<Lab>) -> Goal {
    Goal::Up(Up {
        lab: lab.clone(),
        targets: Vec::new(),
        wait: Wait::Ready(None),
        force_recreate: false,
        orphans: Orphans::Tell,
        discard_node_files: false,
        way: crate::plan::goal::Way::default(),
    })
}

pub(super) fn down_goal() -> Goal {
    Goal::Down(Down { project: project(), volumes: true, grace: None, patience: None, rmi: None, part: None })
}

pub(super) fn survey_options() -> SurveyOptions {
    SurveyOptions {
        project: Some(project()),
        paths: Vec::new(),
        asks: Asks::Lists,
        patience: Duration::from_secs(3),
    }
}

pub(super) async fn surveyed(engine: &FakeEngine) -> Surveyed {
    survey(engine.shared(), &survey_options()).await.expect("the root engine answers")
}

pub(super) fn run_options(command: &'static str) -> RunOptions {
    let files = Arc::new(MemoryFiles::new());
    RunOptions { command, parallel: None, files, hook_limit: None, before: Before::default() }
}

/// A run that is over.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) report: RunReport,
    pub(super) events: Vec<Event>,
}

impl Ran {
    /// The end of each step, as `verb address: outcome`, in the order in which they ended.
    pub(super) fn ends(&self) -> Vec<String> {
        let mut names = BTreeMap::new();
        let mut out = Vec::new();
        for event in &self.events {
            match &event.kind {
                EventKind::LayerPlanned { steps, .. } => {
                    names.extend(steps.iter().map(|step| (step.id, format!("{} {}", step.verb, step.of))));
                }
                EventKind::StepFinished { step, outcome, .. } => {
                    let how = match outcome {
                        Outcome::Done => "done",
                        Outcome::Failed(_) => "failed",
                        Outcome::Skipped { .. } => "skipped",
                        Outcome::Cancelled => "cancelled",
                    };
                    out.push(format!("{}: {how}", names[step]));
                }
                _ => {}
            }
        }
        out
    }

    /// The one failure that there is.
    #[track_caller]
    pub(super) fn failure(&self) -> &Failure {
        assert_eq!(self.report.failures.len(), 1, "{:#?}", self.report.failures);
        &self.report.failures[0].failure
    }

    /// What was skipped because of the first failure.
    pub(super) fn skipped(&self) -> Vec<String> {
        self.report.failures.first().into_iter().flat_map(|f| &f.skipped).map(ToString::to_string).collect()
    }

    #[track_caller]
    pub(super) fn assert_good(&self) {
        assert!(self.report.summary.is_success(), "{:#?}\n{:#?}", self.report, self.ends());
    }
}

pub(super) fn answered(surveyed: &Surveyed) -> BTreeSet<LayerPath> {
    let layers = surveyed.known.layers.iter();
    let answered = layers.filter(|(_, layer)| matches!(layer, KnownLayer::Answered(_)));
    answered.map(|(path, _)| path.clone()).collect()
}

/// Surveys, plans and runs.
pub(super) async fn go(engine: &FakeEngine, goal: &Goal) -> Ran {
    let (_cancel, cancelled) = watch::channel(None);
    go_until(engine, goal, cancelled).await
}

pub(super) async fn go_until(
    engine: &FakeEngine,
    goal: &Goal,
    cancelled: watch::Receiver<Option<CancelLevel>>,
) -> Ran {
    attempt(engine, goal, cancelled).await.expect("the root engine answers")
}

/// As [`go_until`]; `None` when the root engine does not answer the survey.
pub(super) async fn attempt(
    engine: &FakeEngine,
    goal: &Goal,
    cancelled: watch::Receiver<Option<CancelLevel>>,
) -> Option<Ran> {
    let surveyed = survey(engine.shared(), &survey_options()).await.ok()?;
    let first = goal.plan(&surveyed.known, &answered(&surveyed), StepId(0));
    assert!(!first.problems.has_errors(), "{:#?}", first.problems);
    let command = if matches!(goal, Goal::Up(_)) { "up" } else { "down" };
    Some(go_on(goal, surveyed, first, &run_options(command), cancelled).await)
}

pub(super) async fn go_on(
    goal: &Goal,
    surveyed: Surveyed,
    first: Plan,
    options: &RunOptions,
    cancelled: watch::Receiver<Option<CancelLevel>>,
) -> Ran {
    let mut sink = Recorder::default();
    let report = run(goal, surveyed, first, options, &mut sink, cancelled).await;
    let events = sink.events.lock().expect("no panic while locked").clone();
    let ran = Ran { report, events };
    assert_protocol(&ran);
    ran
}

/// Brings a lab up, however it goes.
pub(super) async fn go_up(engine: &FakeEngine, lab: &Arc<Lab>) -> Ran {
    go(engine, &up_goal(lab)).await
}

/// Runs `up`, and checks that it went well.
pub(super) async fn up(engine: &FakeEngine, lab: &Arc<Lab>) -> Ran {
    let ran = go(engine, &up_goal(lab)).await;
    ran.assert_good();
    ran
}

/// What holds of the events of every run, whatever happened (STYLE 10.2, rule 19).
pub(super) fn assert_protocol(ran: &Ran) {
    let breaches = breaches(&ran.events, &ran.report.summary);
    assert!(breaches.is_empty(), "{breaches:#?}\n{:#?}", ran.events);
}
