//! nestctl killed at each boundary of a step of a three-level `up` and of its `down`, each time from a clean state.

use nestctl::engine::engine::Change;
use nestctl::model::observed::ContainerState;

use crate::support::lab::TestLab;
use crate::support::real_engine::block_on;
use crate::support::running::{Boundary, Running};

use super::asked::{assert_goes, assert_nothing_to_do, lab, stride};

const LAB: &str = "
services:
  a:
    engine: dind
    image: ${DIND_IMAGE}
    inner:
      services:
        b:
          engine: dind
          image: ${DIND_IMAGE}
          inner:
            services:
              db:
                image: ${BUSYBOX_IMAGE}
                init: true
                command: [sleep, infinity]
                volumes: ['kept:/data']
                healthcheck: { test: [CMD, 'true'], interval: 200ms }
              web:
                image: ${BUSYBOX_IMAGE}
                init: true
                command: [sleep, infinity]
                networks: [one, two]
                configs: [{ source: greeting, target: /etc/greeting }]
                depends_on: { db: { condition: service_healthy } }
                publish: ['127.0.0.1:21190:80']
            networks: { one: {}, two: {} }
            volumes: { kept: {} }
            configs: { greeting: { content: hello } }
        job: { image: '${BUSYBOX_IMAGE}', command: ['true'] }
  client:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
    depends_on: [a/b/web]
";

/// Brings something about and is killed at its `n`-th boundary; `None`: it went well with fewer.
fn killed_at(lab: &TestLab, arguments: &[&str], n: usize) -> Option<Boundary> {
    let mut running = Running::start(lab, arguments);
    match (0..=n).map_while(|_| running.boundary()).nth(n) {
        Some(at) => {
            running.kill();
            Some(at)
        }
        None => {
            running.end().ok();
            None
        }
    }
}

fn assert_is_up(lab: &TestLab, when: &str) {
    for (layer, addrs) in [("", &["a", "client"][..]), ("a", &["a/b"]), ("a/b", &["a/b/db", "a/b/web"])] {
        let there = lab.containers_in(layer);
        for addr in addrs {
            let state = there.get(*addr).map(|it| it.state);
            assert_eq!(state, Some(ContainerState::Running), "{when}: {addr}");
        }
    }
    assert_eq!(lab.exec("a/b", "a/b/web", &["cat", "/etc/greeting"]).0, "hello", "{when}");
}

#[test]
fn an_up_of_three_levels_killed_at_any_boundary_must_be_finished_by_the_next() {
    let Some(lab) = lab("kill-up", LAB) else { return };
    let stride = stride().expect("it was asked for");
    let mut n_kills = 0;
    while let Some(at) = killed_at(&lab, &["up"], n_kills * stride) {
        n_kills += 1;
        let when = format!("kill {n_kills} at {at:?}");
        println!("{when}");
        let ran = lab.run(&["up"]);
        assert_eq!(ran.code, 0, "{when}: {}", ran.stderr);
        assert_is_up(&lab, &when);
        assert_nothing_to_do(&lab, &when);
        // How a node ends in order is another test's.
        let node = lab.containers().remove("a").expect("a node");
        block_on(lab.engine().act(&node.id, &Change::Kill(None))).expect("it is killed");
        assert_goes(&lab, &when);
    }
    println!("{n_kills} kills of `up`");
    assert_is_up(&lab, "at last");
    assert!(n_kills * stride > 60, "{n_kills}");
}

#[test]
fn a_down_of_three_levels_killed_at_any_boundary_must_be_finished_by_the_next() {
    let Some(lab) = lab("kill-down", LAB) else { return };
    let stride = stride().expect("it was asked for");
    let mut n_kills = 0;
    loop {
        lab.run(&["up"]).ok();
        // In turn with the volumes and without: the one leaves what is inside to the volume, the other takes it apart.
        let arguments = if n_kills % 2 == 0 { &["down"][..] } else { &["down", "-v"] };
        let Some(at) = killed_at(&lab, arguments, n_kills * stride / 2) else { break };
        n_kills += 1;
        let when = format!("kill {n_kills} of {arguments:?} at {at:?}");
        println!("{when}");
        if n_kills % 3 == 0 {
            let ran = lab.run(&["up"]);
            assert_eq!(ran.code, 0, "{when}: {}", ran.stderr);
            assert_is_up(&lab, &when);
            assert_nothing_to_do(&lab, &when);
        }
        assert_goes(&lab, &when);
    }
    println!("{n_kills} kills of `down`");
}
