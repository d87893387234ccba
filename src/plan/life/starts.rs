//! Starting and continuing, used before users, and the layers of nodes once these are entered.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::addr::{Addr, LayerPath};
use crate::model::dial::Dial;
use crate::model::label;
use crate::model::milestone::{Milestone, Stage};
use crate::model::observed::{ContainerState, ObservedContainer};
use crate::plan::action::{Action, Enter};
use crate::plan::asked::first_network;
use crate::plan::builder::{Draft, after, when};
use crate::plan::cause::Cause;
use crate::plan::goal::{Verb, Wait};
use crate::plan::hooks;
use crate::plan::quiesce::{self, is_running, users_first};
use crate::plan::step::{Group, Need, Resource, StepId};

use super::{Awaited, Found, Living, awaits, can_start};

/// How long a node may take to start again: its own limit is in the file, which is not read.
const PATIENCE: Duration = Duration::from_secs(180);

impl<'a> Living<'a> {
    /// Starts what is meant, and what that needs.
    pub(super) fn start(&mut self) {
        let wanted = self.to_start();
        let listed: Vec<(Addr, &'a ObservedContainer)> = self
            .all
            .iter()
            .filter(|found| wanted.contains(&found.addr) && self.scope.contains(&found.addr.layer()))
            .filter(|found| !self.leaving.iter().any(|layer| found.addr.layer().is_within(layer)))
            .map(|found| (found.addr.clone(), found.container))
            .collect();
        let borrowed: Vec<(&Addr, &ObservedContainer)> =
            listed.iter().map(|(addr, container)| (addr, *container)).collect();
        let mut ordered: Vec<Addr> =
            users_first(&borrowed).into_iter().map(|(addr, _)| addr.clone()).collect();
        ordered.reverse();
        ordered.dedup();
        for addr in &ordered {
            // Several containers of one address are left by a run that died: the newest is the one.
            let newest = listed
                .iter()
                .filter(|(other, _)| other == addr)
                .max_by_key(|(_, container)| (is_running(container), container.created));
            if let Some((_, container)) = newest {
                self.start_one(addr, container);
            }
        }
        for layer in self.scope.clone() {
            self.settle(&layer, &ordered);
        }
        if self.life.wait != Wait::Started {
            for addr in &ordered {
                self.ready(addr);
            }
        }
    }

    /// The addresses that are to run at the end, also those in layers that are not known yet.
    fn to_start(&self) -> BTreeSet<Addr> {
        if matches!(self.life.verb, Verb::Restart { .. }) {
            return self.restarted();
        }
        let mut out = BTreeSet::new();
        let mut left: Vec<Addr> =
            self.all.iter().map(|found| found.addr.clone()).filter(|addr| self.is_meant(addr)).collect();
        // The way to what is in layers that are not known: their nodes.
        left.extend(self.all.iter().map(|found| found.addr.clone()).filter(|addr| {
            self.life.targets.iter().any(|target| {
                target.parts().len() > addr.parts().len()
                    && target.parts().iter().zip(addr.parts()).all(|((service, number), part)| {
                        *service == part.service && number.is_none_or(|n| n == part.number)
                    })
            })
        }));
        while let Some(addr) = left.pop() {
            if !out.insert(addr.clone()) {
                continue;
            }
            left.extend(addr.layer().node());
            for found in self.at(&addr) {
                left.extend(quiesce::needs_of(found.container));
            }
        }
        out
    }

    fn start_one(&mut self, addr: &Addr, container: &ObservedContainer) {
        let milestone = |stage| Milestone::Service(addr.clone(), stage);
        let ended = self.ended.get(&container.id).copied();
        let layer = addr.layer();
        if container.state == ContainerState::Created && container.labels.contains_key(label::PRE_START) {
            let message = format!("the `pre_start` of `{addr}` has not run yet, and only the file knows it");
            let problem = Diagnostic::error(Code::NotSupported, message);
            self.builder.problems.push(problem.help("bring it up from its file (`up`)"));
            return;
        }
        let starts = ended.is_some() || can_start(container);
        if let Some(network) = self.lost_network(&layer, container).filter(|_| starts) {
            let message = format!("`{addr}` cannot start: its network `{network}` is not there any more");
            // What has done its work need not stop the others.
            let is_done = container.state == ContainerState::Exited && container.exit_code == Some(0);
            let severity = if is_done { Diagnostic::warning } else { Diagnostic::error };
            let problem = severity(Code::NotSupported, message);
            self.builder
                .problems
                .push(problem.help("bring it up from its file (`up`), which makes what is missing"));
            return;
        }
        let mut started = None;
        if ended.is_none() && container.state == ContainerState::Paused {
            let action = Action::Unpause { container: container.id.clone() };
            started = Some(self.push(addr, Cause::Paused, action, Vec::new()));
        } else if starts {
            let mut needs: Vec<Need> = ended.map(after).into_iter().collect();
            for awaited in awaits(container) {
                needs.extend(self.need(&awaited));
            }
            let cause = if ended.is_some() { Cause::Asked } else { Cause::NotRunning };
            started = Some(hooks::start(&mut self.builder, (&layer, addr), container, cause, needs));
        }
        match started {
            Some(step) => self.builder.reaches(step, milestone(Stage::Started)),
            None if is_running(container) => self.builder.reached(milestone(Stage::Started)),
            None => return,
        }
        debug_assert!(self.scope.contains(&layer), "only layers in scope are started");
        self.enter(addr, container, started);
    }

    /// A network that a container asks its engine for when it starts, and that is gone: the one that it was made for,
    /// also where it was taken out of it since, or one that it was in, also where another has its name.
    fn lost_network(&self, layer: &LayerPath, container: &ObservedContainer) -> Option<String> {
        let seen = &self.known.seen(layer)?.networks;
        let is_there = |name: &str, id: &str| {
            // A daemon makes its own networks anew.
            let by_id = !id.is_empty() && !["bridge", "host", "none"].contains(&name);
            seen.iter().any(|it| if by_id { it.id == id || it.name == id } else { it.name == name })
        };
        let asked = container.labels.get(label::ASKED).map(String::as_str).unwrap_or_default();
        let mut joined = container.networks.iter();
        let is_in_any = joined.len() > 0;
        let made_for = first_network(asked).filter(|name| is_in_any && !is_there(name, ""));
        let lost = || joined.find(|(name, at)| !is_there(name, &at.network)).map(|(name, _)| name.as_str());
        made_for.or_else(lost).map(str::to_owned)
    }

    fn push(&mut self, addr: &Addr, cause: Cause, action: Action, needs: Vec<Need>) -> StepId {
        self.builder.push(Draft::service(addr, &addr.layer(), cause, Group::Up), action, needs)
    }

    /// The engine inside a node: reached where it was observed and the node is not touched, else entered.
    fn enter(&mut self, addr: &Addr, container: &ObservedContainer, started: Option<StepId>) {
        let Some(dial) = container.labels.get(label::ENGINE).and_then(|text| Dial::from_label(text)) else {
            return;
        };
        let milestone = Milestone::Service(addr.clone(), Stage::EngineUp);
        if started.is_none() && self.known.home(&addr.inner()).is_some() {
            self.builder.reached(milestone);
            return;
        }
        let words = container.labels.get(label::BOOT);
        let boot: Option<Arc<[String]>> =
            words.map(|words| words.split('\u{1f}').map(str::to_owned).collect());
        let enter = Enter {
            layer: addr.inner(),
            container: container.id.clone(),
            dial,
            boot,
            timeout: self.life.wait.limit().unwrap_or(PATIENCE),
            paths: Vec::new(),
        };
        let needs = started.map(after).into_iter().collect();
        let step = self.push(addr, Cause::Inside, Action::Enter(Box::new(enter)), needs);
        self.builder.reaches(step, milestone);
        self.leaving.push(addr.inner());
    }

    /// What must be reached before something that waits for it starts; `None` where nothing is there to wait for.
    fn need(&mut self, awaited: &Awaited) -> Option<Need> {
        let Awaited { on, stage, .. } = awaited;
        let milestone = Milestone::Service(on.clone(), *stage);
        if self.is_promised(&milestone) {
            return Some(when(milestone));
        }
        let layer = on.layer();
        let is_coming = self.leaving.iter().any(|inner| layer.is_within(inner));
        let Some(found) = self.newest(on).filter(|_| !is_coming) else {
            // In a layer that is planned later, or not there at all.
            return (is_coming || self.known.home(&layer).is_none()).then(|| when(milestone));
        };
        match stage {
            Stage::Ready => self.ready(on),
            // One that is not in this plan runs, or has ended: then it is waited for in vain, as with Compose.
            Stage::Started => None,
            _ => {
                let step = self.wait_for(&found, *stage);
                self.builder.reaches(step, milestone.clone());
                Some(when(milestone))
            }
        }
    }

    fn is_promised(&self, milestone: &Milestone) -> bool {
        self.builder.has(milestone) || self.known.promised.contains(milestone)
    }

    fn newest(&self, addr: &Addr) -> Option<Found<'a>> {
        self.at(addr).max_by_key(|found| (is_running(found.container), found.container.created)).cloned()
    }

    fn wait_for(&mut self, found: &Found<'a>, stage: Stage) -> StepId {
        let started = Milestone::Service(found.addr.clone(), Stage::Started);
        let needs = if self.is_promised(&started) { vec![when(started)] } else { Vec::new() };
        let timeout = self.life.wait.limit();
        let action = Action::Wait { container: found.container.id.clone(), stage, timeout };
        let engine = self.engine(found);
        let draft = Draft::service(&found.addr, &engine, Cause::Awaited, Group::Up);
        self.builder.push(draft, action, needs)
    }

    /// All that is promised of an instance: healthy, and for a node everything inside.
    fn ready(&mut self, addr: &Addr) -> Option<Need> {
        let milestone = Milestone::Service(addr.clone(), Stage::Ready);
        if self.is_promised(&milestone) {
            return Some(when(milestone));
        }
        let found = self.newest(addr)?;
        let step = if found.container.labels.contains_key(label::ENGINE) {
            let inner = addr.inner();
            let mut needs = vec![when(Milestone::Service(addr.clone(), Stage::EngineUp))];
            if self.leaving.contains(&inner) {
                needs.push(when(Milestone::Settled(inner)));
            } else {
                let inside: Vec<Addr> =
                    self.all.iter().map(|it| it.addr.clone()).filter(|it| it.layer() == inner).collect();
                for inside in inside {
                    needs.extend(self.ready(&inside));
                }
            }
            self.push(addr, Cause::Awaited, Action::Join, needs)
        } else {
            self.wait_for(&found, Stage::Ready)
        };
        self.builder.reaches(step, milestone.clone());
        Some(when(milestone))
    }

    /// The point at which everything of a layer is up, where a plan before this one waits for it.
    fn settle(&mut self, layer: &LayerPath, started: &[Addr]) {
        let Some(node) = layer.node() else { return };
        if !self.known.promised.contains(&Milestone::Service(node, Stage::Ready)) {
            return;
        }
        let mut needs = Vec::new();
        for addr in started.iter().filter(|addr| addr.layer() == *layer) {
            needs.extend(self.ready(addr));
        }
        let draft = Draft {
            layer: layer.clone(),
            of: Resource::Layer(layer.clone()),
            cause: Cause::Awaited,
            group: None,
        };
        let step = self.builder.push(draft, Action::Join, needs);
        self.builder.reaches(step, Milestone::Settled(layer.clone()));
    }

    /// Continues what is paused, and what is inside. A node is entered then, for what was paused inside of it.
    pub(super) fn unpause(&mut self) {
        let paused: Vec<Found<'a>> = self
            .all
            .iter()
            .filter(|found| self.is_meant(&found.addr) && self.is_in_scope(found))
            .filter(|found| found.container.state == ContainerState::Paused)
            .cloned()
            .collect();
        for found in paused {
            let action = Action::Unpause { container: found.container.id.clone() };
            let engine = self.engine(&found);
            let needs = Vec::new();
            let draft = Draft::service(&found.addr, &engine, Cause::Asked, Group::Up);
            let step = self.builder.push(draft, action, needs);
            self.builder.reaches(step, Milestone::Service(found.addr.clone(), Stage::Started));
        }
    }
}
