//! What all commands that change a lab have in common: the way from preparing to the exit code, the sink, and what is
//! said after a run.

use std::io;
use std::sync::Arc;

use crate::cli::args::change::ChangeArgs;
use crate::cli::args::format::Format;
use crate::cli::error::{CliError, say_problems};
use crate::cli::settings::{Progress, Settings};
use crate::cli::signals::Cancel;
use crate::cli::terminal::{Terminal, size_of};
use crate::cli::{exit, signals};
use crate::diag::source::SourceMap;
use crate::event::sink::Sink;
use crate::model::failure::FailureKind;
use crate::ops::context::Ctx;
use crate::ops::error::OpError;
use crate::ops::forecast::problems;
use crate::ops::outcome::{Failed, PortClaim, RunOutcome};
use crate::ops::plan::Prepared;
use crate::report::failure::FailureView;
use crate::report::json::convert;
use crate::report::plan_text;
use crate::report::sink_hushed::{Hush, HushedSink};
use crate::report::sink_json::JsonSink;
use crate::report::sink_plain::PlainSink;
use crate::report::sink_quiet::QuietSink;
use crate::report::sink_tty::TtySink;
use crate::report::timings;

/// A run, as it was asked for.
pub struct Course<'a> {
    /// How.
    pub change: &'a ChangeArgs,
    /// The texts that problems point into.
    pub sources: Arc<SourceMap>,
    /// What is kept from the user.
    pub hush: Hush,
    /// Choices.
    pub settings: &'a Settings,
    /// Where to speak.
    pub terminal: &'a Terminal,
}

/// The root engine, and the user's signals from here on.
pub struct Opened {
    /// The engine.
    pub ctx: Ctx,
    /// Signals.
    pub cancel: Cancel,
}

impl Opened {
    /// What comes of `work`, unless a signal comes first.
    ///
    /// # Errors
    /// [`CliError::Interrupted`] when one does.
    pub async fn unless_cancelled<T>(&self, work: impl Future<Output = T>) -> Result<T, CliError> {
        let mut interrupted = self.cancel.clone();
        tokio::select! {
            done = work => Ok(done),
            _ = interrupted.wait_for(Option::is_some) => Err(CliError::Interrupted),
        }
    }
}

impl<'a> Course<'a> {
    /// One without a file.
    pub fn new(change: &'a ChangeArgs, settings: &'a Settings, terminal: &'a Terminal) -> Self {
        Self { change, sources: Arc::default(), hush: Hush::default(), settings, terminal }
    }

    /// Finds the root engine and listens for signals.
    ///
    /// # Errors
    /// When the environment names no usable engine.
    pub fn open(&self) -> Result<Opened, CliError> {
        let cancel = signals::listen()?;
        let ctx = if self.change.dry_run {
            self.settings.ctx()?
        } else {
            self.settings.open_to_change(self.terminal)?
        };
        Ok(Opened { ctx, cancel })
    }

    /// Prepares, then shows what would be done, or, where `may_go` agrees, does it. The answer is the exit code.
    ///
    /// # Errors
    /// When it cannot be prepared, or is broken off before anything is changed.
    pub async fn run(
        &self,
        opened: &Opened,
        prepare: impl AsyncFnOnce(&Ctx) -> Result<Prepared, OpError>,
        may_go: impl FnOnce(&Prepared) -> Result<bool, CliError>,
    ) -> Result<u8, CliError> {
        let (settings, terminal) = (self.settings, self.terminal);
        let parallel = settings.parallel(self.change.parallel)?;
        let prepared = opened.unless_cancelled(prepare(&opened.ctx)).await??;
        if self.change.dry_run {
            show_plan(&prepared, &self.sources, Format::Table, terminal)?;
            return Ok(exit::OK);
        }
        if !may_go(&prepared)? {
            return Ok(exit::OK);
        }
        let mut sink = sink(settings, terminal, &self.sources);
        if self.hush != Hush::default() {
            sink = Box::new(HushedSink::new(sink, self.hush));
        }

        let outcome = prepared.carry_out(parallel, sink.as_mut(), opened.cancel.clone()).await;
        drop(sink);
        // With events as JSON it is in the last of them.
        if self.change.timings && settings.progress != Progress::Json {
            let text = timings::render(&outcome.timings, terminal.err, Some(terminal.err_columns));
            terminal.say(&format!("\n{text}"));
        }
        Ok(finish(&outcome, &self.sources, terminal))
    }
}

/// The sink that was asked for.
fn sink(settings: &Settings, terminal: &Terminal, sources: &Arc<SourceMap>) -> Box<dyn Sink> {
    let sources = Arc::clone(sources);
    let to_stdout = settings.status_stdout;
    let (out, style): (Box<dyn io::Write + Send>, _) = if to_stdout {
        (Box::new(io::stdout()), terminal.out)
    } else {
        (Box::new(io::stderr()), terminal.err)
    };
    match settings.progress {
        Progress::Tty => {
            let size =
                Box::new(move || if to_stdout { size_of(&io::stdout()) } else { size_of(&io::stderr()) });
            Box::new(TtySink::new(out, style, size, sources))
        }
        Progress::Plain => Box::new(PlainSink::new(out, style, sources)),
        Progress::Json => Box::new(JsonSink::new(Box::new(io::stdout()), sources)),
        Progress::Quiet => Box::new(QuietSink),
    }
}

/// Says what failed. The answer is the exit code.
fn finish(outcome: &RunOutcome, sources: &SourceMap, terminal: &Terminal) -> u8 {
    for failed in &outcome.failed {
        let view = FailureView {
            of: failed.of.clone(),
            failure: &failed.failure,
            skipped: failed.skipped.clone(),
            hint: hint(failed, sources),
        };
        terminal.say(&format!("\n{}", view.render(terminal.err, terminal.err_columns)));
    }
    match (outcome.summary.interrupted, outcome.is_success()) {
        (true, _) => exit::INTERRUPTED,
        (false, true) => exit::OK,
        (false, false) => exit::FAILED,
    }
}

/// How podman and moby say that they have no program for `init: true`.
const NO_INIT: [&str; 2] = ["lookup init binary", "\"docker-init\": executable file not found"];

/// How moby says that its machine does not have what is bound; that the user's has it was looked at before.
const NOT_SEEN: &str = "bind source path does not exist";

/// How runc says that a container, running by its engine's word, has no first process any more.
const NO_PROCESS: [&str; 2] = ["error executing setns process", "cannot exec in a stopped container"];

fn hint(failed: &Failed, sources: &SourceMap) -> Option<String> {
    if let Some(PortClaim { number, protocol, by, span }) = &failed.busy {
        return Some(format!(
            "port {number}/{} is published for `{by}` ({}), and something outside of the lab has it: end that, or publish \
             another port; then `nestctl up` goes on from here",
            protocol.as_str(),
            sources.place(*span)
        ));
    }
    let says = |words: &str| failed.failure.causes.iter().any(|cause| cause.contains(words));
    if says(NOT_SEEN) && failed.addr.as_ref().is_some_and(|addr| addr.layer().is_root()) {
        let text = "the engine's machine does not have this path, and what services of the root layer bind is not copied: \
                    put it there, give a config as `content`, or move the service into a node";
        return Some(text.to_owned());
    }
    if NO_INIT.iter().any(|words| says(words)) {
        let text = "`init: true` needs an init where the engine is: install `catatonit` (podman) or `docker-init` in \
                    the node's image, or leave `init` away";
        return Some(text.to_owned());
    }
    match (failed.failure.kind, &failed.addr) {
        (FailureKind::Timeout | FailureKind::Unreachable, Some(addr))
            if NO_PROCESS.iter().any(|words| says(words)) =>
        {
            Some(format!(
                "it was killed and has not ended; `nestctl restart {addr}` ends it and starts it again"
            ))
        }
        // What a hook said is in no log of the service.
        (FailureKind::Unhealthy | FailureKind::Timeout, Some(addr))
            if failed.failure.logs.as_ref().is_none_or(|logs| logs.of == addr.to_string()) =>
        {
            Some(format!("`nestctl logs {addr}` shows the whole log; `nestctl up` goes on from here"))
        }
        (FailureKind::Unauthorized, _) => {
            Some("log in to the registry with `docker login`, then run `nestctl up` again".to_owned())
        }
        (FailureKind::NotFound, _) if failed.image => Some(
            "check the name of the image; one that is on no registry must be on the root engine".to_owned(),
        ),
        _ => None,
    }
}

/// Shows a plan, with the layers that are not up yet, and what is wrong with it.
pub fn show_plan(
    prepared: &Prepared,
    sources: &Arc<SourceMap>,
    format: Format,
    terminal: &Terminal,
) -> Result<(), CliError> {
    let forecast = prepared.forecast();
    let later: Vec<_> = forecast.iter().map(|it| (it.layer.clone(), &it.plan)).collect();
    let found = problems(&prepared.plan, &forecast);
    let project = prepared.goal.project();
    match format {
        Format::Json => {
            let value = convert::plan(project.as_str(), &prepared.plan, &later, &found, sources);
            terminal.print(&convert::to_text(&value))
        }
        Format::Table => {
            say_problems(&found, sources, terminal);
            let columns = terminal.out_columns.unwrap_or(usize::MAX / 2);
            terminal.print(&plan_text::render(&prepared.plan, &later, project, terminal.out, columns))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::Failure;

    fn failed(addr: &str, cause: &str) -> Failed {
        Failed {
            of: addr.to_owned(),
            addr: addr.parse().ok(),
            image: false,
            failure: Failure {
                kind: FailureKind::Engine,
                summary: String::new(),
                causes: vec![cause.to_owned()],
                logs: None,
            },
            skipped: Vec::new(),
            busy: None,
        }
    }

    #[test]
    fn a_path_that_the_engines_machine_does_not_have_is_told_with_what_to_do() {
        let cause =
            "invalid mount config for type \"bind\": bind source path does not exist: /home/user/lab/a.txt";
        assert!(
            hint(&failed("web", cause), &SourceMap::default())
                .is_some_and(|hint| hint.contains("is not copied"))
        );
        assert_eq!(hint(&failed("vm1/web", cause), &SourceMap::default()), None);
    }

    #[test]
    fn a_node_that_was_killed_and_has_not_ended_is_told_with_what_to_do() {
        let cause = "OCI runtime exec failed: exec failed: unable to start container process: error executing setns \
                     process: exit status 1: unknown";
        let mut failed = failed("vm1", cause);
        failed.failure.kind = FailureKind::Timeout;
        assert!(
            hint(&failed, &SourceMap::default()).is_some_and(|hint| hint.contains("`nestctl restart vm1`"))
        );
    }

    #[test]
    fn an_init_that_the_node_does_not_have_is_told_with_what_to_do() {
        let because = |cause: &str| failed("vm1/web", cause);
        let podman =
            "container create: lookup init binary: exec: \"catatonit\": executable file not found in $PATH";
        let moby =
            "OCI runtime create failed: exec: \"docker-init\": executable file not found in $PATH: unknown";
        for cause in [podman, moby] {
            assert!(
                hint(&because(cause), &SourceMap::default()).is_some_and(|hint| hint.contains("catatonit")),
                "{cause}"
            );
        }
        assert_eq!(
            hint(&because("exec: \"nope\": executable file not found in $PATH"), &SourceMap::default()),
            None
        );
    }
}
