//! What was taken down by hand: the next `up` finds all of it and repairs what is down.

use std::collections::BTreeMap;
use std::process::Command;

use nestctl::engine::engine::{Change, Remove};
use nestctl::model::observed::ContainerState;

use crate::support::lab::TestLab;
use crate::support::real_engine::{block_on, eventually};

const LAB: &str = "
services:
  vm1:
    engine: dind
    image: ${DIND_IMAGE}
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
          depends_on: [db]
      volumes: { kept: {} }
  client:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
    volumes: ['kept:/data']
volumes: { kept: {} }
";

/// IDs of all containers by address. All must run.
fn ids(lab: &TestLab) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (addr, container) in lab.containers().into_iter().chain(lab.containers_in("vm1")) {
        assert_eq!(container.state, ContainerState::Running, "{addr}");
        out.insert(addr, container.id);
    }
    out
}

fn write_rows(lab: &TestLab) {
    for (layer, addr) in [("", "client"), ("vm1", "vm1/db")] {
        assert_eq!(lab.exec(layer, addr, &["sh", "-c", "echo a row >/data/rows"]).1, 0);
    }
}

/// Brings the lab up again. All must run, keep what it had written, and, but for `renewed`, be the same containers.
#[track_caller]
fn repair(lab: &TestLab, before: &mut BTreeMap<String, String>, renewed: Option<&str>) {
    lab.run(&["up"]).ok();
    let after = ids(lab);
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    for (addr, id) in &after {
        assert_eq!(before[addr] != *id, renewed == Some(addr), "{addr}");
    }
    for (layer, addr) in [("", "client"), ("vm1", "vm1/db")] {
        assert_eq!(lab.exec(layer, addr, &["cat", "/data/rows"]), ("a row\n".to_owned(), 0), "{addr}");
    }
    *before = after;
}

#[test]
fn up_must_repair_what_was_killed_stopped_or_removed_by_hand() {
    let Some(lab) = TestLab::new("repair", LAB) else { return };
    lab.run(&["up"]).ok();
    write_rows(&lab);
    let mut before = ids(&lab);
    let act = |layer: &str, id: &str, change: Change| {
        let done = block_on(async { lab.engine_of(layer).await.act(id, &change).await });
        done.expect("it is done by hand");
    };

    act("vm1", &before["vm1/web"], Change::Kill(None));
    repair(&lab, &mut before, None);

    let gone = Remove::Container { container: before["vm1/db"].clone(), volumes: true };
    block_on(async { lab.engine_of("vm1").await.remove(&gone).await }).expect("it is removed by hand");
    repair(&lab, &mut before, Some("vm1/db"));

    act("", &before["vm1"], Change::Kill(None));
    act("", &before["vm1"], Change::Start);
    repair(&lab, &mut before, None);

    act("", &before["vm1"], Change::Stop(None));
    repair(&lab, &mut before, None);

    // Nothing is left to repair.
    let plan = lab.run(&["plan", "--format", "json"]).ok().json();
    assert_eq!(plan["changes"], false, "{plan:#}");
}

#[test]
fn up_must_repair_the_lab_after_the_engine_was_restarted() {
    let Some(restart) = std::env::var("NESTCTL_TEST_ENGINE_RESTART").ok().filter(|line| !line.is_empty())
    else {
        println!("skipped: NESTCTL_TEST_ENGINE_RESTART names no command (`cargo xtask test` does)");
        return;
    };
    let Some(lab) = TestLab::alone("restart", LAB) else { return };
    lab.run(&["up"]).ok();
    write_rows(&lab);
    let mut before = ids(&lab);
    let restarted = Command::new("sh").args(["-c", &restart]).output().expect("a shell");
    assert!(restarted.status.success(), "{}", String::from_utf8_lossy(&restarted.stderr));
    block_on(eventually("the engine answers", || async { lab.engine().ping().await.ok() }));
    repair(&lab, &mut before, None);
}
