//! `tcp`: an engine somewhere else by its address, dialled from inside the node, so that names of the lab work.
//!
//! Source: ENGINES.md 2a.

use super::kind::{Hosting, Kind, NodeInput, Profile, Refusal};
use super::refusals::refusal;
use super::{dial_script, fill, socket};
use crate::model::facts::Facts;

const IMAGE: &str = "docker:cli";

/// The row in `KINDS`.
pub(super) static KIND: Kind = Kind {
    name: "tcp",
    doc: "An engine at an address (`host`, with `tls`), reached from inside the node by the client of its image.",
    default_image: Some(IMAGE),
    options: &["host", "tls"],
    hosting: Hosting::Elsewhere,
    socket: None,
    profile,
    check,
};

fn profile(input: &NodeInput) -> Profile {
    let mut spec = fill::spec(input, Some(IMAGE));
    let host = input.options.host.as_ref().map(|host| host.value.as_str()).unwrap_or_default();
    let tls = input.options.tls.as_deref();
    fill::environment(&mut spec, "DOCKER_HOST", host);
    if let Some(dir) = tls {
        fill::environment(&mut spec, "DOCKER_TLS_VERIFY", "1");
        fill::environment(&mut spec, "DOCKER_CERT_PATH", dir);
    }
    socket::stay_up(&mut spec, input);
    Profile {
        spec,
        data: Vec::new(),
        files: Vec::new(),
        boot: None,
        dial: dial_script::address(host, tls),
        ready_timeout: fill::ready_timeout(input, 60),
    }
}

fn check(input: &NodeInput, _: Option<&Facts>) -> Vec<Refusal> {
    let mut out = Vec::new();
    let help =
        "Write the engine's address as the node sees it: `engine: {kind: tcp, host: \"tcp://ci:2375\"}`.";
    match &input.options.host {
        None => out.push(refusal("engine.host", "a `tcp` engine needs an address", help)),
        Some(host) if !has_port(&host.value) => {
            out.push(refusal(
                "engine.host",
                format!("`{}` is not an address such as `tcp://ci:2375`", host.value),
                help,
            ));
        }
        Some(_) => {}
    }
    if let Some(dir) = &input.options.tls
        && !dir.starts_with('/')
    {
        out.push(refusal(
            "engine.tls",
            format!("`{dir}` is not an absolute path"),
            "Write the directory in the node that holds ca.pem, cert.pem and key.pem.",
        ));
    }
    out
}

fn has_port(host: &str) -> bool {
    host.strip_prefix("tcp://")
        .and_then(|address| address.rsplit_once(':'))
        .is_some_and(|(name, port)| !name.is_empty() && port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::test_node::{Node, spanned};
    use crate::model::dial::Dial;

    fn environment(node: &Node, key: &str) -> Option<String> {
        profile(&node.input()).spec.environment.get(key).cloned().flatten()
    }

    #[test]
    fn the_nodes_own_clients_find_the_engine_by_the_environment() {
        let mut node = Node::plain("tcp");
        assert_eq!(environment(&node, "DOCKER_HOST").as_deref(), Some("tcp://engine:2375"));
        assert_eq!(environment(&node, "DOCKER_TLS_VERIFY"), None);
        node.options.tls = Some("/certs/client".to_owned());
        assert_eq!(environment(&node, "DOCKER_TLS_VERIFY").as_deref(), Some("1"));
        assert_eq!(environment(&node, "DOCKER_CERT_PATH").as_deref(), Some("/certs/client"));
        let Dial::Exec { argv, .. } = profile(&node.input()).dial else { panic!("an exec") };
        assert_eq!(argv[4..6], ["tcp://engine:2375", "--tlsverify"]);
    }

    #[test]
    fn an_address_is_needed_and_has_a_port() {
        let mut node = Node::default();
        let refused = |node: &Node| check(&node.input(), None).iter().map(|r| r.key).collect::<Vec<_>>();
        assert_eq!(refused(&node), ["engine.host"]);
        for host in ["ci:2375", "tcp://ci", "tcp://:1", "unix:///x", "tcp://ci:99999"] {
            node.options.host = Some(spanned(host));
            assert_eq!(refused(&node), ["engine.host"], "{host}");
        }
        for host in ["tcp://ci:2375", "tcp://[fd00::1]:2376"] {
            node.options.host = Some(spanned(host));
            assert_eq!(refused(&node), Vec::<&str>::new(), "{host}");
        }
        node.options.tls = Some("certs".to_owned());
        assert_eq!(refused(&node), ["engine.tls"]);
    }
}
