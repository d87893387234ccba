//! Making and removing containers, networks and volumes.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::engine::engine::{Create, Remove};
use crate::engine::error::EngineError;
use crate::model::container::{BindPath, ContainerSpec, Endpoint, MountSource, NetworkMode};
use crate::model::failure::FailureKind::{Conflict, Engine as Refused, NotFound};
use crate::model::label::Labels;
use crate::model::network::{NetworkSpec, VolumeSpec};
use crate::model::observed::ContainerState;

use super::state::{
    Container, EngineIndex, FakeFile, Joined, Mounted, MountedWhat, Network, Subscribers, Volume,
};
use super::world::{World, refuse};

impl World {
    pub(super) fn create(&mut self, engine: EngineIndex, object: &Create) -> Result<String, EngineError> {
        match object {
            Create::Container { name, spec, image, labels } => {
                self.create_container(engine, name, spec, image, labels)
            }
            Create::Network { name, spec, labels } => self.create_network(engine, name, spec, labels),
            Create::Volume { name, spec, labels } => {
                if self.engines[engine].volume(name).is_none() {
                    let serial = self.new_id();
                    self.engines[engine].volumes.push(Volume::new(serial, name, spec, labels));
                    self.tell(engine, "volume", "create", name, name);
                }
                Ok(name.clone())
            }
        }
    }

    fn create_container(
        &mut self,
        engine: EngineIndex,
        name: &str,
        spec: &ContainerSpec,
        image: &str,
        labels: &Labels,
    ) -> Result<String, EngineError> {
        let op = "create container";
        let state = &self.engines[engine];
        if name.len() < 2 {
            return Err(refuse(op, name, Refused, format!("Invalid container name ({name})")));
        }
        if let (Some(NetworkMode::Container(_)), false) = (&spec.network_mode, spec.ports.is_empty()) {
            let why = "conflicting options: port publishing and the container type network mode";
            return Err(EngineError { status: Some(400), ..refuse(op, name, Refused, why) });
        }
        let Some(found) = state.image(image) else {
            return Err(refuse(op, name, NotFound, format!("No such image: {image}")));
        };
        let owner_of = |mode: &Option<String>| mode.as_deref()?.strip_prefix("container:").map(str::to_owned);
        let mut owners = [&spec.pid, &spec.ipc].into_iter().filter_map(owner_of);
        if let Some(owner) = owners.find(|owner| state.find(owner).is_none()) {
            return Err(no_owner(op, name, &owner));
        }
        if let Some(network) = state.without_fixed_addresses(spec) {
            let why = format!(
                "invalid config for network {network}: user specified IP address is supported only when connecting to networks with user configured subnets"
            );
            return Err(EngineError { status: Some(400), ..refuse(op, name, Refused, why) });
        }
        if let Some(other) = state.containers.iter().find(|other| other.name == name) {
            let why =
                format!("The container name \"/{name}\" is already in use by container \"{}\"", other.id);
            return Err(refuse(op, name, Conflict, why));
        }
        let (image_id, image_files) = (found.id.clone(), found.files.clone());
        if let Some(runtime) = &spec.runtime
            && !state.facts.runtimes.contains(runtime)
        {
            return Err(refuse(op, name, Refused, format!("unknown or invalid runtime name: {runtime}")));
        }
        for mount in &spec.mounts {
            if let MountSource::Bind { path: BindPath::Engine(path), create: false, .. } = &mount.source
                && engine == 0
                && !state.sees(path)
            {
                let why = format!("bind source path does not exist: {path}");
                return Err(refuse(op, name, Refused, why));
            }
        }
        let mut others = Vec::new();
        for from in &spec.volumes_from {
            let (other, mode) = from.split_once(':').unwrap_or((from, "rw"));
            let Some(index) = state.find(other) else {
                return Err(no_owner(op, name, other));
            };
            let is_free = |mount: &&Mounted| spec.mounts.iter().all(|own| own.target != mount.target);
            let theirs = state.containers[index].mounts.iter().filter(is_free).cloned();
            let borrow =
                |it: Mounted| Mounted { read_only: it.read_only || mode == "ro", borrowed: true, ..it };
            others.extend(theirs.map(borrow));
        }
        let id = self.new_id();
        let mut mounts: Vec<Mounted> = spec.mounts.iter().map(|mount| self.mount(engine, mount)).collect();
        mounts.extend(others);
        let now = self.tick();
        let mut all = spec.labels.clone();
        all.extend(labels.clone());
        let mut spec = spec.clone();
        // Once it is found, it is that very one, whatever it is called later.
        if let Some(NetworkMode::Container(owner)) = &mut spec.network_mode
            && let Some(found) = self.engines[engine].find(owner)
        {
            owner.clone_from(&self.engines[engine].containers[found].id);
        }
        let mut container = Container {
            id: id.clone(),
            name: name.to_owned(),
            image: image.to_owned(),
            image_id,
            spec,
            labels: all,
            state: ContainerState::Created,
            health: None,
            exit_code: 0,
            error: String::new(),
            restarts: 0,
            due: None,
            stopped_by_hand: false,
            stays_ended: false,
            created: now,
            started: None,
            finished: None,
            networks: BTreeMap::new(),
            ports: Vec::new(),
            mounts,
            files: BTreeMap::new(),
            log: Vec::new(),
            followers: Subscribers::default(),
            inspects_left: 0,
            boot_left: 0,
            pid_of: None,
            stale: None,
        };
        let mut files = image_files;
        files.extend(self.behaviour(&container).files);
        container.files =
            files.into_iter().map(|(path, content)| (path, FakeFile::of_image(content))).collect();
        container.networks = self.first_networks(engine, &container.spec);
        self.fill_volumes(engine, &container);
        self.engines[engine].containers.push(container);
        self.tell(engine, "container", "create", &id, name);
        Ok(id)
    }

    /// The networks at creation: one where the API takes only one, the first by (priority descending, name).
    fn first_networks(&self, engine: EngineIndex, spec: &ContainerSpec) -> BTreeMap<String, Joined> {
        let state = &self.engines[engine];
        let join = |name: &String, endpoint: &Endpoint| {
            // A network that is not there is noticed at the start, as Docker does.
            let name = state.network_name(name).unwrap_or_else(|| name.clone());
            (name, Joined { endpoint: endpoint.clone(), ..Joined::default() })
        };
        if spec.network_mode.is_none() && !spec.networks.is_empty() {
            let wanted = in_order(spec);
            let most = if state.takes_one_network() { 1 } else { wanted.len() };
            return wanted.into_iter().take(most).map(|(name, endpoint)| join(name, endpoint)).collect();
        }
        let name = match &spec.network_mode {
            Some(NetworkMode::Host) => "host",
            Some(NetworkMode::None) => "none",
            Some(NetworkMode::Named(name)) if name != "default" => name,
            None | Some(NetworkMode::Bridge | NetworkMode::Named(_)) => "bridge",
            Some(NetworkMode::Container(_) | NetworkMode::Service(_)) => return BTreeMap::new(),
        };
        BTreeMap::from([join(&name.to_owned(), &Endpoint::default())])
    }

    fn mount(&mut self, engine: EngineIndex, mount: &crate::model::container::Mount) -> Mounted {
        let what = match &mount.source {
            MountSource::Bind { path: BindPath::User(path), .. } => {
                MountedWhat::Bind(path.display().to_string())
            }
            MountSource::Bind { path: BindPath::Engine(path), .. } => MountedWhat::Bind(path.clone()),
            MountSource::Tmpfs { .. } | MountSource::Memory { .. } | MountSource::Image { .. } => {
                MountedWhat::Tmpfs(BTreeMap::new())
            }
            MountSource::Volume { name, .. } => {
                let anonymous = name.is_none();
                let name = name.clone().unwrap_or_else(|| self.new_id());
                if self.engines[engine].volume(&name).is_none() {
                    let serial = self.new_id();
                    let made = Volume::new(serial, &name, &VolumeSpec::default(), &Labels::new());
                    self.engines[engine].volumes.push(made);
                    self.tell(engine, "volume", "create", &name, &name);
                }
                MountedWhat::Volume { name, anonymous }
            }
        };
        Mounted { target: mount.target.clone(), what, read_only: mount.read_only, borrowed: false }
    }

    /// An empty volume is filled with what the image has at its target.
    fn fill_volumes(&mut self, engine: EngineIndex, container: &Container) {
        for (mounted, asked) in container.mounts.iter().zip(&container.spec.mounts) {
            let (MountedWhat::Volume { name, .. }, MountSource::Volume { nocopy: false, .. }) =
                (&mounted.what, &asked.source)
            else {
                continue;
            };
            let Some(at) = self.engines[engine].volume(name) else { continue };
            let volume = &mut self.engines[engine].volumes[at];
            if volume.files.is_empty() {
                let below = format!("{}/", mounted.target.trim_end_matches('/'));
                let copied = container.files.iter().filter_map(|(path, file)| {
                    path.strip_prefix(&below).map(|rest| (rest.to_owned(), file.clone()))
                });
                volume.files.extend(copied);
            }
        }
    }

    fn create_network(
        &mut self,
        engine: EngineIndex,
        name: &str,
        spec: &NetworkSpec,
        labels: &Labels,
    ) -> Result<String, EngineError> {
        let op = "create network";
        if self.engines[engine].network(name).is_some() {
            return Err(refuse(op, name, Conflict, format!("network with name {name} already exists")));
        }
        let used: Vec<(u32, u32)> = self.engines[engine]
            .networks
            .iter()
            .flat_map(|n| n.seen.subnets.iter().filter_map(|s| range(s)))
            .collect();
        let overlaps = |subnet: &str| {
            range(subnet).is_some_and(|(first, last)| used.iter().any(|(a, b)| first <= *b && *a <= last))
        };
        let mut subnets: Vec<String> = spec.ipam.iter().filter_map(|subnet| subnet.subnet.clone()).collect();
        if let Some(subnet) = subnets.iter().find(|subnet| overlaps(subnet)) {
            let why = format!("Pool overlaps with other one on this address space: {subnet}");
            return Err(EngineError { status: Some(403), ..refuse(op, name, Conflict, why) });
        }
        let configured = !subnets.is_empty();
        if !configured {
            let pools = (18..=31).map(|n| format!("172.{n}.0.0/16"));
            let pools = pools.chain((0..16).map(|n| format!("192.168.{}.0/20", n * 16)));
            let Some(subnet) = pools.into_iter().find(|subnet| !overlaps(subnet)) else {
                let why = "all predefined address pools have been fully subnetted";
                return Err(refuse(op, name, Refused, why));
            };
            subnets.push(subnet);
        }
        let id = self.new_id();
        self.engines[engine].networks.push(Network::new(id.clone(), name, spec, labels, subnets, configured));
        self.tell(engine, "network", "create", &id, name);
        Ok(id)
    }

    pub(super) fn remove(&mut self, engine: EngineIndex, object: &Remove) -> Result<(), EngineError> {
        match object {
            Remove::Container { container, volumes } => {
                if let Some(index) = self.engines[engine].find(container) {
                    self.remove_container(engine, index, *volumes);
                }
                Ok(())
            }
            Remove::Network(network) => self.remove_network(engine, network),
            Remove::Volume(volume) => self.remove_volume(engine, volume),
            Remove::Image(image) => self.remove_image(engine, image),
        }
    }

    pub(super) fn remove_container(&mut self, engine: EngineIndex, index: usize, volumes: bool) {
        self.engines[engine].containers[index].stays_ended = true;
        if self.engines[engine].containers[index].is_up() {
            self.tell_kill(engine, index, 9);
            self.end(engine, index, 137, 255);
        }
        let mut container = self.engines[engine].containers.remove(index);
        container.followers.end();
        let key = container.data_key();
        if key.starts_with("container ") {
            self.engines[engine].inside.remove(&key);
        }
        self.tell(engine, "container", "destroy", &container.id, &container.name);
        if volumes {
            for mount in &container.mounts {
                if let MountedWhat::Volume { name, anonymous: true } = &mount.what {
                    // One that another container has mounted since stays, as on a real engine.
                    let _ = self.remove_volume(engine, name);
                }
            }
        }
    }

    fn remove_network(&mut self, engine: EngineIndex, network: &str) -> Result<(), EngineError> {
        let op = "remove network";
        let state = &mut self.engines[engine];
        let Some(at) = state.network(network) else { return Ok(()) };
        let name = state.networks[at].seen.name.clone();
        if ["bridge", "host", "none"].contains(&name.as_str()) {
            let why = format!("{name} is a pre-defined network and cannot be removed");
            return Err(EngineError { status: Some(403), ..refuse(op, network, Conflict, why) });
        }
        // Only running endpoints hold it: a created or stopped container does not (measured, 26.1.5), and
        // does not start again afterwards.
        if state.containers.iter().any(|c| c.is_up() && c.networks.contains_key(&name)) {
            let why = format!("error while removing network: network {name} has active endpoints");
            return Err(EngineError { status: Some(403), ..refuse(op, network, Conflict, why) });
        }
        let gone = state.networks.remove(at);
        self.tell(engine, "network", "destroy", &gone.seen.id, &name);
        Ok(())
    }

    fn remove_volume(&mut self, engine: EngineIndex, volume: &str) -> Result<(), EngineError> {
        let state = &mut self.engines[engine];
        let Some(at) = state.volume(volume) else { return Ok(()) };
        let uses = |c: &&Container| {
            let held = c.mounts.iter().filter(|m| !m.borrowed || c.started.is_some());
            held.into_iter().any(|m| matches!(&m.what, MountedWhat::Volume { name, .. } if name == volume))
        };
        if let Some(user) = state.containers.iter().find(uses) {
            let why = format!("remove {volume}: volume is in use - [{}]", user.id);
            return Err(refuse("remove volume", volume, Conflict, why));
        }
        state.volumes.remove(at);
        state.inside.remove(&format!("volume {volume}"));
        self.tell(engine, "volume", "destroy", volume, volume);
        Ok(())
    }
}

impl super::state::EngineState {
    /// Engines before API 1.44 take one network at create.
    fn takes_one_network(&self) -> bool {
        let minor = self.facts.api_version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
        minor.is_some_and(|minor| minor < 44)
    }

    /// A network that a container is to have an address of its own in, and that has none to ask for. Networks that are
    /// not there are missed at the start.
    fn without_fixed_addresses<'a>(&self, spec: &'a ContainerSpec) -> Option<&'a String> {
        let mut fixed = spec.networks.iter().filter(|(_, endpoint)| endpoint.ipv4_address.is_some());
        let found =
            fixed.find(|(name, _)| self.network(name).is_some_and(|at| !self.networks[at].configured));
        found.map(|(name, _)| name)
    }

    /// Whether a path was given to its machine, or one below it.
    pub(super) fn sees(&self, path: &str) -> bool {
        let below = format!("{}/", path.trim_end_matches('/'));
        self.paths.iter().any(|known| known == path || known.starts_with(&below))
    }
}

impl Network {
    /// The next address of its first subnet; empty where it has none.
    pub(super) fn next_address(&mut self) -> String {
        let Some((first, _)) = self.seen.subnets.first().and_then(|subnet| range(subnet)) else {
            return String::new();
        };
        self.last_host += 1;
        Ipv4Addr::from(first + self.last_host).to_string()
    }
}

/// The networks of a container, the one that it is made for first.
pub(super) fn in_order(spec: &ContainerSpec) -> Vec<(&String, &Endpoint)> {
    let mut out: Vec<_> = spec.networks.iter().collect();
    out.sort_by_key(|(name, endpoint)| (-endpoint.priority, (*name).clone()));
    out
}

/// A container is to use something of one that is not there: a mistake of the request.
fn no_owner(op: &'static str, target: &str, owner: &str) -> EngineError {
    let why = format!("No such container: {owner}");
    EngineError { status: Some(400), ..refuse(op, target, Refused, why) }
}

/// First and last address of a CIDR.
fn range(cidr: &str) -> Option<(u32, u32)> {
    let (address, bits) = cidr.split_once('/')?;
    let (address, bits): (Ipv4Addr, u32) = (address.parse().ok()?, bits.parse().ok()?);
    let hosts = u32::MAX.checked_shr(bits).unwrap_or(0);
    let first = u32::from(address) & !hosts;
    Some((first, first | hosts))
}
