//! The `COMPOSE_*` variables of `.env`: what flags and the environment leave open
//! (docker/compose `cmd/compose/compose.go` `toProjectOptions`, compose-go `cli/options.go`).

use std::path::{Path, PathBuf};

use crate::model::name::ProjectName;
use crate::spec::files::{Files, Vars};
use crate::spec::parse::variables;

use super::error::OpError;
use super::files::STDIN;
use super::find::{Found, absolute, find};
use super::load::LoadOptions;

/// What is asked for, once `.env` was heard as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Surroundings {
    /// The files of the lab.
    pub(super) found: Found,
    /// Files with variables; of those the last wins.
    pub(super) env_files: Vec<PathBuf>,
    /// The project's name, in place of what the file says.
    pub(super) project: Option<ProjectName>,
    /// Active profiles.
    pub(super) profiles: Vec<String>,
}

impl Surroundings {
    /// Looks `.env` up where the user stands, or beside the file that was named; it may name the files of the lab. The
    /// `.env` beside those is read as well, below it.
    pub(super) fn resolve(options: &LoadOptions, disk: &dyn Files) -> Result<Self, OpError> {
        let here = &options.working_directory;
        let vars = &options.vars;
        let directory = options.project_directory.as_deref();
        let mut env_files: Vec<PathBuf> = options.env_files.iter().map(|path| absolute(here, path)).collect();
        let by_default = env_files.is_empty() && !is_on(vars, "COMPOSE_DISABLE_ENV_FILE");
        if by_default {
            let beside = options.files.iter().find(|file| *file != STDIN);
            let beside =
                beside.and_then(|file| absolute(here, file.as_ref()).parent().map(Path::to_path_buf));
            let start = directory.map(|path| absolute(here, path)).or(beside).unwrap_or_else(|| here.clone());
            env_files.extend(Some(start.join(".env")).filter(|path| disk.exists(path)));
        }
        let mut known = variables(disk, &env_files, vars);
        let files = if options.files.is_empty() { named_files(&known) } else { options.files.clone() };
        let found = find(&files, here, directory, disk)?;
        let beside = found.directory.join(".env");
        if by_default && !env_files.contains(&beside) && disk.exists(&beside) {
            env_files.insert(0, beside);
            known = variables(disk, &env_files, vars);
        }
        let profiles = if options.profiles.is_empty() {
            list(&known, "COMPOSE_PROFILES", ",")
        } else {
            options.profiles.clone()
        };
        let project = match &options.project {
            Some(project) => Some(project.clone()),
            None => set(&known, "COMPOSE_PROJECT_NAME").map(ProjectName::new).transpose()?,
        };
        Ok(Self { found, env_files, project, profiles })
    }
}

fn named_files(vars: &Vars) -> Vec<String> {
    list(vars, "COMPOSE_FILE", set(vars, "COMPOSE_PATH_SEPARATOR").unwrap_or(":"))
}

fn list(vars: &Vars, name: &str, separator: &str) -> Vec<String> {
    let texts = set(vars, name).unwrap_or("").split(separator).map(str::trim);
    texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

fn set<'a>(vars: &'a Vars, name: &str) -> Option<&'a str> {
    vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

fn is_on(vars: &Vars, name: &str) -> bool {
    set(vars, name).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "1" | "t" | "true"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn disk(files: &[(&str, &str)]) -> BTreeMap<PathBuf, Vec<u8>> {
        files.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).collect()
    }

    fn options(files: &[&str], from: &str, vars: &[(&str, &str)]) -> LoadOptions {
        LoadOptions {
            files: files.iter().map(|&file| file.to_owned()).collect(),
            working_directory: PathBuf::from(from),
            project_directory: None,
            project: None,
            env_files: Vec::new(),
            all_resources: false,
            compatibility: false,
            profiles: Vec::new(),
            enabled: Vec::new(),
            home: None,
            vars: vars.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }

    fn paths(paths: &[&str]) -> Vec<PathBuf> {
        paths.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn dotenv_names_files_profiles_and_the_project() {
        let disk = disk(&[
            (
                "/a/.env",
                "COMPOSE_FILE=one.yaml;b/two.yaml\nCOMPOSE_PATH_SEPARATOR=;\nCOMPOSE_PROFILES=x, y\nCOMPOSE_PROJECT_NAME=p",
            ),
            ("/a/one.yaml", ""),
            ("/a/b/two.yaml", ""),
        ]);
        let found = Surroundings::resolve(&options(&[], "/a", &[]), &disk).expect("found");
        assert_eq!(found.found.files, paths(&["/a/one.yaml", "/a/b/two.yaml"]));
        assert_eq!(found.profiles, ["x", "y"]);
        assert_eq!(found.project.map(|name| name.to_string()).as_deref(), Some("p"));
        assert_eq!(found.env_files, paths(&["/a/.env"]));
    }

    #[test]
    fn the_environment_and_flags_win_over_dotenv() {
        let disk =
            disk(&[("/a/.env", "COMPOSE_PROJECT_NAME=p\nCOMPOSE_FILE=no.yaml"), ("/a/compose.yaml", "")]);
        let asked = options(&["compose.yaml"], "/a", &[("COMPOSE_PROJECT_NAME", "q")]);
        let found = Surroundings::resolve(&asked, &disk).expect("found");
        assert_eq!(found.project.map(|name| name.to_string()).as_deref(), Some("q"));
        assert_eq!(found.found.files, paths(&["/a/compose.yaml"]));
    }

    #[test]
    fn the_dotenv_where_one_stands_wins_over_the_one_beside_a_file_found_above() {
        let disk = disk(&[("/a/.env", ""), ("/a/compose.yaml", ""), ("/a/b/.env", "")]);
        let found = Surroundings::resolve(&options(&[], "/a/b", &[]), &disk).expect("found");
        // Of several the last wins.
        assert_eq!(found.env_files, paths(&["/a/.env", "/a/b/.env"]));
        let off = options(&[], "/a/b", &[("COMPOSE_DISABLE_ENV_FILE", "1")]);
        assert_eq!(Surroundings::resolve(&off, &disk).expect("found").env_files, paths(&[]));
    }
}
