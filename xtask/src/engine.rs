//! Which engine the tests and the demo run on, and its life: `cargo xtask engine up|env|restart|down`.
//!
//! Owns the choice. How the throw-away engine runs is `private_root`'s.

use std::env;
use std::fs;
use std::process::Child;
use std::time::Duration;

use crate::api::{self, Body};
use crate::shell::{Error, Result, is_root, remove_dir, wait_for};
use crate::{cache, images, private_root, traces};

/// An engine that answers.
pub(crate) struct Engine {
    /// As in `DOCKER_HOST`.
    pub(crate) host: String,
    pub(crate) origin: Origin,
}

/// Whose the engine is, which says what may be done with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `NESTCTL_TEST_HOST`, or the machine's own: not ours to stop.
    Given,
    /// The throw-away engine, up before this command.
    Found,
    /// The throw-away engine, started by this command.
    Started,
}

/// What `down` does with what took long to make.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caches {
    Keep,
    Remove,
}

/// What `down` does when containers run on the engine: it is shared by all worktrees, so they may be another one's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Containers {
    Spare,
    End,
}

/// Has an engine that starts privileged containers.
pub(crate) fn up() -> Result<Engine> {
    if let Some(host) = given() {
        return if api::answers(&host) {
            Ok(Engine { host, origin: Origin::Given })
        } else {
            Err(Error::new(format!("NESTCTL_TEST_HOST: no engine answers at {host}")))
        };
    }
    let _lock = cache::lock("engine")?;
    let ours = private_root::host()?;
    if private_root::process()?.is_some() && api::answers(&ours) {
        if !private_root::sees_workspace()? {
            eprintln!(
                "warning: the running engine cannot bind from this workspace; `cargo xtask engine restart` adds it"
            );
        }
        return Ok(Engine { host: ours, origin: Origin::Found });
    }
    if let Some(host) = machines_own() {
        return Ok(Engine { host, origin: Origin::Given });
    }
    start()?;
    Ok(Engine { host: ours, origin: Origin::Started })
}

/// The engine that `up` has brought up or found.
pub(crate) fn running() -> Result<String> {
    if let Some(host) = given() {
        return Ok(host);
    }
    let ours = private_root::host()?;
    if private_root::process()?.is_some() && api::answers(&ours) {
        return Ok(ours);
    }
    machines_own().ok_or_else(|| Error::new("no engine is up: `cargo xtask engine up`"))
}

/// Ends the throw-away engine as a shutdown does, its containers first, and starts it on the same data.
pub(crate) fn restart() -> Result<String> {
    let _lock = cache::lock("engine")?;
    let Some(process) = private_root::process()? else {
        return Err(Error::new(
            "the throw-away engine is not running, and another one is not ours to restart",
        ));
    };
    // Longer than an engine gives its containers.
    process.end("TERM", Duration::from_secs(40))?;
    start()?;
    private_root::host()
}

/// Takes the throw-away engine away with everything that runs on it. Without one there is nothing to do.
pub(crate) fn down(caches: Caches, containers: Containers) -> Result<()> {
    let _lock = cache::lock("engine")?;
    if let Some(process) = private_root::process()? {
        let host = private_root::host()?;
        // One that does not answer is broken, and nobody's tests are in the middle of anything.
        if containers == Containers::Spare && api::answers(&host) {
            let names = running_containers(&host)?;
            if !names.is_empty() {
                return Err(Error::new(format!(
                    "containers run on the engine, maybe another worktree's: {}; `--force` ends them too",
                    names.join(", ")
                )));
            }
        }
        // Nothing on it is to be kept, so nothing has to be asked to stop.
        process.end("KILL", Duration::from_secs(20))?;
        eprintln!("the engine is down");
    }
    let state = cache::engine()?;
    if state.exists() {
        traces::remove(&state);
        remove_dir(&state)?;
    }
    if caches == Caches::Remove {
        remove_dir(&cache::roots()?)?;
        remove_dir(&cache::images()?)?;
        remove_dir(&cache::peers()?)?;
    }
    Ok(())
}

/// Leaves things as they were found, after work that needed an engine.
pub(crate) fn done_with(engine: &Engine) -> Result<()> {
    if engine.origin != Origin::Started {
        return Ok(());
    }
    // Another worktree may have found it up and be in the middle of its own tests.
    if !running_containers(&engine.host)?.is_empty() {
        eprintln!(
            "the engine stays up, containers run on it: `cargo xtask engine down --force` ends them too"
        );
        return Ok(());
    }
    down(Caches::Keep, Containers::Spare)
}

/// The names of the containers that run on an engine.
fn running_containers(host: &str) -> Result<Vec<String>> {
    Ok(container_names(&api::request(host, "GET", "/containers/json", Body::None)?))
}

/// The first name of each container of a list.
fn container_names(list: &str) -> Vec<String> {
    // A quote inside another value is escaped there, so only the field itself looks like this.
    let fields = list.split(r#""Names":["/"#).skip(1);
    fields.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

fn given() -> Option<String> {
    env::var("NESTCTL_TEST_HOST").ok().filter(|host| !host.is_empty())
}

/// The machine's own engine, if it can do what the tests need.
fn machines_own() -> Option<String> {
    let set = env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty());
    let host = set.unwrap_or_else(|| "unix:///var/run/docker.sock".to_owned());
    if private_root::host().is_ok_and(|ours| ours == host) || !api::answers(&host) {
        return None;
    }
    match start_privileged(&host) {
        Ok(()) => Some(host),
        Err(error) => {
            eprintln!("the engine at {host} is not used, it does not start a privileged container: {error}");
            None
        }
    }
}

/// Old engines in a machine that lacks a capability refuse privileged containers altogether.
fn start_privileged(host: &str) -> Result<()> {
    images::load(host, &["busybox"])?;
    let body = r#"{"Image":"nestctl-test/busybox","Cmd":["true"],"HostConfig":{"Privileged":true,"AutoRemove":true}}"#;
    let name = format!("nestctl-privileged-{}", std::process::id());
    api::request(host, "POST", &format!("/containers/create?name={name}"), Body::Json(body))?;
    let started = api::request(host, "POST", &format!("/containers/{name}/start"), Body::None);
    let _ = api::call(host, "DELETE", &format!("/containers/{name}?force=1"), Body::None);
    started.map(drop)
}

/// Starts the throw-away engine and waits until it answers.
fn start() -> Result<()> {
    if !is_root() {
        return Err(Error::new("a throw-away engine takes root: run as root, or set NESTCTL_TEST_HOST"));
    }
    let host = private_root::host()?;
    if let Some(process) = private_root::process()? {
        // It lives and did not answer: still starting, or broken.
        if answers_within(&host, None, Duration::from_secs(15)).is_ok() {
            return Ok(());
        }
        process.end("KILL", Duration::from_secs(20))?;
    }
    let tree = private_root::tree()?;
    let state = cache::engine()?;
    traces::note(&state, &tree)?;
    let mut child = private_root::start(&tree)?;
    answers_within(&host, Some(&mut child), Duration::from_secs(60))
        .map_err(|error| Error::new(format!("{error}; its log ends with\n{}", private_root::log_tail())))
}

fn answers_within(host: &str, mut child: Option<&mut Child>, limit: Duration) -> Result<()> {
    wait_for("an answer from the engine", limit, || {
        if let Some(status) = child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
            return Err(Error::new(format!("the engine ended ({status})")));
        }
        let socket = host.strip_prefix("unix://").unwrap_or(host);
        // The engine listens before it serves; asking then would block, without a limit.
        Ok((fs::metadata(socket).is_ok() && api::answers(host)).then_some(()))
    })
}

#[cfg(test)]
mod tests {
    use super::container_names;

    #[test]
    fn running_containers_are_known_by_their_first_names() {
        let list = r#"[{"Id":"1","Names":["/lab-a-1","/other/alias"],"Labels":{"l":"\"Names\":[\"/no\"]"}},
                       {"Id":"2","Names":["/lab-b-1"]}]"#;
        assert_eq!(container_names(list), ["lab-a-1", "lab-b-1"]);
        assert!(container_names("[]\n").is_empty());
    }
}
