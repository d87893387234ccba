//! Where texts come from.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::addr::Pattern;
use crate::model::name::ProjectName;

/// Reads files for the parser: the disk in `ops`, memory in tests and bundles.
pub trait Files {
    /// The content of a file.
    ///
    /// # Errors
    /// As the file system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Whether something is at `path`.
    fn exists(&self, path: &Path) -> bool;
}

/// Files in memory.
impl Files for BTreeMap<PathBuf, Vec<u8>> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.get(path).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn exists(&self, path: &Path) -> bool {
        self.keys().any(|key| key.starts_with(path))
    }
}

/// What the user asks to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Lab files, absolute, merged in order. `-` is standard input, whose text `Files` answers for that path.
    pub files: Vec<PathBuf>,
    /// The project directory, absolute: relative paths of the first file start here.
    pub directory: PathBuf,
    /// `-p` or `COMPOSE_PROJECT_NAME`; else the file's `name:`, else the directory's name.
    pub project: Option<ProjectName>,
    /// `--env-file`; empty: `.env` in the directory, if it is there.
    pub env_files: Vec<PathBuf>,
    /// Active profiles.
    pub profiles: Vec<String>,
    /// Networks and volumes that no service uses belong to the lab too.
    pub all_resources: bool,
    /// `_` stands between the parts of names, as in the first Compose; also with `COMPOSE_COMPATIBILITY`.
    pub compatibility: bool,
    /// What is named on the command line: the profiles of these services are active in their layers, and so are the
    /// nodes on the way to them.
    pub enabled: Vec<Pattern>,
    /// The home directory, for `~`.
    pub home: Option<PathBuf>,
}

/// Variables of the environment.
pub type Vars = BTreeMap<String, String>;
