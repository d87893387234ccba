//! What the language means.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::fixture::{Fixture, all};
use super::shown::shown;
use crate::model::addr::Pattern;
use crate::model::container::{
    BindPath, ContainerSpec, Device, Endpoint, Healthcheck, Mount, MountSource, NetworkMode, PortBinding,
    Protocol, RestartPolicy, Ulimit,
};
use crate::model::files::{Existing, PutFile};
use crate::model::label::Labels;
use crate::model::map::Map;
use crate::model::service::{Condition, DataRoot, PullPolicy, Service, SshOptions, Target};
use crate::model::topology::Topology;

/// The topology of a text without errors or warnings.
#[track_caller]
fn lab(text: &str) -> Topology {
    topology(&Fixture::text(text))
}

#[track_caller]
fn fixture(name: &str) -> Topology {
    topology(&all("valid").into_iter().find(|fixture| fixture.name == name).expect("it is there"))
}

#[track_caller]
fn topology(fixture: &Fixture) -> Topology {
    let parsed = fixture.parse();
    assert_eq!(shown(&parsed), "");
    parsed.topology.expect("no errors")
}

#[track_caller]
fn service<'a>(topology: &'a Topology, addr: &str) -> &'a Service {
    topology.service(&addr.parse().expect("an address")).expect("a service")
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn user(path: &str) -> BindPath {
    BindPath::User(PathBuf::from(path))
}

#[test]
fn a_lab_has_layers_names_and_dependencies_across_them() {
    let lab = fixture("quickstart");
    assert_eq!(lab.project.as_str(), "poc");
    let web = service(&lab, "vm1/web");
    assert_eq!(web.spec.image, "nginx");
    assert_eq!(web.depends_on[0].condition, Condition::Healthy);
    assert!(web.spec.networks.contains_key("default"));
    assert_eq!(web.publish[0].value.host, Some((8080, 8080)));
    let client = service(&lab, "client");
    assert_eq!(client.depends_on[0].condition, Condition::Started);
    assert_eq!(client.depends_on[0].target, Target::Relative("vm1/web".parse().expect("valid")));
    assert_eq!(service(&lab, "vm1").node.as_ref().map(|node| node.kind.value.as_str()), Some("kicbase"));
    assert!(lab.layer(&"vm1".parse::<crate::model::addr::Addr>().expect("valid").inner()).is_some());
}

#[test]
fn every_key_of_a_service_reaches_the_container() {
    let lab = fixture("every-key");
    let web = service(&lab, "web");
    let spec = &web.spec;
    assert_eq!(spec.command, Some(texts(&["sh", "-c", "echo \"hello world\""])));
    assert_eq!(spec.entrypoint, Some(texts(&["/entry", "--flag"])));
    let environment: Map<String, Option<String>> = [
        ("A", Some("text")),
        ("B", Some("5")),
        ("C", Some("true")),
        ("D", Some("288")),
        ("E", None),
        ("F", Some("1.5")),
        ("G", Some("yes")),
        ("H", Some("0440")),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.map(str::to_owned)))
    .collect();
    assert_eq!(spec.environment, environment);
    assert_eq!(spec.expose, ["8081/tcp", "9000/udp", "9001/udp", "9002/udp"]);
    assert_eq!(
        spec.ports[2],
        PortBinding {
            host_ip: Some("127.0.0.1".to_owned()),
            host: Some((53, 53)),
            container: 53,
            protocol: Protocol::Udp,
        }
    );
    assert_eq!(spec.ports[1].host, None);
    let front = &spec.networks[&"front".into()];
    assert_eq!((front.aliases.clone(), front.priority), (texts(&["www"]), 10));
    assert_eq!(front.ipv4_address.as_deref(), Some("172.28.0.10"));
    let health = spec.healthcheck.as_ref().expect("written");
    assert_eq!(health.test, ["CMD", "curl", "localhost"]);
    assert_eq!((health.interval, health.retries), (Some(Duration::from_secs(90)), Some(3)));
    assert_eq!(health.start_interval, Some(Duration::from_millis(500)));
    assert_eq!(
        spec.devices[1],
        Device { source: "/dev/a".into(), target: "/dev/b".into(), permissions: "r".into() }
    );
    assert_eq!(spec.devices[0].permissions, "rwm");
    assert_eq!(spec.group_add, ["audio", "44"]);
    assert_eq!(spec.labels.get("bare").map(String::as_str), Some(""));
    assert_eq!(spec.restart, RestartPolicy::OnFailure(3));
    assert_eq!((spec.init, spec.tty, spec.stdin_open, spec.read_only), (Some(true), true, true, true));
    assert_eq!(spec.stop_grace_period, Some(Duration::from_secs(60)));
    assert_eq!(spec.ulimits["nofile"], Ulimit { soft: 20_000, hard: 40_000 });
    assert_eq!(spec.ulimits["nproc"], Ulimit { soft: 65_535, hard: 65_535 });
    assert_eq!((spec.shm_size, spec.mem_limit), (Some(64 << 20), Some(1 << 30)));
    assert_eq!((spec.nano_cpus, spec.pids_limit), (Some(500_000_000), Some(100)));
    assert_eq!(spec.extra_hosts, ["a:10.0.0.1", "b:10.0.0.2", "six:::1"]);
    assert_eq!(spec.dns, ["1.1.1.1"]);
    assert_eq!(spec.sysctls["net.core.somaxconn"], "1024");
    assert_eq!(spec.logging.as_ref().expect("written").options["max-file"], "3");
    assert_eq!(web.pull_policy, PullPolicy::Missing);
    assert_eq!(web.container_name.as_ref().map(|name| name.value.as_str()), Some("the-web"));
    assert_eq!(web.depends_on[0].condition, Condition::Healthy);
    assert!(web.depends_on[0].restart);
    assert_eq!((web.depends_on[1].condition, web.depends_on[1].required), (Condition::Completed, false));
    assert_eq!(web.publish[0].value.host, None);
    assert_eq!(service(&lab, "db").spec.healthcheck.as_deref().map(Healthcheck::is_disabled), Some(true));
    assert_eq!(service(&lab, "db").spec.network_mode, Some(NetworkMode::None));
    assert_eq!(lab.root.images[1].value, "nginx:1.27");
}

#[test]
fn the_network_of_a_service_is_a_dependency_on_it() {
    let lab = fixture("every-key");
    let job = service(&lab, "job");
    assert_eq!(job.spec.network_mode, Some(NetworkMode::Service("db".to_owned())));
    assert!(job.spec.networks.is_empty());
    assert_eq!(job.depends_on.len(), 1);
    assert_eq!(job.depends_on[0].condition, Condition::Started);
}

#[test]
fn every_form_of_a_mount_is_read() {
    let lab = fixture("every-key");
    let mounts: BTreeMap<&str, &Mount> =
        service(&lab, "web").spec.mounts.iter().map(|mount| (mount.target.as_str(), mount)).collect();
    let bind =
        |path: &str, create: bool, propagation: Option<&str>, selinux: Option<char>| MountSource::Bind {
            path: user(path),
            create,
            propagation: propagation.map(str::to_owned),
            selinux,
            recursive: None,
        };
    assert_eq!(mounts["/etc/conf"].source, bind("/lab/conf", true, None, Some('z')));
    assert!(mounts["/etc/conf"].read_only);
    assert_eq!(mounts["/cache"].source, bind("/home/me/.cache", false, Some("rshared"), Some('Z')));
    assert_eq!(mounts["/data"].source, MountSource::volume(Some("data".into())));
    assert_eq!(mounts["/anonymous"].source, MountSource::volume(None));
    assert_eq!(
        mounts["/sub"].source,
        MountSource::Volume {
            name: Some("data".into()),
            nocopy: true,
            subpath: Some("a/b".into()),
            labels: Labels::new()
        }
    );
    assert_eq!(mounts["/mem"].source, MountSource::Memory { size: Some(64 << 20), mode: Some(0o1777) });
    assert_eq!(mounts["/tmp"].source, MountSource::Tmpfs { options: "exec,mode=777".into() });
    // A config or secret that is a file is a bind that nothing can write.
    assert_eq!(mounts["/app"].source, bind("/lab/nest.yaml", false, None, None));
    assert!(mounts["/app"].read_only);
}

#[test]
fn configs_and_secrets_with_content_are_files_to_put_in() {
    let lab = fixture("every-key");
    let put = |path: &str, mode: u32, owner: u32, content: &[u8]| PutFile {
        path: path.to_owned(),
        mode,
        uid: owner,
        gid: owner,
        content: content.into(),
        existing: Existing::Replace,
    };
    assert_eq!(
        service(&lab, "web").files,
        [put("/etc/text", 0o440, 5, b"hello\n"), put("/run/secrets/key", 0o444, 0, b"value")]
    );
}

#[test]
fn networks_and_volumes_are_described_as_written() {
    let lab = fixture("every-key");
    let front = &lab.root.networks["front"];
    assert_eq!(front.name.as_deref(), Some("the-front"));
    assert_eq!(
        (front.spec.internal, front.spec.attachable, front.spec.enable_ipv6),
        (true, true, Some(true))
    );
    assert_eq!(front.spec.ipam[0].subnet.as_deref(), Some("172.28.0.0/16"));
    assert_eq!(front.spec.ipam[0].aux_addresses["host1"], "172.28.1.5");
    assert!(lab.root.networks["back"].external);
    assert_eq!(lab.root.volumes["data"].spec.labels[&"a".into()], "b");
    assert_eq!(lab.root.volumes["data"].spec.driver_opts["type"], "none");
    // Nobody uses the default network here.
    assert!(!lab.root.networks.contains_key("default"));
}

#[test]
fn options_of_engines_are_read() {
    let lab = fixture("engines");
    let options = |name: &str| &service(&lab, name).node.as_ref().expect("a node").options;
    let full = options("options");
    assert_eq!(full.args, ["--debug"]);
    let config: serde_json::Value =
        serde_json::from_str(&full.config.as_ref().expect("written").value).expect("valid");
    assert_eq!(config, serde_json::json!({"log-level": "debug", "features": {"buildkit": true}}));
    assert_eq!(full.data, DataRoot::Named("cache".to_owned()));
    assert_eq!((full.mtu, full.ready_timeout), (Some(1450), Some(Duration::from_secs(180))));
    assert_eq!(options("memory").data, DataRoot::Tmpfs);
    assert_eq!(options("short").data, DataRoot::Volume);
    assert_eq!(options("shared").path.as_deref(), Some("/var/run/other.sock"));
    assert_eq!(options("far").tls.as_deref(), Some("/certs/client"));
    assert_eq!(options("far").host.as_ref().map(|host| host.value.as_str()), Some("tcp://options:2376"));
    let keys = texts(&["ssh-ed25519 AAAA me@here"]);
    assert_eq!(options("machine").ssh, Some(SshOptions { user: "admin".to_owned(), authorized_keys: keys }));
    assert_eq!(service(&lab, "word").node.as_ref().expect("a node").kind.value, "podman");
    assert_eq!(service(&lab, "word").spec.image, "docker:dind");
    assert_eq!(service(&lab, "far").depends_on[0].condition, Condition::Ready, "it depends on a node");
}

#[test]
fn keys_and_certificates_are_read_from_files() {
    let pem = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
    let text = "services:\n  vm:\n    image: x\n    engine:\n      kind: systemd\n      ca: ca.pem\n      \
                ssh: {authorized_keys: ~/.ssh/id.pub}\n";
    let mut fixture = Fixture::texts(&[("nest.yaml", text), ("ca.pem", pem)]);
    fixture.files.insert("/home/me/.ssh/id.pub".into(), b"# mine\nssh-rsa A\n\nssh-rsa B\n".to_vec());
    let lab = topology(&fixture);
    let options = &service(&lab, "vm").node.as_ref().expect("a node").options;
    assert_eq!(options.ca.iter().map(|ca| &**ca).collect::<Vec<_>>(), [pem.as_bytes()]);
    let ssh = options.ssh.as_ref().expect("written");
    assert_eq!(
        (ssh.user.as_str(), ssh.authorized_keys.clone()),
        ("root", texts(&["ssh-rsa A", "ssh-rsa B"]))
    );
}

#[test]
fn what_a_dependency_waits_for_depends_on_its_target_alone() {
    let lab = fixture("three-levels");
    let client = service(&lab, "client");
    assert_eq!(client.depends_on[0].condition, Condition::Ready, "a/b is a node");
    let leaf = service(&lab, "a/b/c/leaf");
    assert_eq!(leaf.depends_on[0].target, Target::Absolute("/client".parse().expect("valid")));
    assert_eq!(leaf.depends_on[0].condition, Condition::Started);
}

#[test]
fn binds_mean_the_same_path_at_every_depth_when_they_are_relative() {
    let lab = fixture("three-levels");
    let paths: Vec<&MountSource> =
        service(&lab, "a/b/c/leaf").spec.mounts.iter().map(|mount| &mount.source).collect();
    assert!(matches!(paths[0], MountSource::Bind { path, create: true, .. } if *path == user("/lab/conf")));
    let engine = BindPath::Engine("/etc/hosts".to_owned());
    assert!(matches!(paths[1], MountSource::Bind { path, .. } if *path == engine));
}

#[test]
fn absolute_binds_belong_to_the_user_at_the_root_and_within_the_lab_and_to_the_node_elsewhere() {
    let service_text = "{image: x, volumes: [/etc:/a, /lab/x:/b, ../y:/c, ~:/d]}";
    let lab = lab(&format!(
        "services:\n  top: {service_text}\n  vm: {{engine: dind, inner: {{services: {{in: {service_text}}}}}}}\n"
    ));
    let paths = |addr: &str| -> Vec<BindPath> {
        let mounts = service(&lab, addr).spec.mounts.iter();
        mounts
            .filter_map(|mount| match &mount.source {
                MountSource::Bind { path, .. } => Some(path.clone()),
                _ => None,
            })
            .collect()
    };
    assert_eq!(paths("top"), [user("/etc"), user("/lab/x"), user("/y"), user("/home/me")]);
    assert_eq!(
        paths("vm/in"),
        [BindPath::Engine("/etc".to_owned()), user("/lab/x"), user("/y"), user("/home/me")]
    );
}

#[test]
fn an_inner_file_starts_from_its_own_directory_and_its_own_variables() {
    let lab = fixture("inner-files");
    let web = service(&lab, "ci/web");
    assert_eq!(web.spec.image, "nginx:1.27");
    assert_eq!(web.spec.environment[&"B".into()].as_deref(), Some("1 two"));
    let paths: Vec<String> = web.spec.mounts.iter().map(|mount| format!("{:?}", mount.source)).collect();
    assert!(
        paths[0].contains("/lab/ci/html")
            && paths[1].contains("/lab/shared")
            && paths[2].contains("/lab/ci/site.conf")
    );
    assert_eq!(service(&lab, "both/web").spec.ports[0].container, 80);
    assert!(service(&lab, "ci/web").spec.ports.is_empty());
    assert_eq!(service(&lab, "last").depends_on.len(), 2);
}

#[test]
fn replicas_come_from_scale_and_deploy() {
    let lab = lab(
        "services:\n  a: {image: x, scale: 2}\n  b: {image: x, deploy: {replicas: \"3\"}}\n  c: {image: x}\n  \
                   d: {image: x, scale: 0}\n",
    );
    let scales: Vec<u32> = lab.root.services.values().map(|service| service.scale).collect();
    assert_eq!(scales, [2, 3, 1, 0]);
}

#[test]
fn variables_of_the_environment_win_over_those_of_the_file() {
    let text = "services:\n  web: {image: \"x:${SET}-${OWN}\", environment: [SET, OWN, NONE]}\n";
    let lab = topology(&Fixture::texts(&[(".env", "SET=file\nOWN=\"${SET}!\"\n"), ("nest.yaml", text)]));
    let web = service(&lab, "web");
    assert_eq!(web.spec.environment[&"SET".into()].as_deref(), Some("value"));
    assert_eq!(web.spec.environment[&"OWN".into()].as_deref(), Some("value!"));
    assert_eq!(web.spec.environment[&"NONE".into()], None);
}

#[test]
fn the_environment_of_a_service_wins_over_its_files_and_later_files_over_earlier() {
    let text = "services:\n  web:\n    image: x\n    env_file: [a.env, {path: b.env, format: raw}]\n    environment: {C: own}\n";
    let lab = topology(&Fixture::texts(&[
        ("a.env", "A=1\nB=1\nC=1\n"),
        ("b.env", "B='${A}' #\n"),
        ("nest.yaml", text),
    ]));
    let environment = &service(&lab, "web").spec.environment;
    let values: Vec<&str> = environment.values().map(|value| value.as_deref().unwrap_or("-")).collect();
    assert_eq!(values, ["1", "'${A}' #", "own"]);
}

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| text.parse().expect("an address")).collect()
}

#[test]
fn to_name_a_service_activates_its_profiles_in_its_layer_at_every_depth() {
    let text = "
services:
  vm: {engine: dind, profiles: [vm], inner: {services: {
    web: {image: x},
    dbg: {image: x, profiles: [p, q], depends_on: [db]},
    db: {image: x, profiles: [q]},
    other: {image: x, profiles: [other]},
    deep: {engine: dind, inner: {services: {one: {image: x, profiles: [p]}, two: {image: x, profiles: [two]}}}}}}}
  vm2: {engine: dind, inner: {services: {dbg: {image: x, profiles: [p]}}}}
  out: {image: x, profiles: [q]}
";
    let there = |enabled: &[&str]| {
        let mut fixture = Fixture::text(text);
        fixture.entry.enabled = patterns(enabled);
        let lab = topology(&fixture);
        let mut all: Vec<_> = lab.instances().into_iter().map(|(addr, _)| addr.to_string()).collect();
        all.sort_unstable();
        all.join(" ")
    };
    assert_eq!(there(&[]), "vm2");
    assert_eq!(there(&["vm"]), "vm vm/deep vm/web vm2");
    assert_eq!(there(&["vm/dbg"]), "vm vm/db vm/dbg vm/deep vm/web vm2");
    assert_eq!(there(&["/vm@1/deep/two", "vm2/dbg"]), "vm vm/deep vm/deep/two vm/web vm2 vm2/dbg");
}

#[test]
fn services_of_inactive_profiles_are_left_out_unless_they_are_asked_for() {
    let text = "services:\n  web: {image: x}\n  dev: {image: x, profiles: [dev]}\n  other: {image: x, profiles: [a, b]}\n";
    let names = |profiles: &[&str], enabled: &[&str]| {
        let mut fixture = Fixture::text(text);
        fixture.entry.profiles = texts(profiles);
        fixture.entry.enabled = patterns(enabled);
        let lab = topology(&fixture);
        for name in ["dev", "other"] {
            let is_there = lab.root.services.keys().any(|there| there.as_str() == name);
            let addr = name.parse().expect("an address");
            assert_eq!(lab.is_inactive(&addr), !is_there, "{name} with {profiles:?}");
        }
        lab.root.services.keys().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(names(&[], &[]), ["web"]);
    assert_eq!(names(&["b"], &[]), ["other", "web"]);
    assert_eq!(names(&["*"], &[]), ["dev", "other", "web"]);
    assert_eq!(names(&[], &["dev"]), ["dev", "web"]);
}

#[test]
fn a_dependency_that_may_be_missing_is_dropped_with_its_profile() {
    let lab = lab(
        "services:\n  web: {image: x, depends_on: {dev: {condition: service_started, required: false}}}\n  \
                   dev: {image: x, profiles: [dev]}\n",
    );
    assert_eq!(service(&lab, "web").depends_on, []);
}

#[test]
fn the_project_name_is_found_as_compose_finds_it() {
    let name = |text: &str, asked: Option<&str>| {
        let mut fixture = Fixture::text(text);
        fixture.entry.project = asked.map(|name| crate::model::name::ProjectName::new(name).expect("valid"));
        topology(&fixture).project.to_string()
    };
    let services = "services: {web: {image: x}}\n";
    assert_eq!(name(services, None), "lab");
    assert_eq!(name(&format!("name: n-${{SET}}\n{services}"), None), "n-value");
    assert_eq!(name(&format!("name: other\n{services}"), Some("asked")), "asked");
    let label = "services: {web: {image: x, labels: {p: $COMPOSE_PROJECT_NAME}}}\n";
    assert_eq!(service(&lab(label), "web").spec.labels[&"p".into()], "lab");
}

#[test]
fn a_file_with_errors_still_gives_what_could_be_read() {
    let parsed =
        Fixture::text("services:\n  web: {imgae: x}\n  db: {image: y, ports: [\"x\", \"80\"]}\n").parse();
    assert!(parsed.diagnostics.has_errors());
    let lab = parsed.topology.expect("what could be read");
    assert_eq!(
        service(&lab, "db").spec,
        ContainerSpec {
            image: "y".to_owned(),
            networks: [("default".to_owned(), Endpoint::default())].into_iter().collect(),
            ports: vec![PortBinding { host_ip: None, host: None, container: 80, protocol: Protocol::Tcp }],
            ..ContainerSpec::default()
        }
    );
}

#[test]
fn what_is_included_or_extended_keeps_its_own_directory_and_variables() {
    let lab = fixture("included-files");
    let binds = |addr: &str| -> BTreeMap<String, MountSource> {
        let mounts = &service(&lab, addr).spec.mounts;
        mounts.iter().map(|mount| (mount.target.clone(), mount.source.clone())).collect()
    };
    let bind = |path: &str| MountSource::bind(user(path), true);
    let web = service(&lab, "web");
    assert_eq!(web.spec.image, "nginx:1.27");
    assert_eq!(web.spec.environment[&"TAG".into()].as_deref(), Some("1.27"));
    assert_eq!(binds("web")["/site"], bind("/lab/sub/site"));
    let job = service(&lab, "job");
    assert_eq!((job.spec.image.as_str(), job.spec.command.clone()), ("busybox:musl", Some(texts(&["run"]))));
    assert_eq!(binds("job")["/in"], bind("/lab/sub/over"));
    let front = service(&lab, "front");
    assert_eq!(front.spec.image, "busybox");
    let environment: Vec<(&str, Option<&str>)> =
        front.spec.environment.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
    assert_eq!(environment, [("DEEP", Some("1")), ("FROM", Some("base")), ("OWN", Some("1"))]);
    assert_eq!(binds("front")["/a"], bind("/lab/lib/beside-base"));
    assert_eq!(binds("front")["/b"], bind("/lab/lib/more/beside-deeper"));
    assert_eq!(front.spec.ports[0].host, Some((8080, 8080)));
    // An inner layer has files of its own, too.
    assert_eq!(binds("vm/app")["/conf"], bind("/lab/vm/conf"));
    assert!(lab.service(&"vm/late".parse().expect("valid")).is_none(), "its base is left out, and so is it");
}

#[test]
fn a_volume_that_is_a_directory_of_the_lab_is_bound_as_one_inside_a_node() {
    let lab = lab(
        "services:\n  vm:\n    engine: dind\n    inner:\n      services:\n        a: {image: a, volumes: [\"data:/data\", \"own:/own\"]}\n      \
         volumes:\n        data: {driver: local, driver_opts: {type: none, o: bind, device: ./data}}\n        \
         own: {driver: local, driver_opts: {type: none, o: bind, device: /srv}}\n",
    );
    let a = lab.service(&"vm/a".parse().expect("valid")).expect("there");
    let sources: Vec<&MountSource> = a.spec.mounts.iter().map(|mount| &mount.source).collect();
    assert_eq!(sources[0], &MountSource::bind(BindPath::User("/lab/data".into()), false));
    assert!(matches!(sources[1], MountSource::Volume { name: Some(name), .. } if name == "own"));
    let vm = lab.service(&"vm".parse().expect("valid")).expect("there");
    let inner = &vm.node.as_ref().expect("a node").inner;
    assert_eq!(inner.volumes.keys().collect::<Vec<_>>(), ["own"]);
    assert_eq!(inner.volumes["own"].spec.driver_opts["device"], "/srv");
}

#[test]
fn what_is_built_asks_for_the_default_platform_and_what_is_pulled_leaves_it_to_its_layer() {
    let lab = topology(&Fixture::texts(&[
        (".env", "DOCKER_DEFAULT_PLATFORM=linux/arm64"),
        (
            "nest.yaml",
            "services:\n  built: {build: .}\n  own: {build: ., platform: linux/s390x}\n  \
             pulled: {image: busybox}\n  vm: {engine: dind, inner: vm/nest.yaml}\n",
        ),
        ("Dockerfile", "FROM scratch"),
        ("vm/nest.yaml", "services: {pulled: {image: busybox}}"),
    ]));
    let platform = |addr: &str| service(&lab, addr).spec.platform.as_deref();
    assert_eq!(platform("built"), Some("linux/arm64"));
    assert_eq!(platform("own"), Some("linux/s390x"));
    assert_eq!((platform("pulled"), platform("vm/pulled")), (None, None));
    assert_eq!(lab.root.default_platform.as_deref(), Some("linux/arm64"));
    let inner = &service(&lab, "vm").node.as_ref().expect("a node").inner;
    assert_eq!(inner.default_platform.as_deref(), Some("linux/arm64"));
}
