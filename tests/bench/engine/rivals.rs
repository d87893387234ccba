//! What others would do: the shortest shell script, and how everything is removed by hand.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use crate::labs::{INNER, NODES};
use crate::stage::{Lab, Stage};

/// A script that makes [`crate::labs::nested`] with `docker run` and `docker exec`, one thing after the other as people
/// write it. Its last line is reached when all is up.
pub(crate) fn nested(lab: &Lab<'_>) -> Command {
    let (name, busybox) = (&lab.name, &lab.stage.busybox);
    let mut text = head(lab);
    for node in NODES {
        text += &node_of(lab, node);
        for (service, needs) in INNER {
            if let Some(needed) = needs {
                text += &healthy(lab, node, needed);
            }
            let _ = writeln!(
                text,
                "docker exec {name}-{node} docker run -d --name {service} --network inner --network-alias {service} \
                 --health-cmd true --health-interval 1s {busybox} sleep infinity"
            );
        }
        for (service, _) in INNER {
            text += &healthy(lab, node, service);
        }
    }
    let _ = writeln!(text, "docker run -d --name {name}-client --network {name} {busybox} sleep infinity");
    script(lab, &text)
}

/// The same of [`crate::labs::many_nodes`].
pub(crate) fn many_nodes(lab: &Lab<'_>, count: usize) -> Command {
    let (name, busybox) = (&lab.name, &lab.stage.busybox);
    let mut text = head(lab);
    for number in 0..count {
        let node = format!("vm{number}");
        text += &node_of(lab, &node);
        let _ = writeln!(
            text,
            "docker exec {name}-{node} docker run -d --name inside --network inner --network-alias inside \
             {busybox} sleep infinity"
        );
    }
    script(lab, &text)
}

fn head(lab: &Lab<'_>) -> String {
    format!("set -eu\nexec >/dev/null\ndocker network create {}\n", lab.name)
}

/// A node whose engine answers, has the image, and the network of its layer.
fn node_of(lab: &Lab<'_>, node: &str) -> String {
    let (name, busybox, dind) = (&lab.name, &lab.stage.busybox, &lab.stage.dind);
    format!(
        "docker run -d --privileged --name {name}-{node} --network {name} --network-alias {node} \
         -v {name}-{node}:/var/lib/docker {dind}
until docker exec {name}-{node} docker info >/dev/null 2>&1; do sleep 0.1; done
docker save {busybox} | docker exec -i {name}-{node} docker load -q
docker exec {name}-{node} docker network create inner
"
    )
}

/// Waits for a service inside a node.
fn healthy(lab: &Lab<'_>, node: &str, service: &str) -> String {
    format!(
        "until docker exec {}-{node} docker inspect -f '{{{{.State.Health.Status}}}}' {service} | \
         grep -q ^healthy; do sleep 0.1; done\n",
        lab.name
    )
}

fn script(lab: &Lab<'_>, text: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", text]).env("DOCKER_HOST", &lab.stage.host).env_remove("DOCKER_CONTEXT");
    if let Some(directory) = lab.stage.docker.parent().filter(|directory| directory.is_absolute()) {
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", directory.display()));
    }
    command
}

/// Removes every container, network and volume whose name begins with `prefix`.
pub(crate) fn remove_all(stage: &Stage, prefix: &str) {
    let filter = format!("name=^{prefix}");
    let anchored = format!("name=^/{prefix}");
    for (list, remove) in [
        (["ps", "-aq", "--filter", &anchored].as_slice(), ["rm", "-fv"].as_slice()),
        (["network", "ls", "-q", "--filter", &filter].as_slice(), ["network", "rm"].as_slice()),
        (["volume", "ls", "-q", "--filter", &filter].as_slice(), ["volume", "rm", "-f"].as_slice()),
    ] {
        let Ok(found) = stage.docker(list).stderr(Stdio::null()).output() else { continue };
        let found = String::from_utf8_lossy(&found.stdout).into_owned();
        let found: Vec<&str> = found.split_whitespace().collect();
        if !found.is_empty() {
            let output = stage.docker(remove).args(&found).output();
            if let Some(output) = output.ok().filter(|output| !output.status.success()) {
                eprintln!("left behind: {}", String::from_utf8_lossy(&output.stderr).trim());
            }
        }
    }
}
