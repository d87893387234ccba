//! The architecture, held by a test: who imports whom, who names which crate, and the habits of the house. `std` only.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules from the innermost out, and what each may import beside itself.
const IMPORTS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("kind", &["model"]),
    ("diag", &["model"]),
    ("spec", &["model", "kind", "diag"]),
    ("graph", &["model", "diag"]),
    ("plan", &["model", "kind", "diag", "graph"]),
    ("event", &["model", "diag", "plan"]),
    ("engine", &["model"]),
    ("transfer", &["model", "engine"]),
    ("executor", &["model", "kind", "diag", "graph", "plan", "event", "engine", "transfer"]),
    ("ops", &["model", "kind", "diag", "spec", "graph", "plan", "event", "engine", "transfer", "executor"]),
    ("report", &["model", "diag", "plan", "event"]),
    ("cli", &["ops", "report", "model", "diag", "event"]),
];

/// Paths that are narrower than their module: who may name them.
const NARROW: &[(&str, &[&str])] =
    &[("crate::engine::docker", &["engine/docker", "ops/root"]), ("crate::engine::fake", &["engine/fake"])];

/// Crates and parts of `std` that only some places may name (a prefix of the path below `src`).
const CRATES: &[(&str, &[&str])] = &[
    ("litemap", &["model/map.rs"]),
    ("granit_parser", &["spec/"]),
    ("compact_str", &["spec/tree/node.rs"]),
    ("serde_saphyr", &["spec/"]),
    ("schemars", &["spec/"]),
    ("serde", &["spec/", "report/json/", "engine/docker/", "ops/root"]),
    ("serde_json", &["kind/", "plan/hook_label", "spec/", "engine/", "transfer/", "ops/root", "report/"]),
    ("petgraph", &["graph/"]),
    ("bollard", &["engine/docker/"]),
    ("hyper", &["engine/docker/"]),
    ("h2", &["engine/docker/"]),
    ("prost", &["engine/docker/"]),
    ("hyper_util", &["engine/docker/"]),
    ("http_body_util", &["engine/docker/"]),
    ("tower_service", &["engine/docker/"]),
    ("tokio_rustls", &["engine/docker/"]),
    ("rustls_pki_types", &["engine/docker/"]),
    ("sha2", &["plan/fingerprint", "transfer/", "ops/host_files", "ops/root", "engine/fake/"]),
    ("tar", &["transfer/", "ops/host_files", "ops/copy", "engine/fake/"]),
    ("miette", &["report/diagnostic.rs"]),
    ("unicode_width", &["report/width.rs"]),
    ("clap", &["cli/"]),
    ("clap_complete", &["cli/"]),
    ("rustix", &["cli/", "ops/"]),
    ("tokio", &["engine/", "transfer/", "executor/", "ops/", "cli/"]),
    ("std::fs", &["ops/"]),
    ("std::env", &["cli/environment.rs"]),
    ("std::process", &["main.rs", "cli/", "engine/docker/"]),
];

/// Lines that a file may have.
const LONGEST: usize = 600;

struct File {
    /// Path below the package.
    path: String,
    text: String,
    /// Compiled for tests only.
    test: bool,
}

impl File {
    /// The text without comments, and without the tests in it.
    fn code(&self) -> String {
        if self.test {
            return String::new();
        }
        let mut out = String::new();
        for line in self.text.lines() {
            if line.starts_with("#[cfg(test)]") {
                // Tests are the last thing of a file, or a `mod` line.
                if self.text.contains("mod tests {") {
                    break;
                }
                continue;
            }
            let code = line.split("//").next().unwrap_or_default();
            out.push_str(code);
            out.push('\n');
        }
        out
    }
}

/// Whether a file is declared by a `mod` line below `#[cfg(test)]`, or lies within one that is.
fn is_test(path: &str, declared: &[String]) -> bool {
    declared.iter().any(|stem| path == format!("{stem}.rs") || path.starts_with(&format!("{stem}/")))
}

/// The paths, without `.rs`, of modules that are declared for tests only.
fn test_modules(files: &[File]) -> Vec<String> {
    let mut out = Vec::new();
    for file in files {
        let directory = match file.path.strip_suffix("/mod.rs").or_else(|| file.path.strip_suffix("/lib.rs"))
        {
            Some(directory) => directory,
            None => file.path.trim_end_matches(".rs"),
        };
        let mut lines = file.text.lines();
        while let Some(line) = lines.next() {
            if !line.starts_with("#[cfg(test)]") {
                continue;
            }
            let declared = lines.next().and_then(|line| line.trim_end().strip_suffix(';'));
            if let Some((_, name)) = declared.and_then(|line| line.rsplit_once("mod ")) {
                out.push(format!("{directory}/{name}"));
            }
        }
    }
    out
}

fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(directory: &str) -> Vec<File> {
    let mut out = Vec::new();
    collect(&package().join(directory), &mut out);
    out.sort_by(|a, b| a.path.cmp(&b.path));
    let declared = test_modules(&out);
    for file in &mut out {
        file.test = is_test(&file.path, &declared);
    }
    out
}

fn collect(directory: &Path, out: &mut Vec<File>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("text");
            let path = path.strip_prefix(package()).expect("within the package").display().to_string();
            out.push(File { path, text, test: false });
        }
    }
}

fn sources() -> Vec<File> {
    files_below("src")
}

fn all_rust() -> Vec<File> {
    ["src", "tests", "xtask/src", "fuzz/fuzz_targets"].iter().flat_map(|it| files_below(it)).collect()
}

/// The names that follow `prefix` in the code: `crate::model::addr` for `crate::` gives `model`. Also those in
/// braces: `use crate::{diag, event};`.
fn names_after<'a>(code: &'a str, prefix: &str) -> Vec<&'a str> {
    let mut out = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(list) => {
                let list = list.split('}').next().unwrap_or_default();
                out.extend(list.split(',').map(|item| word(item.trim())).filter(|name| !name.is_empty()));
            }
            None => out.push(word(rest)),
        }
    }
    out
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// Whether the code names a path: `std::fs`, or a crate.
fn names(code: &str, path: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(path).any(|(at, _)| {
        let before = &code[..at];
        let after = &code[at + path.len()..];
        let begins =
            !is_word(before.chars().next_back()) && !before.ends_with("::") && !before.ends_with('.');
        let is_path = after.starts_with("::")
            || after.starts_with(';')
            || after.starts_with(" as ")
            || path.contains("::");
        begins && is_path && !is_word(after.chars().next())
    }) || path
        .split_once("::")
        .is_some_and(|(head, tail)| names_after(code, &format!("{head}::")).contains(&tail))
}

#[track_caller]
fn nothing(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}\n", found.join("\n  "));
}

#[test]
fn modules_import_downward_only() {
    let mut found = Vec::new();
    for file in sources() {
        let below = file.path.trim_start_matches("src/");
        let Some((module, _)) = below.split_once('/') else { continue };
        let allowed = IMPORTS.iter().find(|(name, _)| *name == module);
        let Some((_, allowed)) = allowed else {
            found.push(format!("{}: `{module}` is not in the table", file.path));
            continue;
        };
        let code = file.code();
        for name in names_after(&code, "crate::") {
            let known = IMPORTS.iter().any(|(module, _)| *module == name);
            if known && name != module && !allowed.contains(&name) {
                found.push(format!("{}: `{module}` imports `{name}`", file.path));
            }
        }
        for (path, places) in NARROW {
            if names(&code, path) && !places.iter().any(|place| below.starts_with(place)) {
                found.push(format!("{}: names `{path}`", file.path));
            }
        }
    }
    nothing(&found, "imports go downward, as the table in this file says");
}

#[test]
fn crates_are_named_in_their_rooms_only() {
    let mut found = Vec::new();
    for file in sources() {
        let below = file.path.trim_start_matches("src/");
        let code = file.code();
        for (name, places) in CRATES {
            if names(&code, name) && !places.iter().any(|place| below.starts_with(place)) {
                found.push(format!("{}: names `{name}`, which belongs to {}", file.path, places.join(", ")));
            }
        }
    }
    nothing(&found, "a crate is named in its room only");
}

#[test]
fn every_room_and_crate_of_the_tables_is_used() {
    // A row that nothing uses any more would let anything through unseen.
    let sources = sources();
    let mut found = Vec::new();
    for (module, _) in IMPORTS {
        if !sources.iter().any(|file| file.path.starts_with(&format!("src/{module}/"))) {
            found.push(format!("there is no module `{module}`"));
        }
    }
    for (name, places) in NARROW.iter().chain(CRATES) {
        for place in *places {
            if !sources.iter().any(|file| file.path.trim_start_matches("src/").starts_with(place)) {
                found.push(format!("`{name}`: there is no `{place}`"));
            }
        }
    }
    nothing(&found, "the tables speak of what is there");
}

#[test]
fn no_file_is_longer_than_can_be_read() {
    let long = all_rust().into_iter().map(|file| (file.text.lines().count(), file.path));
    let found: Vec<String> =
        long.filter(|(n, _)| *n > LONGEST).map(|(n, path)| format!("{path}: {n} lines")).collect();
    nothing(&found, "a file has at most 600 lines");
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = all_rust().into_iter().filter(|file| !file.text.starts_with("//!") && !file.test);
    let found: Vec<String> =
        silent.filter(|file| !file.text.starts_with("#![no_main]")).map(|file| file.path).collect();
    nothing(&found, "a file begins with `//!`");
}

#[test]
fn mod_files_only_declare() {
    let mut found = Vec::new();
    for file in all_rust().iter().filter(|file| file.path.ends_with("/mod.rs")) {
        for line in file.text.lines() {
            let line = line.trim();
            let declares = line.is_empty()
                || line.starts_with("//")
                || line.starts_with("#[")
                || (line.ends_with(';') && names(line, "mod") | line.contains("mod "));
            if !declares {
                found.push(format!("{}: {line}", file.path));
            }
        }
    }
    nothing(&found, "a `mod.rs` only declares modules");
}

#[test]
fn every_file_is_part_of_the_program() {
    let files = all_rust();
    let texts: BTreeMap<&str, &str> =
        files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    let mut found = Vec::new();
    for file in &files {
        let path = Path::new(&file.path);
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        let directory = path.parent().expect("a directory").display().to_string();
        let is_root = [
            "src/lib.rs",
            "src/main.rs",
            "tests/tidy.rs",
            "tests/it/main.rs",
            "tests/bench/engine/main.rs",
            "xtask/src/main.rs",
        ];
        if is_root.contains(&file.path.as_str())
            || ["fuzz/fuzz_targets", "tests/bench"].contains(&directory.as_str())
        {
            continue;
        }
        let (name, directory) = match name {
            "mod" => {
                let parent = Path::new(&directory);
                let name = parent.file_name().and_then(|name| name.to_str()).expect("a name");
                (name.to_owned(), parent.parent().expect("a directory").display().to_string())
            }
            name => (name.to_owned(), directory),
        };
        let above = [
            format!("{directory}/mod.rs"),
            format!("{directory}/lib.rs"),
            format!("{directory}/main.rs"),
            format!("{directory}.rs"),
        ];
        let declared = above.iter().filter_map(|path| texts.get(path.as_str())).any(|text| {
            text.lines().any(|line| line.trim_end_matches(';').ends_with(&format!("mod {name}")))
        });
        if !declared {
            found.push(file.path.clone());
        }
    }
    nothing(&found, "every file is declared by a `mod` line");
}

#[test]
fn lints_are_expected_with_a_reason_and_nothing_is_left_to_do() {
    let mut found = Vec::new();
    for file in all_rust().iter().filter(|file| file.path != "tests/tidy.rs") {
        for (number, line) in file.text.lines().enumerate() {
            for word in ["#[allow(", "#![allow(", "todo!(", "unimplemented!(", "dbg!(", "#[ignore"] {
                if line.split("//").next().is_some_and(|code| code.contains(word)) {
                    found.push(format!("{}:{}: {word}", file.path, number + 1));
                }
            }
            if line.contains("#[expect(") && !line.contains("reason") && line.trim_end().ends_with(")]") {
                found.push(format!("{}:{}: #[expect] without a reason", file.path, number + 1));
            }
        }
    }
    nothing(&found, "no stub, no silenced lint, no test that does not run");
}

#[test]
fn every_fixture_has_an_owner() {
    let tests: String = files_below("tests").into_iter().chain(sources()).map(|file| file.text).collect();
    let mut found = Vec::new();
    for area in fs::read_dir(package().join("tests/fixtures")).into_iter().flatten() {
        let area = area.expect("a readable entry").path();
        let name = area.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        // A test that goes through the whole area owns all of it.
        if tests.contains(&format!("fixtures/{name}")) {
            continue;
        }
        for fixture in fs::read_dir(&area).into_iter().flatten() {
            let path = fixture.expect("a readable entry").path();
            let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
            if !tests.contains(stem) {
                found.push(path.display().to_string());
            }
        }
    }
    nothing(&found, "a fixture is named by a test");
}
