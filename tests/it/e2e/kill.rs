//! nestctl killed with `kill -9` in the midst of `up`: nothing half-made looks whole afterwards.

use nestctl::engine::engine::Change;
use nestctl::model::observed::ContainerState;

use crate::support::lab::TestLab;
use crate::support::real_engine::block_on;
use crate::support::running::Running;

const LAB: &str = "
services:
  box:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
    networks: [one, two]
    configs: [{ source: greeting, target: /etc/greeting }]
    volumes: ['kept:/kept']
  vm1:
    engine: dind
    image: ${DIND_IMAGE}
    inner:
      services:
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: [sleep, infinity]
          networks: [one, two]
          configs:
            - { source: greeting, target: /etc/greeting }
            - { source: greeting, target: /run/app/greeting }
          tmpfs: [/run]
          volumes: ['kept:/kept']
          depends_on: { /box: { condition: service_started } }
      networks: { one: {}, two: {} }
      volumes: { kept: {} }
      configs: { greeting: { content: \"hello from below\\n\" } }
networks: { one: {}, two: {} }
volumes: { kept: {} }
configs: { greeting: { content: \"hello from the top\\n\" } }
";

/// When nestctl is killed: whose step, which action, at its start (its call is on the way) or at its end (the next
/// one is about to be made).
const KILLS: [(&str, &str, &str); 10] = [
    ("network", "create", "step-finished"),
    ("box", "create", "step-started"),
    ("box", "start", "step-started"),
    ("vm1", "put files", "step-started"),
    ("vm1", "enter", "step-started"),
    ("image", "copy", "step-started"),
    ("vm1/web", "fill", "step-started"),
    ("vm1/web", "create", "step-finished"),
    ("vm1/web", "put files", "step-finished"),
    ("vm1/web", "start", "step-started"),
];

fn assert_is_up(lab: &TestLab, when: (&str, &str, &str)) {
    for (layer, addrs) in [("", vec!["box", "vm1"]), ("vm1", vec!["vm1/web"])] {
        let containers = lab.containers_in(layer);
        let found: Vec<&String> = containers.keys().collect();
        assert_eq!(found, addrs, "{when:?}");
        for (addr, container) in &containers {
            assert_eq!(container.state, ContainerState::Running, "{when:?} {addr}");
        }
    }
    let read = |layer, addr, path| lab.exec(layer, addr, &["cat", path]);
    assert_eq!(read("", "box", "/etc/greeting"), ("hello from the top\n".to_owned(), 0), "{when:?}");
    for path in ["/etc/greeting", "/run/app/greeting"] {
        assert_eq!(read("vm1", "vm1/web", path), ("hello from below\n".to_owned(), 0), "{when:?} {path}");
    }
    // Both networks, each with an address.
    for (layer, addr) in [("", "box"), ("vm1", "vm1/web")] {
        let (addresses, _) = lab.exec(layer, addr, &["sh", "-c", "ip -4 -o addr | grep -c 'scope global'"]);
        assert_eq!(addresses.trim(), "2", "{when:?} {addr}");
    }
}

#[test]
fn up_must_finish_what_a_killed_up_left() {
    let Some(lab) = TestLab::new("kill", LAB) else { return };
    for when in KILLS {
        let mut running = Running::start(&lab, &["up"]);
        let (of, action, event) = when;
        assert!(running.until(of, action, event), "no such event: {when:?}");
        running.kill();
        lab.run(&["up"]).ok();
        assert_is_up(&lab, when);
        // What a node takes for an orderly end is not looked at here, so it need not be waited for.
        let node = lab.containers().remove("vm1").expect("a node");
        block_on(lab.engine().act(&node.id, &Change::Kill(None))).expect("the node is killed");
        lab.run(&["down", "-v"]).ok();
        assert_eq!(lab.leftovers(), [""; 0], "{when:?}");
    }
}
