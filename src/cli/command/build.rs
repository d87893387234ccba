//! `build`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::args::build::BuildArgs;
use crate::cli::error::{CliError, say_problems};
use crate::cli::exit;
use crate::cli::settings::Settings;
use crate::cli::terminal::Terminal;
use crate::model::build::SshAgent;
use crate::ops::builds::{builds, check_builds};
use crate::ops::load::load;
use crate::ops::up::{Building, Builds, ImagesOnly, Way};

use crate::report::bake;

use super::up::{Asked, bring_up};

/// Builds images.
pub async fn build(args: &BuildArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    if args.memory.is_some() {
        terminal.say("warning: `--memory` has no effect: BuildKit does not support it\n");
    }
    if let Some(builder) = args.builder.as_deref().filter(|name| *name != "default") {
        return Err(CliError::Usage {
            message: format!(
                "there is no builder `{builder}`: images are built by the root engine's own BuildKit"
            ),
            hint: Some("leave `--builder` away, or choose the engine with `--host`".to_owned()),
        });
    }
    let building = Building {
        args: build_args(&args.build_arg, |name| settings.environment.var(name)),
        ssh: agents(&args.ssh, settings.environment.var("SSH_AUTH_SOCK"), &settings.environment.directory),
        no_cache: args.no_cache,
        pull: args.pull,
        provenance: args.provenance.clone(),
        sbom: args.sbom.clone(),
    };
    let way = Way {
        builds: Builds::All,
        building,
        images_only: Some(ImagesOnly::Build { push: args.push }),
        no_deps: !args.with_dependencies,
        ..Way::default()
    };
    let asked = Asked::images(&args.addresses, way, &args.change)?;
    if args.print || args.check {
        let lab = load(&settings.load_options(&args.change.lab, &args.addresses)?)?.valid()?;
        say_problems(&lab.warnings, &lab.sources, terminal);
        let builds = builds(&lab, &asked.options)?;
        if args.print {
            terminal.print(&bake::render(&builds, args.push))?;
            return Ok(exit::OK);
        }
        let found = check_builds(&settings.ctx()?, &builds).await?;
        terminal.print(&bake::checks(&found))?;
        return Ok(if found.iter().any(|(_, it)| it.failed) { exit::FAILED } else { exit::OK });
    }
    bring_up(&asked, &settings.quieter(args.quiet), terminal).await.map(|it| it.code)
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
