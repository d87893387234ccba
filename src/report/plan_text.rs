//! A plan as people read it: per layer, one line a service, with its sign and its cause.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::addr::LayerPath;
use crate::model::name::ProjectName;
use crate::plan::action::Action;
use crate::plan::cause::Cause;
use crate::plan::plan::Plan;
use crate::plan::step::Resource;
use crate::plan::thing::{Effect, Thing, things};

use super::style::{Style, Symbol, Tone};
use super::width::{cut, pad, width};

/// The plan, layer by layer, and the counts. `later`: plans of layers that are not up yet.
pub fn render(
    plan: &Plan,
    later: &[(LayerPath, &Plan)],
    project: &ProjectName,
    style: Style,
    columns: usize,
) -> String {
    let mut layers: BTreeMap<LayerPath, Vec<Thing<'_>>> = BTreeMap::new();
    for thing in things(plan) {
        layers.entry(thing.layer.clone()).or_default().push(thing);
    }
    let now: BTreeSet<LayerPath> = layers.keys().cloned().collect();
    for thing in later.iter().flat_map(|(_, plan)| things(plan)) {
        let list = layers.entry(thing.layer.clone()).or_default();
        match list.iter_mut().find(|other| other.of == thing.of) {
            // What stops with its node starts again with it.
            Some(other) if thing.effect == Effect::Start => {
                (other.effect, other.word) = (Effect::Restart, "restart");
            }
            // On another engine.
            Some(other) if other.effect == Effect::Remove => {
                (other.effect, other.word) = (Effect::Recreate, "recreate");
            }
            Some(other) => *other = thing,
            None => list.push(thing),
        }
    }
    for things in layers.values_mut() {
        // Services after what they stand on.
        things.sort_by_key(|thing| (matches!(thing.of, Resource::Service(_)), thing.of));
    }
    let mut out = Lines { text: String::new(), style, columns };
    let mut counts: BTreeMap<(usize, &'static str), usize> = BTreeMap::new();
    for (layer, things) in &layers {
        let is_later = !now.contains(layer);
        out.head(layer, project, is_later);
        let names = things.iter().map(|thing| width(&name(thing.of)));
        let name_columns = names.max().unwrap_or(0).min(columns / 2);
        let word_columns = things.iter().map(|thing| thing.word.len()).max().unwrap_or(0);
        for thing in things {
            *counts.entry(counted(thing)).or_default() += 1;
            out.thing(thing, name_columns, word_columns);
        }
    }
    out.again(plan, later);
    if out.text.is_empty() {
        let done = style.paint(Tone::Good, style.symbol(Symbol::Done));
        return format!("{done} nothing to do\n");
    }
    let parts: Vec<String> = counts.iter().map(|((_, word), n)| format!("{n} {word}")).collect();
    if !parts.is_empty() {
        out.text = format!("{}\n{}\n", out.text, parts.join(", "));
    }
    out.text
}

struct Lines {
    text: String,
    style: Style,
    columns: usize,
}

impl Lines {
    fn head(&mut self, layer: &LayerPath, project: &ProjectName, is_later: bool) {
        let head = if layer.is_root() { project.to_string() } else { layer.to_string() };
        self.style.paint_into(&mut self.text, Tone::Strong, &head);
        if is_later {
            self.style.paint_into(&mut self.text, Tone::Faint, " (once its engine answers)");
        }
        self.text.push('\n');
    }

    /// One line, and one more for each further field that has changed.
    fn thing(&mut self, thing: &Thing<'_>, name_columns: usize, word_columns: usize) {
        let style = self.style;
        let (symbol, tone) = look(thing.effect, style);
        let left =
            format!("{}  {}", pad(&cut(&name(thing.of), name_columns, style), name_columns), thing.word);
        self.text.push_str("  ");
        style.paint_into(&mut self.text, tone, symbol);
        self.text.push(' ');
        self.text.push_str(&left);
        let left_columns = name_columns + 2 + word_columns;
        let mut at = width(&left);
        for line in causes(thing) {
            self.text.extend(std::iter::repeat_n(' ', left_columns + 2 - at));
            let line = if style.unicode { line } else { line.replace('→', style.symbol(Symbol::Arrow)) };
            let line = cut(&line, self.columns.saturating_sub(6 + left_columns), style);
            style.paint_into(&mut self.text, Tone::Faint, &line);
            self.text.push_str("\n    ");
            at = 0;
        }
        // The last line is begun, and nothing comes.
        if at == 0 && self.text.ends_with("\n    ") {
            self.text.truncate(self.text.len() - 4);
        } else {
            self.text.push('\n');
        }
    }

    /// Layers that were up and whose node is taken away meanwhile: what is on them then is not known yet.
    fn again(&mut self, plan: &Plan, later: &[(LayerPath, &Plan)]) {
        let entered = plan.steps.iter().filter_map(|step| match &step.action {
            Action::Enter(enter) => Some(&enter.layer),
            _ => None,
        });
        let again = entered.filter(|layer| !later.iter().any(|(path, _)| path == *layer));
        let again: Vec<String> = again.map(ToString::to_string).collect();
        if !again.is_empty() {
            let text = format!("looked at again once their engines answer: {}", again.join(", "));
            let text = cut(&text, self.columns, self.style);
            self.style.paint_into(&mut self.text, Tone::Faint, &text);
            self.text.push('\n');
        }
    }
}

/// Why, a line each. Nothing where it follows from the word itself.
fn causes(thing: &Thing<'_>) -> Vec<String> {
    let said = |cause: &Cause| match (thing.effect, cause) {
        (Effect::Create, Cause::Missing) | (Effect::Remove | Effect::Stop, Cause::Asked) => Vec::new(),
        (_, Cause::Changed(fields)) if !fields.is_empty() => fields.iter().map(ToString::to_string).collect(),
        (_, cause) => vec![cause.to_string()],
    };
    thing.causes.iter().flat_map(|cause| said(cause)).collect()
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

const fn look(effect: Effect, style: Style) -> (&'static str, Tone) {
    match effect {
        Effect::Create => ("+", Tone::Good),
        Effect::Recreate | Effect::Restart | Effect::Live => ("~", Tone::Warn),
        Effect::Start => (style.symbol(Symbol::Play), Tone::Busy),
        Effect::Remove => ("-", Tone::Bad),
        Effect::Stop => (style.symbol(Symbol::Cancelled), Tone::Warn),
        Effect::Prepare => (style.symbol(Symbol::Waiting), Tone::Faint),
    }
}

/// What a thing counts as below the plan, and at which place that stands.
fn counted(thing: &Thing<'_>) -> (usize, &'static str) {
    match thing.effect {
        Effect::Recreate => (0, "to recreate"),
        Effect::Create => (1, "to create"),
        Effect::Remove => (2, "to remove"),
        Effect::Restart => (3, "to restart"),
        Effect::Live => (4, "to change live"),
        Effect::Start => (5, "to start"),
        Effect::Stop => (6, "to stop"),
        Effect::Prepare => match thing.word {
            "pull" => (7, "to pull"),
            "copy" => (8, "to copy"),
            "push" => (9, "to push"),
            _ => (10, "to prepare"),
        },
    }
}
