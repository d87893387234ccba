//! Names of the lab resolve inside its nodes, and go on to after everything that can happen to a node; what a node
//! holds outlives the node.

use std::collections::BTreeMap;

use nestctl::engine::engine::Change;
use nestctl::model::observed::ContainerState;

use crate::support::lab::TestLab;
use crate::support::real_engine::{block_on, eventually};

const LAB: &str = r#"
services:
  shop:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: ["sh", "-c", "mkdir /www; echo open >/www/index.html; exec httpd -f -p 80 -h /www"]
  vm1:
    engine: {kind: dind, args: []}
    image: ${DIND_IMAGE}
    inner:
      services:
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: ["sleep", "infinity"]
          restart: unless-stopped
          volumes: ["data:/data"]
        neighbour:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: ["sleep", "infinity"]
      volumes: {data: {}}
"#;

/// IDs of the inner containers by address. All of them must run.
#[track_caller]
fn inner(lab: &TestLab) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (addr, container) in lab.containers_in("vm1") {
        assert_eq!(container.state, ContainerState::Running, "{addr}");
        out.insert(addr, container.id);
    }
    out
}

/// Asserts that vm1/web reaches the outer sibling of its node by its name.
#[track_caller]
fn outer_name_resolves(lab: &TestLab, when: &str) {
    let page = lab.exec("vm1", "vm1/web", &["wget", "-q", "-O", "-", "http://shop/"]);
    assert_eq!(page, ("open\n".to_owned(), 0), "{when}");
}

/// The same for its inner sibling.
#[track_caller]
fn inner_name_resolves(lab: &TestLab, when: &str) {
    let (said, code) = lab.exec("vm1", "vm1/web", &["nslookup", "neighbour"]);
    assert_eq!(code, 0, "{when}: {said}");
}

#[test]
fn names_must_resolve_inside_a_node_that_is_restarted_and_made_anew_around_its_containers() {
    let Some(lab) = TestLab::new("names", LAB) else { return };
    lab.run(&["up"]).ok();
    let first = inner(&lab);
    let node = lab.containers()["vm1"].id.clone();
    assert_eq!(first.keys().collect::<Vec<_>>(), ["vm1/neighbour", "vm1/web"]);
    outer_name_resolves(&lab, "after the first up");
    inner_name_resolves(&lab, "after the first up");
    let (_, code) = lab.exec("vm1", "vm1/web", &["sh", "-c", "echo kept >/data/file; echo own >/own"]);
    assert_eq!(code, 0);

    // By hand, without nestctl: `docker restart`. What is to run always, runs again by itself.
    block_on(async {
        let engine = lab.engine();
        engine.act(&node, &Change::Stop(None)).await.expect("it stops");
        engine.act(&node, &Change::Start).await.expect("it starts");
        eventually("the inner engine runs vm1/web again", || async {
            let engine = lab.engine_of("vm1").await;
            let web = engine.inspect(&first["vm1/web"]).await.ok()?;
            (web.state == ContainerState::Running).then_some(())
        })
        .await;
    });
    outer_name_resolves(&lab, "after a restart by hand");
    // The neighbour has no restart policy: `up` finds it stopped and starts it, and makes nothing.
    lab.run(&["up"]).ok();
    assert_eq!(inner(&lab), first);
    assert_eq!(lab.containers()["vm1"].id, node);
    inner_name_resolves(&lab, "after an up that followed the restart");

    // Another node around the same engine's data.
    lab.edit("nest.yaml", "args: []", "args: [\"--debug\"]");
    lab.run(&["up"]).ok();
    assert_ne!(lab.containers()["vm1"].id, node, "changed arguments need a new node");
    assert_eq!(inner(&lab), first, "inner containers outlive their node");
    outer_name_resolves(&lab, "after the node was made anew");
    inner_name_resolves(&lab, "after the node was made anew");
    let kept = lab.exec("vm1", "vm1/web", &["cat", "/data/file", "/own"]);
    assert_eq!(kept, ("kept\nown\n".to_owned(), 0));
}
