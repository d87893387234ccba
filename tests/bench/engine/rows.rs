//! The rows.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::labs;
use crate::measure::{Ran, limit, memory, ratio, run, told};
use crate::rivals;
use crate::stage::{Lab, Stage};

/// A row, or several that come from the same runs.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Takes many minutes.
    pub(crate) is_large: bool,
    pub(crate) run: fn(&Stage, usize),
}

pub(crate) const ROWS: &[Row] = &[
    Row { name: "nested", is_large: false, run: nested },
    Row { name: "flat 1", is_large: false, run: |stage, runs| flat(stage, runs, 1) },
    Row { name: "flat 10", is_large: false, run: |stage, runs| flat(stage, runs, 10) },
    Row { name: "flat 50", is_large: false, run: |stage, runs| flat(stage, runs, 50) },
    Row { name: "levels", is_large: false, run: levels },
    Row { name: "many containers", is_large: false, run: |stage, _| many(stage, 100) },
    Row { name: "many nodes", is_large: true, run: |stage, _| nodes(stage, 40) },
];

/// Exec and no-op are short: more of them cost little.
const SHORT_RUNS: usize = 10;

fn down(lab: &Lab<'_>) {
    run(&mut lab.nestctl(&["down", "-v", "--timeout", "0"]));
}

/// `up` with its events; the seconds of its critical path, and of all.
fn up_with_path(lab: &Lab<'_>) -> (Ran, Duration, Duration) {
    let ran = run(&mut lab.nestctl(&["--progress", "json", "up"]));
    let last = ran.stdout.lines().last().unwrap_or_default();
    let event: Value = serde_json::from_str(last).expect("the last event");
    let time = |key: &str| Duration::from_secs_f64(event["timings"][key].as_f64().expect("seconds"));
    let (critical, total) = (time("critical"), time("total"));
    (ran, critical, total)
}

fn nested(stage: &Stage, runs: usize) {
    let (mut ours, mut scripts) = (Vec::new(), Vec::new());
    let (mut paths, mut totals) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let lab = stage.lab(&labs::nested(stage));
        let (ran, critical, total) = up_with_path(&lab);
        ours.push(ran.took);
        paths.push(critical);
        totals.push(total);
        down(&lab);
        drop(lab);
        let other = stage.lab("services: {}\n");
        scripts.push(run(&mut rivals::nested(&other)).took);
    }
    ratio("up of 2 nodes against its critical path", &totals, &paths, 1.10);
    ratio("up of 2 nodes against a shell script", &ours, &scripts, 0.6);
}

fn flat(stage: &Stage, runs: usize, count: usize) {
    if stage.compose.is_none() {
        return;
    }
    let yaml = labs::flat(stage, count);
    let mut times: [Vec<Duration>; 8] = Default::default();
    for _ in 0..runs {
        let lab = stage.lab(&yaml);
        times[0].push(run(&mut lab.nestctl(&["up"])).took);
        for _ in 0..3 {
            times[2].push(run(&mut lab.nestctl(&["up"])).took);
        }
        down(&lab);
        times[4].push(run(&mut lab.nestctl(&["up", "--no-wait"])).took);
        times[6].push(run(&mut lab.nestctl(&["down", "-v"])).took);
        drop(lab);
        let project = stage.lab(&yaml);
        let mut compose = |words: &[&str], at: usize| times[at].push(run(&mut project.compose(words)).took);
        compose(&["up", "-d", "--wait"], 1);
        // With `--wait` it takes half a second more.
        (0..3).for_each(|_| compose(&["up", "-d"], 3));
        run(&mut project.compose(&["down", "-v", "-t", "0"]));
        let mut compose = |words: &[&str], at: usize| times[at].push(run(&mut project.compose(words)).took);
        compose(&["up", "-d"], 5);
        compose(&["down", "-v"], 7);
    }
    let of = if count == 1 { "1 service".to_owned() } else { format!("{count} services") };
    ratio(&format!("up of {of} against compose up --wait"), &times[0], &times[1], 0.9);
    ratio(&format!("up --no-wait of {of} against compose up"), &times[4], &times[5], 0.9);
    ratio(&format!("no-op up of {of} against compose up"), &times[2], &times[3], 0.5);
    told(&format!("down of {of}, beside compose"), &times[6], &times[7]);
}

fn levels(stage: &Stage, _: usize) {
    let lab = stage.lab(&labs::levels(stage));
    run(&mut lab.nestctl(&["up"]));
    let mut ours = Vec::new();
    for _ in 0..SHORT_RUNS {
        ours.push(run(&mut lab.nestctl(&["up"])).took);
    }
    limit("no-op up of 20 containers in 3 levels", &ours, Duration::from_millis(250));
    let name = &lab.name;
    let (outer, middle, leaf) = (format!("{name}-a-1"), format!("{name}-a-b-1"), format!("{name}-a-b-s0-1"));
    let chain = ["exec", &outer, "docker", "exec", &middle, "docker", "exec", &leaf, "true"];
    let (mut execs, mut chains) = (Vec::new(), Vec::new());
    for _ in 0..SHORT_RUNS {
        execs.push(run(&mut lab.nestctl(&["exec", "a/b/s0", "--", "true"])).took);
        chains.push(run(&mut stage.docker(&chain)).took);
    }
    ratio("exec at depth 2 against a chain of docker exec", &execs, &chains, 1.0);
    down(&lab);
}

fn many(stage: &Stage, count: usize) {
    let yaml = labs::flat(stage, count);
    let lab = stage.lab(&yaml);
    let ran = run(&mut lab.nestctl(&["up"]));
    down(&lab);
    drop(lab);
    if stage.compose.is_some() {
        let project = stage.lab(&yaml);
        let mut compose: Command = project.compose(&["up", "-d", "--wait"]);
        ratio(
            &format!("up of {count} containers against compose"),
            &[ran.took],
            &[run(&mut compose).took],
            0.9,
        );
    } else {
        told(&format!("up of {count} containers"), &[ran.took], &[]);
    }
    memory(&format!("memory of up of {count} containers"), ran.peak_kib, 32);
}

fn nodes(stage: &Stage, count: usize) {
    let lab = stage.lab(&labs::many_nodes(stage, count));
    let ran = run(&mut lab.nestctl(&["up"]));
    let again = run(&mut lab.nestctl(&["up"]));
    down(&lab);
    drop(lab);
    let other = stage.lab("services: {}\n");
    let script = run(&mut rivals::many_nodes(&other, count));
    drop(other);
    ratio(&format!("up of {count} nodes against a shell script"), &[ran.took], &[script.took], 0.6);
    told(&format!("no-op up of {count} nodes"), &[again.took], &[]);
    memory(&format!("memory of up of {count} nodes"), ran.peak_kib.max(again.peak_kib), 32);
}
