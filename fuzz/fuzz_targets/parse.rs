//! No bytes make the parser panic, overflow its stack or run for long.
//!
//! The input is a lab file; it can name itself (`nest.yaml`) and its own text as a file of variables (`nest.env`).

#![no_main]

use std::collections::BTreeMap;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use nestctl::spec::files::{Entry, Vars};
use nestctl::spec::parse::parse;

fuzz_target!(|bytes: &[u8]| {
    let files: BTreeMap<PathBuf, Vec<u8>> =
        ["nest.yaml", "nest.env", "inner.yaml"].map(|name| (PathBuf::from("/lab").join(name), bytes.to_vec())).into();
    let entry = Entry {
        files: vec![PathBuf::from("/lab/nest.yaml")],
        directory: PathBuf::from("/lab"),
        project: None,
        env_files: Vec::new(),
        profiles: Vec::new(),
        enabled: Vec::new(),
        home: Some(PathBuf::from("/home/me")),
    };
    let vars: Vars = [("SET".to_owned(), "value".to_owned())].into();
    let parsed = parse(&files, &entry, &vars);
    for problem in parsed.diagnostics.iter() {
        for label in &problem.labels {
            let source = parsed.sources.get(label.span.source).expect("a source of this run");
            assert!(source.text.get(label.span.start..label.span.end).is_some(), "a place outside of its text: {problem:?}");
        }
    }
    assert!(parsed.topology.is_some() || parsed.diagnostics.has_errors());
});
