//! `run`: a container beside those of the file, with a program of its own.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::engine::engine::{AttachSpec, Change, Engine, Remove};
use crate::engine::error::EngineError;
use crate::model::addr::{Addr, Pattern};
use crate::model::container::{BindPath, MountSource};
use crate::model::service::Service;
use crate::plan::ours::is_ours;
use crate::spec::files::{Entry, Files, Vars};
use crate::spec::parse::parse;

use super::address::nothing_matched;
use super::context::Ctx;
use super::error::OpError;
use super::exec::{ExecStreams, Running};
use super::files::DiskFiles;
use super::load::ValidLab;
use super::ps::look_for;
use super::up::OneOff;

/// What the container is to be, beside what its service is.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Program and arguments; empty: the service's.
    pub command: Vec<String>,
    /// In place of the service's, as one text.
    pub entrypoint: Option<String>,
    /// `KEY=value`, or `KEY` for the value here.
    pub env: Vec<String>,
    /// Files of variables.
    pub env_files: Vec<PathBuf>,
    /// User.
    pub user: Option<String>,
    /// Working directory.
    pub working_dir: Option<String>,
    /// `KEY=value`.
    pub labels: Vec<String>,
    /// Mounts in the short form.
    pub volumes: Vec<String>,
    /// Ports in the short form.
    pub publish: Vec<String>,
    /// Whether the service's ports are published.
    pub service_ports: bool,
    /// Whether it has the service's names in its networks.
    pub use_aliases: bool,
    /// Name on the engine.
    pub name: Option<String>,
    /// Capabilities to add.
    pub cap_add: Vec<String>,
    /// Capabilities to drop.
    pub cap_drop: Vec<String>,
    /// Whether it has a terminal.
    pub tty: bool,
    /// Whether standard input is connected.
    pub stdin: bool,
    /// Whether it is removed when it has ended.
    pub remove: bool,
}

/// The container that is asked for.
///
/// # Errors
/// When the address names no service, or a node, or an option is not understood.
pub fn one_off(
    lab: &ValidLab,
    pattern: &Pattern,
    options: &RunOptions,
    directory: &Path,
    vars: &Vars,
) -> Result<OneOff, OpError> {
    let topology = &lab.lab.topology;
    let addr = pattern.first();
    let service = topology.service(&addr).filter(|_| topology.has(&addr)).ok_or_else(|| {
        let known: Vec<Addr> = topology.instances().into_iter().map(|(addr, _)| addr).collect();
        nothing_matched(pattern, &known)
    })?;
    if service.node.is_some() {
        let why = "its engine's data can serve one container only";
        return Err(OpError::OneOff(format!(
            "`{addr}` is a node: {why}; `exec {addr} -- …` runs programs in it"
        )));
    }
    let asked = read(options, directory, vars)?;
    let mut service = service.clone();
    apply(&mut service, options, asked);
    if !addr.layer().is_root()
        && let Some(outside) = service.spec.mounts.iter().find_map(|mount| match &mount.source {
            MountSource::Bind { path: BindPath::User(path), .. }
                if !path.starts_with(&topology.directory) =>
            {
                Some(path)
            }
            _ => None,
        })
        && options.volumes.iter().any(|volume| volume.contains(&*outside.to_string_lossy()))
    {
        let why = "its node carries the lab's directory alone";
        return Err(OpError::OneOff(format!("`{}` cannot be bound in `{addr}`: {why}", outside.display())));
    }
    let slug = random_slug();
    let project = topology.project_of(&addr.layer());
    let name = options.name.clone();
    let name = name.unwrap_or_else(|| {
        topology.separator.joined(&[project.as_str(), addr.service().as_str(), "run", &slug[..12]])
    });
    Ok(OneOff {
        addr,
        service,
        name,
        slug,
        use_aliases: options.use_aliases,
        service_ports: options.service_ports,
    })
}

/// 64 hexadecimal digits that no other run has.
fn random_slug() -> String {
    // The standard library seeds each state from the operating system.
    let mut out = String::new();
    for _ in 0..4 {
        let number = RandomState::new().build_hasher().finish();
        write!(out, "{number:016x}").expect("writing to a string cannot fail");
    }
    out
}

/// One file in memory, everything else on the disk.
struct Overlaid {
    path: PathBuf,
    text: String,
    disk: DiskFiles,
}

impl Files for Overlaid {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if path == self.path { Ok(self.text.clone().into_bytes()) } else { self.disk.read(path) }
    }

    fn exists(&self, path: &Path) -> bool {
        path == self.path || self.disk.exists(path)
    }
}

/// What was typed, as the service of a lab of its own: so that each form is read as it is in a file.
fn read(options: &RunOptions, directory: &Path, vars: &Vars) -> Result<Service, OpError> {
    let path = directory.join(".nestctl-run.yaml");
    let files = Overlaid { path: path.clone(), text: text_of(options), disk: DiskFiles::default() };
    let entry = Entry {
        files: vec![path],
        directory: directory.to_owned(),
        home: vars.get("HOME").map(PathBuf::from),
        ..Entry::default()
    };
    let parsed = parse(&files, &entry, vars);
    if let Some(problem) =
        parsed.diagnostics.iter().find(|it| it.severity == crate::diag::diagnostic::Severity::Error)
    {
        return Err(OpError::OneOff(problem.message.clone()));
    }
    let service = parsed.topology.and_then(|it| it.root.services.into_values().next());
    service
        .map(|service| *service)
        .ok_or_else(|| OpError::OneOff("the options are not understood".to_owned()))
}

fn text_of(options: &RunOptions) -> String {
    let quoted = |text: &str| {
        let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
        format!("\"{}\"", text.replace('$', "$$"))
    };
    let list = |items: &[String]| {
        let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
        format!("[{}]", items.join(", "))
    };
    let mut out = "name: run\nservices:\n  run:\n    image: run\n".to_owned();
    let mut line = |key: &str, value: String| {
        writeln!(out, "    {key}: {value}").expect("writing to a string cannot fail");
    };
    for (key, items) in [
        ("environment", &options.env),
        ("labels", &options.labels),
        ("volumes", &options.volumes),
        ("ports", &options.publish),
        ("cap_add", &options.cap_add),
        ("cap_drop", &options.cap_drop),
        ("command", &options.command),
    ] {
        if !items.is_empty() {
            line(key, list(items));
        }
    }
    let files: Vec<String> = options.env_files.iter().map(|path| path.display().to_string()).collect();
    if !files.is_empty() {
        line("env_file", list(&files));
    }
    for (key, value) in
        [("entrypoint", &options.entrypoint), ("user", &options.user), ("working_dir", &options.working_dir)]
    {
        if let Some(value) = value {
            line(key, quoted(value));
        }
    }
    // A source that is no path names a volume.
    let named = options.volumes.iter().filter_map(|volume| {
        let (source, _) = volume.split_once(':')?;
        (!source.starts_with(['.', '/', '~'])).then_some(source)
    });
    let named: BTreeSet<&str> = named.collect();
    if !named.is_empty() {
        out.push_str("volumes:\n");
        for name in named {
            writeln!(out, "  {}: {{}}", quoted(name)).expect("writing to a string cannot fail");
        }
    }
    out
}

fn apply(service: &mut Service, options: &RunOptions, asked: Service) {
    let spec = &mut service.spec;
    let asked = asked.spec;
    spec.tty = options.tty;
    spec.stdin_open = options.stdin;
    spec.stdin_once = options.stdin;
    spec.auto_remove = options.remove;
    spec.environment.extend(asked.environment);
    spec.labels.extend(asked.labels);
    if !options.command.is_empty() {
        spec.command = asked.command;
    }
    if options.entrypoint.is_some() {
        spec.entrypoint = asked.entrypoint;
        if options.command.is_empty() {
            // The service's command belongs to its own entrypoint.
            spec.command = Some(Vec::new());
        }
    }
    spec.user = asked.user.or_else(|| spec.user.take());
    spec.working_dir = asked.working_dir.or_else(|| spec.working_dir.take());
    spec.cap_drop.retain(|it| !asked.cap_add.contains(it));
    spec.cap_add.retain(|it| !asked.cap_drop.contains(it));
    spec.cap_add.extend(asked.cap_add);
    spec.cap_drop.extend(asked.cap_drop);
    spec.mounts.retain(|mount| !asked.mounts.iter().any(|other| other.target == mount.target));
    spec.mounts.extend(asked.mounts);
    if !options.service_ports {
        spec.ports = asked.ports;
    }
    service.container_name = None;
    service.scale = 1;
}

/// A one-off container that was made.
pub struct Made {
    engine: Arc<dyn Engine>,
    /// Its ID.
    pub id: String,
    remove: bool,
}

/// Finds the container that an `up` has made for `one`.
///
/// # Errors
/// When the engine does not answer, or it is not there.
pub async fn find(ctx: &Ctx, lab: &ValidLab, one: &OneOff) -> Result<Made, OpError> {
    let project = &lab.lab.topology.project;
    // The pattern of the address itself: the way to it, and nothing beside.
    let pattern: Pattern = one.addr.to_string().parse().expect("an address is a pattern");
    let surveyed = look_for(ctx, project, std::slice::from_ref(&pattern)).await?;
    let layer = one.addr.layer();
    let seen = surveyed.known.seen(&layer);
    let found = seen.into_iter().flat_map(|seen| &seen.containers).find(|container| {
        container.name == one.name && is_ours(&container.labels, project, &surveyed.known.root_id)
    });
    match (found, surveyed.engines.get(&layer)) {
        (Some(found), Some(engine)) => {
            Ok(Made { engine, id: found.id.clone(), remove: one.service.spec.auto_remove })
        }
        _ => Err(OpError::OneOff(format!("container `{}` is not there any more", one.name))),
    }
}

/// A one-off container that runs, connected.
pub struct Attached {
    running: Running,
    ended: BoxFuture<'static, Result<i64, EngineError>>,
    /// Sends signals to it.
    pub signals: Signals,
    made: Made,
}

/// Sends signals to a container.
#[derive(Clone)]
pub struct Signals {
    engine: Arc<dyn Engine>,
    id: String,
}

impl Signals {
    /// Sends one. A container that has ended cannot be told.
    pub async fn send(&self, signal: &str) {
        let _ = self.engine.act(&self.id, &Change::Kill(Some(signal.to_owned()))).await;
    }
}

impl Made {
    /// Starts it and leaves it alone.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn start(self) -> Result<String, OpError> {
        match self.engine.act(&self.id, &Change::Start).await {
            Ok(()) => Ok(self.id),
            Err(error) => {
                self.remove().await;
                Err(error.into())
            }
        }
    }

    /// Connects, then starts it, so that nothing that it writes is lost.
    ///
    /// # Errors
    /// When it cannot be started; it is removed then.
    pub async fn attach(self, stdin: bool, size: Option<(u16, u16)>) -> Result<Attached, OpError> {
        let spec = AttachSpec { stdin, detach_keys: None };
        let opened = async {
            let session = self.engine.attach(&self.id, &spec).await?;
            let ended = self.engine.wait(&self.id, true).await?;
            self.engine.act(&self.id, &Change::Start).await?;
            Ok::<_, EngineError>((session, ended))
        };
        let (session, ended) = match opened.await {
            Ok(opened) => opened,
            Err(error) => {
                self.remove().await;
                return Err(error.into());
            }
        };
        if let Some((rows, columns)) = size {
            // One that has ended already has no size.
            let _ = session.control.resize(rows, columns).await;
        }
        let signals = Signals { engine: Arc::clone(&self.engine), id: self.id.clone() };
        Ok(Attached { running: Running { session }, ended, signals, made: self })
    }

    /// Removes it, with its anonymous volumes.
    pub async fn remove(&self) {
        let object = Remove::Container { container: self.id.clone(), volumes: true };
        // What cannot be removed now goes with `down`.
        let _ = self.engine.remove(&object).await;
    }
}

impl Attached {
    /// Carries bytes both ways until it ends. The answer is its exit code.
    ///
    /// # Errors
    /// As [`Running::talk`].
    pub async fn talk(self, streams: ExecStreams) -> Result<i64, OpError> {
        let Self { running, ended, made, .. } = self;
        let talked = running.talk(streams).await;
        let code = match talked {
            Ok(_) => ended.await.map_err(OpError::from),
            Err(error) => Err(error),
        };
        if made.remove {
            made.remove().await;
        }
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(options: &RunOptions) -> Service {
        read(options, Path::new("/lab"), &Vars::from([("HERE".to_owned(), "yes".to_owned())])).expect("valid")
    }

    #[test]
    fn what_is_typed_is_read_as_in_a_file() {
        let texts = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect::<Vec<_>>();
        let options = RunOptions {
            command: texts(&["sh", "-c", "echo \"$HOME\""]),
            entrypoint: Some("tini -- sh".to_owned()),
            env: texts(&["A=b=c", "HERE"]),
            volumes: texts(&["./data:/data:ro", "cache:/cache"]),
            publish: texts(&["127.0.0.1:8080:80"]),
            ..RunOptions::default()
        };
        let spec = asked(&options).spec;
        assert_eq!(spec.command.as_deref(), Some(texts(&["sh", "-c", "echo \"$HOME\""]).as_slice()));
        assert_eq!(spec.entrypoint.as_deref(), Some(texts(&["tini", "--", "sh"]).as_slice()));
        assert_eq!(spec.environment[&"A".into()].as_deref(), Some("b=c"));
        assert_eq!(spec.environment[&"HERE".into()].as_deref(), Some("yes"));
        assert_eq!(spec.mounts.len(), 2);
        assert_eq!(spec.ports[0].host, Some((8080, 8080)));
    }

    #[test]
    fn what_is_not_understood_is_told() {
        let options = RunOptions { publish: vec!["a:b:c".to_owned()], ..RunOptions::default() };
        assert!(read(&options, Path::new("/lab"), &Vars::new()).is_err());
    }
}
