//! How long runs on a real engine take, beside other tools that do the same: `cargo xtask bench`.
//!
//! Owns the rows of DESIGN section 10 that need an engine. Each row runs nestctl and its rival in turn, so that both have
//! the same machine, and prints medians, ranges and their ratio. It asserts nothing: machines differ. Everything that it
//! makes has a name that begins with its own, and is removed at the end of its row, and at the end of all.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its table")]

mod labs;
mod measure;
mod rivals;
mod rows;
mod stage;

use rows::{ROWS, Row};
use stage::Stage;

/// What is asked for.
struct Asked {
    /// Rows that take minutes, too.
    large: bool,
    /// How often each side of a row runs.
    runs: usize,
    /// Rows whose name holds one of these; empty: all.
    only: Vec<String>,
}

fn asked() -> Asked {
    let mut asked = Asked { large: false, runs: 3, only: Vec::new() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            // What cargo says to every benchmark.
            "--bench" => {}
            "--large" => asked.large = true,
            "--runs" => asked.runs = words.next().and_then(|n| n.parse().ok()).expect("--runs has a number"),
            name => asked.only.push(name.to_owned()),
        }
    }
    asked
}

fn main() {
    let asked = asked();
    let Some(stage) = Stage::from_environment() else {
        println!("no engine: `cargo xtask bench` brings one up (or set NESTCTL_TEST_HOST)");
        return;
    };
    let is_meant = |row: &&Row| {
        (asked.large || !row.is_large)
            && (asked.only.is_empty() || asked.only.iter().any(|name| row.name.contains(name.as_str())))
    };
    println!("load of the machine at the beginning: {}", measure::load());
    measure::head();
    for row in ROWS.iter().filter(is_meant) {
        // The next rows are measured all the same.
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (row.run)(&stage, asked.runs)));
        if ran.is_err() {
            println!("{:<44} failed", row.name);
        }
        stage.sweep();
    }
    println!("load of the machine at the end: {}", measure::load());
}
