//! No engine answers: what is said, and how the program ends.

use crate::support::program::Program;

fn with_a_lab() -> Program {
    let program = Program::new();
    program.write("nest.yaml", "name: poc\nservices:\n  web: {image: nginx}\n");
    program
}

#[test]
fn up_says_that_no_engine_answers_and_ends_with_its_code() {
    insta::assert_snapshot!(with_a_lab().run(&["up"]), @r"
    exit code: 4
    ----- stderr -----
    error: failed to ask for the facts of the engine
      because: no connection to the engine
      because: failed to dial unix:///nowhere/no.sock
      because: No such file or directory (os error 2)

      hint: start Docker, set DOCKER_HOST, or name an engine with `-H`; `nestctl
            doctor` looks closer
    ");
}

#[test]
fn every_command_that_needs_an_engine_ends_with_the_same_code() {
    let program = with_a_lab();
    for arguments in [
        ["plan"].as_slice(),
        &["down"],
        &["down", "-p", "other"],
        &["ps"],
        &["ps", "-q"],
        &["ls"],
        &["logs"],
        &["exec", "web", "--", "true"],
        &["up", "--dry-run"],
    ] {
        let ran = program.run(arguments);
        assert_eq!(ran.code, 4, "{arguments:?}: {ran}");
        assert_eq!(ran.stdout, "", "{arguments:?}");
        assert!(ran.stderr.contains("hint:"), "{arguments:?}: {ran}");
    }
}

#[test]
fn what_has_named_the_engine_is_told() {
    let program = with_a_lab();
    let flag = program.run(&["-H", "foo", "ls"]);
    assert!(flag.stderr.contains("`foo` (-H) is not the address of an engine"), "{flag}");
    let doctor = program.run(&["-H", "unix:///nowhere/else.sock", "doctor"]);
    assert!(doctor.stdout.contains("unix:///nowhere/else.sock (-H)"), "{doctor}");
}

#[test]
fn with_detailed_exit_codes_every_error_is_1() {
    let program = with_a_lab();
    for more in [[].as_slice(), &["--no-such-flag"], &["nobody"]] {
        let ran = program.run(&[["plan", "--detailed-exitcode"].as_slice(), more].concat());
        assert_eq!(ran.code, 1, "{more:?}: {ran}");
    }
}

#[test]
fn doctor_makes_it_the_first_failed_check() {
    insta::assert_snapshot!(with_a_lab().run(&["doctor"]), @r"
    exit code: 1
    ----- stdout -----
    ✘ engine  the engine at unix:///nowhere/no.sock (DOCKER_HOST): failed to ask for
              the facts of the engine: no connection to the engine: failed to dial
              unix:///nowhere/no.sock: No such file or directory (os error 2)
              → start Docker, or set DOCKER_HOST or the Docker context to an engine
                that runs

    labs will not run here: 1 check failed
    ");
    let json = with_a_lab().run(&["doctor", "--format", "json"]);
    let checks: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!((json.code, &checks[0]["verdict"]), (1, &serde_json::Value::from("fail")));
}

#[test]
fn version_tells_its_own_all_the_same() {
    let ran = with_a_lab().run(&["version"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stdout.starts_with(concat!("nestctl  ", env!("CARGO_PKG_VERSION"), "\n")), "{ran}");
    assert_eq!(with_a_lab().run(&["version", "--short"]).stdout, concat!(env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn an_address_that_is_none_is_refused_before_anything_is_asked() {
    insta::assert_snapshot!(with_a_lab().run(&["ps", "a//b"]), @r"
    exit code: 2
    ----- stderr -----
    error: `a//b` is not an address
      because: an address has no empty parts

      hint: an address is a path of service names, such as `vm1/web`, or `vm@2/web`
            for the second replica of `vm`
    ");
}
