//! Where nestctl and its peer may differ, and why. Nothing else may.

/// A place where the two may differ.
pub(super) struct Difference {
    /// Keys from the root, parted by dots; `*` is any key or item.
    pub(super) at: &'static str,
    /// Why it is right.
    pub(super) why: &'static str,
}

/// In what `config` prints.
pub(super) const CONFIG: &[Difference] = &[
    Difference {
        at: "services.*.volumes.*.bind.create_host_path",
        why: "Compose 2.40 leaves `false` out, so that what it prints means `true`; newer ones print it",
    },
    Difference {
        at: "networks.*.ipam.options",
        why: "in the specification; Compose 2.40 drops it, newer ones print it",
    },
];

/// Whether a row covers a place.
pub(super) fn covers(row: &Difference, at: &[String]) -> bool {
    let parts: Vec<&str> = row.at.split('.').collect();
    parts.len() == at.len() && parts.iter().zip(at).all(|(part, key)| *part == "*" || part == key)
}
