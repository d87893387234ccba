//! Two nestctl at once on one lab: one waits, or says who is at work; what changes nothing is not held up.

use std::io::{BufRead, BufReader};

use crate::support::lab::{Ran, TestLab};
use crate::support::running::Running;

const LAB: &str = "
services:
  slow:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
    healthcheck: { test: [CMD, test, -e, /good], interval: 200ms, retries: 3000 }
";

#[test]
fn a_second_run_must_wait_or_say_who_is_at_work() {
    let Some(lab) = TestLab::new("together", LAB) else { return };
    let mut first = Running::start(&lab, &["up"]);
    assert!(first.until("slow", "wait", "step-started"), "it waits for the health check");

    let refused = lab.run(&["down", "--lock-timeout", "0"]).code(1);
    let holder = format!("(process {})", first.pid());
    for words in ["nestctl -p", " up --progress json`", &holder, "is at work on the lab", "--lock-timeout"] {
        assert!(refused.stderr.contains(words), "no `{words}` in:\n{}", refused.stderr);
    }
    lab.run(&["ps"]).ok();
    lab.run(&["plan"]).ok();
    lab.run(&["up", "--dry-run"]).ok();

    let mut second = lab.spawn(&["up"]);
    let mut said = BufReader::new(second.stderr.take().expect("it is piped")).lines();
    let line = said.next().expect("it says something").expect("text");
    assert!(line.starts_with("waiting for `nestctl -p") && line.contains(&holder), "{line}");

    assert_eq!(lab.exec("", "slow", &["touch", "/good"]).1, 0);
    first.end().ok();
    let rest: Vec<String> = said.map(|line| line.expect("text")).collect();
    Ran::of(&second.wait_with_output().expect("it ends")).ok();
    assert!(rest.iter().any(|line| line.contains("is up")), "{rest:?}");

    let locks = lab.directory.join(".local/state/nestctl/locks");
    assert_eq!(std::fs::read_dir(locks).expect("the directory of locks").count(), 0);
}

const TREE: &str = "
services:
  vm1:
    engine: dind
    image: ${DIND_IMAGE}
    inner:
      services:
        db: { image: '${BUSYBOX_IMAGE}', init: true, command: [sleep, infinity], volumes: ['kept:/data'] }
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: [sleep, infinity]
          depends_on: [db]
          configs: [{ source: greeting, target: /etc/greeting }]
      volumes: { kept: {} }
      configs: { greeting: { content: hello } }
  client: { image: '${BUSYBOX_IMAGE}', init: true, command: [sleep, infinity], depends_on: [vm1/web] }
";

/// A run of a machine of its own: it has no lock in common with the others.
fn elsewhere(lab: &TestLab, machine: &str, arguments: &[&str]) -> std::process::Child {
    let mut command = lab.command(arguments);
    command.env("XDG_STATE_HOME", lab.directory.join(machine));
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    command.spawn().expect("nestctl starts")
}

#[test]
fn runs_from_two_machines_must_come_to_one_lab() {
    let Some(lab) = TestLab::new("machines", TREE) else { return };
    let end = |run: std::process::Child| Ran::of(&run.wait_with_output().expect("it ends"));
    let both = ["a", "b"].map(|machine| elsewhere(&lab, machine, &["up"]));
    for run in both {
        end(run).ok();
    }
    let plan = lab.run(&["plan", "--format", "json"]).ok().json();
    assert_eq!(plan["changes"], false, "{plan:#}");

    // Both make everything of it anew.
    lab.edit("nest.yaml", "command: [sleep, infinity]", "command: [sleep, '100000']");
    let both = ["a", "b"].map(|machine| elsewhere(&lab, machine, &["up"]));
    for run in both {
        end(run).ok();
    }
    let plan = lab.run(&["plan", "--format", "json"]).ok().json();
    assert_eq!(plan["changes"], false, "{plan:#}");

    // One of them is late: what it comes upon is gone, or is about to be.
    let both = ["a", "b"].map(|machine| elsewhere(&lab, machine, &["down", "-v"]));
    for run in both {
        end(run).ok();
    }
    assert_eq!(lab.leftovers(), [""; 0]);
}
