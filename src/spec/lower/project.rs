//! The whole lab: files, variables, name, topology.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::addr::LayerPath;
use crate::model::name::ProjectName;
use crate::model::span::Span;
use crate::model::topology::{Separator, Topology};
use crate::spec::files::Vars;
use crate::spec::text::interpolate::interpolate;
use crate::spec::tree::build::build;
use crate::spec::tree::node::{Node, Value};

use super::assemble::Named;
use super::lowering::Lowering;
use super::path::normal;
use super::scope::Scope;

/// The variable that Compose gives every file.
const PROJECT_VARIABLE: &str = "COMPOSE_PROJECT_NAME";
/// The variable that asks for names as in the first Compose.
const COMPATIBILITY: &str = "COMPOSE_COMPATIBILITY";

/// Compose's words for yes (`pkg/utils`, `StringToBool`).
fn is_on(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "1" | "t" | "true" | "y" | "yes" | "on")
}

impl Lowering<'_> {
    /// Reads and lowers the whole lab; `None` when there is nothing to lower.
    pub(crate) fn lab(&self, vars: &Vars) -> Option<Topology> {
        if self.entry.files.is_empty() {
            self.problems.push(Diagnostic::error(Code::FileNotFound, "no lab file is given"));
        }
        let files: Vec<Named> =
            self.entry.files.iter().map(|path| Named { path: path.clone(), origin: None }).collect();
        let mut vars = self.root_vars(vars);
        let project = self.project(&vars);
        vars.insert(PROJECT_VARIABLE.to_owned(), project.to_string());
        let (base, vars) = (Rc::from(normal(&self.entry.directory)), Rc::new(vars));
        let tree = self.assemble(&files, &base, &vars)?;
        self.check_not_empty(&tree);
        if !matches!(tree.value, Value::Mapping(_)) && !tree.is_null() {
            // Says what was expected.
            let _: Option<crate::spec::raw::layer::Layer> =
                crate::spec::read::reader::read(&tree, None, self.problems);
            return None;
        }
        let scope = Scope { path: LayerPath::root(), base, vars };
        let old = self.entry.compatibility || scope.vars.get(COMPATIBILITY).is_some_and(|text| is_on(text));
        let root = self.layer_of(tree, &scope);
        Some(Topology {
            project,
            directory: normal(&self.entry.directory),
            root,
            separator: if old { Separator::Underscore } else { Separator::Hyphen },
            all_resources: self.entry.all_resources,
        })
    }

    /// The environment, and below it the files of variables: those asked for, else `.env` of the directory.
    fn root_vars(&self, vars: &Vars) -> Vars {
        let mut files: Vec<(PathBuf, Option<Span>)> =
            self.entry.env_files.iter().map(|path| (path.clone(), None)).collect();
        let dotenv = self.entry.directory.join(".env");
        if files.is_empty() && !is_dotenv_disabled(vars) && self.files.exists(&dotenv) {
            files.push((dotenv, None));
        }
        self.vars_with(&files, vars)
    }

    /// The name as Compose finds it: asked for, else the last file's `name`, else the directory's.
    fn project(&self, vars: &Vars) -> ProjectName {
        if let Some(name) = &self.entry.project {
            return name.clone();
        }
        let trees: Vec<Option<String>> =
            self.entry.files.iter().map(|path| self.written_name(path)).collect();
        let names = trees.into_iter().rev().flatten();
        let written = names.map(|text| match interpolate(&text, &|name| vars.get(name).cloned()) {
            None => text,
            Some(filled) => filled.map(|filled| filled.text).unwrap_or_default(),
        });
        let written = written.into_iter().next();
        let directory = || self.entry.directory.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = match &written {
            // A bad name is noted where the layer is lowered; something like it serves until then.
            Some(text) => ProjectName::normalize(text),
            None => directory().and_then(|name| ProjectName::normalize(&name)),
        };
        name.unwrap_or_else(|| {
            if written.is_none() {
                let message = "the name of the directory gives no project name";
                self.problems
                    .push(Diagnostic::error(Code::BadName, message).help("Add `name:` to the lab file."));
            }
            ProjectName::normalize("lab").expect("a valid name")
        })
    }

    /// The name that a lab file gives. Its tree is kept: the file is read once.
    fn written_name(&self, path: &Path) -> Option<String> {
        // A file that is named twice is the same text both times.
        if let Some((_, tree)) = self.drafts.borrow().get(path) {
            return tree.as_ref().and_then(name_of);
        }
        let source = self.number(path, None)?;
        let tree = build(&self.text(path, None)?, source, self.problems);
        let name = tree.as_ref().and_then(name_of);
        self.drafts.borrow_mut().insert(path.to_owned(), (source, tree));
        name
    }
}

/// The text of the top-level `name`, if it is not empty.
fn name_of(tree: &Node) -> Option<String> {
    match &tree.get("name")?.value {
        Value::Scalar(scalar) if !scalar.is_null() && !scalar.text.is_empty() => {
            Some(scalar.text.to_string())
        }
        _ => None,
    }
}

/// Whether the environment says that no `.env` is read.
fn is_dotenv_disabled(vars: &Vars) -> bool {
    let value = vars.get("COMPOSE_DISABLE_ENV_FILE").map(|value| value.to_ascii_lowercase());
    value.is_some_and(|value| matches!(value.as_str(), "1" | "t" | "true"))
}
