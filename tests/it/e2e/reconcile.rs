//! A lab that is edited, and to which things are done by hand, again and again: each time `plan` says what will become of
//! what and why, `up` does that and nothing else, and what was written stays.

use std::collections::BTreeMap;

use nestctl::engine::engine::{Change, Remove};
use nestctl::model::container::Endpoint;

use crate::support::lab::TestLab;
use crate::support::real_engine::block_on;

const LAB: &str = "
services:
  vm1:
    engine: dind
    image: ${DIND_IMAGE}
    environment: {SIZE: small}
    inner:
      services:
        db:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: [sleep, infinity]
          volumes: ['kept:/data']
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: [sleep, infinity]
          depends_on: {db: {condition: service_started}}
          environment: {DEBUG: '0', TOKEN: a}
      volumes: {kept: {}}
  client:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
    networks: [default]
  peer:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
    networks: [default, front]
networks:
  default: {}
  front: {internal: false}
";

/// The lab, and the IDs of its containers as they were last seen.
struct Edited {
    lab: TestLab,
    ids: BTreeMap<String, String>,
}

impl Edited {
    fn ids(lab: &TestLab) -> BTreeMap<String, String> {
        let all = lab.containers().into_iter().chain(lab.containers_in("vm1"));
        all.map(|(addr, container)| (addr, container.id)).collect()
    }

    /// What `plan` says of each thing: `vm1/web recreate: environment.DEBUG: 0 → 1`. Networks by their keys.
    #[track_caller]
    fn planned(&self) -> Vec<String> {
        let plan = self.lab.run(&["plan", "--format", "json", "--detailed-exitcode"]).code(2).json();
        let things = plan["things"].as_array().expect("a list").iter();
        let text = |thing: &serde_json::Value| {
            let [of, effect, cause] =
                ["of", "effect", "cause"].map(|key| thing[key].as_str().unwrap_or_default());
            format!("{of} {effect}: {cause}").replace(&format!("{}_", self.lab.project), "")
        };
        things.map(text).collect()
    }

    /// Brings it up: only `renewed` are other containers now. Nothing is left to do then, and what `vm1/db` wrote is there.
    #[track_caller]
    fn up(&mut self, renewed: &[&str]) {
        self.lab.run(&["up"]).ok();
        let now = Self::ids(&self.lab);
        let other: Vec<&str> = self
            .ids
            .iter()
            .filter(|(addr, id)| now.get(*addr) != Some(*id))
            .map(|(addr, _)| addr.as_str())
            .collect();
        assert_eq!(other, renewed);
        self.ids = now;
        self.lab.run(&["plan", "--detailed-exitcode"]).code(0);
        assert_eq!(self.lab.exec("vm1", "vm1/db", &["cat", "/data/row"]), ("a row\n".to_owned(), 0));
    }

    fn by_hand(&self, container: &str, change: &Change) {
        block_on(async { self.lab.engine().act(container, change).await }).expect("it is done by hand");
    }

    fn network(&self, key: &str) -> String {
        format!("{}_{key}", self.lab.project)
    }

    #[track_caller]
    fn resolves(&self, from: &str, name: &str) {
        let (said, code) = self.lab.exec("", from, &["nslookup", name]);
        assert_eq!(code, 0, "{from} asks for {name}: {said}");
    }
}

#[test]
fn every_change_must_touch_what_it_says_and_nothing_else() {
    let Some(lab) = TestLab::new("reconcile", LAB) else { return };
    lab.run(&["up"]).ok();
    assert_eq!(lab.exec("vm1", "vm1/db", &["sh", "-c", "echo a row >/data/row"]).1, 0);
    let mut it = Edited { ids: Edited::ids(&lab), lab };

    // A service inside.
    it.lab.edit("nest.yaml", "{DEBUG: '0', TOKEN: a}", "{DEBUG: '1', TOKEN: b}");
    assert_eq!(it.planned(), ["vm1/web recreate: environment.DEBUG: 0 → 1, environment.TOKEN changed"]);
    it.up(&["vm1/web"]);

    // A node, and a port of a service inside, which is the node's too: what is inside goes on in the new one, with its
    // data.
    it.lab.edit("nest.yaml", "SIZE: small", "SIZE: large");
    it.lab.edit(
        "nest.yaml",
        "          depends_on: {db",
        "          publish: ['80']\n          depends_on: {db",
    );
    let planned = it.planned();
    let both = "vm1 recreate: environment.SIZE: small → large, publish: 80 of vm1/web added";
    assert!(planned.contains(&both.to_owned()), "{planned:#?}");
    it.up(&["vm1", "vm1/web"]);

    // A network more, as it runs.
    it.lab.edit("nest.yaml", "    networks: [default]\n", "    networks: [default, front]\n");
    assert_eq!(it.planned(), ["client live: networks: front added"]);
    it.up(&[]);
    it.resolves("peer", "client");

    // By hand: out of a network, into another, another name, stopped.
    let (default, front) = (it.network("default"), it.network("front"));
    it.by_hand(&it.ids["client"], &Change::Disconnect { network: default.clone() });
    it.by_hand(&it.ids["peer"], &Change::Rename(format!("{}-mine", it.lab.project)));
    it.by_hand(&it.ids["vm1"], &Change::Connect { network: front.clone(), endpoint: Endpoint::default() });
    it.by_hand(&it.ids["vm1"], &Change::Stop(None));
    assert_eq!(
        it.planned(),
        [
            "client live: not in network default".to_owned(),
            format!("peer live: was renamed to {}-mine", it.lab.project),
            "vm1 start: not running; in network front, where the file does not have it".to_owned(),
        ]
    );
    it.up(&[]);
    it.resolves("peer", "client");
    it.resolves("client", "vm1");

    // A network that is gone under containers that do not run.
    for addr in ["client", "peer"] {
        it.by_hand(&it.ids[addr], &Change::Kill(None));
    }
    block_on(async { it.lab.engine().remove(&Remove::Network(front.clone())).await })
        .expect("nothing runs in it");
    assert_eq!(
        it.planned(),
        [
            "network front create: does not exist",
            // It was made without it.
            "client start: not running; networks: front added",
            "peer start: not running; not in network front",
        ]
    );
    it.up(&[]);
    it.resolves("peer", "client");

    // A network that is another: with what is in it.
    it.lab.edit("nest.yaml", "internal: false", "internal: true");
    let anew = "network front is made anew";
    assert_eq!(
        it.planned(),
        [
            "network front recreate: internal: true added".to_owned(),
            format!("client recreate: {anew}"),
            format!("peer recreate: {anew}"),
        ]
    );
    it.up(&["client", "peer"]);
    it.resolves("peer", "client");
}

const ANONYMOUS: &str = "
services:
  vm1:
    engine: dind
    image: ${DIND_IMAGE}
    inner:
      services:
        db: &db
          image: ${BUSYBOX_IMAGE}
          init: true
          command: [sleep, infinity]
          environment: {ROUND: '0'}
          volumes: [/data]
  db: *db
  hooked:
    <<: *db
    pre_start: [{command: ['true']}]
";

#[test]
fn what_is_in_an_anonymous_volume_must_go_on_with_each_replacement() {
    let Some(lab) = TestLab::new("anonymous", ANONYMOUS) else { return };
    let all = [("", "db"), ("", "hooked"), ("vm1", "vm1/db")];
    let volume = |(layer, addr): (&str, &str)| {
        let containers = lab.containers_in(layer);
        containers[addr].mounts.iter().find_map(|mount| mount.volume.clone()).expect("it has one")
    };
    lab.run(&["up"]).ok();
    for (layer, addr) in all {
        assert_eq!(lab.exec(layer, addr, &["sh", "-c", "echo a row >/data/rows"]).1, 0);
    }
    let volumes = all.map(volume);
    for round in 1..4 {
        lab.edit("nest.yaml", &format!("ROUND: '{}'", round - 1), &format!("ROUND: '{round}'"));
        lab.run(&["up"]).ok();
        for (layer, addr) in all {
            assert_eq!(lab.exec(layer, addr, &["cat", "/data/rows"]), ("a row\n".to_owned(), 0), "{addr}");
        }
    }
    lab.edit("nest.yaml", "ROUND: '3'", "ROUND: '4'");
    lab.run(&["up", "-V"]).ok();
    for (n, (layer, addr)) in all.into_iter().enumerate() {
        assert_eq!(lab.exec(layer, addr, &["ls", "/data"]), (String::new(), 0), "{addr}");
        let gone = |name: &String| *name == volumes[n];
        assert!(!lab.observed_in(layer).volumes.into_iter().any(|it| gone(&it.name)), "{addr}");
    }
}
