//! `socket`: the parent's engine through its socket. What runs inside are siblings on the parent's engine.
//!
//! Source: ENGINES.md 2a.

use super::kind::{Hosting, Kind, NodeInput, Profile, Refusal};
use super::refusals::refusal;
use super::{fill, kinds};
use crate::model::container::{ContainerSpec, NetworkMode};
use crate::model::dial::Dial;
use crate::model::facts::Facts;

/// Where the socket is inside the node, and on a machine that says nothing else.
const SOCKET: &str = "/var/run/docker.sock";
const IMAGE: &str = "docker:cli";

/// The row in `KINDS`.
pub(super) static KIND: Kind = Kind {
    name: "socket",
    doc: "The parent's engine, its socket bound into the node; the inner containers are siblings on that engine.",
    default_image: Some(IMAGE),
    options: &["path"],
    hosting: Hosting::Parents,
    socket: None,
    profile,
    check,
};

/// The parent engine's socket on the parent's machine.
fn path(input: &NodeInput) -> String {
    let file = input.options.path.as_deref().or(input.parent_socket);
    // A `socket` node around this one has no engine of its own: the one around it counts.
    let parent =
        || input.outer.iter().rev().filter_map(|name| kinds::find(name)).find(|kind| kind.name != "socket");
    file.or_else(|| parent().and_then(|kind| kind.socket)).unwrap_or(SOCKET).to_owned()
}

/// What keeps the kind's default image up, whose own command is a shell that would end at once.
pub(super) fn stay_up(spec: &mut ContainerSpec, input: &NodeInput) {
    if input.spec.image.is_empty() && input.spec.command.is_none() && input.spec.entrypoint.is_none() {
        let script = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done";
        spec.command = Some(["sh", "-c", script].map(str::to_owned).to_vec());
    }
}

fn profile(input: &NodeInput) -> Profile {
    let mut spec = fill::spec(input, Some(IMAGE));
    fill::bind(&mut spec, &path(input), SOCKET, false, false);
    stay_up(&mut spec, input);
    Profile {
        spec,
        data: Vec::new(),
        files: Vec::new(),
        boot: None,
        dial: Dial::Parent { path: SOCKET.to_owned() },
        ready_timeout: fill::ready_timeout(input, 60),
    }
}

fn check(input: &NodeInput, _: Option<&Facts>) -> Vec<Refusal> {
    let mut out = Vec::new();
    let path = path(input);
    if !path.starts_with('/') {
        out.push(refusal(
            "engine.path",
            format!("`{path}` is not an absolute path"),
            "Write the path of the engine's socket on the machine that runs the node, such as \
             `/var/run/docker.sock`.",
        ));
    }
    if input.spec.network_mode == Some(NetworkMode::None) {
        out.push(refusal(
            "network_mode",
            "the inner services join their node's networks, and `none` has none",
            "Take `network_mode` away.",
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::test_node::{Node, mount};
    use crate::model::container::{BindPath, MountSource};

    fn source(node: &Node) -> (String, bool) {
        let profile = profile(&node.input());
        match &mount(&profile.spec, SOCKET).expect("the socket").source {
            MountSource::Bind { path: BindPath::Engine(path), create, .. } => (path.clone(), *create),
            other => panic!("a bind of the engine's path, not {other:?}"),
        }
    }

    #[test]
    fn the_socket_is_the_files_or_the_endpoints_or_the_nodes_around() {
        let mut node = Node::default();
        assert_eq!(source(&node), (SOCKET.to_owned(), false));
        node.outer = vec!["podman", "socket"];
        assert_eq!(source(&node).0, "/run/podman/podman.sock");
        node.outer.push("dind-rootless");
        assert_eq!(source(&node).0, "/run/user/1000/docker.sock");
        node.outer.push("tcp");
        assert_eq!(source(&node).0, SOCKET);
        node.parent_socket = Some("/home/me/docker.sock");
        assert_eq!(source(&node).0, "/home/me/docker.sock");
        node.options.path = Some("/srv/d.sock".to_owned());
        assert_eq!(source(&node).0, "/srv/d.sock");
    }

    #[test]
    fn the_node_is_not_privileged_and_uses_its_parents_connection() {
        let profile = profile(&Node::default().input());
        assert!(!profile.spec.privileged);
        assert_eq!(profile.dial, Dial::Parent { path: SOCKET.to_owned() });
    }

    #[test]
    fn only_the_default_image_gets_a_command_that_stays() {
        let mut node = Node::default();
        assert!(profile(&node.input()).spec.command.is_some());
        node.spec.entrypoint = Some(vec!["agent".to_owned()]);
        assert_eq!(profile(&node.input()).spec.command, None);
        node.spec.entrypoint = None;
        node.spec.image = "mine".to_owned();
        assert_eq!(profile(&node.input()).spec.command, None);
    }

    #[test]
    fn what_cannot_be_a_socket_is_refused() {
        let mut node = Node::default();
        node.options.path = Some("docker.sock".to_owned());
        node.spec.network_mode = Some(NetworkMode::None);
        let keys: Vec<&str> = check(&node.input(), None).iter().map(|refusal| refusal.key).collect();
        assert_eq!(keys, ["engine.path", "network_mode"]);
    }
}
