//! Files and environment → a lab with its graph.

use std::path::PathBuf;
use std::sync::Arc;

use crate::diag::diagnostics::Diagnostics;
use crate::diag::source::SourceMap;
use crate::graph::lab_graph::LabGraph;
use crate::kind::kinds;
use crate::model::addr::Pattern;
use crate::model::name::ProjectName;
use crate::model::service::Service;
use crate::plan::file_check;
pub use crate::plan::goal::Lab;
use crate::spec::files::{Entry, Vars};
use crate::spec::parse::parse;

use super::error::OpError;
use super::files::{DiskFiles, STDIN};
use super::surroundings::Surroundings;

/// What to load.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// Files as they were given; empty: they are looked for.
    pub files: Vec<String>,
    /// Absolute.
    pub working_directory: PathBuf,
    /// Where relative paths start, in place of the first file's directory.
    pub project_directory: Option<PathBuf>,
    /// The project's name, in place of what the file says.
    pub project: Option<ProjectName>,
    /// Files with variables; empty: `.env` of the project directory.
    pub env_files: Vec<PathBuf>,
    /// Active profiles.
    pub profiles: Vec<String>,
    /// Networks and volumes that no service uses are made and printed too.
    pub all_resources: bool,
    /// `_` stands between the parts of names.
    pub compatibility: bool,
    /// Services whose profiles are active, with the nodes on the way to them.
    pub enabled: Vec<Pattern>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// The environment.
    pub vars: Vars,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The lab; `None` when errors leave nothing to go on with.
    pub lab: Option<Arc<Lab>>,
    /// All problems: of the text and of the graph.
    pub diagnostics: Diagnostics,
    /// The texts that they point into.
    pub sources: Arc<SourceMap>,
    /// The lab files, absolute, or `-`.
    pub files: Vec<PathBuf>,
}

/// Loads a lab.
///
/// # Errors
/// When there is no lab file, or one that was named is not there. All that is wrong in the files is in
/// [`Loaded::diagnostics`].
pub fn load(options: &LoadOptions) -> Result<Loaded, OpError> {
    let disk = DiskFiles::default();
    let (entry, files) = prepare(options, &disk)?;
    let parsed = parse(&disk, &entry, &options.vars);
    let mut diagnostics = parsed.diagnostics;
    let lab = parsed.topology.map(|topology| {
        let (graph, problems) = LabGraph::build(&topology);
        diagnostics.extend(problems);
        Arc::new(Lab { topology, graph })
    });
    Ok(Loaded { lab, diagnostics, sources: Arc::new(parsed.sources), files })
}

/// Finds the files, and says what is to be read.
pub(super) fn prepare(options: &LoadOptions, disk: &DiskFiles) -> Result<(Entry, Vec<PathBuf>), OpError> {
    let Surroundings { found, env_files, project, profiles } = Surroundings::resolve(options, disk)?;
    for path in found.files.iter().filter(|path| *path != &PathBuf::from(STDIN)) {
        std::fs::File::open(path).map_err(|source| OpError::Unreadable { path: path.clone(), source })?;
    }
    let entry = Entry {
        files: found.files.clone(),
        directory: found.directory,
        project,
        env_files,
        profiles,
        all_resources: options.all_resources,
        compatibility: options.compatibility,
        enabled: options.enabled.clone(),
        home: options.home.clone(),
    };
    Ok((entry, found.files))
}

impl Loaded {
    /// The lab, if nothing is wrong with it.
    ///
    /// # Errors
    /// [`OpError::Refused`] with all problems when one of them is an error.
    pub fn valid(self) -> Result<ValidLab, OpError> {
        match self.lab {
            Some(lab) if !self.diagnostics.has_errors() => {
                Ok(ValidLab { lab, warnings: self.diagnostics, sources: self.sources })
            }
            _ => Err(OpError::Refused { diagnostics: self.diagnostics, sources: self.sources }),
        }
    }
}

/// A lab without errors.
#[derive(Clone, Debug)]
pub struct ValidLab {
    /// The lab.
    pub lab: Arc<Lab>,
    /// What is worth saying once.
    pub warnings: Diagnostics,
    /// The texts that problems point into, also those of plans.
    pub sources: Arc<SourceMap>,
}

impl ValidLab {
    /// Itself, unless every plan of it would be refused, wherever its engine is and whatever is there.
    ///
    /// # Errors
    /// [`OpError::Refused`] with all problems when one of them is an error.
    pub fn plannable(mut self) -> Result<Self, OpError> {
        self.warnings.extend(file_check::problems(&self.lab.topology));
        if self.warnings.has_errors() {
            return Err(OpError::Refused { diagnostics: self.warnings, sources: self.sources });
        }
        Ok(self)
    }
}

/// The project name of a lab that is addressed by its containers: as given, else as the file says.
///
/// # Errors
/// When no name is given and no file gives one. An invalid file is no error as long as its name can be read.
pub fn project_name(options: &LoadOptions) -> Result<ProjectName, OpError> {
    if let Some(name) = &options.project {
        return Ok(name.clone());
    }
    named_lab(options).map(|(name, _)| name)
}

/// As [`project_name`], with the lab that a file describes. A name alone is a lab without a file, as for Compose.
///
/// # Errors
/// As [`project_name`].
pub fn named_lab(options: &LoadOptions) -> Result<(ProjectName, Option<Arc<Lab>>), OpError> {
    if let Some(name) = options.project.as_ref().filter(|_| options.files.is_empty()) {
        return Ok((name.clone(), None));
    }
    let loaded = load(options)?;
    match loaded.lab {
        Some(lab) => Ok((lab.topology.project.clone(), Some(lab))),
        None => Err(OpError::Refused { diagnostics: loaded.diagnostics, sources: loaded.sources }),
    }
}

/// The image of a node that gives none: its kind's.
pub fn default_image(service: &Service) -> Option<&'static str> {
    kinds::find(&service.node.as_ref()?.kind.value)?.default_image
}

#[cfg(test)]
mod tests;
