//! From the root down through every running node whose engine answers. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

use crate::engine::engine::Engine;
use crate::engine::error::EngineError;
use crate::model::addr::{Addr, LayerPath, Pattern};
use crate::model::dial::Dial;
use crate::model::facts::Facts;
use crate::model::failure::{Failure, FailureKind};
use crate::model::label;
use crate::model::name::ProjectName;
use crate::model::observed::{ContainerState, Observed};
use crate::plan::known::{Answered, Known, Layer};
use crate::plan::ours::is_ours;

use super::boot;
use super::engines::Engines;
use super::enter::{is_by_address, same_engine};

/// A node that has run for so long is dialled although its boot line is not in its log: the log may have been
/// cut. No kind's node takes longer to boot.
const BOOTED_LONG_AGO: Duration = Duration::from_secs(120);
/// See [`SurveyOptions::look_limit`].
const LOOK: Duration = Duration::from_secs(30);

/// What to survey.
#[derive(Clone, Debug)]
pub struct SurveyOptions {
    /// The lab; `None`: the root engine only.
    pub project: Option<ProjectName>,
    /// Only the nodes on the way to these addresses and below them; empty: all.
    pub paths: Vec<Pattern>,
    /// What is asked of each engine.
    pub asks: Asks,
    /// How long an inner engine may take to answer before it counts as silent.
    pub patience: Duration,
}

impl SurveyOptions {
    /// How long a look at an engine that has answered may take: half a minute, unless even its first answer may take
    /// longer.
    pub(super) fn look_limit(&self) -> Duration {
        look_limit(self.patience)
    }
}

fn look_limit(patience: Duration) -> Duration {
    LOOK.max(patience)
}

/// What is asked of each engine. The root always tells its facts: whose an object is hangs on its ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// What it has.
    Lists,
    /// What it has, and its facts.
    ListsAndFacts,
    /// Its containers: the way to some of them is all that is wanted.
    Containers,
    /// The same, and a program is to be started in one of them.
    ContainersForExec,
}

impl Asks {
    const fn is_containers(self) -> bool {
        matches!(self, Self::Containers | Self::ContainersForExec)
    }

    async fn of(self, engine: &dyn Engine) -> Result<(Observed, Option<Facts>), EngineError> {
        match self {
            Self::Lists => Ok((engine.observe().await?, None)),
            Self::ListsAndFacts => {
                let facts = engine.facts().await?;
                Ok((engine.observe().await?, Some(facts)))
            }
            Self::Containers | Self::ContainersForExec => {
                let containers = engine.containers().await?;
                Ok((Observed { containers, ..Observed::default() }, None))
            }
        }
    }
}

/// What a survey found.
pub struct Surveyed {
    /// What was observed.
    pub known: Known,
    /// How to reach each engine that answered.
    pub engines: Engines,
    /// What was asked for, to look again.
    pub(crate) options: SurveyOptions,
}

/// Surveys.
///
/// # Errors
/// When the root engine does not answer. Inner engines that do not are `Silent` in the result.
pub async fn survey(root: Arc<dyn Engine>, options: &SurveyOptions) -> Result<Surveyed, EngineError> {
    let asks = root_asks(options);
    let (facts, (seen, _)) = futures_util::try_join!(root.facts(), asks.of(&*root))?;
    survey_from(root, facts, seen, options).await
}

/// As [`survey`], of a root engine that has told its facts.
///
/// # Errors
/// As [`survey`].
pub async fn survey_knowing(
    root: Arc<dyn Engine>,
    facts: Facts,
    options: &SurveyOptions,
) -> Result<Surveyed, EngineError> {
    let (seen, _) = root_asks(options).of(&*root).await?;
    survey_from(root, facts, seen, options).await
}

/// What is asked of the root beside its facts.
fn root_asks(options: &SurveyOptions) -> Asks {
    if options.asks.is_containers() { Asks::Containers } else { Asks::Lists }
}

async fn survey_from(
    root: Arc<dyn Engine>,
    facts: Facts,
    seen: Observed,
    options: &SurveyOptions,
) -> Result<Surveyed, EngineError> {
    let mut survey = Survey {
        known: Known { root_id: facts.id.clone(), ..Known::default() },
        engines: Engines::new(root),
        options,
        probes: FuturesUnordered::new(),
        by_address: BTreeMap::new(),
    };
    survey.answered(LayerPath::root(), seen, Some(facts));
    survey.drain().await;
    // Engines that are reached by an address may be one of the others, so the others come first.
    while let Some((_, node)) = survey.by_address.pop_first() {
        // They are told apart by the ID in their facts.
        ask_for_facts(&mut survey.known, &survey.engines).await;
        let Some(parent) = survey.engines.get(&node.home) else { continue };
        let asks = if options.asks.is_containers() { options.asks } else { Asks::ListsAndFacts };
        let mut probed = probe(parent, node, asks, options.patience).await;
        if let Ok(found) = &mut probed.result
            && found.facts.is_none()
        {
            found.facts = tokio::time::timeout(options.look_limit(), found.engine.facts())
                .await
                .ok()
                .and_then(Result::ok);
        }
        survey.take(probed);
        survey.drain().await;
    }
    Ok(Surveyed { known: survey.known, engines: survey.engines, options: options.clone() })
}

/// Which of these paths the engine's machine does not have. One that cannot be looked at counts as there.
pub async fn lacking(engine: &dyn Engine, paths: &[String]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for path in paths {
        if matches!(engine.sees(path).await, Ok(false)) {
            out.insert(path.clone());
        }
    }
    out
}

/// A running node.
struct Node {
    addr: Addr,
    /// The layer that owns the engine on which it runs.
    home: LayerPath,
    container: String,
    dial: Dial,
    boot: Vec<String>,
}

/// What came of dialling a node.
struct Probed {
    node: Node,
    result: Result<Found, Failure>,
}

struct Found {
    engine: Arc<dyn Engine>,
    seen: Observed,
    facts: Option<Facts>,
}

struct Survey<'a> {
    known: Known,
    engines: Engines,
    options: &'a SurveyOptions,
    probes: FuturesUnordered<BoxFuture<'static, Probed>>,
    by_address: BTreeMap<Addr, Node>,
}

impl Survey<'_> {
    async fn drain(&mut self) {
        while let Some(probed) = self.probes.next().await {
            self.take(probed);
        }
    }

    fn take(&mut self, probed: Probed) {
        let layer = probed.node.addr.inner();
        match probed.result {
            Err(failure) => {
                self.known.layers.insert(layer, Layer::Silent(failure));
            }
            Ok(found) => {
                let shared = found
                    .facts
                    .as_ref()
                    .and_then(|facts| same_engine(&probed.node.dial, facts, &known_engines(&self.known)));
                if let Some(home) = shared {
                    self.shares(layer, home);
                } else {
                    self.engines.set(layer.clone(), found.engine);
                    self.answered(layer, found.seen, found.facts);
                }
            }
        }
    }

    /// Keeps what an engine has, and dials the nodes on it.
    fn answered(&mut self, layer: LayerPath, seen: Observed, facts: Option<Facts>) {
        let nodes = self.nodes(&layer, &seen);
        let answered = Answered { home: layer.clone(), seen, facts };
        self.known.layers.insert(layer, Layer::Answered(Box::new(answered)));
        for node in nodes.into_values() {
            let inner = node.addr.inner();
            if self.known.layers.contains_key(&inner) {
                continue;
            }
            match &node.dial {
                Dial::Parent { .. } => self.shares(inner, node.home),
                dial if is_by_address(dial) => {
                    self.by_address.insert(node.addr.clone(), node);
                }
                Dial::Exec { .. } => {
                    if let Some(parent) = self.engines.get(&node.home) {
                        let (asks, patience) = (self.options.asks, self.options.patience);
                        self.probes.push(Box::pin(probe(parent, node, asks, patience)));
                    }
                }
            }
        }
    }

    /// A layer on the engine of another.
    fn shares(&mut self, layer: LayerPath, home: LayerPath) {
        if let Some(engine) = self.engines.get(&home) {
            self.engines.set(layer.clone(), engine);
        }
        let answered = Answered { home, seen: Observed::default(), facts: None };
        self.known.layers.insert(layer, Layer::Answered(Box::new(answered)));
    }

    /// The lab's running nodes on an engine that are in scope. Of two with one address the newer counts: the
    /// older one is about to be replaced.
    fn nodes(&self, home: &LayerPath, seen: &Observed) -> BTreeMap<Addr, Node> {
        let Some(project) = &self.options.project else { return BTreeMap::new() };
        let mut nodes: BTreeMap<Addr, (i64, Node)> = BTreeMap::new();
        for container in &seen.containers {
            let labels = &container.labels;
            if container.state != ContainerState::Running
                || !labels.contains_key(label::KIND)
                || labels.contains_key(label::ROLE)
                || !is_ours(labels, project, &self.known.root_id)
            {
                continue;
            }
            let dial = labels.get(label::ENGINE).and_then(|text| Dial::from_label(text));
            let addr = labels.get(label::ADDRESS).and_then(|text| text.parse::<Addr>().ok());
            let (Some(addr), Some(dial)) = (addr, dial) else { continue };
            let is_newer = nodes.get(&addr).is_none_or(|(created, _)| *created < container.created);
            if self.is_in_scope(&addr) && is_newer {
                let boot = labels.get(label::BOOT).map(|text| boot::words(text)).unwrap_or_default();
                let node = Node {
                    addr: addr.clone(),
                    home: home.clone(),
                    container: container.id.clone(),
                    dial,
                    boot,
                };
                nodes.insert(addr, (container.created, node));
            }
        }
        nodes.into_iter().map(|(addr, (_, node))| (addr, node)).collect()
    }

    fn is_in_scope(&self, addr: &Addr) -> bool {
        self.options.paths.is_empty() || self.options.paths.iter().any(|path| is_on_the_way(path, addr))
    }
}

/// Asks the engines that have not told their facts. One that does not answer now goes without.
pub async fn ask_for_facts(known: &mut Known, engines: &Engines) {
    let asked = known.engines().filter(|(_, answered)| answered.facts.is_none());
    let asked = asked.filter_map(|(path, _)| Some((path.clone(), engines.get(path)?)));
    let asked = asked.map(|(path, engine)| async move {
        (path, tokio::time::timeout(LOOK, engine.facts()).await.ok().and_then(Result::ok))
    });
    for (path, facts) in futures_util::future::join_all(asked).await {
        if let Some(Layer::Answered(answered)) = known.layers.get_mut(&path) {
            answered.facts = facts;
        }
    }
}

/// The engines that are known, by the layers that own them.
pub(super) fn known_engines(known: &Known) -> Vec<(LayerPath, String)> {
    let told = known.engines().filter_map(|(path, answered)| Some((path, answered.facts.as_ref()?)));
    told.map(|(path, facts)| (path.clone(), facts.id.clone())).collect()
}

/// Whether `addr` leads to what `path` means, is it, or lies below it.
fn is_on_the_way(path: &Pattern, addr: &Addr) -> bool {
    path.parts().iter().zip(addr.parts()).all(|((service, number), part)| {
        *service == part.service && number.is_none_or(|number| number == part.number)
    })
}

async fn probe(parent: Arc<dyn Engine>, node: Node, asks: Asks, patience: Duration) -> Probed {
    let result = reach(parent, &node, asks, patience).await;
    Probed { node, result }
}

/// Whether an engine answers. Before an exec, by two connections at once: a program, and a way further in, keep the one
/// by which they were started, and the other tells how the program has ended. Each costs a process in the node, and one
/// after the other they would take twice as long.
async fn greet(engine: &dyn Engine, asks: Asks) -> Result<(), EngineError> {
    if asks == Asks::ContainersForExec {
        let (answer, _) = futures_util::join!(engine.ping(), engine.ping());
        answer
    } else {
        engine.ping().await
    }
}

async fn reach(
    parent: Arc<dyn Engine>,
    node: &Node,
    asks: Asks,
    patience: Duration,
) -> Result<Found, Failure> {
    let failed = |kind, causes| Failure {
        kind,
        summary: format!("failed to reach the engine of `{}`", node.addr),
        causes,
        logs: None,
    };
    let broke = |error: EngineError| {
        let Failure { kind, summary, causes, .. } = error.to_failure();
        failed(kind, if causes.is_empty() { vec![summary] } else { causes })
    };
    if !node.boot.is_empty() {
        let booted = boot::has_booted(&*parent, &node.container, &node.boot, BOOTED_LONG_AGO);
        let late =
            |_| failed(FailureKind::Timeout, vec![format!("its console gave no answer within {patience:?}")]);
        if !tokio::time::timeout(patience, booted).await.map_err(late)?.map_err(broke)? {
            return Err(failed(FailureKind::Unreachable, vec!["the node is booting".to_owned()]));
        }
    }
    let engine = parent.inside(&node.container, &node.dial);
    let late = |_| failed(FailureKind::Timeout, vec![format!("no answer within {patience:?}")]);
    tokio::time::timeout(patience, greet(&*engine, asks)).await.map_err(late)?.map_err(broke)?;
    let limit = look_limit(patience);
    let late =
        |_| failed(FailureKind::Timeout, vec![format!("it answers, but lists nothing within {limit:?}")]);
    let looked = tokio::time::timeout(limit, asks.of(&*engine)).await;
    let (seen, facts) = looked.map_err(late)?.map_err(broke)?;
    Ok(Found { engine, seen, facts })
}
