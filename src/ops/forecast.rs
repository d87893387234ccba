//! What later plans will hold: layers that are not up yet, planned against an empty engine. For `plan` only; a run
//! plans each layer when its engine answers.

use std::collections::BTreeSet;

use crate::diag::diagnostics::Diagnostics;
use crate::model::addr::LayerPath;
use crate::model::dial::Dial;
use crate::model::milestone::Milestone;
use crate::model::observed::Observed;
use crate::plan::action::{Action, Enter};
use crate::plan::goal::Goal;
use crate::plan::known::{Answered, Known, Layer};
use crate::plan::plan::Plan;
use crate::plan::step::StepId;

/// The plan of a layer that is not up yet.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// The layer.
    pub layer: LayerPath,
    /// Its plan, if its engine is new and empty.
    pub plan: Plan,
}

/// Plans every layer that `first` enters and that was never observed, and those inside it. A layer that was
/// observed is planned once its node is back: what is on it then is not known.
pub fn forecast(goal: &Goal, known: &Known, first: &Plan) -> Vec<Forecast> {
    let mut known = known.clone();
    let mut out: Vec<Forecast> = Vec::new();
    let mut next_step = first.steps.iter().map(|step| step.id.0 + 1).max().unwrap_or(0);
    let mut entered = enters(first);
    known.promised.extend(promised(first));
    while let Some(enter) = entered.pop() {
        if known.layers.contains_key(&enter.layer) {
            continue;
        }
        let parent = enter.layer.parent().unwrap_or_default();
        let home = match &enter.dial {
            Dial::Parent { .. } => known.home(&parent).cloned().unwrap_or(parent),
            Dial::Exec { .. } => enter.layer.clone(),
        };
        let answered = Answered { home, seen: Observed::default(), facts: None };
        known.layers.insert(enter.layer.clone(), Layer::Answered(Box::new(answered)));
        let plan = goal.plan(&known, &BTreeSet::from([enter.layer.clone()]), StepId(next_step));
        next_step = plan.steps.iter().map(|step| step.id.0 + 1).max().unwrap_or(next_step);
        known.promised.extend(promised(&plan));
        entered.extend(enters(&plan));
        out.push(Forecast { layer: enter.layer, plan });
    }
    out.sort_by(|a, b| a.layer.cmp(&b.layer));
    out
}

/// Everything that is wrong with the first plan or a later one.
pub fn problems(first: &Plan, later: &[Forecast]) -> Diagnostics {
    let mut out = first.problems.clone();
    later.iter().for_each(|it| out.extend(it.plan.problems.clone()));
    out
}

fn enters(plan: &Plan) -> Vec<Enter> {
    let steps = plan.steps.iter().filter_map(|step| match &step.action {
        Action::Enter(enter) => Some((**enter).clone()),
        _ => None,
    });
    steps.collect()
}

fn promised(plan: &Plan) -> Vec<Milestone> {
    plan.steps.iter().flat_map(|step| &step.reaches).chain(&plan.reached).cloned().collect()
}
