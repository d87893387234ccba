//! What was typed and the environment, resolved: every choice is made here.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;

use crate::model::name::ProjectName;
use crate::ops::context::Ctx;
use crate::ops::error::OpError;
use crate::ops::load::LoadOptions;
use crate::ops::lock::{self, LockOptions, Notice};
use crate::ops::root::ChosenBy;
use crate::ops::up::Orphans;

use super::args::global::{ColorArg, GlobalArgs, ProgressArg};
use super::args::lab::LabArgs;
use super::environment::Environment;
use super::error::CliError;
use super::terminal::Terminal;

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
    /// Whether progress goes to standard output (`COMPOSE_STATUS_STDOUT`).
    pub status_stdout: bool,
    /// Colour on standard output.
    pub color_stdout: bool,
    /// Colour on standard error.
    pub color_stderr: bool,
    /// Symbols beyond ASCII.
    pub unicode: bool,
    /// Flags that say which lab, from before the command.
    lab: LabArgs,
    /// What has set `DOCKER_HOST`, if it is set.
    host_by: ChosenBy,
}

impl Settings {
    /// Resolves the global flags.
    pub fn resolve(global: &GlobalArgs, lab: LabArgs, mut environment: Environment) -> Self {
        let host_by = global.host.as_ref().map_or(ChosenBy::Environment, |_| ChosenBy::User("-H"));
        if let Some(host) = &global.host {
            environment.vars.insert("DOCKER_HOST".to_owned(), host.clone());
            environment.vars.remove("DOCKER_CONTEXT");
        }
        for (name, limit) in global.limits.given() {
            environment.vars.insert(name.to_owned(), format!("{}ms", limit.as_millis()));
        }
        let dumb = environment.var("TERM") == Some("dumb");
        let ansi = match environment.var("COMPOSE_ANSI") {
            Some("never") => ColorArg::Never,
            Some("always") => ColorArg::Always,
            _ => ColorArg::Auto,
        };
        let color = |tty: bool| match global.color.unwrap_or(ansi) {
            ColorArg::Always => true,
            ColorArg::Never => false,
            // https://no-color.org: present and not empty, whatever its value.
            ColorArg::Auto => tty && !dumb && environment.var("NO_COLOR").is_none(),
        };
        let (color_stdout, color_stderr) = (color(environment.stdout_tty), color(environment.stderr_tty));
        let asked =
            environment.var("COMPOSE_PROGRESS").and_then(|word| ProgressArg::from_str(word, true).ok());
        let status_stdout = is_on(&environment, "COMPOSE_STATUS_STDOUT");
        let status_tty = if status_stdout { environment.stdout_tty } else { environment.stderr_tty };
        let progress = match global.progress.or(asked).unwrap_or(ProgressArg::Auto) {
            ProgressArg::Auto if status_tty && !dumb => Progress::Tty,
            ProgressArg::Auto | ProgressArg::Plain => Progress::Plain,
            ProgressArg::Tty => Progress::Tty,
            ProgressArg::Json => Progress::Json,
            ProgressArg::Quiet => Progress::Quiet,
        };
        let unicode = environment.is_utf8();
        Self { environment, progress, status_stdout, color_stdout, color_stderr, unicode, lab, host_by }
    }

    /// Whether a variable of the environment switches something on.
    pub fn is_on(&self, name: &str) -> bool {
        is_on(&self.environment, name)
    }

    /// Itself, with no progress where `quiet` asks for none.
    #[must_use]
    pub fn quieter(&self, quiet: bool) -> Self {
        let progress = if quiet { Progress::Quiet } else { self.progress };
        Self { progress, ..self.clone() }
    }

    /// Itself, with progress in lines in place of the tree.
    #[must_use]
    pub fn in_lines(&self) -> Self {
        let progress = if self.progress == Progress::Tty { Progress::Plain } else { self.progress };
        Self { progress, ..self.clone() }
    }

    /// What becomes of orphans: as typed, else as `COMPOSE_REMOVE_ORPHANS` and `COMPOSE_IGNORE_ORPHANS` say.
    ///
    /// # Errors
    /// When they are to be both removed and ignored, as in Compose.
    pub fn orphans(&self, remove: bool) -> Result<Orphans, CliError> {
        let remove = remove || self.is_on("COMPOSE_REMOVE_ORPHANS");
        match (remove, self.is_on("COMPOSE_IGNORE_ORPHANS")) {
            (true, true) => Err(CliError::Usage {
                message:
                    "COMPOSE_IGNORE_ORPHANS and `--remove-orphans` (or COMPOSE_REMOVE_ORPHANS) exclude each \
                          other"
                        .to_owned(),
                hint: Some("unset one of them".to_owned()),
            }),
            (true, false) => Ok(Orphans::Remove),
            (false, true) => Ok(Orphans::Ignore),
            (false, false) => Ok(Orphans::Tell),
        }
    }

    /// Calls at once: as typed, else as `COMPOSE_PARALLEL_LIMIT` says, where -1 is no wish (docker/compose
    /// `cmd/compose/compose.go`).
    ///
    /// # Errors
    /// When the variable holds no number.
    pub fn parallel(&self, typed: Option<NonZeroUsize>) -> Result<Option<NonZeroUsize>, CliError> {
        let Some(text) = self.environment.var("COMPOSE_PARALLEL_LIMIT").filter(|_| typed.is_none()) else {
            return Ok(typed);
        };
        let limit: i32 = text.trim().parse().map_err(|_| CliError::Usage {
            message: format!("COMPOSE_PARALLEL_LIMIT is `{text}`, which is no number"),
            hint: Some("set it to so many calls at once, or unset it".to_owned()),
        })?;
        Ok(usize::try_from(limit).ok().and_then(NonZeroUsize::new))
    }

    /// Whether flags say which lab is meant.
    pub fn names_a_lab(&self, after: &LabArgs) -> bool {
        let lab = self.lab.clone().overlaid(after);
        lab.project_name.is_some() || !lab.file.is_empty()
    }

    /// Opens the root engine for a command that changes the lab: others wait for it, and it for them.
    ///
    /// # Errors
    /// As [`Ctx::open`].
    pub fn open_to_change(&self, terminal: &Terminal) -> Result<Ctx, CliError> {
        let (terminal, vars) = (terminal.clone(), &self.environment.vars);
        let quiet = self.progress == Progress::Quiet;
        let told = move |notice: &Notice| match notice {
            Notice::HeldBy(_) if quiet => {}
            Notice::HeldBy(holder) => {
                terminal.say(&format!("waiting for {holder}, which is at work on the lab\n"));
            }
            Notice::Unavailable(path, error) => terminal.say(&format!(
                "warning: `{}` cannot be made ({error}): nothing keeps a second nestctl from this lab\n",
                path.display()
            )),
        };
        Ok(self.ctx()?.locking(LockOptions {
            directory: lock::directory(vars),
            command: self.environment.command.clone(),
            told: Arc::new(told),
        }))
    }

    /// The root engine.
    ///
    /// # Errors
    /// As [`Ctx::open`].
    pub fn ctx(&self) -> Result<Ctx, OpError> {
        Ctx::open_for(&self.environment.vars, &self.host_by)
    }

    /// What to load, with the flags that stand after the command. `enabled`: addresses given to it, which
    /// activate the profiles of their services.
    ///
    /// # Errors
    /// When the project name is none.
    pub fn load_options(&self, after: &LabArgs, enabled: &[String]) -> Result<LoadOptions, CliError> {
        let lab = self.lab.clone().overlaid(after);
        let env = &self.environment;
        // Files and profiles of the environment: where `.env` is heard as well.
        let env_files = if lab.env_file.is_empty() {
            let texts = env.var("COMPOSE_ENV_FILES").unwrap_or("").split(',').map(str::trim);
            texts.filter(|text| !text.is_empty()).map(PathBuf::from).collect()
        } else {
            lab.env_file
        };
        let project = lab.project_name.as_deref().or_else(|| env.var("COMPOSE_PROJECT_NAME"));
        let project = project.map(ProjectName::new).transpose()?;
        Ok(LoadOptions {
            files: lab.file,
            working_directory: env.directory.clone(),
            project_directory: lab.project_directory,
            project,
            env_files,
            profiles: lab.profile,
            all_resources: lab.all_resources,
            compatibility: lab.compatibility,
            // What is no address is refused where it is taken.
            enabled: enabled.iter().filter_map(|text| text.parse().ok()).collect(),
            home: env.home.clone(),
            vars: env.vars.clone(),
        })
    }
}

/// Whether a variable switches something on, by docker/compose's words (`pkg/utils`, `StringToBool`).
fn is_on(environment: &Environment, name: &str) -> bool {
    let value = environment.var(name).map(str::to_ascii_lowercase);
    value.is_some_and(|value| matches!(value.as_str(), "1" | "t" | "true" | "y" | "yes" | "on"))
}
