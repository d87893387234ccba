//! Images that are built: at the root, for a service inside a node, anew, and in vain.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nestctl::engine::engine::Remove;
use rustix::process::Signal;

use crate::support::lab::TestLab;
use crate::support::real_engine::{block_on, eventually};
use crate::support::registry::TestRegistry;
use crate::support::running::Running;
use crate::support::test_image::{Borrowed, TestImage};

/// Keys of a service that stays and goes at once when it is told to.
const STAYS: &str = "init: true\ncommand: [sleep, infinity]";

fn indented(text: &str, by: usize) -> String {
    text.lines().flat_map(|line| [" ".repeat(by), line.to_owned(), "\n".to_owned()]).collect()
}

fn ids(lab: &TestLab, layer: &str) -> BTreeMap<String, String> {
    lab.containers_in(layer).into_iter().map(|(addr, container)| (addr, container.id)).collect()
}

fn image_id(lab: &TestLab, image: &str) -> String {
    block_on(lab.engine().inspect_image(image)).unwrap_or_else(|error| panic!("{image}: {error}")).id
}

fn read(lab: &TestLab, layer: &str, addr: &str, path: &str) -> String {
    lab.exec(layer, addr, &["cat", path]).0
}

/// `app` from a directory with everything that a build can be given, and `over` that is made of it.
fn services(app: &str, tag: &str) -> String {
    let busybox = std::env::var("BUSYBOX_IMAGE").unwrap_or_default();
    format!(
        "app:
  image: {app}
  build:
    context: ./app
    args: {{BASE: \"{busybox}\", TEXT: \"given\", FROM_OUTSIDE: }}
    target: wanted
    secrets: [token]
    labels: {{lab.of: test}}
    tags: [\"{tag}\"]
{stays}over:
  build:
    context: ./app
    dockerfile_inline: |
      FROM below
      RUN cat /built > /again
      COPY kept/file /kept
    additional_contexts: {{below: service:app}}
{stays}",
        stays = indented(STAYS, 2),
    )
}

const DOCKERFILE: &str = "ARG BASE=scratch
FROM ${BASE} AS base
ARG TEXT=none
ARG FROM_OUTSIDE=none
RUN echo \"${TEXT} ${FROM_OUTSIDE}\" > /built

FROM base AS wanted
COPY . /context
RUN --mount=type=secret,id=token wc -c < /run/secrets/token > /length

FROM base
RUN echo unwanted > /built
";

#[test]
fn images_must_be_built_at_the_root_and_for_services_inside_a_node() {
    let process = std::process::id();
    let named = |what: &str| format!("nestctl-e2e/{what}-{process}:1");
    let (outer, inner, tags) = (named("outer"), named("inner"), [named("tag-outer"), named("tag-inner")]);
    let secrets = "secrets: {token: {file: ./token.txt}}\n";
    let yaml = format!(
        "services:\n{}  vm:\n    engine: {{kind: dind, data: tmpfs}}\n    image: ${{DIND_IMAGE}}\n    inner:\n{}      services:\n{}{secrets}",
        indented(&services(&outer, &tags[0]), 2),
        indented(secrets, 6),
        indented(&services(&inner, &tags[1]), 8),
    );
    let Some(lab) = TestLab::new("build", &yaml) else { return };
    let (over, inner_over) = (format!("{}-over", lab.project), format!("{}-vm-over", lab.project));
    let (_borrowed, lab) = Borrowed::with(lab, &[&outer, &inner, &tags[0], &tags[1], &over, &inner_over]);
    let lab = lab.with("FROM_OUTSIDE", "outside");
    lab.write("app/Dockerfile", DOCKERFILE);
    lab.write("app/.dockerignore", "# what stays out\n*.log\nsub/**\n!sub/in\n");
    lab.write("app/file", "first");
    lab.write("app/left.log", "");
    lab.write("app/sub/out", "");
    lab.write("app/sub/in", "");
    lab.write("app/kept/file", "kept");
    lab.write("token.txt", "12345");
    lab.run(&["up"]).ok();

    for (layer, prefix, app) in [("", "", &outer), ("vm", "vm/", &inner)] {
        let at = |service: &str, path: &str| read(&lab, layer, &format!("{prefix}{service}"), path);
        assert_eq!(at("app", "/built"), "given outside\n", "args and the target, in `{layer}`");
        assert_eq!(at("app", "/context/file"), "first");
        assert_eq!(at("app", "/length").trim(), "5", "the secret was there while it was built");
        let find = ["find", "/context", "-type", "f"];
        let mut files: Vec<String> =
            lab.exec(layer, &format!("{prefix}app"), &find).0.lines().map(str::to_owned).collect();
        files.sort();
        let wanted = ["/context/.dockerignore", "/context/Dockerfile", "/context/file"];
        assert_eq!(
            files,
            [&wanted[..], &["/context/kept/file", "/context/sub/in"]].concat(),
            ".dockerignore"
        );
        assert_eq!(at("over", "/again"), "given outside\n", "made of the other service's image");
        assert_eq!(at("over", "/kept"), "kept");
        assert!(block_on(lab.engine().inspect_image(app)).is_ok());
    }
    assert_eq!(image_id(&lab, &tags[0]), image_id(&lab, &outer));

    let told = lab.run(&["build"]).ok().stderr;
    assert!(told.trim_end().lines().last().is_some_and(|line| line.contains("4 images built")), "{told}");
    let told = lab.run(&["--progress", "plain", "build", "-q"]).ok().stderr;
    assert_eq!(told, "");

    // A second `up` builds nothing; with `--build` what has not changed stays.
    let before = (ids(&lab, ""), ids(&lab, "vm"));
    lab.run(&["up"]).ok();
    assert_eq!((ids(&lab, ""), ids(&lab, "vm")), before, "nothing has changed");
    let old: Vec<String> =
        [&outer, &inner, &over, &inner_over].into_iter().map(|image| image_id(&lab, image)).collect();

    lab.write("app/file", "second");
    lab.run(&["up", "--build"]).ok();
    assert_eq!(read(&lab, "", "app", "/context/file"), "second");
    assert_eq!(read(&lab, "vm", "vm/app", "/context/file"), "second");
    let after = (ids(&lab, ""), ids(&lab, "vm"));
    assert_eq!(after.0["vm"], before.0["vm"], "the node stays");
    for service in ["app", "over"] {
        assert_ne!(after.0[service], before.0[service]);
        assert_ne!(after.1[&format!("vm/{service}")], before.1[&format!("vm/{service}")]);
    }
    lab.run(&["up", "--build"]).ok();
    assert_eq!((ids(&lab, ""), ids(&lab, "vm")), after, "the same was built again");

    // What the first build made has no name any more.
    for image in old {
        let _ = block_on(lab.engine().remove(&Remove::Image(image)));
    }
}

#[test]
fn a_failed_build_must_name_its_instruction_and_show_what_it_said() {
    let yaml = "services:\n  app: {build: .}\n  other: {image: \"${BUSYBOX_IMAGE}\", init: true, command: [sleep, infinity]}\n";
    let Some(lab) = TestLab::new("unbuilt", yaml) else { return };
    let busybox = std::env::var("BUSYBOX_IMAGE").unwrap_or_default();
    lab.write("Dockerfile", &format!("FROM {busybox}\nRUN echo first\nRUN echo it is broken here; exit 3\n"));
    let failed = lab.run(&["build"]).code(1);
    assert!(failed.stderr.contains("RUN echo it is broken here; exit 3"), "{}", failed.stderr);
    assert!(failed.stderr.contains("exit code: 3"), "{}", failed.stderr);
    assert!(failed.stderr.contains("Dockerfile:3: "), "the line: {}", failed.stderr);
    let said = failed.stderr.lines().any(|line| line.trim() == "| it is broken here");
    assert!(said, "{}", failed.stderr);
    assert_eq!(lab.leftovers(), Vec::<String>::new(), "`build` makes no container");

    // What does not need the image is brought up all the same.
    lab.run(&["up"]).code(1);
    assert_eq!(lab.containers().into_keys().collect::<Vec<_>>(), ["other"]);
}

#[test]
fn what_is_built_to_be_run_is_built_for_one_of_its_platforms() {
    let image = format!("nestctl-e2e/platforms-{}:1", std::process::id());
    let yaml = format!(
        "services:\n  app:\n    image: {image}\n    build:\n      context: .\n      platforms: [linux/amd64, linux/arm64]\n      \
         dockerfile_inline: FROM ${{BUSYBOX_IMAGE}}\n    init: true\n    command: [sleep, infinity]\n"
    );
    let Some(lab) = TestLab::new("platforms", &yaml) else { return };
    let (_borrowed, lab) = Borrowed::with(lab, &[&image]);
    // As docker compose does for all but `build`.
    lab.run(&["up"]).ok();
    assert!(block_on(lab.engine().inspect_image(&image)).is_ok());
}

#[test]
fn the_base_of_a_build_may_be_private() {
    let Some(registry) = TestRegistry::start("base", true) else { return };
    let base = registry.reference("base:1");
    let image = format!("nestctl-e2e/private-base-{}:1", std::process::id());
    let yaml = format!(
        "services:\n  app:\n    image: {image}\n    build:\n      context: .\n      dockerfile_inline: FROM {base}\n"
    );
    let Some(lab) = TestLab::new("private-base", &yaml) else { return };
    registry.push(&TestImage::marked(&*lab.engine(), "x"), "base", "1");
    let (_borrowed, lab) = Borrowed::with(lab, &[&image, &base]);

    let refused = lab.run(&["build"]).code(1);
    assert!(refused.stderr.contains("Dockerfile:1: "), "{}", refused.stderr);
    let auth = STANDARD.encode("lab:lab");
    let config = serde_json::json!({"auths": {registry.address(): {"auth": auth}}});
    lab.write(".docker/config.json", &config.to_string());
    lab.run(&["build"]).ok();
    assert!(block_on(lab.engine().inspect_image(&image)).is_ok());
}

/// Whether a process of this machine's has a word in its arguments.
fn runs(word: &str) -> bool {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).contains(word))
}

#[test]
fn a_build_that_is_broken_off_must_end_and_leave_no_image() {
    let image = format!("nestctl-e2e/endless-{}:1", std::process::id());
    let busybox = std::env::var("BUSYBOX_IMAGE").unwrap_or_default();
    // By this number its process is known.
    let seconds = format!("1{:09}", std::process::id());
    let yaml = format!(
        "services:\n  app:\n    image: {image}\n    build:\n      context: .\n      dockerfile_inline: |\n        \
         FROM {busybox}\n        RUN sleep {seconds}\n"
    );
    let Some(lab) = TestLab::new("endless", &yaml) else { return };
    let running = Running::start(&lab, &["build"]);
    block_on(eventually("the instruction runs", || async { runs(&seconds).then_some(()) }));
    running.signal(Signal::INT);
    running.end().code(130);
    block_on(eventually("the instruction is ended", || async { (!runs(&seconds)).then_some(()) }));
    assert!(block_on(lab.engine().inspect_image(&image)).is_err());
    assert_eq!(lab.leftovers(), Vec::<String>::new());
}

#[test]
fn images_must_go_with_the_lab_where_it_is_asked_for() {
    let process = std::process::id();
    let [node, plain] = ["node", "plain"].map(|what| format!("nestctl-e2e/{what}-{process}:1"));
    let built = "built: {build: ., init: true, command: [sleep, infinity]}";
    let yaml = format!(
        "services:\n  vm:\n    engine: dind\n    image: {node}\n    inner:\n      services:\n        {built}\n        \
         web: {{image: \"{plain}\", init: true, command: [sleep, infinity]}}\n  {built}\n"
    );
    let Some(lab) = TestLab::new("rmi", &yaml) else { return };
    let busybox = std::env::var("BUSYBOX_IMAGE").unwrap_or_default();
    let dind = std::env::var("DIND_IMAGE").unwrap_or_default();
    let [outer, inner] = ["built", "vm-built"].map(|rest| format!("{}-{rest}", lab.project));
    let (_borrowed, lab) = Borrowed::with(lab, &[&node, &plain, &outer, &inner]);
    let engine = lab.engine();
    // Names of their own: what other labs use must not go.
    block_on(engine.tag(&dind, &node)).expect("a second name");
    block_on(engine.tag(&busybox, &plain)).expect("a second name");
    lab.write("Dockerfile", &format!("FROM {busybox}\nRUN echo {process} > /built\n"));
    let there = || -> Vec<bool> {
        [&node, &plain, &outer, &inner].map(|image| block_on(engine.inspect_image(image)).is_ok()).to_vec()
    };
    lab.run(&["up"]).ok();
    assert_eq!(there(), [true, true, true, true]);
    lab.run(&["down", "--rmi", "local"]).ok();
    assert_eq!(there(), [true, true, false, false]);

    lab.run(&["up"]).ok();
    let told = lab.run(&["--progress", "plain", "down", "--rmi", "all"]).ok().stderr;
    assert!(told.contains(&format!("image {plain} in vm: removed")), "{told}");
    assert_eq!(there(), [false; 4]);
    assert!(block_on(engine.inspect_image(&dind)).is_ok(), "it has another name");
}
