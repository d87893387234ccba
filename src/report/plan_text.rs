//! A plan as people read it: per layer, one line a service, with its sign and its cause.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::model::addr::LayerPath;
use crate::model::name::ProjectName;
use crate::plan::action::Action;
use crate::plan::cause::Cause;
use crate::plan::plan::Plan;
use crate::plan::step::{Group, Resource, Step};

use super::style::{Style, Symbol, Tone};
use super::width::{cut, pad, width};

/// What is done with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Create,
    Recreate,
    Start,
    Remove,
    Stop,
    Other,
}

/// The plan, layer by layer, and the counts. `unreached`: layers of the file that are planned once their engine
/// answers.
pub fn render(plan: &Plan, project: &ProjectName, style: Style, columns: usize) -> String {
    let mut layers: BTreeMap<LayerPath, BTreeMap<(usize, &Resource), Vec<&Step>>> = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| step.action.is_change()) {
        // Services after what they stand on.
        let rank = usize::from(matches!(step.of, Resource::Service(_)));
        layers.entry(layer_of(step)).or_default().entry((rank, &step.of)).or_default().push(step);
    }
    let mut out = String::new();
    let mut counts: BTreeMap<Sign, usize> = BTreeMap::new();
    for (layer, things) in &layers {
        let head = if layer.is_root() { project.to_string() } else { layer.to_string() };
        let note = if layer.is_root() { "" } else { " (inside)" };
        writeln!(out, "{}{}", style.paint(Tone::Strong, &head), style.paint(Tone::Faint, note))
            .expect("a string");
        let name_columns = things.keys().map(|(_, of)| width(&name(of))).max().unwrap_or(0).min(columns / 2);
        for ((_, of), steps) in things {
            let (sign, word, cause) = verdict(steps);
            *counts.entry(sign).or_default() += 1;
            let (symbol, tone) = look(sign, style);
            let left = format!("{}  {}", pad(&cut(&name(of), name_columns, style), name_columns), word);
            let room = columns.saturating_sub(6 + width(&left));
            let cause = cut(&cause.to_string(), room, style);
            writeln!(out, "  {} {left}  {}", style.paint(tone, symbol), style.paint(Tone::Faint, &cause))
                .expect("a string");
        }
    }
    let later: Vec<String> = plan
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Enter(enter) => Some(enter.layer.to_string()),
            _ => None,
        })
        .collect();
    if !later.is_empty() {
        let text = format!("planned once their engine answers: {}", later.join(", "));
        writeln!(out, "{}", style.paint(Tone::Faint, &cut(&text, columns, style))).expect("a string");
    }
    if layers.is_empty() && later.is_empty() {
        writeln!(out, "{} nothing to do", style.paint(Tone::Good, style.symbol(Symbol::Done)))
            .expect("a string");
    } else {
        let parts: Vec<String> =
            counts.iter().map(|(sign, n)| format!("{n} to {}", infinitive(*sign))).collect();
        let text = if parts.is_empty() {
            "nothing to change where an engine answers".to_owned()
        } else {
            parts.join(", ")
        };
        writeln!(out, "\n{text}").expect("a string");
    }
    out
}

/// The layer under which a step is shown: that of the thing, not that of the engine called.
fn layer_of(step: &Step) -> LayerPath {
    match &step.of {
        Resource::Service(addr) => addr.layer(),
        Resource::Network(layer, _)
        | Resource::Volume(layer, _)
        | Resource::Image(layer, _)
        | Resource::Layer(layer) => layer.clone(),
    }
}

/// The name within its layer.
fn name(of: &Resource) -> String {
    match of {
        Resource::Service(addr) => addr.part().to_string(),
        Resource::Network(_, name) => format!("network {name}"),
        Resource::Volume(_, name) => format!("volume {name}"),
        Resource::Image(_, name) => format!("image {name}"),
        Resource::Layer(_) => "layer".to_owned(),
    }
}

/// All steps of one thing in one word, with the cause that explains it.
fn verdict<'a>(steps: &[&'a Step]) -> (Sign, &'static str, &'a Cause) {
    let has = |wanted: fn(&Action) -> bool| steps.iter().find(|step| wanted(&step.action));
    let cause = |step: &&'a Step| &step.cause;
    if steps.iter().any(|step| step.group == Some(Group::Recreate)) {
        let why = steps.iter().find(|step| !matches!(step.cause, Cause::Replaces)).unwrap_or(&steps[0]);
        return (Sign::Recreate, "recreate", cause(why));
    }
    if let Some(step) = has(|action| {
        matches!(
            action,
            Action::CreateContainer(_) | Action::CreateNetwork { .. } | Action::CreateVolume { .. }
        )
    }) {
        return (Sign::Create, "create", cause(step));
    }
    if let Some(step) = has(|action| {
        matches!(action, Action::Remove { .. } | Action::RemoveNetwork { .. } | Action::RemoveVolume { .. })
    }) {
        return (Sign::Remove, "remove", cause(step));
    }
    if let Some(step) = has(|action| matches!(action, Action::Start { .. } | Action::Unpause { .. })) {
        return (Sign::Start, "start", cause(step));
    }
    if let Some(step) = has(|action| matches!(action, Action::Stop { .. } | Action::Kill { .. })) {
        return (Sign::Stop, "stop", cause(step));
    }
    (Sign::Other, steps[0].action.verb(), &steps[0].cause)
}

const fn look(sign: Sign, style: Style) -> (&'static str, Tone) {
    match sign {
        Sign::Create => ("+", Tone::Good),
        Sign::Recreate => ("~", Tone::Warn),
        Sign::Start => (style.symbol(Symbol::Play), Tone::Busy),
        Sign::Remove => ("-", Tone::Bad),
        Sign::Stop => (style.symbol(Symbol::Cancelled), Tone::Warn),
        Sign::Other => (style.symbol(Symbol::Dot), Tone::Faint),
    }
}

const fn infinitive(sign: Sign) -> &'static str {
    match sign {
        Sign::Create => "create",
        Sign::Recreate => "recreate",
        Sign::Start => "start",
        Sign::Remove => "remove",
        Sign::Stop => "stop",
        Sign::Other => "prepare",
    }
}
