//! Hooks: a program in a container, run to its end; what it says is told as it says it.

use std::collections::VecDeque;

use futures_util::StreamExt;

use crate::engine::engine::{ExecSpec, OutputKind};
use crate::engine::error::EngineError;
use crate::executor::failure::of_step_because;
use crate::executor::log_tail::Lines;
use crate::executor::step_context::{Broken, StepContext};
use crate::model::failure::{Failure, FailureKind, LogTail};
use crate::plan::action::{HookPoint, HookRun};

/// Lines that a failure shows.
const LINES: usize = 10;

/// Runs it, within its limit. No place is taken on the engine: it may run for long.
pub(super) async fn run(
    context: &StepContext,
    container: &str,
    point: HookPoint,
    hook: &HookRun,
) -> Result<(), Broken> {
    let run = to_its_end(context, container, point, hook);
    let Some(limit) = context.hook_limit else { return run.await };
    tokio::time::timeout(limit, run).await.unwrap_or_else(|_elapsed| {
        // An engine ends no exec: only its container's end does.
        let cause = format!("`{}` has run for {limit:?}, and still runs", hook.command.join(" "));
        Err(of_step_because(&context.step, FailureKind::Timeout, vec![cause]).into())
    })
}

async fn to_its_end(
    context: &StepContext,
    container: &str,
    point: HookPoint,
    hook: &HookRun,
) -> Result<(), Broken> {
    let spec = ExecSpec {
        argv: hook.command.clone(),
        env: hook.environment.clone(),
        user: hook.user.clone(),
        working_dir: hook.working_dir.clone(),
        privileged: hook.privileged,
        tty: None,
        stdin: false,
    };
    let mut session = match context.engine().exec(container, &spec).await {
        // It has ended by itself: there is nothing to prepare for (docker/compose `stopContainer`).
        Err(error) if point == HookPoint::PreStop && is_gone(&error) => return Ok(()),
        session => session.map_err(|error| context.failed(&error))?,
    };
    let mut lines = Lines::default();
    let mut tails = [VecDeque::new(), VecDeque::new()];
    let mut say = |kind: OutputKind, line: String| {
        let tail = &mut tails[usize::from(kind == OutputKind::Stderr)];
        if tail.len() == LINES {
            tail.pop_front();
        }
        tail.push_back(line.clone());
        context.says(line);
    };
    while let Some(piece) = session.output.next().await {
        let (kind, bytes) = piece.map_err(|error| context.failed(&error))?;
        lines.push(kind, &bytes).into_iter().for_each(|line| say(kind, line));
    }
    for kind in [OutputKind::Stdout, OutputKind::Stderr] {
        let rest = lines.open(kind);
        if !rest.is_empty() {
            say(kind, rest);
        }
    }
    match session.control.exit_code().await.map_err(|error| context.failed(&error))? {
        Some(0) => Ok(()),
        code => {
            let [out, err] = tails;
            // What it says of its trouble is on standard error, if it says anything there.
            let tail = if err.is_empty() { out } else { err };
            let how =
                code.map_or_else(|| "did not end".to_owned(), |code| format!("exited with code {code}"));
            let causes = vec![format!("`{}` {how}", hook.command.join(" "))];
            let failure = of_step_because(&context.step, FailureKind::Unhealthy, causes);
            let of = format!("{} {}", point.as_str(), context.of());
            let logs = (!tail.is_empty()).then(|| LogTail { of, lines: tail.into() });
            Err(Failure { logs, ..failure }.into())
        }
    }
}

/// Whether a container does not run, or is not there.
fn is_gone(error: &EngineError) -> bool {
    matches!(error.kind, FailureKind::NotFound | FailureKind::Conflict)
}
