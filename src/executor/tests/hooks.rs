//! Hooks, and what containers use of one another: the plan's text, and runs on the fake engine.

use std::time::Duration;

use tokio::sync::watch;

use super::changed::set;
use super::lab::{
    Ran, answered, down_goal, engine, go, go_on, lab, needing, node, run_options, service, surveyed, up,
    up_goal,
};
use crate::engine::fake::behaviour::Behaviour;
use crate::engine::fake::fake_engine::FakeEngine;
use crate::engine::fake::fault::{Fault, When};
use crate::event::event::EventKind;
use crate::executor::run::RunOptions;
use crate::model::behaviour::{Hook, Sharer, VolumesFrom};
use crate::model::container::{Mount, MountSource, NetworkMode};
use crate::model::failure::FailureKind;
use crate::model::label;
use crate::model::name::ServiceName;
use crate::model::observed::ContainerState;
use crate::model::service::{Condition, Service};
use crate::model::span::Span;
use crate::plan::goal::Goal;
use crate::plan::step::StepId;

fn hook(words: &[&str]) -> Hook {
    Hook { command: words.iter().map(|word| (*word).to_owned()).collect(), ..Hook::default() }
}

fn after_start(name: &str, words: &[&str]) -> Service {
    let mut service = service(name);
    service.behaviour.post_start = vec![hook(words)];
    service
}

fn before_stop(name: &str, words: &[&str]) -> Service {
    let mut service = service(name);
    service.behaviour.pre_stop = vec![hook(words)];
    service
}

async fn plan(engine: &FakeEngine, goal: &Goal) -> String {
    let surveyed = surveyed(engine).await;
    let plan = goal.plan(&surveyed.known, &answered(&surveyed), StepId(0));
    assert!(!plan.problems.has_errors(), "{:#?}", plan.problems);
    plan.to_string()
}

fn said(ran: &Ran) -> Vec<String> {
    let lines = ran.events.iter().filter_map(|event| match &event.kind {
        EventKind::StepSaid { line, .. } => Some(line.clone()),
        _ => None,
    });
    lines.collect()
}

/// Where an exec, a start and a stop stand among the calls.
fn calls(engine: &FakeEngine) -> Vec<String> {
    let wanted = ["exec", "start container", "stop container"];
    let calls = engine.calls().into_iter().filter(|call| wanted.contains(&call.op));
    calls.map(|call| format!("{} {}", call.op, call.target)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_dependent_starts_after_the_hooks_of_what_it_needs() {
    let engine = engine();
    engine.set_behaviour("lab-db-1", Behaviour::default().answers("seeded\nand warm", 0));
    let mut db = after_start("db", &["seed"]);
    db.behaviour.post_start.push(hook(&["warm"]));
    let lab = lab(vec![db, needing(service("web"), &[("db", Condition::Started)])]);
    insta::assert_snapshot!(plan(&engine, &up_goal(&lab)).await, @r"
    #0 pull image busybox (needed by db) => image busybox on /
    #1 create network lab_default (does not exist)
    #2 create db (does not exist) after #1, image busybox on / => db created
    #3 start db (does not exist) after #2
    #4 post_start db (hook) after #3
    #5 post_start db (hook) after #4 => db started
    #6 wait db (awaited) after #5 => db ready
    #7 create web (does not exist) after #1, image busybox on / => web created
    #8 start web (does not exist) after #7, db started => web started
    #9 wait web (awaited) after #8 => web ready
    ");
    let ran = up(&engine, &lab).await;
    assert_eq!(said(&ran), ["seeded", "and warm", "seeded", "and warm"]);
    let calls = calls(&engine);
    assert_eq!(
        calls,
        ["start container lab-db-1", "exec lab-db-1", "exec lab-db-1", "start container lab-web-1"]
    );
    let again = up(&engine, &lab).await;
    assert_eq!((again.report.summary.changed, said(&again).len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_fails_is_told_with_its_code_and_last_lines_and_holds_dependents_back() {
    let engine = engine();
    engine.set_behaviour("lab-db-1", Behaviour::default().answers("no such table", 3));
    let lab =
        lab(vec![after_start("db", &["seed", "-v"]), needing(service("web"), &[("db", Condition::Started)])]);
    let ran = go(&engine, &up_goal(&lab)).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureKind::Unhealthy);
    assert_eq!(failure.summary, "failed to run a `post_start` hook of `db`");
    assert_eq!(failure.causes, ["`seed -v` exited with code 3"]);
    assert_eq!(failure.logs.as_ref().map(|logs| &logs.lines[..]), Some(&["no such table".to_owned()][..]));
    assert_eq!(ran.skipped(), ["web"]);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_runs_for_longer_than_it_may_fails() {
    let engine = engine();
    engine.script(When::op("exec"), 1, Fault::Hang);
    let goal = up_goal(&lab(vec![after_start("db", &["seed", "-v"])]));
    let surveyed = surveyed(&engine).await;
    let first = goal.plan(&surveyed.known, &answered(&surveyed), StepId(0));
    let options = RunOptions { hook_limit: Some(Duration::from_secs(5)), ..run_options("up") };
    let ran = go_on(&goal, surveyed, first, &options, watch::channel(None).1).await;
    assert_eq!(ran.failure().kind, FailureKind::Timeout);
    assert_eq!(ran.failure().causes, ["`seed -v` has run for 5s, and still runs"]);
}

#[tokio::test(start_paused = true)]
async fn what_runs_before_a_stop_is_known_without_the_file() {
    let engine = engine();
    let inner = before_stop("leaf", &["flush"]);
    let lab = lab(vec![before_stop("db", &["dump", "all"]), node("vm", "dind", vec![inner])]);
    up(&engine, &lab).await;
    insta::assert_snapshot!(plan(&engine, &down_goal()).await, @r"
    #0 pre_stop db (hook)
    #1 stop db (asked for) after #0
    #2 remove db (asked for) after #1
    #3 pre_stop vm/leaf (hook)
    #4 stop vm/leaf (asked for) after #3
    #5 stop vm (asked for) after #4 (ended), vm cleared (ended)
    #6 remove vm (asked for) after #5 (ended)
    #7 remove network lab_default (asked for) after #1, #2 (ended), #5 (ended), #6 (ended)
    #8 remove volume lab-vm-1_docker (asked for) after #1, #2 (ended), #5 (ended), #6 (ended)
    #9 join layer vm (asked for) after #4 (ended) => vm cleared
    ");
    engine.forget_calls();
    go(&engine, &down_goal()).await.assert_good();
    let hooks = engine.calls().into_iter().filter(|call| call.op == "exec").count();
    assert_eq!(hooks, 2, "{:#?}", engine.calls());
    assert!(engine.container("lab-db-1").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_fails_before_a_stop_keeps_its_container_and_what_that_is_on() {
    let engine = engine();
    engine.set_behaviour("lab-db-1", Behaviour::default().answers("busy", 1));
    let lab = lab(vec![before_stop("db", &["dump"]), service("web")]);
    up(&engine, &lab).await;
    let ran = go(&engine, &down_goal()).await;
    let failure = ran.failure();
    assert_eq!(failure.summary, "failed to run a `pre_stop` hook of `db`");
    assert_eq!(failure.causes, ["`dump` exited with code 1"]);
    assert_eq!(engine.container("lab-db-1").map(|c| c.state), Some(ContainerState::Running));
    assert!(engine.container("lab-web-1").is_none());
    engine.set_behaviour("lab-db-1", Behaviour::default());
    go(&engine, &down_goal()).await.assert_good();
}

fn initialized() -> Service {
    let mut db = service("db");
    db.behaviour.pre_start = vec![hook(&["migrate"])];
    db.scale = 2;
    db
}

#[tokio::test(start_paused = true)]
async fn what_runs_before_the_first_start_takes_no_volume_of_the_service_along() {
    let of = |value: &str, image: Option<&str>, tmpfs: bool| {
        let mut db = set(service("db"), "V", value);
        db.spec.mounts.push(Mount::new("/data", MountSource::volume(None), false));
        if tmpfs {
            db.spec.mounts.push(Mount::new("/tmp", MountSource::Tmpfs { options: String::new() }, false));
        }
        db.behaviour.pre_start = vec![Hook { image: image.map(str::to_owned), ..hook(&["migrate"]) }];
        lab(vec![db])
    };
    for (image, tmpfs) in [(None, false), (Some("docker:dind"), false), (None, true)] {
        let engine = engine();
        engine.set_behaviour("lab-db-1.pre_start-1", Behaviour::default().exits(0));
        let volume = || engine.container("lab-db-1").expect("it is there").mounts[0].volume.clone();
        up(&engine, &of("1", image, tmpfs)).await;
        let first = volume();
        for value in ["2", "3"] {
            up(&engine, &of(value, image, tmpfs)).await;
            assert_eq!(volume(), first, "{image:?}, {tmpfs}");
        }
        go(&engine, &down_goal()).await.assert_good();
        assert!(engine.observed().volumes.is_empty(), "{}", engine.snapshot());
    }
}

#[tokio::test(start_paused = true)]
async fn what_runs_before_the_first_start_ends_before_any_replica_starts_and_is_gone_then() {
    let engine = engine();
    engine.set_behaviour("lab-db-1.pre_start-1", Behaviour::default().exits(0));
    let lab = lab(vec![initialized()]);
    insta::assert_snapshot!(plan(&engine, &up_goal(&lab)).await, @r"
    #0 pull image busybox (needed by db) => image busybox on /
    #1 create network lab_default (does not exist)
    #2 create db (does not exist) after #1, image busybox on / => db created
    #3 create db (hook) after #2, image busybox on /
    #4 start db (hook) after #3
    #5 wait db (hook) after #4
    #6 remove db (hook) after #5
    #7 start db (does not exist) after #6 => db started
    #8 wait db (awaited) after #7 => db ready
    #9 create db@2 (does not exist) after #1, image busybox on / => db@2 created
    #10 start db@2 (does not exist) after #6, #9 => db@2 started
    #11 wait db@2 (awaited) after #10 => db@2 ready
    ");
    up(&engine, &lab).await;
    assert!(engine.container("lab-db-1.pre_start-1").is_none());
    engine.end("lab-db-1", 1);
    engine.forget_calls();
    up(&engine, &lab).await;
    let made = engine.calls().into_iter().filter(|call| call.op == "create container").count();
    assert_eq!(made, 0, "it has run for this container");
}

#[tokio::test(start_paused = true)]
async fn what_failed_before_the_first_start_stays_for_its_log_and_is_tried_again() {
    let engine = engine();
    engine.set_behaviour("lab-db-1.pre_start-1", Behaviour::default().exits(4).prints("locked"));
    let lab = lab(vec![initialized()]);
    let ran = go(&engine, &up_goal(&lab)).await;
    let failure = ran.failure();
    assert_eq!(failure.summary, "failed to run a `pre_start` hook of `db`");
    assert_eq!(failure.causes[0], "it exited with code 4");
    assert_eq!(failure.logs.as_ref().map(|logs| &logs.lines[..]), Some(&["locked".to_owned()][..]));
    assert!(engine.container("lab-db-1.pre_start-1").is_some());
    assert_eq!(engine.container("lab-db-2").map(|c| c.state), Some(ContainerState::Created));
    engine.set_behaviour("lab-db-1.pre_start-1", Behaviour::default().exits(0));
    up(&engine, &lab).await;
    assert!(engine.container("lab-db-1.pre_start-1").is_none());
    go(&engine, &down_goal()).await.assert_good();
}

fn sharers(environment: &str) -> Vec<Service> {
    let mut owner = service("owner");
    owner.spec.environment.insert("V".to_owned(), Some(environment.to_owned()));
    let name = ServiceName::new("owner").expect("valid");
    let mut user = needing(service("a"), &[("owner", Condition::Started)]);
    user.spec.networks.clear();
    user.spec.network_mode = Some(NetworkMode::Service("owner".to_owned()));
    user.depends_on[0].restart = true;
    let mut reader = needing(service("reader"), &[("owner", Condition::Started)]);
    reader.behaviour.volumes_from =
        vec![VolumesFrom { source: Sharer::Service(name), read_only: Some(true), span: Span::default() }];
    let mut other = needing(service("other"), &[("owner", Condition::Started)]);
    other.depends_on[0].restart = true;
    vec![owner, user, reader, other]
}

#[tokio::test(start_paused = true)]
async fn what_shares_with_a_container_is_made_anew_with_it_and_what_asks_for_it_is_restarted() {
    let engine = engine();
    up(&engine, &lab(sharers("1"))).await;
    let ids = |name: &str| engine.container(name).map(|container| container.id);
    let before = ["lab-a-1", "lab-reader-1", "lab-other-1"].map(ids);
    let changed = lab(sharers("2"));
    insta::assert_snapshot!(plan(&engine, &up_goal(&changed)).await, @r"
    #0 create owner (environment.V: 1 → 2)
    #1 stop a (owner is made anew)
    #2 stop other (owner is made anew)
    #3 stop owner (environment.V: 1 → 2) after #0, #1 (ended), #2 (ended)
    #4 remove owner (environment.V: 1 → 2) after #3
    #5 rename owner (replaces the old one) after #0, #4 => owner created
    #6 start owner (environment.V: 1 → 2) after #0, #4, #5 => owner started
    #7 wait owner (awaited) after #6 => owner ready
    #8 create a (shares with owner, which is made anew) after owner created
    #9 remove a (shares with owner, which is made anew) after #1 (ended), #8
    #10 rename a (replaces the old one) after #8, #9 => a created
    #11 start a (shares with owner, which is made anew) after #8, #9, #10, owner started => a started
    #12 wait a (awaited) after #11 => a ready
    #13 start other (owner is made anew) after #2, owner started => other started
    #14 wait other (awaited) after #13 => other ready
    #15 create reader (shares with owner, which is made anew) after owner created
    #16 stop reader (shares with owner, which is made anew) after #15
    #17 remove reader (shares with owner, which is made anew) after #16
    #18 rename reader (replaces the old one) after #15, #17 => reader created
    #19 start reader (shares with owner, which is made anew) after #15, #17, #18, owner started => reader started
    #20 wait reader (awaited) after #19 => reader ready
    ");
    up(&engine, &changed).await;
    let after = ["lab-a-1", "lab-reader-1", "lab-other-1"].map(ids);
    assert_ne!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
    assert_eq!(before[2], after[2], "it is only restarted");
    let second = up(&engine, &changed).await;
    assert_eq!(second.report.summary.changed, 0, "{:#?}", second.ends());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_died_after_the_owner_was_made_anew_is_taken_up() {
    let engine = engine();
    let lab = lab(sharers("1"));
    up(&engine, &lab).await;
    let user = engine.container("lab-a-1").expect("it is there");
    assert!(!user.labels.contains_key(label::PRE_STOP));
    // Somebody else made the owner anew.
    let goal = up_goal(&lab);
    let Goal::Up(mut only) = goal.clone() else { unreachable!() };
    only.targets = vec!["owner".parse().expect("valid")];
    only.force_recreate = true;
    go(&engine, &Goal::Up(only)).await.assert_good();
    assert_eq!(engine.container("lab-a-1").map(|container| container.id), Some(user.id.clone()));
    up(&engine, &lab).await;
    assert_ne!(engine.container("lab-a-1").map(|container| container.id), Some(user.id));
}

#[tokio::test(start_paused = true)]
async fn one_service_that_wants_a_pull_pulls_for_all_of_its_image() {
    use crate::model::service::PullPolicy::{Always, Refresh};
    use std::time::Duration;
    let engine = engine().with_image("busybox");
    let day = Duration::from_secs(86_400);
    let mut daily = service("daily");
    daily.pull_policy = Refresh(day);
    let plain = lab(vec![service("a"), daily.clone()]);
    assert!(!plan(&engine, &up_goal(&plain)).await.contains("pull"), "no interval has passed");
    let surveyed = surveyed(&engine).await;
    let mut known = surveyed.known.clone();
    known.due.insert(("busybox".to_owned(), day));
    let due = up_goal(&plain).plan(&known, &answered(&surveyed), StepId(0)).to_string();
    assert_eq!(due.lines().next(), Some("#0 pull image busybox (pulled too long ago) => image busybox on /"));
    let mut always = service("z");
    always.pull_policy = Always;
    let text = plan(&engine, &up_goal(&lab(vec![service("a"), always]))).await;
    assert_eq!(
        text.lines().next(),
        Some("#0 pull image busybox (pull policy is `always`) => image busybox on /")
    );
}
