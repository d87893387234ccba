//! What one instance is to be on its engine: the file's part, the kind's part, and what the layers inside need
//! of it, with every name and path resolved.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::kind::kind::{self, Kind, NodeInput, Profile, Refusal};
use crate::model::addr::{Addr, LayerPath};
use crate::model::container::{BindPath, ContainerSpec, Mount, MountSource};
use crate::model::dial::Dial;
use crate::model::files::{Existing, PutFile};
use crate::model::label::{self, Labels};
use crate::model::network::VolumeSpec;
use crate::model::service::{DataRoot, NodeDef, Service};

use super::asked::{Asked, Origin};
use super::fingerprint::{Canonical, port_text, short_hash};
use super::hook_label;
use super::hooks;
use super::known::Known;
use super::sharing;
use super::world::{Carried, World, kind_of};

/// Where `use_api_socket` puts the socket, and where an engine's is if nothing says otherwise.
const API_SOCKET: &str = "/var/run/docker.sock";
/// Where it puts the Docker CLI's configuration.
const API_CONFIG: &str = "/run/secrets/docker";

/// Labels of most containers, and some that are added later.
const LABELS: usize = 16;

/// An instance as it is to be.
#[derive(Clone, Debug)]
pub(super) struct Desired<'a> {
    pub(super) addr: Addr,
    pub(super) service: &'a Service,
    pub(super) kind: Option<&'static Kind>,
    pub(super) name: String,
    /// Shared with the step that makes it.
    pub(super) spec: Arc<ContainerSpec>,
    pub(super) labels: Labels,
    /// Hash of the file's part, and of the kind's.
    pub(super) fingerprint: (String, Option<String>),
    /// What these are the hashes of.
    pub(super) asked: Asked,
    pub(super) files: Vec<PutFile>,
    /// Paths of the user's machine to copy in, and where to.
    pub(super) trees: Vec<(PathBuf, String)>,
    pub(super) fills: Vec<Fill>,
    /// Volumes that nestctl makes for this instance alone.
    pub(super) volumes: Vec<OwnVolume>,
    pub(super) inside: Option<Inside>,
    pub(super) refusals: Vec<Refusal>,
}

/// A volume to fill with files.
#[derive(Clone, Debug)]
pub(super) struct Fill {
    pub(super) volume: String,
    pub(super) target: String,
    pub(super) files: Vec<PutFile>,
    /// Paths of the user's machine to copy in, and where to.
    pub(super) trees: Vec<(PathBuf, String)>,
}

/// A volume of one instance.
#[derive(Clone, Debug)]
pub(super) struct OwnVolume {
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) spec: VolumeSpec,
}

/// How to get to a node's inner engine.
#[derive(Clone, Debug)]
pub(super) struct Inside {
    pub(super) dial: Dial,
    pub(super) boot: Option<Arc<[String]>>,
    pub(super) timeout: Duration,
}

/// What of an instance depends on what was observed.
#[derive(Clone, Debug, Default)]
pub(super) struct Circumstances {
    /// Address pool for the inner engine.
    pub(super) pool: Option<String>,
    /// MTU for inner networks.
    pub(super) mtu: Option<u32>,
}

impl<'a> Desired<'a> {
    pub(super) fn new(
        world: &World<'a>,
        known: &Known,
        dependencies: &std::collections::BTreeSet<Addr>,
        addr: &Addr,
        service: &'a Service,
        circumstances: &Circumstances,
    ) -> Self {
        let layer = addr.layer();
        let name = world.container_name(addr, service);
        let kind = kind_of(service);
        // Where it names no image, the kind does, and must see that it may: its own image can need a command.
        let file = resolved_names(world, addr, service);
        let mut canonical = Canonical::default();
        canonical.container(&file);
        service.files.iter().for_each(|put| canonical.file(put));
        hooks::lines(&mut canonical, &service.behaviour);
        canonical.maybe("use_api_socket", service.behaviour.use_api_socket.then_some(true));
        let mut out = Self {
            addr: addr.clone(),
            service,
            kind,
            name,
            spec: Arc::default(),
            labels: Labels::new(),
            fingerprint: (String::new(), None),
            asked: Asked::default(),
            files: Vec::new(),
            trees: Vec::new(),
            fills: Vec::new(),
            volumes: Vec::new(),
            inside: None,
            refusals: Vec::new(),
        };
        if let (Some(kind), Some(node)) = (kind, &service.node) {
            let carried = world.carried(addr).cloned().unwrap_or_default();
            canonical.maybe("carried.lab", carried.lab.is_some().then_some(true));
            carried.outside.keys().for_each(|path| canonical.line("carried.bind", &path.to_string_lossy()));
            options_lines(&mut canonical, node);
            let outer = world.outer_kinds(&layer);
            let socket = parent_socket(world, known, &layer);
            let input = NodeInput {
                name: addr.service().as_str(),
                spec: &file,
                written: &service.spans,
                options: &node.options,
                outer: &outer,
                parent_socket: socket.as_deref(),
                pool: None,
                mtu: None,
            };
            out.refusals = (kind.check)(&input, known.facts(&layer));
            let lines = kind_lines_of(&(kind.profile)(&input));
            out.fingerprint.1 = Some(lines.hash());
            out.asked.kind = Some(lines);
            let pool = circumstances.pool.as_deref();
            let profile = (kind.profile)(&NodeInput { pool, mtu: circumstances.mtu, ..input });
            out.take_profile(profile, node);
            out.carry_paths(world, known, &layer, &carried);
        } else {
            out.spec = Arc::new(file);
        }
        out.fingerprint.0 = canonical.hash();
        out.asked.file = canonical;
        if let Some(platform) = world.platform(&layer, service) {
            // As in Compose, a container is not made anew because the default is another one now.
            Arc::make_mut(&mut out.spec).platform = Some(platform.to_owned());
        }
        out.name_in_networks(world);
        if service.behaviour.use_api_socket {
            out.give_api_socket(world, known, &layer);
        }
        out.place_files(known, &layer);
        out.place_user_paths(world, known, &layer);
        out.set_labels(world, known, dependencies, circumstances);
        out
    }

    /// Images whose files are mounted.
    pub(super) fn mounted_images(&self) -> Vec<String> {
        let image = |mount: &Mount| match &mount.source {
            MountSource::Image { image, .. } => Some(image.clone()),
            _ => None,
        };
        self.spec.mounts.iter().filter_map(image).collect()
    }

    /// The container's name is its first alias in the networks of its layer, as Compose writes it (`getAliases`).
    /// The name follows from the address, so it is no part of the fingerprint.
    fn name_in_networks(&mut self, world: &World<'_>) {
        let layer = self.addr.layer();
        for key in self.service.spec.networks.keys() {
            if let Some(endpoint) =
                Arc::make_mut(&mut self.spec).networks.get_mut(&world.network_name(&layer, key))
            {
                endpoint.aliases.insert(0, self.name.clone());
            }
        }
    }

    /// The text of the label that tells what was asked for. It is as long as the rest of them together, and only of
    /// use where something is made or has changed.
    pub(super) fn asked_label(&self, world: &World<'_>) -> String {
        let own = world.origin_ports(&self.addr).iter().map(|(port, _)| ("port", port_text(port), None));
        let mut origins: Vec<Origin<'_>> = own.collect();
        if let Some(carried) = world.carried(&self.addr) {
            origins.extend(carried.ports.iter().map(|(port, _, addr)| ("port", port_text(port), Some(addr))));
            origins.extend(carried.lab.iter().map(|addr| ("carried.lab", "true".to_owned(), Some(addr))));
            let outside = carried.outside.iter();
            origins.extend(
                outside.map(|(path, addr)| ("carried.bind", path.to_string_lossy().into_owned(), Some(addr))),
            );
        }
        self.asked.label(&origins)
    }

    /// The text of the fingerprint label.
    pub(super) fn fingerprint_label(&self) -> String {
        match &self.fingerprint.1 {
            Some(kind) => format!("{}.{kind}", self.fingerprint.0),
            None => self.fingerprint.0.clone(),
        }
    }

    fn take_profile(&mut self, profile: Profile, node: &NodeDef) {
        self.spec = Arc::new(profile.spec);
        self.files = profile.files;
        for volume in profile.data {
            if self.spec.mounts.iter().any(|mount| mount.target == volume.target) {
                continue;
            }
            let source = match &node.options.data {
                DataRoot::Tmpfs => MountSource::Tmpfs { options: "exec".to_owned() },
                DataRoot::Volume | DataRoot::Named(_) => {
                    let name = match &node.options.data {
                        DataRoot::Named(name) => format!("{name}_{}", volume.layout),
                        _ => format!("{}_{}", self.name, volume.layout),
                    };
                    self.volumes.push(OwnVolume {
                        name: name.clone(),
                        role: "data",
                        spec: VolumeSpec::default(),
                    });
                    MountSource::volume(Some(name))
                }
            };
            Arc::make_mut(&mut self.spec).mounts.push(Mount {
                target: volume.target,
                source,
                read_only: false,
                consistency: None,
            });
        }
        let words = profile.boot.map(|boot| boot.words.iter().map(|word| (*word).to_owned()).collect());
        self.inside = Some(Inside { dial: profile.dial, boot: words, timeout: profile.ready_timeout });
    }

    /// Binds for what services inside bind from the user's machine.
    fn carry_paths(&mut self, world: &World<'_>, known: &Known, layer: &LayerPath, carried: &Carried) {
        if known.sees_files == Some(false) {
            return;
        }
        let directory = carried.lab.as_ref().map(|_| &world.topology.directory);
        for path in directory.into_iter().chain(carried.outside.keys()) {
            let at_home = if world.home(layer).is_root() {
                BindPath::User(path.clone())
            } else {
                BindPath::Engine(path_in_node(world, path))
            };
            Arc::make_mut(&mut self.spec).mounts.push(Mount {
                target: path_in_node(world, path),
                source: MountSource::bind(at_home, false),
                read_only: false,
                consistency: None,
            });
        }
    }

    /// The socket of the layer's engine and the user's credentials (docker/compose `apiSocket.go`): neither is in the
    /// fingerprint, for both are circumstances.
    fn give_api_socket(&mut self, world: &World<'_>, known: &Known, layer: &LayerPath) {
        let socket = parent_socket(world, known, layer).unwrap_or_else(|| API_SOCKET.to_owned());
        if !self.spec.mounts.iter().any(|mount| mount.target == API_SOCKET) {
            // At the usual place in Compose's own form; at any other it must be there, or a directory would be made of it.
            let usual = socket == API_SOCKET;
            let source = MountSource::bind(BindPath::Engine(socket), usual);
            Arc::make_mut(&mut self.spec).mounts.push(Mount::new(API_SOCKET, source, false));
        }
        let directory = Some(API_CONFIG.to_owned());
        Arc::make_mut(&mut self.spec).environment.entry("DOCKER_CONFIG".to_owned()).or_insert(directory);
        self.files.push(PutFile {
            path: format!("{API_CONFIG}/config.json"),
            mode: 0o444,
            uid: 0,
            gid: 0,
            content: known.credentials.clone().unwrap_or_else(|| b"{\n\t\"auths\": {}\n}".as_slice().into()),
            existing: Existing::Replace,
        });
    }

    fn set_labels(
        &mut self,
        world: &World<'_>,
        known: &Known,
        dependencies: &std::collections::BTreeSet<Addr>,
        circumstances: &Circumstances,
    ) {
        // Sorted once: in a large lab there are many.
        let address = self.addr.to_string();
        let mut labels = Vec::with_capacity(LABELS);
        labels.extend(base(world, known, &address).map(owned));
        let mut set = |key: &str, value: String| labels.push((key.to_owned(), value));
        set(label::NUMBER, self.addr.number().to_string());
        set(label::FINGERPRINT, self.fingerprint_label());
        if !dependencies.is_empty() {
            let needs: Vec<String> = dependencies.iter().map(ToString::to_string).collect();
            set(label::NEEDS, needs.join(" "));
        }
        if let (Some(kind), Some(inside)) = (self.kind, &self.inside) {
            set(label::KIND, kind.name.to_owned());
            set(label::ENGINE, inside.dial.to_label());
            if let Some(boot) = &inside.boot {
                set(label::BOOT, boot.join("\u{1f}"));
            }
        }
        let before_start = self.service.behaviour.pre_start.len();
        if before_start > 0 {
            set(label::PRE_START, before_start.to_string());
        }
        let before_stop = &self.service.behaviour.pre_stop;
        if !before_stop.is_empty() {
            let run: Vec<_> = before_stop.iter().map(hooks::run_of).collect();
            set(label::PRE_STOP, hook_label::to_label(&run));
        }
        let after_start = &self.service.behaviour.post_start;
        if !after_start.is_empty() {
            let run: Vec<_> = after_start.iter().map(hooks::run_of).collect();
            set(label::POST_START, hook_label::to_label(&run));
        }
        if let Some(pool) = &circumstances.pool {
            set(label::POOL, pool.clone());
        }
        let mut digests = Vec::new();
        let copied = || self.trees.iter().chain(self.fills.iter().flat_map(|fill| &fill.trees));
        if copied().next().is_some() {
            let mut canonical = Canonical::default();
            for (path, target) in copied() {
                let digest = known.digests.get(path).map_or("", String::as_str);
                canonical.line(target, digest);
                digests.push((target.clone(), digest.to_owned()));
            }
            set(label::FILES, canonical.hash());
        }
        set(label::COMPOSE_PROJECT, world.project(&self.addr.layer()).to_string());
        set(label::COMPOSE_SERVICE, self.addr.service().to_string());
        set(label::COMPOSE_NUMBER, self.addr.number().to_string());
        set(label::COMPOSE_ONEOFF, "False".to_owned());
        self.labels = Labels::with_capacity(LABELS);
        self.labels.extend(labels);
        self.asked.copied = digests;
    }
}

/// The labels that every object of a lab has.
pub(super) fn base_labels(world: &World<'_>, known: &Known, address: &str) -> Labels {
    base(world, known, address).map(owned).into_iter().collect()
}

fn owned((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

fn base<'a>(world: &World<'a>, known: &'a Known, address: &'a str) -> [(&'static str, &'a str); 4] {
    [
        (label::PROJECT, world.topology.project.as_str()),
        (label::ROOT, known.root_id.as_str()),
        (label::ADDRESS, address),
        (label::VERSION_KEY, label::VERSION),
    ]
}

/// The file's container with the engine's names for networks, volumes and siblings, and with published ports.
fn resolved_names(world: &World<'_>, addr: &Addr, service: &Service) -> ContainerSpec {
    let layer = addr.layer();
    let mut spec = service.spec.clone();
    spec.image = world.image_name(&layer, service);
    spec.networks = std::mem::take(&mut spec.networks)
        .into_iter()
        .map(|(key, mut endpoint)| {
            // The service's name and, later, the container's.
            endpoint.aliases.reserve_exact(2);
            if !endpoint.aliases.iter().any(|alias| alias == addr.service().as_str()) {
                endpoint.aliases.insert(0, addr.service().to_string());
            }
            (world.network_name(&layer, &key), endpoint)
        })
        .collect();
    if let Some(node) = layer.node().filter(|_| world.home(&layer) != layer) {
        join_node_networks(world, &node, &mut spec);
    }
    sharing::resolve(world, addr, service, &mut spec);
    for mount in &mut spec.mounts {
        if let MountSource::Volume { name: Some(key), .. } = &mut mount.source {
            *key = world.volume_name(&layer, key);
        }
    }
    spec.ports.extend(world.origin_ports(addr).iter().map(|(port, _)| port.clone()));
    if let Some(carried) = world.carried(addr) {
        spec.ports.extend(carried.ports.iter().map(|(port, ..)| port.clone()));
    }
    spec
}

/// Why a node of the file cannot work, whatever its engine is.
pub(super) fn refusals(world: &World<'_>, addr: &Addr, service: &Service) -> Vec<Refusal> {
    let (Some(kind), Some(node)) = (kind_of(service), &service.node) else { return Vec::new() };
    let input = NodeInput {
        name: addr.service().as_str(),
        spec: &resolved_names(world, addr, service),
        written: &service.spans,
        options: &node.options,
        outer: &world.outer_kinds(&addr.layer()),
        parent_socket: None,
        pool: None,
        mtu: None,
    };
    (kind.check)(&input, None)
}

/// Services of a layer that shares an outer engine also join the networks of their node, so that they reach what
/// the node reaches; without the service's name as an alias there.
fn join_node_networks(world: &World<'_>, node: &Addr, spec: &mut ContainerSpec) {
    let Some(service) = world.topology.service(node).filter(|_| spec.network_mode.is_none()) else { return };
    for key in service.spec.networks.keys() {
        spec.networks.entry(world.network_name(&node.layer(), key)).or_default();
    }
}

/// Everything of the engine's options that is the file's, for its part of the fingerprint.
fn options_lines(canonical: &mut Canonical, node: &NodeDef) {
    let options = &node.options;
    canonical.line("engine.kind", &node.kind.value);
    options.args.iter().for_each(|arg| canonical.line("engine.arg", arg));
    canonical.maybe("engine.config", options.config.as_ref().map(|config| &config.value));
    match &options.data {
        DataRoot::Volume => {}
        DataRoot::Named(name) => canonical.line("engine.data", name),
        DataRoot::Tmpfs => canonical.line("engine.data.tmpfs", "true"),
    }
    canonical.maybe("engine.address_pool", options.address_pool.as_ref().map(|pool| &pool.value));
    canonical.maybe("engine.mtu", options.mtu);
    options.registry_mirrors.iter().for_each(|mirror| canonical.line("engine.registry_mirror", mirror));
    options
        .insecure_registries
        .iter()
        .for_each(|registry| canonical.line("engine.insecure_registry", registry));
    canonical.maybe("engine.path", options.path.as_ref());
    canonical.maybe("engine.host", options.host.as_ref().map(|host| &host.value));
    canonical.maybe("engine.tls", options.tls.as_ref());
    if let Some(ssh) = &options.ssh {
        canonical.line("engine.ssh.user", &ssh.user);
        ssh.authorized_keys.iter().for_each(|key| canonical.line("engine.ssh.key", key));
    }
    for certificate in &options.ca {
        canonical.line("engine.ca", &String::from_utf8_lossy(certificate));
    }
}

fn kind_lines_of(profile: &Profile) -> Canonical {
    let mut canonical = Canonical::default();
    canonical.container(&profile.spec);
    profile.files.iter().for_each(|put| canonical.file(put));
    profile
        .data
        .iter()
        .for_each(|volume| canonical.line("data", &format!("{} {}", volume.target, volume.layout)));
    canonical.line("dial", &profile.dial.to_label());
    canonical
}

/// The socket of the engine on which the containers of `layer` are made, on that engine's machine.
fn parent_socket(world: &World<'_>, known: &Known, layer: &LayerPath) -> Option<String> {
    let home = world.home(layer);
    let Some(node) = home.node() else { return known.root_socket.clone() };
    let kind = kind_of(world.topology.service(&node)?)?;
    kind.socket.map(str::to_owned)
}

/// Where a path of the user's machine appears inside nodes.
pub(super) fn path_in_node(world: &World<'_>, path: &Path) -> String {
    match path.strip_prefix(&world.topology.directory) {
        Ok(rest) if rest.as_os_str().is_empty() => kind::LAB_DIRECTORY.to_owned(),
        Ok(rest) => format!("{}/{}", kind::LAB_DIRECTORY, rest.display()),
        Err(_) => format!("/nestctl/bind/{}", short_hash(&path.to_string_lossy())),
    }
}
