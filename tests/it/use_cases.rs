//! Use cases on the fake engine, from the text of a lab to what comes back: wiring only, the parts have their own
//! tests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use nestctl::diag::diagnostics::Diagnostics;
use nestctl::engine::engine::Change;
use nestctl::engine::fake::behaviour::{Behaviour, Boot, HealthScript};
use nestctl::engine::fake::fake_engine::FakeEngine;
use nestctl::event::sink::Recorder;
use nestctl::graph::lab_graph::LabGraph;
use nestctl::model::container::Protocol;
use nestctl::model::name::ProjectName;
use nestctl::model::observed::{ContainerState, Health};
use nestctl::ops::address::parse_patterns;
use nestctl::ops::attach::{Choice, News, attach, foreground};
use nestctl::ops::context::Ctx;
use nestctl::ops::down::{DownOptions, prepare_down};
use nestctl::ops::error::OpError;
use nestctl::ops::exec::{self, ExecOptions, ExecStreams};
use nestctl::ops::load::ValidLab;
use nestctl::ops::log_lines::LogLines;
use nestctl::ops::logs::LogTime;
use nestctl::ops::logs::{LogsOptions, logs};
use nestctl::ops::look_inside::port;
use nestctl::ops::ls::ls;
use nestctl::ops::outcome::RunOutcome;
use nestctl::ops::ps::{PsOptions, ps};
use nestctl::ops::root;
use nestctl::ops::up::{Orphans, Until, UpOptions, prepare_up};
use nestctl::plan::goal::Lab;
use nestctl::report::plan_text;
use nestctl::report::style::Style;
use nestctl::spec::files::{Entry, Vars};
use nestctl::spec::parse::parse;
use tokio::sync::watch;

const LAB: &str = "
name: poc
services:
  vm1:
    engine: dind
    inner:
      services:
        db: {image: postgres, healthcheck: {test: 'true'}}
        web: {image: nginx, depends_on: {db: {condition: service_healthy}}}
  client: {image: curl, depends_on: [vm1/web]}
";

fn project() -> ProjectName {
    ProjectName::new("poc").expect("valid")
}

fn lab(text: &str) -> ValidLab {
    let files = BTreeMap::from([(PathBuf::from("/lab/nest.yaml"), text.as_bytes().to_vec())]);
    let entry = Entry {
        files: vec![PathBuf::from("/lab/nest.yaml")],
        directory: PathBuf::from("/lab"),
        ..Entry::default()
    };
    let parsed = parse(&files, &entry, &Vars::new());
    let topology = parsed.topology.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
    let (graph, problems) = LabGraph::build(&topology);
    assert!(
        !parsed.diagnostics.has_errors() && !problems.has_errors(),
        "{:?} {problems:?}",
        parsed.diagnostics
    );
    let sources = Arc::new(parsed.sources);
    ValidLab { lab: Arc::new(Lab { topology, graph }), warnings: Diagnostics::new(), sources }
}

fn engine() -> FakeEngine {
    FakeEngine::new("root").with_registry(&["docker:dind", "postgres", "nginx", "curl"])
}

fn ctx(engine: &FakeEngine) -> Ctx {
    let nowhere = BTreeMap::from([("DOCKER_HOST".to_owned(), "unix:///nowhere/no.sock".to_owned())]);
    Ctx::new(engine.shared(), root::resolve(&nowhere).expect("a socket"))
}

fn options(targets: &[&str]) -> UpOptions {
    let targets: Vec<String> = targets.iter().map(|&text| text.to_owned()).collect();
    UpOptions {
        targets: parse_patterns(&targets).expect("addresses"),
        until: Until::Ready(None),
        force_recreate: false,
        orphans: Orphans::Tell,
        discard_node_files: false,
        way: nestctl::plan::goal::Way::default(),
    }
}

async fn bring_up(ctx: &Ctx, lab: &ValidLab, targets: &[&str]) -> RunOutcome {
    let prepared = prepare_up(ctx, lab, &options(targets)).await.expect("nothing stands in the way");
    let (_sender, cancel) = watch::channel(None);
    prepared.carry_out(None, &mut Recorder::default(), cancel).await
}

async fn addresses(ctx: &Ctx, patterns: &[&str]) -> Result<Vec<String>, OpError> {
    let texts: Vec<String> = patterns.iter().map(|&text| text.to_owned()).collect();
    let status =
        ps(ctx, &PsOptions { project: project(), patterns: parse_patterns(&texts)?, one_offs: false })
            .await?;
    Ok(status.services.iter().map(|service| service.addr.to_string()).collect())
}

#[tokio::test(start_paused = true)]
async fn what_is_up_is_listed_and_what_is_down_is_gone() {
    let engine = engine();
    let ctx = ctx(&engine);
    assert!(bring_up(&ctx, &lab(LAB), &[]).await.is_success());
    assert_eq!(addresses(&ctx, &[]).await.expect("listed"), ["client", "vm1", "vm1/db", "vm1/web"]);
    assert_eq!(addresses(&ctx, &["vm1"]).await.expect("listed"), ["vm1", "vm1/db", "vm1/web"]);
    let status = ps(&ctx, &PsOptions { project: project(), patterns: Vec::new(), one_offs: false })
        .await
        .expect("listed");
    assert_eq!(status.services[2].health, Some(Health::Healthy));
    assert_eq!(status.services[2].engine.to_string(), "vm1");

    let labs = ls(&ctx).await.expect("listed");
    let row = labs.first().expect("one lab");
    assert_eq!((row.project.as_str(), row.containers, row.running, row.nodes), ("poc", 2, 2, 1));

    let options = DownOptions {
        project: project(),
        volumes: true,
        grace: None,
        patience: None,
        rmi: None,
        part: None,
        lab: None,
    };
    let prepared = prepare_down(&ctx, &options).await.expect("nothing stands in the way");
    let (_sender, cancel) = watch::channel(None);
    assert!(prepared.carry_out(None, &mut Recorder::default(), cancel).await.is_success());
    assert_eq!(addresses(&ctx, &[]).await.expect("listed"), Vec::<String>::new());
    assert_eq!(ls(&ctx).await.expect("listed"), []);
}

#[tokio::test(start_paused = true)]
async fn a_second_up_asks_each_engine_once_for_each_thing() {
    let engine = engine();
    let ctx = ctx(&engine);
    let several = |indent: &str, count: usize| {
        let line = |n| [indent, &format!("s{n}: {{image: nginx}}\n")].concat();
        (0..count).map(line).collect::<Vec<_>>().concat()
    };
    let node = |indent: &str, name: &str| {
        format!("{indent}{name}:\n{indent}  engine: dind\n{indent}  inner:\n{indent}    services:\n")
    };
    // Twenty containers in three levels.
    let text = format!(
        "name: poc\nservices:\n{}{}{}{}{}",
        several("  ", 5),
        node("  ", "a"),
        several("        ", 6),
        node("        ", "b"),
        several("              ", 7),
    );
    let lab = lab(&text);
    assert!(bring_up(&ctx, &lab, &[]).await.is_success());
    assert_eq!(addresses(&ctx, &[]).await.expect("listed").len(), 20);
    let before = engine.snapshot();
    engine.forget_calls();
    let again = bring_up(&ctx, &lab, &[]).await;
    assert_eq!((again.is_success(), again.summary.changed), (true, 0));
    assert_eq!(engine.snapshot(), before);
    let calls: Vec<String> =
        engine.calls().into_iter().map(|call| format!("{} {}", call.engine, call.op)).collect();
    // One `observe` is one list of containers, of networks, of volumes and of images (see the adapter's tests).
    let expected = [
        "/ read facts",
        "/ observe",
        "/poc-a-1 ping",
        "/poc-a-1 observe",
        "/poc-a-1/poc-a-b-1 ping",
        "/poc-a-1/poc-a-b-1 observe",
    ];
    assert_eq!(calls, expected);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_names_nothing_is_answered_with_the_one_that_was_meant() {
    let engine = engine();
    let ctx = ctx(&engine);
    let lab = lab(LAB);
    let near = |error: OpError| match error {
        OpError::NothingMatched { near, .. } => near,
        other => panic!("{other}"),
    };
    // Of the file, before anything is up.
    let refused = prepare_up(&ctx, &lab, &options(&["vm1/wbe"])).await.err().expect("refused");
    assert_eq!(near(refused).as_deref(), Some("vm1/web"));
    // Of the containers, also those that are not on the way to the address.
    assert!(bring_up(&ctx, &lab, &[]).await.is_success());
    assert_eq!(near(addresses(&ctx, &["web"]).await.expect_err("refused")).as_deref(), Some("vm1/web"));
    let options = exec_options("db", &["true"]);
    assert_eq!(near(exec::start(&ctx, &options).await.err().expect("refused")).as_deref(), Some("vm1/db"));
}

#[tokio::test(start_paused = true)]
async fn a_target_brings_up_what_it_needs_and_no_more() {
    let engine = engine();
    let ctx = ctx(&engine);
    assert!(bring_up(&ctx, &lab(LAB), &["vm1/db"]).await.is_success());
    assert_eq!(addresses(&ctx, &[]).await.expect("listed"), ["vm1", "vm1/db"]);
}

#[tokio::test(start_paused = true)]
async fn what_fails_comes_back_with_what_it_held_back() {
    let engine = engine().with_behaviour(
        "postgres",
        Behaviour::default().health(HealthScript::AtOnce(Health::Unhealthy)).prints("FATAL: no space"),
    );
    let outcome = bring_up(&ctx(&engine), &lab(LAB), &[]).await;
    assert!(!outcome.is_success());
    let failed = outcome.failed.first().expect("the database failed");
    assert_eq!(failed.addr.as_ref().map(ToString::to_string).as_deref(), Some("vm1/db"));
    assert_eq!(failed.failure.logs.as_ref().expect("its log").lines, ["FATAL: no space"]);
    assert!(failed.skipped.contains(&"client".to_owned()), "{:?}", failed.skipped);
}

fn exec_options(address: &str, argv: &[&str]) -> ExecOptions {
    ExecOptions {
        project: project(),
        pattern: address.parse().expect("an address"),
        argv: argv.iter().map(|&text| text.to_owned()).collect(),
        env: Vec::new(),
        user: None,
        working_dir: None,
        privileged: false,
        tty: None,
    }
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic while locked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_program_runs_on_an_inner_engine_and_its_exit_code_comes_back() {
    let engine = engine().with_behaviour("postgres", Behaviour::default().answers("accepting\n", 3));
    let ctx = ctx(&engine);
    assert!(bring_up(&ctx, &lab(LAB), &[]).await.is_success());
    engine.forget_calls();
    let running = exec::start(&ctx, &exec_options("vm1/db", &["pg_isready"])).await.expect("it starts");
    let calls: Vec<String> =
        engine.calls().into_iter().map(|call| format!("{} {}", call.engine, call.op)).collect();
    // Two connections are made at once: one becomes the program's, and the other tells how it ended.
    let expected = [
        "/ read facts",
        "/ observe",
        "/poc-vm1-1 ping",
        "/poc-vm1-1 ping",
        "/poc-vm1-1 observe",
        "/poc-vm1-1 exec",
    ];
    assert_eq!(calls, expected);
    let written = Written::default();
    let (_sender, resized) = watch::channel((24, 80));
    let streams = ExecStreams {
        stdin: Box::new(tokio::io::empty()),
        stdout: Box::new(written.clone()),
        stderr: Box::new(std::io::sink()),
        resized,
    };
    assert_eq!(running.talk(streams).await.expect("it ends"), Some(3));
    assert_eq!(*written.0.lock().expect("no panic while locked"), b"accepting\n");
}

#[tokio::test(start_paused = true)]
async fn nothing_runs_in_a_container_that_has_ended_or_behind_an_engine_that_is_silent() {
    let engine = engine();
    let ctx = ctx(&engine);
    assert!(bring_up(&ctx, &lab(LAB), &[]).await.is_success());
    engine.end("poc-client-1", 1);
    let ended = exec::start(&ctx, &exec_options("client", &["true"])).await.err().expect("refused");
    assert!(matches!(ended, OpError::NotRunning { state: ContainerState::Exited, .. }), "{ended}");
    engine.by_hand("poc-vm1-1", &Change::Pause);
    for addr in ["vm1/db", "vm1/nope"] {
        let shut = exec::start(&ctx, &exec_options(addr, &["true"])).await.err().expect("refused");
        assert!(matches!(&shut, OpError::NotRunning { addr, .. } if addr.to_string() == "vm1"), "{shut}");
    }
    engine.by_hand("poc-vm1-1", &Change::Unpause);
    engine.set_behaviour("docker:dind", Behaviour::default().boots(Boot::Hangs));
    let silent = exec::start(&ctx, &exec_options("vm1/db", &["true"])).await.err().expect("refused");
    assert!(matches!(&silent, OpError::LayerSilent { layer, .. } if layer == "vm1"), "{silent}");
}

#[tokio::test(start_paused = true)]
async fn logs_of_a_node_and_all_inside_come_as_one() {
    let engine = engine()
        .with_behaviour("postgres", Behaviour::default().prints("ready to accept"))
        .with_behaviour("nginx", Behaviour::default().prints("start worker"));
    let ctx = ctx(&engine);
    assert!(bring_up(&ctx, &lab(LAB), &[]).await.is_success());
    let options = LogsOptions {
        project: project(),
        patterns: parse_patterns(&["vm1".to_owned()]).expect("an address"),
        follow: false,
        tail: None,
        since: None,
        until: None,
        locks: None,
    };
    let opened = logs(&ctx, &options).await.expect("opened");
    let lines: Vec<String> = opened
        .lines
        .map(|line| line.expect("a line"))
        .map(|line| format!("{} {}", line.addr, String::from_utf8_lossy(&line.line)))
        .collect()
        .await;
    assert!(lines.contains(&"vm1/db ready to accept".to_owned()), "{lines:?}");
    assert!(lines.contains(&"vm1/web start worker".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with("client")), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_port_is_where_it_is_bound_on_the_root_engines_machine_if_nodes_pass_it_on() {
    let text = "
name: poc
services:
  vm:
    engine: dind
    inner:
      services:
        shut: {image: nginx, ports: ['8080:81']}
        deep:
          engine: dind
          inner: {services: {web: {image: nginx, publish: ['127.0.0.1:18431:80']}}}
";
    let engine = engine();
    let ctx = ctx(&engine);
    assert!(bring_up(&ctx, &lab(text), &[]).await.is_success());
    let bound = async |addr: &str, number: u16| {
        let pattern = addr.parse().expect("an address");
        let found = port(&ctx, &project(), &pattern, number, Protocol::Tcp).await.expect("it is bound");
        let within = found.within.map(|node| format!(" within {node}")).unwrap_or_default();
        format!("{}:{}{within}", found.port.host_ip, found.port.host.unwrap_or_default())
    };
    assert_eq!(bound("vm/deep/web", 80).await, "127.0.0.1:18431");
    assert_eq!(bound("vm/shut", 81).await, "0.0.0.0:8080 within vm");
}

/// The lines of a followed log as they come.
async fn next_line(log: &mut LogLines) -> Option<String> {
    let line = log.next().await?.expect("a line");
    Some(format!("{} {}", line.addr, String::from_utf8_lossy(&line.line)))
}

async fn followed(ctx: &Ctx, addresses: &[&str]) -> LogLines {
    let addresses: Vec<String> = addresses.iter().map(|&text| text.to_owned()).collect();
    let options = LogsOptions {
        project: project(),
        patterns: parse_patterns(&addresses).expect("addresses"),
        follow: true,
        tail: None,
        since: None,
        until: None,
        locks: None,
    };
    logs(ctx, &options).await.expect("opened").lines
}

#[tokio::test(start_paused = true)]
async fn a_followed_log_goes_on_with_a_container_that_is_started_again_or_made_anew() {
    let engine = engine().with_behaviour("nginx", Behaviour::default().prints("start worker"));
    let ctx = ctx(&engine);
    assert!(bring_up(&ctx, &lab(LAB), &[]).await.is_success());
    for addresses in [&["vm1/web"][..], &["vm1/web", "client"]] {
        let mut log = followed(&ctx, addresses).await;
        assert_eq!(next_line(&mut log).await.as_deref(), Some("vm1/web start worker"));
        let node = engine.node("poc-vm1-1");
        node.by_hand("poc-vm1-web-1", &Change::Stop(None));
        node.by_hand("poc-vm1-web-1", &Change::Start);
        assert_eq!(next_line(&mut log).await.as_deref(), Some("vm1/web start worker"));
        let mut anew = options(&["vm1/web"]);
        anew.force_recreate = true;
        let prepared = prepare_up(&ctx, &lab(LAB), &anew).await.expect("nothing stands in the way");
        let (_sender, cancel) = watch::channel(None);
        assert!(prepared.carry_out(None, &mut Recorder::default(), cancel).await.is_success());
        assert_eq!(next_line(&mut log).await.as_deref(), Some("vm1/web start worker"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_followed_log_goes_on_behind_a_node_that_comes_back_and_ends_with_all_that_is_meant() {
    let engine = engine().with_behaviour("nginx", Behaviour::default().prints("start worker"));
    let ctx = ctx(&engine);
    assert!(bring_up(&ctx, &lab(LAB), &[]).await.is_success());
    let mut log = followed(&ctx, &["vm1/web"]).await;
    assert_eq!(next_line(&mut log).await.as_deref(), Some("vm1/web start worker"));
    engine.by_hand("poc-vm1-1", &Change::Stop(None));
    engine.by_hand("poc-vm1-1", &Change::Start);
    assert!(bring_up(&ctx, &lab(LAB), &[]).await.is_success());
    assert_eq!(next_line(&mut log).await.as_deref(), Some("vm1/web start worker"));
    engine.node("poc-vm1-1").print("poc-vm1-web-1", "later");
    assert_eq!(next_line(&mut log).await.as_deref(), Some("vm1/web later"));
    engine.node("poc-vm1-1").end("poc-vm1-web-1", 0);
    assert_eq!(next_line(&mut log).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_plan_shows_layers_that_are_not_up_yet_and_then_only_what_differs() {
    let engine = engine();
    let ctx = ctx(&engine);
    let text = async |lab: &ValidLab| {
        let prepared = prepare_up(&ctx, lab, &options(&[])).await.expect("nothing stands in the way");
        let forecast = prepared.forecast();
        let later: Vec<_> = forecast.iter().map(|it| (it.layer.clone(), &it.plan)).collect();
        plan_text::render(&prepared.plan, &later, &project(), Style::PLAIN, 80)
    };
    insta::assert_snapshot!(text(&lab(LAB)).await, @r"
    poc
      + network poc_default      create
      + volume poc-vm1-1_docker  create
      . image curl               pull    needed by client
      . image docker:dind        pull    needed by vm1
      . image nginx              pull    needed by vm1/web
      . image postgres           pull    needed by vm1/db
      + client                   create
      + vm1                      create
    vm1 (once its engine answers)
      + network poc-vm1_default  create
      . image nginx              copy    needed by vm1/web
      . image postgres           copy    needed by vm1/db
      + db                       create
      + web                      create

    7 to create, 4 to pull, 2 to copy
    ");
    assert!(bring_up(&ctx, &lab(LAB), &[]).await.is_success());
    insta::assert_snapshot!(text(&lab(LAB)).await, @"+ nothing to do");
    let changed = LAB.replace("image: nginx", "image: nginx, environment: {A: b}");
    insta::assert_snapshot!(text(&lab(&changed)).await, @r"
    vm1
      ~ web  recreate  environment.A: b added

    1 to recreate
    ");
    let without = LAB.replace("        web:", "        web2:").replace("vm1/web]", "vm1/web2]");
    insta::assert_snapshot!(text(&lab(&without)).await, @r"
    vm1
      + web2  create

    1 to create
    ");
}

#[tokio::test(start_paused = true)]
async fn the_foreground_tells_lines_and_ends_and_no_end_of_what_is_started_again() {
    let engine = engine();
    let ctx = ctx(&engine);
    let lab = lab("name: poc\nservices:\n  a: {image: nginx}\n  again: {image: nginx, restart: always}\n");
    assert!(bring_up(&ctx, &lab, &[]).await.is_success());
    let meant = foreground(&lab.lab, &Choice::default()).expect("nothing is named");
    let attached = attach(&ctx, &project(), &meant, LogTime::At(0)).await.expect("both are there");
    assert_eq!(attached.shown.len(), 2);
    let mut news = attached.news;
    let mut next = async || match news.next().await.expect("news") {
        News::Said(line) => format!("{}: {}", line.addr, String::from_utf8_lossy(&line.line)),
        News::Ended(addr, code) => format!("{addr} ended with {code}"),
        other => format!("{other:?}"),
    };
    engine.print("poc-again-1", "one");
    assert_eq!(next().await, "again: one");
    engine.end("poc-again-1", 3);
    // Its engine is about to start it again: that is no end.
    assert_eq!(engine.container("poc-again-1").expect("it is there").state, ContainerState::Restarting);
    engine.print("poc-a-1", "last words");
    assert_eq!(next().await, "a: last words");
    engine.end("poc-a-1", 4);
    assert_eq!(next().await, "a ended with 4");
}
