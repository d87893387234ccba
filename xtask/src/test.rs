//! All tests, on an engine: `cargo xtask test`.

use std::env;
use std::process::ExitCode;

use crate::engine::Origin;
use crate::shell::{Cmd, Context as _, Result};
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
