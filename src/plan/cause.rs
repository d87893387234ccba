//! Why a step exists. It is the dry run's text, the explanation on screen and the test's oracle.

use std::fmt;

use crate::model::addr::Addr;

use super::field::{Field, Fields};

/// A cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is no such thing yet.
    Missing,
    /// An object that is needed for another.
    NeededBy(Addr),
    /// The container exists and does not run.
    NotRunning,
    /// The container is paused.
    Paused,
    /// What is paused inside it would keep it from ending.
    Frozen,
    /// A dead run left it half made.
    Unfinished,
    /// It does not run, and could not be started: its volume at this path is gone.
    VolumeGone(String),
    /// The file asks for something else than what runs: what, where the labels tell.
    Changed(Vec<Field>),
    /// The file is the same; a newer nestctl would make the node otherwise, and the user asked for it.
    KindChanged(Vec<Field>),
    /// The file is the same, and the container is not in one of its networks: which.
    Disconnected(String),
    /// The file is the same, and the container is in a network of the lab in which it has no part: which.
    Intruding(String),
    /// It has another name than it was given: which.
    Renamed(String),
    /// A network that it is in is made anew: which.
    NetworkRenewed(String),
    /// Another has its port from now on: which.
    PortMoves(Addr),
    /// Its layer is on another engine now.
    Moved,
    /// The image's tag names another image now.
    ImageChanged,
    /// `pull_policy: build`.
    BuildAlways,
    /// `pull_policy: always`.
    PullAlways,
    /// The user asked for it (`--force-recreate`, `down`, `stop`).
    Asked,
    /// The last pull is longer ago than the file allows.
    PullDue,
    /// The file's hooks say so.
    Hook,
    /// It uses something of a container that is made anew.
    Shares(Addr),
    /// What it depends on is made anew.
    DependencyReplaced(Addr),
    /// More than one container of one address.
    Duplicate,
    /// The file no longer has it.
    Orphan,
    /// Its node is recreated or stopped.
    NodeLeaves(Addr),
    /// A stopped node that must be emptied before it goes.
    MustBeEmptied,
    /// Its engine does not answer: it is stopped from outside.
    EngineSilent,
    /// A container takes the place of another.
    Replaces,
    /// The service has a health check or is waited for.
    Awaited,
    /// The layer inside must be planned.
    Inside,
    /// Nothing needs it any more.
    Unneeded,
}

impl Cause {
    /// The fields that have changed, where that is the cause.
    pub fn fields(&self) -> &[Field] {
        match self {
            Self::Changed(fields) | Self::KindChanged(fields) => fields,
            _ => &[],
        }
    }

    /// In few words: of several fields the first.
    pub fn in_short(&self) -> String {
        match self {
            Self::Changed(fields) if fields.len() > 1 => {
                format!("{} and {} more", fields[0], fields.len() - 1)
            }
            Self::KindChanged(_) => "made by another version of nestctl".to_owned(),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("does not exist"),
            Self::NeededBy(addr) => write!(f, "needed by {addr}"),
            Self::NotRunning => f.write_str("not running"),
            Self::Paused => f.write_str("paused"),
            Self::Frozen => f.write_str("what is paused inside would keep it from ending"),
            Self::Unfinished => f.write_str("left unfinished"),
            Self::VolumeGone(target) => write!(f, "its volume at {target} is gone"),
            Self::Changed(fields) if fields.is_empty() => f.write_str("configuration changed"),
            Self::Changed(fields) => write!(f, "{}", Fields(fields)),
            Self::KindChanged(fields) if fields.is_empty() => {
                f.write_str("made by another version of nestctl")
            }
            Self::KindChanged(fields) => {
                write!(f, "made by another version of nestctl: {}", Fields(fields))
            }
            Self::Disconnected(network) => write!(f, "not in network {network}"),
            Self::Intruding(network) => write!(f, "in network {network}, where the file does not have it"),
            Self::Renamed(name) => write!(f, "was renamed to {name}"),
            Self::NetworkRenewed(network) => write!(f, "network {network} is made anew"),
            Self::PortMoves(addr) => write!(f, "{addr} gets its port"),
            Self::Moved => f.write_str("its layer is on another engine now"),
            Self::ImageChanged => f.write_str("image changed"),
            Self::BuildAlways => f.write_str("pull policy is `build`"),
            Self::PullAlways => f.write_str("pull policy is `always`"),
            Self::Asked => f.write_str("asked for"),
            Self::PullDue => f.write_str("pulled too long ago"),
            Self::Hook => f.write_str("hook"),
            Self::Shares(addr) => write!(f, "shares with {addr}, which is made anew"),
            Self::DependencyReplaced(addr) => write!(f, "{addr} is made anew"),
            Self::Duplicate => f.write_str("one too many"),
            Self::Orphan => f.write_str("not in the file"),
            Self::NodeLeaves(addr) => write!(f, "{addr} goes down"),
            Self::MustBeEmptied => f.write_str("must be emptied first"),
            Self::EngineSilent => f.write_str("its engine does not answer"),
            Self::Replaces => f.write_str("replaces the old one"),
            Self::Awaited => f.write_str("awaited"),
            Self::Inside => f.write_str("has an inner layer"),
            Self::Unneeded => f.write_str("no longer used"),
        }
    }
}
