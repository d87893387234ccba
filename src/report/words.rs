//! Words for steps: what is being done, what was done, what would be done.

use std::time::Duration;

use crate::event::event::StepInfo;
use crate::plan::step::Resource;

use super::duration::short;
use super::width::one_line;

/// `creating`, `pulling`.
pub fn doing(info: &StepInfo) -> String {
    let word = match info.verb {
        "pull" => "pulling",
        "push" => "pushing",
        "copy" => "copying",
        "create" => "creating",
        "put files" => "putting files in",
        "fill" => "filling",
        "connect" => "connecting",
        "disconnect" => "disconnecting",
        "start" => "starting",
        "stop" => "stopping",
        "kill" => "killing",
        "pause" => "pausing",
        "unpause" => "continuing",
        "thaw" => "thawing what is inside",
        "remove" => "removing",
        "rename" => "renaming",
        "post_start" => "running its post_start",
        "pre_stop" => "running its pre_stop",
        "wait" => "waiting until ready",
        "enter" => "waiting for its engine",
        "look at" => "looking",
        "join" => "waiting for its inner layer",
        other => other,
    };
    word.to_owned()
}

/// `created`, `pulled`.
pub fn done(info: &StepInfo) -> &'static str {
    match info.verb {
        "pull" => "pulled",
        "push" => "pushed",
        "copy" => "copied",
        "create" => "created",
        "put files" | "fill" => "filled",
        "connect" => "connected",
        "disconnect" => "disconnected",
        "start" | "post_start" => "started",
        "stop" => "stopped",
        "kill" => "killed",
        "pause" => "paused",
        "unpause" => "running",
        "thaw" => "thawed",
        "remove" => "removed",
        "rename" => "renamed",
        "pre_stop" => "ready to stop",
        "enter" => "engine up",
        "look at" => "looked at",
        "wait" | "join" => "ready",
        other => other,
    }
}

/// What a step is about, as the head of a line: an address, or `network x`, `image y`, with the layer where it is
/// not the root.
pub fn subject(of: &Resource) -> String {
    match of {
        Resource::Service(addr) => addr.to_string(),
        Resource::Layer(layer) if !layer.is_root() => layer.to_string(),
        other => other.to_string(),
    }
}

/// A line that a hook of `of` said, as a line of a log; a terminal is not moved by it.
pub fn said(of: &str, line: &str) -> String {
    let plain: String = line.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect();
    format!("{of} | {plain}\n")
}

/// What is said of a step whose call is made again.
pub fn retrying(verb: &str, because: &str, pause: Duration) -> String {
    format!("{verb}: {}; again in {}", one_line(because), short(pause))
}

/// The line that says that the lab is looked at again.
pub fn looking_again(because: &str) -> String {
    format!("somebody else is at work on the lab ({}): looking again\n", one_line(because))
}
