//! `down` of some services: both tools leave the same containers, networks, volumes and images.
//! Cases: tests/fixtures/compose-down.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::engine::{WORKERS, both, each};
use super::engine_case::{Case, fixtures};
use super::engine_http::labelled;
use super::engine_report::{Report, differ};

/// What is there of a project, by names; containers with their states.
fn left(host: &str, case: &Case) -> Value {
    let report = Report::of(host, case.project());
    let names = |list: &[Value]| -> Vec<String> {
        let mut names: Vec<String> =
            list.iter().map(|it| it["Name"].as_str().unwrap_or_default().to_owned()).collect();
        names.sort();
        names
    };
    let label = format!("com.docker.compose.project={}", case.project());
    let images = labelled(host, "/images/json", &label);
    let states = report.containers.iter().map(|it| (it["Name"].to_string(), it["State"]["Status"].clone()));
    json!({
        "containers": states.collect::<serde_json::Map<_, _>>(),
        "networks": names(&report.networks),
        "volumes": names(&report.volumes),
        "images": images.as_array().map(Vec::len),
    })
}

#[test]
fn what_a_down_of_services_leaves_is_what_the_peer_leaves() {
    let Some((host, peer, _turn)) = both() else { return };
    let prefix = format!("diffdown-{}", std::process::id());
    let cases = fixtures("compose-down");
    each(&cases, vec![(); WORKERS], |(), fixture: &Path| {
        let text = fs::read_to_string(fixture.join("compose.yaml")).expect("a file");
        let lab: Value = serde_saphyr::from_str(&text).expect("YAML");
        let case = Case::new(fixture, &prefix, &host);
        let mut differences = String::new();
        for row in lab["x-down"].as_array().expect("rows of arguments") {
            let words = row.as_array().into_iter().flatten().filter_map(Value::as_str);
            let typed: Vec<&str> = words.collect();
            case.peer(&peer, &["up", "-d"])?;
            let theirs = json!({"ok": case.peer(&peer, &typed).is_ok(), "left": left(&host, &case)});
            case.peer(&peer, &["down", "-v", "--rmi", "local"])?;
            case.nestctl(&["up"])?;
            let ours = json!({"ok": case.nestctl(&typed).is_ok(), "left": left(&host, &case)});
            case.nestctl(&["down", "-v", "--rmi", "local"])?;
            let difference = differ(&theirs, &ours, &[], &mut Vec::new());
            if !difference.is_empty() {
                let _ = writeln!(differences, "{}\n{difference}", typed.join(" "));
            }
        }
        if differences.is_empty() { Ok(()) } else { Err(differences) }
    });
}
