//! `run`: a one-off container, and the terminal's side of it.

use std::io;

use tokio::signal::unix::SignalKind;

use crate::cli::args::run::RunArgs;
use crate::cli::error::{CliError, say_problems};
use crate::cli::raw_mode::RawMode;
use crate::cli::settings::{Progress, Settings};
use crate::cli::terminal::{Terminal, lines};
use crate::cli::{exit, signals};
use crate::ops::address::parse_pattern;
use crate::ops::exec::ExecStreams;
use crate::ops::load::load;
use crate::ops::one_off::{Attached, RunOptions, find, one_off};
use crate::ops::up::{self, Until, UpOptions, Way, prepare_up};

use super::exec::{listen, terminal_size, watch_size};
use super::run;

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
    let way = Way { no_deps: args.no_deps, one_off: Some(Box::new(one.clone())), ..Way::default() };
    let up_options = UpOptions {
        targets: Vec::new(),
        until: Until::Ready(None),
        force_recreate: false,
        remove_orphans: args.remove_orphans,
        discard_node_files: false,
        way,
    };
    let mut settings = settings.clone();
    if args.quiet {
        settings.progress = Progress::Quiet;
    }
    if !matches!(settings.progress, Progress::Quiet | Progress::Json) {
        say_problems(&lab.warnings, &lab.sources, terminal);
    }
    let ctx = settings.open_to_change(terminal)?;
    let cancel = signals::listen()?;
    let mut interrupted = cancel.clone();
    let prepared = tokio::select! {
        prepared = prepare_up(&ctx, &lab, &up_options) => prepared?,
        _ = interrupted.changed() => return Err(CliError::Interrupted),
    };
    let mut sink = run::sink(&settings, terminal, &lab.sources);
    let report = up::up(prepared, None, sink.as_mut(), cancel.clone()).await;
    drop(sink);
    let code = run::finish(&report, terminal);
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
    drop((cancel, interrupted));
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
