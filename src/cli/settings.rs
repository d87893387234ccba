//! What was typed and the environment, resolved: every choice is made here.

use std::path::PathBuf;

use crate::model::name::ProjectName;
use crate::ops::load::LoadOptions;

use super::args::global::{ColorArg, GlobalArgs, ProgressArg};
use super::args::lab::LabArgs;
use super::environment::Environment;
use super::error::CliError;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The tree.
    Tty,
    /// Lines.
    Plain,
    /// JSON lines.
    Json,
    /// Not at all.
    Quiet,
}

/// Choices that hold for every command.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the process runs. `DOCKER_HOST` is the engine that was asked for.
    pub environment: Environment,
    /// How progress is shown.
    pub progress: Progress,
    /// Colour on standard output.
    pub color_stdout: bool,
    /// Colour on standard error.
    pub color_stderr: bool,
    /// Symbols beyond ASCII.
    pub unicode: bool,
    /// Flags that say which lab, from before the command.
    lab: LabArgs,
}

impl Settings {
    /// Resolves the global flags.
    pub fn resolve(global: &GlobalArgs, lab: LabArgs, mut environment: Environment) -> Self {
        if let Some(host) = &global.host {
            environment.vars.insert("DOCKER_HOST".to_owned(), host.clone());
            environment.vars.remove("DOCKER_CONTEXT");
        }
        let dumb = environment.var("TERM") == Some("dumb");
        let color = |tty: bool| match global.color.unwrap_or(ColorArg::Auto) {
            ColorArg::Always => true,
            ColorArg::Never => false,
            // https://no-color.org: present and not empty, whatever its value.
            ColorArg::Auto => tty && !dumb && environment.var("NO_COLOR").is_none(),
        };
        let (color_stdout, color_stderr) = (color(environment.stdout_tty), color(environment.stderr_tty));
        let progress = match global.progress.unwrap_or(ProgressArg::Auto) {
            ProgressArg::Auto if environment.stderr_tty && !dumb => Progress::Tty,
            ProgressArg::Auto | ProgressArg::Plain => Progress::Plain,
            ProgressArg::Tty => Progress::Tty,
            ProgressArg::Json => Progress::Json,
            ProgressArg::Quiet => Progress::Quiet,
        };
        let unicode = environment.is_utf8();
        Self { environment, progress, color_stdout, color_stderr, unicode, lab }
    }

    /// What to load, with the flags that stand after the command. `enabled`: addresses given to it, whose services
    /// are active whatever their profiles.
    ///
    /// # Errors
    /// When the project name is none.
    pub fn load_options(&self, after: &LabArgs, enabled: &[String]) -> Result<LoadOptions, CliError> {
        let lab = self.lab.clone().overlaid(after);
        let env = &self.environment;
        let list = |name: &str, separator: &str| -> Vec<String> {
            let texts = env.var(name).unwrap_or("").split(separator).map(str::trim);
            texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
        };
        let separator = env.var("COMPOSE_PATH_SEPARATOR").unwrap_or(":");
        let files = if lab.file.is_empty() { list("COMPOSE_FILE", separator) } else { lab.file };
        let profiles = if lab.profile.is_empty() { list("COMPOSE_PROFILES", ",") } else { lab.profile };
        let env_files = if lab.env_file.is_empty() {
            list("COMPOSE_ENV_FILES", ",").into_iter().map(PathBuf::from).collect()
        } else {
            lab.env_file
        };
        let project = match (&lab.project_name, env.var("COMPOSE_PROJECT_NAME")) {
            (Some(name), _) => Some(ProjectName::new(name)?),
            (None, Some(name)) => Some(ProjectName::new(name)?),
            (None, None) => None,
        };
        let part = |text: &String| -> Option<String> {
            let text = text.trim_start_matches('/');
            let service = text.split('/').next()?.split('@').next()?;
            Some(service.to_owned())
        };
        Ok(LoadOptions {
            files,
            working_directory: env.directory.clone(),
            project_directory: lab.project_directory,
            project,
            env_files,
            profiles,
            enabled: enabled.iter().filter_map(part).collect(),
            home: env.home.clone(),
            vars: env.vars.clone(),
        })
    }
}
