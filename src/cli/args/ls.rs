//! `ls`.

use clap::Args;

use super::format::FormatArgs;

/// `ls`.
#[derive(Args, Debug)]
pub struct LsArgs {
    /// Print project names only.
    #[arg(short, long, conflicts_with = "format")]
    pub quiet: bool,
    /// Show only labs whose name has this in it: `name=TEXT`; repeatable.
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_filter)]
    pub filter: Vec<String>,
    /// Accepted for the habit: stopped labs are always shown.
    #[arg(short, long, hide = true)]
    pub all: bool,
    /// Form of the output.
    #[command(flatten)]
    pub format: FormatArgs,
}

fn parse_filter(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some(("name", name)) => Ok(name.to_owned()),
        _ => Err("write `name=TEXT`: there is no other filter".to_owned()),
    }
}

impl LsArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl ls                  List the labs on the engine
  nestctl ls -q               Print their names only";
}
