//! `completion`.

use clap::Args;
use clap_complete::Shell;

/// `completion`.
#[derive(Args, Debug)]
pub struct CompletionArgs {
    /// The shell: bash, elvish, fish, powershell or zsh.
    #[arg(value_enum, value_name = "SHELL", hide_possible_values = true)]
    pub shell: Shell,
}

impl CompletionArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl completion bash > ~/.local/share/bash-completion/completions/nestctl
  nestctl completion fish > ~/.config/fish/completions/nestctl.fish";
}
