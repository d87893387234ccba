//! The quickstart, typed for you: `cargo xtask demo`.

use std::process::ExitStatus;

use crate::shell::{Cmd, Context as _, Error, Result};
use crate::{cache, engine, images, recipes};

/// Whether the lab stays.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Down,
    Keep,
}

const FILE: &str = "examples/quickstart/nest.yaml";

/// Brings the lab up, looks at it from outside and from inside, and takes it down.
pub(crate) fn run(after: After) -> Result<()> {
    let host = engine::up()?.host;
    images::load(&host, &[])?;
    if !show(&host, Cmd::new("cargo").args(["build", "--quiet", "--package", "nestctl"]))?.success() {
        return Err(Error::new("nestctl does not build"));
    }
    let steps: &[&[&str]] = &[
        &["up"],
        &["ps"],
        // Published three engines further in, fetched from here.
        &["exec", "client", "wget", "-qO-", "http://vm1:8080"],
        &["exec", "vm1/web", "hostname"],
        &["graph"],
    ];
    let nestctl = cache::workspace().join("target/debug/nestctl");
    let step = |words: &[&str]| {
        eprintln!("\n$ nestctl -f {FILE} {}", words.join(" "));
        let cmd = Cmd::new(&nestctl).args(["-f", FILE]).args(words);
        if recipes::with_images(cmd.env("DOCKER_HOST", &host))
            .into_inner()
            .current_dir(cache::workspace())
            .status()
            .context("run nestctl")?
            .success()
        {
            return Ok(());
        }
        Err(Error::new(format!("`nestctl {}` failed", words.join(" "))))
    };
    let result = steps.iter().try_for_each(|words| step(words));
    if after == After::Keep {
        return result;
    }
    // Also after a failure: a demo leaves nothing.
    result.and(step(&["down", "-v"]))
}

fn show(host: &str, cmd: Cmd) -> Result<ExitStatus> {
    let cmd = recipes::with_images(cmd.env("DOCKER_HOST", host));
    eprintln!("\n$ {}", cmd.line().trim_matches('`'));
    let line = cmd.line();
    cmd.into_inner().current_dir(cache::workspace()).status().context(format_args!("run {line}"))
}
