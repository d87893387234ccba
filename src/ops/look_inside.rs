//! What runs, what is used, what ends: `top`, `stats`, `wait`, `port`, `images`.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use futures_util::future::{join_all, select_all};
use futures_util::stream::{self, BoxStream};

use crate::model::addr::{Addr, LayerPath, Pattern};
use crate::model::container::Protocol;
use crate::model::name::ProjectName;
use crate::model::observed::{ContainerState, ObservedPort};
use crate::plan::known::Layer;
use crate::plan::ours;

pub use crate::model::usage::{Figures, ProcessTable, Usage, UsedImage};

use super::context::Ctx;
use super::error::OpError;
use super::members::{Member, Members, members, surveyed_member};

/// The processes of each running container.
///
/// # Errors
/// As [`members`], and when an engine cannot be asked.
pub async fn top(
    ctx: &Ctx,
    project: &ProjectName,
    patterns: &[Pattern],
) -> Result<Vec<(Addr, ProcessTable)>, OpError> {
    let found = members(ctx, project, patterns).await?;
    let running = found.list.iter().filter(|it| it.container.state == ContainerState::Running);
    let asked = running.map(|it| async move {
        let table = it.engine.top(&it.container.id, None).await?;
        Ok::<_, OpError>((it.addr.clone(), table))
    });
    join_all(asked).await.into_iter().collect()
}

/// Figures of many containers, again and again.
pub struct Stats {
    /// The containers, in the order of addresses, without figures.
    pub rows: Vec<Figures>,
    /// The number of a row and its figures, as they come.
    pub news: BoxStream<'static, (usize, Option<Usage>)>,
}

/// Opens the figures of the containers meant. `all`: also those that do not run. Without `follow` each comes once.
///
/// # Errors
/// As [`members`].
pub async fn stats(
    ctx: &Ctx,
    project: &ProjectName,
    patterns: &[Pattern],
    all: bool,
    follow: bool,
) -> Result<Stats, OpError> {
    let mut found = members(ctx, project, patterns).await?;
    found.list.retain(|it| all || it.container.state == ContainerState::Running);
    let rows = found.list.iter().map(|it| Figures {
        addr: it.addr.clone(),
        container: it.container.name.clone(),
        id: it.container.id.clone(),
        usage: None,
    });
    let rows = rows.collect();
    let streams = found.list.iter().enumerate().map(|(row, it)| {
        let (engine, id) = (it.engine.clone(), it.container.id.clone());
        let opened = async move { engine.usage(&id, follow).await };
        stream::once(opened)
            .flat_map(move |opened| match opened {
                // A container that has gone since has no figures any more.
                Err(_) => stream::iter([(row, None)]).boxed(),
                Ok(usage) => usage
                    .map(move |usage| (row, usage.ok()))
                    .chain(stream::iter(follow.then_some((row, None))))
                    .boxed(),
            })
            .boxed()
    });
    Ok(Stats { rows, news: stream::select_all(streams).boxed() })
}

/// Waits until the containers meant have ended, or with `first` until one has: addresses and exit codes.
///
/// # Errors
/// As [`members`], and when an engine cannot be asked any more.
pub async fn wait(
    ctx: &Ctx,
    project: &ProjectName,
    patterns: &[Pattern],
    first: bool,
) -> Result<Vec<(Addr, i64)>, OpError> {
    let found = members(ctx, project, patterns).await?;
    // An address means its own container here: that what is inside a node has ended says nothing of the node.
    let meant = found.list.into_iter().filter(|it| patterns.iter().any(|pattern| pattern.matches(&it.addr)));
    if first {
        return first_end(meant.collect()).await.map(|ended| vec![ended]);
    }
    let waits = meant.map(|it| async move {
        let ended = it.engine.wait(&it.container.id, false).await?;
        Ok::<_, OpError>((it.addr, ended.await?))
    });
    join_all(waits).await.into_iter().collect()
}

/// Waits for the first end of these.
pub(super) async fn first_end(found: Vec<Member>) -> Result<(Addr, i64), OpError> {
    let waits: Vec<_> = found
        .into_iter()
        .map(|it| {
            Box::pin(async move {
                let ended = it.engine.wait(&it.container.id, false).await?;
                Ok::<_, OpError>((it.addr, ended.await?))
            })
        })
        .collect();
    if waits.is_empty() {
        return std::future::pending().await;
    }
    select_all(waits).await.0
}

/// Where a port of a container is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// On the root engine's machine, if every node on the way passes it on; else on the machine of its own engine.
    pub port: ObservedPort,
    /// The node within which alone it is bound.
    pub within: Option<Addr>,
}

/// Where a port of a container is bound: on the root engine's machine, where the nodes around it publish it further.
///
/// # Errors
/// As [`super::members::member`], and when it is not bound.
pub async fn port(
    ctx: &Ctx,
    project: &ProjectName,
    pattern: &Pattern,
    port: u16,
    protocol: Protocol,
) -> Result<Bound, OpError> {
    let (found, surveyed) = surveyed_member(ctx, project, pattern).await?;
    let ports = &found.container.ports;
    let Some(own) = published(ports, port, protocol) else {
        return Err(OpError::NoPort {
            port: format!("{port}/{}", protocol.as_str()),
            addr: found.addr,
            bound: ports
                .iter()
                .filter_map(|it| {
                    Some(format!("{}:{}→{}/{}", it.host_ip, it.host?, it.container, it.protocol.as_str()))
                })
                .collect(),
        });
    };
    let all = ours::containers(&surveyed.known, project);
    let (mut at, mut bound) = (found.home.clone(), own);
    while let Some(node) = at.node() {
        // Two of one address are left by a run that died: the one that publishes is meant.
        let mut around = all.iter().filter(|it| it.addr == node);
        let next = bound.host.and_then(|number| {
            around.find_map(|it| Some((&it.home, published(&it.container.ports, number, protocol)?)))
        });
        let Some((home, further)) = next else {
            return Ok(Bound { port: own.clone(), within: found.home.node() });
        };
        (at, bound) = (home.clone(), further);
    }
    Ok(Bound { port: bound.clone(), within: None })
}

fn published(ports: &[ObservedPort], port: u16, protocol: Protocol) -> Option<&ObservedPort> {
    ports.iter().find(|it| it.container == port && it.protocol == protocol && it.host.is_some())
}

/// The images of the containers meant.
///
/// # Errors
/// As [`members`].
pub async fn images(
    ctx: &Ctx,
    project: &ProjectName,
    patterns: &[Pattern],
) -> Result<Vec<UsedImage>, OpError> {
    let Members { list, surveyed, .. } = members(ctx, project, patterns).await?;
    let mut sizes: BTreeMap<(&LayerPath, &str), i64> = BTreeMap::new();
    for (path, layer) in &surveyed.known.layers {
        if let Layer::Answered(answered) = layer {
            sizes.extend(answered.seen.images.iter().map(|image| ((path, image.id.as_str()), image.size)));
        }
    }
    let rows = list.iter().map(|it| UsedImage {
        addr: it.addr.clone(),
        container: it.container.name.clone(),
        reference: it.container.image.clone(),
        id: it.container.image_id.clone(),
        size: sizes.get(&(&it.home, it.container.image_id.as_str())).copied(),
    });
    Ok(rows.collect())
}
