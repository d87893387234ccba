//! Keys of resources, networks and mounts: what they mean.

use super::fixture::{Fixture, all};
use super::shown::shown;
use crate::diag::code::Code;
use crate::model::container::{ContainerSpec, Device, MountSource, Recursive, RestartPolicy};
use crate::model::resources::{Blkio, DeviceRequest};
use crate::model::topology::Topology;

#[track_caller]
fn fixture(name: &str) -> Topology {
    let parsed = all("valid").into_iter().find(|fixture| fixture.name == name).expect("it is there").parse();
    parsed.topology.expect("no errors")
}

#[track_caller]
fn spec<'a>(topology: &'a Topology, addr: &str) -> &'a ContainerSpec {
    &topology.service(&addr.parse().expect("an address")).expect("a service").spec
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn pairs(list: &[(&str, i64)]) -> Vec<(String, i64)> {
    list.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect()
}

#[test]
fn shares_limits_and_devices_are_read_in_all_their_forms() {
    let lab = fixture("resources");
    let web = spec(&lab, "web");
    let found = web.resources.as_deref().expect("written");
    assert_eq!(
        (found.cpu_shares, found.cpu_quota, found.cpu_period),
        (Some(512), Some(50_000), Some(100_000))
    );
    assert_eq!((found.cpu_rt_period, found.cpu_rt_runtime), (Some(1400), Some(95_000)));
    assert_eq!((found.mem_reservation, found.memswap_limit), (Some(256 << 20), Some(-1)));
    assert_eq!((found.mem_swappiness, found.oom_score_adj), (Some(60), Some(-500)));
    assert!(found.oom_kill_disable);
    assert_eq!(found.cpuset.as_deref(), Some("0-1,3"));
    let blkio = Blkio {
        weight: Some(300),
        weight_device: vec![("/dev/sda".to_owned(), 400)],
        read_bps: pairs(&[("/dev/sdb", 12 << 20)]),
        read_iops: pairs(&[("/dev/sdb", 120)]),
        write_bps: pairs(&[("/dev/sdb", 1 << 20)]),
        write_iops: pairs(&[("/dev/sdb", 30)]),
    };
    assert_eq!(found.blkio.as_deref(), Some(&blkio));
    let one = DeviceRequest {
        capabilities: texts(&["utility"]),
        driver: Some("nvidia".to_owned()),
        count: Some(2),
        device_ids: Vec::new(),
        options: [("a".to_owned(), "b".to_owned())].into(),
    };
    let two = DeviceRequest { device_ids: texts(&["0", "1"]), ..DeviceRequest::default() };
    assert_eq!(found.gpus, [one, two]);
    let device = |source: &str, target: &str, permissions: &str| Device {
        source: source.to_owned(),
        target: target.to_owned(),
        permissions: permissions.to_owned(),
    };
    assert_eq!(
        web.devices,
        [
            device("vendor.com/class=name", "vendor.com/class=name", "rwm"),
            device("/dev/fuse", "/dev/f", "r"),
            device("/dev/null", "/dev/n", "rwm"),
        ]
    );
    assert_eq!(web.mac_address.as_deref(), Some("02:42:ac:11:65:43"));
    assert_eq!(web.extra_hosts, ["one:10.0.0.1", "two:10.0.0.2", "two:::1", "gateway:host-gateway"]);
}

#[test]
fn deploy_counts_where_one_engine_can_do_it() {
    let lab = fixture("resources");
    let job = spec(&lab, "job");
    let of_job = job.resources.as_deref().expect("written");
    assert_eq!(job.extra_hosts, ["a:10.0.0.1", "b:10.0.0.2", "c:::1", "d:::1"]);
    assert_eq!((job.nano_cpus, job.mem_limit, job.pids_limit), (Some(250_000_000), Some(64 << 20), Some(10)));
    assert_eq!(of_job.mem_reservation, Some(32 << 20));
    assert_eq!(job.restart, RestartPolicy::OnFailure(3));
    assert_eq!(of_job.gpus, [DeviceRequest { count: Some(-1), ..DeviceRequest::default() }]);
    let reserved =
        DeviceRequest { capabilities: texts(&["gpu"]), count: Some(-1), ..DeviceRequest::default() };
    assert_eq!(of_job.reserved_devices, [reserved]);
    let service = lab.service(&"job".parse().expect("an address")).expect("a service");
    assert_eq!(service.scale, 2);
}

#[test]
fn endpoints_networks_and_mounts_have_all_their_options() {
    let lab = fixture("networks-and-mounts");
    let web = spec(&lab, "web");
    let front = &web.networks[&"front".into()];
    assert_eq!((front.priority, front.gw_priority), (10, 5));
    assert_eq!(front.interface_name.as_deref(), Some("lan0"));
    assert_eq!(front.link_local_ips, ["169.254.8.8"]);
    assert_eq!(front.mac_address.as_deref(), Some("02:42:ac:11:65:44"));
    assert_eq!(front.driver_opts["com.example.key"], "1");
    let def = &lab.root.networks["front"];
    assert_eq!(def.spec.enable_ipv4, Some(true));
    assert_eq!(def.spec.ipam_options["a"], "b");
    let back = &lab.root.networks["back"];
    assert_eq!((back.external, back.name.as_deref()), (true, Some("shared")));
    let mount = |target: &str| web.mounts.iter().find(|mount| mount.target == target).expect("a mount");
    assert_eq!(mount("/conf").consistency.as_deref(), Some("cached"));
    assert!(matches!(
        mount("/conf").source,
        MountSource::Bind { recursive: Some(Recursive::Readonly), create: false, .. }
    ));
    assert!(
        matches!(&mount("/anonymous").source, MountSource::Volume { labels, .. } if labels[&"a".into()] == "b")
    );
    assert_eq!(mount("/mem").source, MountSource::Memory { size: Some(64 << 20), mode: Some(0o1777) });
    let image = MountSource::Image { image: "busybox".to_owned(), subpath: Some("bin".to_owned()) };
    assert_eq!(mount("/tools").source, image);
}

#[test]
fn a_seccomp_profile_counts_with_its_content() {
    let lab = "services:\n  web:\n    image: nginx\n    security_opt: [\"seccomp:profile.json\"]\n";
    let files = [("nest.yaml", lab), ("profile.json", "{ \"defaultAction\": \"SCMP ACT\" }\n")];
    let parsed = Fixture::texts(&files).parse();
    assert_eq!(shown(&parsed), "");
    let lab = parsed.topology.expect("no errors");
    let web = spec(&lab, "web");
    assert_eq!(web.security_opt, ["seccomp=profile.json"]);
    assert_eq!(web.seccomp_profiles["seccomp=profile.json"], "{\"defaultAction\":\"SCMP ACT\"}");
}

#[test]
fn what_is_inside_a_node_of_no_replicas_is_checked_as_well() {
    let text = "services:\n  vm:\n    engine: dind\n    scale: 0\n    inner: {services: {web: {image: x, networks: [lost]}}}\n";
    let parsed = Fixture::texts(&[("nest.yaml", text)]).parse();
    let codes: Vec<Code> = parsed.diagnostics.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, [Code::UnknownNetwork]);
}
