//! What must hold, whatever happened. A broken promise is told as a sentence.

use std::collections::{BTreeMap, BTreeSet};

use nestctl::engine::fake::call::Happening;
use nestctl::engine::fake::fake_engine::FakeEngine;
use nestctl::graph::lab_graph::{LabGraph, Why};
use nestctl::model::addr::Addr;
use nestctl::model::container::PortBinding;
use nestctl::model::label::{self, Labels};
use nestctl::model::milestone::{Milestone, Stage};
use nestctl::model::observed::{ContainerState, Health, ObservedContainer, ObservedImage, ObservedPort};
use nestctl::model::topology::Topology;

use super::acts::everything;
use super::draw::{JOB, is_checked};

/// What is broken.
pub(super) type Broken = String;

/// Objects of others, and data of the lab, as they were.
pub(super) struct Before {
    others: BTreeSet<String>,
    data: BTreeMap<String, String>,
}

impl Before {
    pub(super) fn of(engine: &FakeEngine) -> Self {
        Self { others: others(engine), data: engine.data() }
    }

    /// Whether all of it is as it was.
    pub(super) fn holds(&self, engine: &FakeEngine, data_may_go: bool) -> Result<(), Broken> {
        let now = others(engine);
        if now != self.others {
            return Err(format!("objects of others were {:#?}\nand are {now:#?}", self.others));
        }
        let data = engine.data();
        match self.data.iter().find(|(serial, _)| !data.contains_key(*serial)) {
            Some((_, lost)) if !data_may_go => {
                Err(format!("the data of volume {lost} is lost\n{}", engine.snapshot()))
            }
            _ => Ok(()),
        }
    }
}

/// Everything of others on the root engine.
fn others(engine: &FakeEngine) -> BTreeSet<String> {
    let seen = engine.observed();
    let is_other = |labels: &Labels| labels.get(label::PROJECT).is_none_or(|project| project != "lab");
    let containers = seen.containers.iter().filter(|it| is_other(&it.labels));
    let containers =
        containers.map(|it| format!("container {} {} {:?} {:?}", it.id, it.name, it.state, it.labels));
    let networks = seen.networks.iter().filter(|it| is_other(&it.labels));
    let networks = networks.map(|it| format!("network {} {} {:?}", it.id, it.name, it.labels));
    let volumes = seen.volumes.iter().filter(|it| it.name.starts_with("other"));
    let volumes = volumes.map(|it| format!("volume {} {:?}", it.name, it.labels));
    containers.chain(networks).chain(volumes).collect()
}

/// Whether what runs is what the file says, and nothing else of the lab is there.
pub(super) fn desired(engine: &FakeEngine, lab: &Topology) -> Result<(), Broken> {
    let mut there: BTreeMap<String, Vec<ObservedContainer>> = BTreeMap::new();
    for (at, container) in everything(engine) {
        let networks = at.observed().networks;
        let gone = container.networks.keys().find(|name| networks.iter().all(|it| it.name != **name));
        if let Some(gone) = gone.filter(|_| container.state == ContainerState::Running) {
            return Err(format!("{} is in network {gone}, which is not there", container.name));
        }
        let addr = container.labels.get(label::ADDRESS).cloned().unwrap_or_default();
        there.entry(addr).or_default().push(container);
    }
    let of_root = engine.observed().containers.into_iter().flat_map(|it| it.ports).collect::<Vec<_>>();
    for (addr, service) in lab.instances() {
        let found = there.remove(&addr.to_string()).unwrap_or_default();
        let [container] = found.as_slice() else {
            return Err(format!("{addr} has {} containers\n{}", found.len(), engine.snapshot()));
        };
        let is_job = service.spec.image == JOB;
        let state = if is_job { ContainerState::Exited } else { ContainerState::Running };
        let healthy = !is_checked(service) || container.health == Some(Health::Healthy);
        if container.state != state || !healthy || (is_job && container.exit_code != Some(0)) {
            return Err(format!("{addr} is {:?} {:?}", container.state, container.health));
        }
        let tag = |image: &ObservedImage| image.tags.iter().any(|tag| tag.ends_with(&service.spec.image));
        let images = engine.observed().images;
        let now = images.iter().find(|image| tag(image)).map(|image| image.id.as_str());
        if now != Some(container.image_id.as_str()) {
            return Err(format!("{addr} has image {}, and its tag names {now:?}", container.image_id));
        }
        let wanted: Vec<&PortBinding> = service.spec.ports.iter().collect();
        if let Some(port) = unserved(&container.ports, &wanted).filter(|_| !is_job) {
            return Err(format!("{addr} has ports {:?}, and not {port:?}", container.ports));
        }
        let wanted: Vec<&PortBinding> = service.publish.iter().map(|it| &it.value).collect();
        if let Some(port) = unserved(&of_root, &wanted) {
            return Err(format!("the root engine has ports {of_root:?}, and not {port:?} of {addr}"));
        }
        let wanted = service.spec.networks.len();
        // What has ended well is left as it is.
        if !is_job && service.spec.network_mode.is_none() && container.networks.len() < wanted {
            return Err(format!("{addr} is in {:?}, not in {wanted} networks", container.networks));
        }
    }
    if there.is_empty() {
        return Ok(());
    }
    Err(format!("these are not in the file: {:?}\n{}", there.keys().collect::<Vec<_>>(), engine.snapshot()))
}

/// A port of a machine that is wanted, and that is not there.
fn unserved<'a>(there: &[ObservedPort], wanted: &[&'a PortBinding]) -> Option<&'a PortBinding> {
    let is_there = |host: Option<(u16, u16)>| {
        there.iter().any(|it| host.is_none_or(|(first, _)| it.host == Some(first)))
    };
    wanted.iter().copied().find(|port| !is_there(port.host))
}

/// What is left of the lab, as sorted lines.
pub(super) fn left(engine: &FakeEngine, empty: &str, volumes: bool) -> Result<(), Broken> {
    let snapshot = engine.snapshot();
    let was: BTreeSet<&str> = empty.lines().collect();
    // Without volumes, what is in an engine's data volume stays with it.
    let kept = |line: &&&str| !volumes && (line.contains(" volume ") || line.starts_with("/[volume"));
    let more = snapshot.lines().filter(|line| !was.contains(line)).collect::<Vec<_>>();
    let more: Vec<_> = more.iter().filter(|line| !kept(line)).collect();
    if more.is_empty() { Ok(()) } else { Err(format!("down (with volumes: {volumes}) left {more:#?}")) }
}

/// A container as the happenings tell it.
#[derive(Clone, Debug)]
struct Shown {
    addr: Addr,
    needs: BTreeSet<Addr>,
    /// It was started meanwhile, or was up before.
    started: bool,
    up: bool,
    healthy: bool,
    /// It has ended with 0.
    completed: bool,
}

/// All containers of the lab at a moment, by ID.
pub(super) struct Order(BTreeMap<String, Shown>);

impl Order {
    pub(super) fn of(engine: &FakeEngine) -> Self {
        // An engine that comes back with its data volume brings what it had.
        let shown = engine.kept().into_iter().filter_map(|container| {
            let mut shown = Shown::new(&container.labels)?;
            shown.up = matches!(container.state, ContainerState::Running | ContainerState::Paused);
            shown.started = shown.up;
            shown.healthy = container.health == Some(Health::Healthy);
            shown.completed = container.exit_code == Some(0);
            Some((container.id, shown))
        });
        Self(shown.collect())
    }

    /// Goes through what happened in a run. `starts`: nothing is started before what it needs; `stops`: nothing is
    /// stopped before what needs it.
    pub(super) fn holds(
        mut self,
        happenings: &[Happening],
        starts: Option<&LabGraph>,
        stops: bool,
    ) -> Result<(), Broken> {
        for happening in happenings.iter().filter(|it| it.object == "container") {
            if happening.action == "create" {
                self.0.extend(Shown::new(&happening.attributes).map(|it| (happening.id.clone(), it)));
            }
            let Some(shown) = self.0.get(&happening.id).cloned() else { continue };
            match happening.action.as_str() {
                "start" if !happening.by_engine => self.check_start(&shown, starts)?,
                "die" if !happening.by_engine && stops => self.check_stop(&happening.id, &shown)?,
                "destroy" => {
                    self.0.remove(&happening.id);
                }
                _ => {}
            }
            let Some(shown) = self.0.get_mut(&happening.id) else { continue };
            match happening.action.as_str() {
                "start" => {
                    shown.up = true;
                    shown.started = true;
                    shown.healthy = false;
                }
                "die" => {
                    shown.up = false;
                    shown.completed = happening.attributes.get("exitCode").is_some_and(|code| code == "0");
                }
                "health_status: healthy" => shown.healthy = true,
                "health_status: unhealthy" => shown.healthy = false,
                _ => {}
            }
        }
        Ok(())
    }

    fn check_start(&self, shown: &Shown, graph: Option<&LabGraph>) -> Result<(), Broken> {
        let Some(graph) = graph else { return Ok(()) };
        for (milestone, why) in graph.needs(&Milestone::Service(shown.addr.clone(), Stage::Started)) {
            let is_required = !matches!(why, Why::Depends { required: false, .. });
            if is_required && !self.reached(graph, milestone) {
                return Err(format!("{} started before {milestone}", shown.addr));
            }
        }
        Ok(())
    }

    fn reached(&self, graph: &LabGraph, milestone: &Milestone) -> bool {
        let Milestone::Service(addr, stage) = milestone else { return true };
        let is = |test: &dyn Fn(&Shown) -> bool| self.0.values().any(|it| it.addr == *addr && test(it));
        match stage {
            Stage::Created => is(&|_| true),
            Stage::Started => is(&|it| it.started || it.completed),
            Stage::Healthy => is(&|it| it.up && it.healthy),
            Stage::Completed => is(&|it| it.completed),
            Stage::EngineUp => is(&|it| it.started),
            Stage::Ready => graph.needs(milestone).into_iter().all(|(need, _)| self.reached(graph, need)),
        }
    }

    fn check_stop(&self, id: &str, stopped: &Shown) -> Result<(), Broken> {
        let others = self.0.iter().filter(|(other, it)| *other != id && it.up && it.addr != stopped.addr);
        let mut others = others.map(|(_, it)| it);
        let user =
            others.find(|it| it.needs.contains(&stopped.addr) || it.addr.is_within(&stopped.addr.inner()));
        match user {
            Some(user) => Err(format!("{} was stopped before {}", stopped.addr, user.addr)),
            None => Ok(()),
        }
    }
}

impl Shown {
    /// `None` for what is no container of the lab.
    fn new(labels: &Labels) -> Option<Self> {
        let is_ours = labels.get(label::PROJECT).map(String::as_str) == Some("lab");
        if !is_ours || labels.contains_key(label::ROLE) {
            return None;
        }
        let needs = labels.get(label::NEEDS).map(String::as_str).unwrap_or_default();
        Some(Self {
            addr: labels.get(label::ADDRESS)?.parse().ok()?,
            needs: needs.split_whitespace().filter_map(|addr| addr.parse().ok()).collect(),
            started: false,
            up: false,
            healthy: false,
            completed: false,
        })
    }
}
