//! `logs`.

use futures_util::StreamExt;

use crate::cli::args::logs::{LogsArgs, Tail};
use crate::cli::args::seconds::parse_duration;
use crate::cli::error::CliError;
use crate::cli::exit;
use crate::cli::settings::Settings;
use crate::cli::signals;
use crate::cli::terminal::Terminal;
use crate::ops::address::parse_replica;
use crate::ops::error::OpError;
use crate::ops::load::project_name;
use crate::ops::lock;
use crate::ops::log_lines::LogLine;
use crate::ops::logs::{self, LogTime, LogsOptions};
use crate::report::log_prefix::LogPrefix;
use crate::report::style::Tone;

use super::ps::say_silent;

/// Shows logs.
pub async fn logs(args: &LogsArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let mut terminal = terminal.clone();
    terminal.out.color &= !args.no_color;
    let terminal = &terminal;
    let patterns = args.addresses.iter().map(|address| parse_replica(address, args.index));
    let options = LogsOptions {
        patterns: patterns.collect::<Result<_, _>>()?,
        project: project_name(&settings.load_options(&args.lab, &[])?)?,
        follow: args.follow,
        tail: args.tail.and_then(|tail| match tail {
            Tail::All => None,
            Tail::Lines(n) => Some(n),
        }),
        since: args.since.as_deref().map(parse_time).transpose()?,
        until: args.until.as_deref().map(parse_time).transpose()?,
        locks: lock::directory(&settings.environment.vars),
    };
    let mut cancel = signals::listen()?;
    let ctx = settings.ctx()?;
    let mut logs = logs::logs(&ctx, &options).await?;
    say_silent(&logs.silent, terminal);
    let mut prefixes = LogPrefix::new(&logs.addrs, terminal.out);
    let mut code = exit::OK;
    loop {
        let next = tokio::select! {
            next = logs.lines.next() => next,
            // Ctrl-C is how a followed log is left: as in Compose, with the code of an interrupted program.
            _ = cancel.changed() => return Ok(exit::INTERRUPTED),
        };
        match next {
            None => return Ok(code),
            Some(Err(error)) => {
                CliError::Op(OpError::Engine(error)).say(terminal);
                code = exit::FAILED;
            }
            Some(Ok(line)) => {
                prefixes.meet(&line.addr);
                let prefix = if args.no_log_prefix { "" } else { prefixes.of(&line.addr) };
                terminal.print_bytes(&line_text(&line, prefix, args.timestamps, terminal))?;
            }
        }
    }
}

/// A line as it is shown, with its end.
pub(super) fn line_text(line: &LogLine, prefix: &str, timestamps: bool, terminal: &Terminal) -> Vec<u8> {
    let mut text = prefix.to_owned();
    if timestamps {
        terminal.out.paint_into(&mut text, Tone::Faint, &line.time);
        text.push(' ');
    }
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(&line.line);
    bytes.push(b'\n');
    bytes
}

pub(super) fn parse_time(text: &str) -> Result<LogTime, OpError> {
    // A bare number is a time, in seconds since 1970, as for Docker; with a unit it is how long ago.
    LogTime::parse(text)
        .or_else(|| parse_duration(text).ok().map(LogTime::Ago))
        .ok_or_else(|| OpError::Time(text.to_owned()))
}
