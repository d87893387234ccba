//! A plan as a value.

use std::fmt;

use crate::diag::diagnostics::Diagnostics;
use crate::model::addr::LayerPath;
use crate::model::milestone::Milestone;

use super::action::Action;
use super::step::{Must, On, Step};

/// Steps in an order in which every step follows what it needs (of this plan), what is reached already, and
/// problems. An error among the problems of the first plan refuses the run; in a later plan it fails the
/// `Enter` that asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// Milestones that hold without any step.
    pub reached: Vec<Milestone>,
    /// What is wrong or worth a warning.
    pub problems: Diagnostics,
}

impl Plan {
    /// Whether carrying it out changes nothing.
    pub fn is_empty(&self) -> bool {
        !self.steps.iter().any(|step| step.action.is_change())
    }

    /// The layers whose engines it enters.
    pub(super) fn entered(&self) -> Vec<&LayerPath> {
        let layers = self.steps.iter().filter_map(|step| match &step.action {
            Action::Enter(enter) => Some(&enter.layer),
            _ => None,
        });
        layers.collect()
    }
}

impl fmt::Display for Plan {
    /// One line a step: `#3 start vm1 (not running) after #1 #2, vm1/web started`. What tests compare.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            write!(f, "{} {} {} ({})", step.id, step.action.verb(), step.of, step.cause)?;
            for (i, need) in step.needs.iter().enumerate() {
                f.write_str(if i == 0 { " after " } else { ", " })?;
                match &need.on {
                    On::Step(id) => write!(f, "{id}")?,
                    On::Milestone(milestone) => write!(f, "{milestone}")?,
                }
                if need.must == Must::End {
                    f.write_str(" (ended)")?;
                }
            }
            for (i, milestone) in step.reaches.iter().enumerate() {
                f.write_str(if i == 0 { " => " } else { ", " })?;
                write!(f, "{milestone}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
