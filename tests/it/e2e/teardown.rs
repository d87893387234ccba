//! `down` of what is not well: everything goes, from outside where there is no other way, and what stays is told.

use nestctl::engine::engine::{Change, Create, Remove};
use nestctl::model::container::{ContainerSpec, Endpoint};
use nestctl::model::label::Labels;
use nestctl::model::observed::ContainerState;

use crate::support::hand;
use crate::support::lab::{Ran, TestLab};
use crate::support::real_engine::block_on;
use crate::support::running::Running;

const LAB: &str = "
services:
  vm1:
    engine: dind
    image: ${DIND_IMAGE}
    stop_grace_period: 1s
    inner:
      services:
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: [sleep, infinity]
          volumes: ['kept:/data']
      volumes: { kept: {} }
  client:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
";

fn containers(lab: &TestLab) -> Vec<String> {
    lab.containers().into_keys().collect()
}

fn hang(lab: &TestLab) {
    let node = lab.containers()["vm1"].id.clone();
    block_on(hand::signal(&*lab.engine(), &node, "dockerd", "STOP"));
}

#[test]
fn a_node_whose_daemon_hangs_must_go_from_outside() {
    let Some(lab) = TestLab::new("hangs", LAB) else { return };
    lab.run(&["up"]).ok();
    hang(&lab);
    // It is told who is silent, and nothing of it stays on the engine but what is to be kept.
    let ran = lab.run(&["down"]).ok();
    assert!(ran.stderr.contains("vm1: its engine does not answer"), "{}", ran.stderr);
    assert_eq!(containers(&lab), [""; 0]);
    // What was inside is in the data volume, and comes up again from there.
    lab.run(&["up"]).ok();
    assert_eq!(lab.containers_in("vm1").into_keys().collect::<Vec<_>>(), ["vm1/web"]);

    // It hangs while it is taken down, after it was looked at.
    let mut running = Running::start(&lab, &["down", "-v", "--call-timeout", "3"]);
    assert!(running.until_event("layer-planned"));
    hang(&lab);
    running.end().ok();
    assert_eq!(lab.leftovers(), [""; 0]);
}

/// Does it to the node.
fn by_hand(lab: &TestLab, change: &Change) {
    let node = &lab.containers()["vm1"];
    block_on(lab.engine().act(&node.id, change)).expect("it is done by hand");
    assert_ne!(lab.containers()["vm1"].state, ContainerState::Running, "its engine lists it at once");
}

#[test]
fn paused_and_dead_nodes_must_be_emptied_and_go() {
    let Some(lab) = TestLab::new("dead", LAB) else { return };
    for change in [Change::Pause, Change::Kill(None)] {
        lab.run(&["up"]).ok();
        by_hand(&lab, &change);
        lab.run(&["down"]).ok();
        assert_eq!(containers(&lab), [""; 0], "{change:?}");
        // Its layer was taken apart before it went: nothing is there to be taken over.
        lab.run(&["create", "--start-nodes"]).ok();
        let inside = lab.containers_in("vm1");
        assert_eq!(inside["vm1/web"].state, ContainerState::Created, "{change:?}");
        by_hand(&lab, &change);
        lab.run(&["down", "-v"]).ok();
        assert_eq!(lab.leftovers(), [""; 0], "{change:?}");
    }
}

/// The freezer of cgroup v1 keeps what is paused also from the kill of everything around it.
#[test]
fn what_is_paused_inside_must_not_keep_a_node_that_was_killed_or_hangs() {
    let Some(lab) = TestLab::new("frozen", DEEP) else { return };
    let kill = |addr: &str| {
        let node = lab.containers()[addr].id.clone();
        // On cgroup v1 the engine waits for an end that does not come.
        let _ = block_on(lab.engine().act(&node, &Change::Kill(None)));
    };
    lab.run(&["up"]).ok();
    lab.run(&["pause", "vm1/a/web"]).ok();
    kill("vm1");
    lab.run(&["down"]).ok();
    assert_eq!(containers(&lab), [""; 0]);

    lab.run(&["up"]).ok();
    lab.run(&["pause", "vm1/web"]).ok();
    hang(&lab);
    lab.run(&["down"]).ok();
    assert_eq!(containers(&lab), [""; 0]);

    // And by the lab's own commands, which see that it is paused.
    lab.run(&["up"]).ok();
    lab.run(&["pause", "vm1/a/web"]).ok();
    lab.run(&["kill", "vm1"]).ok();
    let state = |addr: &str| lab.containers()[addr].state;
    assert_eq!(state("vm1"), ContainerState::Exited);
    lab.run(&["down", "-v"]).ok();
    assert_eq!(lab.leftovers(), [""; 0]);
}

#[test]
fn a_file_that_changed_since_or_is_gone_must_not_matter() {
    let Some(lab) = TestLab::new("renamed", LAB) else { return };
    lab.run(&["up"]).ok();
    lab.edit("nest.yaml", "  vm1:", "  other:");
    lab.edit("nest.yaml", "  client:", "  someone:");
    lab.run(&["down", "-v"]).ok();
    assert_eq!(lab.leftovers(), [""; 0]);

    lab.run(&["up"]).ok();
    std::fs::remove_file(lab.directory.join("nest.yaml")).expect("the file goes");
    lab.run(&["down", "-v"]).ok();
    assert_eq!(lab.leftovers(), [""; 0]);
}

#[test]
fn what_cannot_be_removed_must_be_told_with_the_reason() {
    let Some(lab) = TestLab::new("stays", LAB) else { return };
    lab.run(&["up"]).ok();
    let network = format!("{}_default", lab.project);
    let name = format!("stranger-{}", lab.project);
    let stranger = block_on(async {
        let spec = ContainerSpec {
            init: Some(true),
            command: Some(["sleep", "infinity"].map(str::to_owned).to_vec()),
            networks: [(network.clone(), Endpoint::default())].into_iter().collect(),
            ..ContainerSpec::default()
        };
        let image = std::env::var("BUSYBOX_IMAGE").expect("the test images are named");
        let labels = Labels::new();
        let create = Create::Container { name, spec: Box::new(spec), image, labels };
        let id = lab.engine().create(&create).await.expect("a container of somebody else");
        lab.engine().act(&id, &Change::Start).await.expect("it starts");
        id
    });
    let ran = lab.run(&["down", "-v"]);
    let left = lab.leftovers();
    let gone = Remove::Container { container: stranger, volumes: true };
    block_on(lab.engine().remove(&gone)).expect("it goes");
    let ran = ran.code(1);
    for words in ["failed to remove network", &network, "has active endpoints"] {
        assert!(ran.stderr.contains(words), "no `{words}` in:\n{}", ran.stderr);
    }
    assert_eq!(left, [format!("network {network}")]);
}

/// On an engine of its own: all labs of the shared one would go.
#[test]
fn down_all_must_take_every_lab_on_the_engine() {
    let Some(lab) = TestLab::new("all", OWN) else { return };
    lab.run(&["up"]).ok();
    let host = format!("unix://{}", lab.directory.join("out/docker.sock").display());
    lab.write("small.yaml", SMALL);
    let inside = |verb: &str, project: &str| {
        lab.run(&[verb, "-H", &host, "-f", "small.yaml", "-p", project]).ok();
    };
    inside("up", "one");
    inside("up", "two");
    // Of the third only a volume is left.
    inside("up", "three");
    inside("down", "three");
    let all = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_nestctl"));
        command.current_dir(&lab.directory).env("HOME", &lab.directory);
        Ran::of(&command.args(["-H", &host]).args(arguments).output().expect("nestctl runs"))
    };
    let refused = all(&["-p", "one", "down", "--all"]).code(2);
    assert!(refused.stderr.contains("not only the one that was named"), "{}", refused.stderr);
    let ran = all(&["down", "--all", "-v"]).ok();
    for project in ["one", "two", "three"] {
        assert!(ran.stderr.contains(&format!("{project} is down")), "{}", ran.stderr);
    }
    let seen = lab.observed_in("own");
    let left: Vec<&String> = seen
        .containers
        .iter()
        .map(|one| &one.name)
        .chain(seen.volumes.iter().map(|one| &one.name))
        .filter(|name| ["one", "two", "three"].iter().any(|project| name.starts_with(project)))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

const OWN: &str = "
services:
  own:
    engine: { kind: dind, args: ['--host=unix:///out/docker.sock'] }
    image: ${DIND_IMAGE}
    volumes: ['./out:/out']
    inner:
      images: ['${BUSYBOX_IMAGE}']
";

const SMALL: &str = "
services:
  box:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
    volumes: ['kept:/kept']
volumes: { kept: {} }
";

const DEEP: &str = "
services:
  vm1:
    engine: dind
    image: ${DIND_IMAGE}
    stop_grace_period: 1s
    inner:
      services:
        web: &web
          image: ${BUSYBOX_IMAGE}
          init: true
          command: [sleep, infinity]
        a:
          engine: dind
          image: ${DIND_IMAGE}
          stop_grace_period: 1s
          inner:
            services:
              web: *web
";

/// Inside a node and outside of it, what is named goes with the networks and volumes that it alone was on.
#[test]
fn a_part_must_go_at_any_depth_and_the_rest_must_stay() {
    let Some(lab) = TestLab::new("part", PARTS) else { return };
    lab.run(&["up"]).ok();
    let before = lab.containers();
    let names = |layer: &str| {
        let seen = lab.observed_in(layer);
        let networks = seen.networks.iter().map(|it| format!("network {}", it.name));
        let volumes = seen.volumes.iter().map(|it| format!("volume {}", it.name));
        let all = networks.chain(volumes).filter_map(|it| Some(it.split_once(&lab.project)?.1.to_owned()));
        let mut all: Vec<String> = all.collect();
        all.sort();
        all
    };
    let down = |arguments: &[&str]| lab.run(&[&["-f", "nest.yaml", "down"], arguments].concat());
    down(&["-v", "vm1/web"]).ok();
    assert_eq!(lab.containers_in("vm1").into_keys().collect::<Vec<_>>(), ["vm1/db"]);
    assert_eq!(names("vm1"), ["-vm1_back", "-vm1_both"]);
    assert_eq!(lab.containers()["client"].id, before["client"].id);
    // Again: it is gone by now, and that is no mistake. What was never there is one.
    down(&["vm1/web"]).ok();
    let said = down(&["web"]).code(5).stderr;
    assert!(said.contains("vm1/web"), "{said}");

    // With what the file does not have any more, and with somebody's one-off container.
    lab.run(&["run", "-d", "client", "sleep", "infinity"]).ok();
    lab.edit("nest.yaml", "  late:", "  later:");
    down(&["--remove-orphans", "client"]).ok();
    let all = lab.observed_in("").containers;
    let all: Vec<&str> = all.iter().filter_map(|it| it.name.strip_prefix(lab.project.as_str())).collect();
    assert_eq!(all, ["-vm1-1"]);

    let ended = down(&["-v", "vm1"]).ok().stderr;
    assert!(ended.contains(&format!("{}: 3 services removed", lab.project)), "{ended}");
    assert_eq!(lab.leftovers(), [""; 0]);

    // By the name alone what needs it goes too, across layers.
    lab.run(&["up"]).ok();
    lab.run(&["down", "vm1/db"]).ok();
    assert_eq!(lab.containers().into_keys().collect::<Vec<_>>(), ["later", "vm1"]);
    assert_eq!(lab.containers_in("vm1").len(), 0);
    assert_eq!(names("vm1"), ["-vm1_both", "-vm1_web"]);
}

const PARTS: &str = "
services:
  vm1:
    engine: dind
    image: ${DIND_IMAGE}
    stop_grace_period: 1s
    inner:
      services:
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: [sleep, infinity]
          volumes: ['web:/data', 'both:/both']
          networks: [front, back]
          depends_on: [db]
        db:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: [sleep, infinity]
          volumes: ['both:/both']
          networks: [back]
      networks: { front: , back: }
      volumes: { web: , both: }
  client:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
    depends_on: [vm1/web]
  late:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
";
