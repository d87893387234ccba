//! Hooks, links, shared namespaces and volumes, the engine's socket: on the root engine and inside a node alike.

use crate::support::lab::TestLab;

/// A layer in which everything uses something of `db`.
const LAYER: &str = "
    db:
      image: ${BUSYBOX_IMAGE}
      init: true
      command: [sleep, infinity]
      ipc: shareable
      environment: { ROUND: '@' }
      volumes: ['shared:/shared']
      pre_start:
        - command: [sh, -c, 'sleep 1; echo $$ROUND >>/shared/init']
      post_start:
        - command: [sh, -c, 'sleep 1; echo $$ROUND$$MORE >>/shared/seed; echo seeded $$ROUND']
          environment: { MORE: '!' }
      pre_stop:
        - command: [sh, -c, 'echo $$ROUND >>/shared/stopped']
    side:
      image: ${BUSYBOX_IMAGE}
      init: true
      command: [sleep, infinity]
      network_mode: service:db
      ipc: service:db
      pid: service:db
      volumes_from: ['db:ro']
    web:
      image: ${BUSYBOX_IMAGE}
      init: true
      command: [sh, -c, 'cp /shared/seed /seen; exec sleep infinity']
      links: ['db:sql']
      volumes: ['shared:/shared']
    tool:
      image: ${BUSYBOX_IMAGE}
      init: true
      command: [sleep, infinity]
      use_api_socket: true
";

fn text(round: &str) -> String {
    let layer = LAYER.replace('@', round);
    let inner = layer.replace('\n', "\n      ");
    format!(
        "services:{layer}
    vm:
      engine: dind
      image: ${{DIND_IMAGE}}
      inner:
        services:{inner}
        volumes: {{ shared: }}
volumes: {{ shared: }}
"
    )
}

#[track_caller]
fn said(lab: &TestLab, layer: &str, addr: &str, argv: &[&str]) -> String {
    let (output, code) = lab.exec(layer, addr, argv);
    assert_eq!(code, 0, "{addr}: {argv:?}: {output}");
    output.trim().to_owned()
}

#[test]
fn what_a_container_uses_of_another_follows_it_and_hooks_run_around_it_at_every_depth() {
    let Some(lab) = TestLab::new("behave", &text("1")) else { return };
    let first = lab.run(&["up"]).ok();
    assert_eq!(first.stderr.matches("db | seeded 1").count(), 2, "{}", first.stderr);
    for (layer, prefix) in [("", ""), ("vm", "vm/")] {
        let at = |name: &str| format!("{prefix}{name}");
        let shared = ["cat", "/shared/init", "/shared/seed"];
        assert_eq!(said(&lab, layer, &at("side"), &shared), "1\n1!");
        // It started after the hook had ended.
        assert_eq!(said(&lab, layer, &at("web"), &["cat", "/seen"]), "1!");
        let (_, code) = lab.exec(layer, &at("side"), &["touch", "/shared/x"]);
        assert_ne!(code, 0, "{}: read only", at("side"));
        for namespace in ["net", "ipc", "pid"] {
            let link = format!("/proc/self/ns/{namespace}");
            let of = |name: &str| said(&lab, layer, &at(name), &["readlink", &link]);
            assert_eq!(of("side"), of("db"));
            assert_ne!(of("web"), of("db"));
        }
        said(&lab, layer, &at("web"), &["nslookup", "sql"]);
        let config = said(&lab, layer, &at("tool"), &["sh", "-c", "cat $DOCKER_CONFIG/config.json"]);
        assert!(config.contains("auths"), "{config}");
        said(&lab, layer, &at("tool"), &["test", "-S", "/var/run/docker.sock"]);
    }
    let socket = ["stat", "-L", "-c", "%i", "/var/run/docker.sock"];
    assert_eq!(said(&lab, "vm", "vm/tool", &socket), said(&lab, "", "vm", &socket));
    assert_ne!(said(&lab, "vm", "vm/tool", &socket), said(&lab, "", "tool", &socket));
    let again = lab.run(&["up"]).ok();
    assert!(again.stderr.contains("nothing changed"), "{}", again.stderr);

    lab.write("nest.yaml", &text("2"));
    let before: Vec<_> =
        [("", "web"), ("vm", "vm/web")].map(|(layer, addr)| lab.containers_in(layer).remove(addr)).into();
    lab.run(&["up"]).ok();
    for (n, (layer, prefix)) in [("", ""), ("vm", "vm/")].into_iter().enumerate() {
        let at = |name: &str| format!("{prefix}{name}");
        assert_eq!(said(&lab, layer, &at("side"), &["cat", "/shared/init"]), "1\n2");
        assert_eq!(said(&lab, layer, &at("side"), &["cat", "/shared/stopped"]), "1");
        let net = ["readlink", "/proc/self/ns/net"];
        assert_eq!(said(&lab, layer, &at("side"), &net), said(&lab, layer, &at("db"), &net));
        // It is restarted, not made anew, and only after the new container's hooks.
        assert_eq!(said(&lab, layer, &at("web"), &["cat", "/seen"]), "1!\n2!");
        let web = lab.containers_in(layer).remove(&at("web")).map(|container| container.id);
        assert_eq!(web, before[n].as_ref().map(|container| container.id.clone()));
    }
    let third = lab.run(&["up"]).ok();
    assert!(third.stderr.contains("nothing changed"), "{}", third.stderr);
}

#[test]
fn a_hook_that_fails_must_be_told_with_its_code_and_what_it_said() {
    let hooked = "image: '${BUSYBOX_IMAGE}', init: true, command: [sleep, infinity]";
    let yaml = format!(
        "services:
  early:
    {{ {hooked}, pre_start: [{{ command: [sh, -c, 'echo no room; exit 4'] }}] }}
  late:
    {{ {hooked}, post_start: [{{ command: [sh, -c, 'echo fine; echo trouble >&2; exit 5'] }}] }}
  never: {{ {hooked}, depends_on: [late] }}
  lost: {{ {hooked}, pid: 'container:nestctl-nobody' }}
"
    );
    let Some(lab) = TestLab::new("hookfail", &yaml) else { return };
    let refused = lab.run(&["up"]).code(3);
    assert!(
        refused.stderr.contains("container `nestctl-nobody`, which `lost` wants in `pid`"),
        "{}",
        refused.stderr
    );
    let without = yaml.lines().filter(|line| !line.contains("nobody")).collect::<Vec<_>>().join("\n");
    lab.write("nest.yaml", &without);
    let ran = lab.run(&["up"]).code(1);
    for words in ["it exited with code 4", "no room", "exited with code 5", "trouble"] {
        assert!(ran.stderr.contains(words), "{words} in:\n{}", ran.stderr);
    }
    let containers = lab.containers_in("");
    assert_eq!(containers["never"].state.as_str(), "created");
    assert_eq!(containers["early"].state.as_str(), "created");
    // What failed stays for its log until it is tried again or taken down.
    let hook = format!("{}-early-1.pre_start-1", lab.project);
    assert!(lab.observed_in("").containers.iter().any(|container| container.name == hook));
}
