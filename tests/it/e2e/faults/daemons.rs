//! Daemons and nodes that die or stand still, during `up`, during a copy and while everything runs.

use std::collections::BTreeMap;

use nestctl::engine::engine::Change;
use nestctl::model::observed::ContainerState;

use crate::e2e::failures::errors;
use crate::support::hand;
use crate::support::lab::TestLab;
use crate::support::real_engine::{block_on, eventually, inside};
use crate::support::running::Running;

use super::asked::{assert_goes, assert_nothing_to_do, lab};

fn yaml(kind: &str, image: &str) -> String {
    format!(
        "
services:
  vm1:
    engine: {kind}
    image: ${{{image}}}
    inner:
      images: ['${{DIND_IMAGE}}']
      services:
        db:
          image: ${{BUSYBOX_IMAGE}}
          init: true
          command: [sleep, infinity]
          volumes: ['kept:/data']
        web:
          image: ${{BUSYBOX_IMAGE}}
          init: true
          command: [sleep, infinity]
          depends_on: [db]
      volumes: {{ kept: {{}} }}
  good:
    image: ${{BUSYBOX_IMAGE}}
    init: true
    command: [sleep, infinity]
"
    )
}

/// What dies.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    /// The inner daemon.
    Daemon,
    /// The node.
    Node,
}

/// When: what step, which action, which event of it.
const MOMENTS: [(&str, &str, &str); 4] = [
    ("vm1", "enter", "step-finished"),
    ("image", "copy", "step-started"),
    ("image", "copy", "step-progress"),
    ("vm1/db", "create", "step-finished"),
];

fn kill(lab: &TestLab, victim: Victim) {
    let node = lab.containers()["vm1"].id.clone();
    block_on(async {
        match victim {
            Victim::Node => lab.engine().act(&node, &Change::Kill(None)).await.expect("it is killed"),
            Victim::Daemon => hand::signal(&*lab.engine(), &node, "dockerd", "KILL").await,
        }
    });
}

fn assert_is_up(lab: &TestLab, when: &str) {
    for (layer, addrs) in [("", &["vm1", "good"]), ("vm1", &["vm1/db", "vm1/web"])] {
        let there = lab.containers_in(layer);
        for addr in addrs {
            let state = there.get(*addr).map(|it| it.state);
            assert_eq!(state, Some(ContainerState::Running), "{when}: {addr}");
        }
    }
    assert_nothing_to_do(lab, when);
}

/// `up` with a death in the midst of it. Afterwards a further `up` finishes, or a `down` takes all of it away.
fn die_during_up(lab: &TestLab, victim: Victim, comes_back: bool) {
    for (n, moment) in MOMENTS.into_iter().enumerate() {
        for then in ["up", "down"] {
            let when = format!("{victim:?} at {moment:?}, then {then}");
            println!("{when}");
            let (of, action, event) = moment;
            let mut running = Running::start(lab, &["up"]);
            assert!(running.until(of, action, event), "no such event: {when}");
            kill(lab, victim);
            let ran = running.end();
            // A daemon that its node starts again may be waited for; a node that ended is one error.
            match ran.code {
                0 => assert!(comes_back, "{when}: {}", ran.stderr),
                1 if !comes_back => assert_eq!(errors(&ran).len(), 1, "{when}: {}", ran.stderr),
                code => assert_eq!(code, 1, "{when}: {}", ran.stderr),
            }
            assert_eq!(lab.containers()["good"].state, ContainerState::Running, "{when}");
            if then == "up" {
                let ran = lab.run(&["up"]);
                assert_eq!(ran.code, 0, "{when}: {}", ran.stderr);
                assert_is_up(lab, &when);
            }
            assert_goes(lab, &format!("{when} ({n})"));
        }
    }
}

#[test]
fn a_dind_node_that_dies_during_up_must_be_one_error_and_come_up_again() {
    let Some(lab) = lab("dies", &yaml("dind", "DIND_IMAGE")) else { return };
    die_during_up(&lab, Victim::Node, false);
    // It is process 1 of its node.
    die_during_up(&lab, Victim::Daemon, false);
}

#[test]
fn a_daemon_under_systemd_that_dies_during_up_must_come_up_again() {
    let Some(lab) = lab("systemd-dies", &yaml("systemd", "SYSTEMD_IMAGE")) else { return };
    die_during_up(&lab, Victim::Daemon, true);
}

fn ids(lab: &TestLab) -> BTreeMap<String, String> {
    let all = lab.containers().into_iter().chain(lab.containers_in("vm1"));
    all.map(|(addr, container)| (addr, container.id)).collect()
}

#[test]
fn what_dies_or_is_paused_while_it_runs_must_come_up_as_it_was() {
    for (kind, image) in [("dind", "DIND_IMAGE"), ("systemd", "SYSTEMD_IMAGE")] {
        let Some(lab) = lab("runs", &yaml(kind, image)) else { return };
        lab.run(&["up"]).ok();
        let before = ids(&lab);
        for victim in [Victim::Daemon, Victim::Node] {
            let when = format!("{kind}: {victim:?}");
            println!("{when}");
            kill(&lab, victim);
            lab.run(&["ps"]).ok();
            if kind == "systemd" && victim == Victim::Daemon {
                let node = lab.containers()["vm1"].clone();
                // It was killed and answers again: what systemd does is not the test's.
                block_on(eventually("the daemon answers", || async {
                    inside(&lab.engine(), &node).ping().await.ok()
                }));
            }
            lab.run(&["up"]).ok();
            assert_is_up(&lab, &when);
            assert_eq!(ids(&lab), before, "{when}");
        }
        let node = lab.containers()["vm1"].id.clone();
        block_on(lab.engine().act(&node, &Change::Pause)).expect("it is paused");
        println!("{kind}: paused");
        lab.run(&["ps"]).ok();
        assert_ne!(lab.run(&["exec", "vm1/web", "--", "true"]).code, 0, "{kind}");
        lab.run(&["up"]).ok();
        assert_is_up(&lab, kind);
        assert_eq!(ids(&lab), before, "{kind}: paused");

        // It stands still: `up` says so in a bounded time, and goes on when it is let go.
        block_on(hand::signal(&*lab.engine(), &node, "dockerd", "STOP"));
        println!("{kind}: stands still");
        lab.run(&["ps"]).ok();
        block_on(hand::signal(&*lab.engine(), &node, "dockerd", "CONT"));
        lab.run(&["up"]).ok();
        assert_is_up(&lab, kind);
        assert_goes(&lab, kind);
    }
}
