//! A lab file that is wrong: what is said of it, and how the program ends.

use crate::support::program::Program;

#[test]
fn config_of_what_the_file_does_not_have_says_so() {
    let program = Program::new();
    program.write(
        "nest.yaml",
        "services:\n  d: {image: x}\n  vm: {engine: dind, inner: {services: {web: {image: x}, p: {image: x, profiles: [p]}}}}\n",
    );
    for (address, near) in [("nope", ""), ("vm/wbe", "did you mean `vm/web`?"), ("d/x", ""), ("vm/web/x", "")]
    {
        for more in [&[][..], &["--services"], &["-q"], &["--no-interpolate"]] {
            let ran = program.run(&[&["config", address], more].concat());
            assert_eq!((ran.code, ran.stdout.as_str()), (5, ""), "{address} {more:?}: {ran}");
            let said = format!("no service `{address}` in the lab");
            assert!(ran.stderr.contains(&said) && ran.stderr.contains(near), "{address}: {ran}");
        }
    }
    // To name a service activates its profiles.
    assert_eq!(program.run(&["config", "vm/p", "--services"]).stdout, "vm/p\n");
    assert_eq!(program.run(&["up", "--dry-run", "vm/p"]).code, 4, "only the engine is missing");
}

#[test]
fn all_problems_are_shown_at_once_and_nothing_is_started() {
    let program = Program::new();
    program.write(
        "nest.yaml",
        "services:\n  vm1:\n    engine: dnid\n    imgae: docker:dind\n  web:\n    image: nginx\n    depends_on: [vm2/web]\n",
    );
    // No engine is there: the file is read first.
    insta::assert_snapshot!(program.run(&["up"]), @r"
    exit code: 3
    ----- stderr -----
    nest::unknown-kind

      ✘ there is no engine kind `dnid`
       ╭─[nest.yaml:3:13]
     2 │   vm1:
     3 │     engine: dnid
       ·             ────
     4 │     imgae: docker:dind
       ╰────
      help: Did you mean `dind`?

    nest::unknown-key

      ✘ unknown key `imgae` in a service
       ╭─[nest.yaml:4:5]
     3 │     engine: dnid
     4 │     imgae: docker:dind
       ·     ─────
     5 │   web:
       ╰────
      help: Did you mean `image`?

    nest::unknown-service

      ✘ there is no service `vm2/web`
       ╭─[nest.yaml:7:18]
     6 │     image: nginx
     7 │     depends_on: [vm2/web]
       ·                  ───────
       ╰────
      help: Did you mean `vm1`?

    ✘ 3 errors
    ");
}

#[test]
fn no_lab_file_is_a_mistake_of_usage() {
    insta::assert_snapshot!(Program::new().run(&["up"]), @r"
    exit code: 2
    ----- stderr -----
    error: no lab file in `[DIR]` or in a directory above it

      hint: write a nest.yaml, go to the directory of one, or name it with `-f
            FILE`; a lab that is up can be named with `-p NAME`
    ");
}

#[test]
fn a_file_that_is_named_and_not_there_is_a_mistake_of_usage() {
    insta::assert_snapshot!(Program::new().run(&["validate", "-f", "missing.yaml"]), @r"
    exit code: 2
    ----- stderr -----
    error: failed to read `[DIR]/missing.yaml`
      because: No such file or directory (os error 2)
    ");
}

#[test]
fn a_right_file_is_praised_and_counted() {
    let program = Program::new();
    program.write("nest.yaml", "name: poc\nservices:\n  vm1:\n    engine: dind\n    inner:\n      services:\n        web: {image: nginx}\n");
    insta::assert_snapshot!(program.run(&["validate"]), @r"
    exit code: 0
    ----- stdout -----
    ✔ nest.yaml is valid: lab poc, 2 services, 1 node, 2 levels deep, 2 images
    ");
    assert_eq!(program.run(&["validate", "--quiet"]).stdout, "");
    insta::assert_snapshot!(program.run(&["config", "--services"]), @r"
    exit code: 0
    ----- stdout -----
    vm1
    vm1/web
    ");
    insta::assert_snapshot!(program.run(&["config", "--images"]), @r"
    exit code: 0
    ----- stdout -----
    docker:dind
    nginx
    ");
}

#[test]
fn what_config_prints_is_read_back_the_same() {
    let program = Program::new();
    program.write(
        "nest.yaml",
        r#"
name: poc
services:
  vm1:
    engine: {kind: dind, args: ["--debug"], ready_timeout: 90s}
    image: docker:dind
    publish: ["8080:80"]
    inner:
      networks: {back: {internal: true}}
      services:
        db:
          image: "postgres:17"
          environment: {PASS: "a$$b: yes", EMPTY: ""}
          healthcheck: {test: "pg_isready | grep -q 'x'", interval: 1s500ms}
          volumes: ["data:/var/lib", "./conf:/etc/conf:ro", {type: tmpfs, target: /tmp, tmpfs: {size: 64m}}]
          networks: [back]
          ulimits: {nofile: 1024}
          cpus: 1.5
          mem_limit: 1g
          configs: [{source: motd, target: /etc/motd}]
      volumes: {data: {}}
      configs: {motd: {content: "one\ntwo\n"}}
  client:
    image: curlimages/curl
    depends_on: {vm1/db: {condition: service_healthy}, vm1: {condition: service_ready, required: false}}
    restart: on-failure:3
    command: sh -c "echo 'hi'"
"#,
    );
    let first = program.run(&["config"]);
    assert_eq!(first.code, 0, "{first}");
    program.write("again/nest.yaml", &first.stdout);
    let second = program.run(&["config", "-f", "again/nest.yaml"]);
    assert_eq!(second.code, 0, "{second}\n{}", first.stdout);
    assert_eq!(first.stdout, second.stdout);
    let json = program.run(&["config", "--format", "json"]);
    program.write("json/nest.yaml", &json.stdout);
    assert_eq!(program.run(&["config", "-f", "json/nest.yaml"]).stdout, first.stdout);
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let program = Program::new();
    program.write("nest.yaml", "services: {a: {image: busybox}}\n");
    assert_eq!(program.run_into_closed_pipe(&["config"]).code, 0);
}
