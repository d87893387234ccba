//! The end of an `up`: what came of it, by a last look.

use crate::executor::final_look::final_look;
use crate::executor::status::statuses;
use crate::model::addr::Addr;
use crate::model::status::ServiceStatus;
use crate::plan::goal::{Goal, Starts};

use super::Dispatcher;

impl Dispatcher<'_> {
    /// After an `up` that was not broken off: looks once more at every engine, and tells what ended badly.
    pub(super) async fn finish(&mut self) -> Vec<ServiceStatus> {
        let Goal::Up(up) = self.goal else { return Vec::new() };
        if self.level.is_some() {
            return Vec::new();
        }
        if self.is_stale {
            let from = self.began.elapsed();
            let mut cancel = self.cancel.clone();
            // What the file no longer has may end: its node was made anew, or it is on its way out.
            let topology = &up.lab.topology;
            // What this run did not start may have ended long ago.
            let starts = |addr: &Addr| match up.way.starts {
                // Whoever watches sees how it ends.
                _ if up.way.foreground => false,
                // It stands for the container beside it, which is not started here.
                _ if up.way.one_off.as_ref().is_some_and(|one| one.addr == *addr) => false,
                Starts::All => true,
                Starts::Nodes => topology.service(addr).is_some_and(|service| service.node.is_some()),
                Starts::Nothing => false,
            };
            let kept =
                self.in_scope.iter().filter(|addr| topology.has(addr) && starts(addr)).cloned().collect();
            let limit = self.survey.look_limit();
            let problems = tokio::select! {
                biased;
                Ok(_) = cancel.wait_for(Option::is_some) => None,
                problems = final_look(&mut self.known, &self.links, self.goal.project(), &kept, limit) => Some(problems)
            };
            let Some(problems) = problems else {
                self.heed_cancel().await;
                return Vec::new();
            };
            self.trace.looked(from, self.began.elapsed());
            for (of, failure) in problems {
                // What was skipped has not been started: its end is of an earlier run.
                if !self.tally.has_told(&of) {
                    self.tally.problem(of, failure);
                }
            }
            self.again.because = self.ended_meanwhile(&kept);
        }
        let all = statuses(&self.known, self.goal.project());
        all.into_iter().filter(|row| self.in_scope.contains(&row.addr)).collect()
    }
}
