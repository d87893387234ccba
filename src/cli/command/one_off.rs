//! `run`: a one-off container, and the terminal's side of it.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::SignalKind;

use crate::cli::args::change::ChangeArgs;
use crate::cli::args::pull::PullArg;
use crate::cli::args::run::RunArgs;
use crate::cli::error::{CliError, say_problems};
use crate::cli::exit;
use crate::cli::raw_mode::RawMode;
use crate::cli::settings::{Progress, Settings};
use crate::cli::terminal::{Terminal, lines};
use crate::ops::address::parse_pattern;
use crate::ops::context::Ctx;
use crate::ops::exec::ExecStreams;
use crate::ops::load::load;
use crate::ops::one_off::{Attached, RunOptions, find, one_off};
use crate::ops::pull_policy::with_pull_policy;
use crate::ops::up::{Builds, Until, UpOptions, Way, prepare_up};
use crate::report::sink_hushed::Hush;

use super::exec::{listen, terminal_size, watch_size};
use super::run::{Course, Opened};

/// Makes a signal's number.
type Signal = fn() -> SignalKind;

/// Signals that go to the program, by their names for the engine.
const FORWARDED: &[(Signal, &str)] = &[
    (SignalKind::interrupt, "SIGINT"),
    (SignalKind::terminate, "SIGTERM"),
    (SignalKind::hangup, "SIGHUP"),
    (SignalKind::quit, "SIGQUIT"),
    (SignalKind::user_defined1, "SIGUSR1"),
    (SignalKind::user_defined2, "SIGUSR2"),
];

/// Runs a one-off container. The answer is its exit code.
pub async fn one_off_run(args: RunArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let environment = &settings.environment;
    let pattern = parse_pattern(&args.address)?;
    let lab = load(&settings.load_options(&args.lab, std::slice::from_ref(&args.address))?)?.valid()?;
    let lab = match args.pull.and_then(PullArg::policy) {
        Some(policy) => with_pull_policy(lab, policy),
        None => lab,
    };
    let has_terminal = environment.stdin_tty && environment.stdout_tty;
    let tty = has_terminal && !args.no_tty && !args.detach;
    let stdin = args.interactive.unwrap_or(true) && !args.detach;
    let options = RunOptions {
        command: args.command,
        entrypoint: args.entrypoint,
        env: args.env,
        env_files: args.env_from_file.iter().map(|path| environment.directory.join(path)).collect(),
        user: args.user,
        working_dir: args.workdir,
        labels: args.label,
        volumes: args.volume,
        publish: args.publish,
        service_ports: args.service_ports,
        use_aliases: args.use_aliases,
        name: args.name,
        cap_add: args.cap_add,
        cap_drop: args.cap_drop,
        tty,
        stdin,
        remove: args.rm,
    };
    let one = one_off(&lab, &pattern, &options, &environment.directory, &environment.vars)?;
    let way = Way {
        no_deps: args.no_deps,
        builds: if args.build { Builds::All } else { Builds::Missing },
        one_off: Some(Box::new(one.clone())),
        ..Way::default()
    };
    let up_options = UpOptions {
        targets: Vec::new(),
        until: Until::Ready(None),
        force_recreate: false,
        orphans: settings.orphans(args.remove_orphans)?,
        discard_node_files: false,
        way,
    };
    let settings = settings.quieter(args.quiet);
    if !matches!(settings.progress, Progress::Quiet | Progress::Json) {
        say_problems(&lab.warnings, &lab.sources, terminal);
    }
    let change = ChangeArgs { lab: args.lab, ..ChangeArgs::default() };
    let course = Course {
        sources: Arc::clone(&lab.sources),
        hush: Hush { pulls: args.quiet_pull, builds: args.quiet_build },
        ..Course::new(&change, &settings, terminal)
    };
    let prepare = async |ctx: &Ctx| prepare_up(ctx, &lab, &up_options).await;
    let opened = course.open()?;
    let code = course.run(&opened, prepare, |_| Ok(true)).await?;
    let Opened { ctx, cancel } = opened;
    if code != exit::OK {
        if let Ok(made) = find(&ctx, &lab, &one).await {
            made.remove().await;
        }
        return Ok(code);
    }
    let made = find(&ctx, &lab, &one).await?;
    if cancel.borrow().is_some() {
        made.remove().await;
        return Err(CliError::Interrupted);
    }
    if args.detach {
        let id = made.start().await?;
        terminal.print(&lines([id]))?;
        return Ok(exit::OK);
    }
    // From here on signals are the program's.
    drop(cancel);
    let attached = made.attach(stdin, tty.then(terminal_size)).await?;
    talk(attached, tty).await
}

async fn talk(attached: Attached, tty: bool) -> Result<u8, CliError> {
    let streams = ExecStreams {
        stdin: Box::new(tokio::io::stdin()),
        stdout: Box::new(io::stdout()),
        stderr: Box::new(io::stderr()),
        resized: watch_size()?,
    };
    let forwarding = forward(&attached)?;
    let raw = if tty { Some(RawMode::enter()?) } else { None };
    let code = attached.talk(streams).await;
    drop(raw);
    forwarding.abort();
    Ok(u8::try_from(code? & 0xff).unwrap_or(u8::MAX))
}

/// Passes signals on. A program that does not heed three interrupts is killed.
fn forward(attached: &Attached) -> Result<tokio::task::JoinHandle<()>, CliError> {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    for (kind, name) in FORWARDED {
        let mut signal = listen(kind())?;
        let sender = sender.clone();
        tokio::spawn(async move { while signal.recv().await.is_some() && sender.send(*name).is_ok() {} });
    }
    let signals = attached.signals.clone();
    Ok(tokio::spawn(async move {
        let mut interrupts = 0;
        while let Some(name) = receiver.recv().await {
            interrupts += usize::from(matches!(name, "SIGINT" | "SIGTERM"));
            signals.send(if interrupts >= 3 { "SIGKILL" } else { name }).await;
        }
    }))
}
