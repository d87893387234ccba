//! Every flag of the peer's commands is taken, or stands in a table with the reason why it is not.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::case::peer;
use crate::support::program::Program;

/// Commands of the peer that nestctl does not have.
const OTHERS: &[(&str, &str)] = &[
    (
        "attach",
        "`up --attach` and `logs -f` show what programs say; their standard input is `run`'s and `exec`'s",
    ),
    ("bridge", "turns a file into one for Kubernetes: not what a lab is for"),
    ("commit", "an image comes from a build, so that a lab can be made again from its files"),
    ("export", "the same; `cp` brings files out"),
    (
        "publish",
        "puts a Compose file into a registry: files of a lab belong to each other, and stay in their repository",
    ),
    ("volumes", "`config --volumes` lists those of the file, `docker volume ls` those of the engine"),
    ("watch", "files are not watched: `develop.watch` is read, and `up --build` makes anew what changed"),
];

/// Flags that are refused, and the words of the refusal.
const REFUSED: &[(&[&str], &str)] = &[
    (&["up", "--watch"], "nestctl does not watch files"),
    (&["up", "-w"], "nestctl does not watch files"),
    (&["build", "--builder", "other"], "images are built by the root engine's own BuildKit"),
    (&["exec", "--dry-run", "a", "true"], "`--dry-run` cannot show what this command would do"),
    (&["run", "--dry-run", "a", "true"], "`--dry-run` cannot show what this command would do"),
    (&["cp", "--dry-run", "a:/b", "c"], "`--dry-run` cannot show what this command would do"),
    (&["wait", "--dry-run", "a"], "`--dry-run` cannot show what this command would do"),
];

/// What a help says: flags with whether they take a value, and commands.
fn help(peer: &Path, command: &[&str]) -> String {
    let said = Command::new(peer).args(command).arg("--help").output().expect("the peer runs");
    String::from_utf8_lossy(&said.stdout).into_owned()
}

/// `-q, --quiet   Text` and `--format string   Text`: all names of a flag, and whether a value follows.
fn flags(help: &str) -> Vec<(String, bool)> {
    let mut out = Vec::new();
    for line in help.lines() {
        let text = line.trim_start();
        // What goes on from the line before stands further to the right.
        if !text.starts_with('-') || line.len() - text.len() > 6 {
            continue;
        }
        let line = text;
        let head = line.split("  ").next().unwrap_or_default();
        let words: Vec<&str> = head.split_whitespace().collect();
        let takes = words.last().is_some_and(|word| !word.starts_with('-'));
        let names = words.iter().filter(|word| word.starts_with('-'));
        out.extend(names.map(|name| (name.trim_end_matches(',').to_owned(), takes)));
    }
    out
}

fn commands(help: &str) -> Vec<String> {
    let all = help.lines().skip_while(|line| !line.contains("Commands:"));
    let lines = all.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    lines.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

#[test]
fn flags_of_the_peer_are_taken() {
    let Some(peer) = peer() else {
        println!("skipped: NESTCTL_TEST_PEER names no docker-compose");
        return;
    };
    let program = Program::new();
    let top = help(&peer, &[]);
    let commands = commands(&top);
    assert!(commands.len() > 20, "{commands:?}");
    let lacking: BTreeSet<&str> = OTHERS.iter().map(|(name, _)| *name).collect();
    let mut unknown = Vec::new();
    let mut is_taken = |before: &[&str], flag: &(String, bool), after: &[&str]| {
        let (name, takes) = flag;
        if ["-h", "--help", "--version", "-v"].contains(&name.as_str()) && before.is_empty() {
            return;
        }
        let mut typed: Vec<&str> = before.to_vec();
        typed.push(name);
        if *takes {
            typed.push("1");
        }
        typed.extend(after);
        let said = program.run(&typed).stderr;
        if said.contains("unexpected argument") {
            unknown.push(format!("{}: {}", typed.join(" "), said.lines().next().unwrap_or_default()));
        }
    };
    for flag in flags(&top) {
        is_taken(&[], &flag, &["version", "--help"]);
    }
    for command in &commands {
        if lacking.contains(command.as_str()) || command == "help" {
            continue;
        }
        for flag in flags(&help(&peer, &[command])) {
            is_taken(&[command], &flag, &["--help"]);
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    for (name, why) in OTHERS {
        assert!(commands.iter().any(|command| command == name), "the peer has no `{name}`: {why}");
        let said = program.run(&[name, "--help"]);
        assert_ne!(said.code, 0, "nestctl has `{name}` too: {why}");
    }
}

#[test]
fn what_flags_cannot_do_is_refused_with_the_reason() {
    let program = Program::new();
    program.write("compose.yaml", "services: {a: {image: busybox}}\n");
    for (typed, words) in REFUSED {
        let said = program.run(typed);
        assert!(said.code == 2 && said.stderr.contains(words), "{typed:?}: {said}");
    }
}
