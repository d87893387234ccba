use std::time::Duration;

use super::*;
use crate::model::container::{
    BindPath, ContainerSpec, Endpoint, Healthcheck, Mount, MountSource, PortBinding,
};
use crate::model::files::{Existing, PutFile};

fn spec() -> ContainerSpec {
    ContainerSpec { image: "nginx:1".to_owned(), ..ContainerSpec::default() }
}

fn label_of(spec: &ContainerSpec) -> String {
    let mut canonical = Canonical::default();
    canonical.container(spec);
    Asked::from(canonical).label(&[])
}

fn told(before: &str, now: &str) -> String {
    let fields = changes(before, now, "lab", Path::new("/home/user/lab"));
    fields.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What is told of a change, and of its way back.
fn there_and_back(change: impl FnOnce(&mut ContainerSpec)) -> String {
    let before = spec();
    let mut now = spec();
    change(&mut now);
    let (before, now) = (label_of(&before), label_of(&now));
    format!("{}\n{}", told(&before, &now), told(&now, &before))
}

fn port(host: u16, container: u16) -> PortBinding {
    PortBinding { host: Some((host, host)), container, ..PortBinding::default() }
}

#[test]
fn what_is_kept_as_it_is_is_written_as_line_by_line() {
    let long = "x".repeat(LONGEST + 1);
    let mut quick = Vec::new();
    for name in ["A", "API_KEY", "TOKENS"] {
        for value in
            ["1", "", "#5", "a=#b", "a#b", "user@host", "https://u:p@h", "a secret", "two\nlines", &long]
        {
            let mut spec = spec();
            spec.environment.insert(name.to_owned(), Some(value.to_owned()));
            let mut canonical = Canonical::default();
            canonical.container(&spec);
            let mut by_line = String::new();
            add(&mut by_line, "", &canonical.lines().collect::<Vec<_>>());
            quick.extend(is_kept_as_it_is(canonical.text()).then(|| format!("{name}={value}")));
            assert_eq!(Asked::from(canonical).label(&[]), by_line, "{name}={value}");
        }
    }
    assert_eq!(quick, ["A=1", "A=", "A=a#b", "A=two\nlines"]);
}

#[test]
fn changes_are_told_in_the_words_of_the_file() {
    let told = there_and_back(|spec| {
        spec.image = "nginx:2".to_owned();
        spec.environment.insert("DEBUG".to_owned(), Some("1".to_owned()));
        spec.command = Some(vec!["serve".to_owned(), "-v".to_owned()]);
        spec.nano_cpus = Some(1_500_000_000);
        spec.mem_limit = Some(512 << 20);
        spec.ports.push(port(8080, 80));
        spec.cap_add = vec!["NET_ADMIN".to_owned(), "SYS_TIME".to_owned()];
        spec.stop_grace_period = Some(Duration::from_millis(90_500));
        let endpoint = Endpoint { aliases: vec!["web".to_owned()], ..Endpoint::default() };
        spec.networks.insert("lab_front".to_owned(), endpoint);
        let data = MountSource::volume(Some("lab_data".to_owned()));
        spec.mounts.push(Mount::new("/data", data, false));
        let conf = MountSource::bind(BindPath::User("/home/user/lab/conf".into()), true);
        spec.mounts.push(Mount::new("/etc/app", conf, true));
    });
    insta::assert_snapshot!(told, @r"
    cap_add: NET_ADMIN added
    cap_add: SYS_TIME added
    command: [serve, -v] added
    environment.DEBUG: 1 added
    image: nginx:1 → nginx:2
    mem_limit: 512m added
    volumes./data: data added
    volumes./etc/app: ./conf (read-only) added
    cpus: 1.5 added
    networks: front added
    ports: 8080:80 added
    stop_grace_period: 1m30s500ms added
    cap_add: NET_ADMIN removed
    cap_add: SYS_TIME removed
    command: [serve, -v] removed
    environment.DEBUG: 1 removed
    image: nginx:2 → nginx:1
    mem_limit: 512m removed
    volumes./data: data removed
    volumes./etc/app: ./conf (read-only) removed
    cpus: 1.5 removed
    networks: front removed
    ports: 8080:80 removed
    stop_grace_period: 1m30s500ms removed
    ");
}

#[test]
fn one_value_for_another_is_one_change() {
    let mut before = spec();
    before.environment.insert("DEBUG".to_owned(), Some("0".to_owned()));
    before.environment.insert("EMPTY".to_owned(), Some(String::new()));
    before.ports.push(port(8080, 80));
    before.command = Some(vec!["a".to_owned(), "b".to_owned()]);
    before.healthcheck =
        Some(Box::new(Healthcheck { interval: Some(Duration::from_secs(5)), ..Healthcheck::default() }));
    let mut now = before.clone();
    now.environment.insert("DEBUG".to_owned(), Some("1".to_owned()));
    now.environment.insert("EMPTY".to_owned(), Some("#x\ny".to_owned()));
    now.ports = vec![port(8081, 80)];
    now.command = Some(vec!["b".to_owned(), "a".to_owned()]);
    now.healthcheck =
        Some(Box::new(Healthcheck { interval: Some(Duration::from_secs(60)), ..Healthcheck::default() }));
    insta::assert_snapshot!(told(&label_of(&before), &label_of(&now)), @r#"
    command: [a, b] → [b, a]
    environment.DEBUG: 0 → 1
    environment.EMPTY: "" → #x\ny
    healthcheck.interval: 5s → 1m
    ports: 8080:80 → 8081:80
    "#);
}

#[test]
fn an_empty_list_is_not_the_same_as_none() {
    let mut now = spec();
    now.command = Some(Vec::new());
    assert_eq!(told(&label_of(&spec()), &label_of(&now)), "command: [] added");
}

#[test]
fn secrets_are_neither_in_the_label_nor_on_the_screen() {
    let mut before = spec();
    before.environment.insert("DB_PASSWORD".to_owned(), Some("hunter2".to_owned()));
    before.command = Some(vec!["serve".to_owned(), "--token".to_owned(), "abcdef".to_owned()]);
    let mut now = before.clone();
    now.environment.insert("DB_PASSWORD".to_owned(), Some("hunter3".to_owned()));
    now.environment.insert("API_KEY".to_owned(), Some("0123".to_owned()));
    now.command = Some(vec!["serve".to_owned(), "--token".to_owned(), "ghijkl".to_owned()]);
    let (before, now) = (label_of(&before), label_of(&now));
    for text in ["hunter", "abcdef", "ghijkl", "0123"] {
        assert!(!before.contains(text) && !now.contains(text), "{before}\n{now}");
    }
    insta::assert_snapshot!(told(&before, &now), @r"
    command changed
    environment.API_KEY added
    environment.DB_PASSWORD changed
    ");
}

#[test]
fn what_is_long_is_kept_as_a_digest_and_still_seen_to_change() {
    let long = |c: &str| ContainerSpec {
        environment: [("TEXT".to_owned(), Some(c.repeat(10_000)))].into_iter().collect(),
        ..spec()
    };
    let (before, now) = (label_of(&long("a")), label_of(&long("b")));
    assert!(before.len() < 100, "{before}");
    assert_eq!(told(&before, &now), "environment.TEXT changed");
}

#[test]
fn a_file_with_other_content_is_told_apart_from_one_with_another_mode() {
    let file = |content: &str, mode: u32| {
        let mut canonical = Canonical::default();
        canonical.file(&PutFile {
            path: "/etc/app.conf".to_owned(),
            mode,
            uid: 0,
            gid: 0,
            content: content.as_bytes().into(),
            existing: Existing::Replace,
        });
        Asked::from(canonical).label(&[])
    };
    assert_eq!(told(&file("a", 0o444), &file("b", 0o444)), "content of configs./etc/app.conf changed");
    assert_eq!(told(&file("a", 0o444), &file("a", 0o400)), "configs./etc/app.conf: 444 0:0 → 400 0:0");
}

#[test]
fn a_port_of_a_service_inside_is_told_as_its_own() {
    let node = |ports: &[(u16, &str)]| {
        let mut spec = spec();
        spec.ports = ports.iter().map(|(number, _)| port(*number, *number)).collect();
        let mut canonical = Canonical::default();
        canonical.container(&spec);
        let addrs: Vec<Addr> = ports.iter().map(|(_, of)| of.parse().expect("valid")).collect();
        let origins: Vec<Origin<'_>> = ports
            .iter()
            .zip(&addrs)
            .map(|((number, _), of)| ("port", format!("{number}:{number}/tcp"), Some(of)))
            .collect();
        Asked::from(canonical).label(&origins)
    };
    let (one, two, other) =
        (node(&[(80, "vm1/a")]), node(&[(80, "vm1/a"), (81, "vm1/b")]), node(&[(81, "vm1/b")]));
    assert_eq!(told(&one, &two), "publish: 81 of vm1/b added");
    assert_eq!(told(&one, &other), "publish: 80 of vm1/a removed\npublish: 81 of vm1/b added");
}
