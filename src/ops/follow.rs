//! Logs that are followed: also those of containers that are started again or made anew, behind nodes that go and come
//! back. They end when nothing that is meant goes on and nobody is at work on the lab. After docker/compose
//! `pkg/compose/{logs,monitor}.go`.
//!
//! Events only say that it is worth while to look again. What is read follows from what is there then, and goes on
//! behind the last line that was told: no line is lost while nobody looks, and none is told twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::engine::engine::{Engine, EngineEvent, LogOptions};
use crate::engine::error::EngineError;
use crate::executor::survey::{SurveyOptions, Surveyed, survey};
use crate::model::addr::{Addr, LayerPath, Pattern};
use crate::model::failure::FailureKind;
use crate::model::label;
use crate::model::name::ProjectName;
use crate::model::observed::ContainerState;
use crate::model::time::{api_seconds, nanoseconds};
use crate::plan::known::Layer;
use crate::plan::ours;

use super::address::is_meant;
use super::attach::{AGAIN, goes_on};
use super::lock;
use super::log_lines::{LogLine, lines};

/// Lines that may wait to be read: a slow terminal slows the reading of logs.
const ROOM: usize = 256;
/// Pause before the last look, when all have ended: what was stopped may be about to be started again by somebody
/// whose lock is not seen from here.
const SETTLE: Duration = Duration::from_millis(500);
/// How long a node that runs may take until its engine answers.
const PATIENCE: Duration = Duration::from_secs(180);

/// What is followed.
pub(super) struct Follow {
    pub(super) root: Arc<dyn Engine>,
    pub(super) look: SurveyOptions,
    pub(super) project: ProjectName,
    pub(super) patterns: Vec<Pattern>,
    /// What is read of those that are there.
    pub(super) request: LogOptions,
    /// Where the files of locks are.
    pub(super) locks: Option<PathBuf>,
}

/// A container: IDs are unique on their engine.
type Key = (LayerPath, String);
/// What is told.
type Told = Result<LogLine, EngineError>;

/// Why to look again.
enum News {
    /// A container has started.
    Started(Key),
    /// The log of one has come to an end, or cannot be read.
    Read { key: Key, last: Option<String>, error: Option<EngineError>, is_open: bool },
    /// An engine tells no more events.
    Deaf(LayerPath),
}

/// What a look came to.
enum State {
    /// Something comes, and it is told.
    Goes,
    /// To be looked at again by itself after a time.
    Unsettled(Duration),
    Over,
}

struct Follower {
    follow: Follow,
    lines: mpsc::Sender<Told>,
    news: mpsc::UnboundedSender<News>,
    /// Whose events are heard.
    heard: BTreeSet<LayerPath>,
    /// Whose logs are open.
    reading: BTreeSet<Key>,
    /// From where the logs of those go on that were read before.
    read: BTreeMap<Key, LogOptions>,
    /// Those that have started since they were last read.
    started: BTreeSet<Key>,
    /// Those whose engine has no log of them.
    mute: BTreeSet<Key>,
    /// How logs broke that were not read on yet.
    broken: BTreeMap<Key, EngineError>,
    /// Running nodes whose engine does not answer, and since when; `None`: not waited for.
    silent: BTreeMap<LayerPath, Option<Instant>>,
    /// How many looks in a row found nothing that goes on.
    calm: u8,
}

/// Follows from what was surveyed on. The receiver ends when it is over.
pub(super) fn follow(follow: Follow, first: Surveyed) -> mpsc::Receiver<Told> {
    let (lines, told) = mpsc::channel(ROOM);
    let (news, hear) = mpsc::unbounded_channel();
    let follower = Follower {
        follow,
        lines,
        news,
        heard: BTreeSet::new(),
        reading: BTreeSet::new(),
        read: BTreeMap::new(),
        started: BTreeSet::new(),
        mute: BTreeSet::new(),
        broken: BTreeMap::new(),
        silent: BTreeMap::new(),
        calm: 0,
    };
    tokio::spawn(follower.run(first, hear));
    told
}

impl Follower {
    async fn run(mut self, first: Surveyed, mut hear: mpsc::UnboundedReceiver<News>) {
        self.begin(&first);
        let mut surveyed = first;
        loop {
            let fresh = self.listen(&surveyed).await;
            if !fresh.is_empty() {
                // Between the look and the first event something may have started.
                surveyed = match self.survey().await {
                    Ok(again) => again,
                    Err(error) => return self.fail(error).await,
                };
            }
            let state = self.take_up(&surveyed, &fresh);
            let pause = match state {
                State::Over => return self.end(&surveyed).await,
                State::Goes => None,
                State::Unsettled(pause) => Some(pause),
            };
            let tick = async move {
                match pause {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.lines.closed() => return,
                Some(news) = hear.recv() => {
                    self.note(news);
                    // What happens at once is looked at once.
                    tokio::time::sleep(AGAIN).await;
                }
                () = tick => {}
            }
            while let Ok(news) = hear.try_recv() {
                self.note(news);
            }
            surveyed = match self.survey().await {
                Ok(again) => again,
                Err(error) => return self.fail(error).await,
            };
        }
    }

    async fn survey(&self) -> Result<Surveyed, EngineError> {
        survey(Arc::clone(&self.follow.root), &self.follow.look).await
    }

    async fn fail(&self, error: EngineError) {
        // Nobody may listen any more.
        let _ = self.lines.send(Err(error)).await;
    }

    /// Reads all that is there, and does not wait for nodes that are silent from the start: that is told by others.
    fn begin(&mut self, first: &Surveyed) {
        for Meant { key, addr, .. } in self.meant(first) {
            self.open(first, key, addr, self.follow.request.clone());
        }
        self.silent.extend(first.known.silent().map(|(path, _)| (path.clone(), None)));
    }

    /// What is read of a log from a time on.
    fn from(&self, since: Option<String>) -> LogOptions {
        LogOptions {
            tail: None,
            since: since.or_else(|| self.follow.request.since.clone()),
            ..self.follow.request.clone()
        }
    }

    /// Listens to the engines that are not heard yet. The answer is which these are.
    async fn listen(&mut self, surveyed: &Surveyed) -> BTreeSet<LayerPath> {
        let mut fresh = BTreeSet::new();
        for (path, _) in surveyed.known.engines() {
            if self.heard.contains(path) {
                continue;
            }
            let Some(engine) = surveyed.engines.get(path) else { continue };
            // One that cannot be listened to is about to go, which the next look shows.
            let Ok(mut events) = engine.events().await else { continue };
            let (path, news) = (path.clone(), self.news.clone());
            let (project, root_id) = (self.follow.project.clone(), surveyed.known.root_id.clone());
            let patterns = self.follow.patterns.clone();
            self.heard.insert(path.clone());
            fresh.insert(path.clone());
            tokio::spawn(async move {
                while let Some(Ok(event)) = events.next().await {
                    if event.action == "start"
                        && ours::is_ours(&event.attributes, &project, &root_id)
                        && matters(&event, &patterns)
                        && news.send(News::Started((path.clone(), event.id))).is_err()
                    {
                        return;
                    }
                }
                let _ = news.send(News::Deaf(path));
            });
        }
        fresh
    }

    fn note(&mut self, news: News) {
        self.calm = 0;
        match news {
            News::Started(key) => {
                self.started.insert(key);
                self.silent.retain(|_, since| since.is_some());
            }
            News::Deaf(path) => {
                self.heard.remove(&path);
            }
            News::Read { key, last, error, is_open } => {
                self.reading.remove(&key);
                if last.is_some() || !self.read.contains_key(&key) {
                    self.read.insert(key.clone(), self.from(last));
                }
                let Some(error) = error else { return };
                let is_gone = matches!(
                    error.kind,
                    FailureKind::Unreachable | FailureKind::NotFound | FailureKind::Timeout
                );
                if !is_open && !is_gone {
                    self.mute.insert(key.clone());
                }
                self.broken.insert(key, error);
            }
        }
    }

    /// Opens what is to be read by what was seen. `fresh`: engines whose events were not heard before, so that what
    /// has started there is not known.
    fn take_up(&mut self, surveyed: &Surveyed, fresh: &BTreeSet<LayerPath>) -> State {
        let is_first = fresh.contains(&LayerPath::root());
        let started = std::mem::take(&mut self.started);
        let mut goes = false;
        for Meant { key, addr, state } in self.meant(surveyed) {
            let is_mute = self.mute.contains(&key);
            goes |= goes_on(state) && !is_mute;
            let may_have_started = started.contains(&key) || (fresh.contains(&key.0) && !is_first);
            let is_due = goes_on(state) || may_have_started || !self.read.contains_key(&key);
            if self.reading.contains(&key) {
                // The log of before may be read to its end only now.
                self.started.extend(may_have_started.then_some(key));
            } else if is_due && !is_mute && state != ContainerState::Created {
                self.broken.remove(&key);
                let request = self.read.get(&key).cloned().unwrap_or_else(|| self.from(None));
                self.open(surveyed, key, addr, request);
            }
        }
        let waits = self.waits_for_nodes(surveyed);
        if goes || !self.reading.is_empty() {
            self.calm = 0;
            return if waits { State::Unsettled(SETTLE) } else { State::Goes };
        }
        let is_held = || {
            let locks = self.follow.locks.as_deref();
            locks.is_some_and(|it| lock::is_held(it, &self.follow.project, &surveyed.known.root_id))
        };
        if waits || is_held() {
            self.calm = 0;
            return State::Unsettled(SETTLE);
        }
        self.calm += 1;
        if self.calm > 1 { State::Over } else { State::Unsettled(SETTLE) }
    }

    /// Whether a node runs whose engine is still to answer.
    fn waits_for_nodes(&mut self, surveyed: &Surveyed) -> bool {
        let now = Instant::now();
        let layers = &surveyed.known.layers;
        self.silent.retain(|path, _| matches!(layers.get(path), Some(Layer::Silent(_))));
        let mut waits = false;
        for (path, _) in surveyed.known.silent() {
            let since = self.silent.entry(path.clone()).or_insert(Some(now));
            waits |= since.is_some_and(|since| now.duration_since(since) < PATIENCE);
        }
        waits
    }

    fn open(&mut self, surveyed: &Surveyed, key: Key, addr: Addr, request: LogOptions) {
        let Some(engine) = surveyed.engines.get(&key.0) else { return };
        self.reading.insert(key.clone());
        tokio::spawn(read(engine, key, addr, request, self.lines.clone(), self.news.clone()));
    }

    fn meant(&self, surveyed: &Surveyed) -> Vec<Meant> {
        let all = ours::containers(&surveyed.known, &self.follow.project);
        let meant = all.into_iter().filter(|it| is_meant(&self.follow.patterns, &it.addr));
        let meant = meant.map(|it| Meant {
            key: (it.home.clone(), it.container.id.clone()),
            state: it.container.state,
            addr: it.addr,
        });
        meant.collect()
    }

    /// Tells which logs broke, unless their engine or their container went with them.
    async fn end(&mut self, surveyed: &Surveyed) {
        let there: BTreeSet<Key> = self.meant(surveyed).into_iter().map(|it| it.key).collect();
        for (key, error) in std::mem::take(&mut self.broken) {
            if there.contains(&key) {
                self.fail(error).await;
            }
        }
    }
}

/// A container that is meant.
struct Meant {
    key: Key,
    addr: Addr,
    state: ContainerState,
}

/// Whether an event is of a container that is meant, or of a node in which such a one may be.
fn matters(event: &EngineEvent, patterns: &[Pattern]) -> bool {
    let labels = &event.attributes;
    let addr = labels.get(label::ADDRESS).and_then(|text| text.parse::<Addr>().ok());
    !labels.contains_key(label::ROLE)
        && (labels.contains_key(label::KIND) || addr.is_some_and(|addr| is_meant(patterns, &addr)))
}

/// Tells one log until it ends.
async fn read(
    engine: Arc<dyn Engine>,
    key: Key,
    addr: Addr,
    request: LogOptions,
    told: mpsc::Sender<Told>,
    news: mpsc::UnboundedSender<News>,
) {
    let behind = |time: &str| nanoseconds(time).map(|at| api_seconds(at + 1));
    let (mut last, mut broke) = (None, None);
    if request.tail == Some(0) {
        // Reading goes on behind what is there, also where no line of it is told.
        let end = LogOptions { tail: Some(1), follow: false, ..request.clone() };
        if let Ok(output) = engine.logs(&key.1, &end).await
            && let Some(Ok(line)) = lines(addr.clone(), output).next().await
        {
            last = behind(&line.time);
        }
    }
    let opened = engine.logs(&key.1, &request).await;
    let is_open = opened.is_ok();
    match opened {
        Ok(output) => {
            let mut lines = lines(addr, output);
            while let Some(line) = lines.next().await {
                match line {
                    Ok(line) => {
                        last = behind(&line.time).or(last);
                        if told.send(Ok(line)).await.is_err() {
                            return;
                        }
                    }
                    Err(error) => broke = Some(error),
                }
            }
        }
        Err(error) => broke = Some(error),
    }
    // Nobody may listen any more.
    let _ = news.send(News::Read { key, last, error: broke, is_open });
}
