//! A big image goes into a node as a stream: little memory, no temporary file.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use sha2::{Digest, Sha256};

use crate::support::lab::TestLab;
use crate::support::real_engine::block_on;
use crate::support::test_image::Borrowed;

const MIB: usize = 1 << 20;
const SIZE: usize = 500 * MIB;
/// Half of the bar of DESIGN section 10, which is for the program's own file too (in a release build less than the other half).
const MOST_MEMORY_KIB: u64 = 16 * 1024;

/// One MiB that no compression makes smaller; the same for the same number.
fn noise(number: usize) -> Bytes {
    let mut state = number as u64 ^ 0x9E37_79B9_7F4A_7C15;
    let mut out = Vec::with_capacity(MIB);
    while out.len() < MIB {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend_from_slice(&state.to_le_bytes());
    }
    out.into()
}

fn entry(name: &str, size: usize) -> Bytes {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).expect("a short name");
    header.set_size(size as u64);
    header.set_mode(0o755);
    header.set_cksum();
    Bytes::copy_from_slice(header.as_bytes())
}

fn padding(size: usize) -> Bytes {
    Bytes::from(vec![0; (512 - size % 512) % 512])
}

/// A layer with one file of [`SIZE`] bytes beside a shell.
fn layer() -> impl Iterator<Item = Bytes> {
    std::iter::once(entry("blob", SIZE)).chain((0..SIZE / MIB).map(noise)).chain([Bytes::from(vec![0; 1024])])
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// What `docker save` would write for an image of that one layer.
fn archive(name: &str) -> Vec<Bytes> {
    let mut diff_id = Sha256::new();
    let mut size = 0;
    for chunk in layer() {
        diff_id.update(&chunk);
        size += chunk.len();
    }
    let config = serde_json::json!({
        "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{}", hex(&diff_id.finalize()))]},
    })
    .to_string();
    let config_name = format!("{}.json", hex(&Sha256::digest(config.as_bytes())));
    let manifest =
        serde_json::json!([{"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]}]).to_string();
    let mut out = vec![entry("layer.tar", size)];
    out.extend(layer());
    out.push(padding(size));
    for (name, text) in [(config_name.as_str(), config.clone()), ("manifest.json", manifest)] {
        out.extend([entry(name, text.len()), padding(text.len())]);
        let at = out.len() - 1;
        out.insert(at, Bytes::from(text));
    }
    out.push(Bytes::from(vec![0; 1024]));
    out
}

/// The memory that a process has for itself, in KiB, and the regular files that it has open for writing. What it has of its own
/// program file is left out: of this unoptimized one that is more than 20 MiB, whatever it does.
fn look_at(child: &Child) -> Option<(u64, Vec<String>)> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"))?;
    let memory = line.split_whitespace().nth(1)?.parse().ok()?;
    let open = fs::read_dir(format!("/proc/{}/fd", child.id())).ok()?.flatten();
    let files = open.filter_map(|fd| fs::read_link(fd.path()).ok()).map(|path| path.display().to_string());
    Some((memory, files.filter(|path| path.starts_with('/') && !path.starts_with("/dev/")).collect()))
}

#[test]
fn half_a_gigabyte_must_go_into_a_node_with_little_memory_and_no_file() {
    let image = format!("nestctl-e2e/big-{}:1", std::process::id());
    let yaml = format!(
        "services:\n  vm:\n    engine: dind\n    image: ${{DIND_IMAGE}}\n    inner:\n      images: [\"{image}\"]\n      services: {{}}\n"
    );
    let Some(lab) = TestLab::new("big", &yaml) else { return };
    let (_borrowed, lab) = Borrowed::with(lab, &[&image]);
    let engine = lab.engine();
    block_on(engine.load(stream::iter(archive(&image)).map(Ok).boxed())).expect("the image is loaded");
    let temporary = lab.directory.join("tmp");
    fs::create_dir(&temporary).expect("a directory");

    let mut command = lab.command(&["--progress", "quiet", "up"]);
    command.env("TMPDIR", &temporary).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("nestctl starts");
    let (mut memory, mut files) = (0, BTreeSet::new());
    let status = loop {
        if let Some((now, open)) = look_at(&child) {
            memory = memory.max(now);
            files.extend(open);
        }
        if let Some(status) = child.try_wait().expect("the child is ours") {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert!(status.success());
    let inner = block_on(async { lab.engine_of("vm").await.inspect_image(&image).await });
    let outer = block_on(engine.inspect_image(&image)).expect("the image is at the root");
    assert_eq!(inner.expect("the image is inside").layers, outer.layers);
    println!("peak memory of nestctl while copying {} MiB: {memory} KiB", SIZE / MIB);
    assert!(memory < MOST_MEMORY_KIB, "{memory} KiB");
    // The loader has libraries open while the program starts.
    files.retain(|path| Path::new(path).is_file() && !path.contains(".so"));
    assert!(files.is_empty(), "files were open: {files:?}");
    assert_eq!(
        fs::read_dir(&temporary).expect("the directory is there").count(),
        0,
        "a temporary file was left"
    );
}
