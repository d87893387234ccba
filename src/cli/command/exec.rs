//! `exec`: the terminal's side of a program that runs in a container.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::cli::args::exec::ExecArgs;
use crate::cli::error::CliError;
use crate::cli::exit;
use crate::cli::raw_mode::RawMode;
use crate::cli::settings::Settings;
use crate::cli::terminal::size_of;
use crate::ops::address::parse_replica;
use crate::ops::exec::{self, ExecOptions, ExecStreams};
use crate::ops::load::project_name;

/// Runs a program. The answer is its exit code.
pub async fn exec(args: ExecArgs, settings: &Settings) -> Result<u8, CliError> {
    let environment = &settings.environment;
    let project = project_name(&settings.load_options(&args.lab, &[])?)?;
    let pass_on = |text: String| {
        if text.contains('=') {
            return Some(text);
        }
        environment.vars.get(&text).map(|value| format!("{text}={value}"))
    };
    let tty = environment.stdin_tty && environment.stdout_tty && !args.no_tty && !args.detach;
    let options = ExecOptions {
        project,
        pattern: parse_replica(&args.address, args.index)?,
        argv: args.command,
        env: args.env.into_iter().filter_map(pass_on).collect(),
        user: args.user,
        working_dir: args.workdir,
        privileged: args.privileged,
        tty: tty.then(terminal_size),
    };
    let ctx = settings.ctx()?;
    if args.detach {
        exec::leave(&ctx, &options).await?;
        return Ok(exit::OK);
    }
    let running = exec::start(&ctx, &options).await?;
    let streams = ExecStreams {
        stdin: Box::new(tokio::io::stdin()),
        stdout: Box::new(io::stdout()),
        stderr: Box::new(io::stderr()),
        resized: watch_size()?,
    };
    // From here on the terminal belongs to the program; it comes back when `raw` goes, on every way out.
    let raw = if tty { Some(RawMode::enter()?) } else { None };
    let mut ended = [listen(SignalKind::terminate())?, listen(SignalKind::hangup())?];
    let [terminate, hangup] = &mut ended;
    let code = tokio::select! {
        code = running.talk(streams) => code,
        // Ctrl-C is the program's; these are for nestctl, which must not leave a raw terminal behind.
        _ = terminate.recv() => return Err(CliError::Interrupted),
        _ = hangup.recv() => return Err(CliError::Interrupted),
    };
    drop(raw);
    match code? {
        Some(code) => Ok(u8::try_from(code & 0xff).unwrap_or(u8::MAX)),
        None => Err(CliError::Internal("the engine does not say how the program ended".to_owned())),
    }
}

/// Rows and columns.
pub(super) fn terminal_size() -> (u16, u16) {
    let size = size_of(&io::stdout());
    let clamp = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    (clamp(size.rows), clamp(size.columns))
}

/// The size of the terminal, whenever it changes.
pub(super) fn watch_size() -> Result<watch::Receiver<(u16, u16)>, CliError> {
    let mut resized = listen(SignalKind::window_change())?;
    let (sender, receiver) = watch::channel(terminal_size());
    tokio::spawn(
        async move { while resized.recv().await.is_some() && sender.send(terminal_size()).is_ok() {} },
    );
    Ok(receiver)
}

pub(super) fn listen(kind: SignalKind) -> Result<Signal, CliError> {
    signal(kind).map_err(|error| CliError::Internal(format!("failed to listen for signals: {error}")))
}
