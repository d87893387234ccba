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
use crate::model::network::{NetworkSpec, Subnet, VolumeSpec};
use crate::model::observed::ImageDetail;
use crate::model::resources::{Blkio, DeviceRequest, Resources};

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
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
fn every_field_reaches_the_engine() {
    let spec = ContainerSpec {
        auto_remove: true,
        stdin_once: true,
        image: "ignored:here".into(),
        platform: Some("linux/arm64".into()),
        wrapper: None,
        entrypoint: Some(words(["/ep"])),
        command: Some(words(["run", "it"])),
        environment: BTreeMap::from([("A".into(), Some("1=2".into())), ("GONE".into(), None)]),
        working_dir: Some("/w".into()),
        user: Some("u:g".into()),
        hostname: Some("h".into()),
        domainname: Some("d".into()),
        tty: true,
        stdin_open: true,
        init: Some(false),
        privileged: true,
        read_only: true,
        cap_add: words(["NET_ADMIN"]),
        cap_drop: words(["ALL"]),
        security_opt: words(["seccomp=unconfined", "systempaths=unconfined"]),
        devices: vec![
            Device { source: "/dev/fuse".into(), target: "/dev/f".into(), permissions: "rw".into() },
            Device {
                source: "vendor.com/class=one".into(),
                target: "vendor.com/class=one".into(),
                permissions: "rwm".into(),
            },
        ],
        device_cgroup_rules: words(["c 1:3 mr"]),
        group_add: words(["27"]),
        runtime: Some("sysbox-runc".into()),
        cgroup: Some("private".into()),
        cgroup_parent: Some("/p".into()),
        network_mode: None,
        pid: Some("host".into()),
        ipc: Some("shareable".into()),
        uts: Some("host".into()),
        userns: Some("host".into()),
        sysctls: map([("net.x", "1")]),
        ulimits: BTreeMap::from([("nofile".into(), Ulimit { soft: 1, hard: -1 })]),
        shm_size: Some(64),
        mem_limit: Some(128),
        nano_cpus: Some(500_000_000),
        pids_limit: Some(9),
        stop_signal: Some("SIGRTMIN+3".into()),
        stop_grace_period: Some(Duration::from_millis(1500)),
        restart: RestartPolicy::OnFailure(3),
        healthcheck: Some(Healthcheck {
            test: words(["CMD", "true"]),
            interval: Some(Duration::from_secs(1)),
            timeout: Some(Duration::from_secs(2)),
            start_period: Some(Duration::from_secs(3)),
            start_interval: Some(Duration::from_millis(4)),
            retries: Some(5),
        }),
        ports: vec![
            PortBinding {
                host_ip: Some("127.0.0.1".into()),
                host: Some((80, 80)),
                container: 8080,
                protocol: Protocol::Tcp,
            },
            PortBinding { host_ip: None, host: Some((8000, 8010)), container: 8080, protocol: Protocol::Tcp },
            PortBinding { host_ip: None, host: None, container: 53, protocol: Protocol::Udp },
        ],
        expose: words(["9000", "9001-9002/udp"]),
        mounts: vec![
            mount("/made", true, bind("/host/made", true)),
            mount("/there", true, bind("/host/there", false)),
            mount("/anon", false, MountSource::volume(None)),
            mount(
                "/named",
                false,
                MountSource::Volume {
                    name: Some("v".into()),
                    nocopy: true,
                    subpath: Some("s".into()),
                    labels: map([]),
                },
            ),
            mount("/mem", true, MountSource::Tmpfs { options: "exec".into() }),
            mount("/run", false, MountSource::Tmpfs { options: String::new() }),
            mount(
                "/shared",
                false,
                MountSource::Bind {
                    path: BindPath::User("/user/x".into()),
                    create: false,
                    propagation: Some("rshared".into()),
                    selinux: None,
                    recursive: None,
                },
            ),
            mount(
                "/labelled",
                true,
                MountSource::Bind {
                    path: BindPath::User("/user/z".into()),
                    create: false,
                    propagation: Some("rslave".into()),
                    selinux: Some('Z'),
                    recursive: None,
                },
            ),
        ],
        networks: BTreeMap::from([
            ("a".into(), Endpoint::default()),
            (
                "first".into(),
                Endpoint {
                    aliases: words(["web"]),
                    ipv4_address: Some("10.0.0.9".into()),
                    ipv6_address: None,
                    links: words(["db-1:sql"]),
                    priority: 5,
                    gw_priority: 7,
                    interface_name: Some("lan0".into()),
                    link_local_ips: words(["169.254.8.8"]),
                    mac_address: None,
                    driver_opts: map([("x", "y")]),
                },
            ),
        ]),
        labels: map([("mine", "1")]),
        extra_hosts: words(["h:1.2.3.4"]),
        dns: words(["1.1.1.1"]),
        dns_search: words(["lan"]),
        dns_opt: words(["ndots:1"]),
        logging: Some(Logging { driver: Some("local".into()), options: map([("max-size", "1m")]) }),
        seccomp_profiles: BTreeMap::new(),
        annotations: map([("k", "v")]),
        mac_address: Some("02:42:ac:11:65:43".into()),
        storage_opt: map([("size", "1G")]),
        isolation: Some("default".into()),
        resources: Resources {
            cpu_count: Some(1),
            cpu_percent: Some(50),
            cpu_shares: Some(3),
            cpu_quota: Some(4),
            cpu_period: Some(5),
            cpu_rt_period: Some(6),
            cpu_rt_runtime: Some(7),
            cpuset: Some("0-1".into()),
            mem_reservation: Some(8),
            mem_swappiness: Some(9),
            memswap_limit: Some(-1),
            oom_kill_disable: true,
            oom_score_adj: Some(-10),
            blkio: Some(Box::new(Blkio {
                weight: Some(11),
                weight_device: vec![("/dev/a".into(), 12)],
                read_bps: vec![("/dev/b".into(), 13)],
                read_iops: vec![("/dev/c".into(), 14)],
                write_bps: vec![("/dev/d".into(), 15)],
                write_iops: vec![("/dev/e".into(), 16)],
            })),
            gpus: vec![DeviceRequest {
                capabilities: words(["utility"]),
                count: Some(-1),
                ..DeviceRequest::default()
            }],
            reserved_devices: vec![DeviceRequest {
                capabilities: words(["gpu"]),
                driver: Some("nvidia".into()),
                count: None,
                device_ids: words(["0"]),
                options: map([("a", "b")]),
            }],
        },
        links: words(["db-1:sql"]),
        volumes_from: words(["db-1:ro"]),
    };
    let body = ask(&spec, 53, None).expect("a body");
    let mut host = json!({"Memory": 128, "CgroupParent": "/p", "NanoCpus": 500_000_000, "PidsLimit": 9, "Init": false,
            "Devices": [{"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/f", "CgroupPermissions": "rw"}],
            "DeviceCgroupRules": ["c 1:3 mr"], "Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": -1}],
            "Binds": ["/host/made:/made:ro", "/user/z:/labelled:ro,Z,rslave"],
            "LogConfig": {"Type": "local", "Config": {"max-size": "1m"}},
            "NetworkMode": "first",
            "PortBindings": {
                "8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "80"}, {"HostIp": "", "HostPort": "8000-8010"}],
                "53/udp": [{"HostIp": "", "HostPort": ""}]},
            "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
            "Mounts": [
                {"Type": "bind", "Source": "/host/there", "Target": "/there", "ReadOnly": true, "BindOptions": {}},
                {"Type": "volume", "Target": "/anon", "VolumeOptions": {}},
                {"Type": "volume", "Source": "v", "Target": "/named",
                    "VolumeOptions": {"NoCopy": true, "Subpath": "s"}},
                {"Type": "bind", "Source": "/user/x", "Target": "/shared",
                    "BindOptions": {"Propagation": "rshared"}}]});
    let rest = json!({"CapAdd": ["CAP_NET_ADMIN"], "CapDrop": ["ALL"], "CgroupnsMode": "private",
            "Dns": ["1.1.1.1"], "DnsOptions": ["ndots:1"], "DnsSearch": ["lan"], "ExtraHosts": ["h:1.2.3.4"],
            "GroupAdd": ["27"], "IpcMode": "shareable", "PidMode": "host", "Privileged": true,
            "ReadonlyRootfs": true, "SecurityOpt": ["seccomp=unconfined"],
            "Tmpfs": {"/mem": "exec,ro", "/run": ""}, "UTSMode": "host", "UsernsMode": "host", "ShmSize": 64,
            "Links": ["db-1:sql"], "VolumesFrom": ["db-1:ro"], "Sysctls": {"net.x": "1"}, "Runtime": "sysbox-runc", "MaskedPaths": [], "ReadonlyPaths": []});
    let more = json!({"AutoRemove": true, "Annotations": {"k": "v"}, "StorageOpt": {"size": "1G"}, "Isolation": "default",
            "CpuCount": 1, "CpuPercent": 50, "CpuShares": 3, "CpuQuota": 4, "CpuPeriod": 5,
            "CpuRealtimePeriod": 6, "CpuRealtimeRuntime": 7, "CpusetCpus": "0-1", "MemoryReservation": 8,
            "MemorySwappiness": 9, "MemorySwap": -1, "OomKillDisable": true, "OomScoreAdj": -10,
            "BlkioWeight": 11, "BlkioWeightDevice": [{"Path": "/dev/a", "Weight": 12}],
            "BlkioDeviceReadBps": [{"Path": "/dev/b", "Rate": 13}],
            "BlkioDeviceReadIOps": [{"Path": "/dev/c", "Rate": 14}],
            "BlkioDeviceWriteBps": [{"Path": "/dev/d", "Rate": 15}],
            "BlkioDeviceWriteIOps": [{"Path": "/dev/e", "Rate": 16}],
            "DeviceRequests": [
                {"Driver": "nvidia", "DeviceIDs": ["0"], "Capabilities": [["gpu"]], "Options": {"a": "b"}},
                {"Driver": "cdi", "DeviceIDs": ["vendor.com/class=one"]},
                {"Count": -1, "Capabilities": [["utility", "gpu"]]}]});
    host.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    host.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
    let expected = json!({
        "Hostname": "h", "Domainname": "d", "User": "u:g", "Tty": true, "OpenStdin": true,
        "ExposedPorts": ["53/udp", "8080/tcp", "9000/tcp", "9001/udp", "9002/udp"],
        "Env": ["A=1=2", "GONE"], "Cmd": ["run", "it"], "Entrypoint": ["/ep"], "Image": "sha256:ab",
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1_000_000_000, "Timeout": 2_000_000_000_i64,
            "StartPeriod": 3_000_000_000_i64, "StartInterval": 4_000_000, "Retries": 5},
        "AttachStdin": true, "StdinOnce": true, "AttachStdout": true, "AttachStderr": true, "WorkingDir": "/w", "StopSignal": "SIGRTMIN+3", "StopTimeout": 1,
        "Labels": {"mine": "1", "io.nestctl.address": "a/b"},
        "NetworkingConfig": {"EndpointsConfig": {"a": {}, "first": {
            "Aliases": ["web"], "IPAddress": "10.0.0.9", "Links": ["db-1:sql"], "GwPriority": 7, "MacAddress": "02:42:ac:11:65:43",
            "DriverOpts": {"x": "y", "com.docker.network.endpoint.ifname": "lan0"},
            "IPAMConfig": {"IPv4Address": "10.0.0.9", "LinkLocalIPs": ["169.254.8.8"]}}}},
        "HostConfig": host
    });
    assert_eq!(body, expected);
}

#[test]
fn a_kicbase_node_asks_for_what_minikube_asks_for() {
    let tmpfs = || MountSource::Tmpfs { options: String::new() };
    let spec = ContainerSpec {
        hostname: Some("n".into()),
        tty: true,
        privileged: true,
        security_opt: words(["seccomp=unconfined", "apparmor=unconfined"]),
        environment: BTreeMap::from([("container".into(), Some("docker".into()))]),
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
        healthcheck: Some(Healthcheck {
            test: words(["CMD", "true"]),
            start_interval: Some(Duration::from_secs(1)),
            ..Healthcheck::default()
        }),
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
    let spec = ContainerSpec { healthcheck: Some(check), ..ContainerSpec::default() };
    assert_eq!(ask(&spec, 53, None).expect("a body")["Healthcheck"], json!({"Test": ["NONE"]}));
}

#[test]
fn network_modes_stand_in_place_of_networks() {
    let mode = |mode| {
        let networks = BTreeMap::from([("n".to_owned(), Endpoint::default())]);
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
    let networks = BTreeMap::from([("a".to_owned(), endpoint(0)), ("b".to_owned(), endpoint(1))]);
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
