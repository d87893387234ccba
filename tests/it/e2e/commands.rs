//! Every command on what is there, at the root and inside a node.

use nestctl::model::observed::ContainerState;

use crate::support::lab::TestLab;

const LAB: &str = "
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
          healthcheck: {test: [CMD, 'true'], interval: 1s}
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: [sleep, infinity]
          ports: ['8099:80']
          depends_on: {db: {condition: service_healthy, restart: true}}
  client:
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
    depends_on: [vm1/web]
";

#[track_caller]
fn state(lab: &TestLab, layer: &str, addr: &str) -> ContainerState {
    lab.containers_in(layer).get(addr).unwrap_or_else(|| panic!("no container of {addr}")).state
}

/// The lines of standard error that name one of these, in the order of their first ends.
fn order(told: &str, what: &str) -> Vec<String> {
    told.lines()
        .filter_map(|line| line.split_once(": ").filter(|(_, text)| text.starts_with(what)))
        .map(|(addr, _)| addr.to_owned())
        .collect()
}

#[test]
fn what_is_created_starts_stops_and_starts_again_in_order_on_every_level() {
    let Some(lab) = TestLab::new("commands", LAB) else { return };
    lab.run(&["create"]).ok();
    assert_eq!(state(&lab, "", "vm1"), ContainerState::Created);
    lab.run(&["create", "--start-nodes"]).ok();
    assert_eq!(state(&lab, "", "client"), ContainerState::Created);
    assert_eq!(state(&lab, "vm1", "vm1/web"), ContainerState::Created);
    let again = lab.run(&["create"]).ok();
    assert!(again.stderr.contains("nothing changed"), "{}", again.stderr);

    let started = lab.run(&["start"]).ok();
    assert_eq!(order(&started.stderr, "started"), ["vm1/db", "vm1/web", "client"]);
    let stopped = lab.run(&["stop", "-t", "2"]).ok();
    assert_eq!(order(&stopped.stderr, "stopped"), ["client", "vm1/web", "vm1/db", "vm1"]);
    let before = lab.containers()["vm1"].id.clone();
    let started = lab.run(&["start", "client"]).ok();
    assert_eq!(order(&started.stderr, "started"), ["vm1", "vm1/db", "vm1/web", "client"]);
    assert_eq!(lab.containers()["vm1"].id, before);

    // `web` asks to be restarted with `db`.
    let restarted = lab.run(&["restart", "-t", "1", "vm1/db"]).ok();
    assert_eq!(order(&restarted.stderr, "started"), ["vm1/db", "vm1/web"]);
    let web = lab.containers_in("vm1")["vm1/web"].id.clone();
    lab.run(&["restart", "-t", "1", "vm1"]).ok();
    assert_eq!(state(&lab, "vm1", "vm1/web"), ContainerState::Running);
    assert_eq!(lab.containers_in("vm1")["vm1/web"].id, web, "it is the same container");

    lab.run(&["pause", "vm1"]).ok();
    assert_eq!(state(&lab, "", "vm1"), ContainerState::Paused);
    lab.run(&["unpause", "vm1"]).ok();
    assert_eq!(state(&lab, "vm1", "vm1/web"), ContainerState::Running);
    lab.run(&["kill", "vm1/web"]).ok();
    lab.run(&["rm", "vm1/web"]).code(2);
    lab.run(&["rm", "-f"]).ok();
    assert!(!lab.containers_in("vm1").contains_key("vm1/web"));
    assert_eq!(state(&lab, "vm1", "vm1/db"), ContainerState::Running);
    lab.run(&["scale", "vm1/db=2"]).ok();
    assert_eq!(state(&lab, "vm1", "vm1/db@2"), ContainerState::Running);
}

#[test]
fn what_runs_inside_is_looked_at_and_used_by_its_address() {
    let Some(lab) = TestLab::new("inside", LAB) else { return };
    lab.run(&["up"]).ok();
    let ran =
        lab.run(&["run", "--rm", "-T", "vm1/web", "sh", "-c", "echo out; echo err >&2; exit 7"]).code(7);
    assert_eq!(ran.stdout, "out\n");
    assert!(ran.stderr.ends_with("err\n"), "{}", ran.stderr);
    assert_eq!(lab.observed_in("vm1").containers.len(), 2, "the one-off container is gone");
    let id = lab.run(&["run", "-d", "--name", "beside", "-e", "A=b", "vm1/web", "sleep", "99"]).ok().stdout;
    let inside = lab.observed_in("vm1");
    let beside = inside.containers.iter().find(|it| it.name == "beside").expect("it is there");
    assert_eq!(beside.id, id.trim());
    assert_eq!(beside.labels[&"com.docker.compose.oneoff".into()], "True");
    assert_eq!(beside.ports.iter().filter(|port| port.host.is_some()).count(), 0, "no ports of the service");
    lab.run(&["run", "vm1", "true"]).code(2);
    // One-off containers are listed where they are asked for.
    let listed = |arguments: &[&str]| lab.run(arguments).ok().stdout;
    assert!(!listed(&["ps"]).contains("(run)"));
    assert!(listed(&["ps", "-a"]).contains("web (run)"));
    assert_eq!(listed(&["ps", "--services", "vm1"]), "vm1\nvm1/db\nvm1/web\n");
    assert_eq!(listed(&["ps", "--status", "exited", "--filter", "status=dead", "-q"]), "");
    assert_eq!(lab.run(&["ps", "--status", "gone"]).code, 2);
    lab.write("less.yaml", "services: {vm1: {engine: dind, image: x}}\n");
    assert_eq!(listed(&["ps", "-f", "less.yaml", "--orphans=false", "--services"]), "vm1\n");
    assert_eq!(
        listed(&["ls", "-q", "--filter", &format!("name={}", lab.project)]),
        format!("{}\n", lab.project)
    );
    assert_eq!(listed(&["ls", "-q", "--filter", "name=no-such-lab"]), "");

    let left = lab.run(&["exec", "-d", "vm1/web", "sh", "-c", "echo left alone > /left"]).ok();
    assert_eq!((left.stdout.as_str(), left.stderr.as_str()), ("", ""));
    let read = ["sh", "-c", "while [ ! -s /left ]; do sleep 0.1; done; cat /left"];
    assert_eq!(lab.exec("vm1", "vm1/web", &read).0, "left alone\n");
    assert_eq!(lab.run(&["logs", "--index", "2", "vm1/web"]).code, 5);
    lab.run(&["logs", "--index", "1", "--no-color", "vm1/web"]).ok();

    assert!(lab.run(&["top", "vm1/web"]).ok().stdout.contains("sleep infinity"));
    let stats = lab.run(&["stats", "--no-stream", "--format", "json", "vm1/web"]).ok().json();
    assert_eq!(stats["address"], "vm1/web");
    // What the node's own client says: an engine that cannot read its cgroups counts nothing.
    let name = stats["container"].as_str().expect("a name");
    let own = ["docker", "stats", "--no-stream", "--format", "{{.PIDs}}", name];
    assert_eq!(format!("{}\n", stats["processes"]), lab.exec("", "vm1", &own).0);
    assert!(lab.run(&["images"]).ok().stdout.contains("vm1/web"));
    assert_eq!(lab.run(&["port", "vm1/web", "80"]).ok().stdout, "0.0.0.0:8099\n");
    lab.run(&["port", "vm1/web", "81"]).code(5);

    lab.write("site/a/b", "content");
    // A directory that is not there is made; one that is there gets the source, or with `/.` what is in it.
    lab.run(&["cp", "./site", "vm1/web:/srv"]).ok();
    assert_eq!(lab.exec("vm1", "vm1/web", &["cat", "/srv/a/b"]), ("content".to_owned(), 0));
    lab.run(&["cp", "./site", "vm1/web:/srv"]).ok();
    lab.run(&["cp", "./site/a/.", "vm1/web:/srv"]).ok();
    let listed = lab.exec("vm1", "vm1/web", &["sh", "-c", "cat /srv/site/a/b /srv/b"]);
    assert_eq!(listed, ("contentcontent".to_owned(), 0));
    // Containers of `run` get files where it is asked for.
    lab.run(&["cp", "-a", "--all", "site/a/b", "vm1/web:/tmp/"]).ok();
    let read = ["docker", "exec", "beside", "cat", "/tmp/b"];
    assert_eq!(lab.exec("", "vm1", &read).0, "content");
    lab.run(&["cp", "vm1/web:/srv", "back"]).ok();
    assert_eq!(std::fs::read_to_string(lab.directory.join("back/a/b")).expect("it came back"), "content");
    lab.run(&["cp", "vm1/web:/srv/a/b", "alone"]).ok();
    assert_eq!(std::fs::read_to_string(lab.directory.join("alone")).expect("it came back"), "content");

    lab.run(&["kill", "-s", "KILL", "vm1/db"]).ok();
    let ended = lab.run(&["wait", "vm1/db"]).code(137);
    assert_eq!(ended.stdout, "vm1/db 137\n");
    let events = lab.run(&["events", "--json", "--since", "5m", "--until", "0s", "vm1/db"]).ok();
    let died = events.stdout.lines().find(|line| line.contains("\"action\":\"die\"")).expect("it was told");
    assert!(died.contains("\"address\":\"vm1/db\"") && died.contains("\"exitCode\":\"137\""), "{died}");
}

#[test]
fn variables_of_compose_must_mean_the_same() {
    let service = "{image: \"${BUSYBOX_IMAGE}\", init: true, command: [sleep, infinity]}";
    let Some(lab) = TestLab::new("variables", &format!("services:\n  a: {service}\n  b: {service}\n")) else {
        return;
    };
    let mut lab = lab.with("COMPOSE_STATUS_STDOUT", "1").with("COMPOSE_PARALLEL_LIMIT", "1");
    let told = lab.run(&["up"]).ok();
    assert!(told.stdout.contains("is up: 2 services") && told.stderr.is_empty(), "{told:?}");
    lab = lab.with("COMPOSE_STATUS_STDOUT", "0");

    lab.write("nest.yaml", &format!("services:\n  a: {service}\n"));
    let orphan = "`b` is there and is not in the file";
    assert!(lab.run(&["up"]).ok().stderr.contains(orphan));
    lab = lab.with("COMPOSE_IGNORE_ORPHANS", "true");
    assert!(!lab.run(&["up"]).ok().stderr.contains(orphan));
    assert_eq!(lab.run(&["up", "--remove-orphans"]).code, 2);
    lab = lab.with("COMPOSE_IGNORE_ORPHANS", "").with("COMPOSE_REMOVE_ORPHANS", "true");
    lab.run(&["up"]).ok();
    assert_eq!(lab.containers().into_keys().collect::<Vec<_>>(), ["a"]);

    // Flags of the program itself, as Compose has them.
    lab = lab.with("COMPOSE_PARALLEL_LIMIT", "many");
    assert_eq!(lab.run(&["down"]).code, 2);
    assert!(lab.run(&["--dry-run", "--parallel", "2", "down"]).ok().stdout.contains("remove"));
    assert_eq!(lab.containers().len(), 1);
    assert_eq!(lab.run(&["--dry-run", "exec", "a", "true"]).code, 2);
    drop(lab.with("COMPOSE_PARALLEL_LIMIT", "-1"));
}
