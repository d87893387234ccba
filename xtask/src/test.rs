//! All tests, on an engine: `cargo xtask test`.

use std::env;
use std::process::ExitCode;

use crate::engine::Origin;
use crate::shell::{Cmd, Context as _, Result, numbers};
use crate::{cache, engine, images, peer, recipes};

/// Runs `cargo test --workspace` with `args`, and leaves the engine as it was found.
pub(crate) fn run(args: &[&str]) -> Result<ExitCode> {
    let engine = engine::up()?;
    let status = images::load(&engine.host, &[]).and_then(|()| {
        let cmd = Cmd::new("cargo").args(["test", "--workspace"]).args(args);
        let mut cmd = recipes::with_images(cmd).env("NESTCTL_TEST_HOST", &engine.host);
        match peer::have() {
            Ok(peer) => cmd = peer.announce(cmd),
            // Packages take root and apt, which somebody who brings an engine of their own need not have.
            Err(error) if engine.origin == Origin::Given => {
                eprintln!("warning: tests that compare with docker compose are skipped: {error}");
            }
            Err(error) => return Err(error),
        }
        if engine.origin != Origin::Given {
            // Tests of a lost engine need one that may be lost.
            let itself = env::current_exe().context("find this program")?;
            cmd = cmd.env("NESTCTL_TEST_ENGINE_RESTART", format!("{} engine restart", itself.display()));
        }
        cmd.into_inner().current_dir(cache::workspace()).status().context("run cargo test")
    });
    engine::done_with(&engine)?;
    Ok(if status?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the faults on real engines: an hour and more.
pub(crate) fn faults(args: &[&str]) -> Result<ExitCode> {
    let of_long_runs: Vec<&str> = recipes::OF_LONG_RUNS.iter().map(|recipe| recipe.name).collect();
    long("e2e::faults", &[&[], &of_long_runs], &[("NESTCTL_TEST_FAULTS", "1")], args)
}

/// Runs rounds of up, edits, faults and down on a real engine. `args` are `--rounds N` and `--seed S`.
pub(crate) fn soak(args: &[&str]) -> Result<ExitCode> {
    let mut env = vec![("NESTCTL_TEST_SOAK", "200")];
    let flags = [("--rounds", "NESTCTL_TEST_SOAK"), ("--seed", "NESTCTL_TEST_SEED")];
    env.extend(numbers("soak", &flags, args)?);
    long("e2e::soak", &[&["busybox", "dind"]], &env, &[])
}

/// Runs tests that are skipped without these variables, one after the other: they fill the machine. Each list of images
/// is loaded; an empty one stands for all that the ordinary tests take.
fn long(name: &str, lists: &[&[&str]], env: &[(&str, &str)], args: &[&str]) -> Result<ExitCode> {
    let engine = engine::up()?;
    let status = lists.iter().try_for_each(|names| images::load(&engine.host, names)).and_then(|()| {
        let cmd = Cmd::new("cargo").args(["test", "--package", "nestctl", "--test", "it", name, "--"]);
        let cmd = cmd.args(["--nocapture", "--test-threads=1"]).args(args);
        let cmd = recipes::with_images(cmd).env("NESTCTL_TEST_HOST", &engine.host);
        let cmd = env.iter().fold(cmd, |cmd, (name, value)| cmd.env(name, value));
        cmd.into_inner().current_dir(cache::workspace()).status().context("run cargo test")
    });
    engine::done_with(&engine)?;
    Ok(if status?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
