//! The program while it runs: the events that it tells, and signals to it.

use std::collections::BTreeMap;
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
    steps: BTreeMap<u64, (String, String)>,
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
            let (its_of, its_action) = &self.steps[&step];
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

    fn next(&mut self) -> Option<Value> {
        let line = self.lines.next()?.expect("a line");
        let line: Value = serde_json::from_str(&line).expect("JSON");
        for step in line["steps"].as_array().into_iter().flatten() {
            let text = |key: &str| step[key].as_str().expect("a text").to_owned();
            self.steps.insert(step["id"].as_u64().expect("a number"), (text("of"), text("action")));
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
