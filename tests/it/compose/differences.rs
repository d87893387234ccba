//! Where nestctl and its peer may differ, and why. Nothing else may.

use serde_json::Value;

/// A place where the two may differ.
pub(super) struct Difference {
    /// The one case in which it may; empty: any.
    pub(super) case: &'static str,
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
        case: "",
        at: "services.*.volumes.*.bind.create_host_path",
        how: |theirs, ours| theirs.is_none() && ours == Some(&Value::Bool(false)),
        why: "Compose 2.40 leaves `false` out, so that what it prints means `true`; newer ones print it",
    },
    Difference {
        case: "",
        at: "networks.*.ipam.options",
        how: |theirs, ours| theirs.is_none() && ours.is_some(),
        why: "in the specification; Compose 2.40 drops it, newer ones print it",
    },
    Difference {
        case: "",
        at: "services.*.depends_on.*",
        how: |theirs, ours| ours.is_none() && theirs.is_some_and(is_optional),
        why: "a dependency on a service of an inactive profile: Compose refuses to read back what it prints of it",
    },
    Difference {
        case: "",
        at: "services.*.depends_on",
        how: |theirs, ours| {
            let all = theirs.and_then(Value::as_object);
            ours.is_none() && all.is_some_and(|all| all.values().all(is_optional))
        },
        why: "as above, where there is no other dependency",
    },
    Difference {
        case: "reset-of-a-variable",
        at: "services.*.environment.*",
        how: |theirs, ours| theirs.is_some() && ours.is_none(),
        why: "`!reset` takes away what it marks (13-merge.md); Compose 2.40 does not find it in a list of variables",
    },
];

fn is_optional(dependency: &Value) -> bool {
    dependency["required"] == Value::Bool(false)
}

impl Difference {
    /// Whether this row covers a difference.
    pub(super) fn covers(
        &self,
        case: &str,
        at: &[String],
        theirs: Option<&Value>,
        ours: Option<&Value>,
    ) -> bool {
        let parts: Vec<&str> = self.at.split('.').collect();
        (self.case.is_empty() || self.case == case)
            && parts.len() == at.len()
            && parts.iter().zip(at).all(|(part, key)| *part == "*" || part == key)
            && (self.how)(theirs, ours)
    }
}
