//! The machine is started anew: an engine and all that is on it end at once, and come back with other addresses. The
//! machine is a node here, and the lab on it has three levels of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use nestctl::engine::engine::{Change, Create, Engine};
use nestctl::model::container::{ContainerSpec, Endpoint};
use nestctl::model::label::Labels;
use nestctl::model::observed::{ContainerState, ObservedContainer};

use crate::support::lab::{Ran, TestLab};
use crate::support::real_engine::{self, block_on, eventually};

const MACHINE: &str = "
services:
  machine:
    engine: { kind: dind, args: ['--host=unix:///out/docker.sock'] }
    image: ${DIND_IMAGE}
    volumes: ['./out:/out']
    inner:
      images: ['${BUSYBOX_IMAGE}', '${DIND_IMAGE}']
";

const LAB: &str = "
x-box: &box
  image: ${BUSYBOX_IMAGE}
  init: true
  command: [sleep, infinity]
  restart: POLICY
services:
  vm1:
    engine: dind
    image: ${DIND_IMAGE}
    restart: POLICY
    inner:
      services:
        a:
          engine: dind
          image: ${DIND_IMAGE}
          restart: POLICY
          inner:
            services:
              leaf: { <<: *box, volumes: ['kept:/data'] }
            volumes: { kept: {} }
        web: { <<: *box, depends_on: [a/leaf] }
  client: { <<: *box, depends_on: [vm1/web] }
";

struct Machine {
    outer: TestLab,
    host: String,
}

impl Machine {
    fn new(name: &str, policy: &str) -> Option<Self> {
        let outer = TestLab::new(name, MACHINE)?;
        outer.write("lab.yaml", &LAB.replace("POLICY", policy));
        outer.run(&["up"]).ok();
        let host = format!("unix://{}", outer.directory.join("out/docker.sock").display());
        Some(Self { outer, host })
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let lab = ["-H", &self.host, "-f", "lab.yaml", "-p", "within"];
        self.outer.run(&[&arguments[..1], &lab, &arguments[1..]].concat())
    }

    fn engine(&self) -> Arc<dyn Engine> {
        real_engine::root(&self.host)
    }

    /// Kills it with all that is on it, and starts it. Its engine answers then.
    fn start_anew(&self) {
        let machine = self.outer.containers()["machine"].id.clone();
        block_on(async {
            let engine = self.outer.engine();
            engine.act(&machine, &Change::Kill(None)).await.expect("it is killed");
            engine.act(&machine, &Change::Start).await.expect("it starts");
            let inner = self.engine();
            eventually("its engine answers", || async { inner.ping().await.ok() }).await;
        });
    }

    /// The lab's containers on all levels.
    async fn everything(&self) -> BTreeMap<String, ObservedContainer> {
        let root = self.engine();
        let mut all = real_engine::containers(&*root, "within").await;
        let vm1 = real_engine::inside(&root, &all["vm1"]);
        all.extend(real_engine::containers(&*vm1, "within").await);
        let a = real_engine::inside(&vm1, &all["vm1/a"]);
        all.extend(real_engine::containers(&*a, "within").await);
        all
    }

    /// IDs by address. All must run.
    fn ids(&self) -> BTreeMap<String, String> {
        let all = block_on(self.everything());
        let is_running = |one: &ObservedContainer| one.state == ContainerState::Running;
        assert!(all.values().all(is_running), "{all:#?}");
        all.into_iter().map(|(addr, container)| (addr, container.id)).collect()
    }

    fn exec(&self, addr: &str, script: &str) -> Ran {
        self.run(&["exec", addr, "sh", "-c", script])
    }

    /// The lab is up as it was: the same containers, what was written is there, names are found, and nothing is left to do.
    #[track_caller]
    fn assert_is_as_it_was(&self, before: &BTreeMap<String, String>) {
        assert_eq!(self.ids(), *before);
        assert_eq!(self.exec("vm1/a/leaf", "cat /data/rows").ok().stdout.trim(), "a row");
        self.exec("client", "ping -c 1 -W 5 vm1").ok();
        self.exec("vm1/web", "ping -c 1 -W 5 a").ok();
        self.run(&["plan", "--detailed-exitcode"]).code(0);
    }
}

#[test]
fn up_must_bring_back_what_a_machine_that_was_started_anew_has_lost() {
    let Some(machine) = Machine::new("machine", "no") else { return };
    machine.run(&["up"]).ok();
    machine.exec("vm1/a/leaf", "echo a row >/data/rows").ok();
    let before = machine.ids();
    let address = |addr: &str| {
        let all = block_on(real_engine::containers(&*machine.engine(), "within"));
        all[addr].networks["within_default"].address.clone()
    };
    let old = address("vm1");
    machine.start_anew();
    // Somebody else is first, and has the address now.
    block_on(async {
        let spec = ContainerSpec {
            init: Some(true),
            command: Some(["sleep", "infinity"].map(str::to_owned).to_vec()),
            networks: [("within_default".to_owned(), Endpoint::default())].into_iter().collect(),
            ..ContainerSpec::default()
        };
        let image = std::env::var("BUSYBOX_IMAGE").expect("the test images are named");
        let (name, labels) = ("stranger".to_owned(), Labels::new());
        let create = Create::Container { name, spec: Box::new(spec), image, labels };
        let stranger = machine.engine().create(&create).await.expect("a container of somebody else");
        machine.engine().act(&stranger, &Change::Start).await.expect("it starts");
    });
    machine.run(&["up"]).ok();
    assert_ne!(address("vm1"), old);
    machine.assert_is_as_it_was(&before);
}

#[test]
fn what_an_engine_brings_back_by_itself_must_be_taken_as_it_is() {
    let Some(machine) = Machine::new("machine-back", "always") else { return };
    machine.run(&["up"]).ok();
    machine.exec("vm1/a/leaf", "echo a row >/data/rows").ok();
    let before = machine.ids();
    // At once, while the engines still start what they have.
    machine.start_anew();
    machine.run(&["up"]).ok();
    machine.assert_is_as_it_was(&before);
    // And when all of it is back.
    machine.start_anew();
    block_on(eventually("all is back", || async {
        let vm1 = real_engine::containers(&*machine.engine(), "within").await.remove("vm1")?;
        let inner = real_engine::inside(&machine.engine(), &vm1);
        let a = inner.containers().await.ok()?.into_iter().find(|one| one.name == "within-vm1-a-1")?;
        let innermost = real_engine::inside(&inner, &a).containers().await.ok()?;
        innermost.iter().all(|one| one.state == ContainerState::Running).then_some(())
    }));
    let ran = machine.run(&["up"]).ok();
    assert!(ran.stderr.contains("nothing changed"), "{}", ran.stderr);
    machine.assert_is_as_it_was(&before);
}
