//! The cases, on all cores.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use super::case::{self, Case};
use super::promises::Broken;
use super::{shrink, sketch};

/// Cases in an ordinary run of the tests.
const CASES: u64 = 250;
/// Cases between two lines that say how far a long run is.
const NEWS: u64 = 10_000;

fn run(case: &Case) -> Result<(), Broken> {
    catch_unwind(AssertUnwindSafe(|| case.run().held)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("it panics: {}", text.unwrap_or_default()))
    })
}

/// The first words of what broke, to shrink towards the same.
fn kind(broken: &str) -> String {
    let after = broken.split_once(": ").map_or(broken, |(_, after)| after);
    after.split_whitespace().filter(|word| !word.contains('/')).take(3).collect::<Vec<_>>().join(" ")
}

/// Why the case of a seed fails, and a smaller one that does too; `None` if it holds.
fn failure(seed: u64) -> Option<String> {
    let case = Case::of(seed);
    let broken = run(&case).err()?;
    let wanted = kind(&broken);
    let small = shrink::shrunk(&case, |case| run(case).is_err_and(|it| kind(&it) == wanted));
    case::SHOW.set(std::env::var_os("NESTCTL_SHOW").is_some());
    let why = run(&small).err().unwrap_or(broken);
    case::SHOW.set(false);
    Some(format!("seed {seed} fails; a smaller case:\n{}\n{why}\n", sketch::of(&small)))
}

#[test]
fn whatever_happened_promises_hold() {
    let number = |key: &str| std::env::var(key).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("NESTCTL_SEED").unwrap_or(0);
    let cases = number("NESTCTL_CASES").unwrap_or(if first == 0 { CASES } else { 1 });
    let most = number("NESTCTL_FAILURES").unwrap_or(1);
    let (began, next, done) = (Instant::now(), AtomicU64::new(0), AtomicU64::new(0));
    let failed = Mutex::new(Vec::new());
    let n_failed = || failed.lock().expect("no panic while locked").len() as u64;
    let work = || {
        while n_failed() < most {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= cases {
                break;
            }
            if let Some(text) = failure(first + n) {
                println!("{text}");
                failed.lock().expect("no panic while locked").push(first + n);
            }
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(NEWS) || (done == cases && cases >= NEWS) {
                println!("{done} cases in {} s", began.elapsed().as_secs());
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(work))));
    let failed = failed.into_inner().expect("no panic while locked");
    assert!(failed.is_empty(), "these seeds fail: {failed:?}");
}

/// Else a seed would reproduce nothing.
#[test]
fn a_case_is_the_same_each_time() {
    for seed in 0..40 {
        let case = Case::of(seed);
        assert!(case.run().calls == case.run().calls, "the case of seed {seed} differs");
    }
}
