//! What a run is to achieve, and the one entry of the planner.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::graph::lab_graph::LabGraph;
use crate::model::addr::{Addr, LayerPath, Pattern};
use crate::model::name::ProjectName;
use crate::model::service::{PullPolicy, Service};
use crate::model::topology::Topology;

use super::known::Known;
use super::plan::Plan;
use super::step::StepId;
use super::{down, life, refresh, up};

/// A lab: the topology and its graph.
#[derive(Debug)]
pub struct Lab {
    /// What the files say.
    pub topology: Topology,
    /// Its milestones.
    pub graph: LabGraph,
}

/// What a run is to achieve.
#[derive(Clone, Debug)]
pub enum Goal {
    /// The lab, or part of it, is up.
    Up(Up),
    /// The lab, or part of it, is gone.
    Down(Down),
    /// Containers that are there are started, stopped, ….
    Life(Life),
}

/// `start`, `stop` and the like.
#[derive(Clone, Debug)]
pub struct Life {
    /// Whose.
    pub project: ProjectName,
    /// These and what is inside them; empty: everything.
    pub targets: Vec<Pattern>,
    /// What is done.
    pub verb: Verb,
    /// Grace for what is stopped, in place of each container's own.
    pub grace: Option<Duration>,
    /// Whether what is started is waited for until it is ready.
    pub wait: Wait,
}

/// What is done with containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// What is meant and what it needs is started.
    Start,
    /// What is meant is stopped.
    Stop,
    /// What is meant is stopped and started, with what asks to be restarted with it.
    Restart {
        /// Only what is meant.
        no_deps: bool,
    },
    /// What is meant is frozen.
    Pause,
    /// What is meant goes on.
    Unpause,
    /// A signal is sent to what is meant.
    Kill {
        /// Which; `None`: `SIGKILL`.
        signal: Option<String>,
    },
    /// What is meant is removed if it does not run.
    Remove {
        /// What runs is stopped and removed too.
        stop: bool,
        /// Anonymous volumes go too.
        volumes: bool,
    },
}

impl Verb {
    /// The command's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart { .. } => "restart",
            Self::Pause => "pause",
            Self::Unpause => "unpause",
            Self::Kill { .. } => "kill",
            Self::Remove { .. } => "rm",
        }
    }
}

/// `up`.
#[derive(Clone, Debug)]
pub struct Up {
    /// The lab.
    pub lab: Arc<Lab>,
    /// Only these and what they need; empty: all.
    pub targets: Vec<Pattern>,
    /// Until when the run goes on after everything is started.
    pub wait: Wait,
    /// Recreate containers although nothing changed.
    pub force_recreate: bool,
    /// What becomes of containers of services that the file no longer has.
    pub orphans: Orphans,
    /// Recreate a node although files inside it, on no volume, go with it.
    pub discard_node_files: bool,
    /// In which way otherwise.
    pub way: Way,
}

/// What becomes of containers of services that the file no longer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Orphans {
    /// They are told.
    #[default]
    Tell,
    /// They are removed.
    Remove,
    /// They are left alone, and nothing is said.
    Ignore,
}

/// Choices of an `up` that most runs leave alone.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// What is started.
    pub starts: Starts,
    /// The targets and what is inside them alone: what they need elsewhere is left as it is.
    pub no_deps: bool,
    /// Keep containers although the file asks for something else now.
    pub no_recreate: bool,
    /// Recreate also what the targets need, although nothing changed.
    pub always_recreate_deps: bool,
    /// Replacements get anonymous volumes of their own; those of what is replaced go.
    pub renew_volumes: bool,
    /// Grace for what is stopped, in place of each container's own.
    pub grace: Option<Duration>,
    /// Which images are built.
    pub builds: Builds,
    /// What every build is asked for beside what the file asks for.
    pub building: Building,
    /// The user stays to watch: what has ended counts as done only where others wait for its end, else it is started
    /// again; how something ends is seen then, and fails nothing here.
    pub foreground: bool,
    /// Images are made ready, and nothing else is done.
    pub images_only: Option<ImagesOnly>,
    /// A container that is made once what it needs is up: what is wanted then is only that.
    pub one_off: Option<Box<OneOff>>,
}

/// Which images of services with `build` are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Builds {
    /// Those that are not there, and those whose pull policy is `build`.
    #[default]
    Missing,
    /// All.
    All,
    /// None.
    None,
}

/// A run about images alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImagesOnly {
    /// They are built (`nestctl build`).
    Build {
        /// They are pushed then.
        push: bool,
    },
    /// Those that are built are pushed (`nestctl push`).
    Push {
        /// A push that fails is told and fails nothing.
        ignore_failures: bool,
    },
    /// They are pulled, and copied to inner engines that run (`nestctl pull`).
    Pull(Pulling),
}

/// What `pull` is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Pulling {
    /// In place of the policies of the file: `Always`, or `Missing`.
    pub policy: Option<PullPolicy>,
    /// Images of services with `build` are left out.
    pub ignore_buildable: bool,
    /// A pull that fails is told and fails nothing.
    pub ignore_failures: bool,
}

/// What builds are asked for beside what the file asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Building {
    /// Values of `ARG`, over the file's.
    pub args: std::collections::BTreeMap<String, String>,
    /// Agents of ssh, over the file's.
    pub ssh: std::collections::BTreeMap<String, crate::model::build::SshAgent>,
    /// Every step is done anew.
    pub no_cache: bool,
    /// Base images are pulled although they are there.
    pub pull: bool,
    /// Attestation of how images were made, over the file's.
    pub provenance: Option<String>,
    /// Attestation of what is in images, over the file's.
    pub sbom: Option<String>,
}

/// A container beside those of the file (`run`).
#[derive(Clone, Debug)]
pub struct OneOff {
    /// The instance whose place it has.
    pub addr: Addr,
    /// What it is to be.
    pub service: Service,
    /// Name on the engine.
    pub name: String,
    /// Compose's random name.
    pub slug: String,
    /// Whether it has the names of the service in its networks.
    pub use_aliases: bool,
    /// Whether ports that the service publishes through its nodes are bound.
    pub service_ports: bool,
}

/// What an `up` starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Starts {
    /// Everything.
    #[default]
    All,
    /// Nodes alone, so that what is inside them can be created.
    Nodes,
    /// Nothing: what is inside a node that does not run cannot be made yet.
    Nothing,
}

/// Whether a run waits for readiness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Until everything is ready, each wait at most so long (`None`: without limit).
    Ready(Option<Duration>),
    /// Only for what dependencies demand (`--no-wait`).
    Started,
}

impl Wait {
    /// The limit of one wait, where there is one.
    pub fn limit(self) -> Option<Duration> {
        match self {
            Self::Ready(limit) => limit,
            Self::Started => None,
        }
    }
}

/// `down`.
#[derive(Clone, Debug)]
pub struct Down {
    /// Whose.
    pub project: ProjectName,
    /// Whether volumes go too.
    pub volumes: bool,
    /// Grace for every container in place of its own.
    pub grace: Option<Duration>,
    /// How long a stopped node may take to answer, so that its layer can be taken apart, in place of a minute.
    pub patience: Option<Duration>,
    /// Which images go too.
    pub rmi: Option<Rmi>,
    /// Which part goes; `None`: everything.
    pub part: Option<Part>,
}

/// A part of a lab that goes while the rest stays.
#[derive(Clone, Debug)]
pub struct Part {
    /// These and what is inside them.
    pub targets: Vec<Pattern>,
    /// What needs these goes too.
    pub dependents: bool,
    /// One-off containers of these go too.
    pub one_offs: bool,
    /// What this lab does not have goes too.
    pub lab: Option<Arc<Lab>>,
}

impl Part {
    /// Whether what is at this address goes, whatever needs it.
    pub fn has(&self, addr: &Addr) -> bool {
        let is_orphan = |lab: &Arc<Lab>| !lab.topology.has(addr) && !lab.topology.is_inactive(addr);
        self.targets.iter().any(|target| target.matches_within(addr))
            || self.lab.as_ref().is_some_and(is_orphan)
    }
}

/// Images that go with a lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rmi {
    /// Those that were built for it.
    Local,
    /// All that its containers were made of.
    All,
}

impl Goal {
    /// The lab's project name.
    pub fn project(&self) -> &ProjectName {
        match self {
            Self::Up(up) => &up.lab.topology.project,
            Self::Down(down) => &down.project,
            Self::Life(life) => &life.project,
        }
    }

    /// The command that has this goal.
    pub fn command(&self) -> &'static str {
        match self {
            Self::Up(up) => match &up.way {
                Way { images_only: Some(ImagesOnly::Build { .. }), .. } => "build",
                Way { images_only: Some(ImagesOnly::Pull(_)), .. } => "pull",
                Way { images_only: Some(ImagesOnly::Push { .. }), .. } => "push",
                Way { one_off: Some(_), .. } => "run",
                Way { starts: Starts::Nodes | Starts::Nothing, .. } => "create",
                _ => "up",
            },
            Self::Down(Down { part: None, .. }) => "down",
            Self::Down(_) => "down services",
            Self::Life(life) => life.verb.name(),
        }
    }

    /// The addresses whose layers are all that must be known; empty: everything must.
    pub fn paths(&self) -> &[Pattern] {
        match self {
            // What is needed, or restarted with something, may be anywhere.
            Self::Life(Life { verb: Verb::Start | Verb::Restart { .. }, .. })
            | Self::Up(_)
            | Self::Down(Down {
                part: None | Some(Part { lab: Some(_), .. } | Part { dependents: true, .. }),
                ..
            }) => &[],
            Self::Down(Down { part: Some(part), .. }) => &part.targets,
            Self::Life(life) => &life.targets,
        }
    }

    /// A planner of this goal.
    pub fn planning(&self) -> Planning<'_> {
        Planning { goal: self, basis: OnceLock::new() }
    }

    /// As [`Planning::plan`], for one plan alone.
    pub fn plan(&self, known: &Known, scope: &BTreeSet<LayerPath>, first: StepId) -> Plan {
        self.planning().plan(known, scope, first)
    }
}

/// A goal, and what follows from it alone: worked out once for all the plans of a run.
#[derive(Debug)]
pub struct Planning<'a> {
    /// The goal.
    pub goal: &'a Goal,
    basis: OnceLock<up::Basis<'a>>,
}

impl<'a> Planning<'a> {
    /// What must be done, and looked at again, before anything can be planned: pulls that the file asks for at each
    /// `up`. `None` where nothing must.
    pub fn refresh(&self, known: &Known, first: StepId) -> Option<Plan> {
        match self.goal {
            Goal::Up(up) => refresh::plan(self.basis(up), known, first),
            Goal::Down(_) | Goal::Life(_) => None,
        }
    }

    /// Plans the layers of `scope`. The first plan's scope is all that answered, later ones hold the layer that
    /// was entered. Step numbers begin at `first`.
    pub fn plan(&self, known: &Known, scope: &BTreeSet<LayerPath>, first: StepId) -> Plan {
        match self.goal {
            Goal::Up(up) => up::plan(self.basis(up), known, scope, first),
            Goal::Down(goal) => down::plan(goal, known, scope, first),
            Goal::Life(goal) => life::plan(goal, known, scope, first),
        }
    }

    fn basis(&self, up: &'a Up) -> &up::Basis<'a> {
        self.basis.get_or_init(|| up::Basis::new(up))
    }
}
