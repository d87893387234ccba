//! Times, what they come to, and how they are printed.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A program that has run.
pub(crate) struct Ran {
    pub(crate) took: Duration,
    pub(crate) stdout: String,
    /// Largest resident memory, in KiB.
    pub(crate) peak_kib: u64,
}

/// Runs a program to its end, by the wall clock.
///
/// # Panics
/// When it fails, with what it said.
pub(crate) fn run(command: &mut Command) -> Ran {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let began = Instant::now();
    let child = command.spawn().expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let ended = AtomicBool::new(false);
    let (output, peak_kib) = thread::scope(|scope| {
        // The kernel keeps the peak for as long as the process lives; what it grows in its last moment is missed.
        let watcher = scope.spawn(|| {
            let mut peak = 0;
            while !ended.load(Ordering::Relaxed) {
                peak = peak_of(&fs::read_to_string(&status).unwrap_or_default()).max(peak);
                thread::sleep(Duration::from_millis(10));
            }
            peak
        });
        let output = child.wait_with_output().expect("the program ends");
        let took = began.elapsed();
        ended.store(true, Ordering::Relaxed);
        ((output, took), watcher.join().expect("reading a file does not panic"))
    });
    let (output, took) = output;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {}\n{stdout}\n{stderr}", output.status);
    Ran { took, stdout, peak_kib }
}

/// `VmHWM` of /proc/PID/status, in KiB.
fn peak_of(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Averages of runnable programs over 1, 5 and 15 minutes.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// The middle one, and the least and the largest.
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

fn spread(mut values: Vec<f64>) -> Spread {
    values.sort_by(f64::total_cmp);
    Spread { median: values[values.len() / 2], least: values[0], most: values[values.len() - 1] }
}

fn seconds(times: &[Duration]) -> String {
    let Spread { median, least, most } = spread(times.iter().map(Duration::as_secs_f64).collect());
    format!("{median:.3} ({least:.2}-{most:.2}) s")
}

pub(crate) fn head() {
    println!("{:<44} {:>24} {:>24} {:>20}  bar", "what", "nestctl", "rival", "ratio");
}

/// A row: the ratio is that of the two times of one turn, and its bar what DESIGN section 10 asks for.
pub(crate) fn ratio(what: &str, ours: &[Duration], theirs: &[Duration], bar: f64) {
    let of_turns = ours.iter().zip(theirs).map(|(a, b)| a.as_secs_f64() / b.as_secs_f64());
    let Spread { median, least, most } = spread(of_turns.collect());
    let (ours, theirs) = (seconds(ours), seconds(theirs));
    let met = if median <= bar { "" } else { "  missed" };
    println!(
        "{what:<44} {ours:>24} {theirs:>24} {:>20}  <= {bar:.2}{met}",
        format!("{median:.2} ({least:.2}-{most:.2})")
    );
}

/// A row that has a limit and no rival.
pub(crate) fn limit(what: &str, ours: &[Duration], limit: Duration) {
    let median = spread(ours.iter().map(Duration::as_secs_f64).collect()).median;
    let met = if median <= limit.as_secs_f64() { "" } else { "  missed" };
    println!("{what:<44} {:>24} {:>24} {:>20}  <= {:.2} s{met}", seconds(ours), "", "", limit.as_secs_f64());
}

/// A row that is only told.
pub(crate) fn told(what: &str, ours: &[Duration], theirs: &[Duration]) {
    let theirs = if theirs.is_empty() { String::new() } else { seconds(theirs) };
    println!("{what:<44} {:>24} {theirs:>24}", seconds(ours));
}

/// A row of memory.
pub(crate) fn memory(what: &str, peak_kib: u64, bar_mib: u64) {
    let met = if peak_kib <= bar_mib * 1024 { "" } else { "  missed" };
    println!("{what:<44} {:>20} MiB {:>24} {:>20}  < {bar_mib} MiB{met}", peak_kib / 1024, "", "");
}
