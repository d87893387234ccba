//! Scripts of calls. Objects are named by numbers, so that the same script runs on any engine.

use std::fmt;

/// What a container's program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    /// Runs until it is stopped, which kills it.
    Server,
    /// Ends with 0.
    Job,
    /// Ends with 3.
    Broken,
    /// Is not in the image.
    Missing,
}

/// How a container's engine starts it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Again {
    #[default]
    Never,
    UnlessStopped,
    Always,
    /// After a failure, so often at most.
    OnFailure(u32),
}

/// A container as a script asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) program: Program,
    pub(super) again: Again,
    /// Networks by number; none: the engine's bridge.
    pub(super) networks: Vec<u64>,
    /// The container whose network it shares.
    pub(super) shares: Option<u64>,
    /// The container whose processes it sees.
    pub(super) pid: Option<u64>,
    /// A named volume at `/data`.
    pub(super) volume: Option<u64>,
    /// Volumes of this container.
    pub(super) volumes_from: Option<u64>,
    /// A volume without a name at `/anonymous`.
    pub(super) anonymous: bool,
    /// A health check that passes.
    pub(super) checked: bool,
    /// It publishes the one port of the script.
    pub(super) published: bool,
    /// It has the one address of the script in its first network.
    pub(super) fixed: bool,
    /// Its image: whether it is there.
    pub(super) known: bool,
}

impl Program {
    pub(super) const ALL: [Self; 4] = [Self::Server, Self::Job, Self::Broken, Self::Missing];
}

impl Wanted {
    pub(super) fn new(program: Program) -> Self {
        Self {
            program,
            again: Again::Never,
            networks: Vec::new(),
            shares: None,
            pid: None,
            volume: None,
            volumes_from: None,
            anonymous: false,
            checked: false,
            published: false,
            fixed: false,
            known: true,
        }
    }
}

/// One call. Numbers are names: `c0`, `n0`, `v0`.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Do {
    Create(u64, Wanted),
    Start(u64),
    Stop(u64),
    Kill(u64),
    /// A signal that the program does not mind.
    Signal(u64),
    Pause(u64),
    Unpause(u64),
    Rename(u64, u64),
    Connect(u64, u64),
    Disconnect(u64, u64),
    Remove(u64, bool),
    Exec(u64),
    Inspect(u64),
    Top(u64),
    CreateNetwork(u64),
    /// The network with the range that the fixed address is in.
    CreateRange(u64),
    RemoveNetwork(u64),
    CreateVolume(u64),
    RemoveVolume(u64),
    /// Waits until a container has ended for good, or is healthy.
    Settle(u64),
    InspectImage(Program),
    RemoveImage(Program),
}

impl fmt::Debug for Do {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(name, it) => {
                write!(f, "create c{name} {:?}", it.program)?;
                if it.again != Again::Never {
                    write!(f, " {:?}", it.again)?;
                }
                let numbered = [
                    ("shares c", it.shares),
                    ("pid c", it.pid),
                    ("volume v", it.volume),
                    ("from c", it.volumes_from),
                ];
                for (what, number) in numbered {
                    number.map_or(Ok(()), |number| write!(f, " {what}{number}"))?;
                }
                for network in &it.networks {
                    write!(f, " in n{network}")?;
                }
                let flags = [
                    ("anonymous", it.anonymous),
                    ("checked", it.checked),
                    ("published", it.published),
                    ("fixed", it.fixed),
                    ("unknown", !it.known),
                ];
                flags.iter().filter(|(_, is)| *is).try_for_each(|(word, _)| write!(f, " {word}"))
            }
            Self::Start(name) => write!(f, "start c{name}"),
            Self::Stop(name) => write!(f, "stop c{name}"),
            Self::Kill(name) => write!(f, "kill c{name}"),
            Self::Signal(name) => write!(f, "signal c{name}"),
            Self::Pause(name) => write!(f, "pause c{name}"),
            Self::Unpause(name) => write!(f, "unpause c{name}"),
            Self::Rename(name, to) => write!(f, "rename c{name} c{to}"),
            Self::Connect(name, network) => write!(f, "connect c{name} n{network}"),
            Self::Disconnect(name, network) => write!(f, "disconnect c{name} n{network}"),
            Self::Remove(name, volumes) => write!(f, "remove c{name} volumes:{volumes}"),
            Self::Exec(name) => write!(f, "exec c{name}"),
            Self::Inspect(name) => write!(f, "inspect c{name}"),
            Self::Top(name) => write!(f, "top c{name}"),
            Self::CreateNetwork(name) => write!(f, "create n{name}"),
            Self::CreateRange(name) => write!(f, "create n{name} with the range"),
            Self::RemoveNetwork(name) => write!(f, "remove n{name}"),
            Self::CreateVolume(name) => write!(f, "create v{name}"),
            Self::RemoveVolume(name) => write!(f, "remove v{name}"),
            Self::Settle(name) => write!(f, "settle c{name}"),
            Self::InspectImage(program) => write!(f, "inspect image {program:?}"),
            Self::RemoveImage(program) => write!(f, "remove image {program:?}"),
        }
    }
}
