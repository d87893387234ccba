//! What goes wrong: one error each, with the address, the step, the reason and the log; the rest goes on, and a
//! corrected lab comes up from there.

use std::net::TcpListener;

use nestctl::engine::engine::{Change, Create, Remove};
use nestctl::model::container::{ContainerSpec, PortBinding, Protocol};
use nestctl::model::label::Labels;
use nestctl::model::observed::ContainerState;

use crate::support::lab::{Ran, TestLab};
use crate::support::real_engine::{self, block_on, eventually};

/// The errors on standard error, each from its first line to the next one's.
pub(super) fn errors(ran: &Ran) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in ran.stderr.lines() {
        if line.starts_with("x ") || line.starts_with("✘ ") {
            out.push(String::new());
        }
        if let Some(last) = out.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    out
}

/// The one error whose first line holds `about`; it must hold all of `words`.
#[track_caller]
fn error_about(ran: &Ran, about: &str, words: &[&str]) {
    let of = |error: &&String| error.lines().next().is_some_and(|line| line.contains(about));
    let errors = errors(ran);
    let found: Vec<&String> = errors.iter().filter(of).collect();
    assert_eq!(found.len(), 1, "errors about {about} in:\n{}", ran.stderr);
    for word in words {
        assert!(found[0].contains(word), "no `{word}` in:\n{}", found[0]);
    }
}

#[track_caller]
fn assert_running(lab: &TestLab, layer: &str, addrs: &[&str]) {
    let containers = lab.containers_in(layer);
    for addr in addrs {
        let state = containers.get(*addr).map(|container| container.state);
        assert_eq!(state, Some(ContainerState::Running), "{addr}");
    }
}

const GOOD: &str = "
  good:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
";

#[test]
fn a_missing_image_must_be_one_error_that_names_all_who_want_it() {
    let nowhere = "nowhere.invalid/none:1";
    let yaml = |image: &str| {
        format!(
            "services:{GOOD}
  wants:
    image: {image}
    init: true
    command: [sleep, infinity]
  vm1:
    engine: dind
    image: ${{DIND_IMAGE}}
    inner:
      services:
        wants:
          image: {image}
          init: true
          command: [sleep, infinity]
        good:
          image: ${{BUSYBOX_IMAGE}}
          init: true
          command: [sleep, infinity]
"
        )
    };
    let Some(lab) = TestLab::new("no-image", &yaml(nowhere)) else { return };
    let ran = lab.run(&["up", "--progress", "quiet"]).code(1);
    assert_eq!(errors(&ran).len(), 1, "{}", ran.stderr);
    error_about(&ran, nowhere, &["failed to pull image", "wants", "vm1/wants"]);
    assert_running(&lab, "", &["good", "vm1"]);
    assert_running(&lab, "vm1", &["vm1/good"]);

    lab.run(&["down", "-v"]).ok();
    assert_eq!(lab.leftovers(), [""; 0]);

    lab.write("nest.yaml", &yaml("${BUSYBOX_IMAGE}"));
    lab.run(&["up"]).ok();
    assert_running(&lab, "", &["good", "wants", "vm1"]);
    assert_running(&lab, "vm1", &["vm1/good", "vm1/wants"]);
}

#[test]
fn what_ends_or_stays_unhealthy_must_be_told_with_its_log_and_hold_back_its_own_dependents_only() {
    let yaml = |code: u8, check: &str| {
        format!(
            "services:
  vm1:
    engine: dind
    image: ${{DIND_IMAGE}}
    inner:
      services:
        breaks:
          image: ${{BUSYBOX_IMAGE}}
          command: [sh, -c, 'echo the last words >&2; exit {code}']
        after:
          image: ${{BUSYBOX_IMAGE}}
          init: true
          command: [sleep, infinity]
          depends_on: {{ breaks: {{ condition: service_completed_successfully }} }}
        sick:
          image: ${{BUSYBOX_IMAGE}}
          init: true
          command: [sh, -c, 'echo I feel unwell; exec sleep infinity']
          healthcheck: {{ test: [CMD, sh, -c, '{check}'], interval: 200ms, retries: 2 }}
        good:
          image: ${{BUSYBOX_IMAGE}}
          init: true
          command: [sleep, infinity]
  outside:
    image: ${{BUSYBOX_IMAGE}}
    init: true
    command: [sleep, infinity]
    depends_on: {{ vm1/sick: {{ condition: service_healthy }} }}
"
        )
    };
    let Some(lab) = TestLab::new("ends", &yaml(1, "echo no pulse; exit 1")) else { return };
    let ran = lab.run(&["up", "--progress", "quiet"]).code(1);
    assert_eq!(errors(&ran).len(), 2, "{}", ran.stderr);
    let words = ["failed to wait", "exited with code 1", "the last words", "vm1/after"];
    error_about(&ran, "vm1/breaks", &words);
    let words = ["failed to wait", "health check", "no pulse", "I feel unwell", "outside"];
    error_about(&ran, "vm1/sick", &words);
    let inside = lab.containers_in("vm1");
    assert_eq!(inside["vm1/good"].state, ContainerState::Running);
    assert_eq!(inside["vm1/after"].state, ContainerState::Created);
    assert_eq!(lab.containers()["outside"].state, ContainerState::Created);

    lab.write("nest.yaml", &yaml(0, "true"));
    lab.run(&["up"]).ok();
    assert_running(&lab, "vm1", &["vm1/after", "vm1/sick", "vm1/good"]);
    assert_running(&lab, "", &["outside"]);
    assert_eq!(lab.containers_in("vm1")["vm1/good"].id, inside["vm1/good"].id, "good was not at fault");
}

#[test]
fn a_node_whose_daemon_cannot_start_must_be_told_with_the_daemons_words() {
    let yaml = |args: &str| {
        format!(
            "services:{GOOD}
  vm1:
    engine: {{ kind: dind, args: [{args}] }}
    image: ${{DIND_IMAGE}}
    inner:
      services:
        web:
          image: ${{BUSYBOX_IMAGE}}
          init: true
          command: [sleep, infinity]
"
        )
    };
    let Some(lab) = TestLab::new("no-daemon", &yaml("--no-such-flag")) else { return };
    let ran = lab.run(&["up", "--progress", "quiet"]).code(1);
    assert_eq!(errors(&ran).len(), 1, "{}", ran.stderr);
    let words = ["failed to enter `vm1`", "exited with code", "unknown flag: --no-such-flag"];
    error_about(&ran, "vm1", &words);
    assert_running(&lab, "", &["good"]);

    lab.write("nest.yaml", &yaml("--debug"));
    lab.run(&["up"]).ok();
    assert_running(&lab, "vm1", &["vm1/web"]);
}

#[test]
fn a_port_that_another_program_holds_must_fail_its_own_service_only() {
    let yaml = format!(
        "services:{GOOD}
  served:
    image: ${{BUSYBOX_IMAGE}}
    init: true
    command: [httpd, -f, -p, '80']
    ports: ['127.0.0.1:21102:80']
"
    );
    let Some(lab) = TestLab::new("port", &yaml) else { return };
    let listener = TcpListener::bind("127.0.0.1:21102").expect("the port of this test is free");
    let ran = lab.run(&["up", "--progress", "quiet"]).code(1);
    assert_eq!(errors(&ran).len(), 1, "{}", ran.stderr);
    error_about(&ran, "served", &["failed to start container `served`", "21102", "in use"]);
    assert_running(&lab, "", &["good"]);
    let good = lab.containers()["good"].id.clone();

    drop(listener);
    lab.run(&["up"]).ok();
    assert_running(&lab, "", &["good", "served"]);
    assert_eq!(lab.containers()["good"].id, good);
}

#[test]
fn a_port_that_a_foreign_container_holds_must_be_refused_before_anything_is_made() {
    let yaml = "
services:
  served:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [httpd, -f, -p, '80']
    ports: ['127.0.0.1:21103:80']
";
    let Some(lab) = TestLab::new("foreign", yaml) else { return };
    let engine = lab.engine();
    let name = format!("stranger-{}", lab.project);
    let stranger = block_on(async {
        let mut spec = ContainerSpec { init: Some(true), ..ContainerSpec::default() };
        spec.command = Some(["sleep", "infinity"].map(str::to_owned).to_vec());
        spec.ports = vec![PortBinding {
            container: 80,
            host: Some((21103, 21103)),
            host_ip: Some("127.0.0.1".to_owned()),
            protocol: Protocol::Tcp,
        }];
        let image = std::env::var("BUSYBOX_IMAGE").expect("the test images are named");
        let create =
            Create::Container { name: name.clone(), spec: Box::new(spec), image, labels: Labels::new() };
        let id = engine.create(&create).await.expect("a container of somebody else");
        engine.act(&id, &Change::Start).await.expect("it starts");
        id
    });
    let ran = lab.run(&["up"]);
    let made = lab.leftovers();
    block_on(engine.remove(&Remove::Container { container: stranger, volumes: true })).expect("it goes");
    let ran = ran.code(3);
    assert!(ran.stderr.contains("21103") && ran.stderr.contains(&name), "{}", ran.stderr);
    assert_eq!(made, [""; 0]);
    lab.run(&["up"]).ok();
}

#[test]
fn an_engine_that_is_not_there_must_be_told_with_an_exit_code_of_its_own() {
    let Some(lab) = TestLab::new("no-engine", &format!("services:{GOOD}")) else { return };
    let ran = lab.run(&["-H", "unix:///nowhere/docker.sock", "up"]).code(4);
    assert!(ran.stderr.contains("unix:///nowhere/docker.sock"), "{}", ran.stderr);
    assert!(ran.stderr.contains("No such file"), "{}", ran.stderr);
    assert_eq!(lab.leftovers(), [""; 0]);
}

#[test]
fn a_node_killed_during_up_must_end_it_with_one_error() {
    let yaml = format!(
        "services:{GOOD}
  vm1:
    engine: dind
    image: ${{DIND_IMAGE}}
    inner:
      services:
        slow:
          image: ${{BUSYBOX_IMAGE}}
          init: true
          command: [sh, -c, 'while [ ! -e /go ]; do sleep 1; done; sleep infinity']
          healthcheck: {{ test: [CMD, test, -e, /good], interval: 1s, retries: 600 }}
        job:
          image: ${{BUSYBOX_IMAGE}}
          init: true
          command: [sleep, '600']
        after:
          image: ${{BUSYBOX_IMAGE}}
          init: true
          command: [sleep, infinity]
          depends_on: {{ job: {{ condition: service_completed_successfully }} }}
  waits:
    image: ${{BUSYBOX_IMAGE}}
    init: true
    command: [sleep, infinity]
    depends_on: {{ vm1/slow: {{ condition: service_healthy }} }}
"
    );
    let Some(lab) = TestLab::new("killed-node", &yaml) else { return };
    let running = lab.spawn(&["up", "--progress", "quiet"]);
    block_on(async {
        let node = eventually("what is inside vm1 runs", || async {
            let outer = real_engine::containers(&*lab.engine(), &lab.project).await;
            let node = outer.get("vm1").filter(|node| node.state == ContainerState::Running)?;
            let inner = real_engine::inside(&lab.engine(), node).observe().await.ok()?;
            let up = inner.containers.iter().filter(|one| one.state == ContainerState::Running).count();
            (up == 2).then(|| node.id.clone())
        })
        .await;
        lab.engine().act(&node, &Change::Kill(None)).await.expect("the node is killed");
    });
    let ran = Ran::of(&running.wait_with_output().expect("`up` ends")).code(1);
    assert_eq!(errors(&ran).len(), 1, "{}", ran.stderr);
    let words = ["failed to wait", "exited with code 137", "vm1/slow", "vm1/job", "vm1/after", "waits"];
    error_about(&ran, "vm1", &words);
    assert_running(&lab, "", &["good"]);
}
