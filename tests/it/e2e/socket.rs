//! `socket` nodes: what runs inside are siblings on the parent's engine, told apart by their addresses.

use std::collections::BTreeMap;
use std::fs;

use nestctl::model::observed::ObservedContainer;

use crate::support::http;
use crate::support::lab::TestLab;

/// Names of the lab's networks and volumes on the engine of a layer.
fn names(lab: &TestLab, layer: &str) -> (Vec<String>, Vec<String>) {
    let seen = lab.observed_in(layer);
    let mut networks: Vec<String> = seen.networks.into_iter().map(|network| network.name).collect();
    let mut volumes: Vec<String> = seen.volumes.into_iter().map(|volume| volume.name).collect();
    networks.retain(|name| name.starts_with(&lab.project));
    volumes.retain(|name| name.starts_with(&lab.project));
    networks.sort();
    volumes.sort();
    (networks, volumes)
}

fn addresses(containers: &BTreeMap<String, ObservedContainer>) -> Vec<&str> {
    containers.keys().map(String::as_str).collect()
}

fn networks_of(container: &ObservedContainer) -> Vec<&str> {
    container.networks.keys().map(String::as_str).collect()
}

#[test]
fn what_runs_inside_must_be_a_sibling_on_the_parents_engine_and_go_with_the_node() {
    let yaml = r#"
services:
  shop:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: ["sh", "-c", "mkdir /www; echo open >/www/index.html; exec httpd -f -p 80 -h /www"]
  box:
    engine: socket
    image: ${DIND_IMAGE}
    init: true
    command: ["sleep", "infinity"]
    inner:
      services:
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: ["httpd", "-f", "-p", "80", "-h", "/www"]
          volumes: ["./site:/www:ro", "data:/data"]
          ports: ["127.0.0.1:21200:80"]
      volumes: {data: {}}
"#;
    let Some(lab) = TestLab::new("socket", yaml) else { return };
    let project = lab.project.clone();
    lab.write("site/index.html", "one\n");
    lab.run(&["up"]).ok();

    let there = lab.containers();
    assert_eq!(addresses(&there), ["box", "box/web", "shop"]);
    let web = &there["box/web"];
    assert_eq!(web.name, format!("{project}-box-web-1"));
    assert_eq!(networks_of(web), [format!("{project}-box_default"), format!("{project}_default")]);
    assert_eq!(networks_of(&there["box"]), [format!("{project}_default")]);
    let default = [format!("{project}-box_default"), format!("{project}_default")].to_vec();
    let data = vec![format!("{project}-box_data")];
    assert_eq!(names(&lab, ""), (default, data.clone()));

    // A relative bind is live, and the node's siblings are the inner service's own.
    assert_eq!(http::get(21200, "/"), Ok("one\n".to_owned()));
    fs::write(lab.directory.join("site/index.html"), "two\n").expect("written");
    assert_eq!(http::get(21200, "/"), Ok("two\n".to_owned()));
    let shop = ["wget", "-q", "-O", "-", "http://shop/"];
    assert_eq!(lab.exec("", "box/web", &shop), ("open\n".to_owned(), 0));
    // The node's own client sees the sibling too: it is the same engine.
    let (seen, _) = lab.exec("", "box", &["docker", "ps", "--no-trunc", "--quiet"]);
    assert!(seen.lines().any(|id| id == web.id), "{seen}");

    lab.run(&["up"]).ok();
    assert_eq!(lab.containers(), there, "a second `up` changed something");

    lab.run(&["down"]).ok();
    assert_eq!(addresses(&lab.containers()), Vec::<&str>::new());
    assert_eq!(names(&lab, ""), (Vec::new(), data));
    lab.run(&["down", "-v"]).ok();
    assert_eq!(names(&lab, ""), (Vec::new(), Vec::new()));
}

#[test]
fn the_siblings_of_a_socket_node_inside_a_node_must_be_on_that_nodes_engine() {
    let yaml = r#"
services:
  vm:
    engine: dind
    image: ${DIND_IMAGE}
    inner:
      services:
        box:
          engine: socket
          # No client is needed: nestctl reaches the engine as it reaches the node.
          image: ${BUSYBOX_IMAGE}
          init: true
          command: ["sleep", "infinity"]
          inner:
            services:
              web:
                image: ${BUSYBOX_IMAGE}
                init: true
                command: ["httpd", "-f", "-p", "80", "-h", "/www"]
                volumes: ["./site:/www:ro", "data:/data"]
                publish: ["127.0.0.1:21201:80"]
            volumes: {data: {}}
"#;
    let Some(lab) = TestLab::new("socketin", yaml) else { return };
    let project = lab.project.clone();
    lab.write("site/index.html", "below\n");
    lab.run(&["up"]).ok();

    assert_eq!(addresses(&lab.containers()), ["vm"]);
    let inner = lab.containers_in("vm");
    assert_eq!(addresses(&inner), ["vm/box", "vm/box/web"]);
    assert_eq!(inner["vm/box/web"].name, format!("{project}-vm-box-web-1"));
    assert_eq!(http::get(21201, "/"), Ok("below\n".to_owned()));
    let socket = inner["vm/box"].mounts.iter().find(|mount| mount.target == "/var/run/docker.sock");
    assert_eq!(socket.map(|mount| mount.source.as_str()), Some("/var/run/docker.sock"));

    // Only the socket node goes: its siblings go with it, its parent and the volume stay.
    lab.edit("nest.yaml", "        box:\n", "        box:\n          scale: 0\n");
    lab.run(&["up", "--remove-orphans"]).ok();
    assert_eq!(addresses(&lab.containers_in("vm")), Vec::<&str>::new());
    assert_eq!(addresses(&lab.containers()), ["vm"]);
    assert_eq!(names(&lab, "vm").1, [format!("{project}-vm-box_data")]);
}

#[test]
fn the_siblings_of_a_replica_that_goes_must_go_with_it() {
    let yaml = r#"
services:
  box:
    engine: socket
    image: ${BUSYBOX_IMAGE}
    init: true
    command: ["sleep", "infinity"]
    scale: 2
    inner:
      services:
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: ["sleep", "infinity"]
          volumes: ["data:/data"]
      volumes: {data: {}}
"#;
    let Some(lab) = TestLab::new("siblings", yaml) else { return };
    let project = lab.project.clone();
    lab.run(&["up"]).ok();
    let before = lab.containers();
    assert_eq!(addresses(&before), ["box", "box/web", "box@2", "box@2/web"]);
    assert_eq!(before["box@2/web"].name, format!("{project}-box-2-web-1"));

    lab.edit("nest.yaml", "scale: 2", "scale: 1");
    lab.run(&["up"]).ok();
    let after = lab.containers();
    assert_eq!(addresses(&after), ["box", "box/web"]);
    assert_eq!(after["box/web"].id, before["box/web"].id);
    let networks = vec![format!("{project}-box_default"), format!("{project}_default")];
    let volumes = vec![format!("{project}-box-2_data"), format!("{project}-box_data")];
    assert_eq!(names(&lab, ""), (networks, volumes));

    // A node that the file has no more stays until asked for, and then goes whole.
    lab.write(
        "nest.yaml",
        "services: {last: {image: \"${BUSYBOX_IMAGE}\", init: true, command: [sleep, infinity]}}\n",
    );
    lab.run(&["up"]).ok();
    assert_eq!(addresses(&lab.containers()), ["box", "box/web", "last"]);
    lab.run(&["up", "--remove-orphans"]).ok();
    assert_eq!(addresses(&lab.containers()), ["last"]);
}
