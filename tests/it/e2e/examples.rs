//! The labs of `examples/`: each comes up as it stands there, and does what its comments promise.
//!
//! Only their host ports are replaced, so that a lab of the person who runs the tests is in nobody's way.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use nestctl::engine::engine::{Engine, Remove};
use nestctl::model::label;
use nestctl::model::observed::{ContainerState, Health};

use crate::support::http;
use crate::support::lab::TestLab;
use crate::support::real_engine::{block_on, eventually};

/// Every example, with the test that tries it.
const TRIED: [&str; 8] = [
    "agent",
    "ci-pipeline",
    // In `quickstart.rs`.
    "quickstart",
    "rootless",
    "sandbox-socket",
    "sandbox-sysbox",
    // In `three_levels.rs`.
    "three-levels",
    "vm",
];

#[test]
fn every_example_must_be_tried() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let there: BTreeSet<String> = fs::read_dir(examples)
        .expect("the examples")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(there, TRIED.map(str::to_owned).into(), "an example without a test, or a test without one");
}

#[test]
fn the_agent_must_run_its_jobs_and_one_that_comes_later_on_an_engine_of_its_own() {
    let Some(lab) = TestLab::example("agent") else { return };
    lab.run(&["up"]).ok();
    let said = lab.run(&["logs", "--no-log-prefix", "node/agent"]).ok().stdout;
    for line in ["job hello: passed", "the sum is 500500", "job sum: passed"] {
        assert!(said.lines().any(|one| one == line), "no `{line}` in:\n{said}");
    }

    lab.write("jobs/later.sh", "echo \"later is $(hostname)\"; sleep 2\n");
    let (hostname, project) = block_on(async {
        let node = lab.engine_of("node").await;
        let job = eventually("the job runs in a container on the node's engine", || async {
            let seen = node.observe().await.ok()?;
            seen.containers.into_iter().find(|one| one.name == "job-later")
        })
        .await;
        let root = lab.engine().observe().await.expect("the engine lists its objects");
        assert!(root.containers.iter().all(|one| one.id != job.id), "the job is on the user's engine");
        (job.id[..12].to_owned(), job.labels.get(label::PROJECT).cloned())
    });
    assert_eq!(project, None, "a job is the agent's, not the lab's");
    block_on(eventually("the job has passed", || async {
        let said = lab.run(&["logs", "--no-log-prefix", "node/agent"]).stdout;
        (said.contains(&format!("later is {hostname}")) && said.contains("job later: passed")).then_some(())
    }));
}

#[test]
fn the_pipeline_must_build_run_and_push_an_image_that_the_users_engine_never_sees() {
    let Some(lab) = TestLab::example("ci-pipeline") else { return };
    lab.run(&["up"]).ok();
    let jobs = lab.containers_in("ci");
    for job in ["ci/build", "ci/test", "ci/push"] {
        assert_eq!((jobs[job].state, jobs[job].exit_code), (ContainerState::Exited, Some(0)), "{job}");
    }
    let registry = lab.run(&["logs", "--no-log-prefix", "verify"]).ok().json();
    assert_eq!(registry, serde_json::json!({"name": "app", "tags": ["1"]}));
    let said = lab.run(&["logs", "--no-log-prefix", "ci/test"]).ok().stdout;
    assert_eq!(said, "the greeting is there\n");
    block_on(async {
        let image = "registry:5000/app:1";
        lab.engine_of("ci").await.inspect_image(image).await.expect("it was built on the node's engine");
        assert!(lab.engine().inspect_image(image).await.is_err(), "the user's engine has it");
    });
}

#[test]
fn the_rootless_engine_must_run_as_an_ordinary_user_and_its_port_answer() {
    let Some(lab) = TestLab::example("rootless") else { return };
    lab.edit("nest.yaml", "8084", "21011");
    lab.run(&["up"]).ok();
    assert_eq!(http::get(21011, "/").as_deref(), Ok("Hello from uid 1000\n"));
    let id = lab.run(&["exec", "node", "--", "id", "-u"]).ok();
    assert_eq!(id.stdout, "1000\n");
    // What is root in the inner container is the ordinary user outside of it.
    let (uid, code) = lab.exec("node", "node/web", &["id", "-u"]);
    assert_eq!((uid.as_str(), code), ("0\n", 0));
    let (map, _) = lab.exec("node", "node/web", &["cat", "/proc/self/uid_map"]);
    let first: Vec<&str> = map.split_whitespace().take(2).collect();
    assert_eq!(first, ["0", "1000"], "{map}");
}

#[test]
fn the_sandbox_on_the_socket_must_be_siblings_that_show_below_it() {
    let Some(lab) = TestLab::example("sandbox-socket") else { return };
    let _image = BorrowedTag::put(&lab.engine(), "DIND_IMAGE", "docker:cli");
    lab.run(&["up"]).ok();
    // One engine has all of it.
    let there = lab.containers();
    let addresses: Vec<&str> = there.keys().map(String::as_str).collect();
    assert_eq!(addresses, ["sandbox", "sandbox/visitor", "sandbox/web"]);
    assert!(there.values().all(|one| one.state == ContainerState::Running), "{there:#?}");
    assert_eq!(there["sandbox/web"].health, Some(Health::Healthy));
    let said = lab.run(&["logs", "--no-log-prefix", "sandbox/visitor"]).ok().stdout;
    assert_eq!(said, "Hello from the sandbox\n");

    let seen = lab.run(&["exec", "sandbox", "--", "docker", "ps", "--no-trunc", "-q"]).ok().stdout;
    let seen: BTreeSet<&str> = seen.lines().collect();
    for (addr, container) in &there {
        assert!(seen.contains(container.id.as_str()), "the sandbox does not see {addr}");
    }
    let rows = lab.run(&["ps", "--format", "json"]).ok().json();
    let shown: Vec<&str> =
        rows.as_array().expect("a list").iter().filter_map(|row| row["address"].as_str()).collect();
    assert_eq!(shown, addresses);
}

#[test]
fn the_sandbox_on_sysbox_must_differ_by_one_word_and_be_refused_before_anything_is_made() {
    let one = |example: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example).join("nest.yaml");
        let text = fs::read_to_string(path).expect("the example");
        text.lines().filter(|line| !line.trim_start().starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    let (socket, sysbox) = (one("sandbox-socket"), one("sandbox-sysbox"));
    let changed: Vec<_> = socket.iter().zip(&sysbox).filter(|(a, b)| a != b).collect();
    assert_eq!(socket.len(), sysbox.len());
    assert_eq!(changed, [(&"    engine: socket".to_owned(), &"    engine: sysbox".to_owned())]);

    let Some(lab) = TestLab::example("sandbox-sysbox") else { return };
    let facts = block_on(async { lab.engine().facts().await.expect("the engine's facts") });
    if facts.runtimes.iter().any(|runtime| runtime == "sysbox-runc") {
        println!("skipped: this engine has Sysbox");
        return;
    }
    let ran = lab.run(&["up"]).code(3);
    assert!(ran.stderr.contains("`sysbox-runc`"), "{}", ran.stderr);
    assert_eq!(lab.leftovers(), Vec::<String>::new(), "something was made");
}

#[test]
fn the_vm_must_let_the_key_in_and_run_its_services_and_containers() {
    let Some(mut lab) = TestLab::example("vm") else { return };
    lab.edit("nest.yaml", "20022", "21012");
    let key = Key::make(&lab);
    lab = lab.with("SSH_PUBLIC_KEY", key.public.display().to_string());
    lab.run(&["up"]).ok();

    let inner = lab.containers_in("vm");
    for addr in ["vm/db", "vm/web"] {
        assert_eq!(inner[addr].health, Some(Health::Healthy), "{addr}");
    }
    let active = lab.run(&["exec", "vm", "--", "systemctl", "is-active", "docker", "ssh"]).ok();
    assert_eq!(active.stdout, "active\nactive\n");

    // The key is where sshd takes it from: a file that others may write it would ignore.
    let file = "/root/.ssh/authorized_keys";
    let (stat, _) = lab.exec("", "vm", &["stat", "-c", "%a %u:%g", file, "/root/.ssh"]);
    assert_eq!(stat, "600 0:0\n700 0:0\n");
    let (keys, _) = lab.exec("", "vm", &["cat", file]);
    let public = fs::read_to_string(&key.public).expect("the key");
    assert!(keys.lines().any(|line| line == public.trim_end()), "{keys}");

    let banner = block_on(eventually("sshd answers", || async { http::greeting(21012).ok() }));
    assert!(banner.starts_with("SSH-2.0-"), "{banner}");
    let page = "exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; tail -n 1 <&3";
    if let Some(mut login) = key.login(21012) {
        let said = login.arg(format!("hostname; {page}")).output().expect("ssh runs");
        let stderr = String::from_utf8_lossy(&said.stderr);
        assert_eq!(String::from_utf8_lossy(&said.stdout), "vm\n42\n", "{stderr}");
    } else {
        let (said, _) = lab.exec("", "vm", &["bash", "-c", page]);
        assert_eq!(said, "42\n");
    }
}

/// A second name of a test image, for as long as a scenario needs it: kinds bring an image of their own, which no
/// registry is asked for in the tests.
struct BorrowedTag {
    engine: Option<Arc<dyn Engine>>,
    reference: &'static str,
}

impl BorrowedTag {
    /// Names the image of the environment variable `image`, unless the engine has `reference` anyway.
    fn put(engine: &Arc<dyn Engine>, image: &str, reference: &'static str) -> Self {
        let engine = Arc::clone(engine);
        block_on(async {
            if engine.inspect_image(reference).await.is_ok() {
                return Self { engine: None, reference };
            }
            let image = std::env::var(image).expect("the tests name their images");
            engine.tag(&image, reference).await.expect("the engine has the test image");
            Self { engine: Some(engine), reference }
        })
    }
}

impl Drop for BorrowedTag {
    fn drop(&mut self) {
        if let Some(engine) = &self.engine {
            let gone = block_on(engine.remove(&Remove::Image(self.reference.to_owned())));
            assert!(gone.is_ok() || std::thread::panicking(), "{}: {gone:?}", self.reference);
        }
    }
}

/// A key of the person who tries the example.
struct Key {
    public: PathBuf,
    private: Option<PathBuf>,
}

impl Key {
    /// A new key in the lab's directory; where there is no `ssh-keygen`, a public key that nobody has the other
    /// half of.
    fn make(lab: &TestLab) -> Self {
        let private = lab.directory.join("id");
        let public = private.with_extension("pub");
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "e2e", "-f"])
            .arg(&private)
            .status();
        if made.is_ok_and(|status| status.success()) {
            return Self { public, private: Some(private) };
        }
        println!("no ssh-keygen here: the key is put in, and nobody logs in with it");
        lab.write(
            "id.pub",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA e2e\n",
        );
        Self { public, private: None }
    }

    /// `ssh` to the node with this key, if there is such a program.
    fn login(&self, port: u16) -> Option<Command> {
        let private = self.private.as_ref()?;
        if Command::new("ssh").arg("-V").output().is_err() {
            println!("no ssh here: nobody logs in");
            return None;
        }
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"]);
        ssh.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-i"]).arg(private);
        ssh.args(["-p", &port.to_string(), "root@127.0.0.1"]);
        Some(ssh)
    }
}
