//! `top`, `stats`, `images`, `port`, `wait` and `events`: what is inside, used, bound, over, happening.

use futures_util::StreamExt;

use crate::cli::args::down::DownArgs;
use crate::cli::args::events::EventsArgs;
use crate::cli::args::format::Format;
use crate::cli::args::images::ImagesArgs;
use crate::cli::args::port::PortArgs;
use crate::cli::args::stats::StatsArgs;
use crate::cli::args::top::TopArgs;
use crate::cli::args::wait::WaitArgs;
use crate::cli::error::CliError;
use crate::cli::settings::Settings;
use crate::cli::terminal::{Terminal, lines, size_of};
use crate::cli::{exit, signals};
use crate::model::container::Protocol;
use crate::model::observed::ObservedPort;
use crate::ops::address::{parse_patterns, parse_replica};
use crate::ops::error::OpError;
use crate::ops::happenings::happenings;
use crate::ops::load::project_name;
use crate::ops::look_inside;
use crate::report::inside;
use crate::report::json;

use super::down;
use super::logs::parse_time;
use super::ps::say_silent;

/// Shows processes.
pub async fn top(args: &TopArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let project = project_name(&settings.load_options(&args.lab, &[])?)?;
    let ctx = settings.ctx()?;
    let tables = look_inside::top(&ctx, &project, &parse_patterns(&args.addresses)?).await?;
    terminal.print(&match args.format.format {
        Format::Json => json::inside::top(&tables),
        Format::Table => inside::top(&tables, terminal.out, terminal.out_columns),
    })?;
    Ok(exit::OK)
}

/// Shows figures: once, or the whole table again whenever a second has passed.
pub async fn stats(args: &StatsArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let project = project_name(&settings.load_options(&args.lab, &[])?)?;
    let ctx = settings.ctx()?;
    let patterns = parse_patterns(&args.addresses)?;
    let follow = !args.no_stream;
    let mut stats = look_inside::stats(&ctx, &project, &patterns, args.all, follow).await?;
    let mut cancel = signals::listen()?;
    let on_screen = follow && settings.environment.stdout_tty && args.format.format == Format::Table;
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(1));
    loop {
        tokio::select! {
            biased;
            _ = cancel.changed() => return Ok(exit::INTERRUPTED),
            news = stats.news.next() => match news {
                Some((row, usage)) => stats.rows[row].usage = usage,
                None => break,
            },
            _ = tick.tick(), if follow => show(&stats.rows, args, on_screen, terminal)?,
        }
    }
    show(&stats.rows, args, on_screen, terminal)?;
    Ok(exit::OK)
}

fn show(
    rows: &[look_inside::Figures],
    args: &StatsArgs,
    on_screen: bool,
    terminal: &Terminal,
) -> Result<(), CliError> {
    // The screen may be another size by now.
    let columns = if on_screen { Some(size_of(&std::io::stdout()).columns) } else { terminal.out_columns };
    let text = match args.format.format {
        Format::Json => json::inside::stats(rows),
        Format::Table => inside::stats(rows, args.no_trunc, terminal.out, columns),
    };
    // As `docker stats`: from the top of the screen, what was there is gone.
    terminal.print(&if on_screen { format!("\x1b[H\x1b[J{text}") } else { text })
}

/// Shows images.
pub async fn images(args: &ImagesArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let project = project_name(&settings.load_options(&args.lab, &[])?)?;
    let ctx = settings.ctx()?;
    let rows = look_inside::images(&ctx, &project, &parse_patterns(&args.addresses)?).await?;
    if args.quiet {
        let ids: std::collections::BTreeSet<&String> = rows.iter().map(|row| &row.id).collect();
        terminal.print(&lines(ids))?;
        return Ok(exit::OK);
    }
    terminal.print(&match args.format.format {
        Format::Json => json::inside::images(&rows),
        Format::Table => inside::images(&rows, terminal.out, terminal.out_columns),
    })?;
    Ok(exit::OK)
}

/// Prints where a port is bound.
pub async fn port(args: &PortArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let project = project_name(&settings.load_options(&args.lab, &[])?)?;
    let ctx = settings.ctx()?;
    let protocol = match args.protocol.as_str() {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "sctp" => Protocol::Sctp,
        other => {
            let message = format!("`{other}` is no protocol");
            return Err(CliError::Usage { message, hint: Some("write tcp, udp or sctp".to_owned()) });
        }
    };
    let bound =
        look_inside::port(&ctx, &project, &parse_replica(&args.address, args.index)?, args.port, protocol)
            .await?;
    let ObservedPort { host_ip, host, .. } = bound.port;
    let ip = if host_ip.contains(':') { format!("[{host_ip}]") } else { host_ip };
    terminal.print(&format!("{ip}:{}\n", host.unwrap_or_default()))?;
    if let Some(node) = bound.within {
        terminal.say(&format!("bound inside `{node}` only: `publish` it to reach it from here\n"));
    }
    Ok(exit::OK)
}

/// Waits for ends. The answer is the exit code of the last that was named, as with Compose.
pub async fn wait(args: &WaitArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let project = project_name(&settings.load_options(&args.lab, &[])?)?;
    let ctx = settings.ctx()?;
    let patterns = parse_patterns(&args.addresses)?;
    let mut cancel = signals::listen()?;
    let ended = tokio::select! {
        ended = look_inside::wait(&ctx, &project, &patterns, args.down_project) => ended?,
        _ = cancel.changed() => return Err(CliError::Interrupted),
    };
    let mut code = 0;
    for (addr, status) in &ended {
        code = *status;
        terminal.print(&format!("{addr} {status}\n"))?;
    }
    if args.down_project {
        drop(cancel);
        let down_args = DownArgs::of(args.lab.clone());
        let down = down::down(&down_args, settings, terminal).await?;
        if down != exit::OK {
            return Ok(down);
        }
    }
    Ok(u8::try_from(code & 0xff).unwrap_or(u8::MAX))
}

/// Follows events.
pub async fn events(args: &EventsArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let project = project_name(&settings.load_options(&args.lab, &[])?)?;
    let ctx = settings.ctx()?;
    let since = args.since.as_deref().map(parse_time).transpose()?;
    let until = args.until.as_deref().map(parse_time).transpose()?;
    let mut cancel = signals::listen()?;
    let mut found = happenings(&ctx, &project, &parse_patterns(&args.addresses)?, since, until).await?;
    say_silent(&found.silent, terminal);
    loop {
        let next = tokio::select! {
            next = found.stream.next() => next,
            _ = cancel.changed() => return Ok(exit::INTERRUPTED),
        };
        match next {
            None => return Ok(exit::OK),
            Some(Err(error)) => return Err(CliError::Op(OpError::Engine(error))),
            Some(Ok(it)) => {
                let json = args.json;
                let text =
                    if json { json::inside::happening(&it) } else { inside::happening(&it, terminal.out) };
                terminal.print(&text)?;
            }
        }
    }
}
