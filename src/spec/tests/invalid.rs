//! Each bad file gives exactly the problems beside it.

use std::collections::BTreeSet;

use super::fixture::{all, compare, directory};
use super::shown::shown;
use crate::diag::code::Code;

/// Codes that only a plan or an engine can give; the graph has its own tests of cycles.
const NOT_THE_PARSERS: &[Code] = &[
    Code::DependencyCycle,
    Code::NameClash,
    Code::PortClash,
    Code::AddressClash,
    Code::Taken,
    Code::EngineLacks,
    Code::NodePath,
];

#[test]
fn every_bad_file_gives_the_problems_that_stand_beside_it() {
    let mut wrong = Vec::new();
    for fixture in all("invalid") {
        let parsed = fixture.parse();
        assert!(!parsed.diagnostics.is_empty(), "{} is not bad at all", fixture.name);
        let path = directory("invalid").join(format!("{}.expected", fixture.name));
        wrong.extend(compare(&path, &shown(&parsed)).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_of_the_parser_has_a_bad_file() {
    let mut seen = BTreeSet::new();
    for fixture in all("invalid") {
        seen.extend(fixture.parse().diagnostics.iter().map(|problem| problem.code));
    }
    let missing: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| !seen.contains(code) && !NOT_THE_PARSERS.contains(code))
        .map(|code| code.as_str())
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn every_problem_has_a_place_words_and_a_help() {
    for fixture in all("invalid") {
        let parsed = fixture.parse();
        for problem in parsed.diagnostics.iter() {
            let name = &fixture.name;
            assert!(!problem.message.ends_with('.'), "{name}: {}", problem.message);
            assert!(
                problem.help.as_ref().is_some_and(|help| help.ends_with(['.', '?'])),
                "{name}: {problem:?}"
            );
            for label in &problem.labels {
                let source = parsed.sources.get(label.span.source).expect("a source of this run");
                assert!(source.text.get(label.span.range()).is_some(), "{name}: {problem:?}");
            }
        }
    }
}
