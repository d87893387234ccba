//! Where nestctl and its peer may differ, and why. Nothing else may.

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
        why: "Compose 2.40 leaves `false` out, so that what it prints means `true`; newer ones print it",
    },
    Difference {
        at: "networks.*.ipam.options",
        how: |theirs, ours| theirs.is_none() && ours.is_some(),
        why: "in the specification; Compose 2.40 drops it, newer ones print it",
    },
    Difference {
        at: "services.*.depends_on.*",
        how: |theirs, ours| ours.is_none() && theirs.is_some_and(is_optional),
        why: "a dependency on a service of an inactive profile: Compose refuses to read back what it prints of it",
    },
    Difference {
        at: "services.*.depends_on",
        how: |theirs, ours| {
            let all = theirs.and_then(Value::as_object);
            ours.is_none() && all.is_some_and(|all| all.values().all(is_optional))
        },
        why: "as above, where there is no other dependency",
    },
];

fn is_optional(dependency: &Value) -> bool {
    dependency["required"] == Value::Bool(false)
}

impl Difference {
    /// Whether this row covers a difference.
    pub(super) fn covers(&self, at: &[String], theirs: Option<&Value>, ours: Option<&Value>) -> bool {
        let parts: Vec<&str> = self.at.split('.').collect();
        parts.len() == at.len()
            && parts.iter().zip(at).all(|(part, key)| *part == "*" || part == key)
            && (self.how)(theirs, ours)
    }
}
