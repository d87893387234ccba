//! Which failures of an engine pass, which say that somebody else was at work, and which last. Pure.
//!
//! What passes is tried again, a few times, with longer and longer pauses (`engine::passing`). Where somebody else was at
//! work, what was observed is not so any more: the same call would fail again, so the run looks and plans again
//! (`dispatcher::again`). A call that got no answer in time is neither: an engine that hangs is told once.

use std::time::Duration;

use crate::engine::error::EngineError;
use crate::engine::passing;
use crate::model::failure::{Failure, FailureKind};
use crate::model::observed::{ContainerState, Observed, ObservedContainer};
use crate::plan::action::Action;

/// How often a run looks and plans again.
const LOOKS: u32 = 4;

/// What an engine says when what was observed is not so any more, in lower case.
const STALE: &[&str] = &[
    "no such container",
    "no container with name or id",
    "no such network",
    "unable to find network",
    "no such volume",
    "no such image",
    "already in use by",
    "the container name",
    "is marked for removal",
    "the container was removed",
    "could not find a network matching",
    "renaming a container with the same name",
];

/// The same of a container that another run has stopped, paused or continued.
const STALE_STATE: &[&str] = &["is not running", "is not paused", "is already paused", "is paused"];

/// Whether the same call may go well in a moment.
pub(super) fn passes(error: &EngineError) -> bool {
    if error.kind == FailureKind::Unauthorized {
        return false;
    }
    if error.kind == FailureKind::Unreachable || matches!(error.status, Some(502..=504)) {
        return true;
    }
    error.to_failure().causes.iter().any(|cause| passing::passes(cause))
}

/// Whether a call may be made twice, where the first one's answer was lost. A signal may not: a program may count.
pub(super) fn is_repeatable(action: &Action) -> bool {
    match action {
        Action::Kill { signal, .. } => signal.as_deref().is_none_or(|signal| signal.ends_with("KILL")),
        Action::Hook { .. } | Action::Build(_) => false,
        _ => true,
    }
}

/// Whether a step failed because somebody else has changed what it is about.
pub(super) fn is_stale(action: &Action, failure: &Failure) -> bool {
    match action {
        Action::Pull { .. } | Action::Push { .. } | Action::Build(_) => false,
        // A container that has ended by itself is its hook's trouble, not somebody else's doing.
        Action::Hook { .. } => says(failure, STALE) || is_network_gone(failure),
        _ => says(failure, STALE) || says(failure, STALE_STATE) || is_network_gone(failure),
    }
}

/// Whether a node that was seen to run had ended when it was entered: a daemon that was killed a moment ago is still
/// listed as running. Looking again finds it ended and starts it; one that this run started and that ends was not seen to run.
pub(super) fn has_ended_since(action: &Action, failure: &Failure, seen: Option<&Observed>) -> bool {
    let Action::Enter(enter) = action else { return false };
    let is_node = |one: &&ObservedContainer| one.id == enter.container || one.name == enter.container;
    let node = seen.and_then(|seen| seen.containers.iter().find(is_node));
    failure.kind == FailureKind::Unhealthy && node.is_some_and(|node| node.state == ContainerState::Running)
}

/// The pause before a run looks for the `n`th time again, from 1; `None`: that would not help.
pub(super) fn pause_before_look(n: u32) -> Option<Duration> {
    (n <= LOOKS).then(|| Duration::from_millis(500) * n)
}

fn says(failure: &Failure, words: &[&str]) -> bool {
    failure.causes.iter().any(|cause| {
        let cause = cause.to_lowercase();
        words.iter().any(|word| cause.contains(word))
    })
}

/// Docker has no better words: `network lab_default not found`, `network with name lab_default already exists`.
fn is_network_gone(failure: &Failure) -> bool {
    failure.causes.iter().any(|cause| {
        let cause = cause.trim().to_lowercase();
        cause.contains("network ") && (cause.ends_with(" not found") || cause.ends_with(" already exists"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: FailureKind, status: Option<u16>, reason: &str) -> EngineError {
        EngineError { status, ..EngineError::new("start container", "web", kind, reason) }
    }

    #[test]
    fn a_trouble_of_the_moment_passes_and_everything_else_lasts() {
        use FailureKind::{Conflict, Engine, NotFound, Timeout, Unauthorized, Unreachable};
        let table = [
            (true, Unreachable, None, "connection refused"),
            (true, Engine, Some(503), "service unavailable"),
            (
                true,
                Engine,
                Some(500),
                "connection error: desc = \"transport: Error while dialing: dial unix\"",
            ),
            (true, Engine, None, "received unexpected HTTP status: 500 Internal Server Error"),
            (true, Timeout, None, "net/http: TLS handshake timeout"),
            (true, Engine, None, "read tcp 10.0.0.1:1->10.0.0.2:5000: read: connection reset by peer"),
            (true, Conflict, Some(409), "removal of container web is already in progress"),
            (true, Engine, Some(500), "unlinkat /var/lib/docker/…: device or resource busy"),
            (false, Timeout, None, "the engine has not answered for 120 s"),
            (
                false,
                Engine,
                Some(500),
                "OCI runtime create failed: exec: \"nope\": executable file not found",
            ),
            (false, Engine, Some(500), "write /var/lib/docker/tmp/x: no space left on device"),
            (false, Conflict, Some(500), "Bind for 0.0.0.0:80 failed: port is already allocated"),
            (false, NotFound, Some(404), "manifest for nginx:nope not found: manifest unknown"),
            (false, Unauthorized, Some(401), "unauthorized: authentication required"),
            (false, Engine, None, "toomanyrequests: You have reached your pull rate limit"),
        ];
        for (wanted, kind, status, reason) in table {
            assert_eq!(passes(&error(kind, status, reason)), wanted, "{reason}");
        }
    }

    #[test]
    fn looks_are_bounded() {
        assert_eq!(pause_before_look(LOOKS + 1), None);
    }

    #[test]
    fn what_somebody_else_changed_is_looked_at_again() {
        let start = Action::Start { container: "web".to_owned() };
        let pause = Action::Pause { container: "web".to_owned() };
        let rename = Action::Rename { container: "web".to_owned(), name: "lab-web-1".to_owned() };
        let pull = Action::Pull { image: "web".to_owned(), platform: None };
        let hook = Action::Hook {
            container: "web".to_owned(),
            point: crate::plan::action::HookPoint::PostStart,
            hook: Box::default(),
        };
        let table = [
            (true, &start, "No such container: lab-web-1"),
            (true, &start, "no container with name or ID \"lab-web-1\" found: no such container"),
            (true, &start, "network lab_default not found"),
            (true, &start, "network with name lab_default already exists"),
            (
                true,
                &start,
                "Conflict. The container name \"/lab-web-1\" is already in use by container \"12ab\".",
            ),
            (true, &start, "container is marked for removal and cannot be started"),
            (
                true,
                &start,
                "could not find a network matching network mode lab_back: network lab_back not found",
            ),
            (true, &rename, "Renaming a container with the same name as its current name"),
            (true, &pause, "container 12ab is not running"),
            (false, &hook, "container 12ab is not running"),
            (true, &hook, "No such container: lab-web-1"),
            (false, &pull, "No such image: web:latest"),
            (false, &start, "exec: \"nope\": executable file not found in $PATH"),
            (false, &start, "Bind for 0.0.0.0:80 failed: port is already allocated"),
            (false, &start, "network lab_default has active endpoints"),
        ];
        for (wanted, action, cause) in table {
            let failure = Failure {
                kind: FailureKind::Engine,
                summary: String::new(),
                causes: vec![cause.to_owned()],
                logs: None,
            };
            assert_eq!(is_stale(action, &failure), wanted, "{cause}");
        }
    }

    #[test]
    fn a_signal_that_a_program_may_count_is_not_sent_twice() {
        let kill =
            |signal: Option<&str>| Action::Kill { container: "x".into(), signal: signal.map(str::to_owned) };
        assert!(is_repeatable(&kill(None)) && is_repeatable(&kill(Some("SIGKILL"))));
        assert!(!is_repeatable(&kill(Some("SIGHUP"))));
    }
}
