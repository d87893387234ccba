//! The whole lab: files, variables, name, topology.

use std::path::PathBuf;
use std::rc::Rc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::addr::LayerPath;
use crate::model::name::ProjectName;
use crate::model::topology::Topology;
use crate::spec::files::Vars;
use crate::spec::text::interpolate::interpolate;
use crate::spec::tree::merge::{merge, settle};
use crate::spec::tree::node::{Node, Value};

use super::load::fill_in;
use super::lowering::Lowering;
use super::path::normal;
use super::scope::Scope;

/// The variable that Compose gives every file.
const PROJECT_VARIABLE: &str = "COMPOSE_PROJECT_NAME";

impl Lowering<'_> {
    /// Reads and lowers the whole lab; `None` when there is nothing to lower.
    pub(crate) fn lab(&self, vars: &Vars) -> Option<Topology> {
        if self.entry.files.is_empty() {
            self.problems.push(Diagnostic::error(Code::FileNotFound, "no lab file is given"));
        }
        let trees: Vec<(PathBuf, Rc<Node>)> =
            self.entry.files.iter().filter_map(|path| Some((path.clone(), self.tree(path, None)?))).collect();
        let mut vars = self.root_vars(vars);
        let project = self.project(&trees, &vars);
        vars.entry(PROJECT_VARIABLE.to_owned()).or_insert_with(|| project.to_string());
        let mut merged: Option<Node> = None;
        for (_, tree) in &trees {
            let mut tree = (**tree).clone();
            if !self.literal {
                fill_in(&mut tree, &vars, self.problems, &self.sources.borrow());
            }
            merged = Some(match merged {
                None => tree,
                Some(below) => merge(below, tree),
            });
        }
        let mut tree = merged?;
        settle(&mut tree);
        self.check_not_empty(&tree);
        if !matches!(tree.value, Value::Mapping(_)) && !tree.is_null() {
            // Says what was expected.
            let _: Option<crate::spec::raw::layer::Layer> =
                crate::spec::read::reader::read(&tree, None, self.problems);
            return None;
        }
        let scope = Scope {
            path: LayerPath::root(),
            base: normal(&self.entry.directory),
            vars: Rc::new(vars),
            chain: trees.into_iter().map(|(path, _)| (path, None)).collect(),
        };
        let root = self.layer(&tree, &scope);
        Some(Topology { project, directory: normal(&self.entry.directory), root })
    }

    /// The environment, and below it the files of variables; of those the last wins.
    fn root_vars(&self, vars: &Vars) -> Vars {
        if self.entry.env_files.is_empty() {
            let dotenv = self.entry.directory.join(".env");
            return if self.files.exists(&dotenv) {
                self.vars_with(&dotenv, None, vars)
            } else {
                vars.clone()
            };
        }
        let mut out = vars.clone();
        for path in &self.entry.env_files {
            for (name, value) in self.variables(path, None, &out, false).unwrap_or_default().list {
                if let (Some(value), false) = (value, vars.contains_key(&name)) {
                    out.insert(name, value);
                }
            }
        }
        out
    }

    /// The name as Compose finds it: asked for, else the last file's `name`, else the directory's.
    fn project(&self, trees: &[(PathBuf, Rc<Node>)], vars: &Vars) -> ProjectName {
        if let Some(name) = &self.entry.project {
            return name.clone();
        }
        let written = trees.iter().rev().find_map(|(_, tree)| match &tree.get("name")?.value {
            Value::Scalar(scalar) => Some(match interpolate(&scalar.text, &|name| vars.get(name).cloned()) {
                None => scalar.text.clone(),
                Some(filled) => filled.map(|filled| filled.text).unwrap_or_default(),
            }),
            Value::List(_) | Value::Mapping(_) => None,
        });
        let directory = || self.entry.directory.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = match &written {
            // A bad name is noted where the layer is lowered; something like it serves until then.
            Some(text) => ProjectName::normalize(text),
            None => directory().and_then(|name| ProjectName::normalize(&name)),
        };
        name.unwrap_or_else(|| {
            if written.is_none() && !trees.is_empty() {
                let message = "the name of the directory gives no project name";
                self.problems
                    .push(Diagnostic::error(Code::BadName, message).help("Add `name:` to the lab file."));
            }
            ProjectName::normalize("lab").expect("a valid name")
        })
    }
}
