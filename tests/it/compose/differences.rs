//! Where nestctl and its peer may differ in what they print, and why: the specification has grown. Nothing else may; where the peer
//! contradicts the text that it had, see `against`.

use serde_json::Value;

/// A place where the two may differ.
pub(super) struct Difference {
    /// Keys from the root, parted by dots; `*` is any key or item.
    pub(super) at: &'static str,
    /// How: what the peer has there, and what nestctl has.
    pub(super) how: fn(Option<&Value>, Option<&Value>) -> bool,
    /// Why it is right.
    pub(super) why: &'static str,
}

/// In what `config` prints.
pub(super) const CONFIG: &[Difference] = &[
    Difference {
        at: "services.*.volumes.*.bind.create_host_path",
        how: |theirs, ours| theirs.is_none() && ours == Some(&Value::Bool(false)),
        why: "`create_host_path` \"defaults to `true`\" (05-services.md): compose-go 2.9 leaves `false` out, so that what it \
              prints means `true`; since 2.10 (Compose 5.0, `OptOut`) it is printed",
    },
    Difference {
        at: "networks.*.ipam.options",
        how: |theirs, ours| theirs.is_none() && ours.is_some(),
        why: "in a newer specification (06-networks.md, ipam); printed since compose-go 2.12 (Compose 5.2)",
    },
];

impl Difference {
    /// Whether this row covers a difference.
    pub(super) fn covers(&self, at: &[String], theirs: Option<&Value>, ours: Option<&Value>) -> bool {
        let parts: Vec<&str> = self.at.split('.').collect();
        parts.len() == at.len()
            && parts.iter().zip(at).all(|(part, key)| *part == "*" || part == key)
            && (self.how)(theirs, ours)
    }
}
