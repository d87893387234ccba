//! Random labs with random failures and signals: the events keep their protocol, and whatever was left, a run
//! without failures brings the lab up, another changes nothing, and `down` leaves nothing.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::watch;

use super::lab::{Ran, attempt, checked, down_goal, engine, go, lab, needing, node, service, up_goal};
use crate::engine::fake::behaviour::{Behaviour, Boot, HealthScript};
use crate::engine::fake::fake_engine::FakeEngine;
use crate::engine::fake::fault::{Fault, When};
use crate::event::event::CancelLevel;
use crate::model::failure::FailureKind;
use crate::model::observed::Health;
use crate::model::service::{Condition, Service};
use crate::plan::goal::{Goal, Lab};

/// A service as it is drawn: what it is, on which earlier ones it depends, what is inside.
#[derive(Clone, Debug)]
struct Sketch {
    what: What,
    needs: Vec<(prop::sample::Index, u8)>,
    inside: Vec<Sketch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Plain,
    Checked,
    Dind,
    Socket,
}

fn sketches(depth: u32) -> BoxedStrategy<Vec<Sketch>> {
    let what = if depth == 0 {
        prop_oneof![Just(What::Plain), Just(What::Checked)].boxed()
    } else {
        prop_oneof![2 => Just(What::Plain), 2 => Just(What::Checked), 2 => Just(What::Dind), 1 => Just(What::Socket)]
            .boxed()
    };
    let inside = if depth == 0 { Just(Vec::new()).boxed() } else { sketches(depth - 1) };
    let needs = prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8), 0..3);
    let sketch = (what, needs, inside).prop_map(|(what, needs, inside)| Sketch { what, needs, inside });
    prop::collection::vec(sketch, 1..4).boxed()
}

/// A service that later ones may need: its absolute address, and whether it has a health check.
#[derive(Clone)]
struct Earlier {
    path: String,
    is_checked: bool,
}

fn build(sketches: &[Sketch], above: &str, around: &[String], earlier: &mut Vec<Earlier>) -> Vec<Service> {
    let mut out = Vec::new();
    for (n, sketch) in sketches.iter().enumerate() {
        let name = format!("s{n}");
        let path = format!("{above}/{name}");
        let allowed: Vec<Earlier> =
            earlier.iter().filter(|earlier| !around.contains(&earlier.path)).cloned().collect();
        let mut needs: Vec<(String, Condition)> = Vec::new();
        for (index, condition) in &sketch.needs {
            if allowed.is_empty() {
                break;
            }
            let target = &allowed[index.index(allowed.len())];
            let condition = match condition {
                0 => Condition::Started,
                1 if target.is_checked => Condition::Healthy,
                _ => Condition::Ready,
            };
            if !needs.iter().any(|(path, _)| *path == target.path) {
                needs.push((target.path.clone(), condition));
            }
        }
        earlier.push(Earlier { path: path.clone(), is_checked: sketch.what == What::Checked });
        let mut inside = || {
            let around: Vec<String> = around.iter().cloned().chain([path.clone()]).collect();
            build(&sketch.inside, &path, &around, earlier)
        };
        let service = match sketch.what {
            What::Plain => service(&name),
            What::Checked => checked(&name),
            What::Dind => node(&name, "dind", inside()),
            What::Socket => node(&name, "socket", inside()),
        };
        let needs: Vec<(&str, Condition)> = needs.iter().map(|(path, how)| (path.as_str(), *how)).collect();
        out.push(needing(service, &needs));
    }
    out
}

/// What goes wrong.
#[derive(Clone, Debug)]
enum Trouble {
    Fault(u64, u8),
    Dead(u64),
    Exits(u8),
    Sick(u8),
    NoBoot(u8),
    Signal(u64),
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        4 => (1..150_u64, 0..4_u8).prop_map(|(call, how)| Trouble::Fault(call, how)),
        2 => (1..150_u64).prop_map(Trouble::Dead),
        1 => (0..3_u8).prop_map(Trouble::Exits),
        1 => (0..3_u8).prop_map(Trouble::Sick),
        1 => (0..3_u8).prop_map(Trouble::NoBoot),
        2 => (1..150_u64).prop_map(Trouble::Signal),
    ]
}

/// Every container of a service with this name, on every engine, is looked up by the fake by its full name.
fn names(lab: &Lab, service: &str) -> Vec<String> {
    let instances = lab.topology.instances();
    let named = instances.iter().filter(|(addr, _)| addr.service().as_str() == service);
    let names = named.map(|(addr, _)| {
        format!("{}-{}-{}", lab.topology.project_of(&addr.layer()), addr.service(), addr.number())
    });
    names.collect()
}

fn make(engine: &FakeEngine, lab: &Lab, trouble: &Trouble) -> Option<u64> {
    let behave = |n: u8, behaviour: Behaviour| {
        for name in names(lab, &format!("s{n}")) {
            engine.set_behaviour(&name, behaviour.clone());
        }
    };
    match trouble {
        Trouble::Fault(call, how) => {
            let fault = match how {
                0 => Fault::Fail(FailureKind::Engine, "it was scripted".to_owned()),
                1 => Fault::Hang,
                2 => Fault::LoseAnswer,
                _ => Fault::HangAfter,
            };
            engine.script(When::Call(*call), 1, fault);
        }
        Trouble::Dead(call) => engine.script(When::From(*call), u32::MAX, Fault::Hang),
        Trouble::Exits(n) => behave(*n, Behaviour::default().exits(1)),
        Trouble::Sick(n) => {
            behave(*n, Behaviour::default().health(HealthScript::AfterInspects(1, Health::Unhealthy)));
        }
        Trouble::NoBoot(n) => behave(*n, Behaviour::default().boots(Boot::Never)),
        Trouble::Signal(call) => return Some(*call),
    }
    None
}

fn heal(engine: &FakeEngine, lab: &Lab) {
    engine.heal();
    for (addr, _) in lab.topology.instances() {
        for name in names(lab, addr.service().as_str()) {
            engine.set_behaviour(&name, Behaviour::default());
        }
    }
}

/// Runs with trouble: a signal after so many calls, and signals at the end for what hangs.
async fn go_in_trouble(engine: &FakeEngine, goal: &Goal, signal: Option<u64>) -> Option<Ran> {
    let (cancel, cancelled) = watch::channel(None);
    let signals = async {
        for _ in 0..600 {
            tokio::time::sleep(Duration::from_millis(if signal.is_some() { 1 } else { 1000 })).await;
            if signal.is_some_and(|call| engine.n_calls() >= call) {
                break;
            }
        }
        cancel.send_replace(Some(CancelLevel::Drain));
        tokio::time::sleep(Duration::from_secs(300)).await;
        cancel.send_replace(Some(CancelLevel::Abort));
        std::future::pending::<()>().await;
    };
    // A survey has no signals: what hangs there is dropped, as by a second signal.
    let run = tokio::time::timeout(Duration::from_secs(2000), attempt(engine, goal, cancelled));
    tokio::select! {
        ran = run => ran.ok().flatten(),
        () = signals => None,
    }
}

async fn story(lab: Arc<Lab>, troubles: Vec<Trouble>, shuffle: u64) {
    let engine = engine().with_path("/var/run/docker.sock");
    let empty = without_images(&engine);
    engine.shuffle(shuffle);
    let up = up_goal(&lab);
    for trouble in &troubles {
        engine.forget_calls();
        let signal = make(&engine, &lab, trouble);
        go_in_trouble(&engine, &up, signal).await;
        heal(&engine, &lab);
    }
    // Health that was judged under trouble stays so until the container starts again; unhealthy ones are started
    // anew by hand, as a user would.
    restart_unhealthy(&engine, &lab);
    let ran = go(&engine, &up).await;
    assert!(ran.report.summary.is_success(), "{:#?}\n{:#?}", ran.report.failures, ran.ends());
    let before = engine.snapshot();
    let again = go(&engine, &up).await;
    again.assert_good();
    assert_eq!(again.report.summary.changed, 0, "{:#?}", again.ends());
    assert_eq!(engine.snapshot(), before);
    if let Some(trouble @ (Trouble::Fault(..) | Trouble::Dead(_) | Trouble::Signal(_))) = troubles.first() {
        engine.forget_calls();
        let signal = make(&engine, &lab, trouble);
        go_in_trouble(&engine, &down_goal(), signal).await;
        heal(&engine, &lab);
    }
    let down = go(&engine, &down_goal()).await;
    assert!(down.report.summary.is_success(), "{:#?}\n{:#?}", down.report.failures, down.ends());
    assert_eq!(without_images(&engine), empty);
}

fn without_images(engine: &FakeEngine) -> Vec<String> {
    engine.snapshot().lines().filter(|line| !line.contains(" image ")).map(str::to_owned).collect()
}

fn restart_unhealthy(engine: &FakeEngine, lab: &Lab) {
    use crate::engine::engine::Change;
    let mut instances = lab.topology.instances();
    instances.reverse();
    for (addr, _) in instances {
        let mut at = engine.clone();
        let mut exists = true;
        for layer in addr.layer().ancestors().collect::<Vec<_>>().into_iter().rev() {
            let Some(node) = layer.node() else { continue };
            let shares = lab
                .topology
                .service(&node)
                .and_then(|service| service.node.as_ref())
                .is_some_and(|node| node.kind.value == "socket");
            if shares {
                continue;
            }
            let name =
                format!("{}-{}-{}", lab.topology.project_of(&node.layer()), node.service(), node.number());
            exists = exists && at.container(&name).is_some();
            if exists {
                at = at.node(&name);
            }
        }
        let name = format!("{}-{}-{}", lab.topology.project_of(&addr.layer()), addr.service(), addr.number());
        if exists && at.container(&name).is_some_and(|c| c.health == Some(Health::Unhealthy)) {
            at.by_hand(&name, &Change::Stop(None));
        }
    }
}

/// Fewer than proptest's 256 unless it is asked for more: each case is several runs of a lab.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(64);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn whatever_happened_up_finishes_and_down_leaves_nothing(
        sketches in sketches(2),
        troubles in prop::collection::vec(trouble(), 0..3),
        shuffle in any::<u64>(),
    ) {
        let lab = lab(build(&sketches, "", &[], &mut Vec::new()));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without I/O");
        runtime.block_on(story(lab, troubles, shuffle));
    }
}
