//! Random scripts. Few names, so that calls meet; half of the containers run on.

use crate::support::dice::Dice;

use super::script::{Again, Do, Program, Wanted};

/// Containers, and as many networks and volumes as there are names for.
const CONTAINERS: u64 = 4;
const NETWORKS: u64 = 3;
const VOLUMES: u64 = 2;
/// Calls of a script: so many, and up to as many more.
const LEAST: u64 = 10;
const MORE: u64 = 20;
/// How often each call is drawn.
const CALLS: [(u64, Draw); 20] = [
    (6, |it| Do::Create(it.container(), it.wanted())),
    (7, |it| Do::Start(it.container())),
    (2, |it| Do::Stop(it.container())),
    (2, |it| Do::Kill(it.container())),
    (1, |it| Do::Signal(it.container())),
    (2, |it| Do::Pause(it.container())),
    (2, |it| Do::Unpause(it.container())),
    (2, |it| Do::Rename(it.container(), it.container())),
    (3, |it| Do::Connect(it.container(), it.network())),
    (3, |it| Do::Disconnect(it.container(), it.network())),
    (2, |it| Do::Remove(it.container(), it.dice.one_in(2))),
    (1, |it| Do::Exec(it.container())),
    (1, |it| Do::Inspect(it.container())),
    (1, |it| Do::Top(it.container())),
    (3, |it| Do::CreateNetwork(it.network())),
    (1, |it| Do::CreateRange(it.network())),
    (2, |it| Do::RemoveNetwork(it.network())),
    (1, |it| Do::CreateVolume(it.volume())),
    (2, |it| Do::RemoveVolume(it.volume())),
    (1, |it| match it.dice.below(4) {
        0 => Do::RemoveImage(it.program()),
        _ => Do::InspectImage(it.program()),
    }),
];

type Draw = fn(&mut Drawer) -> Do;

struct Drawer {
    dice: Dice,
}

/// The script of a seed.
pub(super) fn script(seed: u64) -> Vec<Do> {
    let mut drawer = Drawer { dice: Dice(seed) };
    let n = LEAST + drawer.dice.below(MORE + 1);
    let mut out = vec![Do::CreateNetwork(0)];
    for number in 0..2 {
        out.push(Do::Create(number, drawer.wanted()));
    }
    while (out.len() as u64) < n {
        out.push(drawer.call());
    }
    out
}

impl Drawer {
    fn call(&mut self) -> Do {
        let all: u64 = CALLS.iter().map(|(often, _)| often).sum();
        let mut at = self.dice.below(all);
        for (often, draw) in CALLS {
            if at < often {
                return draw(self);
            }
            at -= often;
        }
        unreachable!("it is less than the sum");
    }

    fn container(&mut self) -> u64 {
        self.dice.below(CONTAINERS)
    }

    fn network(&mut self) -> u64 {
        self.dice.below(NETWORKS)
    }

    fn volume(&mut self) -> u64 {
        self.dice.below(VOLUMES)
    }

    fn program(&mut self) -> Program {
        match self.dice.below(9) {
            0 => Program::Job,
            1 => Program::Broken,
            2 => Program::Missing,
            _ => Program::Server,
        }
    }

    /// A container. None that ends and is started again without end: it never comes to rest.
    fn wanted(&mut self) -> Wanted {
        let mut it = Wanted::new(self.program());
        it.again = match (it.program, self.dice.below(6)) {
            (_, 0) => Again::OnFailure(1 + u32::try_from(self.dice.below(2)).expect("less than two")),
            (Program::Server, 1) => Again::Always,
            (Program::Server, 2) => Again::UnlessStopped,
            _ => Again::Never,
        };
        if self.dice.one_in(8) {
            it.shares = Some(self.container());
        } else {
            it.networks = (0..NETWORKS).filter(|_| self.dice.one_in(3)).collect();
        }
        it.pid = self.dice.one_in(6).then(|| self.container());
        it.volume = self.dice.one_in(4).then(|| self.volume());
        it.volumes_from = self.dice.one_in(8).then(|| self.container());
        it.anonymous = self.dice.one_in(6);
        it.checked = self.dice.one_in(12);
        it.published = self.dice.one_in(4);
        it.fixed = self.dice.one_in(6);
        it.known = !self.dice.one_in(20);
        it
    }
}
