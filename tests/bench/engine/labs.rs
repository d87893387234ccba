//! The labs that are measured.

use std::fmt::Write as _;

use crate::stage::Stage;

/// Nodes of [`nested`].
pub(crate) const NODES: [&str; 2] = ["vm1", "vm2"];
/// Services inside each of them, and whose health each waits for.
pub(crate) const INNER: [(&str, Option<&str>); 3] =
    [("db", None), ("web", Some("db")), ("worker", Some("web"))];

fn plain(stage: &Stage) -> String {
    format!("image: {}, command: [sleep, infinity], stop_grace_period: 0s", stage.busybox)
}

/// So many services that need nothing.
pub(crate) fn flat(stage: &Stage, count: usize) -> String {
    let mut text = "services:\n".to_owned();
    for number in 0..count {
        let _ = writeln!(text, "  s{number}: {{{}}}", plain(stage));
    }
    text
}

fn node(stage: &Stage, out: &mut String, indent: &str, name: &str) {
    let _ = write!(
        out,
        "{indent}{name}:\n{indent}  image: {}\n{indent}  engine: dind\n{indent}  inner:\n{indent}    services:\n",
        stage.dind
    );
}

/// Two nodes, each with a chain of three services, and a client that needs both.
pub(crate) fn nested(stage: &Stage) -> String {
    let mut text = "services:\n".to_owned();
    for name in NODES {
        node(stage, &mut text, "  ", name);
        for (service, needs) in INNER {
            let needs = needs.map_or(String::new(), |needed| {
                format!(", depends_on: {{{needed}: {{condition: service_healthy}}}}")
            });
            let check = "healthcheck: {test: [CMD, \"true\"], interval: 1s}";
            let _ = writeln!(text, "        {service}: {{{}, {check}{needs}}}", plain(stage));
        }
    }
    let _ = writeln!(text, "  client: {{{}, depends_on: [{}]}}", plain(stage), NODES.join(", "));
    text
}

/// Twenty containers in three levels: the root, a node in it, and a node in that.
pub(crate) fn levels(stage: &Stage) -> String {
    let mut text = "services:\n".to_owned();
    let several = |out: &mut String, indent: &str, count: usize| {
        for number in 0..count {
            let _ = writeln!(out, "{indent}s{number}: {{{}}}", plain(stage));
        }
    };
    several(&mut text, "  ", 5);
    node(stage, &mut text, "  ", "a");
    several(&mut text, "        ", 6);
    node(stage, &mut text, "        ", "b");
    several(&mut text, "              ", 7);
    text
}

/// So many nodes with one service inside each.
pub(crate) fn many_nodes(stage: &Stage, count: usize) -> String {
    let mut text = "services:\n".to_owned();
    for number in 0..count {
        node(stage, &mut text, "  ", &format!("vm{number}"));
        let _ = writeln!(text, "        inside: {{{}}}", plain(stage));
    }
    text
}
