//! Bodies of requests, as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::container::{CannotAsk, ContainerRequest};
use super::network::{endpoint_settings, network, volume};
use crate::model::container::{
    BindPath, ContainerSpec, Device, Endpoint, Healthcheck, Logging, Mount, MountSource, NetworkMode,
    PortBinding, Protocol, RestartPolicy, Ulimit,
};
use crate::model::map::Map;
use crate::model::network::{NetworkSpec, Subnet, VolumeSpec};
use crate::model::observed::ImageDetail;
use crate::model::resources::{Blkio, DeviceRequest, Resources};

mod every_field;

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

fn map<const N: usize, M: FromIterator<(String, String)>>(pairs: [(&str, &str); N]) -> M {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn ask(spec: &ContainerSpec, api: u32, detail: Option<&ImageDetail>) -> Result<Value, CannotAsk> {
    let labels = map([("io.nestctl.address", "a/b")]);
    let request = ContainerRequest { spec, image: "sha256:ab", labels: &labels, detail, api };
    let mut body = serde_json::to_value(request.body()?).expect("a body is JSON");
    // Lists whose order means nothing.
    if let Some(exposed) = body.get_mut("ExposedPorts") {
        *exposed = exposed.as_object().map(|ports| ports.keys().cloned().collect::<Vec<_>>()).into();
    }
    Ok(body)
}

fn mount(target: &str, read_only: bool, source: MountSource) -> Mount {
    Mount::new(target, source, read_only)
}

fn bind(path: &str, create: bool) -> MountSource {
    MountSource::bind(BindPath::Engine(path.to_owned()), create)
}

#[test]
fn a_spec_of_defaults_asks_for_nothing() {
    let body = ask(&ContainerSpec::default(), 53, None).expect("a body");
    assert_eq!(
        body,
        json!({"AttachStdout": true, "AttachStderr": true, "Image": "sha256:ab", "Labels": {"io.nestctl.address": "a/b"},
            "HostConfig": {"ExtraHosts": [], "PortBindings": {}}})
    );
}

#[test]
fn a_kicbase_node_asks_for_what_minikube_asks_for() {
    let tmpfs = || MountSource::Tmpfs { options: String::new() };
    let spec = ContainerSpec {
        hostname: Some("n".into()),
        tty: true,
        privileged: true,
        security_opt: words(["seccomp=unconfined", "apparmor=unconfined"]),
        environment: Map::from_iter([("container".into(), Some("docker".into()))]),
        mounts: vec![
            mount("/tmp", false, tmpfs()),
            mount("/run", false, tmpfs()),
            mount("/lib/modules", true, bind("/lib/modules", true)),
            mount("/var", false, MountSource::volume(Some("n".into()))),
        ],
        ..ContainerSpec::default()
    };
    let body = ask(&spec, 41, None).expect("a body");
    let expected = json!({
        "AttachStdout": true, "AttachStderr": true, "Hostname": "n", "Tty": true, "Env": ["container=docker"], "Image": "sha256:ab",
        "Labels": {"io.nestctl.address": "a/b"},
        "HostConfig": {
            "Binds": ["/lib/modules:/lib/modules:ro", "n:/var:rw"],
            "ExtraHosts": [], "PortBindings": {},
            "Privileged": true, "SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined"],
            "Tmpfs": {"/tmp": "", "/run": ""}
        }
    });
    assert_eq!(body, expected);
}

#[test]
fn a_wrapper_goes_before_what_the_engine_would_run() {
    let image = ImageDetail {
        id: String::new(),
        layers: vec![],
        entrypoint: words(["/init"]),
        command: words(["serve"]),
        user: String::new(),
        size: 0,
        platform: String::new(),
        last_tagged: String::new(),
    };
    let program = |entrypoint: Option<Vec<String>>, command: Option<Vec<String>>| {
        let spec =
            ContainerSpec { wrapper: Some("/start".into()), entrypoint, command, ..ContainerSpec::default() };
        let body = ask(&spec, 53, Some(&image)).expect("a body");
        (body["Entrypoint"].clone(), body["Cmd"].clone())
    };
    assert_eq!(program(None, None), (json!(["/start", "/init"]), json!(["serve"])));
    assert_eq!(program(None, Some(words(["x"]))), (json!(["/start", "/init"]), json!(["x"])));
    assert_eq!(program(Some(words(["/ep"])), None), (json!(["/start", "/ep"]), json!([])));
    assert_eq!(program(Some(words(["/ep"])), Some(words(["x"]))), (json!(["/start", "/ep"]), json!(["x"])));
    assert_eq!(program(Some(vec![]), None), (json!(["/start"]), json!(["serve"])));
}

#[test]
fn an_old_engine_is_asked_for_what_it_knows_and_told_no_lies() {
    let mut spec = ContainerSpec {
        healthcheck: Some(Box::new(Healthcheck {
            test: words(["CMD", "true"]),
            start_interval: Some(Duration::from_secs(1)),
            ..Healthcheck::default()
        })),
        ..ContainerSpec::default()
    };
    let error = ask(&spec, 43, None).expect_err("the interval would be passed over");
    assert_eq!(error.to_string(), "this engine's API 1.43 has no `healthcheck.start_interval` (since 1.44)");
    spec.healthcheck = None;
    let subpath = MountSource::Volume {
        name: Some("v".into()),
        nocopy: false,
        subpath: Some("s".into()),
        labels: map([]),
    };
    spec.mounts = vec![mount("/x", false, subpath)];
    let error = ask(&spec, 43, None).expect_err("a subpath would be passed over");
    assert_eq!(error.to_string(), "this engine's API 1.43 has no `volume.subpath` (since 1.45)");
}

#[test]
fn a_health_check_can_be_turned_off() {
    let check = Healthcheck {
        test: words(["NONE"]),
        interval: Some(Duration::from_secs(1)),
        ..Healthcheck::default()
    };
    let spec = ContainerSpec { healthcheck: Some(Box::new(check)), ..ContainerSpec::default() };
    assert_eq!(ask(&spec, 53, None).expect("a body")["Healthcheck"], json!({"Test": ["NONE"]}));
}

#[test]
fn network_modes_stand_in_place_of_networks() {
    let mode = |mode| {
        let networks = Map::from_iter([("n".to_owned(), Endpoint::default())]);
        let spec = ContainerSpec { network_mode: Some(mode), networks, ..ContainerSpec::default() };
        ask(&spec, 53, None)
            .map(|body| (body["HostConfig"]["NetworkMode"].clone(), body["NetworkingConfig"].clone()))
    };
    assert_eq!(mode(NetworkMode::None), Ok((json!("none"), Value::Null)));
    assert_eq!(mode(NetworkMode::Host), Ok((json!("host"), Value::Null)));
    assert_eq!(mode(NetworkMode::Bridge), Ok((json!("bridge"), Value::Null)));
    assert_eq!(mode(NetworkMode::Container("c".into())), Ok((json!("container:c"), Value::Null)));
    assert_eq!(mode(NetworkMode::Service("s".into())), Err(CannotAsk::UnresolvedService("s".into())));
}

#[test]
fn an_old_engine_is_asked_for_the_first_network_alone() {
    let endpoint = |priority| Endpoint { priority, ..Endpoint::default() };
    let networks = Map::from_iter([("a".to_owned(), endpoint(0)), ("b".to_owned(), endpoint(1))]);
    let spec = ContainerSpec { networks, ..ContainerSpec::default() };
    let asked = |api| ask(&spec, api, None).expect("a body")["NetworkingConfig"]["EndpointsConfig"].clone();
    assert_eq!(asked(43), json!({"b": {}}));
    assert_eq!(asked(44), json!({"a": {}, "b": {}}));
}

#[test]
fn a_path_with_a_colon_takes_the_form_that_can_hold_it() {
    let spec =
        ContainerSpec { mounts: vec![mount("/x", false, bind("/a:b", true))], ..ContainerSpec::default() };
    let body = ask(&spec, 53, None).expect("a body");
    assert_eq!(
        body["HostConfig"],
        json!({"ExtraHosts": [], "PortBindings": {}, "Mounts": [{"Type": "bind", "Source": "/a:b", "Target": "/x",
            "BindOptions": {"CreateMountpoint": true}}]})
    );
}

#[test]
fn words_that_the_engine_does_not_know_are_named() {
    let spec = ContainerSpec { cgroup: Some("shared".into()), ..ContainerSpec::default() };
    assert_eq!(ask(&spec, 53, None).expect_err("no such").to_string(), "`shared` is not a value of `cgroup`");
}

#[test]
fn networks_and_volumes_carry_their_options() {
    let spec = NetworkSpec {
        driver: Some("bridge".into()),
        driver_opts: map([("com.docker.network.driver.mtu", "1400")]),
        internal: true,
        attachable: true,
        enable_ipv4: Some(true),
        enable_ipv6: Some(false),
        ipam_driver: Some("default".into()),
        ipam_options: map([("o", "p")]),
        ipam: vec![Subnet {
            subnet: Some("10.1.0.0/24".into()),
            ip_range: Some("10.1.0.0/25".into()),
            gateway: Some("10.1.0.1".into()),
            aux_addresses: map([("x", "10.1.0.2")]),
        }],
        labels: map([("mine", "1")]),
    };
    let body = serde_json::to_value(network("n", &spec, &map([("ours", "2")]))).expect("JSON");
    let expected = json!({"Name": "n", "Driver": "bridge", "Internal": true, "Attachable": true, "EnableIPv4": true, "EnableIPv6": false,
        "IPAM": {"Driver": "default", "Options": {"o": "p"}, "Config": [{"Subnet": "10.1.0.0/24", "IPRange": "10.1.0.0/25",
            "Gateway": "10.1.0.1", "AuxiliaryAddresses": {"x": "10.1.0.2"}}]},
        "Options": {"com.docker.network.driver.mtu": "1400"}, "Labels": {"mine": "1", "ours": "2"}});
    assert_eq!(body, expected);
    let plain = serde_json::to_value(network("n", &NetworkSpec::default(), &map([]))).expect("JSON");
    assert_eq!(plain, json!({"Name": "n"}));

    let spec = VolumeSpec { driver: Some("local".into()), driver_opts: map([("o", "x")]), labels: map([]) };
    let body = serde_json::to_value(volume("v", &spec, &map([("ours", "2")]))).expect("JSON");
    assert_eq!(
        body,
        json!({"Name": "v", "Driver": "local", "DriverOpts": {"o": "x"}, "Labels": {"ours": "2"}})
    );
    let endpoint = serde_json::to_value(endpoint_settings(&Endpoint::default())).expect("JSON");
    assert_eq!(endpoint, json!({}));
}
