//! `config` of both tools for the same files.

use std::path::{Path, PathBuf};

use super::case::{Case, peer};
use super::differences::CONFIG;

fn fixtures(name: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut out: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    out.retain(|path| path.is_dir());
    out.sort();
    out
}

#[test]
fn files_resolve_as_the_peer_resolves_them() {
    let Some(peer) = peer() else {
        println!("skipped: NESTCTL_TEST_PEER names no docker-compose");
        return;
    };
    let (mut used, mut failures) = (Vec::new(), Vec::new());
    let cases: Vec<PathBuf> = fixtures("tests/fixtures/compose-config");
    for directory in &cases {
        let difference = Case::of(directory).compare(&peer, false, &mut used);
        if !difference.is_empty() {
            failures.push(format!("{}\n{difference}", directory.display()));
        }
    }
    assert!(failures.is_empty(), "{} of {} differ\n{}", failures.len(), cases.len(), failures.join("\n"));
    for row in CONFIG {
        assert!(used.contains(&row.why), "no case needs the row {}: {}", row.at, row.why);
    }
}

#[test]
fn what_is_printed_resolves_to_itself() {
    for directory in fixtures("tests/fixtures/compose-config") {
        let case = Case::of(&directory);
        let Ok(first) = case.nestctl() else { continue };
        let again = tempfile(&directory);
        std::fs::write(again.join("compose.yaml"), first.to_string()).expect("writable");
        // Services keep their profiles.
        let profiles = case.args.windows(2).filter(|pair| pair[0] == "--profile").flatten();
        let all = case.args.iter().filter(|flag| *flag == "--all-resources");
        let args = profiles.chain(all).cloned().collect();
        let second = Case { directory: again.clone(), args, vars: case.vars }.nestctl();
        std::fs::remove_dir_all(&again).expect("removable");
        assert_eq!(second, Ok(first), "{}", directory.display());
    }
}

fn tempfile(directory: &Path) -> PathBuf {
    let name = directory.file_name().expect("a directory has a name").to_string_lossy();
    let path = std::env::temp_dir().join(format!("nestctl-config-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&path).expect("writable");
    path
}
