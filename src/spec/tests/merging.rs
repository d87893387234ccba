//! Several files into one lab.

use super::fixture::{Fixture, all};
use super::shown::shown;
use crate::model::container::{BindPath, MountSource};
use crate::model::service::Condition;

#[test]
fn later_files_add_replace_and_reset_as_in_compose() {
    let fixture =
        all("valid").into_iter().find(|fixture| fixture.name == "merged-files").expect("it is there");
    let lab = fixture.parse().topology.expect("valid");
    let web = lab.service(&"web".parse().expect("valid")).expect("there");
    assert_eq!(web.spec.command.as_deref(), Some(&["b".to_owned()][..]));
    let environment: Vec<String> = web
        .spec
        .environment
        .iter()
        .map(|(key, value)| format!("{key}={}", value.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(environment, ["A=1", "B=3", "C=4"]);
    assert_eq!(web.spec.ports.iter().map(|port| port.container).collect::<Vec<_>>(), [82]);
    let binds: Vec<String> = web
        .spec
        .mounts
        .iter()
        .map(|mount| match &mount.source {
            MountSource::Bind { path: BindPath::User(path), .. } => {
                format!("{} {}", path.display(), mount.target)
            }
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(binds, ["/lab/b /a", "/lab/c /c"]);
    assert_eq!(web.spec.labels.keys().collect::<Vec<_>>(), ["keep"]);
    assert_eq!(web.depends_on.len(), 1);
    assert_eq!(web.depends_on[0].condition, Condition::Healthy);
    let db = lab.service(&"db".parse().expect("valid")).expect("there");
    assert_eq!(db.spec.image, "");
    assert!(db.node.is_some());
}

#[test]
fn the_places_of_merged_values_are_those_of_the_file_that_won() {
    let parsed = Fixture::texts(&[
        ("nest.yaml", "services:\n  web:\n    image: nginx\n    restart: no\n"),
        ("nest2.yaml", "services:\n  web:\n    restart: never\n"),
    ])
    .parse();
    assert!(
        shown(&parsed).starts_with("nest2.yaml:3:14 nest::bad-value error `never`"),
        "{}",
        shown(&parsed)
    );
}

#[test]
fn nothing_over_something_changes_nothing() {
    let parsed = Fixture::texts(&[
        ("nest.yaml", "services:\n  web:\n    image: nginx\n"),
        ("nest2.yaml", "services:\n  web:\n    image:\n  extra: !reset\n"),
    ])
    .parse();
    assert_eq!(shown(&parsed), "");
    let root = parsed.topology.expect("valid").root;
    assert_eq!(
        root.services.values().map(|service| service.spec.image.as_str()).collect::<Vec<_>>(),
        ["nginx"]
    );
}
