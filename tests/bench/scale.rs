//! How reading, checking and planning grow with the lab: `cargo bench --bench scale` (or `cargo xtask bench scale`).
//!
//! Owns the measuring of large labs without an engine. Prints a table and asserts nothing: machines differ. Each row is a
//! process of its own, so that its peak memory is its own. Times are of the processor, the kernel's part included, and no
//! wall clock's: other programs on the machine do not count.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nestctl::engine::fake::fake_engine::FakeEngine;
use nestctl::ops::context::Ctx;
use nestctl::ops::load::{LoadOptions, load};
use nestctl::ops::root;
use nestctl::ops::up::{Orphans, Until, UpOptions, prepare_up};
use nestctl::plan::goal::Way;
use nestctl::spec::files::Vars;

/// As in the binary.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs of one row; the table shows the median and the range.
const RUNS: usize = 5;
/// Marks a process that measures one row: the shape of its lab and its size.
const ROW: &str = "--row";

/// How a lab of many services is laid out.
#[derive(Clone, Copy)]
struct Shape {
    name: &'static str,
    sizes: &'static [usize],
    write: fn(&Path, usize),
}

const SHAPES: &[Shape] = &[
    Shape { name: "services in one file", sizes: &[100, 1_000, 10_000], write: one_file },
    Shape { name: "files by include", sizes: &[10, 100, 1_000], write: included },
    Shape { name: "services in 10 nodes", sizes: &[100, 1_000, 10_000], write: nodes },
];

/// One row's figures.
struct Measured {
    read: Duration,
    plan: Duration,
    steps: usize,
    peak_kib: u64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|it| it == ROW) {
        let row = arguments.get(at + 1).map(PathBuf::from).expect("the directory of the lab");
        let found = measure(&row);
        println!("{} {} {} {}", found.read.as_micros(), found.plan.as_micros(), found.steps, found.peak_kib);
        return;
    }
    println!(
        "{:<22} {:>7} {:>15} {:>15} {:>15} {:>10} {:>8}",
        "lab", "size", "read+check", "plan", "both", "peak", "steps"
    );
    for shape in SHAPES {
        for &size in shape.sizes {
            let directory = std::env::temp_dir().join(format!("nestctl-scale-{}-{size}", std::process::id()));
            fs::create_dir_all(&directory).expect("a directory for the lab");
            (shape.write)(&directory, size);
            let rows: Vec<Measured> = (0..RUNS).map(|_| in_a_process(&directory)).collect();
            fs::remove_dir_all(&directory).expect("the lab's directory goes");
            let peak = rows.iter().map(|row| row.peak_kib).max().unwrap_or_default();
            println!(
                "{:<22} {size:>7} {:>15} {:>15} {:>15} {:>7} MB {:>8}",
                shape.name,
                spread(rows.iter().map(|row| row.read)),
                spread(rows.iter().map(|row| row.plan)),
                spread(rows.iter().map(|row| row.read + row.plan)),
                peak / 1024,
                rows[0].steps,
            );
        }
    }
}

/// Median and range, in milliseconds.
fn spread(times: impl Iterator<Item = Duration>) -> String {
    let mut all: Vec<f64> = times.map(|time| time.as_secs_f64() * 1e3).collect();
    all.sort_by(f64::total_cmp);
    format!("{:.1} ({:.0}-{:.0}) ms", all[all.len() / 2], all[0], all[all.len() - 1])
}

fn in_a_process(directory: &Path) -> Measured {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).arg(ROW).arg(directory).output().expect("the row is measured");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [read, plan, steps, peak_kib] = numbers[..] else {
        panic!("no figures: {text}{}", String::from_utf8_lossy(&output.stderr))
    };
    Measured {
        read: Duration::from_micros(read),
        plan: Duration::from_micros(plan),
        steps: usize::try_from(steps).expect("a count"),
        peak_kib,
    }
}

fn measure(directory: &Path) -> Measured {
    let started = on_cpu();
    let options = LoadOptions {
        files: Vec::new(),
        working_directory: directory.to_owned(),
        project_directory: None,
        project: None,
        env_files: Vec::new(),
        profiles: Vec::new(),
        all_resources: false,
        compatibility: false,
        enabled: Vec::new(),
        home: None,
        vars: Vars::new(),
    };
    let loaded = load(&options).expect("the lab is there");
    let problems: Vec<_> = loaded.diagnostics.sorted().into_iter().map(|it| it.message.clone()).collect();
    let lab = loaded.valid().unwrap_or_else(|error| panic!("{error}: {problems:?}"));
    let read = on_cpu().saturating_sub(started);
    let engine = FakeEngine::new("root").with_registry(&["app:1", "docker:dind"]);
    let nowhere = Vars::from([("DOCKER_HOST".to_owned(), "unix:///nowhere/no.sock".to_owned())]);
    let ctx = Ctx::new(engine.shared(), root::resolve(&nowhere).expect("a socket's address"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let started = on_cpu();
    let options = UpOptions {
        targets: Vec::new(),
        until: Until::Ready(None),
        force_recreate: false,
        orphans: Orphans::Tell,
        discard_node_files: false,
        way: Way::default(),
    };
    let prepared = runtime
        .block_on(prepare_up(&ctx, &lab, &options))
        .unwrap_or_else(|error| panic!("the lab is planned: {error}"));
    let later: usize = prepared.forecast().iter().map(|it| it.plan.steps.len()).sum();
    let plan = on_cpu().saturating_sub(started);
    Measured { read, plan, steps: prepared.plan.steps.len() + later, peak_kib: peak() }
}

/// Time that this process's one thread has been on a processor (Linux `Documentation/scheduler/sched-stats.rst`).
fn on_cpu() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat")
        .expect("the kernel keeps statistics of its scheduler");
    let first = stat.split_whitespace().next().and_then(|number| number.parse().ok());
    Duration::from_nanos(first.expect("nanoseconds"))
}

/// Largest resident memory of this process so far, in KiB (`proc_pid_status(5)`, `VmHWM`); 0 where there is no /proc.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// A service as people write them: some of everything that is common.
fn service(out: &mut String, indent: &str, number: usize) {
    let needs = if number.is_multiple_of(10) {
        String::new()
    } else {
        format!("\n{indent}  depends_on: [s{}]", number - 1)
    };
    write!(
        out,
        "{indent}s{number}:
{indent}  image: ${{APP_IMAGE:-app:1}}
{indent}  environment: {{NUMBER: \"{number}\", MODE: \"${{MODE:-test}}\"}}
{indent}  labels: [\"team=t{}\"]
{indent}  volumes: [\"data:/data\", \"./conf:/etc/conf:ro\"]
{indent}  networks: [front, back]
{indent}  restart: unless-stopped
{indent}  healthcheck: {{test: [CMD, \"true\"], interval: 5s}}{needs}
",
        number % 7,
    )
    .expect("a text takes all");
}

const SHARED: &str = "networks: {front: {}, back: {}}\nvolumes: {data: {}}\n";

fn services(from: usize, count: usize, indent: &str) -> String {
    let mut text = String::new();
    (from..from + count).for_each(|number| service(&mut text, indent, number));
    text
}

fn one_file(directory: &Path, size: usize) {
    let text = format!("name: scale\nservices:\n{}{SHARED}", services(0, size, "  "));
    fs::write(directory.join("nest.yaml"), text).expect("a file");
}

/// Ten services a file, and a volume of their own.
fn included(directory: &Path, size: usize) {
    let mut text = "name: scale\ninclude:\n".to_owned();
    for file in 0..size {
        let part = format!("services:\n{}{SHARED}", services(file * 10, 10, "  "));
        let part = part.replace("data:", &format!("data{file}:"));
        fs::create_dir_all(directory.join(format!("part{file}"))).expect("a directory");
        fs::write(directory.join(format!("part{file}/compose.yaml")), part).expect("a file");
        writeln!(text, "  - part{file}/compose.yaml").expect("a text takes all");
    }
    fs::write(directory.join("nest.yaml"), text).expect("a file");
}

fn nodes(directory: &Path, size: usize) {
    let mut text = "name: scale\nservices:\n".to_owned();
    for node in 0..10 {
        let inner = services(node * size / 10, size / 10, "        ");
        let shared = SHARED.replace("volumes", "      volumes");
        write!(text, "  vm{node}:\n    engine: dind\n    inner:\n      services:\n{inner}      {shared}")
            .expect("a text takes all");
    }
    fs::write(directory.join("nest.yaml"), text).expect("a file");
}
