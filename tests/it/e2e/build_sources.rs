//! Builds whose files are elsewhere, and that use the user's agent of ssh.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::support::lab::TestLab;
use crate::support::real_engine::block_on;
use crate::support::test_image::{Borrowed, tar_of};

/// A program that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn image(what: &str) -> String {
    format!("nestctl-e2e/{what}-{}:1", std::process::id())
}

fn busybox() -> String {
    std::env::var("BUSYBOX_IMAGE").unwrap_or_default()
}

fn is_there(lab: &TestLab, image: &str) -> bool {
    block_on(lab.engine().inspect_image(image)).is_ok()
}

/// Runs a program in a directory; whether there is one.
fn run(directory: &Path, program: &str, args: &[&str]) -> bool {
    let ran = Command::new(program)
        .args(args)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    ran.map(|status| assert!(status.success(), "{program} {args:?}: {status}")).is_ok()
}

/// Gives every caller the same bytes, for as long as the test program runs.
fn serve(bytes: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&bytes));
        }
    });
    port
}

#[test]
fn a_context_may_be_an_archive_at_an_address() {
    let [whole, more] = ["archive", "archive-more"].map(image);
    let dockerfile = format!("FROM {}\nCOPY file /file\n", busybox());
    let archive = tar_of(&[("Dockerfile", dockerfile.as_bytes()), ("file", b"from far")]);
    let port = serve(archive);
    let yaml = format!(
        "services:\n  whole: {{image: {whole}, build: \"http://127.0.0.1:{port}/context.tar\", init: true, command: [sleep, infinity]}}\n  \
         more:\n    image: {more}\n    init: true\n    command: [sleep, infinity]\n    build:\n      context: .\n      \
         additional_contexts: [\"far=http://127.0.0.1:{port}/context.tar\"]\n      dockerfile_inline: |\n        \
         FROM {}\n        COPY --from=far context.tar /\n        RUN tar -xOf /context.tar file > /file\n",
        busybox()
    );
    let Some(lab) = TestLab::new("archive", &yaml) else { return };
    let (_borrowed, lab) = Borrowed::with(lab, &[&whole, &more]);
    lab.run(&["up"]).ok();
    for service in ["whole", "more"] {
        assert_eq!(lab.exec("", service, &["cat", "/file"]).0, "from far", "{service}");
    }
}

#[test]
fn a_context_may_be_a_directory_of_a_repository() {
    let names = ["repository", "tagged", "named"].map(image);
    // A port that nobody had a moment ago: the server does not say which one it took.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
    let address = format!("git://127.0.0.1:{port}/repository");
    let [whole, tagged, named] = &names;
    let yaml = format!(
        "services:\n  whole: {{image: {whole}, build: \"{address}#main:sub\"}}\n  \
         tagged:\n    image: {tagged}\n    build: {{context: \"{address}#first:sub\", network: none, args: {{WANTED: first}}}}\n  \
         named:\n    image: {named}\n    build:\n      context: .\n      network: none\n      \
         additional_contexts: {{far: \"{address}#main:sub\"}}\n      dockerfile_inline: |\n        \
         FROM {}\n        COPY --from=far file /file\n        RUN test \"$$(cat /file)\" = second\n",
        busybox()
    );
    let Some(lab) = TestLab::new("repository", &yaml) else { return };
    let (_borrowed, lab) = Borrowed::with(lab, &[whole, tagged, named]);
    let dockerfile = format!(
        "FROM {}\nARG WANTED=second\nCOPY file /file\nRUN --network=none test \"$(cat /file)\" = $WANTED\n",
        busybox()
    );
    lab.write("repository/sub/Dockerfile", &dockerfile);
    let repository = lab.directory.join("repository");
    let git = |args: &[&str]| {
        let who = ["-c", "user.name=lab", "-c", "user.email=lab@localhost", "-c", "init.defaultBranch=main"];
        run(&repository, "git", &[&who, args].concat())
    };
    if !git(&["init", "-q"]) {
        println!("skipped: no git on this machine to serve a repository");
        return;
    }
    for text in ["first", "second"] {
        lab.write("repository/sub/file", text);
        git(&["add", "-A"]);
        git(&["commit", "-q", "-m", text]);
        git(&["tag", text]);
    }
    let programs = Command::new("git").arg("--exec-path").output().expect("git is there").stdout;
    let programs = String::from_utf8_lossy(&programs).into_owned();
    let _server = Ends(
        // Not as `git daemon`, which is another process, and would outlive the one that is known.
        Command::new(Path::new(programs.trim()).join("git-daemon"))
            .args(["--export-all", "--reuseaddr", "--listen=127.0.0.1"])
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", lab.directory.display()))
            .stderr(Stdio::null())
            .spawn()
            .expect("git is there"),
    );
    let ran = lab.run(&["build"]);
    if ran.stderr.contains("exec: \"git\": executable file not found") {
        println!("skipped: the engine has no git, by which BuildKit fetches repositories");
        return;
    }
    ran.ok();
    assert!(names.iter().all(|name| is_there(&lab, name)));
}

#[test]
fn the_users_agent_must_sign_for_a_build() {
    let signed = image("signed");
    let base = std::env::var("SYSTEMD_IMAGE").unwrap_or_default();
    let yaml = format!(
        "services:\n  app:\n    image: {signed}\n    build:\n      context: .\n      ssh: [default]\n      no_cache: true\n      \
         args: {{KEY: }}\n      dockerfile_inline: |\n        FROM {base}\n        ARG KEY\n        \
         RUN --mount=type=ssh ssh-add -L | grep -qF \"$$KEY\"\n        \
         RUN --mount=type=ssh echo \"$$KEY\" > /key.pub && echo text > /text && ssh-keygen -Y sign -n file -f /key.pub /text\n"
    );
    let Some(lab) = TestLab::new("agent", &yaml) else { return };
    let (_borrowed, lab) = Borrowed::with(lab, &[&signed]);
    if !run(&lab.directory, "ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", "id"]) {
        println!("skipped: no ssh-agent on this machine");
        return;
    }
    let key = std::fs::read_to_string(lab.directory.join("id.pub")).expect("a key");
    // As `ssh-agent COMMAND` it is there before the command runs, and goes with it. The path of a socket is short.
    let mut agent = Command::new("ssh-agent")
        .args(["sh", "-c", "ssh-add -q id && echo $SSH_AUTH_SOCK && exec cat"])
        .current_dir(&lab.directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ssh-agent comes with ssh-keygen");
    let mut socket = String::new();
    let out = agent.stdout.take().expect("a pipe");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut socket).expect("a line");
    let _agent = Ends(agent);
    let lab = lab.with("SSH_AUTH_SOCK", socket.trim()).with("KEY", key.trim());
    lab.run(&["build"]).ok();
    assert!(is_there(&lab, &signed));

    // An agent that has gone is told, and nothing is built.
    let gone = lab.with("SSH_AUTH_SOCK", "/nonexistent/agent").run(&["build"]).code(1);
    assert!(gone.stderr.contains("agent"), "{}", gone.stderr);
}
