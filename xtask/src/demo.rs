//! The quickstart, typed for you: `cargo xtask demo`.

use std::env;
use std::path::Path;

use crate::api::{self, Body};
use crate::shell::{Cmd, Context as _, Error, Result};
use crate::{cache, engine, images, recipes};

/// Whether the lab stays.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Down,
    Keep,
}

const FILE: &str = "examples/quickstart/nest.yaml";
/// A service inside a node, and where the lab publishes it on this machine.
const INNER: &str = "vm1/web";
const PUBLISHED: &str = "127.0.0.1:8080";

/// Brings the lab up, looks at it from outside and from inside, and takes it down.
pub(crate) fn run(after: After) -> Result<()> {
    let engine = engine::up()?;
    images::load(&engine.host, &[])?;
    let result = show(&engine.host, after);
    if after == After::Keep {
        eprintln!("\nThe lab stays. To look at it yourself: eval \"$(cargo xtask engine env)\"");
        return result;
    }
    result.and(engine::done_with(&engine))
}

fn show(host: &str, after: After) -> Result<()> {
    // Beside this program, whichever target folder that is.
    let nestctl = env::current_exe().context("find this program")?.with_file_name("nestctl");
    step(host, Path::new("cargo"), &["build", "--quiet", "--package", "nestctl"])?;
    let nestctl = |words: &[&str]| step(host, &nestctl, &[&["-f", FILE], words].concat());
    let seen = nestctl(&["up"])
        .and_then(|()| nestctl(&["ps"]))
        .and_then(|()| fetch())
        .and_then(|()| nestctl(&["exec", INNER, "hostname"]));
    if after == After::Keep {
        return seen;
    }
    // Also after a failure: a demo leaves nothing.
    seen.and(nestctl(&["down", "-v"]))
}

/// From this machine through every engine on the way to the innermost container.
fn fetch() -> Result<()> {
    eprintln!("\n$ curl http://{PUBLISHED}");
    let answer = api::call(&format!("tcp://{PUBLISHED}"), "GET", "/", Body::None)?;
    eprintln!("{}", answer.body.trim_end());
    if answer.status == 200 { Ok(()) } else { Err(Error::new(format!("status {}", answer.status))) }
}

/// Shows a command line and runs it, with the engine and the images in its environment.
fn step(host: &str, program: &Path, args: &[&str]) -> Result<()> {
    let name = program.file_name().unwrap_or_default().display();
    let line = format!("{name} {}", args.join(" "));
    eprintln!("\n$ {line}");
    let cmd = recipes::with_images(Cmd::new(program).args(args).env("DOCKER_HOST", host));
    let status =
        cmd.into_inner().current_dir(cache::workspace()).status().context(format_args!("run `{line}`"))?;
    if status.success() { Ok(()) } else { Err(Error::new(format!("`{line}` failed ({status})"))) }
}
