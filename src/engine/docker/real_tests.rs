//! The adapter against a real engine: `NESTCTL_TEST_HOST=unix://…`; without it each test says that it is skipped.
//!
//! `DIND_IMAGE` and `BUSYBOX_IMAGE` name the images. Everything made is labelled and removed, also after a panic.

#![expect(clippy::print_stderr, reason = "a skipped test has to say so")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use tokio::io::AsyncWriteExt;

use super::address::EngineAddress;
use super::credentials::Credentials;
use super::engine::DockerEngine;
use crate::engine::engine::{Change, Create, Engine, ExecSpec, LogOptions, OutputKind, OutputStream, Remove};
use crate::engine::limits::Limits;
use crate::model::container::{ContainerSpec, Endpoint, Healthcheck, Mount, MountSource};
use crate::model::dial::Dial;
use crate::model::failure::FailureKind;
use crate::model::label::Labels;
use crate::model::network::{NetworkSpec, VolumeSpec};
use crate::model::observed::{ContainerState, Health};

mod inner;

const LABEL: &str = "io.nestctl.adapter-test";

mod build_tests;
mod other_engine_tests;

fn image(variable: &str, default: &str) -> String {
    let image = std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    // As engines list it.
    let named = image.rsplit('/').next().is_some_and(|name| name.contains([':', '@']));
    if named { image } else { format!("{image}:latest") }
}

fn busybox() -> String {
    image("BUSYBOX_IMAGE", "nestctl-test/busybox:latest")
}

fn dind() -> String {
    image("DIND_IMAGE", "nestctl-test/dind:latest")
}

fn root() -> Option<Arc<DockerEngine>> {
    let Ok(host) = std::env::var("NESTCTL_TEST_HOST") else {
        eprintln!("skipped: NESTCTL_TEST_HOST names no engine");
        return None;
    };
    let path = host.strip_prefix("unix://").expect("NESTCTL_TEST_HOST is a unix socket here");
    Some(
        DockerEngine::new(
            &EngineAddress::Unix(PathBuf::from(path)),
            Credentials::default(),
            Limits::default(),
        )
        .expect("an address"),
    )
}

/// Runs a test and takes away what it made: all that carries the label with the test's name.
async fn with_root<F>(name: &'static str, test: impl FnOnce(Arc<DockerEngine>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let Some(root) = root() else { return };
    clean(&*root, name).await;
    let result = tokio::spawn(test(Arc::clone(&root))).await;
    clean(&*root, name).await;
    if let Err(error) = result {
        std::panic::resume_unwind(error.into_panic());
    }
}

async fn clean(engine: &dyn Engine, name: &str) {
    let ours = |labels: &Labels| labels.get(LABEL).is_some_and(|value| value == name);
    let seen = engine.observe().await.expect("lists");
    for container in seen.containers.iter().filter(|c| ours(&c.labels)) {
        let remove = Remove::Container { container: container.id.clone(), volumes: true };
        engine.remove(&remove).await.expect("removed");
    }
    for network in seen.networks.iter().filter(|n| ours(&n.labels)) {
        engine.remove(&Remove::Network(network.id.clone())).await.expect("removed");
    }
    for volume in seen.volumes.iter().filter(|v| ours(&v.labels)) {
        engine.remove(&Remove::Volume(volume.name.clone())).await.expect("removed");
    }
}

fn labels(test: &str) -> Labels {
    Labels::from_iter([(LABEL.to_owned(), test.to_owned())])
}

async fn run(engine: &dyn Engine, test: &str, name: &str, spec: ContainerSpec) -> String {
    let image = spec.image.clone();
    let create =
        Create::Container { name: name.to_owned(), spec: Box::new(spec), image, labels: labels(test) };
    let id = engine.create(&create).await.expect("created");
    engine.act(&id, &Change::Start).await.expect("started");
    id
}

fn shell(script: &str) -> ContainerSpec {
    ContainerSpec {
        image: busybox(),
        entrypoint: Some(vec![]),
        command: Some(["sh", "-c", script].map(str::to_owned).to_vec()),
        stop_grace_period: Some(Duration::from_secs(1)),
        ..ContainerSpec::default()
    }
}

/// A node as the kind `dind` makes it, in short.
async fn node(engine: &dyn Engine, test: &str, name: &str) -> String {
    let volume =
        Create::Volume { name: format!("{name}-data"), spec: VolumeSpec::default(), labels: labels(test) };
    engine.create(&volume).await.expect("a volume");
    let spec = ContainerSpec {
        image: dind(),
        command: Some(vec!["dockerd".into(), "--host=unix:///var/run/docker.sock".into()]),
        privileged: true,
        mounts: vec![
            Mount {
                target: "/var/lib/docker".into(),
                source: MountSource::volume(Some(format!("{name}-data"))),
                read_only: false,
                consistency: None,
            },
            Mount {
                target: "/run".into(),
                source: MountSource::Tmpfs { options: String::new() },
                read_only: false,
                consistency: None,
            },
        ],
        ..ContainerSpec::default()
    };
    run(engine, test, name, spec).await
}

fn dial() -> Dial {
    Dial::Exec {
        argv: ["docker", "system", "dial-stdio"].map(str::to_owned).to_vec(),
        env: vec!["DOCKER_HOST=unix:///var/run/docker.sock".into()],
        user: None,
    }
}

/// The engine inside, once it serves. dockerd makes its socket a moment after its start.
async fn enter(parent: Arc<dyn Engine>, container: &str) -> Arc<dyn Engine> {
    enter_by(parent, container, &dial()).await
}

async fn enter_by(parent: Arc<dyn Engine>, container: &str, dial: &Dial) -> Arc<dyn Engine> {
    let inner = parent.inside(container, dial);
    let answer = async {
        while let Err(error) = inner.ping().await {
            assert_eq!(error.kind, FailureKind::Unreachable, "{:?}", error.to_failure());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), answer).await.expect("the inner engine answers");
    inner
}

async fn text(mut output: OutputStream) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    while let Some(piece) = output.next().await {
        match piece.expect("output") {
            (OutputKind::Stdout, bytes) => out.extend_from_slice(&bytes),
            (OutputKind::Stderr, bytes) => err.extend_from_slice(&bytes),
        }
    }
    (String::from_utf8_lossy(&out).into_owned(), String::from_utf8_lossy(&err).into_owned())
}

fn program(argv: &[&str]) -> ExecSpec {
    ExecSpec { argv: argv.iter().map(|&word| word.to_owned()).collect(), ..ExecSpec::default() }
}

async fn exec(engine: &dyn Engine, container: &str, argv: &[&str]) -> (String, String, Option<i64>) {
    let session = engine.exec(container, &program(argv)).await.expect("an exec");
    let (out, err) = text(session.output).await;
    (out, err, session.control.exit_code().await.expect("a code"))
}

/// `exec cat` echoes and ends at the end of its input.
async fn echo(engine: &dyn Engine, container: &str, size: usize) {
    let mut session =
        engine.exec(container, &ExecSpec { stdin: true, ..program(&["cat"]) }).await.expect("an exec");
    let data: Vec<u8> = (0..size).map(|i| b'a' + u8::try_from(i % 23).expect("small")).collect();
    let (sent, (out, _)) = tokio::join!(
        async {
            session.input.write_all(&data).await.expect("written");
            session.input.shutdown().await.expect("half-closed");
            data.clone()
        },
        text(session.output)
    );
    assert_eq!(out.as_bytes(), sent);
    assert_eq!(session.control.exit_code().await.expect("a code"), Some(0));
}

async fn wait_for(
    engine: &dyn Engine,
    container: &str,
    wanted: impl Fn(ContainerState, Option<Health>) -> bool,
) {
    let mut events = engine.events().await.expect("events");
    let wait = async {
        loop {
            let detail = engine.inspect(container).await.expect("inspected");
            if wanted(detail.state, detail.health) {
                return;
            }
            events.next().await.expect("goes on").expect("an event");
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("the state is reached");
}

async fn dial_programs(root: &dyn Engine, node: &str) -> usize {
    let (out, _, _) = exec(root, node, &["ps", "-eo", "args"]).await;
    out.lines().filter(|line| line.contains("dial-stdio")).count()
}

/// The programs end a moment after their streams.
async fn no_dial_programs(root: &dyn Engine, node: &str) {
    let gone = async {
        while dial_programs(root, node).await > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("no dial-stdio is left");
}

#[tokio::test]
async fn a_container_lives_its_life_on_a_real_engine() {
    const TEST: &str = "life";
    with_root(TEST, |root| async move {
        let facts = root.facts().await.expect("facts");
        assert!(!facts.id.is_empty() && !facts.api_version.is_empty() && facts.cpus > 0, "{facts:?}");
        let network = Create::Network {
            name: "nestctl-adapter-life".into(),
            spec: NetworkSpec::default(),
            labels: labels(TEST),
        };
        let network_id = root.create(&network).await.expect("a network");
        let twice = root.create(&network).await.expect_err("the name is taken");
        assert_eq!(twice.kind, FailureKind::Conflict, "{:?}", twice.to_failure());

        let mut spec = shell("echo out; echo err >&2; trap 'exit 3' TERM; while :; do sleep 0.1; done");
        spec.healthcheck = Some(Box::new(Healthcheck {
            test: vec!["CMD".into(), "true".into()],
            interval: Some(Duration::from_secs(1)),
            ..Healthcheck::default()
        }));
        let id = run(&*root, TEST, "nestctl-adapter-life", spec.clone()).await;
        root.act(&id, &Change::Start).await.expect("starting a running one is success");
        let connect = Change::Connect { network: network_id.clone(), endpoint: Endpoint::default() };
        root.act(&id, &connect).await.expect("connected");
        root.act(&id, &connect).await.expect("connecting again is success");
        wait_for(&*root, &id, |_, health| health == Some(Health::Healthy)).await;

        let seen = root.observe().await.expect("lists");
        let row = seen.containers.iter().find(|c| c.id == id).expect("listed");
        assert_eq!(row.name, "nestctl-adapter-life");
        assert_eq!((row.state, row.health), (ContainerState::Running, Some(Health::Healthy)));
        assert!(row.networks.contains_key("nestctl-adapter-life"), "{:?}", row.networks);
        assert!(seen.images.iter().any(|image| image.id == row.image_id));

        let taken = Create::Container {
            name: "nestctl-adapter-life".into(),
            image: busybox(),
            spec: Box::new(spec),
            labels: labels(TEST),
        };
        assert_eq!(root.create(&taken).await.expect_err("taken").kind, FailureKind::Conflict);
        let in_use = root.remove(&Remove::Network(network_id.clone())).await.expect_err("in use");
        assert_eq!(in_use.kind, FailureKind::Conflict);

        let (out, err) = text(root.logs(&id, &LogOptions::default()).await.expect("a log")).await;
        assert_eq!((out.as_str(), err.as_str()), ("out\n", "err\n"));
        let (out, err, code) = exec(&*root, &id, &["sh", "-c", "echo a; echo b >&2; exit 7"]).await;
        assert_eq!((out.as_str(), err.as_str(), code), ("a\n", "b\n", Some(7)));
        echo(&*root, &id, 1_000_000).await;

        root.act(&id, &Change::Pause).await.expect("paused");
        root.act(&id, &Change::Pause).await.expect("pausing again is success");
        root.act(&id, &Change::Unpause).await.expect("unpaused");
        root.act(&id, &Change::Stop(None)).await.expect("stopped");
        root.act(&id, &Change::Stop(None)).await.expect("stopping a stopped one is success");
        root.act(&id, &Change::Kill(None)).await.expect("killing a stopped one is success");
        let seen = root.observe().await.expect("lists");
        let row = seen.containers.iter().find(|c| c.id == id).expect("listed");
        assert_eq!((row.state, row.exit_code), (ContainerState::Exited, Some(3)));
        let gone = root.inspect("nestctl-adapter-nobody").await.expect_err("nobody");
        assert_eq!(gone.kind, FailureKind::NotFound);
        let remove = Remove::Container { container: id.clone(), volumes: true };
        let (one, two) = tokio::join!(root.remove(&remove), root.remove(&remove));
        one.expect("removed");
        two.expect("removed twice at once");
        root.remove(&remove).await.expect("removing what is gone is success");
    })
    .await;
}

#[tokio::test]
async fn a_terminal_and_files_work_on_a_real_engine() {
    const TEST: &str = "terminal";
    with_root(TEST, |root| async move {
        let spec = ContainerSpec { tty: true, ..shell("echo console; sleep 600") };
        let id = run(&*root, TEST, "nestctl-adapter-terminal", spec).await;
        let mut session = root
            .exec(&id, &ExecSpec { tty: Some((40, 100)), stdin: true, ..program(&["sh"]) })
            .await
            .expect("an exec");
        session.control.resize(50, 120).await.expect("resized");
        session.input.write_all(b"stty size; exit 5\n").await.expect("written");
        let (out, _) = text(session.output).await;
        assert!(out.contains("50 120"), "{out}");
        assert_eq!(session.control.exit_code().await.expect("a code"), Some(5));

        let (out, _) = text(root.logs(&id, &LogOptions::default()).await.expect("a log")).await;
        assert_eq!(out, "console\r\n");

        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(5);
        header.set_mode(0o640);
        header.set_cksum();
        archive.append_data(&mut header, "greeting", &b"hello"[..]).expect("in memory");
        let archive = Bytes::from(archive.into_inner().expect("in memory"));
        let put = stream::iter([Ok(archive)]).boxed();
        root.put(&id, "/tmp", put).await.expect("put");
        assert_eq!(exec(&*root, &id, &["cat", "/tmp/greeting"]).await.0, "hello");
        assert_eq!(root.get(&id, "/no/such").await.err().expect("nothing there").kind, FailureKind::NotFound);
        let got: Vec<_> = root.get(&id, "/tmp/greeting").await.expect("got").collect().await;
        let got: Vec<u8> = got.into_iter().flat_map(|piece| piece.expect("bytes")).collect();
        let mut entries = tar::Archive::new(&got[..]);
        let entry = entries.entries().expect("an archive").next().expect("one entry").expect("readable");
        assert_eq!((entry.size(), entry.header().mode().expect("a mode") & 0o777), (5, 0o640));
    })
    .await;
}

#[tokio::test]
async fn a_wrapper_runs_before_the_images_own_program() {
    const TEST: &str = "wrapper";
    with_root(TEST, |root| async move {
        let detail = root.inspect_image(&busybox()).await.expect("the image");
        assert!(!detail.layers.is_empty() && detail.platform.starts_with("linux/"), "{detail:?}");
        let spec = ContainerSpec {
            image: busybox(),
            wrapper: Some("/bin/echo".into()),
            entrypoint: Some(vec!["ep".into()]),
            command: Some(vec!["cmd".into()]),
            ..ContainerSpec::default()
        };
        let id = run(&*root, TEST, "nestctl-adapter-wrapper", spec).await;
        wait_for(&*root, &id, |state, _| state == ContainerState::Exited).await;
        assert_eq!(text(root.logs(&id, &LogOptions::default()).await.expect("a log")).await.0, "ep cmd\n");
    })
    .await;
}

#[tokio::test]
async fn the_engine_tells_which_paths_it_sees() {
    const TEST: &str = "sees";
    with_root(TEST, |root| async move {
        assert!(root.sees("/etc").await.expect("tried"));
        assert!(!root.sees("/nestctl/no/such/path").await.expect("tried"));
    })
    .await;
}

/// Without a look at the container after each, about half of these were listed as running (26.1.5, two processors).
#[tokio::test]
async fn what_was_stopped_or_killed_is_listed_so_at_once() {
    with_root("ended", |root| async move {
        let id = run(&*root, "ended", "nestctl-adapter-ended", shell("exec sleep 1000")).await;
        for _ in 0..8 {
            for end in [Change::Stop(Some(Duration::ZERO)), Change::Kill(None)] {
                root.act(&id, &end).await.expect("it ends");
                let seen = root.observe().await.expect("lists");
                let state = seen.containers.iter().find(|it| it.id == id).map(|it| it.state);
                assert_eq!(state, Some(ContainerState::Exited), "{end:?}");
                root.act(&id, &Change::Start).await.expect("it starts");
            }
        }
    })
    .await;
}
