//! What goes wrong in a round.

use nestctl::engine::engine::{Change, Remove};

use crate::support::hand;
use crate::support::lab::TestLab;
use crate::support::real_engine::block_on;
use crate::support::running::Running;

use super::shape::Dice;

/// A fault.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// nestctl is killed while it makes everything anew.
    RunKilled,
    /// nestctl is killed while it takes the lab down.
    DownKilled,
    NodeKilled,
    NodeDiesInRun,
    DaemonKilled,
    NodePaused,
    NodeRemoved,
    InnerKilled,
    InnerStopped,
    InnerRemoved,
    InnerDisconnected,
}

impl Fault {
    pub(super) fn any(dice: &mut Dice) -> Self {
        const ALL: [Fault; 11] = [
            Fault::RunKilled,
            Fault::DownKilled,
            Fault::NodeKilled,
            Fault::NodeDiesInRun,
            Fault::DaemonKilled,
            Fault::NodePaused,
            Fault::NodeRemoved,
            Fault::InnerKilled,
            Fault::InnerStopped,
            Fault::InnerRemoved,
            Fault::InnerDisconnected,
        ];
        ALL[dice.below(ALL.len())]
    }

    /// Brings it about.
    pub(super) fn happen(self, lab: &TestLab, dice: &mut Dice) {
        let node = lab.containers()["vm1"].id.clone();
        let engine = lab.engine();
        match self {
            Self::RunKilled => killed(lab, &["up", "--force-recreate"], dice.below(60)),
            Self::DownKilled => killed(lab, &["down"], dice.below(20)),
            Self::NodeDiesInRun => {
                let mut running = Running::start(lab, &["up", "--force-recreate"]);
                let n = dice.below(30);
                if (0..=n).all(|_| running.boundary().is_some()) {
                    // It may be the old one, which has gone.
                    let _ = block_on(engine.act(&node, &Change::Kill(None)));
                }
                // Whether it could be finished depends on when that was.
                let ran = running.end();
                assert!(matches!(ran.code, 0 | 1), "{self:?}: {}: {}", ran.code, ran.stderr);
            }
            Self::NodeKilled => block_on(engine.act(&node, &Change::Kill(None))).expect("it is killed"),
            Self::DaemonKilled => block_on(hand::signal(&*engine, &node, "dockerd", "KILL")),
            Self::NodePaused => block_on(engine.act(&node, &Change::Pause)).expect("it is paused"),
            Self::NodeRemoved => {
                let remove = Remove::Container { container: node, volumes: false };
                block_on(engine.remove(&remove)).expect("it is removed");
            }
            Self::InnerKilled | Self::InnerStopped | Self::InnerRemoved | Self::InnerDisconnected => {
                let there = lab.containers_in("vm1");
                let victim = &there[["vm1/db", "vm1/web"][dice.below(2)]];
                let network = victim.networks.keys().next().expect("a network").clone();
                let id = victim.id.clone();
                block_on(async {
                    let inner = lab.engine_of("vm1").await;
                    match self {
                        Self::InnerKilled => inner.act(&id, &Change::Kill(None)).await,
                        Self::InnerStopped => inner.act(&id, &Change::Stop(None)).await,
                        Self::InnerDisconnected => inner.act(&id, &Change::Disconnect { network }).await,
                        _ => inner.remove(&Remove::Container { container: id, volumes: true }).await,
                    }
                })
                .expect("it is done by hand");
            }
        }
    }
}

/// A run that is killed at its `n`-th boundary, if it has so many.
fn killed(lab: &TestLab, arguments: &[&str], n: usize) {
    let mut running = Running::start(lab, arguments);
    if (0..=n).all(|_| running.boundary().is_some()) {
        running.kill();
    } else {
        running.end().ok();
    }
}
