//! What a run asks of the machine of the root engine, in one line: nothing privileged happens unseen.

use std::path::Path;

use crate::model::container::{BindPath, Mount, MountSource, NetworkMode};
use crate::plan::action::Action;
use crate::plan::plan::Plan;

use super::style::{Style, Symbol, Tone};
use super::width::wrap;

/// The line, with its end, broken where the terminal is narrower; `None` when nothing out of the ordinary is asked. `directory`: the lab's, binds of
/// which go without saying.
pub fn render(plan: &Plan, directory: &Path, style: Style, columns: usize) -> Option<String> {
    let mut privileged = Vec::new();
    let mut sockets = Vec::new();
    let mut paths: Vec<String> = Vec::new();
    let mut host_network = Vec::new();
    for step in plan.steps.iter().filter(|step| step.layer.is_root()) {
        let Action::CreateContainer(new) = &step.action else { continue };
        let name = step.of.to_string();
        if new.spec.privileged {
            privileged.push(name.clone());
        }
        if new.spec.network_mode == Some(NetworkMode::Host) {
            host_network.push(name.clone());
        }
        for path in new.spec.mounts.iter().filter_map(|mount| host_path(mount, directory)) {
            if Path::new(&path).extension().is_some_and(|extension| extension == "sock") {
                sockets.push(name.clone());
            } else if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    let mut parts = Vec::new();
    let mut add = |what: &str, whose: Vec<String>| {
        if !whose.is_empty() {
            parts.push(format!("{what} {}", some(whose)));
        }
    };
    add("full privileges for", privileged);
    add("the engine's socket for", sockets);
    add("the host's network for", host_network);
    add("the host's paths", paths);
    if parts.is_empty() {
        return None;
    }
    let text = format!("asks this of the host: {}", parts.join("; "));
    let mut out = String::new();
    for (i, line) in wrap(&text, columns.saturating_sub(2)).into_iter().enumerate() {
        let lead = if i == 0 { style.symbol(Symbol::Warning) } else { " " };
        style.paint_into(&mut out, Tone::Warn, &format!("{lead} {line}"));
        out.push('\n');
    }
    Some(out)
}

/// A path of the engine's machine outside the lab's directory.
fn host_path(mount: &Mount, directory: &Path) -> Option<String> {
    let MountSource::Bind { path, .. } = &mount.source else { return None };
    let path = match path {
        BindPath::User(path) => path.display().to_string(),
        BindPath::Engine(path) => path.clone(),
    };
    (!Path::new(&path).starts_with(directory)).then_some(path)
}

/// The first few of a list, and how many more there are.
fn some(mut list: Vec<String>) -> String {
    list.dedup();
    let more = list.len().saturating_sub(4);
    if more > 1 {
        list.truncate(4);
        return format!("{} and {more} more", list.join(", "));
    }
    list.join(", ")
}
