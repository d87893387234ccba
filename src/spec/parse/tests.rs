//! Labs as texts, and what becomes of them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::diag::diagnostic::Severity;
use crate::model::addr::Addr;
use crate::model::container::{
    BindPath, MountSource, NetworkMode, PortBinding, Protocol, RestartPolicy, Ulimit,
};
use crate::model::service::{DataRoot, PullPolicy, Service, Target};

pub(super) struct Lab {
    files: BTreeMap<PathBuf, Vec<u8>>,
    entry: Entry,
    vars: Vars,
}

/// A lab in `/lab` whose file is `yaml`.
pub(super) fn lab(yaml: &str) -> Lab {
    let entry = Entry {
        files: vec!["/lab/nest.yaml".into()],
        directory: "/lab".into(),
        project: None,
        env_files: Vec::new(),
        profiles: Vec::new(),
        enabled: Vec::new(),
        home: Some("/home/me".into()),
    };
    Lab { files: [("/lab/nest.yaml".into(), yaml.into())].into(), entry, vars: Vars::new() }
}

impl Lab {
    pub(super) fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.into(), text.into());
        self
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(super) fn parse(&self) -> Parsed {
        parse(&self.files, &self.entry, &self.vars)
    }

    /// Each problem as `place code: message (help)`.
    fn problems(&self) -> Vec<String> {
        let parsed = self.parse();
        let shown = |problem: &&Diagnostic| {
            let place =
                problem.labels.first().map_or("-".to_owned(), |label| parsed.sources.place(label.span));
            let place = place.trim_start_matches("nest.yaml:");
            let code = problem.code.as_str().trim_start_matches("nest::");
            let mark = if problem.severity == Severity::Warning { "warning " } else { "" };
            let help = problem.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
            format!("{place} {mark}{code}: {}{help}", problem.message)
        };
        parsed.diagnostics.sorted().iter().map(shown).collect()
    }

    /// The lab, which must be without any problem.
    #[track_caller]
    fn good(&self) -> Topology {
        assert_eq!(self.problems(), [""; 0]);
        self.parse().topology.expect("a lab without problems has a topology")
    }
}

fn service<'t>(topology: &'t Topology, addr: &str) -> &'t Service {
    let addr: Addr = addr.parse().expect("an address");
    topology.service(&addr).unwrap_or_else(|| panic!("no service {addr}"))
}

/// The one service of a lab that has these keys and an image.
#[track_caller]
fn one(keys: &str) -> Service {
    let keys = keys.replace('\n', "\n    ");
    let topology = lab(&format!("services:\n  a:\n    image: i\n    {keys}\n")).good();
    service(&topology, "a").clone()
}

/// The problems of a lab with one service that has these keys and an image. Keys begin at line 4, column 5.
fn problems(keys: &str) -> Vec<String> {
    let keys = keys.replace('\n', "\n    ");
    lab(&format!("services:\n  a:\n    image: i\n    {keys}\n")).problems()
}

#[test]
fn a_service_with_an_image_is_a_lab() {
    let topology = lab("services:\n  web:\n    image: nginx\n").good();
    assert_eq!(topology.project.as_str(), "lab");
    assert_eq!(topology.directory, Path::new("/lab"));
    let web = service(&topology, "web");
    assert_eq!(web.spec.image, "nginx");
    assert_eq!(web.scale, 1);
    assert!(web.spec.networks.contains_key("default"));
    assert_eq!(topology.root.networks.keys().collect::<Vec<_>>(), ["default"]);
    assert_eq!((web.span.start, web.span.end), (12, 15));
    assert_eq!(web.span_of("image").start, 21);
}

#[test]
fn the_project_name_is_asked_for_or_written_or_the_directory() {
    let mut named = lab("name: written\nservices: {a: {image: i}}\n");
    assert_eq!(named.good().project.as_str(), "written");
    named.entry.project = ProjectName::new("asked").ok();
    assert_eq!(named.good().project.as_str(), "asked");
    let bad = lab("name: Not Good\nservices: {a: {image: i}}\n").problems();
    assert_eq!(bad.len(), 1);
    assert!(bad[0].starts_with("1:7 bad-name:") && bad[0].ends_with("(`notgood` is one)"), "{bad:?}");
}

#[test]
fn commands_are_words_or_lines() {
    let a = one("command: sh -c 'a b'\nentrypoint: []");
    assert_eq!(a.spec.command, Some(vec!["sh".to_owned(), "-c".to_owned(), "a b".to_owned()]));
    assert_eq!(a.spec.entrypoint, Some(vec![]));
    assert_eq!(one("command:").spec.command, None);
    assert!(problems("command: echo 'a")[0].starts_with("4:14 bad-value: the quote"));
}

#[test]
fn the_environment_comes_from_files_then_keys_then_the_users() {
    let lab =
        lab("services:\n  a:\n    image: i\n    env_file: [a.env, {path: none.env, required: false}]\n    \
         environment:\n      B: x\n      HERE:\n      GONE:\n      N: 1.0\n")
        .file("/lab/a.env", "A=1\nB=2\nC=$HERE\n")
        .var("HERE", "h");
    let topology = lab.good();
    let all: Vec<String> = service(&topology, "a")
        .spec
        .environment
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(all, ["A=1", "B=x", "C=h", "GONE=-", "HERE=h", "N=1.0"]);
    let missing = problems("env_file: no.env");
    assert!(missing[0].starts_with("4:15 file-not-found: there is no file `no.env`"), "{missing:?}");
}

#[test]
fn dot_env_gives_variables_and_the_environment_wins() {
    let lab = lab("services:\n  a:\n    image: ${IMG}:${TAG:-latest}\n")
        .file("/lab/.env", "IMG=fromfile\nTAG=2\n")
        .var("IMG", "fromenv");
    assert_eq!(service(&lab.good(), "a").spec.image, "fromenv:2");
}

#[test]
fn unset_variables_are_said_once_where_they_stand() {
    let found = lab("x-a: &a\n  image: i:$NO\nservices:\n  a: *a\n  b: *a\n").problems();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("2:10 warning unset-variable: the variable `NO` is not set"), "{found:?}");
}

#[test]
fn every_form_of_a_port_is_a_binding() {
    let a = one(
        "ports:\n  - 8080:80\n  - 53:53/udp\n  - target: 443\n    published: \"8443\"\n    host_ip: 127.0.0.1\n  \
         - 8080:80\npublish: [\"1-2:3-4\"]\nexpose: [5, 6/udp]",
    );
    let port = |host_ip: Option<&str>, host: u16, container: u16, protocol: Protocol| PortBinding {
        host_ip: host_ip.map(str::to_owned),
        host: Some((host, host)),
        container,
        protocol,
    };
    assert_eq!(
        a.spec.ports,
        [
            port(None, 8080, 80, Protocol::Tcp),
            port(None, 53, 53, Protocol::Udp),
            port(Some("127.0.0.1"), 8443, 443, Protocol::Tcp)
        ]
    );
    let published: Vec<u16> = a.publish.iter().map(|port| port.value.container).collect();
    assert_eq!(published, [3, 4]);
    assert_eq!(a.spec.expose, ["5/tcp", "6/udp"]);
    assert!(problems("ports: [80, \"70000:80\"]")[0].starts_with("4:17 bad-value: port 70000"));
}

#[test]
fn mounts_are_binds_volumes_or_memory() {
    let lab = lab(
        "services:\n  a:\n    image: i\n    volumes:\n      - ./conf:/etc/conf:ro\n      - data:/data\n      - /anon\n      \
         - ~/x:/x:z,rshared\n      - {type: bind, source: c, target: /c, bind: {create_host_path: false}}\n      \
         - {type: tmpfs, target: /t, tmpfs: {size: 1k, mode: 0700}}\n    tmpfs: /run:exec\nvolumes: {data: }\n",
    );
    let topology = lab.good();
    let mounts = &service(&topology, "a").spec.mounts;
    let shown: Vec<String> = mounts
        .iter()
        .map(|mount| {
            let source = match &mount.source {
                MountSource::Bind { path: BindPath::User(path), create, propagation, selinux } => {
                    format!("user {} {create} {propagation:?} {selinux:?}", path.display())
                }
                MountSource::Bind { path: BindPath::Engine(path), .. } => format!("engine {path}"),
                MountSource::Volume { name, .. } => format!("volume {name:?}"),
                MountSource::Tmpfs { options } => format!("tmpfs {options}"),
            };
            format!("{}{} = {source}", mount.target, if mount.read_only { " ro" } else { "" })
        })
        .collect();
    assert_eq!(
        shown,
        [
            "/etc/conf ro = user /lab/conf true None None",
            "/data = volume Some(\"data\")",
            "/anon = volume None",
            "/x = user /home/me/x true Some(\"rshared\") Some('z')",
            "/c = user /lab/c false None None",
            "/t = tmpfs mode=700,size=1024",
            "/run = tmpfs exec",
        ]
    );
}

#[test]
fn two_mounts_at_one_place_are_a_contradiction() {
    let found = problems("volumes: [./a:/x, ./b:/x/]");
    assert_eq!(found, ["4:23 contradiction: two mounts at `/x`"]);
}

#[test]
fn absolute_binds_inside_are_the_nodes_unless_they_lie_in_the_lab() {
    let topology = lab("services:\n  vm:\n    engine: dind\n    volumes: [/srv:/srv]\n    inner:\n      services:\n        a:\n          \
         image: i\n          volumes: [/srv:/srv, /lab/x:/x, ./y:/y, ~/z:/z]\n")
    .good();
    let paths = |addr: &str| -> Vec<BindPath> {
        let mounts = &service(&topology, addr).spec.mounts;
        mounts
            .iter()
            .filter_map(|mount| match &mount.source {
                MountSource::Bind { path, .. } => Some(path.clone()),
                _ => None,
            })
            .collect()
    };
    assert_eq!(paths("vm"), [BindPath::User("/srv".into())]);
    assert_eq!(
        paths("vm/a"),
        [
            BindPath::Engine("/srv".to_owned()),
            BindPath::User("/lab/x".into()),
            BindPath::User("/lab/y".into()),
            BindPath::User("/home/me/z".into())
        ]
    );
}

#[test]
fn networks_are_joined_with_their_options() {
    let topology = lab("services:\n  a:\n    image: i\n    networks:\n      n: {aliases: [x], ipv4_address: 10.1.0.2, priority: 5}\n      \
         default:\n  b: {image: i, network_mode: \"service:a\"}\nnetworks:\n  n:\n    internal: true\n    ipam: {config: [{subnet: 10.1.0.0/16}]}\n  \
         out: {external: true}\n")
    .good();
    let n = &service(&topology, "a").spec.networks["n"];
    assert_eq!((n.aliases.as_slice(), n.priority), (&["x".to_owned()][..], 5));
    assert_eq!(n.ipv4_address.as_deref(), Some("10.1.0.2"));
    let b = service(&topology, "b");
    assert_eq!(b.spec.network_mode, Some(NetworkMode::Service("a".to_owned())));
    assert!(b.spec.networks.is_empty());
    let nets = &topology.root.networks;
    assert!(nets["n"].spec.internal);
    assert_eq!(nets["n"].spec.ipam[0].subnet.as_deref(), Some("10.1.0.0/16"));
    assert_eq!((nets["out"].external, nets["out"].name.as_deref()), (true, Some("out")));
    assert!(nets.contains_key("default"));
}

#[test]
fn names_that_nothing_defines_are_reported_with_the_nearest() {
    let found = lab("services:\n  web:\n    image: i\n    depends_on: [wbe, vm/dv]\n    networks: [fornt]\n    volumes: [dta:/x]\n    \
         configs: [cnof]\n    secrets: [s]\n    network_mode:\n  vm: {engine: dind, inner: {services: {db: {image: i}}}}\n\
         networks: {front: }\nvolumes: {data: }\nconfigs: {conf: {content: x}}\n")
    .problems();
    let expected = [
        "4:18 unknown-service: there is no service `wbe` (did you mean `web`?)",
        "4:23 unknown-service: there is no service `vm/dv` (did you mean `vm/db`?)",
        "6:15 unknown-volume: the layer has no volume `dta` (did you mean `data`?)",
        "7:15 unknown-config: the layer has no config `cnof` (did you mean `conf`?)",
        "8:15 unknown-secret: the layer has no secret `s` (define it under `secrets` of the layer)",
    ];
    for line in expected {
        assert!(found.contains(&line.to_owned()), "{line} is not in {found:#?}");
    }
    let found = lab("services: {a: {image: i, networks: [fornt]}}\nnetworks: {front: }\n").problems();
    assert_eq!(found, ["1:37 unknown-network: the layer has no network `fornt` (did you mean `front`?)"]);
}

#[test]
fn a_list_of_dependencies_means_ready_for_nodes_and_started_for_others() {
    let topology = lab("services:\n  a:\n    image: i\n    depends_on: [vm, vm/db, /vm/db, b]\n  b:\n    image: i\n    depends_on:\n      \
         a: {condition: service_healthy, restart: true}\n      no: {condition: service_started, required: false}\n  \
         vm:\n    engine: dind\n    inner:\n      services:\n        db: {image: i}\n        x: {image: i, depends_on: [db]}\n  \
         no: {image: i, profiles: [off]}\n")
    .good();
    let shown = |addr: &str| -> Vec<String> {
        let all = &service(&topology, addr).depends_on;
        all.iter()
            .map(|one| match &one.target {
                Target::Relative(pattern) => format!("{pattern} {:?}", one.condition),
                Target::Absolute(pattern) => format!("/{pattern} {:?}", one.condition),
            })
            .collect()
    };
    assert_eq!(shown("a"), ["vm Ready", "vm/db Started", "/vm/db Started", "b Started"]);
    assert_eq!(shown("b"), ["a Healthy"]);
    assert_eq!(shown("vm/x"), ["db Started"]);
    assert!(service(&topology, "b").depends_on[0].restart);
}

#[test]
fn conditions_that_cannot_come_true_are_errors() {
    let found = lab("services:\n  vm: {engine: dind}\n  a: {image: i, healthcheck: {disable: true}}\n  b:\n    image: i\n    depends_on:\n      \
         vm: {condition: service_completed_successfully}\n      a: {condition: service_healthy}\n  c:\n    image: i\n    depends_on:\n      \
         a: {condition: service_ready}\n      vm@2:\n      off:\n  off: {image: i, profiles: [p]}\n")
    .problems();
    assert_eq!(found.len(), 5, "{found:#?}");
    assert!(found[0].starts_with("7:7 impossible-condition: `vm` is a node"), "{found:#?}");
    assert!(found[1].starts_with("8:7 impossible-condition: the health check of `a`"), "{found:#?}");
    assert!(found[2].starts_with("12:7 impossible-condition: `a` has no engine"), "{found:#?}");
    assert!(found[3].starts_with("13:7 bad-value: there is no replica 2 of `vm`"), "{found:#?}");
    assert!(found[4].starts_with("14:7 unknown-service: `off` is left out"), "{found:#?}");
}

#[test]
fn profiles_and_names_on_the_command_line_let_services_in() {
    let mut lab = lab("services:\n  a: {image: i}\n  b: {image: i, profiles: [p]}\n");
    let names = |lab: &Lab| lab.good().root.services.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&lab), ["a"]);
    lab.entry.enabled = vec!["b".to_owned()];
    assert_eq!(names(&lab), ["a", "b"]);
    lab.entry.enabled = Vec::new();
    lab.entry.profiles = vec!["p".to_owned()];
    assert_eq!(names(&lab), ["a", "b"]);
}

#[test]
fn health_checks_are_read() {
    let check = one("healthcheck: {test: curl x, interval: 1m, retries: 3}").spec.healthcheck.expect("one");
    assert_eq!(check.test, ["CMD-SHELL", "curl x"]);
    assert_eq!((check.interval, check.retries), (Some(Duration::from_secs(60)), Some(3)));
    assert!(one("healthcheck: {disable: true}").spec.healthcheck.is_some_and(|check| check.is_disabled()));
    let found = problems("healthcheck: {test: [curl], interval: 10}");
    assert!(found[0].starts_with("4:25 bad-value:"), "{found:?}");
    assert_eq!(found[1], "4:43 bad-value: `10` is not a duration (with a unit: `10s`)");
}

#[test]
fn the_rest_of_the_container_is_read() {
    let a = one(
        "privileged: true\ncap_add: [NET_ADMIN]\ndevices: [/dev/fuse, \"/dev/a:/dev/b:r\"]\nulimits: {nofile: 5, core: {soft: 0, hard: -1}}\n\
         restart: on-failure:3\nmem_limit: 1g\ncpus: 0.5\npids_limit: 9\nshm_size: 64m\nstop_grace_period: 1m\nsysctls: [a.b=1]\n\
         extra_hosts: [\"h=1.2.3.4\", \"g:::1\"]\nlogging: {driver: local, options: {max-file: 3}}\npid: host\nlabels: {a: true}\n\
         deploy: {resources: {limits: {memory: 1024m}}}\npull_policy: always\nuser: 1000\ninit: true",
    );
    assert!(a.spec.privileged);
    assert_eq!(a.spec.devices[1].permissions, "r");
    assert_eq!(a.spec.ulimits["core"], Ulimit { soft: 0, hard: -1 });
    assert_eq!(a.spec.restart, RestartPolicy::OnFailure(3));
    assert_eq!((a.spec.mem_limit, a.spec.nano_cpus), (Some(1 << 30), Some(500_000_000)));
    assert_eq!((a.spec.pids_limit, a.spec.shm_size), (Some(9), Some(64 << 20)));
    assert_eq!(a.spec.stop_grace_period, Some(Duration::from_secs(60)));
    assert_eq!(a.spec.extra_hosts, ["h:1.2.3.4", "g:::1"]);
    assert_eq!(a.spec.logging.as_ref().map(|logging| logging.options["max-file"].as_str()), Some("3"));
    assert_eq!(a.spec.labels["a"], "true");
    assert_eq!(a.spec.sysctls["a.b"], "1");
    assert_eq!(a.pull_policy, PullPolicy::Always);
    assert_eq!((a.spec.user.as_deref(), a.spec.init), (Some("1000"), Some(true)));
}

#[test]
fn booleans_of_yaml_1_1_are_taken_with_a_warning() {
    let found = problems("privileged: yes");
    assert_eq!(found, ["4:17 warning deprecated: `yes` as a boolean is YAML 1.1 (write `true`)"]);
    let topology = lab("services: {a: {image: i, privileged: on}}").parse().topology.expect("a lab");
    assert!(service(&topology, "a").spec.privileged);
}

#[test]
fn configs_and_secrets_are_binds_or_files() {
    let topology = lab("services:\n  a:\n    image: i\n    configs: [c, {source: d, target: /etc/d, mode: 0440, uid: \"5\"}]\n    secrets: [s]\n\
         configs: {c: {file: ./c.txt}, d: {content: hello}}\nsecrets: {s: {environment: TOKEN}}\n")
    .var("TOKEN", "t");
    let topology = topology.good();
    let a = service(&topology, "a");
    assert_eq!(a.spec.mounts.len(), 1);
    assert_eq!((a.spec.mounts[0].target.as_str(), a.spec.mounts[0].read_only), ("/c", true));
    let files: Vec<_> =
        a.files.iter().map(|file| (file.path.as_str(), file.mode, file.uid, &*file.content)).collect();
    assert_eq!(files, [("/etc/d", 0o440, 5, &b"hello"[..]), ("/run/secrets/s", 0o444, 0, &b"t"[..])]);
}

#[test]
fn keys_of_compose_that_are_not_honoured_are_errors() {
    let found = problems("build: .\nimgae: x\nx-mine: 1\nlinks: [b]");
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].starts_with("4:5 not-supported: `build` is not supported yet"), "{found:#?}");
    assert_eq!(found[1], "5:5 unknown-key: a service has no key `imgae` (did you mean `image`?)");
    assert!(found[2].starts_with("7:5 not-supported: `links`"), "{found:#?}");
    let found = lab("version: '3'\ninclude: [a]\nservics: {}\nservices: {a: {image: i}}\n").problems();
    assert!(found[0].starts_with("1:1 warning deprecated:"), "{found:#?}");
    assert!(found[1].starts_with("2:1 not-supported: `include`"), "{found:#?}");
    assert_eq!(found[2], "3:1 unknown-key: a layer has no key `servics` (did you mean `services`?)");
}

#[test]
fn values_of_another_type_are_reported_and_reading_goes_on() {
    let found = problems("ports: 80\nprivileged: [a]\nenvironment: x\nscale: many\ncommand: {a: b}");
    let codes: Vec<&str> = found.iter().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(
        codes,
        ["wrong-type:", "wrong-type:", "wrong-type:", "bad-value:", "wrong-type:"],
        "{found:#?}"
    );
    assert_eq!(lab("services: [a]\n").problems(), ["1:11 wrong-type: `services` takes a mapping"]);
    assert_eq!(lab("- a\n").problems(), ["1:1 wrong-type: `a layer` takes a mapping"]);
    assert_eq!(lab("").problems().len(), 1);
}

#[test]
fn contradictions_are_reported() {
    for (keys, expected) in [
        (
            "network_mode: host\nnetworks: [default]",
            "4:5 contradiction: `network_mode` and `networks` exclude each other",
        ),
        ("scale: 2\ncontainer_name: xy", "5:21 contradiction: `container_name` names one container"),
        (
            "scale: 2\ndeploy: {replicas: 3}",
            "5:24 contradiction: `scale` and `deploy.replicas` say different things",
        ),
    ] {
        let found = problems(keys);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{expected}: {found:?}");
    }
    assert_eq!(one("deploy: {replicas: 3}").scale, 3);
}

#[test]
fn a_service_needs_an_image_unless_its_kind_has_one() {
    let found =
        lab("services:\n  a: {tty: true}\n  vm: {engine: dind}\n  sys: {engine: systemd}\n").problems();
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].starts_with("2:3 no-image: the service `a` has no image"), "{found:#?}");
    assert!(found[1].starts_with("4:3 no-image: the service `sys`"), "{found:#?}");
}

#[test]
fn engines_have_kinds_and_options() {
    let topology = lab("services:\n  vm:\n    engine:\n      kind: dind\n      args: [--debug]\n      config: {log-level: debug, n: 1, live: true}\n      \
         data: tmpfs\n      address_pool: 10.9.0.0/16\n      mtu: 1400\n      ready_timeout: 2m\n      ca: ./ca.pem\n  \
         far:\n    engine: {kind: tcp, host: \"tcp://ci:2375\", tls: true}\n  \
         mini:\n    image: kicbase\n    engine: {kind: kicbase, ssh: {authorized_keys: [k.pub, ssh-rsa AA me]}}\n")
    .file("/lab/ca.pem", "-----BEGIN CERTIFICATE-----\nx\n")
    .file("/lab/k.pub", "# mine\nssh-ed25519 BB you\n")
    .good();
    let vm = service(&topology, "vm").node.as_ref().expect("a node");
    assert_eq!(vm.kind.value, "dind");
    assert_eq!(vm.options.args, ["--debug"]);
    let config = vm.options.config.as_ref().expect("a configuration");
    assert_eq!(config.value, r#"{"live":true,"log-level":"debug","n":1}"#);
    assert_eq!((&vm.options.data, vm.options.mtu), (&DataRoot::Tmpfs, Some(1400)));
    assert_eq!(vm.options.ready_timeout, Some(Duration::from_secs(120)));
    assert_eq!(vm.options.ca.len(), 1);
    assert!(service(&topology, "vm").spans.contains_key("engine.mtu"));
    let far = service(&topology, "far").node.as_ref().expect("a node");
    assert_eq!(far.options.tls.as_deref(), Some("/certs/client"));
    let ssh =
        service(&topology, "mini").node.as_ref().and_then(|node| node.options.ssh.clone()).expect("ssh");
    assert_eq!((ssh.user.as_str(), ssh.authorized_keys.len()), ("docker", 2));
}

#[test]
fn kinds_and_options_that_do_not_exist_are_reported() {
    let found = problems("engine: dnid");
    assert!(
        found[0].starts_with("4:13 unknown-kind: there is no engine kind `dnid` (did you mean `dind`?"),
        "{found:?}"
    );
    let found = problems("engine: {kind: dind, host: \"tcp://x:1\", mtu: 5}");
    assert!(found[0].starts_with("4:26 kind-conflict: an engine of kind `dind` has no `host`"), "{found:?}");
    assert!(found[1].starts_with("4:50 bad-value: an MTU of 5"), "{found:?}");
    let found = problems("engine: {mtu: 1500}");
    assert!(found[0].starts_with("4:13 missing-key: `engine` needs a `kind`"), "{found:?}");
    let found = problems("inner: {services: {x: {image: i}}}");
    assert!(found[0].starts_with("4:5 inner-without-engine:"), "{found:?}");
}

#[test]
fn layers_nest_to_any_depth_and_files_have_their_own_directory() {
    let topology = lab("services:\n  vm:\n    engine: dind\n    inner: ./inner/compose.yaml\n")
        .file(
            "/lab/inner/compose.yaml",
            "name: deep\nimages: [busybox]\nservices:\n  vm2:\n    engine: dind\n    volumes: [./x:/x]\n    inner:\n      \
             services: {a: {image: i, volumes: [\"./y:/y\"]}}\n",
        )
        .good();
    let inner = &service(&topology, "vm").node.as_ref().expect("a node").inner;
    assert_eq!(inner.name.as_ref().map(|name| name.value.as_str()), Some("deep"));
    assert_eq!(inner.images[0].value, "busybox");
    let bind = |addr: &str| match &service(&topology, addr).spec.mounts[0].source {
        MountSource::Bind { path: BindPath::User(path), .. } => path.display().to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(bind("vm/vm2"), "/lab/inner/x");
    assert_eq!(bind("vm/vm2/a"), "/lab/inner/y");
}

#[test]
fn files_that_include_each_other_are_stopped() {
    let found = lab("services: {vm: {engine: dind, inner: a.yaml}}\n")
        .file("/lab/a.yaml", "services: {vm: {engine: dind, inner: [b.yaml]}}\n")
        .file("/lab/b.yaml", "services: {vm: {engine: dind, inner: ./nest.yaml}}\n")
        .problems();
    assert_eq!(found, ["b.yaml:1:38 include-cycle: `nest.yaml` includes itself"]);
    let found = lab("services: {vm: {engine: dind, inner: no.yaml}}\n").problems();
    assert!(found[0].starts_with("1:38 file-not-found: there is no file `no.yaml`"), "{found:?}");
}

#[test]
fn a_file_in_two_nodes_is_reported_once() {
    let found = lab("services:\n  a: {engine: dind, inner: i.yaml}\n  b: {engine: dind, inner: i.yaml}\n")
        .file("/lab/i.yaml", "services: {x: {imgae: i}}\n")
        .problems();
    assert_eq!(found.iter().filter(|line| line.contains("unknown-key")).count(), 1, "{found:?}");
}

#[test]
fn several_files_are_merged_in_order() {
    let mut lab = lab("services: {a: {image: i, ports: [\"1:1\"]}}\n")
        .file("/other/over.yaml", "services: {a: {image: j, volumes: [\"./x:/x\"]}, b: {image: k}}\n");
    lab.entry.files.push("/other/over.yaml".into());
    let topology = lab.good();
    let a = service(&topology, "a");
    assert_eq!((a.spec.image.as_str(), a.spec.ports.len()), ("j", 1));
    let MountSource::Bind { path, .. } = &a.spec.mounts[0].source else { panic!("a bind") };
    assert_eq!(*path, BindPath::User("/lab/x".into()));
    assert_eq!(topology.root.services.len(), 2);
}

#[test]
fn a_broken_file_leaves_nothing_to_go_on_with() {
    let parsed = lab("services:\n\ta: {}\n").parse();
    assert_eq!(parsed.topology, None);
    assert!(parsed.diagnostics.has_errors());
    let mut none = lab("");
    none.entry.files.clear();
    assert_eq!(none.problems(), ["- file-not-found: there is no lab file in `/lab`"]);
}

#[test]
fn every_supported_key_is_read() {
    for key in crate::spec::service_key::SERVICE_KEYS.iter().filter(|key| key.supported) {
        let engine = if key.name == "inner" { "engine: dind, " } else { "" };
        let found = lab(&format!("services: {{a: {{{engine}{}: [[x]]}}}}\n", key.name)).problems();
        let at_value = found.iter().any(|line| line.contains("wrong-type") || line.contains("bad-value"));
        assert!(at_value, "nobody reads `{}`: {found:?}", key.name);
    }
}
