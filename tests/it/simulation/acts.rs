//! What is done with a lab: runs with trouble, edits, and changes by hand.

use std::time::Duration;

use nestctl::engine::engine::{Change, Remove};
use nestctl::engine::fake::behaviour::{Behaviour, Boot, HealthScript};
use nestctl::engine::fake::fake_engine::FakeEngine;
use nestctl::engine::fake::fault::{Fault, Meanwhile, When};
use nestctl::model::failure::FailureKind;
use nestctl::model::label::{self, Labels};
use nestctl::model::observed::{Health, ObservedContainer};

use super::draw::{HOOK, JOB, NODES, SERVERS};
use crate::support::dice::Dice;

/// One thing that is done. Numbers are seeds, so that they keep a meaning when a lab shrinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// The file is edited.
    Edit(u64),
    /// Somebody changes something by hand.
    Drift(u64),
    /// The machine starts anew.
    Reboot,
    /// `up`, with trouble.
    Up(Trouble),
    /// `up` twice at once; the second of them of a file that is edited by this seed.
    Twice(u64),
    /// `up` and `down` at once.
    UpAndDown,
    /// `down`, with trouble, without or with volumes.
    Down(bool, Trouble),
    /// `stop`, with trouble; then, if it is said, `start`.
    Stop(bool, Trouble),
    /// `up`; it must reach what the file says.
    Converge,
}

/// What goes wrong in a run. Numbers of calls are from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// nestctl is killed at a call; whether that still has an effect.
    Killed(u64, bool),
    /// A call fails, as an engine's own trouble, so many times in a row.
    Fails(u64, u32),
    /// From a call on, all have an effect, and no answer comes.
    Cut(u64),
    /// The answer of a call is lost.
    Lost(u64),
    /// A call hangs.
    Hangs(u64),
    /// A call takes a minute.
    Slow(u64),
    /// Somebody changes something by hand at a call.
    Drift(u64, u64),
    /// The user breaks it off at a call.
    Signal(u64),
    /// All servers of an image end at once.
    Exits,
    /// Health checks fail.
    Sick,
    /// Engines inside do not come up.
    NoBoot,
    /// Nothing does.
    None,
}

/// Things to do with a lab.
pub(super) fn acts(dice: &mut Dice) -> Vec<Act> {
    let n = 1 + dice.below(6);
    (0..n).map(|_| act(dice)).collect()
}

fn act(dice: &mut Dice) -> Act {
    match dice.below(20) {
        0..=3 => Act::Edit(dice.next()),
        4..=6 => Act::Drift(dice.next()),
        7 => Act::Reboot,
        8..=12 => Act::Up(trouble(dice)),
        13 => Act::Twice(dice.next()),
        14 => Act::UpAndDown,
        15 => Act::Down(dice.one_in(2), trouble(dice)),
        16 => Act::Stop(dice.one_in(2), trouble(dice)),
        _ => Act::Converge,
    }
}

pub(super) fn trouble(dice: &mut Dice) -> Trouble {
    // Early calls are many runs' only ones.
    let most = if dice.one_in(2) { 30 } else { 150 };
    let call = 1 + dice.below(most);
    match dice.below(14) {
        0..=2 => Trouble::Killed(call, dice.one_in(2)),
        3 => Trouble::Fails(call, 1 + u32::try_from(dice.below(8)).expect("small")),
        4 => Trouble::Cut(call),
        5 => Trouble::Lost(call),
        6 => Trouble::Hangs(call),
        7 => Trouble::Slow(call),
        8 => Trouble::Drift(call, dice.next()),
        9 => Trouble::Signal(call),
        10 => Trouble::Exits,
        11 => Trouble::Sick,
        12 => Trouble::NoBoot,
        _ => Trouble::None,
    }
}

/// What containers do where nothing is wrong.
pub(super) fn behave(engine: &FakeEngine) {
    engine.set_behaviour(JOB, Behaviour::default().exits(0));
    engine.set_behaviour(HOOK, Behaviour::default().exits(0));
    engine.set_behaviour(SERVERS[0], Behaviour::default());
    engine.set_behaviour(
        SERVERS[1],
        Behaviour::default().health(HealthScript::AfterInspects(2, Health::Healthy)),
    );
    nodes_boot(engine, &Boot::AfterCalls(2));
}

fn nodes_boot(engine: &FakeEngine, boot: &Boot) {
    NODES.iter().for_each(|node| engine.set_behaviour(node, Behaviour::default().boots(boot.clone())));
}

impl Trouble {
    /// Sets it up for the next run. The answer is the call at which the user breaks it off.
    pub(super) fn set(self, engine: &FakeEngine) -> Option<u64> {
        engine.forget_calls();
        match self {
            Self::Killed(call, lands) => {
                if lands {
                    engine.script(When::Call(call), 1, Fault::HangAfter);
                }
                engine.script(When::From(call), u32::MAX, Fault::Hang);
            }
            Self::Fails(call, times) => {
                let fault = Fault::Fail(FailureKind::Engine, "trouble".to_owned());
                engine.script(When::From(call), times, fault);
            }
            Self::Cut(call) => engine.script(When::From(call), u32::MAX, Fault::LoseAnswer),
            Self::Lost(call) => engine.script(When::Call(call), 1, Fault::LoseAnswer),
            Self::Hangs(call) => engine.script(When::Call(call), 1, Fault::Hang),
            Self::Slow(call) => engine.script(When::Call(call), 1, Fault::Slow(Duration::from_secs(60))),
            Self::Drift(call, seed) => {
                let meanwhile = Meanwhile::new(move |root| drift(root, seed));
                engine.script(When::Call(call), 1, Fault::Meanwhile(meanwhile));
            }
            Self::Signal(call) => return Some(call),
            Self::Exits => engine.set_behaviour(SERVERS[0], Behaviour::default().exits(1)),
            Self::Sick => {
                let sick = Behaviour::default().health(HealthScript::AfterInspects(1, Health::Unhealthy));
                engine.set_behaviour(SERVERS[1], sick);
            }
            Self::NoBoot => nodes_boot(engine, &Boot::Never),
            Self::None => {}
        }
        None
    }

    /// Whether nobody but nestctl and the engines changes anything.
    pub(super) fn is_alone(self) -> bool {
        !matches!(self, Self::Drift(..))
    }
}

/// All is well again: daemons run, and what its health check has called sick is stopped by its user, as the verdict
/// stays until the next start.
pub(super) async fn heal(engine: &FakeEngine) {
    engine.heal();
    behave(engine);
    // Restart policies wait a minute at most.
    tokio::time::sleep(Duration::from_secs(61)).await;
    for (at, container) in everything(engine) {
        at.return_daemon(&container.id);
        if container.health == Some(Health::Unhealthy) {
            at.by_hand(&container.id, &Change::Stop(None));
        }
    }
}

/// Every container of the lab, outermost first, with its engine.
pub(super) fn everything(engine: &FakeEngine) -> Vec<(FakeEngine, ObservedContainer)> {
    let mut out = Vec::new();
    for at in engine.tree() {
        let ours = at.observed().containers.into_iter().filter(is_ours);
        out.extend(ours.map(|container| (at.clone(), container)));
    }
    out
}

/// Whether a container is one of the lab, and no helper.
pub(super) fn is_ours(container: &ObservedContainer) -> bool {
    is_labs(&container.labels) && !container.labels.contains_key(label::ROLE)
}

fn is_labs(labels: &Labels) -> bool {
    labels.get(label::PROJECT).is_some_and(|project| project == "lab")
}

/// A change by hand of something of the lab.
pub(super) fn drift(engine: &FakeEngine, seed: u64) {
    let mut dice = Dice(seed);
    if dice.one_in(10) {
        return retag(engine, &mut dice);
    }
    let all = everything(engine);
    let Some((at, container)) = dice.of(&all) else { return };
    let id = &container.id;
    match dice.below(10) {
        0 => at.by_hand(id, &Change::Stop(None)),
        1 => at.by_hand(id, &Change::Kill(None)),
        2 => at.by_hand(id, &Change::Pause),
        3 => at.by_hand(id, &Change::Rename(format!("{}-by-hand", container.name))),
        4 => {
            let networks: Vec<&String> = container.networks.keys().collect();
            if let Some(network) = dice.of(&networks) {
                at.by_hand(id, &Change::Disconnect { network: (*network).clone() });
            }
        }
        5 | 6 => at.remove_by_hand(&Remove::Container { container: id.clone(), volumes: true }),
        7 => {
            let networks = at.observed().networks;
            let ours: Vec<_> = networks.iter().filter(|it| is_labs(&it.labels)).map(|it| &it.id).collect();
            if let Some(network) = dice.of(&ours) {
                at.remove_by_hand(&Remove::Network((*network).clone()));
            }
        }
        8 => at.kill_daemon(id),
        _ => {
            at.kill_daemon(id);
            at.return_daemon(id);
        }
    }
}

/// Somebody pulls an image by hand whose tag names another one by now.
fn retag(engine: &FakeEngine, dice: &mut Dice) {
    let images = [SERVERS[0], SERVERS[1], JOB, NODES[0], NODES[1]];
    let image = images[dice.index(images.len())];
    let layer = format!("{image} {}", dice.below(1000));
    engine.publish(image, &[layer.as_bytes()]);
    engine.add_image(image, &[layer.as_bytes()]);
}
