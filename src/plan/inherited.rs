//! Anonymous volumes that go on with the replacement of a container.

use std::collections::BTreeSet;

use crate::model::addr::{Addr, LayerPath};
use crate::model::label;
use crate::model::observed::ObservedContainer;

use super::action::Action;
use super::builder::{Builder, Draft, after};
use super::cause::Cause;
use super::step::{Group, StepId};

/// Whether a volume's name is one that an engine makes up: 64 hexadecimal digits.
pub(super) fn is_anonymous(name: &str) -> bool {
    name.len() == 64 && name.chars().all(|c| c.is_ascii_hexdigit())
}

/// The text of the label.
pub(super) fn to_label(volumes: &BTreeSet<String>) -> Option<String> {
    let names: Vec<&str> = volumes.iter().map(String::as_str).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

/// Removes the volumes that a container had from the one before it, once `removed` has ended, but for those that are
/// `kept`. The steps. One that somebody else uses stays.
pub(super) fn remove(
    builder: &mut Builder,
    (layer, addr): (&LayerPath, &Addr),
    container: &ObservedContainer,
    cause: &Cause,
    group: Group,
    removed: StepId,
    kept: &BTreeSet<String>,
) -> Vec<StepId> {
    let names = container.labels.get(label::INHERITED).map(String::as_str).unwrap_or_default();
    let mut steps = Vec::new();
    for volume in names.split_whitespace().filter(|name| is_anonymous(name) && !kept.contains(*name)) {
        let action = Action::RemoveVolume { volume: volume.to_owned() };
        let step =
            builder.push(Draft::service(addr, layer, cause.clone(), group), action, vec![after(removed)]);
        builder.may_fail(step);
        steps.push(step);
    }
    steps
}
