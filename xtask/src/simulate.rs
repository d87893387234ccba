//! The long run of the simulation: `cargo xtask simulate`.

use std::process::ExitCode;

use crate::cache;
use crate::shell::{Cmd, Context as _, Error, Result};

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
    for pair in args.chunks(2) {
        let variable = match pair.first().copied() {
            Some("--cases") => "NESTCTL_CASES",
            Some("--seed") => "NESTCTL_SEED",
            Some("--failures") => "NESTCTL_FAILURES",
            other => {
                let message = format!("simulate has no option `{}`", other.unwrap_or_default());
                return Err(Error::new(message));
            }
        };
        let number = pair.get(1).filter(|text| text.parse::<u64>().is_ok());
        let number = number.ok_or_else(|| Error::new(format!("`{}` takes a number", pair[0])))?;
        cmd = cmd.env(variable, number);
    }
    let status = cmd.into_inner().current_dir(cache::workspace()).status().context("run cargo test")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
