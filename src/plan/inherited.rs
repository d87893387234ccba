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

/// Whether a container has one of these volumes.
pub(super) fn has_any(container: &ObservedContainer, volumes: &BTreeSet<String>) -> bool {
    container.mounts.iter().filter_map(|mount| mount.volume.as_ref()).any(|volume| volumes.contains(volume))
}

/// Removes the anonymous volumes of a container that do not go with it, once `removed` has ended: those that it had from
/// the one before it, and, where some are `kept`, its own others. The steps. One that somebody else uses stays.
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
    let mut names: BTreeSet<&str> = names.split_whitespace().collect();
    if has_any(container, kept) {
        names.extend(container.mounts.iter().filter_map(|mount| mount.volume.as_deref()));
    }
    let mut steps = Vec::new();
    for volume in names.into_iter().filter(|name| is_anonymous(name) && !kept.contains(*name)) {
        let action = Action::RemoveVolume { volume: volume.to_owned() };
        let step =
            builder.push(Draft::service(addr, layer, cause.clone(), group), action, vec![after(removed)]);
        builder.may_fail(step);
        steps.push(step);
    }
    steps
}
