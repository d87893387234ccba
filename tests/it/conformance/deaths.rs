//! Engines inside nodes that die and return: what runs afterwards, by restart policy and by what was done before, with
//! which exit codes, and what calls answer meanwhile. One node lives through all the deaths.

use std::sync::Arc;

use nestctl::engine::engine::{Change, Create, Engine};
use nestctl::engine::fake::fake_engine::FakeEngine;
use nestctl::model::container::ContainerSpec;
use nestctl::model::label::Labels;
use nestctl::model::network::VolumeSpec;
use nestctl::model::observed::ContainerState;

use super::bench::{Bench, IMAGE, words};
use super::run::free_port;
use super::script::{Again, Do, Program, Wanted};
use crate::support::hand;
use crate::support::lab::TestLab;
use crate::support::real_engine::{block_on, eventually, inside};

/// How an engine inside goes.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// Its daemon is killed, which is process 1 of its node.
    Daemon,
    /// Its node is killed.
    Node,
    /// Its node is stopped: the daemon has time to stop what it runs.
    Stop,
}

/// A node, and the engine inside it.
struct Node<'a> {
    root: Arc<dyn Engine>,
    id: String,
    inner: Arc<dyn Engine>,
    /// The engine in memory that it is on.
    fake: Option<&'a FakeEngine>,
}

impl Node<'_> {
    async fn state(&self) -> ContainerState {
        self.root.inspect(&self.id).await.expect("it is there").state
    }

    async fn dies(&self, death: Death) {
        match (death, self.fake) {
            (Death::Daemon, Some(fake)) => fake.end(&self.id, 137),
            (Death::Daemon, None) => hand::signal(&*self.root, &self.id, "dockerd", "KILL").await,
            (Death::Node, _) => self.root.act(&self.id, &Change::Kill(None)).await.expect("it is killed"),
            (Death::Stop, _) => self.root.act(&self.id, &Change::Stop(None)).await.expect("it is stopped"),
        }
        let ended = || async { (self.state().await == ContainerState::Exited).then_some(()) };
        eventually("the end of the node", ended).await;
    }

    async fn returns(&self) {
        self.root.act(&self.id, &Change::Start).await.expect("it starts");
        eventually("an engine that answers", || async { self.inner.ping().await.ok() }).await;
    }

    /// What the engine inside answers now.
    async fn answers(&self) -> String {
        let volume =
            Create::Volume { name: "unasked".to_owned(), spec: VolumeSpec::default(), labels: Labels::new() };
        let answers = [
            words(self.inner.ping().await),
            words(self.inner.observe().await.map(drop)),
            words(self.inner.create(&volume).await.map(drop)),
            words(self.inner.act("unknown", &Change::Start).await),
        ];
        answers.join(", ")
    }

    /// All the deaths, and what is there after each.
    async fn lives(&self, mut bench: Bench) -> Vec<String> {
        bench.tag_images().await;
        let mut told = Vec::new();
        for call in before() {
            bench.answer(&call).await;
        }
        told.push(format!("before\n{}", bench.there().await));
        for death in [Death::Daemon, Death::Stop, Death::Node] {
            self.dies(death).await;
            told.push(format!("{death:?}: {}", self.answers().await));
            self.returns().await;
            told.push(format!("after {death:?}\n{}", bench.there().await));
            for call in again() {
                told.push(format!("after {death:?} {call:?}: {}", bench.answer(&call).await));
            }
            told.push(format!("after {death:?} and more calls\n{}", bench.there().await));
        }
        told
    }
}

const POLICIES: [Again; 4] = [Again::Never, Again::OnFailure(2), Again::UnlessStopped, Again::Always];

/// Every policy of what runs, was stopped and was killed; then what never ran or has ended by itself.
fn before() -> Vec<Do> {
    let server = |again| Wanted { again, ..Wanted::new(Program::Server) };
    let mut out = vec![Do::CreateNetwork(0)];
    let mut next = 0..;
    let mut make = |wanted: Wanted, then: &[fn(u64) -> Do]| {
        let number = next.next().expect("numbers do not end");
        out.push(Do::Create(number, wanted));
        out.extend(then.iter().map(|call| call(number)));
    };
    for again in POLICIES {
        make(server(again), &[Do::Start]);
        make(server(again), &[Do::Start, Do::Stop]);
        make(server(again), &[Do::Start, Do::Kill]);
    }
    make(Wanted { networks: vec![0], volume: Some(0), ..server(Again::Always) }, &[Do::Start]);
    make(server(Again::Always), &[]);
    make(server(Again::UnlessStopped), &[Do::Start, Do::Signal]);
    make(Wanted::new(Program::Job), &[Do::Start]);
    make(Wanted::new(Program::Broken), &[Do::Start]);
    make(Wanted { again: Again::OnFailure(1), ..Wanted::new(Program::Broken) }, &[Do::Start]);
    make(Wanted { again: Again::Always, ..Wanted::new(Program::Missing) }, &[Do::Start]);
    make(Wanted { networks: vec![0], published: true, ..server(Again::Never) }, &[Do::Start]);
    out
}

/// What a return changed is undone or used: what policies left down is started, what they started is stopped.
fn again() -> Vec<Do> {
    vec![
        Do::Start(0),
        Do::Start(4),
        Do::Stop(9),
        Do::Start(2),
        Do::Start(15),
        Do::Exec(12),
        Do::RemoveNetwork(0),
    ]
}

fn in_memory(prefix: &str, port: u16) -> Vec<String> {
    let fake = FakeEngine::new("fake").with_image("node:1");
    let run = async {
        let spec = Box::new(ContainerSpec { image: "node:1".to_owned(), ..ContainerSpec::default() });
        let node = Create::Container {
            name: "node".to_owned(),
            spec,
            image: "node:1".to_owned(),
            labels: Labels::new(),
        };
        let id = fake.create(&node).await.expect("the image is there");
        fake.act(&id, &Change::Start).await.expect("it starts");
        let inner = fake.shared().inside(&id, &FakeEngine::dial());
        fake.node("node").add_image(IMAGE, &[b"layer"]);
        let bench = Bench::new(Arc::clone(&inner), prefix, IMAGE, port).with_fake(&fake);
        Node { root: fake.shared(), id, inner, fake: Some(&fake) }.lives(bench).await
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(run)
}

#[test]
fn what_an_engine_inside_has_after_its_death_is_the_same_on_both() {
    let yaml = "
services:
  vm1:
    engine: dind
    image: ${DIND_IMAGE}
    inner:
      images: ['${BUSYBOX_IMAGE}']
      services: {}
";
    let Some(lab) = TestLab::new("deaths", yaml) else { return };
    lab.run(&["up"]).ok();
    let (prefix, port) = (format!("nestctl-deaths-{}", std::process::id()), free_port());
    let image = std::env::var("BUSYBOX_IMAGE").expect("BUSYBOX_IMAGE names the tiny workload");
    let node = lab.containers()["vm1"].clone();
    let inner = inside(&lab.engine(), &node);
    let bench = Bench::new(Arc::clone(&inner), &prefix, &image, port);
    let real = Node { root: lab.engine(), id: node.id, inner, fake: None };
    let real = block_on(real.lives(bench));
    let fake = in_memory(&prefix, port);
    let differ = fake.iter().zip(&real).filter(|(fake, real)| fake != real);
    let differ: Vec<String> =
        differ.map(|(fake, real)| format!("the fake: {fake}\nreal:     {real}")).collect();
    assert!(differ.is_empty(), "{}", differ.join("\n\n"));
}
