//! A plan as people read it: per layer, one line a service, with its sign and its cause.

use std::collections::BTreeMap;

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
    Recreate,
    Create,
    Remove,
    Start,
    Stop,
    Pull,
    Copy,
    Other,
}

/// What will be done in each layer: the steps of each thing, in the order in which they are shown.
type Layers<'a> = BTreeMap<LayerPath, BTreeMap<(usize, &'a Resource), Vec<&'a Step>>>;

/// The plan, layer by layer, and the counts. `later`: plans of layers that are not up yet.
pub fn render(
    plan: &Plan,
    later: &[(LayerPath, &Plan)],
    project: &ProjectName,
    style: Style,
    columns: usize,
) -> String {
    let mut layers: Layers<'_> = BTreeMap::new();
    let plans = std::iter::once(plan).chain(later.iter().map(|(_, plan)| *plan));
    for step in plans.flat_map(|plan| &plan.steps).filter(|step| step.action.is_change()) {
        // Services after what they stand on.
        let rank = usize::from(matches!(step.of, Resource::Service(_)));
        layers.entry(layer_of(step)).or_default().entry((rank, &step.of)).or_default().push(step);
    }
    let mut out = Lines { text: String::new(), style, columns };
    let mut counts: BTreeMap<Sign, usize> = BTreeMap::new();
    for (layer, things) in &layers {
        let is_later = later.iter().any(|(path, _)| path == layer);
        out.head(layer, project, is_later);
        let names = things.keys().map(|(_, of)| width(&name(of)));
        let name_columns = names.max().unwrap_or(0).min(columns / 2);
        let verdicts: Vec<_> = things.iter().map(|((_, of), steps)| (*of, verdict(steps))).collect();
        let word_columns = verdicts.iter().map(|(_, verdict)| verdict.word.len()).max().unwrap_or(0);
        for (of, verdict) in verdicts {
            *counts.entry(verdict.sign).or_default() += 1;
            out.thing(of, &verdict, name_columns, word_columns);
        }
    }
    out.again(plan, later);
    if out.text.is_empty() {
        let done = style.paint(Tone::Good, style.symbol(Symbol::Done));
        return format!("{done} nothing to do\n");
    }
    let parts: Vec<String> = counts.iter().map(|(sign, n)| format!("{n} to {}", infinitive(*sign))).collect();
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

    fn thing(&mut self, of: &Resource, verdict: &Verdict<'_>, name_columns: usize, word_columns: usize) {
        let style = self.style;
        let (symbol, tone) = look(verdict.sign, style);
        let left = format!("{}  {}", pad(&cut(&name(of), name_columns, style), name_columns), verdict.word);
        // What follows from the word itself is not said again.
        if matches!(
            (verdict.sign, verdict.cause),
            (Sign::Create, Cause::Missing) | (Sign::Remove | Sign::Stop, Cause::Asked)
        ) {
            self.text.push_str("  ");
            style.paint_into(&mut self.text, tone, symbol);
            self.text.push(' ');
            self.text.push_str(&left);
            self.text.push('\n');
            return;
        }
        let left = pad(&left, width(&left) + word_columns - verdict.word.len());
        let room = self.columns.saturating_sub(6 + width(&left));
        let cause = cut(&verdict.cause.to_string(), room, style);
        self.text.push_str("  ");
        style.paint_into(&mut self.text, tone, symbol);
        self.text.push(' ');
        self.text.push_str(&left);
        self.text.push_str("  ");
        style.paint_into(&mut self.text, Tone::Faint, &cause);
        self.text.push('\n');
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
            let text = format!("looked at again once their engine answers: {}", again.join(", "));
            let text = cut(&text, self.columns, self.style);
            self.style.paint_into(&mut self.text, Tone::Faint, &text);
            self.text.push('\n');
        }
    }
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
struct Verdict<'a> {
    sign: Sign,
    word: &'static str,
    cause: &'a Cause,
}

fn verdict<'a>(steps: &[&'a Step]) -> Verdict<'a> {
    let of = |sign, word, step: &'a Step| Verdict { sign, word, cause: &step.cause };
    if steps.iter().any(|step| step.group == Some(Group::Recreate)) {
        let why = steps.iter().find(|step| !matches!(step.cause, Cause::Replaces)).unwrap_or(&steps[0]);
        return of(Sign::Recreate, "recreate", why);
    }
    // The first of these that a step does is what is done with the thing.
    let ranked = steps.iter().filter_map(|step| Some((rank(&step.action)?, *step)));
    match ranked.min_by_key(|((sign, _), _)| *sign) {
        Some(((sign, word), step)) => of(sign, word, step),
        None => of(Sign::Other, steps[0].action.verb(), steps[0]),
    }
}

fn rank(action: &Action) -> Option<(Sign, &'static str)> {
    match action {
        Action::CreateContainer(_) | Action::CreateNetwork { .. } | Action::CreateVolume { .. } => {
            Some((Sign::Create, "create"))
        }
        Action::Remove { .. } | Action::RemoveNetwork { .. } | Action::RemoveVolume { .. } => {
            Some((Sign::Remove, "remove"))
        }
        Action::Start { .. } | Action::Unpause { .. } => Some((Sign::Start, "start")),
        Action::Stop { .. } | Action::Kill { .. } => Some((Sign::Stop, "stop")),
        Action::Pull { .. } => Some((Sign::Pull, "pull")),
        Action::Build(_) => Some((Sign::Other, "build")),
        Action::Copy { .. } => Some((Sign::Copy, "copy")),
        _ => None,
    }
}

const fn look(sign: Sign, style: Style) -> (&'static str, Tone) {
    match sign {
        Sign::Create => ("+", Tone::Good),
        Sign::Recreate => ("~", Tone::Warn),
        Sign::Start => (style.symbol(Symbol::Play), Tone::Busy),
        Sign::Remove => ("-", Tone::Bad),
        Sign::Stop => (style.symbol(Symbol::Cancelled), Tone::Warn),
        Sign::Pull | Sign::Copy | Sign::Other => (style.symbol(Symbol::Waiting), Tone::Faint),
    }
}

const fn infinitive(sign: Sign) -> &'static str {
    match sign {
        Sign::Create => "create",
        Sign::Recreate => "recreate",
        Sign::Start => "start",
        Sign::Remove => "remove",
        Sign::Stop => "stop",
        Sign::Pull => "pull",
        Sign::Copy => "copy",
        Sign::Other => "prepare",
    }
}
