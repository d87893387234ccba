//! Debian package trees from the machine's own package sources.
//!
//! Owns where packages come from and how a tree is made of them; what goes into a tree is said by `recipes` and
//! `private_root`. No mirror is named here: the machine's own apt knows which one it may use.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::shell::{Cmd, Error, Result, is_root};

static APT: Mutex<()> = Mutex::new(());
/// Counts changes of how a tree is made that do not show in what it is made of.
const FORMAT: u32 = 3;
/// Files as they are in the repository: in one order, readable by all, without owners and times.
const PACK: &str = "tar --create --sort=name --mtime=@0 --owner=0 --group=0 --mode=a+rX,u+w,go-w \
                    --directory \"$NESTCTL_FILES\" .";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// What to make: a tree of packages, with files laid over it and commands run in it.
pub(crate) struct Tree<'a> {
    /// The release of Debian.
    pub(crate) suite: &'a str,
    /// mmdebstrap's word for how much comes along beside the packages asked for.
    pub(crate) variant: &'a str,
    pub(crate) packages: &'a [&'a str],
    /// A folder whose contents are copied over the tree.
    pub(crate) files: Option<PathBuf>,
    /// Shell commands, run inside the tree at the end.
    pub(crate) commands: &'a [&'a str],
}

impl Tree<'_> {
    /// What decides the contents, as one word. Packages' versions are not part of it: a new one in the archive does not
    /// make what is there already worthless.
    pub(crate) fn key(&self) -> Result<String> {
        let Tree { suite, variant, packages, files, commands } = self;
        let mut text = format!("{FORMAT} {suite} {variant} {packages:?} {commands:?}");
        if let Some(dir) = files {
            let pack = Cmd::new("sh").env("NESTCTL_FILES", dir);
            text.push_str(&pack.args(["-c", &format!("{PACK} | sha256sum")]).read()?);
        }
        digest(&text)
    }

    /// Makes the tree: a folder, or a tar file if `target` ends so.
    pub(crate) fn make(&self, target: &Path) -> Result<()> {
        let mirror = {
            // Trees are made side by side, and apt itself is for one at a time.
            let _alone = APT.lock().expect("nothing panics with this lock");
            prepare()?;
            mirror()?
        };
        let mut cmd = Cmd::new("mmdebstrap")
            // One date for all files: the same packages make the same bytes.
            .env("SOURCE_DATE_EPOCH", "0")
            .env("TMPDIR", scratch())
            .args(["--quiet", "--mode=root", "--variant", self.variant])
            .arg(format!("--include={}", self.packages.join(",")))
            .arg("--aptopt=Apt::Install-Recommends \"false\"")
            .arg("--dpkgopt=force-unsafe-io")
            // Folders that commands made there are part of the tree.
            .arg("--skip=cleanup/run")
            .args(
                ["doc", "man", "info", "locale"]
                    .map(|dir| format!("--dpkgopt=path-exclude=/usr/share/{dir}/*")),
            )
            .args(inherited_options().iter().map(|option| format!("--aptopt={option}")));
        // The variant that installs nothing never comes to the point where customizing begins.
        let hook = if self.variant == "extract" { "--extract-hook" } else { "--customize-hook" };
        if let Some(files) = &self.files {
            cmd = cmd
                .env("NESTCTL_FILES", files)
                .arg(format!("{hook}={PACK} | tar --extract --directory \"$1\""));
        }
        for command in self.commands {
            let quoted = command.replace('\'', "'\\''");
            cmd = cmd.arg(format!("{hook}=chroot \"$1\" /bin/sh -euc '{quoted}'"));
        }
        if self.suite == "unstable" {
            // Its lists are valid for a week only, and archives that are snapshots have older ones.
            cmd = cmd.arg("--aptopt=Acquire::Check-Valid-Until \"false\"");
        }
        let source = format!("deb [signed-by={KEYRING}] {mirror} {} main", self.suite);
        cmd.arg(self.suite).arg(target).arg(source).read().map(drop)
    }
}

/// Makes sure that trees can be made here, and installs what is missing where that is possible.
fn prepare() -> Result<()> {
    let found = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|dir| dir.join(program).exists())
    };
    let needs = "the engine and the images are made from Debian packages";
    if !found("apt-get") {
        return Err(Error::new(format!("{needs}, and this machine has no apt: set NESTCTL_TEST_HOST")));
    }
    if !is_root() {
        return Err(Error::new(format!("{needs}, which takes root: run as root, or set NESTCTL_TEST_HOST")));
    }
    if found("mmdebstrap") && Path::new(KEYRING).exists() {
        return Ok(());
    }
    eprintln!("installing mmdebstrap");
    let quiet = |cmd: Cmd| cmd.env("DEBIAN_FRONTEND", "noninteractive").read();
    quiet(Cmd::new("apt-get").args(["update", "-q"]))?;
    quiet(Cmd::new("apt-get").args([
        "install",
        "-qy",
        "--no-install-recommends",
        "mmdebstrap",
        "debian-archive-keyring",
    ]))
    .map(drop)
}

/// A short word for a text.
pub(crate) fn digest(text: &str) -> Result<String> {
    Ok(Cmd::new("sha256sum").feed(text.as_bytes())?[..16].to_owned())
}

/// Where trees are unpacked: in memory if there is plenty, which takes a quarter less time.
fn scratch() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let free = || Cmd::new("df").args(["--output=avail", "--block-size=1M"]).arg(memory).read();
    let megabytes = free().ok().and_then(|table| table.lines().last()?.trim().parse::<u64>().ok());
    if megabytes.is_some_and(|free| free > 8000) { memory.to_path_buf() } else { std::env::temp_dir() }
}

/// The Debian archive that this machine's own apt uses.
fn mirror() -> Result<String> {
    if let Ok(mirror) = std::env::var("NESTCTL_DEBIAN_MIRROR") {
        return Ok(mirror);
    }
    let format = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)";
    let targets =
        || Cmd::new("apt-get").args(["indextargets", "--format", format, "Created-By: Packages"]).read();
    if let Some(mirror) = find_mirror(&targets()?) {
        return Ok(mirror);
    }
    // Container images come without package lists, and without lists apt knows no origins.
    Cmd::new("apt-get").args(["update", "-q"]).read()?;
    find_mirror(&targets()?).ok_or_else(|| {
        Error::new(
            "this machine's apt sources name no Debian archive: set NESTCTL_DEBIAN_MIRROR to the URL of one",
        )
    })
}

fn find_mirror(targets: &str) -> Option<String> {
    targets.lines().find_map(|line| {
        let [uri, release, component, origin] = line.split('|').collect::<Vec<_>>()[..] else { return None };
        // Updates, security and backports are archives or suites of their own, all with a dash.
        let is_archive = origin == "Debian" && component == "main" && !release.contains(['-', '/']);
        is_archive.then(|| uri.to_owned())
    })
}

/// Settings of the machine's apt that decide whether it can fetch at all, such as a proxy.
fn inherited_options() -> Vec<String> {
    let settings = Cmd::new("apt-config").args(["dump", "Acquire"]).read().unwrap_or_default();
    let wanted = ["Acquire::http", "Acquire::Check-"];
    let lines = settings.lines().filter(|line| wanted.iter().any(|prefix| line.starts_with(prefix)));
    // Empty ones are only the names of groups.
    lines.filter(|line| !line.ends_with("\"\";")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::find_mirror;

    #[test]
    fn main_archive_is_taken_not_security_and_not_a_vendor() {
        let targets = "https://a.test/sec/|bookworm-security|main|Debian\n\
                       https://a.test/vendor/|bookworm|main|Vendor\n\
                       https://a.test/debian/|bookworm|main|Debian\n";
        assert_eq!(find_mirror(targets).as_deref(), Some("https://a.test/debian/"));
    }
}
