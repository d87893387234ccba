//! Generated combinations of files: merges, `!reset` and `!override`, `extends`, `include`, profiles, variables,
//! anchors, short and long forms. Both tools print the same of each, or both refuse it.
//!
//! `NESTCTL_TEST_CASES` is how many there are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{RngSeed, TestRunner};

use super::case::{Case, peer};

/// Keys of a service, and values for each. Values for one key are of several forms, so that merges meet them mixed.
const KEYS: &[(&str, &[&str])] = &[
    ("image", &["busybox", "nginx:${TAG:-1.27}", "\"${UNSET}x\"", "${SET:?needed}", "r.io/a/b:${DOTENV}"]),
    ("command", &["echo hi", "[\"sh\", \"-c\", \"echo $$X\"]", "\"\"", "[]", "echo \"a b\" 'c'", "null"]),
    ("entrypoint", &["/x", "[a, b]", "\"\"", "null"]),
    (
        "environment",
        &[
            "{A: 1, B: two}",
            "[\"A=3\", \"C=${SET}\"]",
            "{A: null, D: true}",
            "[SET]",
            "{E: 1.50, F: \"\"}",
            "{G: \"${DOTENV-no}$${x}\"}",
        ],
    ),
    (
        "env_file",
        &["some.env", "[some.env, {path: missing.env, required: false}]", "[{path: raw.env, format: raw}]"],
    ),
    ("labels", &["{a: b, c: 1}", "[\"a=z\", d]", "{e: null}", "[\"f=${SET}\"]"]),
    (
        "ports",
        &[
            "[\"80\"]",
            "[\"8080:80\", \"127.0.0.1:9000-9001:90-91/udp\"]",
            "[{target: 80, published: \"8080\"}]",
            "[{target: 53, protocol: udp, published: \"53\", host_ip: 127.0.0.1}]",
            "[8080, \"[::1]:1:2\"]",
            "[\"8000-8009:80\"]",
        ],
    ),
    ("expose", &["[80]", "[\"90\", \"80\"]", "[\"100-101/udp\"]"]),
    (
        "volumes",
        &[
            "[\"./a:/a\"]",
            "[\"data:/d\"]",
            "[\"/anon\", \"./b:/a:ro\"]",
            "[{type: bind, source: ./c, target: /a}]",
            "[{type: volume, source: data, target: /d, volume: {nocopy: true}}]",
            "[{type: tmpfs, target: /t, tmpfs: {size: 10m}}]",
            "[\"~/h:/h:z\"]",
            "[\"../up:/u/\"]",
        ],
    ),
    (
        "networks",
        &[
            "[front]",
            "{front: {aliases: [x]}}",
            "[default, back]",
            "{back: null}",
            "{front: {ipv4_address: 10.5.0.9, priority: 3}}",
            "{}",
        ],
    ),
    (
        "depends_on",
        &[
            "[b]",
            "{b: {condition: service_healthy}}",
            "[c]",
            "{d: {condition: service_started, required: false, restart: true}}",
        ],
    ),
    (
        "healthcheck",
        &[
            "{test: curl x, interval: 90s}",
            "{test: [CMD, a], retries: 3}",
            "{disable: true}",
            "{timeout: 1h, start_period: 1500ms}",
        ],
    ),
    (
        "deploy",
        &[
            "{replicas: 2}",
            "{resources: {limits: {memory: 50m, cpus: \"0.5\"}}}",
            "{labels: [\"x=y\"]}",
            "{labels: {x: z}, mode: replicated}",
            "{restart_policy: {condition: on-failure, delay: 5s}}",
        ],
    ),
    ("profiles", &["[p]", "[q]", "[p, q]", "[]"]),
    ("extra_hosts", &["[\"a:1.1.1.1\"]", "{a: 1.1.1.2}", "[\"b=::1\"]"]),
    ("dns", &["8.8.8.8", "[1.1.1.1, 8.8.4.4]"]),
    ("tmpfs", &["/run", "[/run, \"/tmp:size=1m\"]"]),
    ("cap_add", &["[A]", "[B, A]"]),
    ("ulimits", &["{nofile: 10}", "{nofile: {soft: 1, hard: 2}}", "{nproc: 5}"]),
    ("sysctls", &["{a.b: 1}", "[\"a.b=2\", \"c.d=3\"]"]),
    (
        "logging",
        &["{driver: json-file, options: {max-size: 1m}}", "{options: {max-file: 3}}", "{driver: local}"],
    ),
    ("restart", &["always", "\"no\"", "on-failure:3"]),
    ("stop_grace_period", &["90s", "1m30s", "${GRACE:-2s}"]),
    ("init", &["true", "false", "${SWITCH:-true}"]),
    ("scale", &["2", "${SCALE:-3}"]),
    ("shm_size", &["64m", "1gb"]),
    ("configs", &["[conf]", "[{source: conf, target: /c, mode: 0440}]"]),
    ("secrets", &["[sec]", "[{source: sec, target: x, uid: \"1\"}]"]),
    ("devices", &["[\"/dev/null\"]", "[\"/dev/null:/dev/x:r\"]", "[{source: /dev/null, target: /dev/x}]"]),
    ("x-more", &["{a: [1, 2.5, true, null]}", "text", "{b: \"${SET}\"}"]),
    ("hostname", &["h", "\"${SET}\""]),
    ("user", &["\"1:2\"", "root"]),
    ("read_only", &["true", "false"]),
    (
        "extends",
        &[
            "{service: b}",
            "{service: base, file: base/base.yaml}",
            "{service: deep, file: base/base.yaml}",
            "c",
        ],
    ),
    ("<<", &["*common"]),
];

/// Keys of a file beside its services. Volumes carry no labels: where two files give them, Compose 2.40 refuses what it
/// has itself merged (`labels must be a mapping`).
const TOP: &[(&str, &[&str])] = &[
    (
        "networks",
        &[
            "{front: {ipam: {config: [{subnet: 10.5.0.0/16}]}}, back: {driver: bridge}}",
            "{back: {internal: true, labels: [\"a=b\"]}, front: null}",
            "{front: {ipam: {config: [{subnet: 10.5.0.0/16}]}}}",
            "{front: {ipam: {config: [{subnet: 10.6.0.0/16, gateway: 10.6.0.9}]}}}",
        ],
    ),
    ("volumes", &["{data: {}}", "{data: {driver: local}, other: null}", "{data: {name: \"${SET}-data\"}}"]),
    ("configs", &["{conf: {content: \"a $$b ${SET}\"}}", "{conf: {file: ./conf.txt}}"]),
    ("secrets", &["{sec: {file: ./sec.txt}}", "{sec: {environment: SET}}"]),
    ("name", &["one", "\"${SET}-lab\""]),
    (
        "include",
        &[
            "[inc/inc.yaml]",
            "[{path: inc/inc.yaml, project_directory: .}]",
            "[{path: [inc/inc.yaml, inc/more.yaml], env_file: inc/other.env}]",
        ],
    ),
];

/// The names of services that pieces go to. Beside them is `d`, which no profile leaves out: an optional dependency on one that is
/// left out has its row in `against`.
const SERVICES: &[&str] = &["a", "b", "c"];
/// Files that are given in order.
const GIVEN: &[&str] = &["compose.yaml", "two.yaml", "three.yaml", "four.yaml"];

/// One key somewhere.
#[derive(Clone, Debug)]
struct Piece {
    file: usize,
    service: Index,
    key: Index,
    value: Index,
    tag: u8,
}

/// Files beside those that are generated.
const FIXED: &[(&str, &str)] = &[
    (".env", "DOTENV=fromdotenv\nTAG=dot\n"),
    ("some.env", "A=file\nH=\"x ${SET}\"\nI='$raw'\n"),
    ("raw.env", "J=\"kept\"\n"),
    ("conf.txt", "c"),
    ("sec.txt", "s"),
    ("base/some.env", "A=base\n"),
    (
        "base/base.yaml",
        "services:\n  base:\n    image: base\n    environment: {BASE: \"${SET}\", A: base}\n    volumes: [\"./here:/here\", \"data:/d\"]\n    labels: [\"from=base\"]\n  deep:\n    extends: {service: base}\n    env_file: some.env\n    ports: [\"1:1\"]\n    command: [deep]\n",
    ),
    ("inc/.env", "TAG=inc\nONLY=inc\n"),
    ("inc/other.env", "TAG=other\n"),
    (
        "inc/inc.yaml",
        "services:\n  included:\n    image: \"inc:${TAG}-${ONLY:-none}\"\n    volumes: [\"./x:/x\"]\n    networks: [own]\nnetworks: {own: {}}\n",
    ),
    ("inc/more.yaml", "services:\n  included:\n    environment: {MORE: \"${TAG}\"}\n"),
];

/// The texts of the files that the pieces make.
fn files(count: usize, pieces: &[Piece]) -> BTreeMap<String, String> {
    let mut out: BTreeMap<String, String> =
        FIXED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    for (number, name) in GIVEN.iter().take(count).enumerate() {
        let mut top: BTreeMap<&str, String> = BTreeMap::new();
        let mut services: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
        if number == 0 {
            for service in SERVICES.iter().chain(&["d"]) {
                services.entry(service).or_default().insert("image", "busybox".to_owned());
            }
            for key in ["networks", "volumes", "configs", "secrets"] {
                let (_, values) = TOP.iter().find(|(name, _)| *name == key).expect("a key of the table");
                top.insert(key, values[0].to_owned());
            }
        }
        for piece in pieces.iter().filter(|piece| piece.file % count == number) {
            let at = piece.key.index(KEYS.len() + TOP.len());
            let tag = match piece.tag {
                0 if number > 0 => "!override ",
                1 if number > 0 => "!reset ",
                _ => "",
            };
            if let Some((key, values)) = KEYS.get(at) {
                let value = piece.value.get(values);
                // Compose takes a tagged `null` for the text.
                let tag = if matches!(*key, "<<" | "extends") || *value == "null" { "" } else { tag };
                let service = piece.service.get(SERVICES);
                services.entry(service).or_default().insert(key, format!("{tag}{value}"));
            } else {
                let (key, values) = TOP[at - KEYS.len()];
                top.insert(key, (*piece.value.get(values)).to_owned());
            }
        }
        // A tag beside a merge key that has the same key has its row in `against`.
        for keys in services.values_mut().filter(|keys| keys.contains_key("<<")) {
            for key in ["environment", "hostname"] {
                if let Some(value) = keys.get_mut(key) {
                    *value = value.trim_start_matches("!reset ").trim_start_matches("!override ").to_owned();
                }
            }
        }
        let mut text =
            String::from("x-common: &common\n  environment: {COMMON: \"${SET}\"}\n  hostname: common\n");
        for (key, value) in &top {
            writeln!(text, "{key}: {value}").expect("a string takes all");
        }
        text.push_str(if services.is_empty() { "services: {}\n" } else { "services:\n" });
        for (service, keys) in &services {
            writeln!(text, "  {service}:").expect("a string takes all");
            for (key, value) in keys {
                writeln!(text, "    {key}: {value}").expect("a string takes all");
            }
        }
        out.insert((*name).to_owned(), text);
    }
    out
}

fn piece() -> impl Strategy<Value = Piece> {
    (0_usize..4, any::<Index>(), any::<Index>(), any::<Index>(), 0_u8..12)
        .prop_map(|(file, service, key, value, tag)| Piece { file, service, key, value, tag })
}

#[test]
fn generated_files_resolve_as_the_peer_resolves_them() {
    let Some(peer) = peer() else {
        println!("skipped: NESTCTL_TEST_PEER names no docker-compose");
        return;
    };
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let cases = number("NESTCTL_TEST_CASES").unwrap_or(120);
    let seed = u64::from(number("NESTCTL_TEST_SEED").unwrap_or(1));
    let config = ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 80,
        ..ProptestConfig::default()
    };
    let directory = std::env::temp_dir().join(format!("nestctl-generated-{}", std::process::id()));
    let given = (1_usize..=4, prop::collection::vec(piece(), 1..14), prop::option::of(Just("p")));
    let outcome = TestRunner::new(config).run(&given, |(count, pieces, profile)| {
        let files = files(count, &pieces);
        let case = written(&directory, &files, count, profile);
        let difference = case.compare(&peer, true, &mut Vec::new());
        if difference.is_empty() {
            return Ok(());
        }
        let mut text = format!("{difference}profile {profile:?}\n");
        for name in &GIVEN[..count] {
            writeln!(text, "--- {name}\n{}", files[*name]).expect("a string takes all");
        }
        Err(TestCaseError::fail(text))
    });
    let _ = std::fs::remove_dir_all(&directory);
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

fn written(directory: &Path, files: &BTreeMap<String, String>, count: usize, profile: Option<&str>) -> Case {
    for (name, text) in files {
        let path: PathBuf = directory.join(name);
        std::fs::create_dir_all(path.parent().expect("a file has a directory")).expect("writable");
        std::fs::write(path, text).expect("writable");
    }
    let mut args: Vec<String> = Vec::new();
    for name in &GIVEN[..count] {
        args.extend(["-f".to_owned(), (*name).to_owned()]);
    }
    if let Some(profile) = profile {
        args.extend(["--profile".to_owned(), profile.to_owned()]);
    }
    let vars = BTreeMap::from([("SET".to_owned(), "set".to_owned())]);
    Case { directory: directory.to_owned(), args, vars }
}
