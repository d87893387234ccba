//! From the model to version 1 of the machine output.

use crate::diag::diagnostic::Diagnostic;
use crate::diag::source::SourceMap;
use crate::event::event::{CancelLevel, EventKind, StepInfo, Unit, WaitReason};
use crate::event::outcome::Outcome;
use crate::model::addr::LayerPath;
use crate::model::facts::Facts;
use crate::model::failure::{Failure, FailureKind};
use crate::model::observed::ContainerState;
use crate::model::status::{LabStatus, ProjectStatus, ServiceStatus};
use crate::plan::field::Field;
use crate::plan::plan::Plan;
use crate::plan::step::{Group, Must, Need, On};
use crate::plan::thing::{Thing, things};
use crate::{diag, event, model};

use super::event::Event;
use super::v1;
use crate::report::diagnostic::severity_word;

/// A value as text, on one line.
pub fn to_line(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string(value).expect("the mirror types hold nothing that JSON cannot");
    text.push('\n');
    text
}

/// A value as text, indented.
pub fn to_text(value: &impl serde::Serialize) -> String {
    let mut text =
        serde_json::to_string_pretty(value).expect("the mirror types hold nothing that JSON cannot");
    text.push('\n');
    text
}

/// The rows of `ps`.
pub fn containers(status: &LabStatus) -> Vec<v1::Container> {
    let silent = |service: &ServiceStatus| {
        status.silent.iter().any(|(layer, _)| layer.node().as_ref() == Some(&service.addr))
    };
    status
        .services
        .iter()
        .map(|service| {
            let node_runs = service.kind.is_some() && service.state == ContainerState::Running;
            let answers = node_runs.then(|| !silent(service));
            container(service, answers)
        })
        .collect()
}

fn container(service: &ServiceStatus, engine_answers: Option<bool>) -> v1::Container {
    v1::Container {
        address: service.addr.to_string(),
        kind: service.kind.clone(),
        one_off: service.one_off,
        service: service.addr.service().to_string(),
        number: service.addr.number(),
        container: service.container.clone(),
        id: service.id.clone(),
        image: service.image.clone(),
        state: service.state.as_str(),
        health: service.health.map(model::observed::Health::as_str),
        exit_code: service.exit_code,
        ports: service
            .ports
            .iter()
            .map(|port| v1::Port {
                host_ip: port.host_ip.clone(),
                host: port.host,
                container: port.container,
                protocol: port.protocol.as_str(),
            })
            .collect(),
        engine: service.engine.to_string(),
        engine_version: service.engine_version.clone(),
        engine_answers,
        inside_seen: service.inside_seen,
        created: service.created,
    }
}

/// The rows of `ls`.
pub fn projects(projects: &[ProjectStatus]) -> Vec<v1::Project> {
    let row = |project: &ProjectStatus| v1::Project {
        name: project.project.to_string(),
        containers: project.containers,
        running: project.running,
        nodes: project.nodes,
    };
    projects.iter().map(row).collect()
}

/// The checks of `doctor`.
pub fn checks(checks: &[model::check::Check]) -> Vec<v1::Check> {
    let row = |check: &model::check::Check| v1::Check {
        name: check.name,
        verdict: check.verdict.as_str(),
        found: check.found.clone(),
        advice: check.advice.clone(),
    };
    checks.iter().map(row).collect()
}

/// Versions.
pub fn version(client: &str, facts: Option<&Facts>) -> v1::Version {
    v1::Version {
        client: client.to_owned(),
        engine: facts.map(|facts| v1::EngineVersion {
            version: facts.version.clone(),
            api_version: facts.api_version.clone(),
            os: facts.os.clone(),
            arch: facts.arch.clone(),
            kernel: facts.kernel.clone(),
        }),
    }
}

/// A plan. `later`: plans of layers that are not up yet; `found`: all that is wrong with any of them.
pub fn plan(
    project: &str,
    plan: &Plan,
    later: &[(LayerPath, &Plan)],
    found: &diag::diagnostics::Diagnostics,
    sources: &SourceMap,
) -> v1::Plan {
    let steps = |plan: &Plan| plan.steps.iter().map(|it| step(&StepInfo::of(it))).collect();
    let later = later.iter().map(|(layer, plan)| v1::Later {
        layer: layer.to_string(),
        things: things(plan).iter().map(thing).collect(),
        steps: steps(plan),
    });
    v1::Plan {
        project: project.to_owned(),
        changes: !plan.is_empty(),
        things: things(plan).iter().map(thing).collect(),
        steps: steps(plan),
        later: later.collect(),
        problems: problems(found, sources),
    }
}

/// Problems in the order of their places.
pub fn problems(diagnostics: &diag::diagnostics::Diagnostics, sources: &SourceMap) -> Vec<v1::Problem> {
    diagnostics.sorted().into_iter().map(|it| problem(it, sources)).collect()
}

fn problem(diagnostic: &Diagnostic, sources: &SourceMap) -> v1::Problem {
    v1::Problem {
        severity: severity_word(diagnostic.severity),
        code: diagnostic.code.as_str(),
        message: diagnostic.message.clone(),
        places: diagnostic
            .labels
            .iter()
            .map(|label| v1::Place { at: sources.place(label.span), label: label.text.clone() })
            .collect(),
        help: diagnostic.help.clone(),
    }
}

fn thing(it: &Thing<'_>) -> v1::Thing {
    v1::Thing {
        of: it.of.to_string(),
        layer: it.layer.to_string(),
        effect: it.effect.as_str(),
        action: it.word,
        cause: it.causes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        fields: it.causes.iter().flat_map(|cause| cause.fields()).map(field).collect(),
    }
}

fn field(it: &Field) -> v1::Field {
    v1::Field {
        path: it.path.clone(),
        change: it.change().as_str(),
        from: it.from.shown().map(str::to_owned),
        to: it.to.shown().map(str::to_owned),
    }
}

fn step(info: &StepInfo) -> v1::Step {
    v1::Step {
        id: info.id.0,
        layer: info.layer.to_string(),
        of: info.of.to_string(),
        action: info.verb,
        change: info.change,
        cause: info.cause.to_string(),
        fields: info.cause.fields().iter().map(field).collect(),
        group: info.group.map(|group| match group {
            Group::Up => "up",
            Group::Recreate => "recreate",
            Group::Down => "down",
        }),
        needs: info.needs.iter().map(need).collect(),
        reaches: info.reaches.iter().map(ToString::to_string).collect(),
    }
}

fn need(need: &Need) -> String {
    let on = match &need.on {
        On::Step(id) => id.to_string(),
        On::Milestone(milestone) => milestone.to_string(),
    };
    match need.must {
        Must::Succeed => on,
        Must::End => format!("{on} (ended)"),
    }
}

fn failure(failure: &Failure) -> v1::Failure {
    v1::Failure {
        kind: match failure.kind {
            FailureKind::NotFound => "not-found",
            FailureKind::Conflict => "conflict",
            FailureKind::Unauthorized => "unauthorized",
            FailureKind::Unreachable => "unreachable",
            FailureKind::Timeout => "timeout",
            FailureKind::Unhealthy => "unhealthy",
            FailureKind::Engine => "engine",
        },
        summary: failure.summary.clone(),
        causes: failure.causes.clone(),
        log_of: failure.logs.as_ref().map(|logs| logs.of.clone()),
        log: failure.logs.as_ref().map_or(Vec::new(), |logs| logs.lines.clone()),
    }
}

/// A line of the event stream.
pub fn line(it: &event::event::Event, sources: &SourceMap) -> String {
    let texts = |layers: &[model::addr::LayerPath]| layers.iter().map(ToString::to_string).collect();
    let event = match &it.kind {
        EventKind::RunStarted { project, command } => {
            Event::RunStarted { project: project.to_string(), command }
        }
        EventKind::Surveyed { answered, silent } => {
            Event::Surveyed { answered: texts(answered), silent: texts(silent) }
        }
        EventKind::LayerPlanned { layers, steps, unchanged } => Event::LayerPlanned {
            layers: texts(layers),
            steps: steps.iter().map(step).collect(),
            unchanged: unchanged.iter().map(ToString::to_string).collect(),
        },
        EventKind::StepStarted { step } => Event::StepStarted { step: step.0 },
        EventKind::StepProgress { step, done, total, unit } => Event::StepProgress {
            step: step.0,
            done: *done,
            total: *total,
            unit: match unit {
                Unit::Bytes => "bytes",
                Unit::Layers => "layers",
            },
        },
        EventKind::StepWaiting { step, on } => Event::StepWaiting {
            step: step.0,
            on: match on {
                WaitReason::Health => "health",
                WaitReason::Exit => "exit",
                WaitReason::Boot => "boot",
                WaitReason::Engine => "engine",
                WaitReason::Permit => "permit",
            },
        },
        EventKind::StepFinished { step, outcome, took } => Event::StepFinished {
            step: step.0,
            outcome: match outcome {
                Outcome::Done => "done",
                Outcome::Failed(_) => "failed",
                Outcome::Skipped { .. } => "skipped",
                Outcome::Cancelled => "cancelled",
            },
            failure: match outcome {
                Outcome::Failed(it) => Some(failure(it)),
                Outcome::Done | Outcome::Skipped { .. } | Outcome::Cancelled => None,
            },
            because: match outcome {
                Outcome::Skipped { because } => because.map(|id| id.0),
                Outcome::Done | Outcome::Failed(_) | Outcome::Cancelled => None,
            },
            took: took.as_secs_f64(),
        },
        EventKind::StepSaid { step, line } => Event::StepSaid { step: step.0, line: line.clone() },
        EventKind::StepRetrying { step, because, pause } => {
            Event::StepRetrying { step: step.0, because: because.clone(), pause: pause.as_secs_f64() }
        }
        EventKind::LookingAgain { because, attempt } => {
            Event::LookingAgain { because: because.clone(), attempt: *attempt }
        }
        EventKind::Warned { diagnostic } => Event::Warned { problem: problem(diagnostic, sources) },
        EventKind::Cancelling { level } => Event::Cancelling {
            level: match level {
                CancelLevel::Drain => "drain",
                CancelLevel::Abort => "abort",
            },
        },
        EventKind::RunFinished { summary, services, timings } => Event::RunFinished {
            success: summary.is_success(),
            changed: summary.changed,
            failed: summary.failed,
            skipped: summary.skipped,
            cancelled: summary.cancelled,
            problems: summary.problems,
            interrupted: summary.interrupted,
            took: summary.took.as_secs_f64(),
            services: services.iter().map(|service| container(service, None)).collect(),
            timings: timings.as_ref().into(),
        },
    };
    // Put together as text, so that the common fields stand first in every line.
    let text = to_line(&event);
    format!("{{\"v\":1,\"seq\":{},\"at\":{:?},{}", it.seq, it.at.as_secs_f64(), &text[1..])
}
