//! `podman`: podman's API service in a privileged container.
//!
//! Source: ENGINES.md 2i, 10.

use std::fmt::Write as _;
use std::sync::Arc;

use super::address_pool::AddressPool;
use super::kind::{Hosting, Kind, NodeInput, Profile, Refusal};
use super::start_script::Start;
use super::{certificates, dial_script, dind, fill, refusals};
use crate::kind::kind::START_SCRIPT;
use crate::model::facts::Facts;
use crate::model::files::{Existing, PutFile};

const SOCKET: &str = "/run/podman/podman.sock";
const IMAGE: &str = "quay.io/podman/stable";

/// The row in `KINDS`.
pub(super) static KIND: Kind = Kind {
    name: "podman",
    doc: "podman's API service in a privileged node.",
    default_image: Some(IMAGE),
    options: &["args", "data", "address_pool", "mtu", "registry_mirrors", "insecure_registries", "ca"],
    hosting: Hosting::Own,
    socket: Some(SOCKET),
    profile,
    check,
};

/// The service's line; the file's words stand before the socket.
fn line(input: &NodeInput) -> Vec<String> {
    let mut line = ["podman", "system", "service", "--time=0"].map(str::to_owned).to_vec();
    line.extend(fill::daemon_words(input, "podman"));
    line.push(format!("unix://{SOCKET}"));
    line
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn file(path: &str, text: String) -> PutFile {
    PutFile {
        path: path.to_owned(),
        mode: 0o644,
        uid: 0,
        gid: 0,
        content: Arc::from(text.into_bytes()),
        existing: Existing::Replace,
    }
}

/// Mirrors and registries without TLS (containers-registries.conf(5)).
fn registries(input: &NodeInput) -> Option<PutFile> {
    let (mirrors, insecure) = (&input.options.registry_mirrors, &input.options.insecure_registries);
    if mirrors.is_empty() && insecure.is_empty() {
        return None;
    }
    let mut text = "# Made by nestctl.\n".to_owned();
    if !mirrors.is_empty() {
        text.push_str("[[registry]]\nlocation = \"docker.io\"\n");
    }
    for mirror in mirrors {
        let plain = mirror.strip_prefix("http://");
        let location = plain.or(mirror.strip_prefix("https://")).unwrap_or(mirror).trim_end_matches('/');
        let insecure = plain.is_some() || insecure.iter().any(|registry| registry == location);
        let _ = write!(text, "[[registry.mirror]]\nlocation = {}\ninsecure = {insecure}\n", quoted(location));
    }
    for registry in insecure {
        let _ = write!(text, "[[registry]]\nlocation = {}\ninsecure = true\n", quoted(registry));
    }
    Some(file("/etc/containers/registries.conf.d/nestctl.conf", text))
}

/// Where inner networks take their addresses (containers.conf(5), `[network]`). The MTU is each network's own option.
fn network(input: &NodeInput) -> Option<PutFile> {
    let pool = AddressPool::of(input)?;
    let text = format!(
        "# Made by nestctl.\n[network]\ndefault_subnet = \"{}\"\ndefault_subnet_pools = [{{base = \"{}\", size = {}}}]\n",
        pool.first_network(),
        pool.base(),
        pool.size()
    );
    Some(file("/etc/containers/containers.conf.d/nestctl.conf", text))
}

fn profile(input: &NodeInput) -> Profile {
    let mut spec = fill::spec(input, Some(IMAGE));
    // /dev/fuse comes with the privileges; asked for by name, a machine without it would refuse the node.
    spec.privileged = true;
    spec.cgroup.get_or_insert_with(|| "private".to_owned());
    spec.wrapper = Some(START_SCRIPT.to_owned());
    spec.command = Some(line(input));
    fill::tmpfs(&mut spec, "/run", "");
    fill::kernel_modules(&mut spec, input);
    fill::grace(&mut spec, dind::GRACE);
    let data = fill::data(&mut spec, input, &[("/var/lib/containers", "containers")], "");
    let mut files = Start::Podman.files();
    files.extend(registries(input));
    files.extend(network(input));
    files.extend(certificates::files(input));
    Profile {
        spec,
        data,
        files,
        boot: None,
        dial: dial_script::podman(SOCKET, Some("0")),
        ready_timeout: fill::ready_timeout(input, 60),
    }
}

fn check(input: &NodeInput, facts: Option<&Facts>) -> Vec<Refusal> {
    let mut out = refusals::privileged(input, facts);
    out.extend(refusals::own_engine(input));
    out.extend(refusals::root_user(input));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::kind::DataVolume;
    use crate::kind::test_node::{Node, tmpfs};

    fn text(node: &Node, path: &str) -> Option<String> {
        let files = profile(&node.input()).files;
        let file = files.iter().find(|file| file.path == path)?;
        Some(String::from_utf8_lossy(&file.content).into_owned())
    }

    #[test]
    fn the_node_is_as_the_sheet_says() {
        let profile = profile(&Node::default().input());
        assert!(profile.spec.privileged);
        let line = ["podman", "system", "service", "--time=0", "unix:///run/podman/podman.sock"];
        assert_eq!(profile.spec.command.as_deref(), Some(&line.map(str::to_owned)[..]));
        assert_eq!(tmpfs(&profile.spec, "/run"), Some(""));
        assert_eq!(
            profile.data,
            [DataVolume { target: "/var/lib/containers".to_owned(), layout: "containers" }]
        );
    }

    #[test]
    fn the_words_of_the_file_stand_before_the_socket() {
        let mut node = Node::default();
        node.options.args = vec!["--cors=*".to_owned()];
        let line = line(&node.input());
        assert_eq!(line[3..], ["--time=0", "--cors=*", "unix:///run/podman/podman.sock"]);
    }

    #[test]
    fn mirrors_and_registries_without_tls_are_podmans_registries() {
        let mut node = Node::default();
        let path = "/etc/containers/registries.conf.d/nestctl.conf";
        assert_eq!(text(&node, path), None);
        node.options.registry_mirrors = vec!["http://mirror:5000/".to_owned(), "https://cache".to_owned()];
        node.options.insecure_registries = vec!["registry:5000".to_owned()];
        assert_eq!(
            text(&node, path).as_deref(),
            Some(
                "# Made by nestctl.\n[[registry]]\nlocation = \"docker.io\"\n\
                 [[registry.mirror]]\nlocation = \"mirror:5000\"\ninsecure = true\n\
                 [[registry.mirror]]\nlocation = \"cache\"\ninsecure = false\n\
                 [[registry]]\nlocation = \"registry:5000\"\ninsecure = true\n"
            )
        );
    }

    #[test]
    fn the_pool_is_podmans_pool() {
        let node = Node { pool: Some("10.203.0.0/16"), ..Node::default() };
        assert_eq!(
            text(&node, "/etc/containers/containers.conf.d/nestctl.conf").as_deref(),
            Some(
                "# Made by nestctl.\n[network]\ndefault_subnet = \"10.203.0.0/24\"\n\
                 default_subnet_pools = [{base = \"10.203.0.0/16\", size = 24}]\n"
            )
        );
    }
}
