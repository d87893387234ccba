//! Trees on a disk.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt, TryStreamExt};

use super::DiskFiles;
use crate::engine::error::EngineError;
use crate::transfer::host_files::HostFiles;

/// A directory that goes with the test.
struct Directory(PathBuf);

impl Directory {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("nestctl-{test}-{}", std::process::id()));
        // One that a killed run with the same process number left.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a place for the test");
        Self(path)
    }

    fn write(&self, name: &str, mode: u32, content: &[u8]) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it is below the directory")).expect("made");
        fs::write(&path, content).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set");
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn packed(path: &Path, name: &str) -> Result<Vec<u8>, EngineError> {
    let pieces = DiskFiles.tree(path, name).expect("it is there");
    let pieces: Vec<_> = pieces.try_collect().await?;
    Ok(pieces.concat())
}

fn listed(archive: &[u8]) -> Vec<String> {
    let mut reader = tar::Archive::new(archive);
    let entries = reader.entries().expect("an archive").map(|entry| {
        let entry = entry.expect("an entry");
        let name = entry.path().expect("a name").display().to_string();
        let link = entry.link_name().expect("readable").map(|link| format!(" -> {}", link.display()));
        let mode = entry.header().mode().expect("a mode");
        format!("{name} {mode:o} {}{}", entry.size(), link.unwrap_or_default())
    });
    entries.collect()
}

#[tokio::test]
async fn a_tree_is_packed_with_modes_links_and_sizes_in_order() {
    let directory = Directory::new("tree");
    directory.write("b/run", 0o755, b"go");
    directory.write("a", 0o600, b"secret");
    symlink("../gone", directory.0.join("b/link")).expect("made");
    let _socket = UnixListener::bind(directory.0.join("socket")).expect("made");
    fs::set_permissions(directory.0.join("b"), fs::Permissions::from_mode(0o1777)).expect("set");
    fs::set_permissions(&directory.0, fs::Permissions::from_mode(0o750)).expect("set");
    let archive = packed(&directory.0, "srv/www").await.expect("readable");
    assert_eq!(
        listed(&archive),
        [
            "srv/www 750 0",
            "srv/www/a 600 6",
            "srv/www/b 1777 0",
            "srv/www/b/link 777 0 -> ../gone",
            "srv/www/b/run 755 2",
        ]
    );
    let one = packed(&directory.0.join("a"), "etc/one").await.expect("readable");
    assert_eq!(listed(&one), ["etc/one 600 6"]);
}

#[tokio::test]
async fn a_large_file_comes_in_pieces_and_a_reader_that_leaves_ends_the_reading() {
    let directory = Directory::new("large");
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    directory.write("large", 0o644, &content);
    let archive = packed(&directory.0, "x").await.expect("readable");
    assert_eq!(&archive[1024..1024 + content.len()], content.as_slice());
    let mut pieces = DiskFiles.tree(&directory.0, "x").expect("it is there");
    let first = pieces.next().await.expect("a piece").expect("readable");
    assert!(first.len() < 200_000, "{} bytes at once", first.len());
}

#[tokio::test]
async fn what_is_not_there_or_changes_is_an_error() {
    let directory = Directory::new("missing");
    assert!(DiskFiles.tree(&directory.0.join("nope"), "x").is_err());
    assert!(DiskFiles.digest(&directory.0.join("nope")).is_err());
    let mut shrunk = super::Exactly {
        file: {
            directory.write("short", 0o644, b"abc");
            fs::File::open(directory.0.join("short")).expect("it is there")
        },
        left: 10,
    };
    let error = std::io::copy(&mut shrunk, &mut std::io::sink()).expect_err("it is shorter");
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
}

#[test]
fn a_digest_is_the_same_for_the_same_tree_and_differs_for_every_change() {
    let make = |test: &str| {
        let directory = Directory::new(test);
        directory.write("a/b", 0o644, b"x");
        symlink("a/b", directory.0.join("l")).expect("made");
        directory
    };
    let (one, two) = (make("digest-one"), make("digest-two"));
    let digest = |directory: &Directory| DiskFiles.digest(&directory.0).expect("readable");
    assert_eq!(digest(&one), digest(&two));
    two.write("a/b", 0o755, b"x");
    assert_ne!(digest(&one), digest(&two), "a mode");
    two.write("a/b", 0o644, b"y");
    assert_ne!(digest(&one), digest(&two), "a content");
    two.write("a/b", 0o644, b"x");
    assert_eq!(digest(&one), digest(&two));
    fs::remove_file(two.0.join("l")).expect("removed");
    symlink("a/c", two.0.join("l")).expect("made");
    assert_ne!(digest(&one), digest(&two), "a link");
}
