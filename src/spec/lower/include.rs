//! `include`: other projects, each with its own directory and variables, put below the file that names them
//! (compose-go `loader/include.go`).

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::source::{How, Origin};
use crate::model::span::{Span, Spanned};
use crate::spec::files::Vars;
use crate::spec::raw::reference::{Include, IncludeForm, Includes};
use crate::spec::raw::several::OneOrMany;
use crate::spec::read::field::Field;
use crate::spec::read::reader::read;
use crate::spec::read::words::quote;
use crate::spec::tree::node::{Merge, Node, Pair, Text, Value};

use super::assemble::Named;
use super::lowering::Lowering;

/// What is brought in, by name.
const SECTIONS: &[&str] = &["services", "volumes", "networks", "secrets", "configs", "models"];
/// What an included file keeps to itself.
const ITS_OWN: &[&str] = &["name", "version", "include"];
/// What Compose fetches from elsewhere.
const REMOTE: &[&str] = &["oci://", "https://", "http://", "git://", "ssh://", "git@", "github.com/"];

/// A section and where each name of it stands.
struct Section {
    pairs: Vec<Pair>,
    at: HashMap<Text, usize>,
}

impl Lowering<'_> {
    /// Brings in what `include` of a layer names.
    pub(super) fn include(&self, layer: &mut Node) {
        let head = layer.head;
        let Value::Mapping(pairs) = &mut layer.value else { return };
        let Some(at) = pairs.iter().position(|pair| pair.key.value == "include") else { return };
        let node = pairs.remove(at).value;
        if node.merge == Merge::Reset || node.is_null() {
            return;
        }
        let Some(entries) = read::<Includes>(&node, Some("include"), self.problems) else { return };
        let mut sections: BTreeMap<&str, Section> = BTreeMap::new();
        for entry in entries.0 {
            let Some(tree) = self.included(entry) else { continue };
            self.import(tree, pairs, &mut sections);
        }
        for (key, section) in sections {
            match pairs.iter_mut().find(|pair| pair.key.value == key) {
                Some(pair) if pair.value.is_null() || matches!(pair.value.value, Value::Mapping(_)) => {
                    pair.value.value = Value::Mapping(section.pairs);
                }
                // Not a mapping: its reader complains.
                Some(_) => {}
                None => {
                    let value = Node::new(Value::Mapping(section.pairs), head, head);
                    pairs.push(Pair { key: Spanned::new(key.into(), head), value });
                }
            }
        }
    }

    fn included(&self, entry: Spanned<IncludeForm>) -> Option<Node> {
        let include = match entry.value {
            IncludeForm::Path(path) => {
                let path = Field {
                    value: Some(OneOrMany::One(path)),
                    place: Some(entry.span),
                    key: Some(entry.span),
                };
                Include { path, ..Include::default() }
            }
            IncludeForm::Options(include) => *include,
        };
        let paths = texts(include.path);
        let Some(first) = paths.first() else {
            let help = "Add `path`: a file, or a list of files.";
            self.problems.error(Code::MissingKey, entry.span, "`path` of the `include` is missing", help);
            return None;
        };
        let standing = self.standing(first.span.source)?;
        let mut files = Vec::with_capacity(paths.len());
        for path in &paths {
            if REMOTE.iter().any(|remote| path.value.starts_with(remote)) {
                let message = format!("{} is not a file of this machine", quote(&path.value));
                let help = "Fetch it, and include the copy.";
                self.problems.error(Code::NotSupported, path.span, message, help);
                return None;
            }
            let file = self.path_from(&path.value, path.span, &standing.base)?;
            self.check_circle(&file, path.span, How::Included)?;
            files.push(Named { path: file, origin: Some(Origin { span: path.span, how: How::Included }) });
        }
        let base: PathBuf = match include.project_directory.take() {
            Some(directory) => self.path_from(&directory.value, directory.span, &standing.base)?,
            None => files[0].path.parent().map_or_else(|| standing.base.to_path_buf(), Path::to_path_buf),
        };
        let vars = self.included_vars(include.env_file, &base, &standing.base, &standing.vars);
        self.assemble(&files, &Rc::from(base), &vars)
    }

    /// The variables around the file, and below them those of its own files of variables.
    fn included_vars(
        &self,
        field: Field<OneOrMany>,
        base: &Path,
        outer: &Rc<Path>,
        vars: &Rc<Vars>,
    ) -> Rc<Vars> {
        let written = field.place.is_some();
        let files = texts(field);
        if !written {
            let dotenv = base.join(".env");
            let here = base != &**outer && self.files.exists(&dotenv);
            return if here { Rc::new(self.vars_with(&[(dotenv, None)], vars)) } else { Rc::clone(vars) };
        }
        let files: Vec<(PathBuf, Option<Span>)> = files
            .into_iter()
            .filter(|file| file.value != "/dev/null")
            .filter_map(|file| Some((self.path_from(&file.value, file.span, outer)?, Some(file.span))))
            .collect();
        if files.is_empty() { Rc::clone(vars) } else { Rc::new(self.vars_with(&files, vars)) }
    }

    /// Puts what a tree has beside what is there.
    fn import(&self, tree: Node, own: &mut Vec<Pair>, sections: &mut BTreeMap<&'static str, Section>) {
        let Value::Mapping(pairs) = tree.value else {
            if !tree.is_null() {
                let message = "an included file must be a mapping";
                self.problems.error(Code::WrongType, tree.head, message, "Begin it with `services:`.");
            }
            return;
        };
        for pair in pairs {
            let key = pair.key.value.as_str();
            if ITS_OWN.contains(&key) || key.starts_with("x-") {
                continue;
            }
            let Some(name) = SECTIONS.iter().find(|section| **section == key) else {
                Self::import_rest(pair, own);
                continue;
            };
            match pair.value.value {
                Value::Mapping(entries) => {
                    let section = sections.entry(name).or_insert_with(|| Section::of(own, name));
                    for entry in entries {
                        self.import_one(name, entry, section);
                    }
                }
                // Nothing there, or what its reader complains of.
                _ if pair.value.is_null() => {}
                _ => {
                    let message = format!("`{name}` must be a mapping");
                    self.problems.error(
                        Code::WrongType,
                        pair.value.head,
                        message,
                        "Write `name:` lines below it.",
                    );
                }
            }
        }
    }

    fn import_one(&self, section_name: &str, entry: Pair, section: &mut Section) {
        let Some(at) = section.at.get(&entry.key.value) else {
            section.at.insert(entry.key.value.clone(), section.pairs.len());
            section.pairs.push(entry);
            return;
        };
        let there = &section.pairs[*at];
        if there.value.merge == Merge::Reset {
            return;
        }
        let base = |span: Span| self.standing(span.source).map(|standing| standing.base);
        let is_same =
            || !may_hold_paths(section_name, &entry.value) || base(there.key.span) == base(entry.key.span);
        if same(&there.value, &entry.value) && is_same() {
            return;
        }
        let thing = section_name.strip_suffix('s').unwrap_or(section_name);
        let problem = Diagnostic::error(
            Code::NameClash,
            format!("the {thing} `{}` is defined here and in an included file", entry.key.value),
        )
        .at(there.key.span, "here")
        .at(entry.key.span, "and here")
        .help("Rename one; or, to change what is included, put the change into a file of its own and name it in the same `include` entry, after the first: `path: [base.yaml, change.yaml]`.");
        self.problems.push(problem);
    }

    /// `images` are appended; what the language does not know is left for its reader to complain of.
    fn import_rest(pair: Pair, own: &mut Vec<Pair>) {
        match own.iter_mut().find(|other| other.key.value == pair.key.value) {
            None => own.push(pair),
            Some(other) => {
                if let (Value::List(here), Value::List(more)) = (&mut other.value.value, pair.value.value) {
                    here.extend(more);
                }
            }
        }
    }
}

impl Section {
    fn of(own: &mut [Pair], key: &str) -> Self {
        let pairs = match own.iter_mut().find(|pair| pair.key.value == key).map(|pair| &mut pair.value.value)
        {
            Some(Value::Mapping(pairs)) => std::mem::take(pairs),
            _ => Vec::new(),
        };
        let at = pairs.iter().enumerate().map(|(i, pair)| (pair.key.value.clone(), i)).collect();
        Self { pairs, at }
    }
}

/// The texts of a field with their places.
fn texts(field: Field<OneOrMany>) -> Vec<Spanned<String>> {
    match field.take() {
        None => Vec::new(),
        Some(Spanned { value: OneOrMany::One(text), span }) => vec![Spanned::new(text, span)],
        Some(Spanned { value: OneOrMany::Many(list), .. }) => list.0,
    }
}

/// Whether what an entry of a section means depends on the directory of its file.
fn may_hold_paths(section: &str, entry: &Node) -> bool {
    match section {
        "networks" | "models" => false,
        "volumes" => entry.get("driver_opts").is_some(),
        _ => true,
    }
}

/// Whether two values are the same, wherever they stand.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Scalar(a), Value::Scalar(b)) => a.text == b.text && a.plain == b.plain,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Mapping(a), Value::Mapping(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| a.key.value == b.key.value && same(&a.value, &b.value))
        }
        _ => false,
    }
}
