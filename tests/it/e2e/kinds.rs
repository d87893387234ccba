//! Each kind of node with an engine of its own, from boot to a healthy service inside.

use std::process::Command;

use nestctl::model::observed::{ContainerState, Health};

use crate::support::http;
use crate::support::lab::TestLab;
use crate::support::real_engine::block_on;

/// A key that nobody has, for machines without ssh-keygen.
const FOREIGN_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA nobody";

/// Services that every node of these scenarios has inside; their health is the engine's own verdict.
const INNER: &str = r#"
    inner:
      services:
        web:
          image: ${BUSYBOX_IMAGE}
          # At once, also where an engine has no init to give.
          stop_signal: SIGKILL
          command: ["httpd", "-f", "-p", "80", "-h", "/etc"]
          healthcheck: {test: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1/passwd"], interval: 1s}
"#;

/// Asserts that the service inside `node` is healthy on the node's own engine, and on that engine alone.
#[track_caller]
fn inner_is_healthy(lab: &TestLab, node: &str) {
    let web = format!("{node}/web");
    assert!(!lab.containers().contains_key(&web), "{web} is on the root engine");
    let inner = lab.containers_in(node);
    let found = inner.get(&web).unwrap_or_else(|| panic!("no {web}: {:?}", inner.keys()));
    assert_eq!((found.state, found.health), (ContainerState::Running, Some(Health::Healthy)), "{web}");
    let root = block_on(lab.engine().facts()).expect("the root engine answers");
    let own = block_on(async { lab.engine_of(node).await.facts().await }).expect("the node's engine answers");
    assert_ne!(own.id, root.id, "{node} has the root's engine");
}

/// What a program in a node prints, without its last line break.
#[track_caller]
fn says(lab: &TestLab, node: &str, argv: &[&str]) -> String {
    let (out, code) = lab.exec("", node, argv);
    assert_eq!(code, 0, "{argv:?} in {node}: {out}");
    // A terminal is what systemd nodes have, and it ends lines in its own way.
    out.replace('\r', "").trim_end().to_owned()
}

/// Makes a key pair beside the lab file. Where there is no ssh-keygen only a public key that nobody can use.
fn key(lab: &TestLab) -> bool {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "nobody", "-f"])
        .arg(lab.directory.join("id"))
        .status();
    let made = made.is_ok_and(|status| status.success());
    if !made {
        lab.write("id.pub", FOREIGN_KEY);
    }
    made
}

/// Logs in as root with the key and asks who it is; `None` where this machine has no ssh.
fn login(lab: &TestLab, port: u16) -> Option<String> {
    let ran = Command::new("ssh")
        .args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"])
        .args(["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=20"])
        .args(["-o", "IdentitiesOnly=yes", "-i"])
        .arg(lab.directory.join("id"))
        .args([
            "-p",
            &port.to_string(),
            "root@127.0.0.1",
            "id -un; systemctl is-active docker; docker ps -q | wc -l",
        ])
        .output()
        .ok()?;
    assert!(ran.status.success(), "ssh: {}", String::from_utf8_lossy(&ran.stderr));
    Some(String::from_utf8_lossy(&ran.stdout).into_owned())
}

/// Asserts that sshd answers at the port and lets the injected key in.
#[track_caller]
fn key_opens(lab: &TestLab, node: &str, port: u16, has_private_half: bool) {
    let greeting = http::greeting(port).expect("sshd greets");
    assert!(greeting.starts_with("SSH-2.0-"), "{greeting}");
    let public = std::fs::read_to_string(lab.directory.join("id.pub")).expect("the key");
    assert_eq!(says(lab, node, &["cat", "/root/.ssh/authorized_keys"]), public.trim_end());
    let modes = says(lab, node, &["stat", "-c", "%a %U", "/root/.ssh", "/root/.ssh/authorized_keys"]);
    assert!(modes.ends_with("600 root"), "{modes}");
    match has_private_half.then(|| login(lab, port)).flatten() {
        Some(said) => assert_eq!(said, "root\nactive\n1\n"),
        None => println!("no ssh on this machine: the login of {node} was not tried"),
    }
}

#[test]
fn a_systemd_node_must_boot_let_the_key_in_and_run_what_is_inside() {
    let yaml = format!(
        "services:\n  vm:\n    engine: {{kind: systemd, ssh: {{authorized_keys: [./id.pub]}}}}\n    \
         image: ${{SYSTEMD_IMAGE}}\n    ports: [\"127.0.0.1:21210:22\"]{INNER}"
    );
    let Some(lab) = TestLab::new("systemd", &yaml) else { return };
    let private = key(&lab);
    lab.run(&["up"]).ok();
    inner_is_healthy(&lab, "vm");
    assert_eq!(says(&lab, "vm", &["cat", "/proc/1/comm"]), "systemd");
    assert_eq!(says(&lab, "vm", &["systemctl", "is-active", "ssh", "docker"]), "active\nactive");
    assert_eq!(says(&lab, "vm", &["systemctl", "list-units", "--failed", "--no-legend"]), "");
    key_opens(&lab, "vm", 21210, private);

    // A boot that began before nestctl asks is not waited for again, and nothing is made anew.
    let before = lab.containers_in("vm")["vm/web"].id.clone();
    lab.run(&["up"]).ok();
    assert_eq!(lab.containers_in("vm")["vm/web"].id, before);
}

#[test]
fn a_kicbase_node_must_keep_all_of_var_on_one_named_volume() {
    let yaml = format!(
        "services:\n  node:\n    engine: {{kind: kicbase, ssh: {{user: root, authorized_keys: [./id.pub]}}}}\n    \
         image: ${{SYSTEMD_IMAGE}}\n    ports: [\"127.0.0.1:21211:22\"]{INNER}"
    );
    let Some(lab) = TestLab::new("kicbase", &yaml) else { return };
    let private = key(&lab);
    lab.run(&["up"]).ok();
    inner_is_healthy(&lab, "node");
    assert_eq!(says(&lab, "node", &["hostname"]), "node");
    key_opens(&lab, "node", 21211, private);
    let node = &lab.containers()["node"];
    let volumes: Vec<(Option<&str>, &str)> = node
        .mounts
        .iter()
        .filter(|mount| mount.volume.is_some())
        .map(|mount| (mount.volume.as_deref(), mount.target.as_str()))
        .collect();
    assert_eq!(volumes, [(Some(&*format!("{}-node-1_var", lab.project)), "/var")]);
    // The engine's data lies there, so that it outlives the node.
    assert_eq!(says(&lab, "node", &["docker", "info", "--format", "{{.DockerRootDir}}"]), "/var/lib/docker");
    assert_eq!(says(&lab, "node", &["stat", "-c", "%m", "/var/lib/docker/image"]), "/var");
}

#[test]
fn a_rootless_engine_and_podman_must_run_healthy_services() {
    let yaml = format!(
        "services:\n  user:\n    engine: dind-rootless\n    image: ${{DIND_ROOTLESS_IMAGE}}{INNER}\n  \
         pod:\n    engine: podman\n    image: ${{PODMAN_IMAGE}}{INNER}"
    );
    let Some(lab) = TestLab::new("daemonless", &yaml) else { return };
    lab.run(&["up"]).ok();
    inner_is_healthy(&lab, "user");
    assert_eq!(says(&lab, "user", &["id", "-u"]), "1000");
    let rootless = block_on(async { lab.engine_of("user").await.facts().await }).expect("it answers");
    assert!(rootless.is_rootless(), "{:?}", rootless.security);

    inner_is_healthy(&lab, "pod");
    assert_eq!(says(&lab, "pod", &["cat", "/proc/1/comm"]), "podman");
    assert_eq!(
        says(&lab, "pod", &["podman", "ps", "--format", "{{.Names}}"]),
        format!("{}-pod-web-1", lab.project)
    );
}
