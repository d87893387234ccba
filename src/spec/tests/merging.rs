//! Several files into one lab.

use super::fixture::{Fixture, all};
use super::shown::shown;
use crate::model::container::{BindPath, MountSource};
use crate::model::service::{Condition, Service};

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
fn nothing_over_something_changes_nothing_but_lines() {
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

/// The service `web` of two files, merged.
fn merged(below: &str, over: &str) -> Service {
    let service = |keys: &str| format!("services:\n  web: {{{keys}}}\n  db: {{image: busybox}}\n");
    let parsed = Fixture::texts(&[("nest.yaml", &service(below)), ("nest2.yaml", &service(over))]).parse();
    assert_eq!(shown(&parsed), "");
    let lab = parsed.topology.expect("valid");
    lab.service(&"web".parse().expect("valid")).expect("there").clone()
}

// What is expected here is what Debian's docker compose 2.40.3 says to the same files.

#[test]
fn lines_and_mappings_of_one_key_are_merged_by_their_names() {
    let web = merged(
        "image: a, environment: [A=1, B=2], labels: {x: \"1\"}, extra_hosts: [h=1.2.3.4, h=1.2.3.5]",
        "environment: {A: , C: 3}, labels: [x=2, y], extra_hosts: {h: [1.2.3.4, 1.2.3.6]}",
    );
    let environment: Vec<(&str, Option<&str>)> =
        web.spec.environment.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
    assert_eq!(environment, [("A", None), ("B", Some("2")), ("C", Some("3"))]);
    let labels: Vec<(&str, &str)> = web.spec.labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(labels, [("x", "2"), ("y", "")]);
    assert_eq!(web.spec.extra_hosts, ["h:1.2.3.4", "h:1.2.3.5", "h:1.2.3.6"]);
}

#[test]
fn a_dependency_that_is_only_named_has_the_default_condition_again() {
    let web = merged(
        "image: a, depends_on: {db: {condition: service_healthy, restart: true, required: false}}",
        "depends_on: [db]",
    );
    let db = &web.depends_on[0];
    assert_eq!((db.condition, db.restart, db.required), (Condition::Started, true, true));
}

#[test]
fn commands_limits_and_other_drivers_replace_what_was_there() {
    let web = merged(
        "image: a, command: foo, ulimits: {nofile: {soft: 5, hard: 6}}, logging: {driver: json-file, options: {max-file: \"1\"}}",
        "command: , ulimits: {nofile: 9}, logging: {driver: none}",
    );
    assert_eq!(web.spec.command, None);
    assert_eq!((web.spec.ulimits["nofile"].soft, web.spec.ulimits["nofile"].hard), (9, 9));
    let logging = web.spec.logging.as_ref().expect("written");
    assert_eq!((logging.driver.as_deref(), logging.options.len()), (Some("none"), 0));
    let web = merged(
        "image: a, logging: {driver: json-file, options: {max-file: \"1\"}}",
        "logging: {options: {max-size: 1m}}",
    );
    assert_eq!(web.spec.logging.as_ref().expect("written").options.len(), 2);
}

#[test]
fn items_of_one_identity_replace_each_other() {
    let web = merged(
        "image: a, dns: 1.1.1.1, tmpfs: [\"/t:size=1\"], ports: [\"8000-8001:80-81\"], cap_add: [A, B], volumes: [./a:/x]",
        "dns: [1.1.1.1, 2.2.2.2], tmpfs: /u, ports: [\"8000:80\", {target: 81, published: \"8001\"}], cap_add: [B, C], volumes: [{type: tmpfs, target: /x/}]",
    );
    assert_eq!(web.spec.dns, ["1.1.1.1", "2.2.2.2"]);
    assert_eq!(web.spec.cap_add, ["A", "B", "C"]);
    let ports: Vec<(u16, Option<(u16, u16)>)> =
        web.spec.ports.iter().map(|port| (port.container, port.host)).collect();
    assert_eq!(ports, [(80, Some((8000, 8000))), (81, Some((8001, 8001)))]);
    let targets: Vec<&str> = web.spec.mounts.iter().map(|mount| mount.target.as_str()).collect();
    assert_eq!(targets, ["/x", "/t", "/u"]);
}

#[test]
fn a_text_of_an_extension_or_of_a_key_of_several_shapes_may_be_replaced_by_a_list_or_a_mapping() {
    let web = merged("image: a, gpus: all, x-more: text", "gpus: [{driver: nvidia}], x-more: {a: {b: [1]}}");
    assert_eq!(web.spec.resources.as_deref().map(|it| it.gpus.len()), Some(1));
}

#[test]
fn one_text_names_two_files_where_it_stands_in_two_directories() {
    let parsed = Fixture::texts(&[
        ("nest.yaml", "services:\n  web: {image: a, env_file: some.env}\n"),
        ("nest2.yaml", "services:\n  web: {extends: {service: base, file: base/base.yaml}}\n"),
        ("nest3.yaml", "services:\n  web: {env_file: base/some.env}\n"),
        ("some.env", "A=here\nB=here\n"),
        ("base/some.env", "A=there\n"),
        ("base/base.yaml", "services:\n  base: {env_file: some.env}\n"),
    ])
    .parse();
    assert_eq!(shown(&parsed), "");
    let lab = parsed.topology.expect("valid");
    let web = lab.service(&"web".parse().expect("valid")).expect("there");
    let environment: Vec<(&str, Option<&str>)> =
        web.spec.environment.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
    assert_eq!(environment, [("A", Some("there")), ("B", Some("here"))]);
}
