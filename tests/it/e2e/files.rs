//! Files of the user's machine, configs and secrets in inner layers.

use std::collections::BTreeMap;
use std::fs;

use nestctl::model::label;

use crate::support::lab::TestLab;
use crate::support::real_engine::block_on;

fn busybox() -> &'static str {
    "image: \"${BUSYBOX_IMAGE}\", init: true, command: [sleep, infinity]"
}

/// A service at depth 2 with these keys.
fn at_depth_two(keys: &str) -> String {
    let node = |indent: &str| {
        format!(
            "{indent}engine: {{kind: dind, data: tmpfs}}\n{indent}image: \"${{DIND_IMAGE}}\"\n{indent}inner:\n{indent}  services:\n"
        )
    };
    format!(
        "services:\n  vm:\n{}        deep:\n{}              web: {{{}, {keys}}}\n",
        node("    "),
        node("          "),
        busybox(),
    )
}

fn read(lab: &TestLab, layer: &str, addr: &str, path: &str) -> String {
    lab.exec(layer, addr, &["cat", path]).0
}

fn ids(lab: &TestLab, layers: &[&str]) -> BTreeMap<String, String> {
    let containers = layers.iter().flat_map(|layer| lab.containers_in(layer));
    containers.map(|(addr, container)| (addr, container.id)).collect()
}

/// Volumes of configs and secrets on the engine of a layer.
fn filled_volumes(lab: &TestLab, layer: &str) -> usize {
    let seen = block_on(async { lab.engine_of(layer).await.observe().await.expect("the engine lists") });
    let is_filled = |role: &String| role == label::ROLE_FILES;
    seen.volumes.iter().filter(|volume| volume.labels.get(label::ROLE).is_some_and(is_filled)).count()
}

#[test]
fn a_relative_bind_must_be_live_at_every_depth() {
    let keys = "volumes: [\"./site:/site\", \"./one.txt:/etc/one.txt:ro\"]";
    let Some(lab) = TestLab::new("live", &at_depth_two(keys)) else { return };
    lab.write("site/index", "before");
    lab.write("one.txt", "one");
    lab.run(&["up"]).ok();
    let in_web = |path: &str| read(&lab, "vm/deep", "vm/deep/web", path);
    assert_eq!((in_web("/site/index"), in_web("/etc/one.txt")), ("before".to_owned(), "one".to_owned()));

    lab.write("site/later", "from outside");
    assert_eq!(in_web("/site/later"), "from outside");
    lab.exec("vm/deep", "vm/deep/web", &["sh", "-c", "echo from inside > /site/answer"]);
    let answer = fs::read_to_string(lab.directory.join("site/answer")).expect("it is on the user's machine");
    assert_eq!(answer, "from inside\n");

    let before = ids(&lab, &["", "vm", "vm/deep"]);
    lab.run(&["up"]).ok();
    assert_eq!(ids(&lab, &["", "vm", "vm/deep"]), before, "what is live needs no renewal");
}

#[test]
fn files_that_the_engine_does_not_see_must_be_copied_in_and_renewed() {
    // Below a tmpfs and in a read-only root nothing can be put into the created container.
    let busybox = busybox();
    let yaml = format!(
        "services:
  vm:
    engine: {{kind: dind, data: tmpfs}}
    image: \"${{DIND_IMAGE}}\"
    inner:
      services:
        web: {{{busybox}, volumes: [\"./site:/site\", \"./one.txt:/etc/one.txt:ro\"]}}
        locked: {{{busybox}, read_only: true, tmpfs: [/run], volumes: [\"./site:/site\"], secrets: [one]}}
        other: {{{busybox}}}
      secrets: {{one: {{file: ./one.txt}}}}
"
    );
    let Some(lab) = TestLab::new("copied", &yaml) else { return };
    lab.write("site/sub/index", "before");
    lab.write("one.txt", "one");
    let lab = lab.out_of_sight();
    if block_on(lab.engine().sees(&lab.directory.to_string_lossy())).expect("the engine says") {
        println!("skipped: the engine sees {}", lab.directory.display());
        return;
    }
    lab.run(&["up"]).ok();
    let all = || {
        let from = |addr: &str, path: &str| read(&lab, "vm", addr, path);
        assert_eq!(from("vm/locked", "/site/sub/index"), from("vm/web", "/site/sub/index"));
        assert_eq!(from("vm/locked", "/run/secrets/one"), from("vm/web", "/etc/one.txt"));
        (from("vm/web", "/site/sub/index"), from("vm/web", "/etc/one.txt"))
    };
    assert_eq!(all(), ("before".to_owned(), "one".to_owned()));
    let before = ids(&lab, &["", "vm"]);
    lab.run(&["up"]).ok();
    assert_eq!(ids(&lab, &["", "vm"]), before, "nothing has changed");

    lab.write("site/sub/index", "after");
    lab.write("one.txt", "another");
    lab.run(&["up"]).ok();
    assert_eq!(all(), ("after".to_owned(), "another".to_owned()));
    let after = ids(&lab, &["", "vm"]);
    let renewed: Vec<&String> = after.keys().filter(|addr| after[*addr] != before[*addr]).collect();
    assert_eq!(renewed, ["vm/locked", "vm/web"]);
    assert_eq!(filled_volumes(&lab, "vm"), 1, "the old copy goes");
}

/// Configs and secrets of every origin, at the root and inside: in plain places, below a tmpfs, in a read-only root.
fn secretive() -> String {
    let services = |indent: &str| {
        let put = "configs: [{source: text, target: /etc/lab/text, mode: 0440, uid: \"1000\", gid: \"1000\"}, {source: filed, target: /opt/filed}, short], secrets: [{source: env, mode: 0400, uid: \"1000\"}]";
        let busybox = busybox();
        format!(
            "{indent}plain: {{{busybox}, {put}}}\n{indent}tmpfs: {{{busybox}, {put}, user: \"1000:1000\", tmpfs: [/run]}}\n{indent}locked: {{{busybox}, {put}, user: \"1000:1000\", read_only: true}}\n"
        )
    };
    let defined = |indent: &str| {
        format!(
            "{indent}configs:\n{indent}  text: {{content: \"${{TEXT}}\"}}\n{indent}  filed: {{file: ./filed.txt}}\n{indent}  short: {{content: short}}\n{indent}secrets:\n{indent}  env: {{environment: SECRET}}\n"
        )
    };
    format!(
        "services:\n{}  vm:\n    engine: {{kind: dind, data: tmpfs}}\n    image: \"${{DIND_IMAGE}}\"\n    inner:\n      services:\n{}{}{}",
        services("  "),
        services("        "),
        defined("      "),
        defined(""),
    )
}

#[test]
fn configs_and_secrets_must_arrive_whole_wherever_they_are_put() {
    let Some(lab) = TestLab::new("secrets", &secretive()) else { return };
    lab.write("filed.txt", "from a file");
    let lab = lab.with("TEXT", "first").with("SECRET", "hush");
    lab.run(&["up"]).ok();
    let everywhere = [("", ""), ("vm", "vm/")];
    let check = |text: &str, secret: &str| {
        for (layer, prefix) in everywhere {
            for service in ["plain", "tmpfs", "locked"] {
                let addr = format!("{prefix}{service}");
                assert_eq!(read(&lab, layer, &addr, "/etc/lab/text"), text, "{addr}");
                assert_eq!(read(&lab, layer, &addr, "/opt/filed"), "from a file", "{addr}");
                assert_eq!(read(&lab, layer, &addr, "/short"), "short", "{addr}");
                assert_eq!(read(&lab, layer, &addr, "/run/secrets/env"), secret, "{addr}");
                let stat = ["stat", "-c", "%a %u %g", "/etc/lab/text", "/run/secrets/env"];
                assert_eq!(lab.exec(layer, &addr, &stat).0, "440 1000 1000\n400 1000 0\n", "{addr}");
            }
        }
    };
    check("first", "hush");
    let volumes = (filled_volumes(&lab, ""), filled_volumes(&lab, "vm"));
    let before = ids(&lab, &["", "vm"]);
    lab.run(&["up"]).ok();
    assert_eq!(ids(&lab, &["", "vm"]), before, "nothing has changed");

    let lab = lab.with("TEXT", "second").with("SECRET", "louder");
    lab.run(&["up"]).ok();
    for (layer, prefix) in everywhere {
        let addr = format!("{prefix}locked");
        assert_eq!(read(&lab, layer, &addr, "/etc/lab/text"), "second");
        assert_eq!(read(&lab, layer, &addr, "/run/secrets/env"), "louder");
    }
    let after = ids(&lab, &["", "vm"]);
    assert_eq!(after["vm"], before["vm"]);
    assert!(before.iter().filter(|(addr, _)| *addr != "vm").all(|(addr, id)| after[addr] != *id));
    assert_eq!((filled_volumes(&lab, ""), filled_volumes(&lab, "vm")), volumes, "old volumes are left");

    lab.run(&["down"]).ok();
    assert_eq!(lab.leftovers(), Vec::<String>::new(), "`down` without `-v` leaves no volume of secrets");
}

/// Messages of the warnings about paths of nodes that a run told.
fn node_path_warnings(events: &str) -> Vec<String> {
    let events =
        events.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("an event"));
    let told = events.filter(|event| event["event"] == "warned").map(|event| event["problem"].clone());
    let mine = told.filter(|diagnostic| diagnostic["code"] == "nest::node-path");
    mine.map(|diagnostic| diagnostic["message"].as_str().expect("a message").to_owned()).collect()
}

#[test]
fn an_absolute_bind_must_mean_the_node_and_be_warned_of_where_it_goes_with_it() {
    let busybox = busybox();
    // The lab's own directory is on this machine and, by this name, in no node.
    let yaml = |engine: &str, here: &str| {
        format!(
            "services:
  vm:
    engine: {{kind: dind{engine}}}
    image: \"${{DIND_IMAGE}}\"
    volumes: [\"kept:/srv/kept\"]
    inner:
      services:
        web: {{{busybox}, volumes: [\"/srv/lost:/lost\", \"/srv/kept/web:/kept\", \"{here}:/here\", \"/var/run/docker.sock:/socket\"]}}
volumes: {{kept: {{}}}}
"
        )
    };
    let Some(lab) = TestLab::new("node-paths", "") else { return };
    let here = lab.directory.parent().expect("a directory").to_string_lossy().into_owned();
    lab.write("nest.yaml", &yaml("", &here));
    let told = lab.run(&["--progress", "json", "up"]).ok();
    let warned = node_path_warnings(&told.stdout);
    let about = |path: &str, what: &str| {
        let start = format!("`{path}` of `vm/web`");
        warned.iter().filter(|text| text.starts_with(&start) && text.contains(what)).count()
    };
    assert_eq!(about("/srv/lost", "lies on no volume"), 1, "{warned:#?}");
    assert_eq!(about(&here, "lies on no volume"), 1, "{warned:#?}");
    assert_eq!(about(&here, "is on your machine"), 1, "{warned:#?}");
    assert_eq!(warned.len(), 3, "{warned:#?}");

    lab.exec("vm", "vm/web", &["sh", "-c", "echo lost > /lost/file; echo kept > /kept/file"]);
    assert_eq!(lab.exec("", "vm", &["cat", "/srv/lost/file"]).0, "lost\n");
    let before = ids(&lab, &["", "vm"]);
    lab.write("nest.yaml", &yaml(", args: [--debug]", &here));
    let refused = lab.run(&["up"]);
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains("/srv/lost"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("`/srv/kept/web`"), "{}", refused.stderr);
    assert_eq!(ids(&lab, &["", "vm"]), before, "nothing was touched");

    lab.run(&["up", "--discard-node-files"]).ok();
    let after = ids(&lab, &["", "vm"]);
    assert_ne!(after["vm"], before["vm"]);
    assert_eq!(after["vm/web"], before["vm/web"], "it is in the node's data volume");
    assert_eq!(read(&lab, "vm", "vm/web", "/kept/file"), "kept\n");
}

const BOUND: &str = "
services:
  vm1:
    engine: dind
    image: ${DIND_IMAGE}
    stop_grace_period: 1s
    inner: vm1/nest.yaml
";

/// A directory beside the inner layer's file.
const BOUND_INSIDE: &str = "
services:
  web:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
    volumes: ['data:/data', 'data:/read:ro']
volumes:
  data: { driver: local, driver_opts: { type: none, o: bind, device: ./data } }
";

#[test]
fn a_volume_that_is_a_directory_beside_the_file_must_be_seen_inside_a_node() {
    let Some(lab) = TestLab::new("bound", BOUND) else { return };
    lab.write("vm1/nest.yaml", BOUND_INSIDE);
    lab.write("vm1/data/file", "from the user");
    lab.run(&["up"]).ok();
    let cat = |path: &str| lab.exec("vm1", "vm1/web", &["cat", path]);
    assert_eq!(cat("/data/file"), ("from the user".to_owned(), 0));
    assert_eq!(cat("/read/file"), ("from the user".to_owned(), 0));
    // It is the directory itself, in both directions.
    lab.write("vm1/data/later", "by the user");
    assert_eq!(cat("/data/later").0, "by the user");
    let (said, code) =
        lab.exec("vm1", "vm1/web", &["sh", "-c", "echo inside > /data/own; touch /read/no 2>&1"]);
    assert!(code != 0 && said.contains("Read-only file system"), "{code}: {said}");
    let own = std::fs::read_to_string(lab.directory.join("vm1/data/own")).expect("it is written");
    assert_eq!(own, "inside\n");
    assert!(lab.run(&["plan"]).ok().stdout.contains("nothing to do"), "planning again changes nothing");
    lab.run(&["down", "-v"]).ok();
    assert!(lab.directory.join("vm1/data/own").exists(), "what is the user's stays");
}
