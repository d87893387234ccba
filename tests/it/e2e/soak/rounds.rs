//! The rounds.

use nestctl::model::observed::ContainerState;

use crate::support::lab::TestLab;
use crate::support::running::Running;

use super::fault::Fault;
use super::left::Traces;
use super::shape::{Dice, Shape};

/// A lab and what it must hold.
struct Soak {
    lab: TestLab,
    shape: Shape,
    /// Lines in the volume of `vm1/db`.
    rows: usize,
    traces: Traces,
}

impl Soak {
    /// Brings the lab up; it is then as its file says. The answer is the run's peak of memory, in KiB.
    fn up(&mut self, when: &str) -> u64 {
        let mut running = Running::start(&self.lab, &["up", "--remove-orphans"]);
        let mut peak = 0;
        while running.boundary().is_some() {
            peak = peak.max(running.peak_memory().unwrap_or_default());
        }
        let ran = running.end();
        assert_eq!(ran.code, 0, "{when}: {}", ran.stderr);
        for (layer, addrs) in self.shape.running() {
            let there = self.lab.containers_in(layer);
            self.traces.note(layer, there.values());
            let up = there.iter().filter(|(_, one)| one.state == ContainerState::Running);
            let up: Vec<&str> = up.map(|(addr, _)| addr.as_str()).collect();
            assert_eq!(up, addrs, "{when}: {there:#?}");
        }
        let value = self.lab.exec("vm1", "vm1/web", &["sh", "-c", "echo $VALUE; cat /etc/greeting"]).0;
        assert_eq!(value, self.shape.seen_by_web(), "{when}");
        let rows = self.lab.exec("vm1", "vm1/db", &["sh", "-c", "cat /data/rows 2>/dev/null | wc -l"]).0;
        assert_eq!(rows.trim(), self.rows.to_string(), "{when}: the rows");
        let (said, code) = self.lab.exec("vm1", "vm1/db", &["sh", "-c", "echo a row >> /data/rows"]);
        assert_eq!(code, 0, "{when}: {said}");
        self.rows += 1;
        let plan = self.lab.run(&["plan", "--format", "json"]).ok().json();
        assert_eq!(plan["changes"], false, "{when}: {plan:#}");
        peak
    }

    /// One round; the answer is the first run's peak of memory.
    fn round(&mut self, seed: u64) -> u64 {
        let mut dice = Dice::new(seed);
        self.shape = Shape::default();
        self.lab.write("nest.yaml", &self.shape.yaml());
        let peak = self.up(&format!("seed {seed}: the first up"));
        let edit = self.shape.edit(&mut dice);
        self.lab.write("nest.yaml", &self.shape.yaml());
        self.up(&format!("seed {seed}: {edit}"));
        let fault = Fault::any(&mut dice);
        let when = format!("seed {seed}: {edit}, then {fault:?}");
        fault.happen(&self.lab, &mut dice);
        self.up(&when);
        let with_volumes = dice.below(2) == 0;
        let down = self.lab.run(if with_volumes { &["down", "-v"] } else { &["down"] });
        assert_eq!(down.code, 0, "{when}, down: {}", down.stderr);
        let mut left = self.lab.leftovers();
        if with_volumes {
            self.rows = 0;
        } else {
            left.retain(|one| !one.starts_with("volume "));
        }
        assert_eq!(left, [""; 0], "{when}, down");
        self.traces.assert_gone(&self.lab, with_volumes, &when);
        println!("{when}, down{}: {peak} KiB", if with_volumes { " -v" } else { "" });
        peak
    }
}

#[test]
fn rounds_of_edits_and_faults_must_leave_nothing_behind() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let Some(rounds) = number("NESTCTL_TEST_SOAK") else {
        println!("skipped: NESTCTL_TEST_SOAK is not set (`cargo xtask soak` sets it)");
        return;
    };
    let seed = number("NESTCTL_TEST_SEED").unwrap_or_else(|| u64::from(std::process::id()) * 1000);
    println!("{rounds} rounds from seed {seed}");
    let Some(lab) = TestLab::new("soak", &Shape::default().yaml()) else { return };
    let temporary = lab.directory.join("temporary");
    std::fs::create_dir_all(&temporary).expect("a directory");
    let lab = lab.with("TMPDIR", temporary.to_string_lossy());
    let mut soak = Soak { lab, shape: Shape::default(), rows: 0, traces: Traces::default() };
    let peaks: Vec<u64> = (0..rounds).map(|round| soak.round(seed + round)).collect();
    let (first, last) = peaks.split_at(peaks.len() / 2);
    let most = |peaks: &[u64]| peaks.iter().copied().max().unwrap_or_default();
    println!(
        "{rounds} rounds; memory of the first `up`s: {} KiB, then {} KiB at most",
        most(first),
        most(last)
    );
    // A run is a process of its own: it can only grow with what the rounds before left where it looks.
    assert!(rounds < 8 || most(last) <= most(first) * 5 / 4, "{peaks:?}");
}
