//! Flags of the commands that make containers (`up`, `create`, `scale`), after docker/compose
//! `cmd/compose/create.go` and `up.go`.

use std::time::Duration;

use clap::Args;

use super::pull::PullArg;
use super::seconds::parse_duration;
use crate::ops::up::{Builds, Starts, Way};

/// How containers are made.
#[derive(Args, Clone, Debug, Default)]
pub struct MakingArgs {
    /// Make every container anew although nothing changed.
    #[arg(long)]
    pub force_recreate: bool,
    /// Keep containers although the file asks for something else now.
    #[arg(long, conflicts_with_all = ["force_recreate", "always_recreate_deps", "renew_anon_volumes"])]
    pub no_recreate: bool,
    /// Make anew also what the given services need.
    #[arg(long)]
    pub always_recreate_deps: bool,
    /// Give replacements anonymous volumes of their own.
    #[arg(short = 'V', long)]
    pub renew_anon_volumes: bool,
    /// Leave alone what the given services need.
    #[arg(long)]
    pub no_deps: bool,
    /// Run N replicas of SERVICE, an address; repeatable.
    #[arg(long, value_name = "SERVICE=N")]
    pub scale: Vec<String>,
    /// Build images before containers are made, also those that are there.
    #[arg(long, conflicts_with = "no_build")]
    pub build: bool,
    /// Build no image, even if it is missing.
    #[arg(long)]
    pub no_build: bool,
    /// Pull images `always`, if `missing`, or `never`, not as the file says.
    #[arg(long, value_enum, value_name = "POLICY", hide_possible_values = true)]
    pub pull: Option<PullArg>,
    /// Do not show how pulls go on.
    #[arg(long)]
    pub quiet_pull: bool,
    /// Do not show what builds say.
    #[arg(long)]
    pub quiet_build: bool,
    /// Remove containers of services that the file no longer has.
    #[arg(long)]
    pub remove_orphans: bool,
    /// Make a node anew although files inside it, on no volume, go with it.
    #[arg(long)]
    pub discard_node_files: bool,
    /// Give what is replaced so long to stop (`10`, `1m`).
    #[arg(short, long, value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
}

impl MakingArgs {
    /// As the use case takes it.
    pub fn way(&self, starts: Starts) -> Way {
        Way {
            starts,
            no_deps: self.no_deps,
            no_recreate: self.no_recreate,
            always_recreate_deps: self.always_recreate_deps,
            renew_volumes: self.renew_anon_volumes,
            grace: self.timeout,
            builds: match (self.build, self.no_build) {
                (true, _) => Builds::All,
                (_, true) => Builds::None,
                _ => Builds::Missing,
            },
            ..Way::default()
        }
    }
}
