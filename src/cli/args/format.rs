//! `--format` of commands that print a table.

use clap::{Args, ValueEnum};

/// How data is printed.
#[derive(Args, Clone, Copy, Debug)]
pub struct FormatArgs {
    /// Print as: table or json.
    #[arg(long, value_enum, value_name = "HOW", default_value = "table", hide_possible_values = true)]
    pub format: Format,
}

/// Forms of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[value(alias = "pretty")]
    Table,
    /// For programs.
    Json,
}
