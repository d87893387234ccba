//! Development commands of nestctl: `cargo xtask <command>`.
//!
//! Owns the command line. Each command is one module; none of them knows the nestctl crate.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool for developers")]

mod api;
mod apt;
mod bench;
mod cache;
mod demo;
mod engine;
mod images;
mod peer;
mod private_root;
mod recipes;
mod shell;
mod simulate;
mod test;
mod traces;

use std::process::ExitCode;

use crate::shell::Result;

const HELP: &str = "\
Development commands of nestctl

Usage: cargo xtask <command>

  engine up              Have a Docker engine that starts privileged containers, and print its DOCKER_HOST
  engine env             Print it for the shell: eval \"$(cargo xtask engine env)\"
  engine restart         Stop the throw-away engine as a machine's shutdown would, and start it again
  engine down [--purge] [--force]
                         Take the throw-away engine away, with everything on it; --purge: its caches too;
                         --force: also while containers run on it, which may be another worktree's
  images [name...]       Make the test images from Debian packages and load them into that engine
  demo [--keep]          Bring up examples/quickstart, look at it, and take it down (--keep: leave it)
  peer                   Have Debian's newest docker compose that runs here, and print it for the shell
  bench [--large] [--runs N] [name...]
                         How long runs take beside docker compose and shell scripts, on the engine, and how reading,
                         checking and planning grow with the lab; two tables (release builds). --large: 40 nodes too;
                         `bench scale`: the second table alone
  simulate [--cases N] [--seed S] [--failures N]
                         Random labs, edits, faults and kills on an engine in memory: 100000 cases from seed 0, until
                         one fails; it is shrunk, and its seed told (optimized build; no engine needed)
  faults [-- names...]   Kills, dead daemons, full disks, broken registries on real engines; takes an hour and more
  soak [--rounds N] [--seed N]
                         Rounds of up, an edit, up, a fault, up, down (200) that may leave nothing behind
  test [-- args...]      Engine, images, peer, then `cargo test --workspace args...`

The engine is NESTCTL_TEST_HOST if set, else the machine's own (DOCKER_HOST, /var/run/docker.sock) if it
starts a privileged container, else a throw-away one, made from Debian packages in a private root (needs root).

Environment
  NESTCTL_TEST_HOST      An engine to use as it is: unix:///path or tcp://host:port
  NESTCTL_CACHE_DIR      Where caches and the throw-away engine live (default: ~/.cache/nestctl-dev)
  NESTCTL_ENGINE_BIND    More host folders that the throw-away engine can bind from, separated by colons;
                         always: the folder that holds the workspace, the home folder, the temporary folder
  NESTCTL_TEST_PEER      A docker compose to compare with, and NESTCTL_TEST_PEER_CONFIG its DOCKER_CONFIG
  NESTCTL_DEBIAN_MIRROR  A Debian archive, where the machine's own apt sources name none
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Says whether there was anything to do, too: a second `up` is quick.
fn up() -> Result<()> {
    let engine = engine::up()?;
    match engine.origin {
        engine::Origin::Given => eprintln!("using the engine that this machine or NESTCTL_TEST_HOST offers"),
        engine::Origin::Found => eprintln!("the throw-away engine was up already"),
        engine::Origin::Started => eprintln!("the throw-away engine is up"),
    }
    println!("DOCKER_HOST={}", engine.host);
    Ok(())
}

fn run(args: &[&str]) -> Result<ExitCode> {
    match args {
        ["engine", "up"] => up()?,
        ["engine", "env"] => println!("export DOCKER_HOST={}", engine::running()?),
        ["engine", "restart"] => println!("DOCKER_HOST={}", engine::restart()?),
        ["engine", "down", flags @ ..] if flags.iter().all(|flag| ["--purge", "--force"].contains(flag)) => {
            let caches =
                if flags.contains(&"--purge") { engine::Caches::Remove } else { engine::Caches::Keep };
            let containers =
                if flags.contains(&"--force") { engine::Containers::End } else { engine::Containers::Spare };
            engine::down(caches, containers)?;
        }
        ["images", names @ ..] if !names.iter().any(|name| name.starts_with('-')) => {
            images::load(&engine::up()?.host, names)?;
        }
        ["demo"] => demo::run(demo::After::Down)?,
        ["demo", "--keep"] => demo::run(demo::After::Keep)?,
        ["peer"] => {
            let peer = peer::have()?;
            println!("export NESTCTL_TEST_PEER={}", peer.program.display());
            println!("export NESTCTL_TEST_PEER_CONFIG={}", peer.config.display());
        }
        ["bench", rest @ ..] => return bench::run(rest),
        ["simulate", rest @ ..] => return simulate::run(rest),
        ["faults"] => return test::faults(&[]),
        ["faults", "--", rest @ ..] => return test::faults(rest),
        ["soak", rest @ ..] => return test::soak(rest),
        ["test"] => return test::run(&[]),
        ["test", "--", rest @ ..] => return test::run(rest),
        [] | ["-h" | "--help" | "help"] => print!("{HELP}"),
        _ => {
            eprint!("error: unknown command `{}`\n\n{HELP}", args.join(" "));
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}
