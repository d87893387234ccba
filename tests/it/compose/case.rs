//! One case for both tools, and what `config` prints of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::differences::CONFIG;

/// The peer, where there is one.
pub(super) fn peer() -> Option<PathBuf> {
    std::env::var_os("NESTCTL_TEST_PEER").map(PathBuf::from)
}

/// Where and how both run.
pub(super) struct Case {
    /// Working directory.
    pub(super) directory: PathBuf,
    /// Arguments before the command.
    pub(super) args: Vec<String>,
    /// Environment beside `HOME` and `PATH`.
    pub(super) vars: BTreeMap<String, String>,
}

/// What a tool made of it: the lab, or its complaint.
pub(super) type Printed = Result<Value, String>;

impl Case {
    /// A directory of the fixtures: `args` has one argument a line, `vars` lines of `KEY=value`.
    pub(super) fn of(directory: &Path) -> Self {
        let lines = |name: &str| -> Vec<String> {
            let text = std::fs::read_to_string(directory.join(name)).unwrap_or_default();
            text.lines().map(str::to_owned).collect()
        };
        let pair = |line: String| line.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        Self {
            directory: directory.to_owned(),
            args: lines("args"),
            vars: lines("vars").into_iter().filter_map(pair).collect(),
        }
    }

    /// What `config` of a program prints.
    pub(super) fn run(&self, program: &Path, more: &[&str]) -> Printed {
        let output = Command::new(program)
            .args(&self.args)
            .arg("config")
            .args(more)
            .current_dir(&self.directory)
            .env_clear()
            .env("HOME", "/home/somebody")
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(&self.vars)
            .output()
            .expect("the program runs");
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let options = serde_saphyr::options! { strict_booleans: true };
        serde_saphyr::from_str_with_options(&text, options)
            .map_err(|error| format!("what is printed is no YAML: {error}\n{text}"))
    }

    /// What nestctl prints, also of what it would not run.
    pub(super) fn nestctl(&self) -> Printed {
        self.run(Path::new(env!("CARGO_BIN_EXE_nestctl")), &[])
    }

    /// Both side by side: every difference that no row of the table covers, one a line. Empty: equal, or both
    /// refuse where they may. Rows that were needed are added to `used`.
    pub(super) fn compare(&self, peer: &Path, may_refuse: bool, used: &mut Vec<&'static str>) -> String {
        let (theirs, mut ours) = (self.run(peer, &[]), self.nestctl());
        // A lab that could not run is refused before the peer refuses it (`up`): what is printed of it is compared all the same.
        let is_early = |said: &String| {
            ["nest::contradiction", "nest::address-clash"].iter().any(|code| said.contains(code))
        };
        if may_refuse && theirs.is_ok() && ours.as_ref().is_err_and(is_early) {
            ours = self.run(Path::new(env!("CARGO_BIN_EXE_nestctl")), &["--no-consistency"]);
        }
        match (theirs, ours) {
            (Err(theirs), Err(ours)) if !may_refuse => format!("both refuse:\n{theirs}\n{ours}"),
            (Err(_), Err(_)) => String::new(),
            (Ok(_), Err(error)) => format!("nestctl alone refuses:\n{error}"),
            (Err(error), Ok(_)) => format!("the peer alone refuses:\n{error}"),
            (Ok(theirs), Ok(ours)) => {
                let mut differing = Differing { at: Vec::new(), used, out: String::new() };
                differing.see(Some(&theirs), Some(&ours));
                differing.out
            }
        }
    }
}

struct Differing<'a> {
    at: Vec<String>,
    used: &'a mut Vec<&'static str>,
    out: String,
}

impl Differing<'_> {
    fn below(&mut self, key: &str, theirs: Option<&Value>, ours: Option<&Value>) {
        self.at.push(key.to_owned());
        self.see(theirs, ours);
        self.at.pop();
    }

    fn see(&mut self, theirs: Option<&Value>, ours: Option<&Value>) {
        match (theirs, ours) {
            (Some(Value::Object(theirs)), Some(Value::Object(ours))) => {
                let keys: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
                for key in keys {
                    self.below(key, theirs.get(key), ours.get(key));
                }
            }
            (Some(Value::Array(theirs)), Some(Value::Array(ours))) if theirs.len() == ours.len() => {
                for (i, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                    self.below(&i.to_string(), Some(theirs), Some(ours));
                }
            }
            (theirs, ours) if theirs == ours => {}
            (theirs, ours) => {
                if let Some(row) = CONFIG.iter().find(|row| row.covers(&self.at, theirs, ours)) {
                    self.used.push(row.why);
                    return;
                }
                let text = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
                writeln!(self.out, "{}: peer {}, nestctl {}", self.at.join("."), text(theirs), text(ours))
                    .expect("a string takes all");
            }
        }
    }
}
