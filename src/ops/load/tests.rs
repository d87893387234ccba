use super::ValidLab;
use crate::ops::error::OpError;
use crate::ops::test_lab::lab;

/// What every plan of this lab is refused for, each with its places.
fn refused(text: &str) -> Vec<(String, Vec<String>)> {
    let Err(OpError::Refused { diagnostics, sources }) = lab(text).plannable() else { return Vec::new() };
    let places = |labels: &[crate::diag::diagnostic::Label]| {
        labels.iter().map(|label| sources.place(label.span)).collect()
    };
    diagnostics.iter().map(|problem| (problem.message.clone(), places(&problem.labels))).collect()
}

fn one(message: &str, places: &[&str]) -> Vec<(String, Vec<String>)> {
    vec![(message.to_owned(), places.iter().map(|&place| place.to_owned()).collect())]
}

#[test]
fn ports_that_the_file_gives_twice_are_refused_without_an_engine() {
    let inner_and_outer = "
name: poc
services:
  front: {image: nginx, ports: ['8080:80']}
  vm:
    engine: dind
    inner: {services: {w: {image: nginx, publish: ['8080:80']}}}
";
    let clash = "port 8080/tcp of the root engine's host is claimed by `front` and `vm`";
    assert_eq!(refused(inner_and_outer), one(clash, &["nest.yaml:7:52", "nest.yaml:4:25"]));
    let both_inner = "
name: poc
services:
  vm:
    engine: dind
    inner:
      services:
        v: {image: nginx, publish: ['8080:80']}
        w: {image: nginx, publish: ['8080:80']}
";
    let found = refused(both_inner);
    assert!(found.iter().any(|(message, _)| message.starts_with("port 8080/tcp of the root engine's host")));
}

#[test]
fn what_a_kind_lacks_is_refused_without_an_engine_and_once_for_all_replicas() {
    let text = "
name: poc
services:
  far:
    scale: 2
    engine: {kind: tcp}
    inner: {services: {w: {image: nginx}}}
";
    assert_eq!(refused(text), one("`far`: a `tcp` engine needs an address", &["nest.yaml:4:3"]));
}

#[test]
fn what_only_an_engine_can_tell_is_not_refused() {
    let text = "
name: poc
services:
  vm:
    engine: dind
    inner: {services: {w: {image: nginx, networks: [there], publish: ['8080:80']}}, networks: {there: {external: true}}}
";
    assert!(lab(text).plannable().is_ok_and(|ValidLab { warnings, .. }| warnings.is_empty()));
}
