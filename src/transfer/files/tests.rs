//! Files put into containers of an engine in memory.

use std::path::Path;

use super::{follow, put_files, put_tree};
use crate::engine::engine::{Create, Engine};
use crate::engine::fake::behaviour::Behaviour;
use crate::engine::fake::fake_engine::FakeEngine;
use crate::model::container::ContainerSpec;
use crate::model::failure::FailureKind;
use crate::model::files::{Existing, PutFile};
use crate::model::label::Labels;
use crate::transfer::host_files::HostFiles;
use crate::transfer::memory_files::MemoryFiles;
use crate::transfer::stream::from_memory;

async fn web(files: &[(&str, &str)]) -> FakeEngine {
    let image = files.iter().fold(Behaviour::default(), |image, (path, text)| image.has_file(path, text));
    let engine = FakeEngine::new("host").with_image("app").with_behaviour("app", image);
    let create = Create::Container {
        name: "web".to_owned(),
        spec: Box::new(ContainerSpec { image: "app".to_owned(), ..ContainerSpec::default() }),
        image: "app".to_owned(),
        labels: Labels::new(),
    };
    engine.create(&create).await.expect("nothing stands in the way");
    engine
}

fn file(path: &str, content: &str, existing: Existing) -> PutFile {
    PutFile {
        path: path.to_owned(),
        mode: 0o600,
        uid: 70_000,
        gid: 7,
        content: content.as_bytes().into(),
        existing,
    }
}

fn text(engine: &FakeEngine, path: &str) -> String {
    let file = engine.file("web", path).expect("it was put");
    String::from_utf8(file.content).expect("it was text")
}

#[tokio::test]
async fn files_arrive_in_one_archive_with_mode_and_owner_and_no_directories() {
    let engine = web(&[]).await;
    let long = format!("/etc/{}/x", "n".repeat(150));
    let files = [file("/etc/new/a", "A", Existing::Replace), file(&long, "B", Existing::Replace)];
    put_files(&engine, "web", &files).await.expect("nothing stands in the way");
    let put = engine.file("web", "/etc/new/a").expect("put");
    assert_eq!((put.content.as_slice(), put.mode, put.uid, put.gid), (b"A".as_slice(), 0o600, 70_000, 7));
    assert_eq!(text(&engine, &long), "B");
    assert_eq!(engine.file("web", "/etc/new"), None);
    assert_eq!(engine.calls().iter().filter(|call| call.op == "put files").count(), 1);
}

#[tokio::test]
async fn what_the_image_has_is_replaced_merged_or_appended_to() {
    let engine = web(&[("/r", "old"), ("/j", r#"{"a":{"x":1}}"#), ("/t", "one")]).await;
    let files = [
        file("/r", "new", Existing::Replace),
        file("/j", r#"{"a":{"y":2}}"#, Existing::MergeJson),
        file("/t", "two\n", Existing::Append),
    ];
    for _ in 0..2 {
        put_files(&engine, "web", &files).await.expect("nothing stands in the way");
        assert_eq!(text(&engine, "/r"), "new");
        let json: serde_json::Value = serde_json::from_str(&text(&engine, "/j")).expect("JSON");
        assert_eq!(json, serde_json::json!({"a": {"x": 1, "y": 2}}));
        assert_eq!(text(&engine, "/t"), "one\ntwo\n");
    }
}

#[tokio::test]
async fn what_is_not_there_is_made_and_what_is_no_json_is_an_error() {
    let engine = web(&[("/bad", "not json")]).await;
    put_files(&engine, "web", &[file("/j", r#"{"a":1}"#, Existing::MergeJson)]).await.expect("made");
    assert_eq!(text(&engine, "/j"), r#"{"a":1}"#);
    let error =
        put_files(&engine, "web", &[file("/bad", "{}", Existing::MergeJson)]).await.expect_err("no JSON");
    assert!(error.to_failure().causes[0].contains("`/bad`"), "{error:?}");
    let missing = put_files(&engine, "gone", &[file("/a", "", Existing::Replace)]).await.expect_err("gone");
    assert_eq!(missing.kind, FailureKind::NotFound);
}

#[tokio::test]
async fn a_link_is_followed_to_the_file_that_it_means() {
    let engine = web(&[("/etc/real/conf", "one\n")]).await;
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, "etc/conf", "real/conf").expect("in memory");
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, "etc/loop", "/etc/loop").expect("in memory");
    engine.put("web", "/", from_memory(builder.into_inner().expect("in memory"))).await.expect("put");
    put_files(&engine, "web", &[file("/etc/conf", "two", Existing::Append)]).await.expect("followed");
    assert_eq!(text(&engine, "/etc/real/conf"), "one\ntwo\n");
    let error = put_files(&engine, "web", &[file("/etc/loop", "x", Existing::Append)]).await;
    assert!(error.is_err());
}

#[test]
fn links_are_read_from_where_they_stand() {
    assert_eq!(follow("/etc/conf", "real/conf"), "/etc/real/conf");
    assert_eq!(follow("/etc/conf", "../run/./x"), "/run/x");
    assert_eq!(follow("/etc/conf", "/a"), "/a");
    assert_eq!(follow("/conf", "../../../x"), "/x");
}

#[tokio::test]
async fn a_tree_of_the_users_machine_arrives_at_its_place() {
    let engine = web(&[]).await;
    let host = MemoryFiles::new()
        .with("/lab/site/index.html", 0o644, "hello")
        .with("/lab/site/bin/run", 0o755, "go")
        .with("/lab/siteother", 0o644, "not this one");
    put_tree(&engine, "web", &host, Path::new("/lab/site"), "/srv/www").await.expect("nothing breaks");
    assert_eq!(text(&engine, "/srv/www/index.html"), "hello");
    assert_eq!(engine.file("web", "/srv/www/bin/run").expect("put").mode, 0o755);
    assert_eq!(engine.file("web", "/srv/wwwother"), None);
    put_tree(&engine, "web", &host, Path::new("/lab/siteother"), "/one").await.expect("nothing breaks");
    assert_eq!(text(&engine, "/one"), "not this one");
    let error = put_tree(&engine, "web", &host, Path::new("/nope"), "/x").await.expect_err("not there");
    assert_eq!(error.kind, FailureKind::NotFound);
}

#[test]
fn a_digest_tells_names_modes_and_contents_apart() {
    let digest = |files: MemoryFiles| files.digest(Path::new("/lab")).expect("it is there");
    let one = digest(MemoryFiles::new().with("/lab/a", 0o644, "x"));
    assert_eq!(one, digest(MemoryFiles::new().with("/lab/a", 0o644, "x").with("/other", 0o644, "y")));
    assert_ne!(one, digest(MemoryFiles::new().with("/lab/b", 0o644, "x")));
    assert_ne!(one, digest(MemoryFiles::new().with("/lab/a", 0o755, "x")));
    assert_ne!(one, digest(MemoryFiles::new().with("/lab/a", 0o644, "y")));
    assert_eq!(one.len(), 64);
}
