//! Both tools on one engine: what it then reports is equal. Cases: tests/fixtures/compose; tests/fixtures/compose-refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use super::engine_case::{Case, Peer, fixtures};
use super::engine_differences::ENGINE;
use super::engine_http::get;
use super::engine_peer;
use super::engine_report::differ;
use crate::support::real_engine;
use crate::support::turn::Turn;

/// Cases side by side: a tool waits for the engine most of the time.
pub(super) const WORKERS: usize = 3;

/// Runs `check` for all cases, one at a time in each place, and fails with what all of them had to say.
pub(super) fn each<P: Send>(
    cases: &[PathBuf],
    places: Vec<P>,
    check: impl Fn(&P, &Path) -> Result<(), String> + Sync,
) {
    let queue = Mutex::new(cases.iter());
    let failures = Mutex::new(Vec::new());
    let next = || queue.lock().expect("no worker panics with the queue").next();
    thread::scope(|scope| {
        for place in places {
            scope.spawn(|| {
                let place = place;
                while let Some(case) = next() {
                    if let Err(failure) = check(&place, case) {
                        let line = format!("{}\n{failure}", case.display());
                        failures.lock().expect("no worker panics with the list").push(line);
                    }
                }
            });
        }
    });
    let mut failures: Vec<String> = failures.into_inner().expect("the workers have ended");
    failures.sort();
    assert!(failures.is_empty(), "{} of {} differ\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// The engine, and a peer to compare with.
pub(super) fn both() -> Option<(String, Peer, Turn)> {
    Some((real_engine::host()?, Peer::find()?, Turn::shared()))
}

#[test]
fn what_is_created_is_what_the_peer_creates() {
    let Some((host, peer, _turn)) = both() else { return };
    let used = Mutex::new(Vec::new());
    let prefix = format!("diff-{}", std::process::id());
    let cases = fixtures("compose");
    each(&cases, vec![(); WORKERS], |(), fixture: &Path| {
        let theirs = engine_peer::created(&peer, fixture, &host)?;
        let case = Case::new(fixture, &prefix, &host);
        case.nestctl(&["create"]).map_err(|said| format!("nestctl alone refuses:\n{said}"))?;
        let ours = case.report();
        let mut needed = Vec::new();
        let difference = differ(&theirs, &ours, ENGINE, &mut needed);
        used.lock().expect("nobody panics with the list").extend(needed);
        if difference.is_empty() { Ok(()) } else { Err(difference) }
    });
    if std::env::var_os("NESTCTL_TEST_CASE").is_some() {
        return;
    }
    assert!(!cases.is_empty(), "no fixtures");
    let used = used.into_inner().expect("nobody panics with the list");
    for row in ENGINE {
        assert!(used.contains(&row.at), "no case needs the row {}: {}", row.at, row.why);
    }
}

#[test]
fn what_the_peer_refuses_is_refused_with_its_place() {
    let Some((host, peer, _turn)) = both() else { return };
    let prefix = format!("diffref-{}", std::process::id());
    // A store of one manifest an image lacks what containerd's has.
    let has_indexes = get(&host, "/info")["DriverStatus"].to_string().contains("io.containerd.snapshotter");
    let mut cases = fixtures("compose-refused");
    cases.retain(|case| !(has_indexes && case.join("graph-driver").exists()));
    each(&cases, vec![(); WORKERS], |(), fixture: &Path| {
        let case = Case::new(fixture, &prefix, &host);
        // The command is `create`, or stands in a file of the fixture.
        // What the peer creates and cannot start, or starts in part, says so in a file of the fixture. In another one are
        // words of the peer, where it alone decides whether a form of the specification is of use.
        let command = fs::read_to_string(fixture.join("command")).unwrap_or_else(|_| "create".to_owned());
        let command: Vec<&str> = command.split_whitespace().collect();
        let peers = case.peer(&peer, &command);
        let words = fs::read_to_string(fixture.join("peer")).unwrap_or_default();
        if peers.is_err() == fixture.join("alone").exists()
            || peers.as_ref().is_err_and(|said| !said.contains(words.trim_end()))
        {
            return Err(format!("the peer: {peers:?}"));
        }
        case.clear();
        let Err(said) = case.nestctl(&command) else { return Err("nestctl takes it".to_owned()) };
        // What only the engine can refuse is told in its words.
        let words = fs::read_to_string(fixture.join("engine")).unwrap_or_default();
        let wanted = if words.is_empty() { "compose.yaml:" } else { words.trim_end() };
        if said.contains(wanted) { Ok(()) } else { Err(format!("no `{wanted}`:\n{said}")) }
    });
}
