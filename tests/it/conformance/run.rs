//! The scripts, run on both engines.

use std::fmt::Write as _;

use futures_util::stream::{self, StreamExt as _};
use nestctl::engine::fake::fake_engine::FakeEngine;

use super::bench::{Bench, IMAGE, Told};
use super::script::Do;
use super::{draw, scripts};
use crate::support::real_engine::{block_on, host, root};
use crate::support::turn::Turn;

/// Random scripts in an ordinary run of the tests.
const CASES: u64 = 16;
/// Scripts that run at once.
const AT_ONCE: usize = 4;

/// Runs a script on both engines; what differs, if anything.
async fn difference(host: &str, name: &str, script: &[Do]) -> Option<String> {
    let prefix = format!("nestctl-same-{}-{name}", std::process::id());
    let port = free_port();
    let in_memory = in_memory(&prefix, port, script.to_vec()).await;
    let image = std::env::var("BUSYBOX_IMAGE").expect("BUSYBOX_IMAGE names the tiny workload");
    let (real, asked) = (Bench::new(root(host), &prefix, &image, port), script.to_vec());
    match tokio::spawn(async move { real.run(&asked).await }).await {
        Ok(real) => compare(script, &in_memory, &real),
        Err(error) => Some(format!(
            "{script:?}
on the real engine: {error}"
        )),
    }
}

/// On the engine in memory, whose time passes as soon as everything waits.
async fn in_memory(prefix: &str, port: u16, script: Vec<Do>) -> Told {
    let prefix = prefix.to_owned();
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let fake = FakeEngine::new("fake").with_image(IMAGE);
        let bench = Bench::new(fake.shared(), &prefix, IMAGE, port).with_fake(&fake);
        runtime.expect("a runtime").block_on(bench.run(&script))
    };
    tokio::task::spawn_blocking(run).await.expect("the engine in memory does not panic")
}

fn compare(script: &[Do], fake: &Told, real: &Told) -> Option<String> {
    for (i, (fake, real)) in fake.calls.iter().zip(&real.calls).enumerate() {
        if fake != real {
            // What follows, follows from it.
            return Some(format!("after {:?}\nthe fake: {fake}\nreal:     {real}", &script[..=i]));
        }
    }
    let mut out = String::new();
    for object in fake.events.keys().chain(real.events.keys().filter(|it| !fake.events.contains_key(*it))) {
        let (fake, real) = (fake.events.get(object), real.events.get(object));
        if fake != real && !is_with_echoes(fake, real) {
            let _ = writeln!(out, "of {object} the fake tells {fake:?}\nreal:       {real:?}");
        }
    }
    (!out.is_empty()).then(|| format!("{script:?}\n{out}"))
}

/// Whether the real engine told the same and, beside it, a pause and its end a second time. What containerd says of them
/// may reach it after both calls have ended; it then takes them for somebody else's, and tells them (moby
/// `daemon/monitor.go`, `EventPaused`, `EventResumed`).
fn is_with_echoes(fake: Option<&Vec<String>>, real: Option<&Vec<String>>) -> bool {
    let (Some(fake), Some(real)) = (fake, real) else { return false };
    let mut rest = real.as_slice();
    for (i, told) in fake.iter().enumerate() {
        let is_pair_before = i >= 2 && fake[i - 2] == "pause" && fake[i - 1] == "unpause";
        if is_pair_before && rest.len() > fake.len() - i && rest[0] == "pause" && rest[1] == "unpause" {
            rest = &rest[2..];
        }
        if rest.first() != Some(told) {
            return false;
        }
        rest = &rest[1..];
    }
    rest.is_empty()
}

#[test]
fn only_a_pause_that_is_told_again_with_its_end_is_an_echo() {
    let told = |text: &str| Some(text.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let is = |fake: &str, real: &str| is_with_echoes(told(fake).as_ref(), told(real).as_ref());
    assert!(is("start pause unpause pause kill", "start pause unpause pause unpause pause kill"));
    assert!(is("pause unpause pause unpause kill", "pause unpause pause unpause pause unpause kill"));
    assert!(!is("start pause unpause pause kill", "start pause unpause unpause pause kill"));
    assert!(!is("start pause kill", "start pause unpause pause kill"));
    assert!(!is("start pause unpause kill", "start pause unpause"));
    assert!(!is("start kill", "start pause unpause kill"));
}

/// A port that nobody uses.
pub(super) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// What differs of these scripts, with their names.
async fn differences(host: &str, scripts: Vec<(String, Vec<Do>)>) -> Vec<(String, Vec<Do>, String)> {
    let runs = scripts.into_iter().map(|(name, script)| async move {
        let difference = difference(host, &name, &script).await?;
        Some((name, script, difference))
    });
    stream::iter(runs).buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await
}

#[test]
fn both_engines_answer_the_same_calls_alike() {
    let Some(host) = host() else { return };
    let _turn = Turn::shared();
    let all = scripts::all().into_iter().map(|(name, script)| (name.to_owned(), script)).collect();
    let found = block_on(differences(&host, all));
    let texts: Vec<String> = found.into_iter().map(|(name, _, text)| format!("{name}: {text}")).collect();
    assert!(texts.is_empty(), "{}", texts.join("\n\n"));
}

#[test]
fn both_engines_answer_random_calls_alike() {
    let Some(host) = host() else { return };
    let _turn = Turn::shared();
    let number = |key: &str| std::env::var(key).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("NESTCTL_SEED").unwrap_or(0);
    let cases = number("NESTCTL_CASES").unwrap_or(if first == 0 { CASES } else { 1 });
    let most = number("NESTCTL_FAILURES").unwrap_or(3);
    let all = (first..first + cases).map(|seed| (format!("seed{seed}"), draw::script(seed))).collect();
    let found = block_on(differences(&host, all));
    for (name, script, text) in &found {
        println!("{name} differs: {text}\n");
        if found.len() as u64 <= most {
            let small = block_on(shrunk(&host, name, script));
            println!("{name}, as few calls as differ: {small:?}\n");
        }
    }
    let names: Vec<_> = found.iter().map(|(name, ..)| name).collect();
    assert!(found.is_empty(), "these differ: {names:?}");
}

/// The script without what it differs without: halves first, then ever smaller pieces.
async fn shrunk(host: &str, name: &str, script: &[Do]) -> Vec<Do> {
    let mut best = script.to_vec();
    let mut piece = best.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at < best.len() {
            let mut less = best.clone();
            less.drain(at..(at + piece).min(best.len()));
            if difference(host, name, &less).await.is_some() {
                best = less;
            } else {
                at += piece;
            }
        }
        piece /= 2;
    }
    best
}
