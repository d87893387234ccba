//! The program while it runs: the events that it tells, and signals to it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::lab::{Ran, TestLab};

/// A running `up` or `down` that tells its events.
pub(crate) struct Running {
    /// `None` once its end was waited for.
    child: Option<Child>,
    lines: Lines<BufReader<ChildStdout>>,
    steps: BTreeMap<u64, (String, String, bool)>,
}

/// The beginning or the end of a step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Boundary {
    /// What the step is about.
    pub(crate) of: String,
    pub(crate) action: String,
    pub(crate) change: bool,
    /// It ended; else it began, and its call is on the way.
    pub(crate) is_end: bool,
}

impl Running {
    /// Starts the program; its events come as JSON.
    pub(crate) fn start(lab: &TestLab, arguments: &[&str]) -> Self {
        let mut child = lab.spawn(&[arguments, &["--progress", "json"]].concat());
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Self { child: Some(child), lines, steps: BTreeMap::new() }
    }

    /// Reads events until one is about such a step; whether it came before the end. `of` may be the first word of
    /// what the step is about: `network`.
    pub(crate) fn until(&mut self, of: &str, action: &str, event: &str) -> bool {
        while let Some(line) = self.next() {
            let Some(step) = line["step"].as_u64().filter(|_| line["event"] == event) else { continue };
            let (its_of, its_action, _) = &self.steps[&step];
            if its_action == action && (its_of == of || its_of.split(' ').next() == Some(of)) {
                return true;
            }
        }
        false
    }

    /// Reads events until this one; whether it came before the end.
    pub(crate) fn until_event(&mut self, event: &str) -> bool {
        std::iter::from_fn(|| self.next()).any(|line| line["event"] == event)
    }

    /// The next beginning or end of a step; `None` at the end of the run.
    pub(crate) fn boundary(&mut self) -> Option<Boundary> {
        while let Some(line) = self.next() {
            let is_end = line["event"] == "step-finished";
            if is_end || line["event"] == "step-started" {
                let (of, action, change) = self.steps[&line["step"].as_u64().expect("a number")].clone();
                return Some(Boundary { of, action, change, is_end });
            }
        }
        None
    }

    fn next(&mut self) -> Option<Value> {
        let line = self.lines.next()?.expect("a line");
        let line: Value = serde_json::from_str(&line).expect("JSON");
        for step in line["steps"].as_array().into_iter().flatten() {
            let text = |key: &str| step[key].as_str().expect("a text").to_owned();
            let change = step["change"].as_bool().expect("yes or no");
            let about = (text("of"), text("action"), change);
            self.steps.insert(step["id"].as_u64().expect("a number"), about);
        }
        Some(line)
    }

    fn child(&self) -> &Child {
        self.child.as_ref().expect("it runs until it is waited for")
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child().id()
    }

    /// The most memory that it had so far, in KiB; `None` once it has ended.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(self.child()), signal).expect("it is signalled");
    }

    /// Ends it at once: it cannot clean up.
    pub(crate) fn kill(mut self) {
        let mut child = self.child.take().expect("it runs until it is waited for");
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
    }

    /// Waits for its end. The events that were read before are not in its output.
    pub(crate) fn end(mut self) -> Ran {
        let rest: Vec<String> = std::iter::from_fn(|| self.next()).map(|line| line.to_string()).collect();
        let child = self.child.take().expect("it runs until it is waited for");
        let mut ran = Ran::of(&child.wait_with_output().expect("it ends"));
        ran.stdout = rest.join("\n");
        ran
    }
}

impl Drop for Running {
    /// A test that fails does not wait for it.
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Runs the program again and again and kills each run at the first boundary at which none was killed yet, so that each
/// finds what the others left. The answer is the number of kills before a run that came to its end, which must be good.
pub(crate) fn killed_at_every_step(lab: &TestLab, arguments: &[&str]) -> usize {
    let mut killed_at: BTreeSet<Boundary> = BTreeSet::new();
    loop {
        let mut running = Running::start(lab, arguments);
        let new = std::iter::from_fn(|| running.boundary()).find(|boundary| !killed_at.contains(boundary));
        let Some(new) = new else {
            running.end().ok();
            return killed_at.len();
        };
        running.kill();
        killed_at.insert(new);
        assert!(killed_at.len() < 1000, "{arguments:?} comes to no end: {killed_at:#?}");
    }
}
