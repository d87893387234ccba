//! Images into inner engines: where they come from, how often, and when a container is made anew for them.

use std::collections::BTreeMap;

use nestctl::model::observed::ContainerState;

use serde_json::Value;

use crate::support::lab::TestLab;
use crate::support::real_engine::block_on;
use crate::support::registry::TestRegistry;
use crate::support::test_image::{Borrowed, TestImage};

/// A service that stays and goes at once when it is told to.
fn service(name: &str, image: &str) -> String {
    format!("{name}: {{image: \"{image}\", init: true, command: [sleep, infinity]}}")
}

/// A dind node with these inner services and these keys of its layer.
fn node(name: &str, layer: &str, services: &[String]) -> String {
    let services = if services.is_empty() { "{}".to_owned() } else { services.join("\n        ") };
    format!(
        "  {name}:\n    engine: {{kind: dind, data: tmpfs}}\n    image: ${{DIND_IMAGE}}\n    inner:\n{layer}      services:\n        {services}\n"
    )
}

/// What `/marker` of a container holds: which image it is made of. Images of one marker are one image: each scenario has
/// its own.
fn marker(lab: &TestLab, layer: &str, addr: &str) -> String {
    lab.exec(layer, addr, &["cat", "/marker"]).0
}

fn ids(lab: &TestLab, layer: &str) -> BTreeMap<String, String> {
    lab.containers_in(layer).into_iter().map(|(addr, container)| (addr, container.id)).collect()
}

/// Whether, by the events of a run, all that is done about `first` ends before a start of `second` begins.
fn ends_before_any_start(events: &str, first: &str, second: &str) -> bool {
    let events: Vec<Value> =
        events.lines().map(|line| serde_json::from_str(line).expect("an event a line")).collect();
    let steps = |of: &str| -> Vec<Value> {
        let planned = events.iter().filter_map(|event| event["steps"].as_array()).flatten();
        planned.filter(|step| step["of"] == of).cloned().collect()
    };
    let at = |event: &str, step: &Value| {
        let told = events.iter().position(|it| it["event"] == event && it["step"] == step["id"]);
        told.unwrap_or_else(|| panic!("no {event} of {step}"))
    };
    let ended = steps(first).iter().map(|step| at("step-finished", step)).max().expect("steps");
    let starts = steps(second).into_iter().filter(|step| step["action"] == "start");
    starts.map(|step| at("step-started", &step)).min().expect("a start") > ended
}

#[test]
fn an_image_must_be_pulled_once_at_the_root_and_copied_to_every_node() {
    let Some(registry) = TestRegistry::start("once", false) else { return };
    let (tagged, other) = (registry.reference("x:1"), registry.reference("y"));
    let Some(lab) = TestLab::new("once", "") else { return };
    let engine = lab.engine();
    registry.push(&TestImage::marked(&*engine, "x"), "x", "1");
    let digest = registry.push(&TestImage::marked(&*engine, "y"), "y", "1");
    let other = format!("{other}@{digest}");
    let (_borrowed, lab) = Borrowed::with(lab, &[&tagged, &other]);
    let inner = [service("web", &tagged), service("fixed", &other)];
    lab.write("nest.yaml", &format!("services:\n{}{}", node("vm1", "", &inner), node("vm2", "", &inner)));
    lab.run(&["up"]).ok();

    for vm in ["vm1", "vm2"] {
        assert_eq!(marker(&lab, vm, &format!("{vm}/web")), "x");
        assert_eq!(marker(&lab, vm, &format!("{vm}/fixed")), "y", "a digest reference");
    }
    // An engine asks for a manifest by HEAD and GET, then for each layer once.
    for repository in ["x", "y"] {
        assert_eq!(registry.requests("GET", &format!("/v2/{repository}/manifests/")), 1, "{repository}");
    }
    let before = (ids(&lab, "vm1"), ids(&lab, "vm2"));
    lab.run(&["up"]).ok();
    assert_eq!((ids(&lab, "vm1"), ids(&lab, "vm2")), before, "nothing has changed");
}

#[test]
fn credentials_of_the_docker_cli_must_open_a_private_registry() {
    let Some(registry) = TestRegistry::start("private", true) else { return };
    let image = registry.reference("x:1");
    let yaml = format!("services:\n{}", node("vm", "", &[service("web", &image)]));
    let Some(lab) = TestLab::new("private", &yaml) else { return };
    let engine = lab.engine();
    registry.push(&TestImage::marked(&*engine, "x"), "x", "1");
    let (_borrowed, lab) = Borrowed::with(lab, &[&image]);

    let log_in = |password: &str| {
        use base64::Engine as _;
        let auth = base64::engine::general_purpose::STANDARD.encode(format!("lab:{password}"));
        let config = serde_json::json!({"auths": {registry.address(): {"auth": auth}}});
        lab.write(".docker/config.json", &config.to_string());
    };
    log_in("wrong");
    let refused = lab.run(&["up"]).code(1);
    assert!(refused.stderr.contains("unauthorized"), "{}", refused.stderr);
    assert!(refused.stderr.contains("docker login"), "{}", refused.stderr);
    log_in("lab");
    lab.run(&["up"]).ok();
    assert_eq!(marker(&lab, "vm", "vm/web"), "x");
}

#[test]
fn a_tag_rebuilt_at_the_root_must_renew_its_containers_alone() {
    let image = format!("nestctl-e2e/rebuilt-{}:1", std::process::id());
    let busybox = std::env::var("BUSYBOX_IMAGE").unwrap_or_default();
    let yaml = format!(
        "services:\n  {}\n{}",
        service("outer", &image),
        node("vm", "", &[service("web", &image), service("other", &busybox)])
    );
    let Some(lab) = TestLab::new("rebuilt", &yaml) else { return };
    let engine = lab.engine();
    let (_borrowed, lab) = Borrowed::with(lab, &[&image]);
    TestImage::marked(&*engine, "rebuilt once").load(&*engine, &image);
    lab.run(&["up"]).ok();
    let first = (ids(&lab, ""), ids(&lab, "vm"));
    assert_eq!(marker(&lab, "vm", "vm/web"), "rebuilt once");

    let old = block_on(engine.inspect_image(&image)).expect("the image is there").id;
    TestImage::marked(&*engine, "rebuilt twice").load(&*engine, &image);
    lab.run(&["up"]).ok();
    assert_eq!(marker(&lab, "vm", "vm/web"), "rebuilt twice");
    assert_eq!(marker(&lab, "", "outer"), "rebuilt twice");
    let second = (ids(&lab, ""), ids(&lab, "vm"));
    assert_eq!(second.0["vm"], first.0["vm"]);
    assert_eq!(second.1["vm/other"], first.1["vm/other"]);
    assert_ne!(second.1["vm/web"], first.1["vm/web"]);
    lab.run(&["up"]).ok();
    assert_eq!((ids(&lab, ""), ids(&lab, "vm")), second, "nothing has changed");
    block_on(engine.remove(&nestctl::engine::engine::Remove::Image(old))).expect("the old image goes");
}

#[test]
fn images_of_a_layer_must_be_there_before_anything_starts_and_one_built_inside_is_kept() {
    let kept = format!("nestctl-e2e/inside-{}:1", std::process::id());
    let listed = format!("nestctl-e2e/listed-{}:1", std::process::id());
    let busybox = std::env::var("BUSYBOX_IMAGE").unwrap_or_default();
    let layer = format!("      images: [\"{listed}\"]\n");
    let yaml = |services: &[String]| format!("services:\n{}", node("vm", &layer, services));
    let Some(lab) = TestLab::new("listed", &yaml(&[service("a", &busybox)])) else { return };
    let engine = lab.engine();
    let (_borrowed, lab) = Borrowed::with(lab, &[&listed]);
    TestImage::marked(&*engine, "listed").load(&*engine, &listed);
    let told = lab.run(&["--progress", "json", "up"]).ok();
    assert!(ends_before_any_start(&told.stdout, &format!("image {listed} in vm"), "vm/a"));
    let inside = block_on(lab.engine_of("vm"));
    assert!(block_on(inside.inspect_image(&listed)).is_ok());

    TestImage::marked(&*engine, "inside").load(&*inside, &kept);
    lab.write("nest.yaml", &yaml(&[service("a", &busybox), service("b", &kept)]));
    lab.run(&["up"]).ok();
    assert_eq!(marker(&lab, "vm", "vm/b"), "inside");
    assert!(block_on(engine.inspect_image(&kept)).is_err(), "it is on no other engine");
    assert_eq!(lab.containers_in("vm")["vm/b"].state, ContainerState::Running);
}

#[test]
fn a_pull_policy_must_be_kept() {
    let Some(registry) = TestRegistry::start("policy", false) else { return };
    let (always, never) = (registry.reference("always:1"), registry.reference("never:1"));
    let with = |name: &str, image: &str, policy: &str| {
        service(name, image).replace("init: true", &format!("init: true, pull_policy: {policy}"))
    };
    let Some(lab) = TestLab::new("policy", "") else { return };
    let engine = lab.engine();
    let (_borrowed, lab) = Borrowed::with(lab, &[&always, &never]);
    registry.push(&TestImage::marked(&*engine, "never"), "never", "1");
    registry.push(&TestImage::marked(&*engine, "first"), "always", "1");
    let yaml = |policy: &str| {
        format!("services:\n{}", node("vm", "", &[with("a", &always, "always"), with("n", &never, policy)]))
    };

    // `never`, and no engine has it: refused before anything is there.
    lab.write("nest.yaml", &yaml("never"));
    let refused = lab.run(&["up"]);
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains("may not be pulled"), "{}", refused.stderr);
    assert_eq!(lab.leftovers(), Vec::<String>::new());

    lab.write("nest.yaml", &yaml("missing"));
    lab.run(&["up"]).ok();
    assert_eq!(marker(&lab, "vm", "vm/a"), "first");
    let first = ids(&lab, "vm");
    lab.run(&["up"]).ok();
    assert_eq!(ids(&lab, "vm"), first, "the same image was pulled");

    // The tag names another image now: only what pulls at each `up` is made anew, in the same run.
    let old = block_on(engine.inspect_image(&always)).expect("the image is there").id;
    registry.push(&TestImage::marked(&*engine, "second"), "always", "1");
    registry.push(&TestImage::marked(&*engine, "second"), "never", "1");
    lab.run(&["up", "--pull", "never"]).ok();
    assert_eq!(ids(&lab, "vm"), first, "the flag is over what the file says");
    let run = |policy: &str| {
        let arguments = ["run", "--rm", "-T", "-q", "--pull", policy, "vm/a", "cat", "/marker"];
        lab.run(&arguments).ok().stdout
    };
    assert_eq!(run("missing"), "first");
    lab.run(&["up"]).ok();
    assert_eq!(marker(&lab, "vm", "vm/a"), "second");
    assert_eq!(run("missing"), "second");
    let second = ids(&lab, "vm");
    assert_eq!(second["vm/n"], first["vm/n"]);
    lab.run(&["up"]).ok();
    assert_eq!(ids(&lab, "vm"), second);
    block_on(engine.remove(&nestctl::engine::engine::Remove::Image(old))).expect("the old image goes");
}

#[test]
fn after_a_pull_up_must_need_no_registry() {
    let Some(registry) = TestRegistry::start("pull", false) else { return };
    let image = registry.reference("x:1");
    let yaml = format!(
        "services:\n{}{}",
        node("vm1", "", &[service("web", &image)]),
        node("vm2", "", &[service("web", &image)])
    );
    let Some(lab) = TestLab::new("pull", &yaml) else { return };
    let engine = lab.engine();
    let (_borrowed, lab) = Borrowed::with(lab, &[&image]);
    registry.push(&TestImage::marked(&*engine, "pulled once"), "x", "1");
    lab.run(&["up", "vm1"]).ok();
    let old = block_on(engine.inspect_image(&image)).expect("the image is there").id;
    registry.push(&TestImage::marked(&*engine, "pulled twice"), "x", "1");
    let shown = lab.run(&["pull", "--dry-run"]).ok().stdout;
    assert!(shown.contains(&image), "{shown}");
    assert_eq!(lab.run(&["pull", "--policy", "missing", "vm1/web"]).ok().stderr.lines().count(), 1);
    assert_eq!(block_on(engine.inspect_image(&image)).expect("it is there").id, old, "it was there");

    let before = ids(&lab, "vm1");
    // The nodes' image is in no registry.
    let told = lab.run(&["pull", "vm1/web", "vm2/web"]).ok().stderr;
    assert!(told.contains("1 image pulled, 1 copied into nodes"), "{told}");
    assert_eq!(ids(&lab, "vm1"), before, "containers are left alone");
    assert_eq!(marker(&lab, "vm1", "vm1/web"), "pulled once");
    let copied = lab.observed_in("vm1").images;
    assert!(copied.iter().any(|it| it.tags.iter().any(|tag| tag.ends_with("/x:1"))), "{copied:#?}");

    drop(registry);
    lab.run(&["up"]).ok();
    for vm in ["vm1", "vm2"] {
        assert_eq!(marker(&lab, vm, &format!("{vm}/web")), "pulled twice");
    }
    let failed = lab.run(&["pull", "vm1/web"]).code(1).stderr;
    assert!(failed.contains(&format!("pull image `{image}`")), "{failed}");
    lab.run(&["pull", "--ignore-pull-failures", "vm1/web"]).ok();
    block_on(engine.remove(&nestctl::engine::engine::Remove::Image(old))).expect("the old image goes");
}

#[test]
fn images_must_be_printed_with_what_their_registry_has() {
    let Some(registry) = TestRegistry::start("digests", true) else { return };
    let (inner, outer) = (registry.reference("x:1"), registry.reference("y:1"));
    let lab = |outer: &str| {
        format!(
            "services:\n  {}\n  vm:\n    engine: dind\n    image: {outer}\n    inner:\n      services:\n        {}\n",
            service("plain", outer),
            service("web", &inner)
        )
    };
    let Some(lab) = TestLab::new("digests", &lab(&outer)) else { return };
    let engine = lab.engine();
    let x = registry.push(&TestImage::marked(&*engine, "x"), "x", "1");
    let unknown = lab.run(&["config", "--resolve-image-digests"]).code(1);
    assert!(unknown.stderr.contains("look up image"), "{}", unknown.stderr);
    use base64::Engine as _;
    let auth = base64::engine::general_purpose::STANDARD.encode("lab:lab");
    let config = serde_json::json!({"auths": {registry.address(): {"auth": auth}}});
    lab.write(".docker/config.json", &config.to_string());
    let y = registry.push(&TestImage::marked(&*engine, "y"), "y", "1");

    let full = lab.run(&["config", "--resolve-image-digests", "--format", "json"]).ok().json();
    assert_eq!(full["services"]["vm"]["image"], format!("{outer}@{y}"));
    assert_eq!(full["services"]["vm"]["inner"]["services"]["web"]["image"], format!("{inner}@{x}"));
    assert_eq!(full["services"]["vm"]["engine"], "dind");

    // What is locked goes over the lab's file.
    lab.run(&["config", "--lock-image-digests", "-o", "lock.yaml"]).ok();
    let lock = std::fs::read_to_string(lab.directory.join("lock.yaml")).expect("it is written");
    assert!(!lock.contains("engine") && !lock.contains("command"), "{lock}");
    let images = lab.run(&["-f", "nest.yaml", "-f", "lock.yaml", "config", "--images"]).ok().stdout;
    let mut wanted = [format!("{inner}@{x}"), format!("{outer}@{y}")];
    wanted.sort();
    assert_eq!(images.lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn what_is_built_for_any_level_must_go_to_its_registry() {
    let Some(registry) = TestRegistry::start("push", true) else { return };
    let [outer, inner, tag] = ["outer:1", "inner:1", "tag:2"].map(|name| registry.reference(name));
    let yaml = format!(
        "services:\n  outer: {{build: {{context: ., tags: [\"{tag}\"]}}, image: \"{outer}\"}}\n  unnamed: {{build: .}}\n  vm:\n    \
         engine: dind\n    image: ${{DIND_IMAGE}}\n    inner:\n      services:\n        inner: {{build: ., image: \"{inner}\"}}\n"
    );
    let Some(lab) = TestLab::new("push", &yaml) else { return };
    let unnamed = format!("{}-unnamed", lab.project);
    let (_borrowed, lab) = Borrowed::with(lab, &[&outer, &inner, &tag, &unnamed]);
    let busybox = std::env::var("BUSYBOX_IMAGE").unwrap_or_default();
    lab.write("Dockerfile", &format!("FROM {busybox}\nRUN echo {} > /pushed\n", lab.project));

    let refused = lab.run(&["push", "outer"]).code(1);
    assert!(refused.stderr.contains(&format!("failed to push image `{outer}`")), "{}", refused.stderr);
    lab.run(&["push", "--ignore-push-failures"]).ok();
    use base64::Engine as _;
    let auth = base64::engine::general_purpose::STANDARD.encode("lab:lab");
    let config = serde_json::json!({"auths": {registry.address(): {"auth": auth}}});
    lab.write(".docker/config.json", &config.to_string());

    let told = lab.run(&["build", "--push", "outer", "unnamed"]).ok().stderr;
    assert!(told.contains("2 images built, 2 names pushed"), "{told}");
    assert_eq!(
        [registry.has("outer", "1"), registry.has("tag", "2"), registry.has("inner", "1")],
        [true, true, false]
    );
    lab.run(&["build", "vm/inner"]).ok();
    let told = lab.run(&["push", "vm"]).ok().stderr;
    assert!(told.contains("1 image pushed"), "{told}");
    assert!(registry.has("inner", "1"));
}
