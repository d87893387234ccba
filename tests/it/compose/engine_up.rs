//! Both tools bring the same files up and take them down on one engine: the states that come about, in what order, what
//! runs inside sees, what is written on the way down.
//!
//! Cases: tests/fixtures/compose-up. Beside Compose's keys a file has, for this test:
//! - `x-state`: every container in the end, `a` being the first of `a`: `running`, `healthy`, `unhealthy`, `created`,
//!   `exited CODE`, with `, N restarts`;
//! - `x-order`: what must have been before what: `b healthy < a started`; also `finished`;
//! - `x-probe`: commands, each in a service; what they print must be the same. `<project>` is the project's name;
//! - `x-up: fails`: both tools say so.
//!
//! Files below `out/`, which services bind, are the same after `down`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::engine::{both, each};
use super::engine_case::{Case, Peer, fixtures, name_of};
use super::engine_differences::{MAY_FAIL, UP};
use super::engine_http::request;
use super::engine_report::{Report, differ};

/// How long a state may take to come about.
const PATIENCE: Duration = Duration::from_secs(90);
/// Cases side by side: most of the time is the engine's.
const WORKERS: usize = 4;

/// What a fixture says for this test.
struct Expected {
    state: BTreeMap<String, String>,
    order: Vec<String>,
    probes: Vec<(String, String)>,
    fails: bool,
}

impl Expected {
    fn of(fixture: &Path) -> Self {
        let text = fs::read_to_string(fixture.join("compose.yaml")).expect("a fixture");
        let file: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let list = |key: &str| file[key].as_array().cloned().unwrap_or_default();
        let state = file["x-state"].as_object().expect("every fixture has `x-state`");
        let probe = |probe: &Value| {
            let (service, command) = probe.as_object().and_then(|map| map.iter().next()).expect("a mapping");
            (service.clone(), text(command).replace("$$", "$"))
        };
        Self {
            state: state.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
            order: list("x-order").iter().map(text).collect(),
            probes: list("x-probe").iter().map(probe).collect(),
            fails: file["x-up"] == "fails",
        }
    }
}

/// The containers of a case by what they are called in fixtures.
fn containers(host: &str, project: &str) -> BTreeMap<String, Value> {
    let label = |container: &Value, key: &str| {
        container["Config"]["Labels"][key].as_str().unwrap_or_default().to_owned()
    };
    let named = |container: Value| {
        let service = label(&container, "com.docker.compose.service");
        let number = label(&container, "com.docker.compose.container-number");
        (if number == "1" { service } else { format!("{service}-{number}") }, container)
    };
    Report::of(host, project).containers.into_iter().map(named).collect()
}

/// In the words of `x-state`.
fn state_of(container: &Value) -> String {
    let state = &container["State"];
    let status = state["Status"].as_str().unwrap_or_default();
    let health = state["Health"]["Status"].as_str().filter(|health| *health != "none");
    let mut out = match (status, health) {
        ("running", Some(health)) => health.to_owned(),
        ("exited", _) => format!("exited {}", state["ExitCode"]),
        _ => status.to_owned(),
    };
    let restarts = container["RestartCount"].as_u64().unwrap_or_default();
    if restarts > 0 {
        let _ = write!(out, ", {restarts} restarts");
    }
    out
}

/// When a container got somewhere; in this form times compare as texts.
fn time_of(container: &Value, stage: &str) -> String {
    let state = &container["State"];
    let time = match stage {
        "started" => &state["StartedAt"],
        "finished" => &state["FinishedAt"],
        _ => {
            let checks = state["Health"]["Log"].as_array().expect("checks of health");
            &checks.iter().find(|check| check["ExitCode"] == 0).expect("one that went well")["End"]
        }
    };
    let time = time.as_str().expect("a time").trim_end_matches('Z');
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    let fraction: String = fraction.chars().take_while(char::is_ascii_digit).collect();
    format!("{seconds}.{fraction:0<9}")
}

fn exec(host: &str, container: &Value, command: &str) -> String {
    let id = container["Id"].as_str().expect("an ID");
    let body = json!({"AttachStdout": true, "AttachStderr": true, "Tty": true, "Cmd": ["sh", "-c", command]});
    let (status, made) = request(host, "POST", &format!("/containers/{id}/exec"), Some(&body));
    assert_eq!(status, 201, "{made}");
    let made: Value = serde_json::from_str(&made).expect("JSON");
    let path = format!("/exec/{}/start", made["Id"].as_str().expect("an ID"));
    let body = json!({"Detach": false, "Tty": true});
    request(host, "POST", &path, Some(&body)).1.replace('\r', "")
}

/// Waits until every container is what the fixture says; what they are if that takes too long.
fn settled(
    host: &str,
    case: &Case,
    expected: &Expected,
) -> Result<BTreeMap<String, Value>, BTreeMap<String, String>> {
    let until = Instant::now() + PATIENCE;
    loop {
        let found = containers(host, case.project());
        let states: BTreeMap<String, String> =
            found.iter().map(|(name, container)| (name.clone(), state_of(container))).collect();
        if states == expected.state {
            return Ok(found);
        }
        if Instant::now() > until {
            return Err(states);
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// What one tool's run comes to: what the probes say, and what is written after `down`.
fn seen(
    host: &str,
    case: &Case,
    expected: &Expected,
    tool: &dyn Fn(&[&str]) -> Result<(), String>,
    up: &[&str],
    may_fail: bool,
) -> Result<Value, String> {
    match tool(up) {
        Ok(()) if expected.fails => return Err("`up` says that all is well".to_owned()),
        Err(said) if !expected.fails && !may_fail => return Err(format!("`up` fails:\n{said}")),
        _ => {}
    }
    let found = settled(host, case, expected)
        .map_err(|states| format!("wanted {:?}\nfound  {states:?}", expected.state))?;
    for order in &expected.order {
        let side = |text: &str| {
            let (name, stage) = text.split_once(' ').expect("a container and a stage");
            time_of(&found[name], stage)
        };
        let (first, second) = order.split_once(" < ").expect("two sides");
        let (first, second) = (side(first), side(second));
        if first >= second {
            return Err(format!("not {order}: {first}, {second}"));
        }
    }
    let mut out = Map::new();
    for (number, (name, command)) in expected.probes.iter().enumerate() {
        let said = exec(host, &found[name], &command.replace("<project>", case.project()));
        out.insert(format!("{number} {name}: {command}"), Value::from(case.general(&said)));
    }
    tool(&["down", "-v"]).map_err(|said| format!("`down` fails:\n{said}"))?;
    let left = containers(host, case.project());
    if !left.is_empty() {
        return Err(format!("left after `down`: {:?}", left.keys()));
    }
    Ok(json!({"probes": out, "written": case.take("out")}))
}

fn compare(host: &str, peer: &Peer, fixture: &Path) -> Result<(), String> {
    let expected = Expected::of(fixture);
    let case = Case::new(fixture, &format!("up-{}", std::process::id()), host);
    let theirs = seen(host, &case, &expected, &|args| case.peer(peer, args), &["up", "-d"], false)
        .map_err(|said| format!("peer: {said}"))?;
    case.clear();
    let may_fail = MAY_FAIL.iter().any(|row| row.at == name_of(fixture));
    let ours = seen(host, &case, &expected, &|args| case.nestctl(args), &["up"], may_fail)
        .map_err(|said| format!("nestctl: {said}"))?;
    let name = name_of(fixture);
    let difference = differ(&json!({&name: theirs}), &json!({&name: ours}), UP, &mut Vec::new());
    if difference.is_empty() { Ok(()) } else { Err(difference) }
}

#[test]
fn what_is_brought_up_behaves_as_with_the_peer() {
    let Some((host, peer, _turn)) = both() else { return };
    let cases = fixtures("compose-up");
    assert!(cases.len() >= 40 || std::env::var_os("NESTCTL_TEST_CASE").is_some(), "{} cases", cases.len());
    each(&cases, vec![(); WORKERS], |(), fixture: &Path| compare(&host, &peer, fixture));
}
