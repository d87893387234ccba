//! `nestctl --help`: commands in groups.

use std::fmt::Write;

use clap::{Command, CommandFactory};

use super::args::root::Cli;

/// Groups of commands in the order in which they are shown. A test holds that every command is in one.
const GROUPS: &[(&str, &[&str])] = &[
    ("Run a lab", &["up", "down", "create", "scale", "build", "pull", "push", "plan"]),
    ("What is there", &["start", "stop", "restart", "pause", "unpause", "kill", "rm"]),
    (
        "Look inside",
        &["ps", "ls", "exec", "run", "logs", "cp", "top", "stats", "images", "port", "wait", "events"],
    ),
    ("The lab file", &["validate", "config", "schema"]),
    ("This machine", &["doctor", "version", "completion"]),
];

/// The command line with its help.
pub fn command() -> Command {
    let command = Cli::command().mut_subcommand("logs", |logs| {
        // `-f` follows here, as in Compose; the file is `--file`.
        logs.mut_arg("file", |file| file.short(None::<char>))
    });
    // `-f` is --force here, as in Compose.
    let command = command.mut_subcommand("rm", |rm| rm.mut_arg("file", |file| file.short(None::<char>)));
    // `-p` publishes here, as in Compose; the project is `--project-name`.
    let command = command.mut_subcommand("run", |run| {
        run.mut_arg("project_name", |name| name.short(None::<char>))
            .mut_arg("publish", |publish| publish.short('p'))
    });
    let mut commands = String::new();
    for (heading, names) in GROUPS {
        writeln!(commands, "{heading}:").expect("writing to a string cannot fail");
        for name in *names {
            let about = command.find_subcommand(name).and_then(Command::get_about).map(ToString::to_string);
            writeln!(commands, "  {name:<12}{}", about.unwrap_or_default())
                .expect("writing to a string cannot fail");
        }
        commands.push('\n');
    }
    let template = format!(
        "{{about}}\n\nUsage: nestctl [OPTIONS] <COMMAND>\n\n{commands}Options:\n{{options}}{{after-help}}\n"
    );
    command.help_template(template).after_help(
        "`nestctl COMMAND --help` shows the options of a command and examples.\nA service is named by its path, \
         from the outside in: `vm1/web`.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_one_group_and_every_group_holds_commands() {
        let mut known: Vec<String> = command().get_subcommands().map(|it| it.get_name().to_owned()).collect();
        let mut grouped: Vec<String> =
            GROUPS.iter().flat_map(|(_, names)| names.iter().map(|&name| name.to_owned())).collect();
        known.sort();
        grouped.sort();
        assert_eq!(known, grouped);
    }

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }
}
