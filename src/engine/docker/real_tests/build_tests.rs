//! Questions to the builder's frontend.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{busybox, root};
use crate::engine::build::{Build, BuildFiles, FileEntry};
use crate::model::build::{BuildSpec, Context, Dockerfile};
use crate::model::label::Labels;
use crate::model::span::Span;

/// An empty directory.
struct Nothing;

impl BuildFiles for Nothing {
    fn list(&self, _directory: &Path) -> io::Result<Vec<FileEntry>> {
        Ok(Vec::new())
    }

    fn entry(&self, _path: &Path) -> io::Result<FileEntry> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn open(&self, _path: &Path) -> io::Result<Box<dyn Read + Send>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn build(dockerfile: &str) -> Build {
    Build {
        spec: BuildSpec {
            context: Context::Directory(PathBuf::from("/nowhere")),
            dockerfile: Dockerfile::Inline(Arc::from(dockerfile)),
            args: BTreeMap::new(),
            ssh: BTreeMap::new(),
            cache_from: Vec::new(),
            cache_to: Vec::new(),
            no_cache: false,
            no_cache_filter: Vec::new(),
            pull: false,
            additional_contexts: BTreeMap::new(),
            network: None,
            extra_hosts: Vec::new(),
            entitlements: Vec::new(),
            labels: Labels::new(),
            shm_size: None,
            target: None,
            secrets: BTreeMap::new(),
            tags: Vec::new(),
            ulimits: BTreeMap::new(),
            platforms: Vec::new(),
            provenance: None,
            sbom: None,
            span: Span::default(),
        },
        names: vec!["nestctl-adapter-question".to_owned()],
        platform: None,
    }
}

#[tokio::test]
async fn the_frontend_answers_in_the_name_of_a_build() {
    let Some(root) = root() else { return };
    let build = build(&format!("FROM {}\nARG WORD=none\nRUN false\n", busybox()));
    let asked = root.ask_frontend("ask", &build, Arc::new(Nothing), "frontend.outline");
    let answer = asked.await.expect("an answer");
    let text = String::from_utf8_lossy(answer.get("result.txt").expect("a text"));
    assert!(text.contains("WORD") && text.contains("none"), "{text}");
}

#[tokio::test]
async fn a_dockerfile_is_checked_or_the_engine_is_too_old_for_it() {
    let Some(root) = root() else { return };
    let good = build(&format!("FROM {}\n", busybox()));
    match root.lint(&good, Arc::new(Nothing)).await {
        Ok(checked) => assert!(!checked.failed, "{checked:?}"),
        Err(error) => {
            let why = error.source.map(|source| source.to_string()).unwrap_or_default();
            assert!(why.contains("that came with Docker 27"), "{why}");
            return;
        }
    }
    let bad = build(&format!("FROM {} as base\n", busybox()));
    let checked = root.lint(&bad, Arc::new(Nothing)).await.expect("checked");
    assert!(checked.failed && checked.text.contains("FromAsCasing"), "{checked:?}");
}
