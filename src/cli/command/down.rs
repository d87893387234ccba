//! `down`.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cli::args::down::{DownArgs, RmiArg};
use crate::cli::ask::agrees;
use crate::cli::error::CliError;
use crate::cli::exit;
use crate::cli::settings::{Progress, Settings};
use crate::cli::terminal::Terminal;
use crate::model::name::ProjectName;
use crate::ops::address::parse_patterns;
use crate::ops::down::{DownOptions, Lab, Part, prepare_down};
use crate::ops::load::{named_lab, project_name};
use crate::ops::ls::with_remains;

use super::run::{Course, Opened};

/// Takes the lab down, or all of them.
pub async fn down(args: &DownArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let asked = settings.load_options(&args.change.lab, &args.addresses)?;
    let lab = if args.all && settings.names_a_lab(&args.change.lab) {
        return Err(CliError::Usage {
            message: "`down --all` takes every lab down, not only the one that was named".to_owned(),
            hint: Some("leave `--all` away, or the file and the name".to_owned()),
        });
    } else if args.all {
        None
    } else {
        Some(if args.addresses.is_empty() { (project_name(&asked)?, None) } else { named_lab(&asked)? })
    };
    let course = Course::new(&args.change, settings, terminal);
    let opened = course.open()?;
    if let Some((project, file)) = lab {
        let remove_orphans = args.remove_orphans || settings.is_on("COMPOSE_REMOVE_ORPHANS");
        let part = (!args.addresses.is_empty()).then_some(Part {
            targets: parse_patterns(&args.addresses)?,
            // As in docker compose, which follows dependencies where it has no file to choose services of.
            dependents: file.is_none(),
            one_offs: remove_orphans,
            lab: file.clone().filter(|_| remove_orphans),
        });
        return one(project, args, (part, file), &course, &opened).await;
    }
    let labs = opened.unless_cancelled(with_remains(&opened.ctx, args.volumes)).await??;
    if labs.is_empty() && settings.progress != Progress::Quiet {
        terminal.say("no labs on the engine\n");
    }
    if let Some(question) = question(&labs, args, settings.environment.stdin_tty)
        && !opened.unless_cancelled(agrees(&question, terminal)).await??
    {
        return Ok(exit::OK);
    }
    let mut worst = exit::OK;
    for project in labs {
        let code = match one(project, args, (None, None), &course, &opened).await {
            Ok(code) => code,
            Err(CliError::Interrupted) => return Err(CliError::Interrupted),
            // The others are no worse for it.
            Err(error) => {
                error.say(terminal);
                error.exit_code()
            }
        };
        if opened.cancel.borrow().is_some() {
            return Ok(exit::INTERRUPTED);
        }
        if worst == exit::OK {
            worst = code;
        }
    }
    Ok(worst)
}

/// What the user is asked before all these labs go; `None`: nothing.
fn question(labs: &BTreeSet<ProjectName>, args: &DownArgs, has_terminal: bool) -> Option<String> {
    if labs.is_empty() || args.yes || args.change.dry_run || !has_terminal {
        return None;
    }
    let names: Vec<&str> = labs.iter().map(ProjectName::as_str).collect();
    let with = if args.volumes { " with all volumes" } else { "" };
    Some(format!("Take down {}{with}?", names.join(", ")))
}

async fn one(
    project: ProjectName,
    args: &DownArgs,
    (part, lab): (Option<Part>, Option<Arc<Lab>>),
    course: &Course<'_>,
    opened: &Opened,
) -> Result<u8, CliError> {
    let options = DownOptions {
        project,
        volumes: args.volumes,
        grace: args.timeout,
        patience: args.wait_timeout,
        rmi: args.rmi.map(RmiArg::which),
        part,
        lab,
    };
    course.run(opened, async |ctx| prepare_down(ctx, &options).await, |_| Ok(true)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::lab::LabArgs;

    #[test]
    fn only_on_a_terminal_is_asked_before_every_lab_goes() {
        let labs = ["one", "two"].map(|name| ProjectName::new(name).expect("valid")).into();
        let mut args = DownArgs { all: true, ..DownArgs::of(LabArgs::default()) };
        assert_eq!(question(&labs, &args, true).as_deref(), Some("Take down one, two?"));
        assert_eq!(question(&labs, &args, false), None);
        assert_eq!(question(&BTreeSet::new(), &args, true), None);
        args.volumes = true;
        assert_eq!(question(&labs, &args, true).as_deref(), Some("Take down one, two with all volumes?"));
        args.yes = true;
        assert_eq!(question(&labs, &args, true), None);
        args.yes = false;
        args.change.dry_run = true;
        assert_eq!(question(&labs, &args, true), None);
    }
}
