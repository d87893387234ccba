//! Flags that say which lab.

use std::path::PathBuf;

use clap::Args;

/// Which lab. Taken before and after the command's name; what stands after it wins.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Lab options")]
pub struct LabArgs {
    /// Read this lab file, `-` is stdin; repeatable.
    #[arg(short, long = "file", value_name = "FILE")]
    pub file: Vec<String>,
    /// Use this project name.
    #[arg(short, long, value_name = "NAME")]
    pub project_name: Option<String>,
    /// Resolve relative paths from this directory.
    #[arg(long, value_name = "DIR")]
    pub project_directory: Option<PathBuf>,
    /// Read variables from here, not .env; repeatable.
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<PathBuf>,
    /// Activate this profile; repeatable.
    #[arg(long, value_name = "NAME")]
    pub profile: Vec<String>,
    /// Make and print also networks and volumes that no service uses.
    #[arg(long, hide = true)]
    pub all_resources: bool,
    /// Put `_` between the parts of names, as the first Compose did.
    #[arg(long, hide = true)]
    pub compatibility: bool,
}

impl LabArgs {
    /// These flags with those written after the command's name on top: lists are replaced, not joined.
    #[must_use]
    pub fn overlaid(self, after: &Self) -> Self {
        let list =
            |before: Vec<String>, after: &[String]| if after.is_empty() { before } else { after.to_vec() };
        Self {
            file: list(self.file, &after.file),
            project_name: after.project_name.clone().or(self.project_name),
            project_directory: after.project_directory.clone().or(self.project_directory),
            env_file: if after.env_file.is_empty() { self.env_file } else { after.env_file.clone() },
            profile: list(self.profile, &after.profile),
            all_resources: self.all_resources || after.all_resources,
            compatibility: self.compatibility || after.compatibility,
        }
    }
}
