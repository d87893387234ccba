//! The quickstart: two nodes, a web server, its database, and a client across layers.

use std::collections::BTreeMap;

use nestctl::model::observed::ContainerState;

use crate::support::lab::TestLab;

/// IDs of every container of the lab, by the engine and the address.
fn ids(lab: &TestLab) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for layer in ["", "vm1", "vm2"] {
        for (addr, container) in lab.containers_in(layer) {
            assert_eq!(container.state, ContainerState::Running, "{addr}");
            out.insert(addr, container.id);
        }
    }
    out
}

#[test]
fn the_quickstart_must_come_up_whole_and_a_second_up_change_nothing() {
    let Some(lab) = TestLab::example("quickstart") else { return };
    let lab = lab.with("HTTP_PORT", "21400");
    lab.run(&["up"]).ok();
    let first = ids(&lab);
    let addresses: Vec<&str> = first.keys().map(String::as_str).collect();
    assert_eq!(addresses, ["client", "vm1", "vm1/db", "vm1/web", "vm2", "vm2/mirror"]);

    let rows = lab.run(&["ps", "--format", "json"]).ok().json();
    let rows = rows.as_array().expect("a list").clone();
    assert_eq!(rows.len(), 6);
    assert!(rows.iter().all(|row| row["state"] == "running"), "{rows:#?}");

    // The client fetched the page through the node's published port before it settled down.
    let client = lab.run(&["logs", "--no-log-prefix", "client"]).ok();
    assert_eq!(client.stdout.trim(), "Hello from the database");

    lab.run(&["up"]).ok();
    assert_eq!(ids(&lab), first, "a second `up` made something anew");
}
