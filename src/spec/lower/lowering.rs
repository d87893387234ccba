//! What all of the lowering shares.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use crate::diag::source::SourceMap;
use crate::model::addr::LayerPath;
use crate::model::name::ServiceName;
use crate::model::span::{SourceId, Span};
use crate::spec::canonical::resolve::KeptLayers;
use crate::spec::files::{Entry, Files, Vars};
use crate::spec::problems::Problems;
use crate::spec::tree::node::Node;

use super::extends::Library;
use super::scope::Scope;
use super::standing::Standing;

/// Engines within engines deeper than this were not meant; each level costs memory and time.
pub(crate) const LAYER_DEPTH_LIMIT: usize = 16;
/// Services of a whole lab. Files that name files twice at each level would grow without end.
pub(crate) const SERVICE_LIMIT: usize = 20_000;

/// Files of a whole lab, each counted as often as it is named.
pub(crate) const FILE_LIMIT: usize = 50_000;

/// A file whose services are extended, and the variables that were filled in.
pub(super) type Kept = (Option<Rc<Library>>, Rc<Vars>);

/// A file that was read, under the number of its text, before its variables are filled in.
pub(super) type Draft = (SourceId, Option<Node>);

/// The notebook, the files, and what later checks want to know beside the topology.
pub(crate) struct Lowering<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) entry: &'a Entry,
    pub(crate) problems: &'a Problems,
    pub(crate) sources: RefCell<SourceMap>,
    /// Surroundings of each text.
    pub(super) standings: RefCell<Vec<Option<Standing>>>,
    /// Files whose services are extended, by path and variables, which are kept with them.
    pub(super) libraries: RefCell<HashMap<(PathBuf, usize), Kept>>,
    /// The first number of each file.
    pub(super) numbers: RefCell<HashMap<PathBuf, SourceId>>,
    /// Trees of lab files that were read for the name of the project, until they are taken.
    pub(super) drafts: RefCell<HashMap<PathBuf, Draft>>,
    pub(super) files_read: RefCell<usize>,
    /// Texts of files that were read.
    pub(super) texts: RefCell<HashMap<PathBuf, Option<Arc<str>>>>,
    pub(super) services: RefCell<usize>,
    /// Found on the way, for the checks.
    pub(crate) notes: RefCell<Notes>,
    /// The tree of every layer, where the lab is to be printed.
    pub(crate) kept: Option<KeptLayers>,
    /// Variables stay as they are written.
    pub(crate) literal: bool,
}

/// What the topology does not hold.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Services left out, with their profiles.
    pub(crate) inactive: BTreeMap<(LayerPath, ServiceName), Vec<String>>,
    /// Dependencies without a condition: it depends on what the target is.
    pub(crate) unconditional: HashSet<Span>,
    /// Services whose missing image has a reason that was noted already.
    pub(crate) excused: HashSet<Span>,
    /// Configs and secrets that something uses.
    pub(crate) used_files: BTreeSet<(LayerPath, &'static str, String)>,
    /// Configs and secrets that are defined, and where.
    pub(crate) defined_files: BTreeMap<(LayerPath, &'static str, String), Span>,
}

impl<'a> Lowering<'a> {
    pub(crate) fn new(files: &'a dyn Files, entry: &'a Entry, problems: &'a Problems) -> Self {
        Self {
            files,
            entry,
            problems,
            sources: RefCell::default(),
            standings: RefCell::default(),
            libraries: RefCell::default(),
            numbers: RefCell::default(),
            drafts: RefCell::default(),
            files_read: RefCell::default(),
            texts: RefCell::default(),
            services: RefCell::default(),
            notes: RefCell::default(),
            kept: None,
            literal: false,
        }
    }

    /// Keeps the tree of a layer, where the lab is to be printed.
    pub(super) fn keep(&self, node: &Node, scope: &Scope) {
        if let Some(kept) = &self.kept {
            kept.borrow_mut().insert(scope.path.clone(), (Rc::new(node.clone()), scope.clone()));
        }
    }
}
