//! Random labs, edits, failures and kills on the fake engine: `up` converges, planning then is empty, nothing
//! starts before what it needs, and `down` leaves nothing. A failing case prints its seed;
//! `NESTCTL_SEED=<seed> cargo test convergence` runs that one alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use nestctl::engine::engine::{Change, Remove};
use nestctl::engine::fake::fake_engine::FakeEngine;
use nestctl::engine::fake::fault::{Fault, When};
use nestctl::event::sink::Recorder;
use nestctl::executor::run::{Before, RunOptions, RunReport, run};
use nestctl::executor::survey::{Asks, SurveyOptions, survey};
use nestctl::graph::lab_graph::{LabGraph, Why};
use nestctl::model::addr::{Addr, LayerPath};
use nestctl::model::container::{ContainerSpec, Endpoint, Healthcheck, Mount, MountSource};
use nestctl::model::milestone::{Milestone, Stage};
use nestctl::model::name::{ProjectName, ServiceName};
use nestctl::model::service::{Condition, Dependency, EngineOptions, NodeDef, PullPolicy, Service, Target};
use nestctl::model::span::{Span, Spanned};
use nestctl::model::topology::{Layer, NetworkDef, Topology, VolumeDef};
use nestctl::plan::goal::{Down, Goal, Lab, Orphans, Up, Wait};
use nestctl::plan::known::Layer as KnownLayer;
use nestctl::plan::plan::Plan;
use nestctl::plan::plan_check::breaches;
use nestctl::plan::step::StepId;
use nestctl::transfer::memory_files::MemoryFiles;
use tokio::sync::watch;

/// Cases in an ordinary run; `NESTCTL_CASES` asks for more.
const CASES: u64 = 250;
const IMAGES: [&str; 3] = ["web:1", "db:1", "job:1"];
const NODE_IMAGE: &str = "node:1";

/// SplitMix64: small, seeded, the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

fn service(dice: &mut Dice, name: &str, depth: u64) -> Service {
    let image = IMAGES[usize::try_from(dice.below(3)).expect("small")];
    let mut spec = ContainerSpec { image: image.to_owned(), ..ContainerSpec::default() };
    spec.networks.insert("default".to_owned(), Endpoint::default());
    spec.environment.insert("REVISION".to_owned(), Some(dice.below(2).to_string()));
    if dice.one_in(3) {
        spec.healthcheck =
            Some(Healthcheck { test: vec!["CMD".into(), "true".into()], ..Healthcheck::default() });
    }
    if dice.one_in(4) {
        let source = MountSource::volume(Some("data".to_owned()));
        spec.mounts.push(Mount { target: "/data".to_owned(), source, read_only: false, consistency: None });
    }
    let is_node = depth < 3 && dice.one_in(2 + depth);
    let node = is_node.then(|| {
        spec.image = NODE_IMAGE.to_owned();
        spec.healthcheck = None;
        let kind = if dice.one_in(4) { "socket" } else { "dind" };
        Box::new(NodeDef {
            kind: Spanned::new(kind.to_owned(), Span::default()),
            options: EngineOptions::default(),
            inner: layer(dice, depth + 1),
        })
    });
    Service {
        name: ServiceName::new(name).expect("valid"),
        span: Span::default(),
        spans: BTreeMap::new(),
        spec,
        container_name: None,
        scale: if dice.one_in(6) { 2 } else { 1 },
        depends_on: Vec::new(),
        build: None,
        pull_policy: PullPolicy::Missing,
        files: Vec::new(),
        publish: Vec::new(),
        behaviour: nestctl::model::behaviour::Behaviour::default(),
        node,
    }
}

fn layer(dice: &mut Dice, depth: u64) -> Layer {
    let names = ["a", "b", "c", "d"];
    let n = 1 + usize::try_from(dice.below(3)).expect("small");
    let services = names[..n]
        .iter()
        .map(|name| service(dice, name, depth))
        .map(|service| (service.name.clone(), service));
    let mut out = Layer { services: services.collect(), ..Layer::default() };
    out.networks.insert("default".to_owned(), NetworkDef::default());
    out.networks.insert("front".to_owned(), NetworkDef::default());
    out.volumes.insert("data".to_owned(), VolumeDef::default());
    out
}

/// A lab without circles: dependencies between random instances, thrown away where they would close one.
fn topology(dice: &mut Dice) -> Topology {
    let mut lab = Topology {
        project: ProjectName::new("lab").expect("valid"),
        directory: PathBuf::from("/lab"),
        root: layer(dice, 0),
    };
    let all: Vec<Addr> = lab.instances().into_iter().map(|(addr, _)| addr).collect();
    for _ in 0..dice.below(2 + all.len() as u64) {
        let from = &all[usize::try_from(dice.below(all.len() as u64)).expect("small")];
        let to = &all[usize::try_from(dice.below(all.len() as u64)).expect("small")];
        let mut changed = lab.clone();
        let target = changed.service(to).expect("it is there").clone();
        let condition = match dice.below(3) {
            0 if target.spec.healthcheck.is_some() => Condition::Healthy,
            1 => Condition::Ready,
            _ => Condition::Started,
        };
        let required = !dice.one_in(5);
        let target = Target::Absolute(to.to_string().parse().expect("an address is a pattern"));
        let dependency = Dependency { target, condition, required, restart: false, span: Span::default() };
        service_mut(&mut changed.root, from).depends_on.push(dependency);
        if !LabGraph::build(&changed).1.has_errors() {
            lab = changed;
        }
    }
    lab
}

fn service_mut<'a>(root: &'a mut Layer, addr: &Addr) -> &'a mut Service {
    let mut layer = root;
    let (last, above) = addr.parts().split_last().expect("not empty");
    for part in above {
        let node = layer.services.get_mut(&part.service).expect("it is there").node.as_mut();
        layer = &mut node.expect("a node").inner;
    }
    layer.services.get_mut(&last.service).expect("it is there")
}

fn layer_mut<'a>(root: &'a mut Layer, addr: &Addr) -> &'a mut Layer {
    let mut layer = root;
    for part in addr.layer().node().iter().flat_map(Addr::parts) {
        let node = layer.services.get_mut(&part.service).expect("it is there").node.as_mut();
        layer = &mut node.expect("a node").inner;
    }
    layer
}

/// What somebody does by hand to one of the lab's containers on the root engine.
async fn by_hand(engine: &FakeEngine, dice: &mut Dice) {
    let engine = engine.shared();
    let Ok(seen) = engine.observe().await else { return };
    let ours = seen.containers.iter().filter(|it| it.labels.contains_key("io.nestctl.project"));
    let ours: Vec<_> = ours.collect();
    if ours.is_empty() {
        return;
    }
    let one = ours[usize::try_from(dice.below(ours.len() as u64)).expect("small")];
    let network = one.networks.keys().next().cloned().unwrap_or_default();
    let front = "lab_front".to_owned();
    // What cannot be done is not done.
    let _ = match dice.below(6) {
        0 => engine.act(&one.id, &Change::Stop(None)).await,
        1 => engine.act(&one.id, &Change::Rename(format!("{}-mine", one.name))).await,
        2 => engine.act(&one.id, &Change::Disconnect { network }).await,
        3 => engine.act(&one.id, &Change::Connect { network: front, endpoint: Endpoint::default() }).await,
        4 => engine.remove(&Remove::Container { container: one.id.clone(), volumes: false }).await,
        _ => {
            let _ = engine.act(&one.id, &Change::Kill(None)).await;
            engine.remove(&Remove::Network(network)).await
        }
    };
}

/// A small change of the kind that users make.
fn edit(dice: &mut Dice, lab: &Topology) -> Topology {
    let mut changed = lab.clone();
    let all: Vec<Addr> = lab.instances().into_iter().map(|(addr, _)| addr).collect();
    let addr = &all[usize::try_from(dice.below(all.len() as u64)).expect("small")];
    match dice.below(7) {
        0 => service_mut(&mut changed.root, addr).scale = 1 + u32::try_from(dice.below(3)).expect("small"),
        // A network of its layer is another one now.
        2 => {
            let layer = layer_mut(&mut changed.root, addr);
            let key = if dice.one_in(2) { "default" } else { "front" };
            let network = layer.networks.get_mut(key).expect("every layer has it");
            network.spec.internal = !network.spec.internal;
        }
        // It is in other networks.
        3 | 4 => {
            let networks = [vec!["default"], vec!["front"], vec!["default", "front"]];
            let names = &networks[usize::try_from(dice.below(3)).expect("small")];
            let endpoints = names.iter().map(|name| ((*name).to_owned(), Endpoint::default()));
            service_mut(&mut changed.root, addr).spec.networks = endpoints.collect();
        }
        1 => service_mut(&mut changed.root, addr).depends_on.clear(),
        _ => {
            let text = Some(dice.below(9).to_string());
            service_mut(&mut changed.root, addr).spec.environment.insert("REVISION".to_owned(), text);
        }
    }
    if LabGraph::build(&changed).1.has_errors() { lab.clone() } else { changed }
}

fn up(lab: &Topology) -> Goal {
    let (graph, problems) = LabGraph::build(lab);
    assert!(!problems.has_errors(), "{problems:?}");
    Goal::Up(Up {
        lab: Arc::new(Lab { topology: lab.clone(), graph }),
        targets: Vec::new(),
        wait: Wait::Ready(Some(Duration::from_secs(600))),
        force_recreate: false,
        orphans: Orphans::Remove,
        discard_node_files: false,
        way: nestctl::plan::goal::Way::default(),
    })
}

fn down(volumes: bool) -> Goal {
    Goal::Down(Down {
        project: ProjectName::new("lab").expect("valid"),
        volumes,
        grace: None,
        patience: None,
        rmi: None,
    })
}

/// Surveys and plans; the answer is `None` when the root engine does not answer.
async fn plan(engine: &FakeEngine, goal: &Goal) -> Option<(nestctl::executor::survey::Surveyed, Plan)> {
    let options = SurveyOptions {
        project: Some(goal.project().clone()),
        paths: Vec::new(),
        asks: Asks::ListsAndFacts,
        patience: Duration::from_secs(3),
    };
    let surveyed = survey(engine.shared(), &options).await.ok()?;
    let answered = surveyed.known.layers.iter().filter(|(_, layer)| matches!(layer, KnownLayer::Answered(_)));
    let scope: BTreeSet<LayerPath> = answered.map(|(path, _)| path.clone()).collect();
    let plan = goal.plan(&surveyed.known, &scope, StepId(0));
    let breaches = breaches(&plan, &surveyed.known, StepId(0));
    assert!(breaches.is_empty(), "{breaches:#?}\n{plan}");
    Some((surveyed, plan))
}

async fn attempt(engine: &FakeEngine, goal: &Goal) -> Option<RunReport> {
    let (surveyed, plan) = plan(engine, goal).await?;
    assert!(!plan.problems.has_errors(), "{:?}", plan.problems);
    if std::env::var_os("NESTCTL_SEED").is_some() {
        println!("{}\n{plan}", engine.snapshot());
    }
    let files = Arc::new(MemoryFiles::new());
    let options = RunOptions { command: "up", parallel: None, files, before: Before::default() };
    let (_keep, cancel) = watch::channel(None);
    let mut recorder = Recorder::default();
    Some(run(goal, surveyed, plan, &options, &mut recorder, cancel).await)
}

/// As [`attempt`], but killed by the call with this number, or with single calls failing.
async fn troubled(engine: &FakeEngine, dice: &mut Dice, goal: &Goal) {
    engine.forget_calls();
    let at = 1 + dice.below(60);
    match dice.below(4) {
        0 => engine.script(When::From(at), u32::MAX, Fault::Hang),
        1 => engine.script(When::Call(at), 1, Fault::LoseAnswer),
        2 => engine.script(
            When::Call(at),
            1,
            Fault::Fail(nestctl::model::failure::FailureKind::Engine, "trouble".to_owned()),
        ),
        _ => engine.script(When::From(at), u32::MAX, Fault::LoseAnswer),
    }
    // A hanging engine is a killed nestctl: the run is dropped in mid flight.
    let _ = tokio::time::timeout(Duration::from_secs(3600), attempt(engine, goal)).await;
    engine.heal();
}

/// Nothing was started before what it needs (as far as the happenings of one whole run tell).
fn check_order(engine: &FakeEngine, lab: &Topology, seed: u64) {
    let (graph, _) = LabGraph::build(lab);
    let mut first_start: BTreeMap<String, usize> = BTreeMap::new();
    let mut first_health: BTreeMap<String, usize> = BTreeMap::new();
    for (i, happening) in engine.happenings().iter().enumerate() {
        let key = format!("{} {}", happening.engine, happening.name);
        if happening.action == "start" {
            first_start.entry(key).or_insert(i);
        } else if happening.action == "health_status: healthy" {
            first_health.entry(key).or_insert(i);
        }
    }
    let place = |addr: &Addr| {
        let project = lab.project_of(&addr.layer());
        let name = format!("{project}-{}-{}", addr.service(), addr.number());
        let mut engines = Vec::new();
        let mut at = addr.layer();
        while let Some(node) = at.node() {
            let service = lab.service(&node).expect("it is there");
            let own = service.node.as_ref().is_some_and(|node| node.kind.value != "socket");
            if own {
                engines.push(format!(
                    "{}-{}-{}",
                    lab.project_of(&node.layer()),
                    node.service(),
                    node.number()
                ));
            }
            at = node.layer();
        }
        engines.reverse();
        format!("/{} {name}", engines.join("/"))
    };
    for (addr, _) in lab.instances() {
        let Some(started) = first_start.get(&place(&addr)) else {
            panic!("seed {seed}: {addr} never started")
        };
        for (milestone, why) in graph.needs(&Milestone::Service(addr.clone(), Stage::Started)) {
            let (Milestone::Service(target, stage), Why::Depends { required: true, .. }) = (milestone, why)
            else {
                continue;
            };
            let when = match stage {
                Stage::Healthy => first_health.get(&place(target)),
                _ => first_start.get(&place(target)),
            };
            assert!(
                when.is_some_and(|when| when < started),
                "seed {seed}: {addr} started before {milestone}"
            );
        }
    }
}

async fn converged(engine: &FakeEngine, lab: &Topology, seed: u64) {
    let goal = up(lab);
    let report = attempt(engine, &goal).await.expect("the engine answers");
    assert!(
        report.summary.is_success(),
        "seed {seed}: {:#?}\n{:#?}\n{}",
        report.summary,
        report.failures,
        engine.snapshot()
    );
    let (_, again) = plan(engine, &goal).await.expect("the engine answers");
    assert!(
        again.is_empty(),
        "seed {seed}: a second `up` would change something\n{again}\n{}",
        engine.snapshot()
    );
    let mut wanted: Vec<String> = lab.instances().iter().map(|(addr, _)| addr.to_string()).collect();
    wanted.sort();
    let mut there: Vec<String> = report.services.iter().map(|row| row.addr.to_string()).collect();
    there.sort();
    assert_eq!(wanted, there, "seed {seed}");
}

async fn case(seed: u64) {
    let mut dice = Dice(seed);
    let engine = FakeEngine::new("root")
        .with_path("/var/run/docker.sock")
        .with_registry(&IMAGES)
        .with_registry(&[NODE_IMAGE]);
    if dice.one_in(2) {
        engine.shuffle(seed);
    }
    let stranger = "stranger";
    engine.add_image(stranger, &[b"x"]);
    let mut lab = topology(&mut dice);
    if dice.one_in(2) {
        troubled(&engine, &mut dice, &up(&lab)).await;
        converged(&engine, &lab, seed).await;
    } else {
        engine.forget_calls();
        converged(&engine, &lab, seed).await;
        check_order(&engine, &lab, seed);
    }
    let mut disturbed = false;
    for _ in 0..dice.below(3) {
        disturbed = true;
        lab = edit(&mut dice, &lab);
        if dice.one_in(3) {
            by_hand(&engine, &mut dice).await;
        }
        if dice.one_in(2) {
            troubled(&engine, &mut dice, &up(&lab)).await;
        }
        converged(&engine, &lab, seed).await;
    }
    let volumes = dice.one_in(2);
    if dice.one_in(3) {
        disturbed = true;
        troubled(&engine, &mut dice, &down(volumes)).await;
    }
    let report = attempt(&engine, &down(volumes)).await.expect("the engine answers");
    assert!(report.summary.is_success(), "seed {seed}: {:#?}\n{}", report.failures, engine.snapshot());
    let left = engine.snapshot();
    let left: Vec<&str> = left.lines().filter(|line| !line.contains(" image ")).collect();
    // Data volumes are kept without `-v`. A node whose engine fell silent, or that was one replica too many, goes
    // with its layer in its volume.
    let kept =
        |line: &str| !volumes && (line.contains(" volume ") || (disturbed && line.starts_with("/[volume")));
    let objects: Vec<&&str> = left.iter().filter(|line| !kept(line)).collect();
    assert!(objects.is_empty(), "seed {seed}: down {volumes} left\n{}", left.join("\n"));
}

#[test]
fn random_labs_converge_and_leave_nothing() {
    let number = |key: &str| std::env::var(key).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("NESTCTL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("NESTCTL_CASES").unwrap_or(CASES),
    };
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            runtime.expect("a runtime").block_on(case(seed));
        }));
        if let Err(panic) = result {
            println!("seed {seed} fails");
            std::panic::resume_unwind(panic);
        }
    }
}
