//! What both tools build of the same file is the same image, down to its layers: the second build has every step of the
//! first from the engine's cache, or a step was not asked for in the same way. Cases: tests/fixtures/compose-build.

use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value};

use super::engine::{both, each};
use super::engine_case::{Case, fixtures};
use super::engine_http::{get, labelled, request};
use super::engine_report::{differ, kept, tidied, untooled};

/// The images of a project, by their names.
struct Images<'a> {
    host: &'a str,
    found: Vec<Value>,
}

impl<'a> Images<'a> {
    fn of(host: &'a str, case: &Case) -> Self {
        let label = format!("com.docker.compose.project={}", case.project());
        let list = labelled(host, "/images/json", &label);
        let ids = list.as_array().into_iter().flatten().filter_map(|image| image["Id"].as_str());
        Self { host, found: ids.map(|id| get(host, &format!("/images/{id}/json"))).collect() }
    }

    /// What must be alike.
    fn comparable(&self) -> Value {
        let mut out = Map::new();
        for image in &self.found {
            let keys = ["RepoTags", "Config", "Architecture", "Os", "Variant", "Author", "Comment", "RootFS"];
            let mut image = kept(image, &keys);
            untooled(&mut image);
            tidied(&mut image, "");
            let tags = image["RepoTags"].as_array_mut().expect("what is built has a name");
            tags.sort_by_key(Value::to_string);
            let name = tags[0].as_str().expect("a name").to_owned();
            out.insert(format!("image {name}"), image);
        }
        Value::Object(out)
    }
}

impl Drop for Images<'_> {
    fn drop(&mut self) {
        for image in &self.found {
            let id = image["Id"].as_str().unwrap_or_default();
            request(self.host, "DELETE", &format!("/images/{id}?force=1"), None);
        }
    }
}

/// The file for bake, by its text.
fn bake(printed: Result<String, String>) -> Result<Value, String> {
    let mut file: Value = serde_json::from_str(&printed?).map_err(|error| error.to_string())?;
    for target in file["target"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Some(labels) = target["labels"].as_object_mut() {
            labels.remove("com.docker.compose.version");
        }
        // The engine's own, which is meant without it.
        if target["network"] == "default" {
            target.as_object_mut().expect("a target is an object").remove("network");
        }
        // A reference of an image alone is of the type `registry`.
        for place in target.get_mut("cache-from").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(image) = place.as_str().filter(|text| !text.contains('=')) {
                *place = Value::from(format!("type=registry,ref={image}"));
            }
        }
        // The peer gives what means a set in any order.
        for key in ["secret", "ssh", "ulimits"] {
            if let Some(items) = target.get_mut(key).and_then(Value::as_array_mut) {
                items.sort_by_key(Value::to_string);
            }
        }
    }
    let targets = file["group"]["default"]["targets"].as_array_mut().ok_or("no group")?;
    targets.sort_by_key(Value::to_string);
    Ok(file)
}

#[test]
fn builds_are_printed_for_bake_as_the_peer_prints_them() {
    let Some((host, peer, _turn)) = both() else { return };
    let prefix = format!("diffbake-{}", std::process::id());
    each(&fixtures("compose-build"), vec![()], |(), fixture: &Path| {
        let case = Case::new(fixture, &prefix, &host);
        let theirs = bake(case.peer_prints(&peer, &["build", "--print"]))?;
        let ours = bake(case.nestctl_prints(&["build", "--print"]))?;
        let difference = differ(&theirs, &ours, &[], &mut Vec::new());
        if difference.is_empty() { Ok(()) } else { Err(difference) }
    });
}

#[test]
fn what_is_built_is_what_the_peer_builds() {
    let Some((host, peer, _turn)) = both() else { return };
    let prefix = format!("diffbuild-{}", std::process::id());
    let cases = fixtures("compose-build");
    assert!(!cases.is_empty(), "no fixtures");
    // One after the other: two builds that run the same step at once leave two results of it in the cache, and the next
    // build takes either.
    each(&cases, vec![()], |(), fixture: &Path| {
        if fixture.ends_with("ssh") && Command::new("ssh-agent").arg("true").output().is_err() {
            println!("skipped: no ssh-agent to hold the key of `ssh`");
            return Ok(());
        }
        let case = Case::new(fixture, &prefix, &host);
        case.peer(&peer, &["build"]).map_err(|said| format!("the peer refuses:\n{said}"))?;
        let theirs = Images::of(&host, &case).comparable();
        case.nestctl(&["build"]).map_err(|said| format!("nestctl alone refuses:\n{said}"))?;
        let ours = Images::of(&host, &case).comparable();
        assert!(theirs.as_object().is_some_and(|images| !images.is_empty()), "the peer built nothing");
        let difference = differ(&theirs, &ours, &[], &mut Vec::new());
        if difference.is_empty() { Ok(()) } else { Err(difference) }
    });
}
