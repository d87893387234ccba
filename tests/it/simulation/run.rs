//! The cases, one after the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::case::{self, Case};
use super::promises::Broken;
use super::{shrink, sketch};

/// Cases in an ordinary run of the tests.
const CASES: u64 = 250;
/// Cases between two lines that say how far a long run is.
const NEWS: u64 = 10_000;

fn run(case: &Case) -> Result<(), Broken> {
    catch_unwind(AssertUnwindSafe(|| case.run())).unwrap_or_else(|panic| {
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

#[test]
fn whatever_happened_promises_hold() {
    let number = |key: &str| std::env::var(key).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("NESTCTL_SEED").unwrap_or(0);
    let cases = number("NESTCTL_CASES").unwrap_or(if first == 0 { CASES } else { 1 });
    let most = number("NESTCTL_FAILURES").unwrap_or(1);
    let began = Instant::now();
    let mut failed = Vec::new();
    for (done, seed) in (first..first + cases).enumerate() {
        let case = Case::of(seed);
        if let Err(broken) = run(&case) {
            let wanted = kind(&broken);
            let small = shrink::shrunk(&case, |case| run(case).is_err_and(|it| kind(&it) == wanted));
            case::SHOW.store(std::env::var_os("NESTCTL_SHOW").is_some(), Ordering::Relaxed);
            let why = run(&small).err().unwrap_or(broken);
            case::SHOW.store(false, Ordering::Relaxed);
            println!("seed {seed} fails; a smaller case:\n{}\n{why}\n", sketch::of(&small));
            failed.push(seed);
            if failed.len() as u64 >= most {
                break;
            }
        }
        let done = done as u64 + 1;
        if done.is_multiple_of(NEWS) || (done == cases && cases >= NEWS) {
            println!("{done} cases in {} s", began.elapsed().as_secs());
        }
    }
    assert!(failed.is_empty(), "these seeds fail: {failed:?}");
}
