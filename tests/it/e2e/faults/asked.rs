//! Whether the faults are asked for, and labs for them.

use crate::e2e::failures::errors;
use crate::support::lab::{Ran, TestLab};

/// Every how many-th fault of a series is tried (`NESTCTL_TEST_FAULTS`); `None`: the faults are not asked for.
pub(super) fn stride() -> Option<usize> {
    let stride = std::env::var("NESTCTL_TEST_FAULTS").ok().and_then(|text| text.parse().ok());
    if stride.is_none() {
        println!("skipped: NESTCTL_TEST_FAULTS is not set (`cargo xtask faults` sets it)");
    }
    stride.filter(|n| *n > 0)
}

/// A lab, if the faults are asked for and there is an engine.
pub(super) fn lab(name: &str, yaml: &str) -> Option<TestLab> {
    stride()?;
    TestLab::new(name, yaml)
}

/// `up` has nothing left to do.
#[track_caller]
pub(super) fn assert_nothing_to_do(lab: &TestLab, when: &str) {
    let plan = lab.run(&["plan", "--format", "json"]).ok().json();
    assert_eq!(plan["changes"], false, "{when}: {plan:#}");
}

/// Takes the lab down with all that is in it; nothing is left.
#[track_caller]
pub(super) fn assert_goes(lab: &TestLab, when: &str) {
    let ran = lab.run(&["down", "-v"]);
    assert_eq!(ran.code, 0, "{when}: {}", ran.stderr);
    assert_eq!(lab.leftovers(), [""; 0], "{when}");
}

/// There is one error, and it holds these words, wherever its lines are broken. Lines of progress may say it too.
#[track_caller]
pub(super) fn assert_one_error(ran: &Ran, words: &[&str]) {
    let mut errors = errors(ran);
    errors.retain(|error| error.contains("failed to"));
    assert_eq!(errors.len(), 1, "{}", ran.stderr);
    let error = errors[0].split_whitespace().collect::<Vec<_>>().join(" ");
    for words in words {
        assert!(error.contains(words), "no `{words}` in:\n{}", ran.stderr);
    }
}
