//! The one entry: files → topology.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::diagnostics::Diagnostics;
use crate::diag::source::SourceMap;
use crate::model::addr::LayerPath;
use crate::model::name::ProjectName;
use crate::model::topology::Topology;

use super::files::{Entry, Files, Vars};
use super::load::normalize;
use super::reader::{Reader, Scope};
use super::tree::Node;
use super::{check, merge};

/// What came of reading a lab.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The lab; `None` when an error leaves nothing to go on with.
    pub topology: Option<Topology>,
    /// All problems of all files.
    pub diagnostics: Diagnostics,
    /// The texts that they point into.
    pub sources: SourceMap,
}

/// Reads a lab.
pub fn parse(files: &dyn Files, entry: &Entry, vars: &Vars) -> Parsed {
    let mut reader = Reader {
        files,
        entry,
        vars: vars.clone(),
        diagnostics: Diagnostics::new(),
        sources: SourceMap::default(),
        loaded: BTreeMap::new(),
        open_files: Vec::new(),
        open_conditions: BTreeSet::new(),
        inactive: Vec::new(),
        services: 0,
    };
    let topology = reader.lab();
    Parsed { topology, diagnostics: reader.diagnostics, sources: reader.sources }
}

impl Reader<'_> {
    fn lab(&mut self) -> Option<Topology> {
        self.dot_env();
        let directory = normalize(&self.entry.directory);
        let mut merged: Option<Node> = None;
        let mut broken = false;
        for path in &self.entry.files.clone() {
            let path = normalize(path);
            let Some(tree) = self.load(&path, None) else {
                broken = true;
                continue;
            };
            self.open_files.push(path);
            merged = Some(match merged {
                None => tree,
                Some(first) => merge::merge(first, tree),
            });
        }
        if self.entry.files.is_empty() {
            let message = format!("there is no lab file in `{}`", directory.display());
            self.diagnostics.push(Diagnostic::error(Code::FileNotFound, message));
        }
        let tree = merged.filter(|_| !broken)?;
        let root = self.layer(&tree, &Scope { path: LayerPath::root(), base: directory.clone() });
        let project = self.project(root.name.as_ref().map(|name| &name.value));
        let mut topology = Topology { project: project?, directory, root };
        let context = check::Context { inactive: &self.inactive, open_conditions: &self.open_conditions };
        check::check(&mut topology, &context, &mut self.diagnostics);
        Some(topology)
    }

    /// Variables of `--env-file` or `.env`; those of the environment win, and of two files the later one.
    fn dot_env(&mut self) {
        let environment = self.vars.clone();
        let mut paths = self.entry.env_files.clone();
        if paths.is_empty() {
            let usual = self.entry.directory.join(".env");
            if self.files.exists(&usual) {
                paths.push(usual);
            }
        }
        for path in paths {
            let vars = self.vars.clone();
            for (name, value) in self.env_file(&path, None, &vars).unwrap_or_default() {
                if let Some(value) = value.filter(|_| !environment.contains_key(&name)) {
                    self.vars.insert(name, value);
                }
            }
        }
    }

    fn project(&mut self, named: Option<&ProjectName>) -> Option<ProjectName> {
        let by_directory = || {
            let name = self.entry.directory.file_name()?.to_string_lossy().into_owned();
            ProjectName::normalize(&name)
        };
        let project = self.entry.project.clone().or_else(|| named.cloned()).or_else(by_directory);
        if project.is_none() {
            self.diagnostics.push(
                Diagnostic::error(Code::MissingKey, "the directory's name gives no project name")
                    .help("add `name:` to the lab file"),
            );
        }
        project
    }
}

#[cfg(test)]
mod damaged;
#[cfg(test)]
mod tests;
