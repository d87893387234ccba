//! What the language means.

use super::fixture::Fixture;
use super::shown::shown;
use crate::model::service::{Condition, Service};
use crate::model::topology::Topology;

/// The topology of a text without errors or warnings.
#[track_caller]
fn lab(text: &str) -> Topology {
    let parsed = Fixture::text(text).parse();
    assert_eq!(shown(&parsed), "");
    parsed.topology.expect("no errors")
}

#[track_caller]
fn service(topology: &Topology, addr: &str) -> Service {
    topology.service(&addr.parse().expect("an address")).expect("a service").clone()
}

#[test]
fn a_lab_has_layers_names_and_dependencies_across_them() {
    let text = include_str!("../../../tests/fixtures/spec/valid/quickstart.yaml");
    let lab = lab(text);
    assert_eq!(lab.project.as_str(), "poc");
    let web = service(&lab, "vm1/web");
    assert_eq!(web.spec.image, "nginx");
    assert_eq!(web.depends_on[0].condition, Condition::Healthy);
    assert!(web.spec.networks.contains_key("default"));
    let client = service(&lab, "client");
    assert_eq!(client.depends_on[0].condition, Condition::Started);
}
