//! What the peer makes of each fixture on the root engine: made once, for all tests that compare with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::Value;

use super::engine_case::{Case, Peer};

type Made = Arc<OnceLock<Result<Value, String>>>;

static MADE: Mutex<BTreeMap<PathBuf, Made>> = Mutex::new(BTreeMap::new());

/// What the engine reports after the peer's `create`, or the peer's complaint.
pub(super) fn created(peer: &Peer, fixture: &Path, host: &str) -> Result<Value, String> {
    let made =
        Arc::clone(MADE.lock().expect("nobody panics with the table").entry(fixture.to_owned()).or_default());
    let create = || {
        let case = Case::new(fixture, &format!("peer-{}", std::process::id()), host);
        case.peer(peer, &["create"]).map_err(|said| format!("the peer refuses:\n{said}"))?;
        Ok(case.report())
    };
    made.get_or_init(create).clone()
}
