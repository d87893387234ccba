//! Making the test images from their recipes, and having them on an engine: `cargo xtask images`.
//!
//! An image is one layer and a configuration, kept as the files of a `docker save` archive under the key of its recipe;
//! the key is also a label of the image, by which an engine that has it already is known.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use crate::api::{self, Body};
use crate::apt::{self, Tree};
use crate::cache;
use crate::recipes::{self, Recipe};
use crate::shell::{Cmd, Context as _, Error, Result, make_dir, remove_dir, write_file};

/// The label that holds the key of the recipe.
const LABEL: &str = "dev.nestctl.test-image";

/// Has the named images, or all that the tests need, on the engine at `host`.
pub(crate) fn load(host: &str, names: &[&str]) -> Result<()> {
    if let Some(name) = names.iter().find(|name| !recipes::all().any(|recipe| recipe.name == **name)) {
        let known: Vec<&str> = recipes::all().map(|recipe| recipe.name).collect();
        return Err(Error::new(format!("unknown image `{name}`; there are {}", known.join(", "))));
    }
    let _lock = cache::lock("images")?;
    let is_wanted = |recipe: &Recipe| match names {
        [] => recipes::ALL.iter().any(|one| one.name == recipe.name),
        names => names.contains(&recipe.name),
    };
    let wanted = recipes::all().filter(|recipe| is_wanted(recipe));
    let mut missing = Vec::new();
    for recipe in wanted {
        let key = key(recipe)?;
        if !is_loaded(host, recipe, &key) {
            missing.push((recipe, key));
        }
    }
    // Making one is mostly one thread's work: one worker for each processor.
    let workers = thread::available_parallelism().map_or(1, usize::from).min(missing.len());
    let queue = Mutex::new(missing.into_iter());
    let next = || queue.lock().expect("no worker panics with the lock").next();
    let work = || {
        while let Some((recipe, key)) = next() {
            let dir = made(recipe, &key)?;
            put(host, recipe, &dir)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let ends = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Err(Error::new("a worker died"))));
        // All of them, so that an error does not hide while another image is half loaded.
        ends.collect::<Vec<Result<()>>>().into_iter().collect()
    })
}

/// The tree that becomes the image's one layer.
fn tree(recipe: &Recipe) -> Tree<'static> {
    let files = cache::workspace().join("xtask/images").join(recipe.name);
    Tree {
        suite: recipe.suite,
        variant: recipe.variant,
        packages: recipe.packages,
        files: files.is_dir().then_some(files),
        commands: recipe.commands,
    }
}

fn key(recipe: &Recipe) -> Result<String> {
    apt::digest(&format!("{} {}", tree(recipe).key()?, config(recipe, "", "")))
}

fn is_loaded(host: &str, recipe: &Recipe, key: &str) -> bool {
    let path = format!("/images/{}/json", recipes::reference(recipe.name));
    let found = api::request(host, "GET", &path, Body::None);
    found.is_ok_and(|image| image.contains(&format!("\"{LABEL}\":\"{key}\"")))
}

/// The files of the image's archive, made if they are not there yet.
fn made(recipe: &Recipe, key: &str) -> Result<PathBuf> {
    let parent = cache::images()?.join(recipe.name);
    let dir = parent.join(key);
    if dir.is_dir() {
        return Ok(dir);
    }
    let begin = Instant::now();
    // Under a name of its own until it is whole; what other recipes made of this name goes.
    remove_dir(&parent)?;
    let partial = parent.join("partial");
    make_dir(&partial)?;
    let layer = partial.join("layer.tar");
    tree(recipe).make(&layer)?;
    let sum = Cmd::new("sha256sum").arg(&layer).read()?;
    let name = recipes::reference(recipe.name);
    write_file(&partial.join("config.json"), &config(recipe, key, &sum[..64]))?;
    let manifest = format!(r#"[{{"Config":"config.json","RepoTags":["{name}"],"Layers":["layer.tar"]}}]"#);
    write_file(&partial.join("manifest.json"), &manifest)?;
    fs::rename(&partial, &dir).context(format_args!("name `{}`", dir.display()))?;
    eprintln!("made {name} from Debian {} packages in {:.0?}", recipe.suite, begin.elapsed());
    Ok(dir)
}

fn put(host: &str, recipe: &Recipe, dir: &Path) -> Result<()> {
    let begin = Instant::now();
    let name = recipes::reference(recipe.name);
    // An older one of this name would stay behind without a name.
    let _ = api::call(host, "DELETE", &format!("/images/{name}?force=1"), Body::None);
    let tar = Cmd::new("tar").args(["--create", "--file=-", "--directory"]).arg(dir);
    let tar = tar.args(["manifest.json", "config.json", "layer.tar"]);
    let line = tar.line();
    let mut tar = tar.into_inner().stdout(Stdio::piped()).spawn().context(format_args!("run {line}"))?;
    let mut archive = tar.stdout.take().expect("stdout is piped");
    let answer = api::request(host, "POST", "/images/load?quiet=1", Body::Tar(&mut archive));
    drop(archive);
    let status = tar.wait().context(format_args!("wait for {line}"))?;
    answer?;
    if !status.success() {
        return Err(Error::new(format!("{line} failed ({status})")));
    }
    eprintln!("loaded {name} in {:.1?}", begin.elapsed());
    Ok(())
}

/// The image's configuration in the form of the image specification.
fn config(recipe: &Recipe, key: &str, layer: &str) -> String {
    // Rust writes lists of plain words as JSON does.
    let config = &recipe.config;
    let volumes: Vec<String> = config.volumes.iter().map(|path| format!("{path:?}:{{}}")).collect();
    let fields = [
        format!(r#""Env":{:?}"#, config.env),
        format!(r#""Entrypoint":{:?}"#, config.entrypoint),
        format!(r#""Cmd":{:?}"#, config.cmd),
        format!(r#""User":{:?}"#, config.user),
        format!(r#""StopSignal":{:?}"#, config.stop_signal),
        format!(r#""Volumes":{{{}}}"#, volumes.join(",")),
        format!(r#""Labels":{{"{LABEL}":"{key}"}}"#),
    ];
    // An empty value would be a value; the specification says absent.
    let fields: Vec<&str> = fields
        .iter()
        .map(String::as_str)
        .filter(|field| !field.ends_with(":[]") && !field.ends_with(":\"\""))
        .collect();
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!(
        r#"{{"architecture":"{architecture}","os":"linux","created":"1970-01-01T00:00:00Z","config":{{{}}},"rootfs":{{"type":"layers","diff_ids":["sha256:{layer}"]}},"history":[{{"created_by":"cargo xtask images"}}]}}"#,
        fields.join(","),
    )
}
