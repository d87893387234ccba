//! nestctl killed with `kill -9` at every step of `up` and `down`, as its own events tell them: nothing half-made looks
//! whole afterwards. Three levels, each boundary from a clean state: `faults/kills.rs`.

use nestctl::model::observed::ContainerState;

use crate::support::lab::TestLab;
use crate::support::running::killed_at_every_step;

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

fn assert_is_up(lab: &TestLab) {
    for (layer, addrs) in [("", vec!["box", "vm1"]), ("vm1", vec!["vm1/web"])] {
        let containers = lab.containers_in(layer);
        let found: Vec<&String> = containers.keys().collect();
        assert_eq!(found, addrs);
        for (addr, container) in &containers {
            assert_eq!(container.state, ContainerState::Running, "{addr}");
        }
    }
    let read = |layer, addr, path| lab.exec(layer, addr, &["cat", path]);
    assert_eq!(read("", "box", "/etc/greeting"), ("hello from the top\n".to_owned(), 0));
    for path in ["/etc/greeting", "/run/app/greeting"] {
        assert_eq!(read("vm1", "vm1/web", path), ("hello from below\n".to_owned(), 0), "{path}");
    }
    // Both networks, each with an address.
    for (layer, addr) in [("", "box"), ("vm1", "vm1/web")] {
        let (addresses, _) = lab.exec(layer, addr, &["sh", "-c", "ip -4 -o addr | grep -c 'scope global'"]);
        assert_eq!(addresses.trim(), "2", "{addr}");
    }
}

#[test]
fn runs_killed_at_every_step_must_be_finished_by_the_next() {
    let Some(lab) = TestLab::new("kill", LAB) else { return };
    let kills = killed_at_every_step(&lab, &["up"]);
    assert!(kills > 20, "the lab has more steps than {kills}");
    assert_is_up(&lab);
    let plan = lab.run(&["plan", "--format", "json"]).ok().json();
    assert_eq!(plan["changes"], false, "{plan:#}");

    // Everything is made anew.
    lab.edit("nest.yaml", "[sleep, infinity]", "[sleep, '100000']");
    let kills = killed_at_every_step(&lab, &["up"]);
    assert!(kills > 10, "the lab has more steps than {kills}");
    assert_is_up(&lab);

    let kills = killed_at_every_step(&lab, &["down", "-v"]);
    assert!(kills > 5, "the lab has more steps than {kills}");
    assert_eq!(lab.leftovers(), [""; 0]);
}
