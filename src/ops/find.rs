//! Which files make the lab.

use std::path::{Component, Path, PathBuf};

use crate::spec::files::Files;

use super::error::OpError;
use super::files::STDIN;

/// Names of a lab file in the order in which they are looked for, each with the names of the file that is merged
/// over it when it is beside it (Compose's rule, compose-go `cli/options.go`).
const NAMES: &[(&str, &[&str])] = &[
    ("nest.yaml", &["nest.override.yaml", "nest.override.yml"]),
    ("nest.yml", &["nest.override.yml", "nest.override.yaml"]),
    ("compose.yaml", COMPOSE_OVERRIDES),
    ("compose.yml", COMPOSE_OVERRIDES),
    ("docker-compose.yaml", COMPOSE_OVERRIDES),
    ("docker-compose.yml", COMPOSE_OVERRIDES),
];

const COMPOSE_OVERRIDES: &[&str] = &[
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// The files of a lab and the directory that its relative paths start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Absolute paths, or `-`.
    pub files: Vec<PathBuf>,
    /// Absolute.
    pub directory: PathBuf,
}

/// Finds the files: those given, else the first known name in the working directory (or the given project
/// directory), else in its parent, and so on up.
///
/// # Errors
/// [`OpError::NoLabFile`] when none is given and none is found.
pub fn find(
    given: &[String],
    working_directory: &Path,
    project_directory: Option<&Path>,
    disk: &dyn Files,
) -> Result<Found, OpError> {
    let project_directory = project_directory.map(|path| absolute(working_directory, path));
    if let Some(first) = given.first() {
        let files: Vec<PathBuf> = given
            .iter()
            .map(|text| {
                if text == STDIN { PathBuf::from(STDIN) } else { absolute(working_directory, text.as_ref()) }
            })
            .collect();
        let beside = if first == STDIN { None } else { files[0].parent().map(Path::to_path_buf) };
        let directory = project_directory.or(beside).unwrap_or_else(|| working_directory.to_path_buf());
        return Ok(Found { files, directory });
    }
    let start = project_directory.unwrap_or_else(|| working_directory.to_path_buf());
    for directory in start.ancestors() {
        for (name, overrides) in NAMES {
            let file = directory.join(name);
            if disk.exists(&file) {
                let over = overrides.iter().map(|name| directory.join(name)).find(|path| disk.exists(path));
                let files = std::iter::once(file).chain(over).collect();
                return Ok(Found { files, directory: directory.to_path_buf() });
            }
        }
    }
    Err(OpError::NoLabFile { searched: start })
}

/// `path` from `base`, with `.` and `..` taken out by their text, as Compose does.
pub fn absolute(base: &Path, path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in base.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn disk(paths: &[&str]) -> BTreeMap<PathBuf, Vec<u8>> {
        paths.iter().map(|path| (PathBuf::from(path), Vec::new())).collect()
    }

    fn found(given: &[&str], from: &str, paths: &[&str]) -> Found {
        let given: Vec<String> = given.iter().map(|&text| text.to_owned()).collect();
        find(&given, Path::new(from), None, &disk(paths)).expect("found")
    }

    #[test]
    fn nest_files_win_over_compose_files_of_the_same_directory() {
        let lab = found(&[], "/a", &["/a/compose.yaml", "/a/nest.yml"]);
        assert_eq!(lab.files, [PathBuf::from("/a/nest.yml")]);
    }

    #[test]
    fn the_search_goes_up_and_the_nearest_directory_wins() {
        let lab = found(&[], "/a/b/c", &["/a/nest.yaml", "/a/b/docker-compose.yml"]);
        assert_eq!(lab.files, [PathBuf::from("/a/b/docker-compose.yml")]);
        assert_eq!(lab.directory, PathBuf::from("/a/b"));
    }

    #[test]
    fn an_override_beside_the_file_is_merged_over_it() {
        let lab = found(&[], "/a", &["/a/compose.yaml", "/a/compose.override.yaml"]);
        assert_eq!(lab.files, [PathBuf::from("/a/compose.yaml"), PathBuf::from("/a/compose.override.yaml")]);
    }

    #[test]
    fn given_files_start_at_the_working_directory_and_the_first_gives_the_project_directory() {
        let lab = found(&["../x/one.yaml", "two.yaml"], "/a/b", &[]);
        assert_eq!(lab.files, [PathBuf::from("/a/x/one.yaml"), PathBuf::from("/a/b/two.yaml")]);
        assert_eq!(lab.directory, PathBuf::from("/a/x"));
        assert_eq!(found(&["-"], "/a/b", &[]).directory, PathBuf::from("/a/b"));
    }

    #[test]
    fn no_file_anywhere_is_an_error_that_names_the_start() {
        let error = find(&[], Path::new("/a/b"), None, &disk(&[])).expect_err("nothing there");
        assert!(matches!(error, OpError::NoLabFile { searched } if searched == Path::new("/a/b")));
    }
}
