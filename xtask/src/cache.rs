//! Where everything lives that outlasts a command: `NESTCTL_CACHE_DIR`, else a folder of the user's cache.
//!
//! Outside the target folder, so that `cargo clean` neither pulls the ground from under a running engine nor
//! throws away what took minutes to make.

use std::env;
use std::fs::File;
use std::path::PathBuf;

use crate::shell::{Context as _, Error, Result, make_dir};

/// The folder itself.
pub(crate) fn dir() -> Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("NESTCTL_CACHE_DIR")
        .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("nestctl-dev")))
        .or_else(|| set("HOME").map(|dir| dir.join(".cache/nestctl-dev")))
        .ok_or_else(|| Error::new("no place for caches: set NESTCTL_CACHE_DIR"))
}

/// The throw-away engine: its socket, its log, its data.
pub(crate) fn engine() -> Result<PathBuf> {
    Ok(dir()?.join("engine"))
}

/// The root file systems of throw-away engines, by the key of their recipe.
pub(crate) fn roots() -> Result<PathBuf> {
    Ok(dir()?.join("roots"))
}

/// The test images, by name and by the key of their recipe.
pub(crate) fn images() -> Result<PathBuf> {
    Ok(dir()?.join("images"))
}

/// What nestctl is compared with, by the release of Debian and the key of its recipe.
pub(crate) fn peers() -> Result<PathBuf> {
    Ok(dir()?.join("peers"))
}

/// Two commands at once, from two worktrees say, take turns. Held as long as the file lives.
pub(crate) fn lock(name: &str) -> Result<File> {
    let dir = dir()?;
    make_dir(&dir)?;
    let path = dir.join(format!("{name}.lock"));
    let file = File::create(&path).context(format_args!("make `{}`", path.display()))?;
    file.lock().context(format_args!("lock `{}`", path.display()))?;
    Ok(file)
}

/// The folder of the workspace that this command was started in.
pub(crate) fn workspace() -> PathBuf {
    // Not the variable of the same name at run time: under `cargo test` that is the tested package's.
    let xtask = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().map_or(xtask.clone(), PathBuf::from)
}
