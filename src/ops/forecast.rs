//! What later plans will hold: layers that are not up yet, planned against an empty engine, and those whose node is taken
//! away meanwhile, planned against what is on them, stopped. For `plan`, and for errors that can be told before anything
//! is created; a run plans each layer when its engine answers.

use std::collections::BTreeSet;

use crate::diag::diagnostic::{Diagnostic, Severity};
use crate::diag::diagnostics::Diagnostics;
use crate::model::addr::LayerPath;
use crate::model::container::MountSource;
use crate::model::dial::Dial;
use crate::model::milestone::Milestone;
use crate::model::observed::{ContainerState, Observed};
use crate::model::service::PullPolicy;
use crate::model::topology;
use crate::plan::action::{Action, Enter, NewContainer};
use crate::plan::cause::Cause;
use crate::plan::goal::{Goal, Planning};
use crate::plan::known::{Answered, Known, Layer};
use crate::plan::plan::Plan;
use crate::plan::step::{Resource, StepId};

/// Exit code of what was running when its engine went away: that of SIGKILL.
const KILLED: i64 = 137;

/// The plan of a layer that is not up yet, or goes down and comes up again.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// The layer.
    pub layer: LayerPath,
    /// Its plan, if its engine is new and empty, or has what was on it before.
    pub plan: Plan,
    /// Whether its engine is certain to be: the node and all its volumes are still to be made.
    pub is_new: bool,
}

/// Errors of the plans of layers whose engines are certain to be new. Only labs that can have any are looked at: what
/// a file asks to find on an engine is an image that may not be pulled, or something `external`.
pub fn foreseen(planning: &Planning<'_>, known: &Known, first: &Plan) -> Vec<Diagnostic> {
    let Goal::Up(up) = planning.goal else { return Vec::new() };
    let asks = |layer: &topology::Layer| {
        layer.services.values().any(|service| service.pull_policy == PullPolicy::Never)
            || layer.networks.values().any(|network| network.external)
            || layer.volumes.values().any(|volume| volume.external)
    };
    if !up.lab.topology.layers().into_iter().any(|(_, layer)| asks(layer)) {
        return Vec::new();
    }
    let new = forecast(planning, known, first).into_iter().filter(|it| it.is_new);
    let problems = new.flat_map(|it| it.plan.problems.sorted().into_iter().cloned().collect::<Vec<_>>());
    problems.filter(|problem| problem.severity == Severity::Error).collect()
}

/// Plans every layer that `first` enters, and those inside it. What is on the engine of a node that exists and does not run
/// is not known: it is left out.
pub fn forecast(planning: &Planning<'_>, known: &Known, first: &Plan) -> Vec<Forecast> {
    let mut entered = enters(first);
    if entered.is_empty() {
        return Vec::new();
    }
    let mut known = known.clone();
    let mut out: Vec<Forecast> = Vec::new();
    let mut next_step = first.steps.iter().map(|step| step.id.0 + 1).max().unwrap_or(0);
    known.promised.extend(promised(first));
    while let Some((enter, origin)) = entered.pop() {
        match known.layers.get_mut(&enter.layer) {
            Some(Layer::Answered(answered)) => stand_still(&mut answered.seen),
            Some(Layer::Silent(_)) => continue,
            None if origin == Origin::There => continue,
            None => {
                let parent = enter.layer.parent().unwrap_or_default();
                let home = match &enter.dial {
                    Dial::Parent { .. } => known.home(&parent).cloned().unwrap_or(parent),
                    Dial::Exec { .. } => enter.layer.clone(),
                };
                let answered = Answered { home, seen: Observed::default(), facts: None };
                known.layers.insert(enter.layer.clone(), Layer::Answered(Box::new(answered)));
            }
        }
        let plan = planning.plan(&known, &BTreeSet::from([enter.layer.clone()]), StepId(next_step));
        next_step = plan.steps.iter().map(|step| step.id.0 + 1).max().unwrap_or(next_step);
        known.promised.extend(promised(&plan));
        entered.extend(enters(&plan).into_iter().map(|(inner, its)| (inner, its.min(origin))));
        out.push(Forecast { layer: enter.layer, plan, is_new: origin == Origin::New });
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

/// What a node that is entered was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    /// It is there, running or not.
    There,
    /// It is made, and a volume of it is there: its engine may have kept something.
    Kept,
    /// It is made with all its volumes: its engine is certain to be new.
    New,
}

/// Everything stopped, as an engine that comes up again finds it.
fn stand_still(seen: &mut Observed) {
    for container in &mut seen.containers {
        if matches!(
            container.state,
            ContainerState::Running | ContainerState::Paused | ContainerState::Restarting
        ) {
            container.state = ContainerState::Exited;
            container.exit_code = Some(KILLED);
            container.health = None;
            container.ports.clear();
        }
    }
}

/// The layers that a plan enters, and what their nodes were before.
fn enters(plan: &Plan) -> Vec<(Enter, Origin)> {
    let origin = |node: &Resource| match made_anew(plan, node) {
        None => Origin::There,
        Some(made) if makes_volumes_of(plan, made) => Origin::New,
        Some(_) => Origin::Kept,
    };
    let steps = plan.steps.iter().filter_map(|step| match &step.action {
        Action::Enter(enter) => Some(((**enter).clone(), origin(&step.of))),
        _ => None,
    });
    steps.collect()
}

/// The container of a node that a plan makes and that replaces none.
fn made_anew<'a>(plan: &'a Plan, node: &Resource) -> Option<&'a NewContainer> {
    plan.steps.iter().find_map(|step| match &step.action {
        Action::CreateContainer(made) if step.of == *node && step.cause == Cause::Missing => Some(&**made),
        _ => None,
    })
}

/// Whether a plan makes all named volumes of a container.
fn makes_volumes_of(plan: &Plan, made: &NewContainer) -> bool {
    made.spec.mounts.iter().all(|mount| match &mount.source {
        MountSource::Volume { name: Some(volume), .. } => plan
            .steps
            .iter()
            .any(|step| matches!(&step.action, Action::CreateVolume { name, .. } if name == volume)),
        _ => true,
    })
}

fn promised(plan: &Plan) -> Vec<Milestone> {
    plan.steps.iter().flat_map(|step| &step.reaches).chain(&plan.reached).cloned().collect()
}
