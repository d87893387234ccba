//! What is frozen inside a node and would outlive it: the freezer of cgroup v1 keeps a paused container's processes also
//! from the kill, so a node that is killed around them never ends, and its engine can neither stop nor remove it.
//! Where the inner engine can be asked, it continues what it has paused; these are thawed from outside.

use std::sync::Arc;

use crate::kind::kind::Hosting;
use crate::model::addr::{Addr, LayerPath};
use crate::model::container::{BindPath, ContainerSpec, Mount, MountSource, NetworkMode};
use crate::model::label::{self, Labels};
use crate::model::observed::{ContainerState, ObservedContainer};

use super::action::{Action, ImageUse, NewContainer};
use super::builder::{Builder, Draft, after_end};
use super::cause::Cause;
use super::known::{Known, Layer};
use super::quiesce;
use super::step::{Group, Need};

/// Where a machine has its freezer (cgroup v1), and where the helper sees it.
const FREEZER: &str = "/sys/fs/cgroup/freezer";
const INSIDE: &str = "/freezer";

/// Thaws every cgroup below one whose name has the ID of the container: `docker/<ID>`, `docker-<ID>.scope`. Only what a
/// POSIX shell has in itself: any node's image has one.
const SCRIPT: &str = r#"thaw() {
    case $1 in *"$id"*) echo THAWED >"$1/freezer.state" ;; esac
    for below in "$1"/*/; do if [ -d "$below" ]; then thaw "${below%/}"; fi; done
}
id=$1; thaw /freezer"#;

/// Whether something may be frozen inside a node in a way that keeps it from being killed: a container that its engine
/// has paused, or one of which nobody can tell, since that engine does not answer.
pub(super) fn may_be_frozen(known: &Known, node: &Addr, container: &ObservedContainer) -> bool {
    // One kernel has all the layers.
    let has_freezer = known.facts(&LayerPath::root()).is_some_and(|facts| facts.cgroup_version == 1);
    let inside = |path: &LayerPath| path.is_within(&node.inner());
    let is_paused = |layer: &Layer| match layer {
        Layer::Silent(_) => true,
        Layer::Answered(answered) => {
            answered.seen.containers.iter().any(|one| one.state == ContainerState::Paused)
        }
    };
    let may_be = || known.layers.iter().any(|(path, layer)| inside(path) && is_paused(layer));
    has_freezer
        && quiesce::hosting(container) == Some(Hosting::Own)
        && (container.state == ContainerState::Paused || may_be())
}

/// A step that thaws what is inside a node, from the engine that the node is on. It may fail: then the end of the node
/// tells what is wrong.
pub(super) fn thaw(
    builder: &mut Builder,
    known: &Known,
    (engine, addr): (&LayerPath, &Addr),
    container: &ObservedContainer,
    needs: Vec<Need>,
) -> Vec<Need> {
    let copied = [label::PROJECT, label::ROOT, label::ADDRESS, label::VERSION_KEY];
    let mut labels: Labels = copied
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), container.labels.get(*key)?.clone())))
        .collect();
    labels.insert(label::ROLE.to_owned(), label::ROLE_HELPER.to_owned());
    let spec = ContainerSpec {
        image: container.image_id.clone(),
        entrypoint: Some(vec!["sh".to_owned()]),
        command: Some(["-c", SCRIPT, "thaw", &container.id].map(str::to_owned).to_vec()),
        user: Some("0:0".to_owned()),
        init: Some(false),
        network_mode: Some(NetworkMode::None),
        // Not for SELinux to say: the node itself is privileged.
        security_opt: vec!["label=disable".to_owned()],
        mounts: vec![Mount {
            target: INSIDE.to_owned(),
            source: MountSource::bind(BindPath::Engine(FREEZER.to_owned()), false),
            read_only: false,
            consistency: None,
        }],
        ..ContainerSpec::default()
    };
    let home = known.home(engine).unwrap_or(engine).clone();
    let helper = NewContainer {
        name: format!("{}.thaw", container.name),
        spec: Arc::new(spec),
        labels,
        image: ImageUse { reference: container.image_id.clone(), source: home },
    };
    let draft = Draft::service(addr, engine, Cause::Frozen, Group::Down);
    let step = builder.push(draft, Action::Thaw { helper: Box::new(helper) }, needs);
    builder.may_fail(step);
    vec![after_end(step)]
}
