//! Hand-written runs, for the tests of the sinks.

use std::time::Duration;

use crate::event::event::{Event, EventKind, StepInfo, Unit, WaitReason};
use crate::event::outcome::{Outcome, Summary};
use crate::model::addr::{Addr, LayerPath};
use crate::model::failure::{Failure, FailureKind, LogTail};
use crate::model::milestone::{Milestone, Stage};
use crate::model::name::ProjectName;
use crate::plan::cause::Cause;
use crate::plan::step::{Group, Must, Need, On, Resource, StepId};

pub(super) fn addr(text: &str) -> Addr {
    text.parse().expect("an address")
}

fn inside(node: &str) -> LayerPath {
    if node.is_empty() { LayerPath::root() } else { addr(node).inner() }
}

/// Writes events down, a tenth of a second apart unless said otherwise.
#[derive(Default)]
pub(super) struct Script {
    pub(super) events: Vec<Event>,
    at: Duration,
    next: u32,
}

impl Script {
    pub(super) fn new(command: &'static str) -> Self {
        let project = ProjectName::new("poc").expect("valid");
        Self::default().tell(EventKind::RunStarted { project, command })
    }

    pub(super) fn tell(mut self, kind: EventKind) -> Self {
        let seq = self.events.len() as u64;
        self.events.push(Event { seq, at: self.at, kind });
        self.at += Duration::from_millis(100);
        self
    }

    pub(super) fn after(mut self, milliseconds: u64) -> Self {
        self.at += Duration::from_millis(milliseconds);
        self
    }

    /// Plans a layer. A step is `(verb, address or kind:name, group, cause)`; each needs the one before it of the
    /// same address; `needs` are milestones that the first steps of an address need.
    pub(super) fn planned(
        mut self,
        node: &str,
        steps: &[(&'static str, &str, Option<Group>, Cause)],
        needs: &[(&str, Milestone)],
        unchanged: &[&str],
    ) -> Self {
        let layer = inside(node);
        let mut infos: Vec<StepInfo> = Vec::new();
        for (verb, of, group, cause) in steps {
            let of = match of.split_once(':') {
                Some(("image", name)) => Resource::Image(layer.clone(), name.to_owned()),
                Some(("network", name)) => Resource::Network(layer.clone(), name.to_owned()),
                _ => Resource::Service(addr(of)),
            };
            let last = infos.iter().rev().find(|info| info.of == of);
            let mut on: Vec<On> = last.map(|info| On::Step(info.id)).into_iter().collect();
            let named = needs.iter().filter(|(name, _)| last.is_none() && of.to_string() == *name);
            on.extend(named.map(|(_, milestone)| On::Milestone(milestone.clone())));
            let reaches = match (&of, *verb) {
                (Resource::Service(addr), "start") => vec![Milestone::Service(addr.clone(), Stage::Started)],
                (Resource::Service(addr), "enter") => vec![Milestone::Service(addr.clone(), Stage::EngineUp)],
                (Resource::Service(addr), "wait" | "join") => {
                    vec![Milestone::Service(addr.clone(), Stage::Ready)]
                }
                (Resource::Image(layer, name), _) => vec![Milestone::Image(layer.clone(), name.clone())],
                _ => Vec::new(),
            };
            infos.push(StepInfo {
                id: StepId(self.next),
                layer: layer.clone(),
                of,
                verb,
                change: !matches!(*verb, "wait" | "enter" | "join"),
                cause: cause.clone(),
                group: *group,
                needs: on.into_iter().map(|on| Need { on, must: Must::Succeed }).collect(),
                reaches,
            });
            self.next += 1;
        }
        let unchanged = unchanged.iter().map(|text| addr(text)).collect();
        self.tell(EventKind::LayerPlanned { layers: vec![layer], steps: infos, unchanged })
    }

    pub(super) fn start(self, step: u32) -> Self {
        self.tell(EventKind::StepStarted { step: StepId(step) })
    }

    pub(super) fn wait(self, step: u32, on: WaitReason) -> Self {
        self.tell(EventKind::StepWaiting { step: StepId(step), on })
    }

    pub(super) fn moved(self, step: u32, done: u64, total: u64) -> Self {
        let total = Some(total);
        self.tell(EventKind::StepProgress { step: StepId(step), done, total, unit: Unit::Bytes })
    }

    pub(super) fn done(self, step: u32) -> Self {
        self.end(step, Outcome::Done)
    }

    /// Starts and ends a step.
    pub(super) fn does(self, step: u32) -> Self {
        self.start(step).done(step)
    }

    pub(super) fn end(self, step: u32, outcome: Outcome) -> Self {
        let id = StepId(step);
        let began = self.events.iter().rev().find(|event| event.kind == EventKind::StepStarted { step: id });
        let took = began.map_or(Duration::ZERO, |event| self.at.saturating_sub(event.at));
        self.tell(EventKind::StepFinished { step: id, outcome, took })
    }

    pub(super) fn skipped(self, step: u32, because: u32) -> Self {
        self.end(step, Outcome::Skipped { because: Some(StepId(because)) })
    }

    pub(super) fn finished(self, changed: usize, failed: usize, skipped: usize) -> Self {
        let took = self.at;
        let summary = Summary { changed, failed, skipped, took, ..Summary::default() };
        self.tell(EventKind::RunFinished { summary, services: Vec::new(), timings: Box::default() })
    }
}

/// A node with a database and a web server in it, and a client that needs the web server. Ends before the web server
/// is ready.
pub(super) fn coming_up() -> Script {
    use Cause::{Awaited, Inside, Missing};
    let up = Some(Group::Up);
    let web_ready = Milestone::Service(addr("vm1/web"), Stage::Ready);
    let db_ready = Milestone::Service(addr("vm1/db"), Stage::Ready);
    let image = Milestone::Image(addr("vm1").inner(), "nginx".to_owned());
    Script::new("up")
        .tell(EventKind::Surveyed { answered: vec![LayerPath::root()], silent: Vec::new() })
        .planned(
            "",
            &[
                ("create", "network:poc_default", None, Missing),
                ("create", "vm1", up, Missing),
                ("start", "vm1", up, Missing),
                ("enter", "vm1", up, Inside),
                ("join", "vm1", up, Inside),
                ("start", "client", up, Missing),
            ],
            &[("client", web_ready)],
            &["old"],
        )
        .does(0)
        .does(1)
        .does(2)
        .start(3)
        .wait(3, WaitReason::Boot)
        .after(2000)
        .done(3)
        .planned(
            "vm1",
            &[
                ("copy", "image:nginx", None, Cause::NeededBy(addr("vm1/web"))),
                ("create", "vm1/db", up, Missing),
                ("start", "vm1/db", up, Missing),
                ("wait", "vm1/db", up, Awaited),
                ("start", "vm1/web", up, Missing),
                ("wait", "vm1/web", up, Awaited),
            ],
            &[("vm1/web", image), ("vm1/web", db_ready)],
            &[],
        )
        .start(6)
        .does(7)
        .does(8)
        .start(9)
        .wait(9, WaitReason::Health)
        .moved(6, 12_345_678, 80_000_000)
}

/// The rest of [`coming_up`].
pub(super) fn came_up() -> Script {
    coming_up().done(6).done(9).does(10).does(11).does(4).does(5).finished(8, 0, 0)
}

/// [`coming_up`], but the database is never healthy.
pub(super) fn failing() -> Script {
    coming_up()
        .done(6)
        .end(9, Outcome::Failed(Box::new(failure())))
        .skipped(10, 9)
        .skipped(11, 9)
        .skipped(4, 9)
        .skipped(5, 9)
        .finished(5, 1, 4)
}

/// A service is replaced, another goes.
pub(super) fn replacing() -> Script {
    let group = Some(Group::Recreate);
    Script::new("up")
        .planned(
            "",
            &[
                ("create", "web", group, Cause::Changed(Vec::new())),
                ("stop", "web", group, Cause::Replaces),
                ("remove", "web", group, Cause::Replaces),
                ("rename", "web", group, Cause::Replaces),
                ("start", "web", group, Cause::Replaces),
                ("wait", "web", group, Cause::Awaited),
                ("stop", "gone", Some(Group::Down), Cause::Orphan),
                ("remove", "gone", Some(Group::Down), Cause::Orphan),
            ],
            &[],
            &["db"],
        )
        .does(0)
        .does(1)
        .does(6)
        .does(2)
        .does(7)
        .does(3)
        .does(4)
        .after(1500)
        .does(5)
        .finished(7, 0, 0)
}

pub(super) fn failure() -> Failure {
    Failure {
        kind: FailureKind::Unhealthy,
        summary: "failed to wait for `vm1/db`".to_owned(),
        causes: vec!["its health check fails".to_owned(), "last check: connection refused".to_owned()],
        logs: Some(LogTail {
            of: "vm1/db".to_owned(),
            lines: vec![
                "2026-01-01 12:00:00.000 UTC [1] FATAL:  data directory \"/var/lib/postgresql/data\" has wrong ownership"
                    .to_owned(),
                "\u{1b}[31mHINT:\u{1b}[0m\tThe server must be started by the user that owns it.".to_owned(),
            ],
        }),
    }
}

/// Bytes that a sink has written.
#[derive(Clone, Default)]
pub(super) struct Paper(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Paper {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic while locked").clone()).expect("text")
    }
}

impl std::io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic while locked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
