//! The long run of the simulation: `cargo xtask simulate`.

use std::process::ExitCode;

use crate::cache;
use crate::shell::{Cmd, Context as _, Result, numbers};

/// Cases where nothing else is said.
const CASES: &str = "100000";

/// Runs so many cases from a seed on; needs no engine. `args` are `--cases N`, `--seed S` and `--failures N`, how many
/// failing cases are shrunk and shown before it ends.
pub(crate) fn run(args: &[&str]) -> Result<ExitCode> {
    let mut cmd = Cmd::new("cargo")
        .args([
            "test",
            "--quiet",
            "--profile",
            "simulate",
            "--package",
            "nestctl",
            "--test",
            "it",
            "simulation::",
        ])
        .args(["--", "--nocapture"])
        .env("NESTCTL_CASES", CASES);
    let flags =
        [("--cases", "NESTCTL_CASES"), ("--seed", "NESTCTL_SEED"), ("--failures", "NESTCTL_FAILURES")];
    for (variable, number) in numbers("simulate", &flags, args)? {
        cmd = cmd.env(variable, number);
    }
    let status = cmd.into_inner().current_dir(cache::workspace()).status().context("run cargo test")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
