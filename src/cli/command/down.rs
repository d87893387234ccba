//! `down`.

use crate::cli::args::down::{DownArgs, RmiArg};
use crate::cli::error::CliError;
use crate::cli::exit;
use crate::cli::settings::{Progress, Settings};
use crate::cli::terminal::Terminal;
use crate::model::name::ProjectName;
use crate::ops::down::{DownOptions, prepare_down};
use crate::ops::load::project_name;
use crate::ops::ls::with_remains;

use super::run::{Course, Opened};

/// Takes the lab down, or all of them.
pub async fn down(args: &DownArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let lab = if args.all && settings.names_a_lab(&args.change.lab) {
        return Err(CliError::Usage {
            message: "`down --all` takes every lab down, not only the one that was named".to_owned(),
            hint: Some("leave `--all` away, or the file and the name".to_owned()),
        });
    } else if args.all {
        None
    } else {
        Some(project_name(&settings.load_options(&args.change.lab, &[])?)?)
    };
    let course = Course::new(&args.change, settings, terminal);
    let opened = course.open()?;
    if let Some(project) = lab {
        return one(project, args, &course, &opened).await;
    }
    let labs = opened.unless_cancelled(with_remains(&opened.ctx, args.volumes)).await??;
    if labs.is_empty() && settings.progress != Progress::Quiet {
        terminal.say("no labs on the engine\n");
    }
    let mut worst = exit::OK;
    for project in labs {
        let code = match one(project, args, &course, &opened).await {
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

async fn one(
    project: ProjectName,
    args: &DownArgs,
    course: &Course<'_>,
    opened: &Opened,
) -> Result<u8, CliError> {
    let options = DownOptions {
        project,
        volumes: args.volumes,
        grace: args.timeout,
        patience: args.wait_timeout,
        rmi: args.rmi.map(RmiArg::which),
    };
    course.run(opened, async |ctx| prepare_down(ctx, &options).await, |_| Ok(true)).await
}
