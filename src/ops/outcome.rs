//! What came of a run, for whoever asked for it.

use crate::event::outcome::Summary;
use crate::event::timings::Timings;
use crate::executor::run::RunReport;
use crate::model::addr::Addr;
use crate::model::failure::Failure;
use crate::model::topology::Topology;
use crate::plan::claims;
pub use crate::plan::claims::PortClaim;
use crate::plan::step::Resource;

/// How engines say that a port of their machine is in use.
const BUSY: [&str; 2] = ["port is already allocated", "address already in use"];

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOutcome {
    /// How it went.
    pub summary: Summary,
    /// What failed.
    pub failed: Vec<Failed>,
    /// Where the time went.
    pub timings: Timings,
}

/// Something that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// What it was about: `vm1/web`, `image nginx`.
    pub of: String,
    /// The service, if it was about one.
    pub addr: Option<Addr>,
    /// Whether it was about an image.
    pub image: bool,
    /// Why.
    pub failure: Failure,
    /// What was skipped because of it.
    pub skipped: Vec<String>,
    /// The port of the file that something outside of the lab holds, where that is why.
    pub busy: Option<PortClaim>,
}

impl From<RunReport> for RunOutcome {
    fn from(report: RunReport) -> Self {
        let failed = report.failures.into_iter().map(|failed| Failed {
            of: failed.of.to_string(),
            addr: match &failed.of {
                Resource::Service(addr) => Some(addr.clone()),
                Resource::Layer(layer) => layer.node(),
                Resource::Network(..) | Resource::Volume(..) | Resource::Image(..) => None,
            },
            image: matches!(failed.of, Resource::Image(..)),
            failure: failed.failure,
            skipped: failed.skipped.iter().map(ToString::to_string).collect(),
            busy: None,
        });
        Self { failed: failed.collect(), summary: report.summary, timings: report.timings }
    }
}

impl RunOutcome {
    /// Itself, with the ports that `topology` asks for where they are why something failed.
    #[must_use]
    pub(super) fn of_lab(mut self, topology: &Topology) -> Self {
        for failed in &mut self.failed {
            let causes =
                failed.failure.causes.iter().filter(|cause| BUSY.iter().any(|it| cause.contains(it)));
            let causes: Vec<&String> = causes.collect();
            let Some(addr) = failed.addr.as_ref().filter(|_| !causes.is_empty()) else { continue };
            let is_named = |claim: &PortClaim| causes.iter().any(|cause| names_port(cause, claim.number));
            failed.busy = claims::ports_of(topology, addr).into_iter().find(is_named);
        }
        self
    }

    /// Whether all went well.
    pub fn is_success(&self) -> bool {
        self.summary.is_success() && self.failed.is_empty()
    }
}

/// Whether a text has `:port` in it, as engines write it behind an address.
fn names_port(text: &str, port: u16) -> bool {
    let port = format!(":{port}");
    text.match_indices(&port).any(|(at, _)| {
        let next = text[at + port.len()..].chars().next();
        !next.is_some_and(|next| next.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests;
