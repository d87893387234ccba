//! `build`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::args::build::BuildArgs;
use crate::cli::args::format::Format;
use crate::cli::error::{CliError, say_problems};
use crate::cli::settings::{Progress, Settings};
use crate::cli::terminal::Terminal;
use crate::cli::{exit, signals};
use crate::event::sink::Sink;
use crate::model::build::SshAgent;
use crate::ops::address::parse_patterns;
use crate::ops::context::Ctx;
use crate::ops::load::load;
use crate::ops::up::{self, Building, Builds, Until, UpOptions, Way, prepare_up};
use crate::report::sink_quiet::QuietSink;

use super::run;

/// Builds images.
pub async fn build(args: &BuildArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    if args.memory.is_some() {
        terminal.say("warning: `--memory` has no effect: BuildKit does not support it\n");
    }
    let building = Building {
        args: build_args(&args.build_arg, |name| settings.environment.var(name)),
        ssh: agents(&args.ssh, settings.environment.var("SSH_AUTH_SOCK"), &settings.environment.directory),
        no_cache: args.no_cache,
        pull: args.pull,
    };
    let options = UpOptions {
        targets: parse_patterns(&args.addresses)?,
        until: Until::Started,
        force_recreate: false,
        remove_orphans: false,
        discard_node_files: false,
        way: Way { builds: Builds::Only, building, no_deps: !args.with_dependencies, ..Way::default() },
    };
    let lab = load(&settings.load_options(&args.lab, &args.addresses)?)?.valid()?;
    if !args.quiet && !matches!(settings.progress, Progress::Quiet | Progress::Json) {
        say_problems(&lab.warnings, &lab.sources, terminal);
    }
    let cancel = signals::listen()?;
    let ctx = if args.dry_run {
        Ctx::open(&settings.environment.vars)?
    } else {
        settings.open_to_change(terminal)?
    };
    let mut interrupted = cancel.clone();
    let prepared = tokio::select! {
        prepared = prepare_up(&ctx, &lab, &options) => prepared?,
        _ = interrupted.changed() => return Err(CliError::Interrupted),
    };
    if args.dry_run {
        run::show_plan(&prepared, &lab.sources, Format::Table, terminal)?;
        return Ok(exit::OK);
    }
    let mut sink: Box<dyn Sink> =
        if args.quiet { Box::new(QuietSink) } else { run::sink(settings, terminal, &lab.sources) };
    let report = up::up(prepared, args.parallel, sink.as_mut(), cancel).await;
    drop(sink);
    Ok(run::finish(&report, terminal))
}

/// A name without a value takes that of the environment; without one there, it is left out.
fn build_args<'a>(
    written: &[String],
    environment: impl Fn(&str) -> Option<&'a str>,
) -> BTreeMap<String, String> {
    let pair = |text: &String| match text.split_once('=') {
        Some((name, value)) => Some((name.to_owned(), value.to_owned())),
        None => Some((text.clone(), environment(text)?.to_owned())),
    };
    written.iter().filter_map(pair).collect()
}

fn agents(written: &[String], own: Option<&str>, directory: &Path) -> BTreeMap<String, SshAgent> {
    let agent = |text: &String| match text.split_once('=') {
        Some((id, path)) => (id.to_owned(), SshAgent::Socket(directory.join(path))),
        None => (text.clone(), own.map_or(SshAgent::Missing, |path| SshAgent::Socket(PathBuf::from(path)))),
    };
    written.iter().map(agent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arg_without_a_value_is_the_environments() {
        let written = ["A=1", "B", "C"].map(str::to_owned);
        let read = build_args(&written, |name| (name == "B").then_some("b"));
        let wanted = [("A", "1"), ("B", "b")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read, BTreeMap::from(wanted));
    }
}
