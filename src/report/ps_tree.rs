//! The lab as a tree.

use std::time::SystemTime;

use crate::model::addr::Addr;
use crate::model::observed::{ContainerState, Health, ObservedPort};
use crate::model::status::{LabStatus, ProjectStatus, ServiceStatus};

use super::duration::age;
use super::style::{Style, Symbol, Tone};
use super::table::{Cell, Table};

/// The containers of a lab, nodes above what is inside them; engines that do not answer are named below.
pub fn render(status: &LabStatus, style: Style, columns: Option<usize>, now: SystemTime) -> String {
    let mut table = Table::new(&["SERVICE", "KIND", "STATE", "PORTS", "IMAGE", "ENGINE", "CREATED"])
        .elastic(&["IMAGE", "PORTS"])
        .spare(&["ENGINE", "CREATED", "IMAGE"]);
    let addrs: Vec<&Addr> = status.services.iter().map(|service| &service.addr).collect();
    for (service, prefix) in status.services.iter().zip(tree_prefixes(&addrs, style)) {
        let silent = status.silent.iter().any(|(layer, _)| layer.node().as_ref() == Some(&service.addr));
        let (state, tone) = state_text(service, silent);
        table.row(vec![
            format!(
                "{prefix}{}{}",
                label(&service.addr, &addrs),
                if service.one_off { " (run)" } else { "" }
            )
            .into(),
            service.kind.clone().unwrap_or_default().into(),
            Cell::toned(state, tone),
            ports_text(&service.ports, style).into(),
            service.image.clone().into(),
            service.engine_version.clone().unwrap_or_default().into(),
            Cell::toned(format!("{} ago", age(service.created, now)), Tone::Faint),
        ]);
    }
    table.render(style, columns)
}

/// How many nodes are named before the others are counted.
const NAMED: usize = 5;

/// The nodes that do not run: what is inside them is not in the list, though it may be there.
pub fn unseen(status: &LabStatus) -> Option<String> {
    let is_unseen = |service: &&ServiceStatus| {
        service.inside_seen == Some(false) && service.state != ContainerState::Running
    };
    let nodes: Vec<String> =
        status.services.iter().filter(is_unseen).map(|service| service.addr.to_string()).collect();
    let [first, rest @ ..] = nodes.as_slice() else { return None };
    if rest.is_empty() {
        return Some(format!("{first} does not run: what is inside it was not seen\n"));
    }
    let named = nodes.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = match nodes.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    Some(format!("{named}{more} do not run: what is inside them was not seen\n"))
}

/// The labs on an engine.
pub fn render_projects(projects: &[ProjectStatus], style: Style, columns: Option<usize>) -> String {
    let mut table = Table::new(&["LAB", "STATE", "NODES"]);
    for project in projects {
        let all = project.running == project.containers;
        let state = format!("{} of {} running", project.running, project.containers);
        table.row(vec![
            project.project.to_string().into(),
            Cell::toned(state, if all { Tone::Good } else { Tone::Warn }),
            project.nodes.to_string().into(),
        ]);
    }
    table.render(style, columns)
}

fn state_text(service: &ServiceStatus, silent: bool) -> (String, Tone) {
    let word = service.state.as_str();
    match (service.state, service.health) {
        (ContainerState::Running, _) if silent => (format!("{word}, engine silent"), Tone::Bad),
        (ContainerState::Running, Some(Health::Healthy)) => (Health::Healthy.as_str().to_owned(), Tone::Good),
        (ContainerState::Running, Some(Health::Unhealthy)) => {
            (Health::Unhealthy.as_str().to_owned(), Tone::Bad)
        }
        (ContainerState::Running, Some(Health::Starting)) => (format!("{word}, no verdict yet"), Tone::Busy),
        (ContainerState::Running, None) => (word.to_owned(), Tone::Good),
        (ContainerState::Exited, _) => match service.exit_code {
            Some(0) => ("exited 0".to_owned(), Tone::Faint),
            Some(code) => (format!("exited {code}"), Tone::Bad),
            None => (word.to_owned(), Tone::Warn),
        },
        (ContainerState::Restarting | ContainerState::Dead, _) => (word.to_owned(), Tone::Bad),
        (ContainerState::Created | ContainerState::Paused | ContainerState::Removing, _) => {
            (word.to_owned(), Tone::Warn)
        }
    }
}

/// `8080→80`, `127.0.0.1:53→53/udp`; ports that are only exposed are left out, and so is the second of a pair that
/// differs in IPv4 and IPv6 only.
pub fn ports_text(ports: &[ObservedPort], style: Style) -> String {
    let arrow = style.symbol(Symbol::Arrow);
    let mut out: Vec<String> = Vec::new();
    for port in ports {
        let Some(host) = port.host else { continue };
        let ip = match port.host_ip.as_str() {
            "" | "0.0.0.0" | "::" => String::new(),
            ip if ip.contains(':') => format!("[{ip}]:"),
            ip => format!("{ip}:"),
        };
        let protocol = match port.protocol.as_str() {
            "tcp" => String::new(),
            other => format!("/{other}"),
        };
        let text = format!("{ip}{host}{arrow}{}{protocol}", port.container);
        if !out.contains(&text) {
            out.push(text);
        }
    }
    out.join(", ")
}

/// What stands in the tree for `addr`: its last part, with what lies between it and its nearest ancestor shown.
pub fn label(addr: &Addr, shown: &[&Addr]) -> String {
    let parts = addr.parts();
    let above = ancestor(addr, shown).map_or(0, |ancestor| ancestor.parts().len());
    parts[above..].iter().map(ToString::to_string).collect::<Vec<_>>().join("/")
}

fn ancestor<'a>(addr: &Addr, shown: &[&'a Addr]) -> Option<&'a Addr> {
    let nearer = |other: &&&Addr| other.parts().len() < addr.parts().len() && addr.is_within(&other.inner());
    shown.iter().filter(nearer).max_by_key(|other| other.parts().len()).copied()
}

/// The lines of a tree before each address; `shown` is in the order of addresses. What has no ancestor in `shown`
/// has none.
pub fn tree_prefixes(shown: &[&Addr], style: Style) -> Vec<String> {
    // Depth in the tree as shown: a stack of the ancestors of the current address.
    let mut stack: Vec<&Addr> = Vec::new();
    let mut depths = Vec::with_capacity(shown.len());
    for addr in shown {
        while stack.last().is_some_and(|top| *top == *addr || !addr.is_within(&top.inner())) {
            stack.pop();
        }
        depths.push(stack.len());
        stack.push(addr);
    }
    // From the end: whether another line of the same depth follows before the tree comes back to a lesser one.
    let mut follows: Vec<bool> = Vec::new();
    let mut prefixes = vec![String::new(); shown.len()];
    for i in (0..shown.len()).rev() {
        let depth = depths[i];
        let last = follows.get(depth).copied() != Some(true);
        for level in 1..depth {
            let trunk = follows.get(level).copied() == Some(true);
            prefixes[i].push_str(if trunk { style.symbol(Symbol::Trunk) } else { "   " });
        }
        if depth > 0 {
            prefixes[i].push_str(style.symbol(if last { Symbol::LastBranch } else { Symbol::Branch }));
        }
        follows.resize(depth, false);
        follows.push(true);
    }
    prefixes
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::addr::LayerPath;
    use crate::model::container::Protocol;
    use crate::model::failure::{Failure, FailureKind};
    use crate::model::name::ProjectName;

    fn service(
        addr: &str,
        kind: Option<&str>,
        state: ContainerState,
        health: Option<Health>,
    ) -> ServiceStatus {
        let addr: Addr = addr.parse().expect("an address");
        ServiceStatus {
            kind: kind.map(str::to_owned),
            one_off: addr.service().as_str() == "job",
            container: "c".into(),
            id: "id".into(),
            image: "docker:dind".into(),
            state,
            health,
            exit_code: (state == ContainerState::Exited).then_some(1),
            ports: vec![
                ObservedPort {
                    host_ip: "0.0.0.0".into(),
                    host: Some(8080),
                    container: 80,
                    protocol: Protocol::Tcp,
                },
                ObservedPort {
                    host_ip: "::".into(),
                    host: Some(8080),
                    container: 80,
                    protocol: Protocol::Tcp,
                },
            ],
            engine: LayerPath::root(),
            engine_version: Some("29.0.0".into()),
            inside_seen: kind.map(|_| state == ContainerState::Running),
            created: 0,
            addr,
        }
    }

    #[test]
    fn a_lab_shows_as_a_tree_and_silent_engines_are_marked() {
        use ContainerState::{Exited, Running};
        let failure = Failure {
            kind: FailureKind::Timeout,
            summary: "failed to reach".into(),
            causes: vec![],
            logs: None,
        };
        let ci: Addr = "ci".parse().expect("an address");
        let status = LabStatus {
            project: ProjectName::new("poc").expect("valid"),
            services: vec![
                service("ci", Some("dind"), Running, None),
                service("vm1", Some("systemd"), Running, None),
                service("vm1/a", Some("dind"), Running, None),
                service("vm1/a/x", None, Exited, None),
                service("vm1/job", None, Running, None),
                service("vm1/web", None, Running, Some(Health::Healthy)),
                service("vm2", Some("dind"), Exited, None),
            ],
            silent: vec![(ci.inner(), failure)],
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(120);
        let style = Style { color: false, unicode: true };
        insta::assert_snapshot!(render(&status, style, Some(80), now), @r"
        SERVICE       KIND     STATE                PORTS    IMAGE     ENGINE  CREATED
        ci            dind     running, engine si…  8080→80  docker:…  29.0.0  2 min ago
        vm1           systemd  running              8080→80  docker:…  29.0.0  2 min ago
        ├─ a          dind     running              8080→80  docker:…  29.0.0  2 min ago
        │  └─ x                exited 1             8080→80  docker:…  29.0.0  2 min ago
        ├─ job (run)           running              8080→80  docker:…  29.0.0  2 min ago
        └─ web                 healthy              8080→80  docker:…  29.0.0  2 min ago
        vm2           dind     exited 1             8080→80  docker:…  29.0.0  2 min ago
        ");
        insta::assert_snapshot!(render(&status, style, Some(40), now), @r"
        SERVICE     KIND     STATE       PORTS
        ci          dind     running, …  8080→80
        vm1         systemd  running     8080→80
        ├─ a        dind     running     8080→80
        │  └─ x              exited 1    8080→80
        ├─ job (r…           running     8080→80
        └─ web               healthy     8080→80
        vm2         dind     exited 1    8080→80
        ");
        // An engine that is silent is told with its reason.
        let mut status = status;
        let text = |status: &LabStatus| unseen(status).expect("a node does not run");
        assert_eq!(text(&status), "vm2 does not run: what is inside it was not seen\n");
        for n in 3..9 {
            status.services.push(service(&format!("vm{n}"), Some("dind"), Exited, None));
        }
        let many = "vm2, vm3, vm4, vm5, vm6 and 2 more do not run: what is inside them was not seen\n";
        assert_eq!(text(&status), many);
    }
}
