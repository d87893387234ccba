//! The help of every command: what a user reads first.

use crate::support::program::Program;

/// Commands as `nestctl --help` groups them.
fn commands() -> Vec<String> {
    let help = Program::new().run(&["--help"]);
    let names = help.stdout.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| !word.starts_with('-'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_main_help_groups_the_commands() {
    insta::assert_snapshot!(Program::new().run(&["--help"]), @r"
    exit code: 0
    ----- stdout -----
    Compose for nested containers: one file for the outer nodes and all that runs
    inside them.

    Usage: nestctl [OPTIONS] <COMMAND>

    Run a lab:
      up          Bring the lab up, or some services and what they need
      down        Take the lab down, innermost first
      create      Create the containers of the lab and start none
      scale       Run another number of replicas of a service
      build       Build the images of services that say how
      pull        Pull images of all levels, and copy them into nodes that run
      push        Push images that were built for all levels
      plan        Show what `up` or `down` would do, and why

    What is there:
      start       Start containers that are there, used before users
      stop        Stop containers, innermost first
      restart     Restart containers, in order
      pause       Freeze containers
      unpause     Let frozen containers go on
      kill        Send a signal to containers
      rm          Remove containers that do not run

    Look inside:
      ps          List the containers of the lab on every level, as a tree
      ls          List the labs on the engine
      exec        Run a program in a container on any level
      run         Run a one-off container beside a service on any level
      logs        Show the logs of containers on any level, merged
      cp          Copy files between containers on any level and this machine
      top         Show the processes of containers on any level
      stats       Show what containers on any level use
      images      List the images that containers were made from
      port        Print where a port of a service is bound
      wait        Wait until containers have ended
      events      Follow what happens to containers on any level

    The lab file:
      validate    Check the lab file and say what is wrong with it
      config      Print the lab as it was understood, all files merged
      schema      Print the JSON Schema of the lab file

    This machine:
      doctor      Check whether this machine and its engine can run a lab
      version     Print the versions of nestctl and of the engine
      completion  Print a completion script for a shell

    Options:
      -f, --file <FILE>              Read this lab file, `-` is stdin; repeatable
      -p, --project-name <NAME>      Use this project name
          --project-directory <DIR>  Resolve relative paths from this directory
          --env-file <FILE>          Read variables from here, not .env; repeatable
          --profile <NAME>           Activate this profile; repeatable
      -H, --host <URL>               Use this engine (unix://, tcp://, ssh://)
          --progress <HOW>           Show progress as auto, tty, plain, json, quiet
          --color <WHEN>             Use colour: auto, always, never
          --lock-timeout <TIME>      Wait so long for another nestctl; 0: do not
          --call-timeout <TIME>      Give an engine so long to answer a call
          --stall-timeout <TIME>     Give up on copies that stood still for so long
          --answer-timeout <TIME>    Take a node's engine for silent after this
          --hook-timeout <TIME>      Give up on a hook that runs for so long
      -h, --help                     Print help
      -V, --version                  Print version

    `nestctl COMMAND --help` shows the options of a command and examples.
    A service is named by its path, from the outside in: `vm1/web`.
    ");
}

#[test]
fn every_command_has_an_imperative_about_and_examples() {
    let names = commands();
    assert!(names.len() >= 13, "{names:?}");
    for name in names {
        let help = Program::new().run(&[&name, "--help"]);
        assert_eq!(help.code, 0, "{name}: {help}");
        let about = help.stdout.lines().next().unwrap_or_default();
        let first = about.split_whitespace().next().unwrap_or_default();
        assert!(
            first.starts_with(char::is_uppercase) && !first.ends_with('s'),
            "{name}: `{about}` is no imperative"
        );
        assert!(help.stdout.contains("\nExamples:\n  nestctl "), "{name} has no examples:\n{help}");
    }
}

#[test]
fn help_fits_eighty_columns() {
    let mut all = commands();
    all.push(String::new());
    for name in all {
        let arguments: Vec<&str> =
            [name.as_str(), "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        for line in Program::new().run(&arguments).stdout.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
    }
}

#[test]
fn a_misspelt_command_is_answered_with_the_right_one() {
    insta::assert_snapshot!(Program::new().run(&["validat"]), @r"
    exit code: 2
    ----- stderr -----
    error: unrecognized subcommand 'validat'

      tip: a similar subcommand exists: 'validate'

    Usage: nestctl [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
}

#[test]
fn the_file_may_be_named_before_and_after_the_command() {
    let program = Program::new();
    program.write("other.yaml", "name: other\nservices: {a: {image: busybox}}\n");
    for arguments in [["-f", "other.yaml", "validate"], ["validate", "-f", "other.yaml"]] {
        let ran = program.run(&arguments);
        assert!(ran.stdout.contains("lab other"), "{ran}");
    }
    // `logs -f` is --follow, as in Compose.
    assert_eq!(program.run(&["logs", "-f", "--file", "other.yaml"]).code, 4);
}
