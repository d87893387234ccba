//! Dial programs that could not be started.

use std::sync::Mutex;

use super::*;
use crate::engine::retries;

const RESET: &str = "OCI runtime exec failed: exec failed: unable to start container process: waiting for init \
    preliminary setup: read init-p: connection reset by peer: unknown";

/// The calls that reach an engine in a node whose dial program says `first` the first time, how a signal went, and what
/// was told meanwhile.
async fn signalled_after(first: &'static str) -> (usize, Result<(), EngineError>, Vec<String>) {
    let starts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&starts);
    let script = play(move |asked| match asked.line.as_str() {
        line if line.contains("/containers/node/exec") => text(201, "{\"Id\":\"e1\"}"),
        line if line.ends_with("/exec/e1/start") && counted.fetch_add(1, Ordering::Relaxed) == 0 => {
            Answer::SayFrame(first)
        }
        line if line.ends_with("/exec/e1/start") => Answer::SayFrame(
            "HTTP/1.1 200 OK\r\napi-version: 1.45\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        ),
        line if line.ends_with("/exec/e1/json") => text(200, "{\"Running\":false,\"ExitCode\":126}"),
        _ => text(404, ""),
    });
    let (_scripted, engine) = ScriptedEngine::start("1.45", script);
    let dial = Dial::Exec { argv: vec!["dial".into()], env: Vec::new(), user: None };
    let inner = (engine as Arc<dyn Engine>).inside("node", &dial);
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let listener = Arc::new(move |why, _| heard.lock().expect("nobody panics with it").push(why));
    let went = retries::heard_by(listener, inner.act("web", &Change::Kill(Some("HUP".into())))).await;
    let told = told.lock().expect("nobody panics with it").clone();
    (starts.load(Ordering::Relaxed), went, told)
}

#[tokio::test]
async fn a_dial_program_that_could_not_start_for_the_moment_is_started_again() {
    let (starts, went, told) = signalled_after(RESET).await;
    went.expect("it goes well the second time");
    assert!(told.len() == 1 && told[0].ends_with(RESET), "{told:?}");
    // The first dial, and those of the ping and the call: none is kept.
    assert_eq!(starts, 3);
    // It was started: what it was given may have come somewhere.
    for said in ["connection reset by peer", "OCI runtime exec failed: no docker"] {
        let (starts, went, told) = signalled_after(said).await;
        assert_eq!((starts, went.expect_err("it is told").kind), (1, FailureKind::Unreachable), "{said}");
        assert!(told.is_empty(), "{told:?}");
    }
}
