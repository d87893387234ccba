//! `up`, and what else makes a lab of a file what it should be.

use std::sync::Arc;

use crate::cli::args::change::ChangeArgs;
use crate::cli::args::making::MakingArgs;
use crate::cli::args::pull::PullArg;
use crate::cli::args::up::UpArgs;
use crate::cli::error::{CliError, say_problems};
use crate::cli::settings::{Progress, Settings};
use crate::cli::terminal::Terminal;
use crate::model::addr::Pattern;
use crate::model::service::PullPolicy;
use crate::ops::address::parse_patterns;
use crate::ops::error::OpError;
use crate::ops::load::{Lab, ValidLab, load};
use crate::ops::pull_policy::with_pull_policy;
use crate::ops::scale::{parse_scale, scaled};
use crate::ops::up::{Orphans, Starts, Until, UpOptions, Way, prepare_up};
use crate::report::asks;
use crate::report::sink_hushed::Hush;

use super::foreground;
use super::run::{Course, Opened};

/// What `up`, `create`, `scale`, `build` and `pull` ask for.
pub struct Asked<'a> {
    /// Addresses as they were given: they activate the profiles of their services.
    pub addresses: &'a [String],
    /// Other numbers of replicas, `SERVICE=N`.
    pub scale: &'a [String],
    /// A pull policy in place of the file's.
    pub pull: Option<PullPolicy>,
    /// The rest.
    pub options: UpOptions,
    /// What is kept from the user.
    pub hush: Hush,
    /// How, and which lab.
    pub change: &'a ChangeArgs,
    /// What flags ask of the lab beside what `options` does.
    pub check: Option<Check<'a>>,
}

/// Holds flags against a lab before anything is done.
pub type Check<'a> = &'a (dyn Fn(&Lab) -> Result<(), OpError> + Send + Sync);

/// What came of it.
pub struct BroughtUp {
    /// Exit code.
    pub code: u8,
    /// The lab, as it was asked for.
    pub lab: ValidLab,
    /// Where it is.
    pub opened: Opened,
}

impl<'a> Asked<'a> {
    /// What flags that make containers say.
    ///
    /// # Errors
    /// When flags and environment contradict each other.
    pub fn making(
        addresses: &'a [String],
        (until, starts): (Until, Starts),
        making: &'a MakingArgs,
        change: &'a ChangeArgs,
        settings: &Settings,
    ) -> Result<Self, CliError> {
        Ok(Self {
            addresses,
            scale: &making.scale,
            pull: making.pull.and_then(PullArg::policy),
            options: UpOptions {
                targets: parse_patterns(addresses)?,
                until,
                force_recreate: making.force_recreate,
                orphans: settings.orphans(making.remove_orphans)?,
                discard_node_files: making.discard_node_files,
                way: making.way(starts),
            },
            hush: Hush { pulls: making.quiet_pull, builds: making.quiet_build },
            change,
            check: None,
        })
    }

    /// Images alone.
    ///
    /// # Errors
    /// When an address is none.
    pub fn images(addresses: &'a [String], way: Way, change: &'a ChangeArgs) -> Result<Self, CliError> {
        Ok(Self {
            addresses,
            scale: &[],
            pull: None,
            options: UpOptions {
                targets: parse_patterns(addresses)?,
                until: Until::Started,
                force_recreate: false,
                orphans: Orphans::Ignore,
                discard_node_files: false,
                way,
            },
            hush: Hush::default(),
            change,
            check: None,
        })
    }

    /// The targets.
    #[must_use]
    pub fn with_targets(mut self, targets: Vec<Pattern>) -> Self {
        self.options.targets = targets;
        self
    }
}

/// Brings the lab up.
pub async fn up(args: &UpArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    if args.watching.watch {
        return Err(CliError::Usage {
            message: "`--watch`: nestctl does not watch files".to_owned(),
            hint: Some("run `nestctl up --build` after a change: only what changed is made anew".to_owned()),
        });
    }
    if args.watching.stays() {
        return foreground::up(args, settings, terminal).await;
    }
    if args.watching.must_stay() {
        return Err(CliError::Usage {
            message: "`--detach` leaves nobody to attach, or to stop the lab when a container ends"
                .to_owned(),
            hint: Some("leave `--detach` away, or the flags about the foreground".to_owned()),
        });
    }
    let until = if args.no_wait { Until::Started } else { Until::Ready(args.wait_timeout) };
    let starts = if args.no_start { Starts::Nothing } else { Starts::All };
    let asked = Asked::making(&args.addresses, (until, starts), &args.making, &args.change, settings)?;
    bring_up(&asked, settings, terminal).await.map(|it| it.code)
}

/// Loads, plans, shows and carries out.
pub async fn bring_up(
    asked: &Asked<'_>,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<BroughtUp, CliError> {
    let scales = asked.scale.iter().map(|text| parse_scale(text)).collect::<Result<Vec<_>, _>>()?;
    let lab = load(&settings.load_options(&asked.change.lab, asked.addresses)?)?.valid()?;
    let lab = scaled(lab, &scales)?;
    let lab = match asked.pull {
        Some(policy) => with_pull_policy(lab, policy),
        None => lab,
    };
    if let Some(check) = asked.check {
        check(&lab.lab)?;
    }
    let quiet = matches!(settings.progress, Progress::Quiet | Progress::Json);
    if !quiet {
        say_problems(&lab.warnings, &lab.sources, terminal);
    }
    let course = Course {
        sources: Arc::clone(&lab.sources),
        hush: asked.hush,
        ..Course::new(asked.change, settings, terminal)
    };
    let opened = course.open()?;
    let code = course
        .run(
            &opened,
            async |ctx| prepare_up(ctx, &lab, &asked.options).await,
            |prepared| {
                let directory = &lab.lab.topology.directory;
                let asks = asks::render(&prepared.plan, directory, terminal.err, terminal.err_columns);
                if let Some(line) = asks.filter(|_| !quiet) {
                    terminal.say(&line);
                }
                Ok(true)
            },
        )
        .await?;
    Ok(BroughtUp { code, lab, opened })
}
