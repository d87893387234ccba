//! Scripts of calls. Objects are named by numbers, so that the same script runs on any engine.

use std::fmt;

use crate::support::dice::Dice;

/// Names that a script has, of each kind.
const NAMES: u64 = 3;
/// Calls of a generated script.
const CALLS: u64 = 25;

/// What a container's program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    /// Runs until it is stopped, which kills it.
    Server,
    /// Ends with 0.
    Job,
    /// Ends with 3.
    Broken,
}

/// How a container's engine starts it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Again {
    #[default]
    Never,
    UnlessStopped,
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

impl Wanted {
    pub(super) fn new(program: Program) -> Self {
        Self {
            program,
            again: Again::Never,
            networks: Vec::new(),
            shares: None,
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
                let numbered =
                    [("shares c", it.shares), ("volume v", it.volume), ("from c", it.volumes_from)];
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

/// A script that follows from a seed.
pub(super) fn generated(seed: u64) -> Vec<Do> {
    let mut dice = Dice(seed);
    // Something is there from the beginning, so that fewer calls meet nothing.
    let mut script = vec![Do::CreateNetwork(0), Do::CreateVolume(0)];
    for name in 0..2 {
        script.extend([Do::Create(name, wanted(&mut dice, name)), Do::Start(name)]);
    }
    script.extend((0..CALLS).map(|_| call(&mut dice)));
    script
}

fn call(dice: &mut Dice) -> Do {
    let name = dice.below(NAMES);
    let other = dice.below(NAMES);
    match dice.below(32) {
        0..=4 => Do::Create(name, wanted(dice, name)),
        5..=9 => Do::Start(name),
        10 | 11 => Do::Stop(name),
        12 => Do::Kill(name),
        13 => Do::Signal(name),
        14 | 15 => Do::Pause(name),
        16 => Do::Unpause(name),
        17 => Do::Rename(name, other),
        18 | 19 => Do::Connect(name, other),
        20 | 21 => Do::Disconnect(name, other),
        22 | 23 => Do::Remove(name, dice.one_in(2)),
        24 => Do::Exec(name),
        25 => Do::Inspect(name),
        26 => Do::Top(name),
        27 => Do::CreateNetwork(name),
        28 | 29 => Do::RemoveNetwork(name),
        30 => Do::CreateVolume(name),
        _ => Do::RemoveVolume(name),
    }
}

fn wanted(dice: &mut Dice, name: u64) -> Wanted {
    let program = match dice.below(5) {
        0 => Program::Job,
        1 => Program::Broken,
        _ => Program::Server,
    };
    let mut wanted = Wanted::new(program);
    let other = (name + 1) % NAMES;
    match dice.below(4) {
        0 => wanted.shares = Some(other),
        1 => wanted.networks = vec![dice.below(NAMES)],
        2 => wanted.networks = vec![0, 1],
        _ => {}
    }
    wanted.volume = dice.one_in(2).then(|| dice.below(NAMES));
    wanted.volumes_from = dice.one_in(4).then_some(other);
    wanted.anonymous = dice.one_in(3);
    wanted
}
