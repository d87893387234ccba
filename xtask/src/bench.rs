//! The benchmarks: `cargo xtask bench`. One on an engine, beside the peer and shell scripts, and one that needs none.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::engine::Origin;
use crate::shell::{Cmd, Context as _, Result};
use crate::{cache, engine, images, peer, private_root, recipes};

/// Prints both tables, and leaves the engine as it was found. `args` are the first one's: rows by a part of their
/// names, and flags; or `scale` for the second alone.
pub(crate) fn run(args: &[&str]) -> Result<ExitCode> {
    if args == ["scale"] {
        return Ok(if finish(bench("scale"))? { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let engine = engine::up()?;
    let measured = images::load(&engine.host, &["busybox", "dind"]).and_then(|()| {
        let mut cmd = recipes::with_images(bench("engine").arg("--").args(args));
        cmd = cmd.env("NESTCTL_TEST_HOST", &engine.host).env("NESTCTL_BENCH_DOCKER", docker()?);
        match peer::have() {
            Ok(peer) => cmd = peer.announce(cmd),
            Err(error) if engine.origin == Origin::Given => {
                eprintln!("warning: rows that compare with docker compose are left out: {error}");
            }
            Err(error) => return Err(error),
        }
        finish(cmd)
    });
    engine::done_with(&engine)?;
    let measured = measured?;
    let is_whole = args.iter().all(|arg| arg.starts_with('-') || arg.parse::<u32>().is_ok());
    let scaled = if is_whole { finish(bench("scale"))? } else { true };
    Ok(if measured && scaled { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn bench(name: &str) -> Cmd {
    Cmd::new("cargo").args(["bench", "--quiet", "--package", "nestctl", "--bench", name])
}

fn finish(cmd: Cmd) -> Result<bool> {
    let status = cmd.into_inner().current_dir(cache::workspace()).status().context("run cargo bench")?;
    Ok(status.success())
}

/// The Docker CLI that shell scripts call: this machine's, else the one of the throw-away engine's root.
fn docker() -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|dir| dir.join("docker")).find(|program| program.is_file());
    match found {
        Some(docker) => Ok(docker),
        None => Ok(private_root::tree()?.join("usr/bin/docker")),
    }
}
