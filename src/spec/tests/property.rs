//! No bytes make the parser panic.

use proptest::prelude::*;

use super::fixture::{Fixture, all};
use super::shown::shown;

/// Every lab of the fixtures as bytes.
fn corpus() -> Vec<Vec<u8>> {
    let fixtures = all("valid").into_iter().chain(all("invalid"));
    fixtures
        .filter_map(|fixture| fixture.files.get(std::path::Path::new("/lab/nest.yaml")).cloned())
        .collect()
}

/// Reads, and renders every problem: a place outside of its text would show here.
fn read(bytes: &[u8]) {
    let parsed = Fixture::bytes(bytes).parse();
    let _ = shown(&parsed);
    if parsed.topology.is_none() {
        assert!(parsed.diagnostics.has_errors(), "nothing came of it, and nothing was said");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        read(&bytes);
    }

    #[test]
    fn any_text_of_yamls_own_characters_is_read(text in "[a-c:{}\\[\\],&*!|>'\"%@#?<$ \n\t-]{0,120}") {
        read(text.as_bytes());
        read(format!("services:\n  web:\n    {}", text.replace('\n', "\n    ")).as_bytes());
    }

    #[test]
    fn mutated_labs_are_read(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..20, prop::collection::vec(any::<u8>(), 0..6)), 1..5),
    ) {
        let corpus = corpus();
        let mut bytes = which.get(&corpus).clone();
        for (at, length, insert) in edits {
            let at = at.index(bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, insert);
        }
        read(&bytes);
    }

    #[test]
    fn spliced_labs_are_read(
        one in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        paste in any::<prop::sample::Index>(),
    ) {
        let corpus = corpus();
        let (one, other) = (one.get(&corpus), other.get(&corpus));
        let (cut, paste) = (cut.index(one.len() + 1), paste.index(other.len() + 1));
        let bytes = [&one[..cut], &other[paste..]].concat();
        read(&bytes);
    }

    #[test]
    fn files_that_name_each_other_in_any_way_are_read(
        picks in prop::collection::vec(prop::collection::vec(0..LINES.len(), 0..6), 4),
    ) {
        let text = |picks: &Vec<usize>| picks.iter().map(|pick| LINES[*pick]).collect::<String>();
        let texts: Vec<String> = picks.iter().map(text).collect();
        let names = ["nest.yaml", "nest2.yaml", "sub/a.yaml", "sub/b.yaml"];
        let files: Vec<(&str, &str)> =
            names.iter().copied().zip(texts.iter().map(String::as_str)).collect();
        let parsed = Fixture::texts(&files).parse();
        let _ = shown(&parsed);
        prop_assert!(parsed.topology.is_some() || parsed.diagnostics.has_errors());
    }
}

/// Lines that make one layer in any number and order.
const LINES: &[&str] = &[
    "include: [sub/a.yaml]\n",
    "include: [{path: [sub/b.yaml, nest2.yaml], project_directory: sub}]\n",
    "services: {a: {image: x, extends: b}, b: {extends: {service: a, file: sub/a.yaml}}}\n",
    "services: {a: !override {image: y, ports: [\"1-2:1-2\"]}, c: {extends: a, environment: [A=1]}}\n",
    "services: {b: !reset null, v: {engine: dind, inner: {include: [sub/b.yaml], services: {a: {extends: b}}}}}\n",
    "services: {v: {engine: dind, inner: sub/a.yaml, environment: {A: !reset 1}}}\n",
    "services: {d: {image: x, depends_on: [a], ports: [\"1:1\", {target: 1}], networks: [n]}}\n",
    "x-a: &x {image: z, extends: d}\n",
    "networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24}]}}}\n",
    "volumes: !override {v: {}}\n",
    "name: p\n",
    "version: 3\n",
];
