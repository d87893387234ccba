//! `build`.

use clap::Args;

use super::change::ChangeArgs;

/// `build`, after docker/compose `cmd/compose/build.go`.
#[derive(Args, Debug)]
pub struct BuildArgs {
    /// Services whose images are built, and those inside them; none: the whole lab.
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// Set an `ARG`; without a value, to that of the environment; repeatable.
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub build_arg: Vec<String>,
    /// Do every step anew.
    #[arg(long)]
    pub no_cache: bool,
    /// Pull base images although they are there.
    #[arg(long)]
    pub pull: bool,
    /// Push what has an `image`, with its other tags, once it is built.
    #[arg(long)]
    pub push: bool,
    /// Show no progress.
    #[arg(short, long)]
    pub quiet: bool,
    /// Give builds an agent of ssh: `default`, or `ID=SOCKET`; repeatable.
    #[arg(long, value_name = "AGENT")]
    pub ssh: Vec<String>,
    /// Attest how images were made: `true`, `mode=max`, as in `build.provenance`.
    #[arg(long, value_name = "HOW")]
    pub provenance: Option<String>,
    /// Attest what is in images: `true`, `generator=IMAGE`, as in `build.sbom`.
    #[arg(long, value_name = "HOW")]
    pub sbom: Option<String>,
    /// Build also what the given services depend on.
    #[arg(long)]
    pub with_dependencies: bool,
    /// Print the builds as a file for `docker buildx bake`, and build nothing.
    #[arg(long, conflicts_with = "check")]
    pub print: bool,
    /// Check the Dockerfiles, and build nothing.
    #[arg(long)]
    pub check: bool,
    /// Builds run on the root engine's own BuildKit: no other one can be named.
    #[arg(long, value_name = "NAME", hide = true)]
    pub builder: Option<String>,
    /// Not supported by BuildKit, as with Compose.
    #[arg(short, long, value_name = "BYTES", hide = true)]
    pub memory: Option<String>,
    /// How.
    #[command(flatten)]
    pub change: ChangeArgs,
}

impl BuildArgs {
    /// Shown below the help.
    pub const EXAMPLES: &str = "\
Examples:
  nestctl build                         Build the images of all services with `build`
  nestctl build vm1                     Build the images of vm1 and of all inside it
  nestctl build --build-arg VERSION=2   Set an `ARG` of every Dockerfile";
}
