//! `up` in the foreground: logs of all levels as they come, how it ends, and what is stopped then.

use nestctl::model::observed::ContainerState;
use rustix::process::{Pid, Signal, kill_process};

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use crate::support::lab::{Ran, TestLab};

/// An inner service that tells that it runs, an outer one that the file does not attach, and tests that end with 7.
const LAB: &str = "
services:
  vm:
    engine: {kind: dind, data: tmpfs}
    image: ${DIND_IMAGE}
    inner:
      services:
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: [sh, -c, 'echo web is here; exec sleep infinity']
        tests:
          image: ${BUSYBOX_IMAGE}
          profiles: [tests]
          init: true
          command: [sh, -c, 'echo testing; exit 7']
          depends_on: {web: {condition: service_started}, seed: {condition: service_completed_successfully}}
        seed:
          image: ${BUSYBOX_IMAGE}
          profiles: [tests]
          command: [sh, -c, 'echo seeded']
  quiet:
    image: ${BUSYBOX_IMAGE}
    init: true
    attach: false
    command: [sh, -c, 'echo nobody hears; exec sleep infinity']
";

fn states(lab: &TestLab) -> Vec<(String, ContainerState)> {
    lab.containers().into_iter().map(|(addr, container)| (addr, container.state)).collect()
}

/// Everything of the lab has ended. An engine answers a stop a moment before its list shows the end.
fn all_have_ended(lab: &TestLab) -> bool {
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until {
        if states(lab).iter().all(|(_, state)| *state == ContainerState::Exited) {
            return true;
        }
    }
    false
}

#[test]
fn ctrl_c_must_stop_the_lab_after_its_logs_were_shown() {
    let Some(lab) = TestLab::new("foreground", LAB) else { return };
    let mut child = lab.spawn(&["up", "--attach"]);
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let first = lines.next().expect("it says something").expect("a line");
    assert_eq!(first, "vm/web | web is here");
    kill_process(Pid::from_child(&child), Signal::INT).expect("it is signalled");
    let rest: Vec<String> = lines.map(|line| line.expect("a line")).collect();
    assert_eq!(rest, Vec::<String>::new());
    let ran = Ran::of(&child.wait_with_output().expect("it ends")).code(130);
    assert!(ran.stderr.contains("vm/web exited with code"), "{}", ran.stderr);
    let all = [("quiet", ContainerState::Exited), ("vm", ContainerState::Exited)];
    assert!(all_have_ended(&lab), "{:?}", states(&lab));
    assert_eq!(states(&lab), all.map(|(addr, state)| (addr.to_owned(), state)));
}

#[test]
fn followed_logs_must_go_on_with_what_is_restarted_or_made_anew_and_behind_its_node() {
    // What is inside a node outlives its restart only where its data does.
    let text = LAB.replace("{kind: dind, data: tmpfs}", "dind");
    let Some(lab) = TestLab::new("followed", &text) else { return };
    lab.run(&["up"]).ok();
    let mut child = lab.spawn(&["logs", "-f", "vm/web"]);
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut next = || lines.next().map(|line| line.expect("a line"));
    assert_eq!(next().as_deref(), Some("vm/web | web is here"));
    let changes: [&[&str]; 3] = [
        &["restart", "-t", "1", "vm/web"],
        &["up", "--force-recreate", "--timeout", "1", "vm/web"],
        &["restart", "-t", "1", "vm"],
    ];
    for change in changes {
        lab.run(change).ok();
        assert_eq!(next().as_deref(), Some("vm/web | web is here"), "{change:?}");
    }
    lab.run(&["stop", "-t", "1", "vm/web"]).ok();
    assert_eq!(next(), None);
    Ran::of(&child.wait_with_output().expect("it ends")).ok();
}

#[test]
fn the_exit_code_of_a_service_inside_a_node_must_be_the_programs() {
    let Some(lab) = TestLab::new("exit-code", LAB) else { return };
    let lab = lab.with("COMPOSE_PROFILES", "tests");
    let wrong = lab.run(&["up", "--exit-code-from", "vm/test"]).code(5);
    assert!(wrong.stderr.contains("did you mean `vm/tests`?"), "{}", wrong.stderr);
    assert_eq!(lab.leftovers(), Vec::<String>::new(), "nothing was started");

    // What has ended well for others to go on is no reason to stop.
    let ran = lab.run(&["up", "--exit-code-from", "vm/tests", "--no-attach", "vm/web"]).code(7);
    let mut said: Vec<&str> = ran.stdout.lines().collect();
    said.sort_unstable();
    assert_eq!(said, ["vm/seed  | seeded", "vm/tests | testing"]);
    assert!(ran.stderr.contains("stopping, because vm/tests has ended"), "{}", ran.stderr);
    assert!(all_have_ended(&lab), "{:?}", states(&lab));

    // Again: what has ended is run once more. When all that is shown has ended, it is over.
    let again = ["up", "--detach=false", "--attach", "vm/tests", "--no-log-prefix", "--timestamps"];
    let ran = lab.run(&again).code(0);
    assert!(ran.stdout.lines().all(|line| line.ends_with("Z testing")) && !ran.stdout.is_empty(), "{ran:?}");
    let running: Vec<_> = states(&lab).into_iter().map(|(_, state)| state).collect();
    assert_eq!(running, [ContainerState::Running; 2], "nothing is stopped where it was not asked for");
    lab.run(&["up", "--abort-on-container-failure", "vm/tests"]).code(7);
    assert_eq!(lab.run(&["up", "-d", "--attach"]).code, 2);
}
