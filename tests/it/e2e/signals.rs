//! Ctrl-C during `up`.

use nestctl::model::observed::ContainerState;
use rustix::process::Signal;

use crate::support::lab::TestLab;
use crate::support::running::Running;

#[test]
fn a_first_interrupt_must_start_nothing_more_and_leave_what_a_further_up_finishes() {
    let yaml = "
services:
  vm1:
    engine: dind
    image: ${DIND_IMAGE}
    inner:
      services:
        db:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: [sleep, infinity]
          healthcheck: { test: [CMD, test, -e, /good], interval: 300ms, retries: 1000 }
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: [sleep, infinity]
          depends_on: { db: { condition: service_healthy } }
  client:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
    depends_on: { vm1/web: { condition: service_started } }
";
    let Some(lab) = TestLab::new("interrupt", yaml) else { return };
    let mut running = Running::start(&lab, &["up"]);
    assert!(running.until("vm1/db", "wait", "step-waiting"));
    running.signal(Signal::INT);
    assert!(running.until_event("cancelling"));
    let ran = running.end().code(130);
    assert!(!ran.stdout.contains(r#""event":"step-started""#), "{}", ran.stdout);
    let (outer, inner) = (lab.containers(), lab.containers_in("vm1"));
    let states: Vec<(&String, ContainerState)> =
        outer.iter().chain(&inner).map(|(addr, container)| (addr, container.state)).collect();
    let is = |addr: &str, state| states.iter().any(|(one, its)| *one == addr && *its == state);
    assert!(is("vm1", ContainerState::Running) && is("vm1/db", ContainerState::Running), "{states:?}");
    assert!(!is("vm1/web", ContainerState::Running) && !is("client", ContainerState::Running), "{states:?}");

    assert_eq!(lab.exec("vm1", "vm1/db", &["touch", "/good"]).1, 0);
    lab.run(&["up"]).ok();
    for (before, after) in [(outer, lab.containers()), (inner, lab.containers_in("vm1"))] {
        for (addr, container) in &after {
            assert_eq!(container.state, ContainerState::Running, "{addr}");
            let id = before.get(addr).map_or(&container.id, |before| &before.id);
            assert_eq!(container.id, *id, "{addr} was made anew");
        }
    }
}

#[test]
fn a_second_interrupt_must_not_wait_for_the_engine() {
    let yaml = |greeting: &str| {
        format!(
            "services:
  slow:
    image: ${{BUSYBOX_IMAGE}}
    init: true
    environment: {{ GREETING: {greeting} }}
    command: [sh, -c, \"trap 'while [ ! -e /go ]; do sleep 0.1; done; exit 0' TERM; while :; do sleep 0.1; done\"]
    stop_grace_period: 10m
"
        )
    };
    let Some(lab) = TestLab::new("abort", &yaml("hello")) else { return };
    lab.run(&["up"]).ok();
    let first = lab.containers()["slow"].id.clone();

    // The container is replaced; its end takes ten minutes, unless it is let go.
    lab.write("nest.yaml", &yaml("goodbye"));
    let mut running = Running::start(&lab, &["up"]);
    assert!(running.until("slow", "stop", "step-started"));
    running.signal(Signal::INT);
    assert!(running.until_event("cancelling"));
    running.signal(Signal::INT);
    let ran = running.end().code(130);
    assert!(ran.stdout.contains(r#""level":"abort""#), "{}", ran.stdout);

    // Two of one address are there; the next `up` keeps the new one.
    let_go(&lab, &first);
    lab.run(&["up"]).ok();
    let containers = lab.containers();
    assert_eq!(containers.len(), 1);
    assert_eq!(containers["slow"].state, ContainerState::Running);
    assert_ne!(containers["slow"].id, first);
    let_go(&lab, &containers["slow"].id);
}

/// Lets a container end at its next stop.
fn let_go(lab: &TestLab, id: &str) {
    use crate::support::real_engine::{block_on, exec};
    let (_, code) = block_on(async { exec(&*lab.engine(), id, &["touch", "/go"]).await });
    assert_eq!(code, 0);
}
