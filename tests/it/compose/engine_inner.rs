//! The same files inside a node: the same containers as the peer makes on the root engine.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::engine_case::{Case, Peer, copy_tree, fixtures};
use super::engine_differences::{ENGINE, INNER};
use super::engine_report::{Report, differ};
use crate::support::lab::TestLab;

/// Cases that say something of the engine's machine, or need what is outside of the node.
const ROOT_ONLY: &[(&str, &str)] = &[
    ("args", "files and profiles are given on the command line, which is the root's"),
    ("vars", "the same for variables"),
    ("outside", "made beforehand on the root engine"),
];

const LAB: &str = "
services:
  vm:
    image: ${DIND_IMAGE}
    engine: dind
    inner: ./case/compose.yaml
  # Every case has the lab's directory in the node, so that the node stays the same.
";

/// What the engine inside a node reports, by its own client: one exec.
const ASK: &str = "docker ps -aq --no-trunc | xargs -r docker inspect; echo; echo ---; \
    docker network ls -q --no-trunc --filter type=custom | xargs -r docker network inspect; echo; echo ---; \
    docker volume ls -q | xargs -r docker volume inspect";
const CLEAN: &str = "docker ps -aq | xargs -r docker rm -fv >/dev/null; \
    docker network prune -f >/dev/null; docker volume prune -af >/dev/null";

fn inside(lab: &TestLab) -> Report {
    let (text, code) = lab.exec("", "vm", &["sh", "-c", ASK]);
    assert_eq!(code, 0, "{text}");
    let list =
        |part: &str| -> Vec<Value> { serde_json::from_str(part.trim()).unwrap_or_else(|_| Vec::new()) };
    let mut parts = text.split("---").map(list);
    let mut next = || parts.next().unwrap_or_default();
    Report { containers: next(), networks: next(), volumes: next() }
}

#[test]
fn inside_a_node_the_same_is_created() {
    let Some(peer) = Peer::find() else { return };
    let Some(lab) = TestLab::new("compose-inner", LAB) else { return };
    let mut failures = Vec::new();
    let at_root = |fixture: &PathBuf| !ROOT_ONLY.iter().any(|(file, _)| fixture.join(file).exists());
    let cases: Vec<PathBuf> = fixtures("compose").into_iter().filter(at_root).collect();
    for fixture in &cases {
        let name = fixture.file_name().expect("a name").to_string_lossy().into_owned();
        let directory = lab.directory.join("case");
        let _ = fs::remove_dir_all(&directory);
        copy_tree(fixture, &directory);
        let ran = lab.run(&["create", "--start-nodes"]);
        if ran.code != 0 {
            failures.push(format!("{name}: nestctl refuses inside:\n{}", ran.stderr));
            lab.exec("", "vm", &["sh", "-c", CLEAN]);
            continue;
        }
        let ours = inside(&lab);
        let case = Case::in_place(&format!("{}-vm", lab.project), &directory, &lab.host);
        case.peer(&peer, &["create"]).expect("the peer creates it at the root");
        let written = case.written();
        let theirs = case.report();
        case.clear();
        let mut table = INNER.to_vec();
        table.extend_from_slice(ENGINE);
        let difference = differ(&theirs, &ours.comparable(&written), &table, &mut Vec::new());
        if !difference.is_empty() {
            failures.push(format!("{name}\n{difference}"));
        }
        lab.exec("", "vm", &["sh", "-c", CLEAN]);
    }
    assert!(failures.is_empty(), "{} of {} differ\n{}", failures.len(), cases.len(), failures.join("\n"));
}
