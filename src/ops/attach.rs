//! The foreground of an `up`: what containers on any level say and how they end, as it happens.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;

use crate::engine::engine::LogOptions;
use crate::engine::error::EngineError;
use crate::model::addr::{Addr, Pattern};
use crate::model::milestone::{Milestone, Stage};
use crate::model::name::ProjectName;
use crate::model::observed::ContainerState;
use crate::model::service::Condition;
use crate::model::time::{api_seconds, nanoseconds};
use crate::plan::goal::Lab;

use super::address::{check_all_match, is_meant};
use super::context::Ctx;
use super::error::OpError;
pub use super::log_lines::LogLine;
use super::logs::LogTime;
use super::members::{Member, members};

/// Pause before a container that is started again is looked at again.
pub(super) const AGAIN: Duration = Duration::from_millis(250);
/// News that may wait to be read: a slow terminal slows the reading of logs.
const ROOM: usize = 256;

/// Which services the foreground is about (docker/compose `cmd/compose/up.go`).
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// What was brought up; empty: everything.
    pub targets: Vec<Pattern>,
    /// Only these and what is inside them are shown; empty: what was brought up.
    pub attach: Vec<Pattern>,
    /// Also what the targets depend on is shown.
    pub dependencies: bool,
    /// These and what is inside them are not shown.
    pub no_attach: Vec<Pattern>,
}

/// What the choice comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreground {
    /// Whose output is shown. A node's is its daemon's, so it is shown only where it is asked for.
    pub shown: BTreeSet<Addr>,
    /// Whose ends count.
    pub counted: BTreeSet<Addr>,
    /// The foreground is over when all of these have ended: what counts, without the nodes around it.
    pub awaited: BTreeSet<Addr>,
    /// Those whose good end others wait for: it is no reason to stop anything.
    pub jobs: BTreeSet<Addr>,
}

/// Works it out.
///
/// # Errors
/// When an address names nothing.
pub fn foreground(lab: &Lab, choice: &Choice) -> Result<Foreground, OpError> {
    let instances = lab.topology.instances();
    let all: Vec<Addr> = instances.iter().map(|(addr, _)| addr.clone()).collect();
    check_all_match(&choice.attach, &all)?;
    check_all_match(&choice.no_attach, &all)?;
    let named = |addr: &Addr| is_meant(&choice.targets, addr);
    let started = |addr: &Addr| Milestone::Service(addr.clone(), Stage::Started);
    let needed =
        choice.dependencies.then(|| lab.graph.closure(all.iter().filter(|addr| named(addr)).map(started)));
    let mut out = Foreground::default();
    for (addr, service) in &instances {
        let is_shown = if choice.attach.is_empty() {
            let is_asked = service.behaviour.attach.unwrap_or(service.node.is_none());
            is_asked && (named(addr) || needed.as_ref().is_some_and(|it| it.contains(&started(addr))))
        } else {
            is_meant(&choice.attach, addr)
        };
        let is_left_out = !choice.no_attach.is_empty() && is_meant(&choice.no_attach, addr);
        if is_shown && !is_left_out {
            out.shown.insert(addr.clone());
        }
        out.jobs.extend(
            service
                .depends_on
                .iter()
                .filter(|it| it.condition == Condition::Completed)
                .flat_map(|it| crate::graph::expand::expand(&lab.topology, &addr.layer(), &it.target)),
        );
    }
    out.counted = if choice.targets.is_empty() {
        out.shown.clone()
    } else {
        all.iter().filter(|addr| named(addr)).cloned().collect()
    };
    let is_node = |addr: &Addr| lab.topology.service(addr).is_some_and(|service| service.node.is_some());
    out.awaited = out.counted.iter().filter(|addr| !is_node(addr)).cloned().collect();
    if out.awaited.is_empty() {
        out.awaited.clone_from(&out.counted);
    }
    Ok(out)
}

/// Something that a container said or did.
#[derive(Debug)]
pub enum News {
    /// It said a line.
    Said(LogLine),
    /// It has ended, and is not started again by its engine.
    Ended(Addr, i64),
    /// Its log cannot be read; how it ends is still told.
    Mute(Addr, EngineError),
    /// Its engine does not tell any more.
    Lost(Addr, EngineError),
}

/// What was attached to.
pub struct Attachment {
    /// The news. They end when every container has ended, or is lost.
    pub news: BoxStream<'static, News>,
    /// Those that are there and whose output is shown, in the order of addresses.
    pub shown: Vec<Addr>,
    /// Those that are there and are awaited.
    pub awaited: BTreeSet<Addr>,
}

/// Attaches: to what was written from `since` on, and to what comes.
///
/// # Errors
/// When the root engine does not answer, or the lab has no container.
pub async fn attach(
    ctx: &Ctx,
    project: &ProjectName,
    foreground: &Foreground,
    since: LogTime,
) -> Result<Attachment, OpError> {
    let found = members(ctx, project, &[]).await?.list.into_iter();
    let (sender, mut receiver) = mpsc::channel(ROOM);
    let (mut shown, mut awaited) = (Vec::new(), BTreeSet::new());
    for member in found.filter(|it| it.container.state != ContainerState::Created) {
        let is_shown = foreground.shown.contains(&member.addr);
        if !is_shown && !foreground.counted.contains(&member.addr) {
            continue;
        }
        if is_shown {
            shown.push(member.addr.clone());
        }
        if foreground.awaited.contains(&member.addr) {
            awaited.insert(member.addr.clone());
        }
        tokio::spawn(watch(member, is_shown.then(|| since.to_api()), sender.clone()));
    }
    let news = stream::poll_fn(move |context| receiver.poll_recv(context)).boxed();
    Ok(Attachment { news, shown, awaited })
}

/// Tells the news of one container, until nobody listens. `since`: from when on its log is told, if it is.
async fn watch(member: Member, mut since: Option<String>, news: mpsc::Sender<News>) {
    let Member { addr, container, engine, .. } = member;
    let last = loop {
        // The wait stands before the log is read, so that no end is missed.
        let ended = match engine.wait(&container.id, false).await {
            Ok(ended) => ended,
            Err(error) => break News::Lost(addr, error),
        };
        if let Some(from) = since.clone() {
            let options =
                LogOptions { follow: true, tail: None, since: Some(from), until: None, timestamps: true };
            match engine.logs(&container.id, &options).await {
                Ok(output) => {
                    let mut lines = super::log_lines::lines(addr.clone(), output);
                    // How a stream breaks is told by the wait.
                    while let Some(Ok(line)) = lines.next().await {
                        since = nanoseconds(&line.time).map(|at| api_seconds(at + 1)).or(since.take());
                        if news.send(News::Said(line)).await.is_err() {
                            return;
                        }
                    }
                }
                Err(error) => {
                    since = None;
                    if news.send(News::Mute(addr.clone(), error)).await.is_err() {
                        return;
                    }
                }
            }
        }
        let code = match ended.await {
            Ok(code) => code,
            Err(error) => break News::Lost(addr, error),
        };
        // The wait may have been for an earlier end than that of the log.
        let code = match engine.inspect(&container.id).await {
            Ok(now) if goes_on(now.state) => None,
            Ok(now) => Some(now.exit_code),
            Err(_) => Some(code),
        };
        if let Some(code) = code {
            break News::Ended(addr, code);
        }
        tokio::time::sleep(AGAIN).await;
    };
    // Nobody may listen any more.
    let _ = news.send(last).await;
}

/// Whether a container in this state is not over.
pub(super) fn goes_on(state: ContainerState) -> bool {
    matches!(state, ContainerState::Running | ContainerState::Restarting | ContainerState::Paused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::lab_graph::LabGraph;
    use crate::spec::files::Entry;
    use crate::spec::parse::parse;

    const LAB: &str = "
name: lab
services:
  vm: {engine: dind, inner: {services: {web: {image: x}, noisy: {image: x, attach: false}}}}
  db: {image: x}
  job: {image: x}
  app: {image: x, depends_on: {db: {condition: service_started}, job: {condition: service_completed_successfully}}}
";

    fn lab() -> Lab {
        let files = std::collections::BTreeMap::from([(
            std::path::PathBuf::from("/lab/nest.yaml"),
            LAB.as_bytes().to_vec(),
        )]);
        let entry =
            Entry { files: vec!["/lab/nest.yaml".into()], directory: "/lab".into(), ..Entry::default() };
        let parsed = parse(&files, &entry, &std::collections::BTreeMap::new());
        let topology = parsed.topology.expect("a valid lab");
        let (graph, _) = LabGraph::build(&topology);
        Lab { topology, graph }
    }

    fn texts(addrs: &BTreeSet<Addr>) -> Vec<String> {
        addrs.iter().map(ToString::to_string).collect()
    }

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| text.parse().expect("an address")).collect()
    }

    #[test]
    fn all_but_nodes_and_what_is_not_to_be_attached_is_shown_and_counts() {
        let found = foreground(&lab(), &Choice::default()).expect("nothing is named");
        assert_eq!(texts(&found.shown), ["app", "db", "job", "vm/web"]);
        assert_eq!(found.counted, found.shown);
        assert_eq!(texts(&found.jobs), ["job"]);
    }

    #[test]
    fn targets_count_and_what_they_need_is_shown_only_where_it_is_asked_for() {
        let choice = Choice { targets: patterns(&["app"]), ..Choice::default() };
        let found = foreground(&lab(), &choice).expect("it is there");
        assert_eq!((texts(&found.shown), texts(&found.counted)), (vec!["app".into()], vec!["app".into()]));
        let choice = Choice { dependencies: true, ..choice };
        let found = foreground(&lab(), &choice).expect("it is there");
        assert_eq!(texts(&found.shown), ["app", "db", "job"]);
        assert_eq!(texts(&found.counted), ["app"]);
    }

    #[test]
    fn a_node_that_is_named_is_shown_and_does_not_keep_the_foreground() {
        let choice =
            Choice { attach: patterns(&["vm"]), no_attach: patterns(&["vm/noisy"]), ..Choice::default() };
        let found = foreground(&lab(), &choice).expect("it is there");
        assert_eq!(texts(&found.shown), ["vm", "vm/web"]);
        assert_eq!(texts(&found.awaited), ["vm/web"]);
        let lost = Choice { attach: patterns(&["wbe"]), ..Choice::default() };
        assert!(matches!(foreground(&lab(), &lost), Err(OpError::NothingMatched { .. })));
    }
}
