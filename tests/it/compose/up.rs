//! Both tools bring the same files up, one after the other: the same containers run and have ended, started in the order that
//! the file asks for, programs in them see the same, and what `down` does and leaves is the same.
//! Cases: tests/fixtures/compose-up. Beside Compose's keys a file has
//!
//! - `x-probe`: lines of a shell for a container of a service; what they print is compared;
//! - `x-ends`: services that come to an end by themselves;
//! - `x-fails`: nestctl's `up` tells that something of it failed;
//! - `x-order`: services in the order in which they have to start.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::engine::{WORKERS, both, each};
use super::engine_case::{Case, fixtures};
use super::engine_report::{Report, differ};
use crate::support::real_engine::{block_on, exec, root};

/// The longest that a lab takes to come to rest.
const REST: Duration = Duration::from_secs(60);

/// What a file asks of the test.
struct Asked {
    probes: BTreeMap<String, Vec<String>>,
    ends: Vec<String>,
    fails: bool,
    order: Vec<String>,
}

impl Asked {
    fn of(fixture: &Path) -> Self {
        let text = fs::read_to_string(fixture.join("compose.yaml")).expect("a file");
        let lab: Value = serde_saphyr::from_str(&text).expect("YAML");
        let words = |value: &Value| -> Vec<String> {
            let items = value.as_array().into_iter().flatten();
            // `x-*` is filled in like all else, when a tool reads it.
            items.filter_map(Value::as_str).map(|line| line.replace("$$", "$")).collect()
        };
        let probes = lab["x-probe"].as_object().into_iter().flatten();
        Self {
            probes: probes.map(|(service, lines)| (service.clone(), words(lines))).collect(),
            ends: words(&lab["x-ends"]),
            fails: lab["x-fails"] == true,
            order: words(&lab["x-order"]),
        }
    }
}

/// The containers of a project.
struct Seen(Vec<Value>);

impl Seen {
    fn of(host: &str, case: &Case) -> Self {
        Self(Report::of(host, case.project()).containers)
    }

    /// The first container of a service.
    fn first(&self, service: &str) -> Option<&Value> {
        let label = |container: &Value, key: &str| container["Config"]["Labels"][key].clone();
        self.0.iter().find(|container| {
            label(container, "com.docker.compose.service") == service
                && label(container, "com.docker.compose.container-number") == "1"
        })
    }

    /// Nothing is on its way to another state.
    fn rests(&self, asked: &Asked) -> bool {
        let moves = |container: &Value| {
            let state = &container["State"];
            let health = state["Health"]["Status"].as_str();
            health == Some("starting") || !matches!(state["Status"].as_str(), Some("running" | "exited"))
        };
        let ended =
            |service: &String| self.first(service).is_some_and(|it| it["State"]["Status"] == "exited");
        !self.0.iter().any(moves) && asked.ends.iter().all(ended)
    }

    /// States by name, and what the probes print.
    fn comparable(&self, host: &str, asked: &Asked) -> Value {
        let engine = root(host);
        let mut out = serde_json::Map::new();
        for container in &self.0 {
            let state = &container["State"];
            let state = json!({
                "Status": state["Status"], "ExitCode": state["ExitCode"], "Health": state["Health"]["Status"],
            });
            out.insert(format!("container {}", container["Name"].as_str().unwrap_or_default()), state);
        }
        for (service, lines) in &asked.probes {
            let id = self.first(service).and_then(|it| it["Id"].as_str()).unwrap_or_default();
            for line in lines {
                let (said, code) = block_on(exec(&*engine, id, &["sh", "-c", line]));
                out.insert(format!("in {service}: {line}"), json!({ "said": said, "code": code }));
            }
        }
        Value::Object(out)
    }

    /// Services that started too early.
    fn out_of_order(&self, asked: &Asked) -> Vec<String> {
        // Fractions of a second have no zeros at their end: without the `Z` the texts sort as the times do.
        let started = |service: &String| {
            let at = self.first(service)?["State"]["StartedAt"].as_str()?;
            Some(at.trim_end_matches('Z').to_owned())
        };
        let pairs = asked.order.windows(2);
        pairs.filter(|pair| started(&pair[0]) >= started(&pair[1])).map(|pair| pair.join(" after ")).collect()
    }
}

/// What is there when the lab is down: kept volumes, and what its programs wrote beside the file.
fn left(host: &str, case: &Case) -> Value {
    let left = Report::of(host, case.project());
    let names = |objects: &[Value]| -> Vec<Value> { objects.iter().map(|it| it["Name"].clone()).collect() };
    let mut volumes = names(&left.volumes);
    volumes.sort_by_key(Value::to_string);
    let out = case.directory().join("out");
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(&out).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // What keeps the directory in the repository.
        if name == "here" {
            continue;
        }
        files.insert(name, fs::read_to_string(entry.path()).unwrap_or_default());
        let _ = fs::remove_file(entry.path());
    }
    json!({
        "containers": names(&left.containers), "networks": names(&left.networks), "volumes": volumes, "files": files,
    })
}

/// A run of one tool, whole: what it brought up, and what it left.
fn run(
    host: &str,
    case: &Case,
    asked: &Asked,
    tool: impl Fn(&[&str]) -> Result<(), String>,
    up: &[&str],
    wanted: Option<&Value>,
) -> Result<Value, String> {
    tool(up).map_err(|said| format!("up fails:\n{said}"))?;
    let until = Instant::now() + REST;
    let mut seen = Seen::of(host, case);
    while !seen.rests(asked) && Instant::now() < until {
        seen = Seen::of(host, case);
    }
    // One of the tools waits less than the other: what it started goes on after its end.
    let mut found = seen.comparable(host, asked);
    while wanted.is_some_and(|wanted| *wanted != found) && Instant::now() < until {
        seen = Seen::of(host, case);
        found = seen.comparable(host, asked);
    }
    let early = seen.out_of_order(asked);
    tool(&["down"]).map_err(|said| format!("down fails:\n{said}"))?;
    let after = left(host, case);
    case.clear();
    Ok(json!({ "up": found, "early": early, "left": after }))
}

#[test]
fn what_runs_is_what_the_peer_runs() {
    let Some((host, peer, _turn)) = both() else { return };
    let prefix = format!("diffup-{}", std::process::id());
    let cases = fixtures("compose-up");
    assert!(!cases.is_empty(), "no fixtures");
    each(&cases, vec![(); WORKERS], |(), fixture: &Path| {
        let asked = Asked::of(fixture);
        let case = Case::new(fixture, &prefix, &host);
        let nestctl = |args: &[&str]| match case.nestctl(args) {
            Err(said) if args == ["up"] && asked.fails && said.contains("exited with code") => Ok(()),
            Ok(()) if args == ["up"] && asked.fails => Err("nothing failed".to_owned()),
            ran => ran,
        };
        let ours =
            run(&host, &case, &asked, nestctl, &["up"], None).map_err(|said| format!("nestctl: {said}"))?;
        let theirs =
            run(&host, &case, &asked, |args| case.peer(&peer, args), &["up", "-d"], Some(&ours["up"]))
                .map_err(|said| format!("the peer: {said}"))?;
        let early = [&ours["early"], &theirs["early"]];
        if early.iter().any(|it| it.as_array().is_some_and(|early| !early.is_empty())) {
            return Err(format!("started too early: nestctl {}, the peer {}", early[0], early[1]));
        }
        let difference = differ(&theirs, &ours, &[], &mut Vec::new());
        if difference.is_empty() { Ok(()) } else { Err(difference) }
    });
}
