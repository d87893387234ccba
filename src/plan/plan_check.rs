//! What must hold of every plan, whatever it was made from. A breach is a planner's bug; tests look for one.

use std::collections::BTreeSet;

use crate::model::milestone::Milestone;

use super::action::Action;
use super::known::Known;
use super::plan::Plan;
use super::step::{On, StepId};

/// Breaches of the rules of plans, as sentences. Empty for a sound plan.
///
/// A need is on a step of this plan or an earlier one, or on a milestone that is reached, promised, or owned by
/// an `Enter` that has not ended; steps do not wait for each other in a circle; no milestone is promised twice; no
/// container is stopped twice: only one of the two would be waited for.
pub fn breaches(plan: &Plan, known: &Known, first: StepId) -> Vec<String> {
    let mut out = Vec::new();
    let mut promised = known.promised.clone();
    promised.extend(plan.reached.iter().cloned());
    for milestone in plan.steps.iter().flat_map(|step| &step.reaches) {
        if !promised.insert(milestone.clone()) {
            out.push(format!("{milestone} is promised twice"));
        }
    }
    let mut stopped = BTreeSet::new();
    for step in &plan.steps {
        if let Action::Stop { container, .. } = &step.action
            && !stopped.insert(container)
        {
            out.push(format!("{} stops a container that another step stops", step.id));
        }
    }
    let entered = plan.entered();
    let ids: BTreeSet<StepId> = plan.steps.iter().map(|step| step.id).collect();
    for step in &plan.steps {
        for need in &step.needs {
            match &need.on {
                On::Step(id) if *id >= first && !ids.contains(id) => {
                    out.push(format!("{} needs {id}, which is not there", step.id));
                }
                On::Step(_) => {}
                On::Milestone(milestone) => {
                    let layer = milestone.layer();
                    let owned = entered.iter().any(|inner| layer.is_within(inner))
                        || layer.ancestors().any(|outer| !known.layers.contains_key(&outer));
                    if !promised.contains(milestone) && !owned {
                        out.push(format!("{} needs {milestone}, which nobody reaches", step.id));
                    }
                }
            }
        }
    }
    out.extend(circle(plan));
    out
}

/// Steps that wait for each other in a circle: what is left when all that can run have run.
fn circle(plan: &Plan) -> Option<String> {
    let mut left: Vec<_> = plan.steps.iter().collect();
    let inside: BTreeSet<&Milestone> = plan.steps.iter().flat_map(|step| &step.reaches).collect();
    let mut ended: BTreeSet<StepId> = BTreeSet::new();
    let mut reached: BTreeSet<&Milestone> = BTreeSet::new();
    loop {
        let ids: BTreeSet<StepId> = left.iter().map(|step| step.id).collect();
        let (free, stuck): (Vec<_>, Vec<_>) = left.into_iter().partition(|step| {
            step.needs.iter().all(|need| match &need.on {
                On::Step(id) => ended.contains(id) || !ids.contains(id),
                On::Milestone(milestone) => reached.contains(milestone) || !inside.contains(milestone),
            })
        });
        if free.is_empty() {
            let names: Vec<String> = stuck.iter().map(|step| step.id.to_string()).collect();
            return (!stuck.is_empty()).then(|| format!("these wait for each other: {}", names.join(" ")));
        }
        for step in free {
            ended.insert(step.id);
            reached.extend(&step.reaches);
        }
        left = stuck;
    }
}
