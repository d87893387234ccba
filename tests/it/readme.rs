//! What README.md shows and lists is what the program has.

use std::io::Write as _;
use std::process::{Command, Stdio};

use nestctl::kind::kinds::KINDS;

const README: &str = include_str!("../../README.md");

fn nestctl() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nestctl"));
    command.env_remove("DOCKER_HOST").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn the_first_lab_of_the_readme_must_be_valid() {
    let lab = README.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a lab");
    let mut child = nestctl().args(["-f", "-", "validate"]).spawn().expect("nestctl starts");
    child.stdin.take().expect("a pipe").write_all(lab.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_readme_must_have_a_row_for_every_kind_with_its_image() {
    for kind in KINDS {
        let start = format!("| `{}` |", kind.name);
        let row = README.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("no row for {}", kind.name));
        // kicbase's tag is too long for a table.
        let image = kind.default_image.filter(|image| !image.contains("kicbase"));
        assert!(image.is_none_or(|image| row.contains(&format!("| `{image}` |"))), "{row}");
    }
}

#[test]
fn the_readme_must_name_every_command() {
    let help = nestctl().arg("--help").output().expect("nestctl runs");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let commands: Vec<&str> = help
        .lines()
        .take_while(|line| !line.starts_with("Options:"))
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .collect();
    assert!(commands.contains(&"up"), "{help}");
    let rows: Vec<&str> = README
        .split("## Commands")
        .nth(1)
        .expect("its chapter")
        .lines()
        .take_while(|line| !line.starts_with("## "))
        .filter(|line| line.starts_with('|'))
        .collect();
    for command in commands {
        let named =
            |row: &&str| row.contains(&format!("`{command}`")) || row.contains(&format!("`{command} "));
        assert!(rows.iter().any(named), "no row for `{command}`");
    }
}
