//! Kinds mixed by level, and several nodes that look alike: what is inside each must not get in the way of others.

use std::collections::{BTreeMap, BTreeSet};

use nestctl::model::label;
use nestctl::model::observed::{ContainerState, Health};
use nestctl::plan::address_pool::Cidr;

use crate::support::http;
use crate::support::lab::TestLab;

fn web(port: &str) -> String {
    format!(
        "{{image: \"${{BUSYBOX_IMAGE}}\", stop_signal: SIGKILL, command: [httpd, -f, -p, \"80\", -h, /www], \
         volumes: [\"./site:/www:ro\"], publish: [\"127.0.0.1:{port}:80\"], \
         healthcheck: {{test: [CMD, wget, -q, -O, /dev/null, \"http://127.0.0.1/\"], interval: 1s}}}}"
    )
}

/// Asserts that the address pool of a node holds the lab's networks inside it and no network around it.
#[track_caller]
fn pool_is_its_own(lab: &TestLab, around: &str, node: &str) {
    let label = lab.containers_in(around)[node].labels.get(label::POOL).cloned().expect("a pool");
    let pool = Cidr::parse(&label).expect("a network");
    let subnets = |layer: &str| {
        let networks = lab.observed_in(layer).networks;
        networks.into_iter().flat_map(|network| network.subnets).filter_map(|subnet| Cidr::parse(&subnet))
    };
    let inside: Vec<Cidr> = subnets(node).collect();
    assert!(inside.len() >= 2, "{node} has its bridge and the layer's network: {inside:?}");
    assert!(inside.iter().all(|subnet| pool.overlaps(*subnet)), "{label} of {node}: {inside:?}");
    let mut layer = around;
    loop {
        let clash: Vec<Cidr> = subnets(layer).filter(|subnet| pool.overlaps(*subnet)).collect();
        assert!(clash.is_empty(), "{label} of {node} overlaps {clash:?} of the engine of `{layer}`");
        match layer.rsplit_once('/') {
            Some((above, _)) => layer = above,
            None if layer.is_empty() => return,
            None => layer = "",
        }
    }
}

#[test]
fn kinds_must_stack_on_one_another() {
    let yaml = format!(
        "services:\n  a:\n    engine: dind\n    image: ${{DIND_IMAGE}}\n    inner:\n      services:\n        \
         pod:\n          engine: podman\n          image: ${{PODMAN_IMAGE}}\n          \
         inner: {{services: {{web: {}}}}}\n        \
         box:\n          engine: socket\n          image: ${{BUSYBOX_IMAGE}}\n          init: true\n          \
         command: [sleep, infinity]\n          inner: {{services: {{web: {}}}}}\n  \
         b:\n    engine: systemd\n    image: ${{SYSTEMD_IMAGE}}\n    inner:\n      services:\n        \
         vm:\n          engine: dind\n          image: ${{DIND_IMAGE}}\n          \
         inner: {{services: {{web: {}}}}}\n",
        web("21220"),
        web("21221"),
        web("21222")
    );
    let Some(lab) = TestLab::new("mixed", &yaml) else { return };
    lab.write("site/index.html", "deep\n");
    lab.run(&["up"]).ok();
    for (layer, addr) in [("a/pod", "a/pod/web"), ("a", "a/box/web"), ("b/vm", "b/vm/web")] {
        let web = &lab.containers_in(layer)[addr];
        assert_eq!((web.state, web.health), (ContainerState::Running, Some(Health::Healthy)), "{addr}");
    }
    for port in [21220, 21221, 21222] {
        assert_eq!(http::get(port, "/"), Ok("deep\n".to_owned()), "{port}");
    }
    for (around, node) in [("", "a"), ("a", "a/pod"), ("", "b"), ("b", "b/vm")] {
        pool_is_its_own(&lab, around, node);
    }
}

const REPLICAS: &str = r#"
services:
  vm:
    engine: dind
    image: ${DIND_IMAGE}
    scale: 3
    inner:
      volumes: {data: {}}
      services:
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: ["sh", "-c", "hostname >/data/index.html; exec httpd -f -p 80 -h /data"]
          volumes: ["data:/data"]
          publish: ["127.0.0.1:21230-21239:80"]
"#;

#[test]
fn replicas_of_a_node_must_each_have_a_world_of_their_own() {
    let Some(lab) = TestLab::new("replicas", REPLICAS) else { return };
    let project = lab.project.clone();
    lab.run(&["up"]).ok();
    let nodes = lab.containers();
    assert_eq!(nodes.keys().collect::<Vec<_>>(), ["vm", "vm@2", "vm@3"]);

    let mut ports = BTreeSet::new();
    let mut ids = BTreeMap::new();
    for (number, (addr, node)) in (1..).zip(&nodes) {
        assert_eq!(node.name, format!("{project}-vm-{number}"));
        let data = node.mounts.iter().find_map(|mount| mount.volume.clone());
        assert_eq!(data, Some(format!("{project}-vm-{number}_docker")));
        let inner = lab.containers_in(addr);
        let web = format!("{addr}/web");
        assert_eq!(inner.keys().collect::<Vec<_>>(), [&web]);
        ids.insert(web.clone(), inner[&web].id.clone());
        pool_is_its_own(&lab, "", addr);

        // Each page is of the replica behind the port: nobody answers for another.
        let port = node.ports.iter().find(|port| port.host.is_some()).expect("a published port");
        // Between the node and what is inside the range's first number does for each: their engines are their own.
        assert_eq!(port.container, 21230, "{addr}");
        let port = port.host.expect("it has one");
        assert!((21230..=21239).contains(&port) && ports.insert(port), "{port}");
        let page = http::get(port, "/").expect("a page");
        let (name, _) = lab.exec(addr, &web, &["hostname"]);
        assert_eq!(page, name, "{addr}");
    }

    lab.edit("nest.yaml", "scale: 3", "scale: 1");
    lab.run(&["up"]).ok();
    let left = lab.containers();
    assert_eq!(left.keys().collect::<Vec<_>>(), ["vm"]);
    assert_eq!(left["vm"].id, nodes["vm"].id, "the first replica was made anew");
    assert_eq!(lab.containers_in("vm")["vm/web"].id, ids["vm/web"]);

    // What the replicas that went had is kept with their data, and is found again.
    lab.edit("nest.yaml", "scale: 1", "scale: 2");
    lab.run(&["up"]).ok();
    assert_eq!(lab.containers_in("vm@2")["vm@2/web"].id, ids["vm@2/web"]);
}

#[test]
fn the_same_names_in_two_nodes_must_not_meet() {
    let yaml = r#"
services:
  vm1: &vm
    engine: dind
    image: ${DIND_IMAGE}
    inner:
      volumes: {data: {}}
      services:
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: ["sh", "-c", "hostname >>/data/index.html; exec httpd -f -p 80 -h /data"]
          ports: ["8080:80"]
          volumes: ["data:/data"]
        db:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: ["sleep", "infinity"]
  vm2: *vm
  client:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: ["sleep", "infinity"]
"#;
    let Some(lab) = TestLab::new("alike", yaml) else { return };
    lab.run(&["up"]).ok();
    for node in ["vm1", "vm2"] {
        let (web, db) = (format!("{node}/web"), format!("{node}/db"));
        let inner = lab.containers_in(node);
        assert_eq!(inner.keys().collect::<Vec<_>>(), [&db, &web]);
        let (name, _) = lab.exec(node, &web, &["hostname"]);
        let page = lab.exec("", "client", &["wget", "-q", "-O", "-", &format!("http://{node}:8080/")]);
        assert_eq!(page, (name, 0), "{node}");
        // The name `web` inside means the one of the same node.
        let (resolved, _) = lab.exec(node, &db, &["nslookup", "web"]);
        let address = inner[&web].networks.values().next().expect("an address");
        let address = &address.address;
        assert!(resolved.contains(address), "{node}: {address}: {resolved}");
    }
}
