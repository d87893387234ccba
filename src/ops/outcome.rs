//! What came of a run, for whoever asked for it.

use crate::event::outcome::Summary;
use crate::event::timings::Timings;
use crate::executor::run::RunReport;
use crate::model::addr::Addr;
use crate::model::failure::Failure;
use crate::plan::step::Resource;

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
        });
        Self { failed: failed.collect(), summary: report.summary, timings: report.timings }
    }
}

impl RunOutcome {
    /// Whether all went well.
    pub fn is_success(&self) -> bool {
        self.summary.is_success() && self.failed.is_empty()
    }
}
