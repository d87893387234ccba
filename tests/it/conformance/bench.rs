//! Runs a script on one engine, and writes down what it answers, holds and tells in words that are the same everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use nestctl::engine::engine::{Change, Create, Engine, EngineEvent, ExecSpec, Labels, Remove};
use nestctl::engine::error::EngineError;
use nestctl::engine::fake::behaviour::{Behaviour, HealthScript};
use nestctl::engine::fake::fake_engine::FakeEngine;
use nestctl::model::container::{
    ContainerSpec, Endpoint, Healthcheck, Mount, MountSource, NetworkMode, PortBinding, RestartPolicy,
};
use nestctl::model::network::{NetworkSpec, Subnet, VolumeSpec};
use nestctl::model::observed::{ContainerState, Health, Observed, ObservedContainer};

use tokio::sync::mpsc::UnboundedReceiver;

use super::script::{Again, Do, Program, Wanted};
use crate::support::real_engine::eventually;

/// The image of the engine in memory.
pub(super) const IMAGE: &str = "busybox:latest";
/// A range that no engine has in its pools, for the fixed address.
const RANGE: &str = "10.213.77.0/24";
const FIXED: &str = "10.213.77.9";
/// What is compared of what engines tell.
const ACTIONS: [&str; 8] = ["create", "start", "restart", "die", "pause", "unpause", "rename", "destroy"];

/// What an engine said in a script.
#[derive(Default)]
pub(super) struct Told {
    /// The answer to each call, and what is there after it.
    pub(super) calls: Vec<String>,
    /// Actions by object, in their order.
    pub(super) events: BTreeMap<String, Vec<String>>,
}

/// One engine, and what a script has on it.
pub(super) struct Bench {
    engine: Arc<dyn Engine>,
    prefix: String,
    image: String,
    port: u16,
    /// Containers by ID: their number in the order of creation, and what they are.
    made: BTreeMap<String, (usize, Wanted)>,
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
        self
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

    async fn story(mut self, script: Vec<Do>) -> Told {
        for program in [Program::Server, Program::Job, Program::Broken] {
            self.engine.tag(&self.image, &self.image_of(program)).await.expect("the image is there");
        }
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

    async fn answer(&mut self, call: &Do) -> String {
        let engine = Arc::clone(&self.engine);
        let act = |number: u64, change: Change| {
            let (engine, name) = (Arc::clone(&engine), self.container(number));
            async move { words(engine.act(&name, &change).await) }
        };
        match call {
            Do::Create(number, wanted) => {
                let made = self.create(*number, wanted).await;
                if let Ok(id) = &made {
                    let next = self.made.len();
                    self.made.insert(id.clone(), (next, wanted.clone()));
                }
                words(made.map(drop))
            }
            Do::Start(number) => {
                let answer = act(*number, Change::Start).await;
                self.until_steady(*number).await;
                answer
            }
            Do::Stop(number) => act(*number, Change::Stop(None)).await,
            Do::Kill(number) => act(*number, Change::Kill(None)).await,
            Do::Signal(number) => act(*number, Change::Kill(Some("SIGUSR1".to_owned()))).await,
            Do::Pause(number) => act(*number, Change::Pause).await,
            Do::Unpause(number) => act(*number, Change::Unpause).await,
            Do::Rename(number, to) => act(*number, Change::Rename(self.container(*to))).await,
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
                let told = |it: nestctl::model::observed::ContainerDetail| {
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
                let range = Subnet { subnet: Some(RANGE.to_owned()), ..Subnet::default() };
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
        let script = match wanted.program {
            Program::Server => "exec sleep 100000",
            Program::Job => "exit 0",
            Program::Broken => "exit 3",
        };
        let volume = |name: Option<String>, target: &str| {
            let source = MountSource::Volume { name, nocopy: false, subpath: None, labels: Labels::new() };
            Mount::new(target, source, false)
        };
        let named = wanted.volume.map(|number| volume(Some(self.name("v", number)), "/data"));
        let anonymous = wanted.anonymous.then(|| volume(None, "/anonymous"));
        let endpoint = || {
            let ipv4_address = wanted.fixed.then(|| FIXED.to_owned());
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
            command: Some(["sh", "-c", script].map(str::to_owned).to_vec()),
            // The first process of a container does not mind another one.
            stop_signal: Some("SIGKILL".to_owned()),
            restart: match wanted.again {
                Again::Never => RestartPolicy::No,
                Again::UnlessStopped => RestartPolicy::UnlessStopped,
                Again::OnFailure(most) => RestartPolicy::OnFailure(most),
            },
            network_mode: wanted.shares.map(|other| NetworkMode::Container(self.container(other))),
            networks: wanted.networks.iter().map(|number| (self.name("n", *number), endpoint())).collect(),
            mounts: named.into_iter().chain(anonymous).collect(),
            volumes_from: wanted.volumes_from.iter().map(|other| self.container(*other)).collect(),
            healthcheck: check,
            ports: port.into_iter().collect(),
            ..ContainerSpec::default()
        }
    }

    /// Waits until a program that ends has ended for good.
    async fn until_steady(&self, number: u64) {
        let name = self.container(number);
        let Ok(detail) = self.engine.inspect(&name).await else { return };
        let Some((_, wanted)) = self.made.get(&detail.id) else { return };
        if wanted.again != Again::Never {
            let ends = wanted.program != Program::Server;
            if ends {
                self.settle(number).await;
            }
        } else if wanted.program != Program::Server
            && let Ok(ended) = self.engine.wait(&name, false).await
        {
            let _ = ended.await;
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
    async fn there(&self) -> String {
        let seen = eventually("a list that is up to date", || self.list()).await;
        let mut known = self.anonymous.lock().expect("nobody panics with it");
        let ours = |name: &str| name.starts_with(&format!("{}-", self.prefix));
        let mut lines = BTreeSet::new();
        for it in seen.containers.iter().filter(|it| ours(&it.name)) {
            let without_name = it.mounts.iter().filter_map(|mount| mount.volume.clone());
            known.extend(without_name.filter(|name| !ours(name)));
            lines.insert(self.line(it, &seen));
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

    /// What the engine lists. Its list of containers lags a moment behind what it says of each (26.1.5: a stop is
    /// answered before); `None` while it does.
    async fn list(&self) -> Option<Observed> {
        let seen = self.engine.observe().await.expect("the engine lists its objects");
        for it in seen.containers.iter().filter(|it| self.made.contains_key(&it.id)) {
            let detail = self.engine.inspect(&it.id).await.ok()?;
            if detail.state != it.state {
                return None;
            }
        }
        Some(seen)
    }

    fn short<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix(&format!("{}-", self.prefix)).unwrap_or(name)
    }

    fn line(&self, it: &ObservedContainer, seen: &Observed) -> String {
        let mut line = format!("  container {} {}", self.short(&it.name), it.state.as_str());
        if let Some(code) = it.exit_code {
            let _ = write!(line, " {code}");
        }
        if let Some(health) = it.health {
            // When it becomes healthy is a matter of time.
            line.push_str(if health == Health::Unhealthy { " unhealthy" } else { " checked" });
        }
        for (name, endpoint) in &it.networks {
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
        for port in it.ports.iter().filter(|port| port.host.is_some()) {
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
            let is_ours =
                event.name.starts_with(&format!("{}-", self.prefix)) || event.id.starts_with(&self.prefix);
            let object = match self.made.get(&event.id) {
                Some((number, _)) => format!("container {number}"),
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
            let code = event.attributes.get("exitCode").filter(|_| action == "die");
            out.entry(object)
                .or_default()
                .push(code.map_or(action.to_owned(), |code| format!("{action} {code}")));
        }
        out
    }
}

/// An answer in words: the kind of failure and the status.
fn words(answer: Result<(), EngineError>) -> String {
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
    let ours = |name: &str| name.starts_with(prefix);
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
