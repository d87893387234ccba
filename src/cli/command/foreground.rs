//! `up` that stays: logs as they come, Ctrl-C stops the lab, and the exit code of a container can be nestctl's own.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::sync::watch;

use crate::cli::args::change::ChangeArgs;
use crate::cli::args::up::UpArgs;
use crate::cli::error::CliError;
use crate::cli::exit;
use crate::cli::settings::{Progress, Settings};
use crate::cli::terminal::Terminal;
use crate::event::event::CancelLevel;
use crate::model::addr::{Addr, Pattern};
use crate::model::failure::Failure;
use crate::model::name::ProjectName;
use crate::ops::address::{check_all_match, parse_pattern, parse_patterns};
use crate::ops::attach::{Attachment, Choice, Foreground, LogLine, News, attach, foreground};
use crate::ops::life::{Life, Verb, Wait, prepare_life};
use crate::ops::load::Lab;
use crate::ops::logs::LogTime;
use crate::ops::up::{Starts, Until};
use crate::report::log_prefix::LogPrefix;
use crate::report::style::{Symbol, Tone};

use super::logs::line_text;
use super::run::{Course, Opened};
use super::up::{Asked, BroughtUp, bring_up};

/// How long the last words of stopped containers are waited for.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// When everything is stopped because one container ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Abort {
    Never,
    OnFailure,
    OnExit,
}

/// The lab in the foreground.
struct Stage<'a> {
    args: &'a UpArgs,
    settings: Settings,
    terminal: &'a Terminal,
    opened: Opened,
    lab: BroughtUpLab,
    foreground: Foreground,
    prefixes: LogPrefix,
    news: BoxStream<'static, News>,
    awaited: BTreeSet<Addr>,
    abort: Abort,
    exit_code_from: Option<Pattern>,
    /// The end of the service whose code is wanted.
    its_code: Option<i64>,
}

/// What is stopped.
struct BroughtUpLab {
    project: ProjectName,
    targets: Vec<Pattern>,
}

/// Brings the lab up and stays. The answer is the exit code, by the rules of docker/compose `pkg/compose/up.go`: 130 when
/// the user stopped it, the code of the container that ended when the lab was to stop with it, 0 when all have ended.
pub async fn up(args: &UpArgs, settings: &Settings, terminal: &Terminal) -> Result<u8, CliError> {
    let watching = &args.watching;
    let contradiction = if args.wait {
        Some(("`--wait` returns when the lab is ready: there is no foreground", "leave one of them away"))
    } else if args.no_start {
        Some(("`--no-start` starts nothing that could be watched", "leave one of them away"))
    } else if settings.progress == Progress::Json {
        let hint = "leave `--progress json` away, or detach and use `nestctl logs`";
        Some(("logs and JSON events do not go together on standard output", hint))
    } else {
        None
    };
    if let Some((message, hint)) = contradiction {
        return Err(CliError::Usage { message: message.to_owned(), hint: Some(hint.to_owned()) });
    }
    let of = |texts: &[String]| {
        let texts: Vec<String> = texts.iter().filter(|text| !text.is_empty()).cloned().collect();
        parse_patterns(&texts)
    };
    let way = (Until::Started, Starts::All);
    let mut asked = Asked::making(&args.addresses, way, &args.making, &args.change, settings)?;
    asked.options.way.foreground = true;
    let choice = Choice {
        targets: asked.options.targets.clone(),
        attach: of(&watching.attach)?,
        dependencies: watching.attach_dependencies,
        no_attach: of(&watching.no_attach)?,
    };
    let exit_code_from = watching.exit_code_from.as_deref().map(parse_pattern).transpose()?;
    // The flags are held against the file before anything is started.
    let check = |lab: &Lab| {
        let all: Vec<Addr> = lab.topology.instances().into_iter().map(|(addr, _)| addr).collect();
        check_all_match(exit_code_from.as_slice(), &all)?;
        foreground(lab, &choice)
    };
    let check = |lab: &Lab| check(lab).map(drop);
    asked.check = Some(&check);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = LogTime::At(i128::try_from(now.as_nanos()).unwrap_or_default());
    let BroughtUp { code, lab, opened } = bring_up(&asked, settings, terminal).await?;
    if code != exit::OK || args.change.dry_run {
        return Ok(code);
    }
    let foreground = foreground(&lab.lab, &choice)?;
    let project = lab.lab.topology.project.clone();
    let Attachment { news, shown, awaited } =
        opened.unless_cancelled(attach(&opened.ctx, &project, &foreground, since)).await??;
    let mut terminal = terminal.clone();
    terminal.out.color &= !watching.no_color;
    let abort = if watching.abort_on_container_failure {
        Abort::OnFailure
    } else if watching.abort_on_container_exit || exit_code_from.is_some() {
        Abort::OnExit
    } else {
        Abort::Never
    };
    let stage = Stage {
        args,
        // Lines of logs go on while the lab stops: a tree that is drawn again and again has no place among them.
        settings: settings.in_lines(),
        prefixes: LogPrefix::new(&shown, terminal.out),
        terminal: &terminal,
        opened,
        lab: BroughtUpLab { project, targets: choice.targets.clone() },
        foreground,
        news,
        awaited,
        abort,
        exit_code_from,
        its_code: None,
    };
    stage.watch().await
}

impl Stage<'_> {
    /// Watches until all have ended, or something stops the lab.
    async fn watch(mut self) -> Result<u8, CliError> {
        let mut cancel = self.opened.cancel.clone();
        let mut is_over = self.awaited.is_empty();
        let ended = loop {
            if is_over {
                // Nothing is left to wait for; what was said before is still to be told.
                self.last_words().await?;
                return Ok(self.its_code.map_or(exit::OK, byte));
            }
            let news = tokio::select! {
                biased;
                _ = cancel.wait_for(Option::is_some) => break None,
                news = self.news.next() => news,
            };
            let Some(news) = news else {
                is_over = true;
                continue;
            };
            if let Some((addr, code)) = self.tell(news)? {
                if self.aborts(&addr, code) {
                    break Some((addr, code));
                }
                is_over = self.awaited.is_empty();
            }
        };
        if let Some((addr, _)) = &ended {
            self.terminal.say(&format!("stopping, because {addr} has ended\n"));
        } else {
            // A terminal has just shown `^C`, which is written over.
            let start = if self.settings.environment.stderr_tty { "\r" } else { "" };
            self.terminal.say(&format!("{start}stopping; once more to kill\n"));
        }
        let code = self.stop(cancel).await?;
        match ended {
            None => Ok(exit::INTERRUPTED),
            Some(_) if code != exit::OK => Ok(code),
            Some((_, code)) => Ok(byte(self.its_code.unwrap_or(code))),
        }
    }

    /// Whether everything stops because of this end.
    fn aborts(&self, addr: &Addr, code: i64) -> bool {
        let is_job = code == 0 && self.foreground.jobs.contains(addr);
        self.foreground.counted.contains(addr)
            && match self.abort {
                Abort::Never => false,
                Abort::OnFailure => code != 0,
                Abort::OnExit => !is_job,
            }
    }

    /// Stops what was brought up, and kills it at the next signal, while logs go on. The answer is the exit code.
    async fn stop(&mut self, mut cancel: watch::Receiver<Option<CancelLevel>>) -> Result<u8, CliError> {
        let change = ChangeArgs { lab: self.args.change.lab.clone(), ..ChangeArgs::default() };
        let (settings, terminal) = (self.settings.clone(), self.terminal.clone());
        let (project, targets) = (self.lab.project.clone(), self.lab.targets.clone());
        let grace = self.args.making.timeout;
        let run = |verb: Verb| {
            let (change, settings, terminal) = (&change, &settings, &terminal);
            let life =
                Life { project: project.clone(), targets: targets.clone(), verb, grace, wait: Wait::Started };
            async move {
                let ctx = settings.open_to_change(terminal)?;
                // Signals are heeded here, not by the run.
                let (_sender, cancel) = watch::channel(None);
                let opened = Opened { ctx, cancel };
                let course = Course::new(change, settings, terminal);
                course.run(&opened, async |ctx| prepare_life(ctx, life).await, |_| Ok(true)).await
            }
        };
        let mut stopping = Box::pin(run(Verb::Stop));
        let mut is_killing = false;
        let code = loop {
            tokio::select! {
                biased;
                _ = cancel.wait_for(|level| *level == Some(CancelLevel::Abort)), if !is_killing => {
                    is_killing = true;
                    terminal.say("killing\n");
                    stopping = Box::pin(run(Verb::Kill { signal: None }));
                }
                code = &mut stopping => break code?,
                Some(news) = self.news.next() => {
                    self.tell(news)?;
                }
            }
        };
        self.last_words().await?;
        Ok(code)
    }

    /// Tells what is still on its way.
    async fn last_words(&mut self) -> Result<(), CliError> {
        while let Ok(Some(news)) = tokio::time::timeout(LAST_WORDS, self.news.next()).await {
            self.tell(news)?;
        }
        Ok(())
    }

    /// Tells one thing. The answer is who ended, and with which code.
    fn tell(&mut self, news: News) -> Result<Option<(Addr, i64)>, CliError> {
        let ended = match news {
            News::Said(line) => {
                self.print(&line)?;
                return Ok(None);
            }
            News::Mute(addr, error) => {
                self.warn(&addr, &error.to_failure());
                return Ok(None);
            }
            News::Ended(addr, code) => {
                self.terminal.say(&format!("{addr} exited with code {code}\n"));
                (addr, code)
            }
            News::Lost(addr, error) => {
                self.warn(&addr, &error.to_failure());
                (addr, i64::from(exit::FAILED))
            }
        };
        self.awaited.remove(&ended.0);
        if self.exit_code_from.as_ref().is_some_and(|pattern| pattern.matches(&ended.0)) {
            self.its_code.get_or_insert(ended.1);
        }
        Ok(Some(ended))
    }

    fn print(&self, line: &LogLine) -> Result<(), CliError> {
        let watching = &self.args.watching;
        let prefix = if watching.no_log_prefix { "" } else { self.prefixes.of(&line.addr) };
        self.terminal.print_bytes(&line_text(line, prefix, watching.timestamps, self.terminal))
    }

    fn warn(&self, addr: &Addr, failure: &Failure) {
        let style = self.terminal.err;
        let why = failure.causes.first().unwrap_or(&failure.summary);
        let text = format!("{} {addr}: {}: {why}\n", style.symbol(Symbol::Warning), failure.summary);
        self.terminal.say(&style.paint(Tone::Warn, &text));
    }
}

/// An exit code as a process can have it.
fn byte(code: i64) -> u8 {
    u8::try_from(code & 0xff).unwrap_or(u8::MAX)
}
