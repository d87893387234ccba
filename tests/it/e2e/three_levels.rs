//! An engine in an engine in an engine: what is at the bottom is as near as what is at the top.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use nestctl::model::observed::ContainerState;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::http;
use crate::support::lab::TestLab;
use crate::support::terminal::Terminal;

const WEB: &str = "a/b/c/web";
/// Longest wait for a line that must come.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn the_bottom_of_three_levels_must_be_as_near_as_the_top() {
    let Some(lab) = TestLab::example("three-levels") else { return };
    lab.edit("nest.yaml", "8083", "21010");
    lab.run(&["up"]).ok();
    for (layer, addr) in [("", "a"), ("", "client"), ("a", "a/b"), ("a/b", "a/b/c"), ("a/b/c", WEB)] {
        let there = lab.containers_in(layer);
        assert_eq!(there.get(addr).map(|one| one.state), Some(ContainerState::Running), "{addr}");
    }

    // Through three engines to a port of this machine, from the file beside the lab.
    assert_eq!(http::get(21010, "/").as_deref(), Ok("Hello from three levels down\n"));
    // What the page is made of is bound through the nodes: an edit shows at once.
    lab.write("site/index.html", "edited\n");
    assert_eq!(http::get(21010, "/").as_deref(), Ok("edited\n"));

    exec_answers_and_passes_on(&lab);
    exec_is_a_terminal(&lab);
    logs_of_a_subtree_are_merged(&lab);
    logs_are_followed(&lab);
}

fn exec_answers_and_passes_on(lab: &TestLab) {
    let node = &lab.containers_in("a/b")["a/b/c"];
    let hostname = lab.run(&["exec", "a/b/c", "--", "cat", "/etc/hostname"]).ok();
    assert_eq!(
        hostname.stdout.trim(),
        &node.id[..12],
        "a container is called by its ID unless the file says"
    );

    let ran = lab.run(&["exec", WEB, "--", "sh", "-c", "echo out; echo err >&2; exit 42"]).code(42);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("out\n", "err\n"));

    // Bytes go down as they are, and their end is an end down there.
    let mut command = lab.command(&["exec", "-T", WEB, "--", "md5sum"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("nestctl starts");
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(1 << 20).collect();
    child.stdin.take().expect("a pipe").write_all(&bytes).expect("it takes them");
    let output = child.wait_with_output().expect("it ends");
    // md5 of the bytes 0..=255, 4096 times.
    assert_eq!(String::from_utf8_lossy(&output.stdout), "c35cc7d8d91728a0cb052831bc4ef372  -\n");
}

fn exec_is_a_terminal(lab: &TestLab) {
    let mut terminal = Terminal::run(&lab.command(&["exec", WEB, "--", "sh"]), 31, 97);
    // The marks are put together by the shell, so that an echo of the typed line is not taken for its answer.
    terminal.type_in("stty size; echo first-'end'\n");
    terminal.wait_for("first-end");
    assert!(terminal.printed().contains("31 97"), "{}", terminal.printed());
    assert!(terminal.is_raw());

    terminal.resize(40, 123);
    // The new size takes its way through three engines, so the question is asked until the answer is the new one.
    for _ in 0..600 {
        if terminal.printed().contains("40 123") {
            break;
        }
        terminal.type_in("stty size\n");
        std::thread::sleep(Duration::from_millis(100));
    }
    terminal.wait_for("40 123");

    // Ctrl-C is a key for the program inside, not the end of nestctl.
    terminal.type_in("sh -c \"echo running-'now'; exec sleep 1000\"\n");
    terminal.wait_for("running-now");
    terminal.type_in("\u{3}");
    terminal.type_in("echo third-'end'; exit 5\n");
    terminal.wait_for("third-end");
    assert_eq!(terminal.wait_for_end().code(), Some(5));
    assert!(terminal.is_as_before(), "the terminal is left raw");
}

fn logs_of_a_subtree_are_merged(lab: &TestLab) {
    let logs = lab.run(&["logs", "-t", "a/b"]).ok().stdout;
    let mut last = String::new();
    let mut seen = Vec::new();
    for line in logs.lines() {
        let (addr, rest) = line.split_once('|').or_else(|| line.split_once('│')).expect("a prefix");
        let time = rest.trim_start().split(' ').next().unwrap_or_default().to_owned();
        // Engines leave out the zeros at the end of a fraction, and all of these are of one time zone.
        let time = time.trim_end_matches('Z').to_owned();
        assert!(last <= time, "not in the order of time: {last} before {time}");
        last = time;
        seen.push(addr.trim().to_owned());
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen, ["a/b", "a/b/c", WEB]);
}

fn logs_are_followed(lab: &TestLab) {
    let mut child = lab.spawn(&["logs", "-f", "a/b/c"]);
    let lines = lines_of(child.stdout.take().expect("a pipe"));
    // The log is open once it shows a line of before.
    wait_for_line(&lines, "response:200");
    let (_, code) = lab.exec("a/b/c", WEB, &["sh", "-c", "echo later-line >/proc/1/fd/1"]);
    assert_eq!(code, 0);
    let line = wait_for_line(&lines, "later-line");
    assert!(line.starts_with(WEB), "{line}");

    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).expect("it runs");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert_eq!(said, "", "to leave a followed log is no mishap");
}

fn lines_of(output: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            if line.is_err() || line.is_ok_and(|line| sender.send(line).is_err()) {
                return;
            }
        }
    });
    receiver
}

#[track_caller]
fn wait_for_line(lines: &Receiver<String>, text: &str) -> String {
    loop {
        let line = lines.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("no line with `{text}`"));
        if line.contains(text) {
            return line;
        }
    }
}
