//! Version 1 of the event stream: one object a line. Each has `v` (the version of this format: 1), `seq` (its number
//! in the run, from 0), `at` (seconds since the run began) and `event`, which says what else it has.

use serde::Serialize;

use super::timings::Timings;
use super::v1::{Container, Failure, Problem, Step};

/// What happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// First.
    RunStarted {
        /// The lab.
        project: String,
        /// `up` or `down`.
        command: &'static str,
    },
    /// The engines that answer were observed.
    Surveyed {
        /// Layers that answered.
        answered: Vec<String>,
        /// Layers that did not.
        silent: Vec<String>,
    },
    /// Layers were planned.
    LayerPlanned {
        /// The layers.
        layers: Vec<String>,
        /// Their steps.
        steps: Vec<Step>,
        /// Services that need nothing.
        unchanged: Vec<String>,
    },
    /// A step began.
    StepStarted {
        /// Its number.
        step: u32,
    },
    /// A step moved on.
    StepProgress {
        /// Its number.
        step: u32,
        /// Done so far.
        done: u64,
        /// Of how much.
        #[serde(skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
        /// `bytes` or `layers`.
        unit: &'static str,
    },
    /// A step waits for something outside.
    StepWaiting {
        /// Its number.
        step: u32,
        /// `health`, `exit`, `boot`, `engine`, `permit`.
        on: &'static str,
    },
    /// The program that a step runs (a hook) said a line.
    StepSaid {
        /// Its number.
        step: u32,
        /// The line.
        line: String,
    },
    /// A call of a step failed in a way that passes; it is made again.
    StepRetrying {
        /// Its number.
        step: u32,
        /// Why it failed.
        because: String,
        /// Seconds until then.
        pause: f64,
    },
    /// A step ended.
    StepFinished {
        /// Its number.
        step: u32,
        /// `done`, `failed`, `skipped`, `cancelled`.
        outcome: &'static str,
        /// Why it failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
        /// The failed step because of which it was skipped.
        #[serde(skip_serializing_if = "Option::is_none")]
        because: Option<u32>,
        /// Seconds from its start.
        took: f64,
    },
    /// Somebody else has changed what steps were about. All have ended; what is there now is observed and planned, and
    /// failures before count no more.
    LookingAgain {
        /// What a step failed with.
        because: String,
        /// For which time, from 1.
        attempt: u32,
    },
    /// A problem that stops nothing.
    Warned {
        /// The problem.
        problem: Problem,
    },
    /// The user asked to stop.
    Cancelling {
        /// `drain` or `abort`.
        level: &'static str,
    },
    /// Last.
    RunFinished {
        /// Whether all went well.
        success: bool,
        /// Steps that changed something.
        changed: usize,
        /// Steps that failed.
        failed: usize,
        /// Steps that were skipped.
        skipped: usize,
        /// Steps that were cancelled.
        cancelled: usize,
        /// Errors of later plans, and services that ended badly.
        problems: usize,
        /// Whether the user broke it off.
        interrupted: bool,
        /// Seconds of the whole run.
        took: f64,
        /// The services in scope as they are.
        services: Vec<Container>,
        /// Where the time went.
        timings: Timings,
    },
}
