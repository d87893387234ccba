//! Runs a script on one engine, and writes down what it answers, holds and tells in words that are the same everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use nestctl::engine::engine::{Change, Create, Engine, EngineEvent, ExecSpec, Remove};
use nestctl::engine::error::EngineError;
use nestctl::engine::fake::behaviour::{Behaviour, HealthScript};
use nestctl::engine::fake::fake_engine::FakeEngine;
use nestctl::model::container::{
    ContainerSpec, Endpoint, Healthcheck, Mount, MountSource, NetworkMode, PortBinding, RestartPolicy,
};
use nestctl::model::label::Labels;
use nestctl::model::network::{NetworkSpec, Subnet, VolumeSpec};
use nestctl::model::observed::{ContainerDetail, ContainerState, Health, Observed, ObservedContainer};

use tokio::sync::mpsc::UnboundedReceiver;

use super::script::{Again, Do, Program, Wanted};
use crate::support::real_engine::eventually;

/// The image of the engine in memory.
pub(super) const IMAGE: &str = "busybox:latest";
/// What is compared of what engines tell.
const ACTIONS: [&str; 11] = [
    "create",
    "start",
    "restart",
    "kill",
    "die",
    "pause",
    "unpause",
    "rename",
    "destroy",
    "connect",
    "disconnect",
];

/// What an engine said in a script.
#[derive(Default)]
pub(super) struct Told {
    /// The answer to each call, and what is there after it.
    pub(super) calls: Vec<String>,
    /// Actions by object, in their order.
    pub(super) events: BTreeMap<String, Vec<String>>,
}

/// A container that a script has made.
struct Made {
    /// Its number in the order of creation.
    number: usize,
    wanted: Wanted,
    /// ID of the container whose processes it sees.
    pid_of: Option<String>,
    /// A start of it failed that joins several networks: in no order, up to one that is not there.
    half_joined: bool,
}

impl Made {
    /// Whether something will become of it without a call.
    fn is_restless(&self, detail: &ContainerDetail, seen: &Observed) -> bool {
        let is_up = |state| matches!(state, ContainerState::Running | ContainerState::Paused);
        let owner_is_up = self
            .pid_of
            .as_ref()
            .is_none_or(|owner| seen.containers.iter().any(|other| other.id == *owner && is_up(other.state)));
        match detail.state {
            ContainerState::Restarting => true,
            // The kernel ends what lives with the processes of another one.
            ContainerState::Running | ContainerState::Paused if !owner_is_up => true,
            ContainerState::Running => {
                self.wanted.program != Program::Server || detail.health == Some(Health::Starting)
            }
            _ => false,
        }
    }
}

/// One engine, and what a script has on it.
pub(super) struct Bench {
    engine: Arc<dyn Engine>,
    prefix: String,
    image: String,
    port: u16,
    /// Containers by ID.
    made: BTreeMap<String, Made>,
    /// Volumes without a name that containers had.
    anonymous: Arc<Mutex<BTreeSet<String>>>,
}

impl Bench {
    pub(super) fn new(engine: Arc<dyn Engine>, prefix: &str, image: &str, port: u16) -> Self {
        Self {
            engine,
            prefix: prefix.to_owned(),
            image: image.to_owned(),
            port,
            made: BTreeMap::new(),
            anonymous: Arc::default(),
        }
    }

    /// Lets programs in memory behave.
    pub(super) fn with_fake(self, fake: &FakeEngine) -> Self {
        fake.set_behaviour(&self.image_of(Program::Server), {
            Behaviour::default().health(HealthScript::AtOnce(Health::Healthy))
        });
        fake.set_behaviour(&self.image_of(Program::Job), Behaviour::default().exits(0));
        fake.set_behaviour(&self.image_of(Program::Broken), Behaviour::default().exits(3));
        let missing =
            Behaviour::default().cannot_start("exec: \"missing\": executable file not found in $PATH");
        fake.set_behaviour(&self.image_of(Program::Missing), missing);
        self
    }

    /// A range that no engine has in its pools, for the fixed address: of the port, as many run at once.
    fn range(&self) -> String {
        format!("10.{}.{}.0/24", self.port >> 8, self.port & 0xff)
    }

    fn fixed_address(&self) -> String {
        self.range().replace(".0/24", ".9")
    }

    fn name(&self, kind: &str, number: u64) -> String {
        format!("{}-{kind}{number}", self.prefix)
    }

    fn container(&self, number: u64) -> String {
        self.name("c", number)
    }

    fn image_of(&self, program: Program) -> String {
        format!("{}/{}:1", self.prefix, format!("{program:?}").to_lowercase())
    }

    /// Runs a script, and takes away what it has made, also when it panics.
    pub(super) async fn run(self, script: &[Do]) -> Told {
        let engine = Arc::clone(&self.engine);
        let (prefix, anonymous) = (self.prefix.clone(), Arc::clone(&self.anonymous));
        let script = script.to_vec();
        let told = tokio::spawn(self.story(script)).await;
        let anonymous = anonymous.lock().expect("nobody panics with it").clone();
        clean(&*engine, &prefix, &anonymous).await;
        told.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }

    /// Names the image for each program.
    pub(super) async fn tag_images(&self) {
        for program in Program::ALL {
            self.engine.tag(&self.image, &self.image_of(program)).await.expect("the image is there");
        }
    }

    async fn story(mut self, script: Vec<Do>) -> Told {
        self.tag_images().await;
        let mut events = self.engine.events().await.expect("events");
        // An engine drops what a slow reader leaves.
        let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        let mut told = Told::default();
        for call in &script {
            let answer = self.answer(call).await;
            let there = self.there().await;
            told.calls.push(format!("{answer}\n{there}"));
        }
        let end = self.name("end", 0);
        let volume = Create::Volume { name: end.clone(), spec: VolumeSpec::default(), labels: Labels::new() };
        self.engine.create(&volume).await.expect("the name is free");
        told.events = self.told(&mut heard, &end).await;
        told
    }

    pub(super) async fn answer(&mut self, call: &Do) -> String {
        if let Do::Start(number) = call {
            self.find_owner(*number).await;
        }
        let engine = Arc::clone(&self.engine);
        let act = |number: u64, change: Change| {
            let (engine, name) = (Arc::clone(&engine), self.container(number));
            async move { words(engine.act(&name, &change).await) }
        };
        match call {
            Do::Create(number, wanted) => {
                let made = self.create(*number, wanted).await;
                if let Ok(id) = &made {
                    let number = self.made.len();
                    self.made.insert(
                        id.clone(),
                        Made { number, wanted: wanted.clone(), pid_of: None, half_joined: false },
                    );
                }
                words(made.map(drop))
            }
            Do::Start(number) => act(*number, Change::Start).await,
            Do::Stop(number) => act(*number, Change::Stop(None)).await,
            Do::Kill(number) => act(*number, Change::Kill(None)).await,
            Do::Signal(number) => act(*number, Change::Kill(Some("SIGUSR1".to_owned()))).await,
            Do::Pause(number) => act(*number, Change::Pause).await,
            Do::Unpause(number) => act(*number, Change::Unpause).await,
            Do::Rename(number, to) => act(*number, Change::Rename(self.container(*to))).await,
            Do::Connect(number, network) if self.breaks_off(*number, *network).await => "left out".to_owned(),
            Do::Connect(number, network) => {
                let network = self.name("n", *network);
                act(*number, Change::Connect { network, endpoint: Endpoint::default() }).await
            }
            Do::Disconnect(number, network) => {
                act(*number, Change::Disconnect { network: self.name("n", *network) }).await
            }
            Do::Remove(number, volumes) => {
                let remove = Remove::Container { container: self.container(*number), volumes: *volumes };
                words(engine.remove(&remove).await)
            }
            Do::Exec(number) => {
                let spec = ExecSpec { argv: vec!["true".to_owned()], ..ExecSpec::default() };
                match engine.exec(&self.container(*number), &spec).await {
                    Ok(mut session) => {
                        while session.output.next().await.is_some() {}
                        format!("ended {:?}", session.control.exit_code().await.ok().flatten())
                    }
                    Err(error) => words(Err(error)),
                }
            }
            Do::Inspect(number) => {
                let detail = engine.inspect(&self.container(*number)).await;
                let told = |it: ContainerDetail| {
                    let (runs, restarts) = (it.pid != 0, it.restarts);
                    let never = [&it.started_at, &it.finished_at].map(|at| at.starts_with("0001-"));
                    format!(
                        "{} {} runs:{runs} restarts:{restarts} never:{never:?}",
                        it.state.as_str(),
                        it.exit_code
                    )
                };
                detail.map_or_else(|error| words(Err(error)), told)
            }
            Do::Top(number) => words(engine.top(&self.container(*number), None).await.map(drop)),
            Do::CreateNetwork(number) => words(self.network(*number, Vec::new()).await),
            Do::CreateRange(number) => {
                let range = Subnet { subnet: Some(self.range()), ..Subnet::default() };
                words(self.network(*number, vec![range]).await)
            }
            Do::RemoveNetwork(number) => {
                words(engine.remove(&Remove::Network(self.name("n", *number))).await)
            }
            Do::CreateVolume(number) => {
                let (name, labels) = (self.name("v", *number), Labels::new());
                let volume = Create::Volume { name, spec: VolumeSpec::default(), labels };
                words(engine.create(&volume).await.map(drop))
            }
            Do::RemoveVolume(number) => words(engine.remove(&Remove::Volume(self.name("v", *number))).await),
            Do::Settle(number) => self.settle(*number).await,
            Do::InspectImage(program) => {
                words(engine.inspect_image(&self.image_of(*program)).await.map(drop))
            }
            Do::RemoveImage(program) => words(engine.remove(&Remove::Image(self.image_of(*program))).await),
        }
    }

    /// Whether 26.1.5 breaks off instead of an answer: it has no list of networks of a container that shares another
    /// one's, which does not run, to write one into that is not there.
    async fn breaks_off(&self, number: u64, network: u64) -> bool {
        let Ok(detail) = self.engine.inspect(&self.container(number)).await else { return false };
        let shares = self.made.get(&detail.id).is_some_and(|made| made.wanted.shares.is_some());
        let seen = self.engine.observe().await.expect("the engine lists its objects");
        let network = self.name("n", network);
        shares && detail.pid == 0 && seen.networks.iter().all(|it| it.name != network)
    }

    /// Writes down whose processes a container sees from its start on.
    async fn find_owner(&mut self, number: u64) {
        let Ok(detail) = self.engine.inspect(&self.container(number)).await else { return };
        let Some(owner) = self.made.get(&detail.id).and_then(|made| made.wanted.pid) else { return };
        let owner = self.engine.inspect(&self.container(owner)).await.ok().map(|it| it.id);
        if let Some(made) = self.made.get_mut(&detail.id).filter(|_| detail.pid == 0) {
            made.pid_of = owner;
        }
    }

    async fn network(&self, number: u64, ipam: Vec<Subnet>) -> Result<(), EngineError> {
        let spec = NetworkSpec { ipam, ..NetworkSpec::default() };
        let network = Create::Network { name: self.name("n", number), spec, labels: Labels::new() };
        self.engine.create(&network).await.map(drop)
    }

    async fn create(&self, number: u64, wanted: &Wanted) -> Result<String, EngineError> {
        let image =
            if wanted.known { self.image_of(wanted.program) } else { format!("{}/none:1", self.prefix) };
        let create = Create::Container {
            name: self.container(number),
            spec: Box::new(self.spec(wanted, &image)),
            image,
            labels: Labels::new(),
        };
        self.engine.create(&create).await
    }

    fn spec(&self, wanted: &Wanted, image: &str) -> ContainerSpec {
        let argv = match wanted.program {
            Program::Server => &["sh", "-c", "exec sleep 100000"][..],
            Program::Job => &["true"],
            Program::Broken => &["sh", "-c", "exit 3"],
            Program::Missing => &["missing"],
        };
        let volume = |name: Option<String>, target: &str| {
            let source = MountSource::Volume { name, nocopy: false, subpath: None, labels: Labels::new() };
            Mount::new(target, source, false)
        };
        let named = wanted.volume.map(|number| volume(Some(self.name("v", number)), "/data"));
        let anonymous = wanted.anonymous.then(|| volume(None, "/anonymous"));
        let endpoint = || {
            let ipv4_address = wanted.fixed.then(|| self.fixed_address());
            Endpoint { ipv4_address, ..Endpoint::default() }
        };
        let port = wanted.published.then(|| PortBinding {
            host_ip: Some("127.0.0.1".to_owned()),
            host: Some((self.port, self.port)),
            container: 80,
            protocol: nestctl::model::container::Protocol::Tcp,
        });
        let check = wanted.checked.then(|| Healthcheck {
            test: ["CMD", "true"].map(str::to_owned).to_vec(),
            interval: Some(Duration::from_secs(1)),
            ..Healthcheck::default()
        });
        ContainerSpec {
            image: image.to_owned(),
            entrypoint: Some(Vec::new()),
            command: Some(argv.iter().map(|word| (*word).to_owned()).collect()),
            // The first process of a container does not mind another one.
            stop_signal: Some("SIGKILL".to_owned()),
            restart: match wanted.again {
                Again::Never => RestartPolicy::No,
                Again::Always => RestartPolicy::Always,
                Again::UnlessStopped => RestartPolicy::UnlessStopped,
                Again::OnFailure(most) => RestartPolicy::OnFailure(most),
            },
            network_mode: wanted.shares.map(|other| NetworkMode::Container(self.container(other))),
            pid: wanted.pid.map(|other| format!("container:{}", self.container(other))),
            networks: wanted.networks.iter().map(|number| (self.name("n", *number), endpoint())).collect(),
            mounts: named.into_iter().chain(anonymous).collect(),
            volumes_from: wanted.volumes_from.iter().map(|other| self.container(*other)).collect(),
            healthcheck: check.map(Box::new),
            ports: port.into_iter().collect(),
            ..ContainerSpec::default()
        }
    }

    /// Waits until its state is one that lasts: ended for good, or healthy.
    async fn settle(&self, number: u64) -> String {
        let name = self.container(number);
        let lasts = || async {
            let detail = match self.engine.inspect(&name).await {
                Ok(detail) => detail,
                Err(error) => return Some(words(Err(error))),
            };
            let is_over = detail.state == ContainerState::Exited || detail.health == Some(Health::Healthy);
            is_over.then(|| format!("{} after {} restarts", detail.state.as_str(), detail.restarts))
        };
        eventually("a state that lasts", lasts).await
    }

    /// All of the script that is on the engine, as lines.
    pub(super) async fn there(&mut self) -> String {
        let (seen, details) = eventually("a list that is up to date", || self.list()).await;
        for it in &seen.containers {
            let failed = details.get(&it.id).is_some_and(|detail| !detail.error.is_empty());
            if let Some(made) = self.made.get_mut(&it.id) {
                made.half_joined |= failed && it.networks.len() > 1;
            }
        }
        let mut known = self.anonymous.lock().expect("nobody panics with it");
        let ours = |name: &str| name.starts_with(&format!("{}-", self.prefix));
        let mut lines = BTreeSet::new();
        for it in seen.containers.iter().filter(|it| ours(&it.name)) {
            let without_name = it.mounts.iter().filter_map(|mount| mount.volume.clone());
            known.extend(without_name.filter(|name| !ours(name)));
            lines.insert(self.line(it, details.get(&it.id), &seen));
        }
        for it in seen.networks.iter().filter(|it| ours(&it.name)) {
            lines.insert(format!("  network {} {}", self.short(&it.name), it.driver));
        }
        for it in seen.volumes.iter().filter(|it| ours(&it.name)) {
            lines.insert(format!("  volume {}", self.short(&it.name)));
        }
        let anonymous = seen.volumes.iter().filter(|it| known.contains(&it.name)).count();
        if anonymous > 0 {
            lines.insert(format!("  {anonymous} volumes without a name"));
        }
        lines.into_iter().collect::<Vec<_>>().join("\n")
    }

    /// What the engine lists and says of each container, once all of them have come to rest. Its list of containers
    /// lags a moment behind what it says of each (26.1.5: a stop is answered before); `None` while it does.
    async fn list(&self) -> Option<(Observed, BTreeMap<String, ContainerDetail>)> {
        let seen = self.engine.observe().await.expect("the engine lists its objects");
        let mut details = BTreeMap::new();
        for it in &seen.containers {
            let Some(made) = self.made.get(&it.id) else { continue };
            let detail = self.engine.inspect(&it.id).await.ok()?;
            let health_lags = it.state == ContainerState::Running && it.health != detail.health;
            if detail.state != it.state || health_lags || made.is_restless(&detail, &seen) {
                return None;
            }
            details.insert(it.id.clone(), detail);
        }
        Some((seen, details))
    }

    fn short<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix(&format!("{}-", self.prefix)).unwrap_or(name)
    }

    fn line(&self, it: &ObservedContainer, detail: Option<&ContainerDetail>, seen: &Observed) -> String {
        let mut line = format!("  container {} {}", self.short(&it.name), it.state.as_str());
        if let Some(code) = it.exit_code {
            let _ = write!(line, " {code}");
        }
        if let Some(detail) = detail {
            let error = if detail.error.is_empty() { "well" } else { "error" };
            let _ = write!(line, " ({} {error}, restarts {})", detail.exit_code, detail.restarts);
        }
        // The list of 26.1.5 has no room for it while a container is paused.
        if let Some(health) = it.health.filter(|_| it.state != ContainerState::Paused) {
            let _ = write!(line, " {}", health.as_str());
        }
        let half_joined =
            it.state != ContainerState::Running && self.made.get(&it.id).is_some_and(|made| made.half_joined);
        for (name, endpoint) in &it.networks {
            if half_joined {
                let _ = write!(line, " [{}]", self.short(name));
                continue;
            }
            let is_there = seen.networks.iter().any(|network| network.id == endpoint.network);
            let id = if endpoint.network.is_empty() {
                "never"
            } else if is_there {
                "there"
            } else {
                "gone"
            };
            let address = if endpoint.address.is_empty() { "no address" } else { "address" };
            let _ = write!(line, " [{} {id} {address}]", self.short(name));
        }
        let mut mounts: Vec<_> = it.mounts.iter().collect();
        mounts.sort();
        for mount in mounts {
            let volume = mount.volume.as_deref().unwrap_or("-");
            let volume = if volume.starts_with(&self.prefix) { self.short(volume) } else { "?" };
            let _ = write!(line, " {volume}:{}", mount.target);
        }
        for port in it.ports.iter().filter(|port| port.host.is_some() && !half_joined) {
            let _ = write!(line, " {}->{}", port.host == Some(self.port), port.container);
        }
        line
    }

    /// What was told of each object until the volume `end` was made.
    async fn told(
        &self,
        heard: &mut UnboundedReceiver<Result<EngineEvent, EngineError>>,
        end: &str,
    ) -> BTreeMap<String, Vec<String>> {
        let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
        while let Some(event) = heard.recv().await {
            let event = event.expect("the connection holds");
            if event.object == "volume" && event.id == end {
                break;
            }
            let is_ours = event.name.starts_with(&format!("{}-", self.prefix))
                || event.id.starts_with(&format!("{}-", self.prefix));
            let object = match self.made.get(&event.id) {
                Some(made) => format!("container {}", made.number),
                None if is_ours && event.object == "network" => {
                    format!("network {}", self.short(&event.name))
                }
                None if is_ours && event.object == "volume" => format!("volume {}", self.short(&event.id)),
                None => continue,
            };
            let action = event.action.as_str();
            if !ACTIONS.contains(&action) && !action.starts_with("health_status") {
                continue;
            }
            let what = match action {
                "die" => event.attributes.get("exitCode").cloned(),
                "kill" => event.attributes.get("signal").cloned(),
                "connect" | "disconnect" => {
                    let who = event.attributes.get("container").and_then(|id| self.made.get(id));
                    match who {
                        Some(made) if made.half_joined => continue,
                        who => who.map(|made| made.number.to_string()),
                    }
                }
                _ => None,
            };
            let text = what.map_or_else(|| action.to_owned(), |what| format!("{action} {what}"));
            out.entry(object).or_default().push(text);
        }
        out
    }
}

/// An answer in words: the kind of failure and the status.
pub(super) fn words(answer: Result<(), EngineError>) -> String {
    match answer {
        Ok(()) => "done".to_owned(),
        Err(error) => {
            format!("{:?} {}", error.kind, error.status.map_or("-".to_owned(), |it| it.to_string()))
        }
    }
}

/// Takes away all that a script has made.
async fn clean(engine: &dyn Engine, prefix: &str, anonymous: &BTreeSet<String>) {
    let Ok(seen) = engine.observe().await else { return };
    let ours = |name: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(['-', '/']));
    let containers = seen.containers.iter().filter(|it| ours(&it.name));
    let containers = containers.map(|it| Remove::Container { container: it.id.clone(), volumes: true });
    let networks = seen.networks.iter().filter(|it| ours(&it.name)).map(|it| Remove::Network(it.id.clone()));
    let volumes = seen.volumes.iter().filter(|it| ours(&it.name) || anonymous.contains(&it.name));
    let volumes = volumes.map(|it| Remove::Volume(it.name.clone()));
    let tags = seen.images.iter().flat_map(|it| &it.tags).filter(|tag| ours(tag));
    let images = tags.map(|tag| Remove::Image(tag.clone()));
    for object in containers.chain(networks).chain(volumes).chain(images) {
        if let Err(error) = engine.remove(&object).await {
            println!("{object:?} was left: {error}");
        }
    }
}
