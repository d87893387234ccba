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
        why: "`create_host_path` \"defaults to `true`\" (05-services.md): compose-go 2.9 leaves `false` out, so that what it \
              prints means `true`; since 2.10 (Compose 5.0, `OptOut`) it is printed",
    },
    Difference {
        case: "",
        at: "networks.*.ipam.options",
        how: |theirs, ours| theirs.is_none() && ours.is_some(),
        why: "in a newer specification (06-networks.md, ipam); printed since compose-go 2.12 (Compose 5.2)",
    },
    Difference {
        case: "",
        at: "services.*.depends_on.*",
        how: |theirs, ours| ours.is_none() && theirs.is_some_and(is_optional),
        why: "an optional dependency on a service of an inactive profile: that service is not printed, and a dependency on \
              one that is nowhere is refused (compose-go `checkConsistency`), so that the peer's output is no lab",
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
        why: "`!reset` takes away what it marks (13-merge.md, reset value: `FOO: !reset null` of `environment`); once a file \
              between has written a list, compose-go to 2.13 looks for a key in lines (`applyNullOverrides`)",
    },
    Difference {
        case: "",
        at: "services.*.build.dockerfile",
        how: |theirs, ours| theirs.is_none() && ours.is_some_and(|ours| ours == "Dockerfile"),
        why: "an empty one is the default: the peer leaves it out, and prints `Dockerfile` when it reads that back",
    },
    Difference {
        case: "",
        at: "services.*.build.ssh.*",
        how: |theirs, ours| {
            let lines = theirs.and_then(Value::as_str).zip(ours.and_then(Value::as_str));
            lines.is_some_and(|(theirs, ours)| theirs.replacen(": ", "=", 1) == ours)
        },
        why: "`ID=PATH` (build.md, ssh): the peer prints `ID: PATH`, which it refuses to read back (compose-go \
              `SSHKey.MarshalYAML`)",
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
