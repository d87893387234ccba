//! What a plan would refuse from the file alone: clashes on one engine, and what a kind of node cannot do.

use crate::diag::diagnostics::Diagnostics;
use crate::model::topology::Topology;

use super::world::World;
use super::{claims, desired, ranges, up};

/// Everything of that.
pub fn problems(topology: &Topology) -> Diagnostics {
    let world = World::new(topology);
    let mut problems = Diagnostics::new();
    claims::check(&world, &mut problems);
    ranges::check(&world, &mut problems);
    // Replicas repeat what the file says once.
    let firsts = world.instances.iter().filter(|(addr, _)| addr.parts().iter().all(|part| part.number == 1));
    for (addr, service) in firsts {
        for refusal in desired::refusals(&world, addr, service) {
            problems.push(up::refused(addr, service, &refusal));
        }
    }
    problems
}
