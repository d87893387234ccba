//! What a run would do, and the beginning of every run: survey, then the first plan.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::diag::diagnostics::Diagnostics;
use crate::diag::source::SourceMap;
use crate::event::event::CancelLevel;
use crate::event::sink::Sink;
use crate::executor::run::{Before, RunOptions, run};
use crate::executor::settle::survey_settled;
use crate::executor::survey::{Asks, SurveyOptions, Surveyed, ask_for_facts, survey_knowing};
use crate::model::addr::LayerPath;
use crate::plan::goal::Goal;
use crate::plan::known::{Known, Layer};
use crate::plan::plan::Plan;
use crate::plan::step::StepId;

use super::circumstances;
use super::context::Ctx;
use super::error::OpError;
use super::forecast::{Forecast, forecast, foreseen};
use super::host_files::DiskFiles;
use super::lock::{self, Lock};
use super::outcome::RunOutcome;

/// What was observed and what is to be done: everything is decided, nothing is changed yet.
pub struct Prepared {
    /// The goal.
    pub goal: Goal,
    /// What was observed, and the engines.
    pub surveyed: Surveyed,
    /// What is done and looked at again before the lab is planned, where the file asks for it.
    pub refresh: Option<Plan>,
    /// The first plan. It covers every layer that has answered. Where there is a `refresh`, it is what would come
    /// after it if it brings nothing new, with its pulls.
    pub plan: Plan,
    /// How long a hook may run.
    pub hook_limit: Option<Duration>,
    /// How long that took.
    pub before: Before,
    /// Keeps others from the lab as long as it lives.
    pub lock: Option<Lock>,
}

/// Surveys the lab and plans `goal`. A use case that changes the lab has it for itself from here on.
///
/// # Errors
/// When the root engine does not answer, or another run has the lab.
pub async fn prepare(ctx: &Ctx, goal: Goal) -> Result<Prepared, OpError> {
    let began = Instant::now();
    let facts = ctx.root.facts().await?;
    let asked = began.elapsed();
    let lock = match &ctx.lock {
        Some(options) => lock::take(options, ctx.limits.lock, goal.project(), &facts.id).await?,
        None => None,
    };
    let options = SurveyOptions {
        project: Some(goal.project().clone()),
        paths: goal.paths().to_vec(),
        asks: Asks::Lists,
        patience: ctx.limits.answer,
    };
    // A wait for another run is not this one's time.
    let began = Instant::now();
    let root = Arc::clone(&ctx.root);
    let mut surveyed = if lock.as_ref().is_some_and(|lock| lock.follows_a_killed_run) {
        survey_settled(root, facts, &options).await?
    } else {
        survey_knowing(root, facts, &options).await?
    };
    if let Goal::Up(up) = &goal
        && up.way.images_only.is_none()
    {
        circumstances::add(&mut surveyed, ctx, &up.lab.topology).await?;
    }
    let survey = asked + began.elapsed();
    let began = Instant::now();
    let answered = surveyed.known.layers.iter().filter(|(_, layer)| matches!(layer, Layer::Answered(_)));
    let scope: BTreeSet<LayerPath> = answered.map(|(path, _)| path.clone()).collect();
    let planning = goal.planning();
    let refresh = planning.refresh(&surveyed.known, StepId(0));
    let first = |known: &Known| match &refresh {
        None => planning.plan(known, &scope, StepId(0)),
        Some(refresh) => {
            let mut known = known.clone();
            known.promised.extend(refresh.steps.iter().flat_map(|step| &step.reaches).cloned());
            let next = refresh.steps.iter().map(|step| step.id.0 + 1).max().unwrap_or(0);
            let mut plan = planning.plan(&known, &scope, StepId(next));
            plan.steps.splice(0..0, refresh.steps.iter().filter(|step| step.action.is_change()).cloned());
            plan
        }
    };
    let mut plan = first(&surveyed.known);
    // What inner engines are counts only where something is to be made: most runs of a lab make nothing.
    if matches!(goal, Goal::Up(_)) && !plan.is_empty() && surveyed.known.layers.len() > 1 {
        ask_for_facts(&mut surveyed.known, &surveyed.engines).await;
        plan = first(&surveyed.known);
    }
    let foreseen = foreseen(&planning, &surveyed.known, &plan);
    foreseen.into_iter().for_each(|problem| plan.problems.push(problem));
    let before = Before { survey, plan: began.elapsed() };
    Ok(Prepared { goal, surveyed, refresh, plan, hook_limit: ctx.limits.hook, before, lock })
}

impl Prepared {
    /// What layers that are not up yet will need.
    pub fn forecast(&self) -> Vec<Forecast> {
        forecast(&self.goal.planning(), &self.surveyed.known, &self.plan)
    }

    /// Carries out what was prepared. `parallel`: calls at once on the root engine.
    pub async fn carry_out(
        self,
        parallel: Option<NonZeroUsize>,
        sink: &mut dyn Sink,
        cancel: watch::Receiver<Option<CancelLevel>>,
    ) -> RunOutcome {
        // Others are kept from the lab until the run is over.
        let _lock = self.lock;
        let files = Arc::new(DiskFiles);
        let (command, hook_limit) = (self.goal.command(), self.hook_limit);
        let options = RunOptions { command, parallel, files, hook_limit, before: self.before };
        let first = self.refresh.unwrap_or(self.plan);
        let outcome: RunOutcome = run(&self.goal, self.surveyed, first, &options, sink, cancel).await.into();
        match &self.goal {
            Goal::Up(up) => outcome.of_lab(&up.lab.topology),
            Goal::Down(_) | Goal::Life(_) => outcome,
        }
    }

    /// Itself, unless the plan shows that it cannot work.
    ///
    /// # Errors
    /// [`OpError::Refused`] with all problems when one of them is an error.
    pub fn accepted(self, sources: &Arc<SourceMap>) -> Result<Self, OpError> {
        if self.plan.problems.has_errors() {
            let diagnostics: Diagnostics = self.plan.problems;
            return Err(OpError::Refused { diagnostics, sources: Arc::clone(sources) });
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::sink::Recorder;
    use crate::ops::test_lab::{LockPlace, carry_out, engine, lab, up};
    use crate::plan::goal::Down;

    const LAB: &str = "{name: lab, services: {web: {image: nginx}}}";

    /// An engine goes on with the last call of who was killed.
    #[tokio::test(start_paused = true)]
    async fn a_down_takes_away_what_comes_a_moment_after_a_run_was_killed() {
        let (engine, ctx) = engine();
        let (place, told) = (LockPlace::new(), Arc::default());
        let project = lab(LAB).lab.topology.project.clone();
        place.leave_lock(&project, &ctx.root.facts().await.expect("it answers").id);
        let locking = Ctx::new(engine.shared(), ctx.endpoint.clone()).locking(place.options(&told));
        let (volumes, grace, patience, rmi, part) = (false, None, None, None, None);
        let down = Goal::Down(Down { project, volumes, grace, patience, rmi, part });
        let under_way = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            up(&ctx, LAB).await
        };
        let (down, _) = tokio::join!(prepare(&locking, down), under_way);
        carry_out(down.expect("nothing stands in the way"), &mut Recorder::default()).await;
        assert_eq!(engine.container("lab-web-1"), None);
        assert_eq!(place.files(), [""; 0], "the lock is gone with its holder");
    }
}
