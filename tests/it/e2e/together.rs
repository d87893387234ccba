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
