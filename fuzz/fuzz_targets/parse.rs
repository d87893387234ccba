//! No bytes make the parser panic, overflow its stack or run for long.
//!
//! The input is up to four files between bytes of 0: two that are given and merged, one in a directory of its own that
//! they may include, extend or take for an inner layer, and one of variables. What is missing is the first once more.

#![no_main]

use std::collections::BTreeMap;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use nestctl::spec::files::{Entry, Vars};
use nestctl::spec::parse::parse;

fuzz_target!(|bytes: &[u8]| {
    let parts: Vec<&[u8]> = bytes.split(|byte| *byte == 0).collect();
    let part = |i: usize| parts.get(i).unwrap_or(&parts[0]).to_vec();
    let names = ["nest.yaml", "nest2.yaml", "sub/inner.yaml", "nest.env"];
    let files: BTreeMap<PathBuf, Vec<u8>> =
        names.iter().enumerate().map(|(i, name)| (PathBuf::from("/lab").join(name), part(i))).collect();
    let given = if parts.len() > 1 { 2 } else { 1 };
    let entry = Entry {
        files: names[..given].iter().map(|name| PathBuf::from("/lab").join(name)).collect(),
        directory: PathBuf::from("/lab"),
        home: Some(PathBuf::from("/home/me")),
        ..Entry::default()
    };
    let vars: Vars = [("SET".to_owned(), "value".to_owned())].into();
    let parsed = parse(&files, &entry, &vars);
    for problem in parsed.diagnostics.iter() {
        for label in &problem.labels {
            let source = parsed.sources.get(label.span.source).expect("a source of this run");
            let place = label.span.start as usize..label.span.end as usize;
            assert!(source.text.get(place).is_some(), "a place outside of its text: {problem:?}");
        }
    }
    assert!(parsed.topology.is_some() || parsed.diagnostics.has_errors());
});
