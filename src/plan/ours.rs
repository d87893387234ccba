//! Which observed objects belong to a lab, by their labels.

use std::collections::BTreeMap;

use crate::model::addr::{Addr, LayerPath};
use crate::model::label::{self, Labels};
use crate::model::name::ProjectName;
use crate::model::observed::{Observed, ObservedContainer};

use super::known::Known;

/// A container of a lab.
#[derive(Clone, Debug)]
pub struct Ours<'a> {
    /// Its address.
    pub addr: Addr,
    /// The layer that owns the engine on which it is: its own, or one further out below a `socket` node.
    pub home: LayerPath,
    /// What was observed.
    pub container: &'a ObservedContainer,
}

impl Ours<'_> {
    /// Kind of the node, if it is one.
    pub fn kind(&self) -> Option<&str> {
        self.container.labels.get(label::KIND).map(String::as_str)
    }
}

/// Whether these labels are of the lab `project` on the root engine `root_id`.
pub fn is_ours(labels: &Labels, project: &ProjectName, root_id: &str) -> bool {
    labels.get(label::PROJECT).map(String::as_str) == Some(project.as_str())
        && labels.get(label::ROOT).map(String::as_str) == Some(root_id)
}

/// The service containers of the lab on one engine. Helper containers (label `io.nestctl.role`) are not.
pub fn on<'a>(
    seen: &'a Observed,
    project: &ProjectName,
    root_id: &str,
) -> impl Iterator<Item = (Addr, &'a ObservedContainer)> {
    on_with_role(seen, project, root_id, None)
}

fn on_with_role<'a>(
    seen: &'a Observed,
    project: &ProjectName,
    root_id: &str,
    role: Option<&str>,
) -> impl Iterator<Item = (Addr, &'a ObservedContainer)> {
    seen.containers.iter().filter_map(move |container| {
        let its_role = container.labels.get(label::ROLE).map(String::as_str);
        if !is_ours(&container.labels, project, root_id) || its_role != role {
            return None;
        }
        let addr = container.labels.get(label::ADDRESS)?.parse().ok()?;
        Some((addr, container))
    })
}

/// Every service container of the lab on every engine that answered, in the order of addresses. Several
/// containers of one address are all in it. Helper containers (label `io.nestctl.role`) are not.
pub fn containers<'a>(known: &'a Known, project: &ProjectName) -> Vec<Ours<'a>> {
    with_role(known, project, None)
}

/// As [`containers`], of the containers with a role.
pub fn with_role<'a>(known: &'a Known, project: &ProjectName, role: Option<&str>) -> Vec<Ours<'a>> {
    let mut out = Vec::new();
    for (path, answered) in known.engines() {
        let ours = on_with_role(&answered.seen, project, &known.root_id, role);
        out.extend(ours.map(|(addr, container)| Ours { addr, home: path.clone(), container }));
    }
    out.sort_by(|a, b| {
        (&a.addr, a.container.created, &a.container.id).cmp(&(&b.addr, b.container.created, &b.container.id))
    });
    out
}

/// Volumes that hold files of one service, by its address.
pub fn filled_volumes<'a>(known: &'a Known, project: &ProjectName) -> BTreeMap<Addr, Vec<&'a str>> {
    let mut out: BTreeMap<Addr, Vec<&str>> = BTreeMap::new();
    for (_, answered) in known.engines() {
        for volume in &answered.seen.volumes {
            let is_filled = volume.labels.get(label::ROLE).is_some_and(|role| role == label::ROLE_FILES);
            if is_filled
                && is_ours(&volume.labels, project, &known.root_id)
                && let Some(addr) = volume.labels.get(label::ADDRESS).and_then(|text| text.parse().ok())
            {
                out.entry(addr).or_default().push(&volume.name);
            }
        }
    }
    out
}
