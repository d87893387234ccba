//! What the state of a container means for who waits for it. Pure.

use std::time::Duration;

use crate::event::event::WaitReason;
use crate::model::milestone::Stage;
use crate::model::observed::{ContainerDetail, ContainerState, Health};

/// A container without a health check is taken to be ready when it has run so long.
pub(super) const SETTLE: Duration = Duration::from_millis(250);
/// So many restarts by its own policy are taken for a container that will not come up.
const RESTARTS: i64 = 5;

/// What a state means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The stage is reached.
    Done,
    /// Not yet, and this is what would change it.
    Wait(WaitReason),
    /// It is reached if the container still runs in a moment.
    Settle,
    /// It will not be reached, for these reasons, the main one first.
    Failed(Vec<String>),
}

/// Whether the container has processes, or its engine is about to start it again.
pub(super) const fn is_alive(detail: &ContainerDetail) -> bool {
    matches!(detail.state, ContainerState::Running | ContainerState::Paused | ContainerState::Restarting)
}

/// What the state `detail` means for who waits for `stage`. `settled`: it has run for [`SETTLE`].
pub(super) fn verdict(stage: Stage, detail: &ContainerDetail, settled: bool) -> Verdict {
    use ContainerState::{Created, Dead, Exited, Paused, Removing, Restarting, Running};
    match (detail.state, stage) {
        (Removing | Dead, _) => Verdict::Failed(vec!["the container was removed".to_owned()]),
        (_, Stage::Created) | (Running, Stage::Started | Stage::EngineUp) => Verdict::Done,
        (Created, _) if !detail.error.is_empty() => Verdict::Failed(vec![detail.error.clone()]),
        (Created | Paused, _) | (Running, Stage::Completed) => Verdict::Wait(WaitReason::Exit),
        (Exited, Stage::Started | Stage::Completed | Stage::Ready) if detail.exit_code == 0 => Verdict::Done,
        (Exited, _) => Verdict::Failed(vec![exit(detail)]),
        (Restarting, Stage::Ready) => {
            Verdict::Failed(vec![format!("{} and is restarted again and again", exit(detail))])
        }
        (Restarting, _) if detail.restarts >= RESTARTS => {
            Verdict::Failed(vec![format!("{} and was restarted {} times", exit(detail), detail.restarts)])
        }
        (Restarting, stage) => {
            let until_it_ends = stage == Stage::Completed;
            Verdict::Wait(if until_it_ends { WaitReason::Exit } else { WaitReason::Health })
        }
        (Running, Stage::Healthy | Stage::Ready) => match detail.health {
            Some(Health::Healthy) => Verdict::Done,
            Some(Health::Starting) => Verdict::Wait(WaitReason::Health),
            Some(Health::Unhealthy) => Verdict::Failed(unhealthy(detail)),
            None if stage == Stage::Healthy => Verdict::Failed(vec!["it has no health check".to_owned()]),
            None if settled => Verdict::Done,
            None => Verdict::Settle,
        },
    }
}

/// How the container ended.
pub(super) fn exit(detail: &ContainerDetail) -> String {
    let mut text = format!("it exited with code {}", detail.exit_code);
    if detail.oom_killed {
        text.push_str(", killed for want of memory");
    }
    if !detail.error.is_empty() {
        text.push_str(": ");
        text.push_str(&detail.error);
    }
    text
}

/// The health check's last words.
pub(super) fn unhealthy(detail: &ContainerDetail) -> Vec<String> {
    let mut causes = vec!["its health check fails".to_owned()];
    causes.extend(last_check(detail));
    causes
}

/// Output of the last run of the health check, if it said something.
pub(super) fn last_check(detail: &ContainerDetail) -> Option<String> {
    let output = detail.health_output.as_deref().map(str::trim).filter(|output| !output.is_empty())?;
    Some(format!("last check: {output}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(state: ContainerState, health: Option<Health>, exit_code: i64) -> ContainerDetail {
        ContainerDetail {
            id: "1".to_owned(),
            state,
            health,
            health_output: Some(" no route \n".to_owned()),
            exit_code,
            error: String::new(),
            oom_killed: false,
            restarts: 0,
            started_at: "2020-01-01T00:00:00Z".to_owned(),
            finished_at: String::new(),
            tty: false,
            pid: 1,
        }
    }

    fn failed(reason: &str) -> Verdict {
        Verdict::Failed(vec![reason.to_owned()])
    }

    #[test]
    fn a_container_without_a_health_check_is_ready_when_it_keeps_running() {
        let running = detail(ContainerState::Running, None, 0);
        assert_eq!(verdict(Stage::Ready, &running, false), Verdict::Settle);
        assert_eq!(verdict(Stage::Ready, &running, true), Verdict::Done);
        assert_eq!(verdict(Stage::Healthy, &running, true), failed("it has no health check"));
        assert_eq!(verdict(Stage::Started, &running, false), Verdict::Done);
    }

    #[test]
    fn a_health_check_decides_about_healthy_and_ready() {
        for stage in [Stage::Healthy, Stage::Ready] {
            let with = |health| verdict(stage, &detail(ContainerState::Running, Some(health), 0), true);
            assert_eq!(with(Health::Starting), Verdict::Wait(WaitReason::Health));
            assert_eq!(with(Health::Healthy), Verdict::Done);
            let causes = ["its health check fails", "last check: no route"].map(str::to_owned).to_vec();
            assert_eq!(with(Health::Unhealthy), Verdict::Failed(causes));
        }
    }

    #[test]
    fn the_exit_code_decides_about_an_ended_container() {
        let good = detail(ContainerState::Exited, None, 0);
        let bad = detail(ContainerState::Exited, None, 3);
        for stage in [Stage::Started, Stage::Completed, Stage::Ready] {
            assert_eq!(verdict(stage, &good, false), Verdict::Done, "{stage}");
            assert_eq!(verdict(stage, &bad, false), failed("it exited with code 3"), "{stage}");
        }
        assert_eq!(verdict(Stage::Healthy, &good, false), failed("it exited with code 0"));
        let running = detail(ContainerState::Running, None, 0);
        assert_eq!(verdict(Stage::Completed, &running, true), Verdict::Wait(WaitReason::Exit));
    }

    #[test]
    fn a_container_in_a_restart_loop_is_not_ready_but_may_become_healthy() {
        let mut looping = detail(ContainerState::Restarting, None, 1);
        let ready = verdict(Stage::Ready, &looping, false);
        assert_eq!(ready, failed("it exited with code 1 and is restarted again and again"));
        assert_eq!(verdict(Stage::Healthy, &looping, false), Verdict::Wait(WaitReason::Health));
        looping.restarts = RESTARTS;
        let healthy = verdict(Stage::Healthy, &looping, false);
        assert_eq!(healthy, failed("it exited with code 1 and was restarted 5 times"));
    }
}
