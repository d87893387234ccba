//! Answers of engines of several ages, and podman's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::about::{InfoAnswer, VersionAnswer, facts};
use super::container::{ContainerRow, add_health};
use super::detail::{ContainerAnswer, ImageAnswer};
use super::list::{ImageRow, NetworkRow, VolumeList};
use crate::model::container::Protocol;
use crate::model::label::Labels;
use crate::model::observed::{
    ContainerDetail, ContainerState, Health, ImageDetail, ObservedContainer, ObservedEndpoint, ObservedImage,
    ObservedMount, ObservedNetwork, ObservedPort,
};

fn read<T: serde::de::DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).expect("readable")
}

fn container(json: Value) -> ObservedContainer {
    read::<ContainerRow>(json).into()
}

#[test]
fn a_row_is_read_whole() {
    let row = json!({
        "Id": "c1", "Names": ["/other/link", "/web"], "Image": "nginx", "ImageID": "sha256:ab", "Created": 7,
        "Ports": [
            {"PrivatePort": 53, "Type": "udp"},
            {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}],
        "Labels": {"a": "b"}, "State": "running", "Status": "Up 3 seconds (healthy)",
        "NetworkSettings": {"Networks": {"lab": {"IPAddress": "10.0.0.2", "NetworkID": "n1"}, "gone": null}},
        "Mounts": [
            {"Type": "bind", "Source": "/etc", "Destination": "/host"},
            {"Type": "volume", "Name": "v", "Source": "/var/lib/x", "Destination": "/data"}]
    });
    let port = |host_ip: &str, host, container, protocol| ObservedPort {
        host_ip: host_ip.to_owned(),
        host,
        container,
        protocol,
    };
    let expected = ObservedContainer {
        id: "c1".into(),
        name: "web".into(),
        image: "nginx".into(),
        image_id: "sha256:ab".into(),
        state: ContainerState::Running,
        health: Some(Health::Healthy),
        exit_code: None,
        labels: Labels::from_iter([("a".into(), "b".into())]),
        ports: vec![port("", None, 53, Protocol::Udp), port("0.0.0.0", Some(8080), 80, Protocol::Tcp)],
        networks: BTreeMap::from([
            ("gone".into(), ObservedEndpoint::default()),
            ("lab".into(), ObservedEndpoint { network: "n1".into(), address: "10.0.0.2".into() }),
        ]),
        mounts: vec![
            ObservedMount { volume: Some("v".into()), source: "/var/lib/x".into(), target: "/data".into() },
            ObservedMount { volume: None, source: "/etc".into(), target: "/host".into() },
        ],
        created: 7,
    };
    assert_eq!(container(row), expected);
}

#[test]
fn health_and_exit_code_are_read_from_the_status() {
    let state = |state: &str, status: &str| {
        let row = container(json!({"Id": "x", "State": state, "Status": status}));
        (row.state, row.health, row.exit_code)
    };
    assert_eq!(state("exited", "Exited (137) 2 hours ago"), (ContainerState::Exited, None, Some(137)));
    assert_eq!(
        state("running", "Up 1 second (health: starting)"),
        (ContainerState::Running, Some(Health::Starting), None)
    );
    assert_eq!(
        state("running", "Up 2 minutes (unhealthy)"),
        (ContainerState::Running, Some(Health::Unhealthy), None)
    );
    assert_eq!(state("paused", "Up 5 seconds (Paused)"), (ContainerState::Paused, None, None));
    assert_eq!(state("restarting", "Restarting (1) 5 seconds ago"), (ContainerState::Restarting, None, None));
    assert_eq!(state("created", "Created"), (ContainerState::Created, None, None));
    let newest = container(json!({"Id": "x", "State": "running", "Status": "Up (healthy)",
        "Health": {"Status": "unhealthy", "FailingStreak": 3}}));
    assert_eq!(newest.health, Some(Health::Unhealthy), "API 1.52's own field counts");
    let none = container(json!({"Id": "x", "State": "running", "Health": {"Status": "none"}}));
    assert_eq!(none.health, None);
}

#[test]
fn podmans_words_do_not_hide_the_list() {
    let id = "a".repeat(64);
    let row = container(json!({
        "Id": "x", "Names": ["/n"], "Image": "docker.io/library/busybox:latest", "ImageID": id,
        "State": "stopped", "Status": "Exited (3) 1 second ago", "Ports": null, "Labels": null,
        "NetworkSettings": null, "Mounts": null
    }));
    assert_eq!((row.state, row.exit_code), (ContainerState::Exited, Some(3)));
    assert_eq!(row.image, "busybox:latest");
    assert_eq!(row.image_id, format!("sha256:{id}"));
    let early = container(json!({"Id": "x", "State": "initialized"}));
    assert_eq!(early.state, ContainerState::Created);
    let image: ObservedImage = read::<ImageRow>(json!({
        "Id": id, "RepoTags": ["docker.io/lab/bb:1", "localhost/x:1", "<none>:<none>"], "RepoDigests": null, "Size": 5
    }))
    .into();
    assert_eq!(image.tags, ["lab/bb:1", "localhost/x:1"]);
    assert_eq!(image.id, format!("sha256:{id}"));
}

#[test]
fn podmans_own_list_adds_the_health() {
    let row = |id: &str, state: &str| container(json!({"Id": id, "State": state, "Status": "Up 2 seconds"}));
    let mut containers =
        vec![row("a", "running"), row("b", "running"), row("c", "exited"), row("d", "running")];
    let own = json!([
        {"Id": "d", "Status": "unhealthy"}, {"Id": "a", "Status": "healthy"}, {"Id": "b", "Status": ""},
        {"Id": "c", "Status": "healthy"}
    ]);
    add_health(&mut containers, read(own));
    let health: Vec<Option<Health>> = containers.iter().map(|container| container.health).collect();
    assert_eq!(health, [Some(Health::Healthy), None, None, Some(Health::Unhealthy)]);
}

#[test]
fn podmans_engine_has_a_lasting_id() {
    let told = |id: &str, component: &str| {
        let info =
            read::<InfoAnswer>(json!({"ID": id, "Name": "m", "DockerRootDir": "/d", "CgroupVersion": "2"}));
        facts(info, read::<VersionAnswer>(json!({"Version": "1", "Components": [{"Name": component}]})))
    };
    assert_eq!(told("random-1", "Podman Engine").id, told("random-2", "Podman Engine").id);
    assert_eq!(told("own", "Engine").id, "own");
    assert_eq!(told("own", "Engine").cgroup_version, 2);
}

#[test]
fn the_store_is_told_by_the_drivers_type() {
    let store = |rows: Value| read::<InfoAnswer>(json!({"DriverStatus": rows})).containerd_store();
    assert!(store(json!([["driver-type", "io.containerd.snapshotter.v1"]])));
    assert!(!store(json!([["Backing Filesystem", "extfs"]])));
    assert!(!store(Value::Null));
}

#[test]
fn a_container_tells_its_last_health_run() {
    let detail: ContainerDetail = read::<ContainerAnswer>(json!({
        "Id": "x", "RestartCount": 2, "Config": {"Tty": true, "StopTimeout": 30},
        "State": {"Status": "running", "Pid": 9, "StartedAt": "t", "FinishedAt": "u",
            "Health": {"Status": "unhealthy", "Log": [{"Output": "old"}, {"Output": "no route"}]}}
    }))
    .into();
    assert_eq!(detail.health_output.as_deref(), Some("no route"));
    assert_eq!(
        (detail.health, detail.tty, detail.restarts, detail.pid),
        (Some(Health::Unhealthy), true, 2, 9)
    );
}

#[test]
fn an_image_tells_what_it_runs_and_for_which_machine() {
    let json = json!({"Id": "sha256:ab", "Os": "linux", "Architecture": "arm64", "Variant": "v8", "Size": 3,
        "RootFS": {"Type": "layers", "Layers": ["sha256:1"]},
        "Config": {"Entrypoint": ["/e"], "Cmd": null, "User": "u"}});
    assert_eq!(
        read::<ImageAnswer>(json.clone()).platform(),
        json!({"os": "linux", "architecture": "arm64", "variant": "v8"})
    );
    let detail: ImageDetail = read::<ImageAnswer>(json).into();
    assert_eq!((detail.entrypoint.len(), detail.command.len()), (1, 0));
    assert_eq!((detail.platform.as_str(), detail.layers.len()), ("linux/arm64", 1));
}

#[test]
fn networks_and_volumes_are_read_with_null_for_nothing() {
    let network: ObservedNetwork = read::<NetworkRow>(json!({
        "Id": "n", "Name": "lab", "Driver": "bridge", "Labels": null, "Options": {"a": "b"},
        "IPAM": {"Driver": "default", "Config": [{"Subnet": "10.0.0.0/24"}, {"Gateway": "10.0.0.1"}]}
    }))
    .into();
    assert_eq!(network.subnets, ["10.0.0.0/24"]);
    assert!(read::<VolumeList>(json!({"Volumes": null, "Warnings": null})).volumes.is_empty());
}
