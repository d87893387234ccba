//! Where what the engine reports may differ from the peer's, and why. Nothing else may.

/// A place where the two may differ.
pub(super) struct Difference {
    /// Object and keys, parted by dots; `*` is any, `container *` any container.
    pub(super) at: &'static str,
    /// Why it is right.
    pub(super) why: &'static str,
}

/// In what the engine reports.
pub(super) const ENGINE: &[Difference] = &[];

/// Whether a row covers a place.
pub(super) fn covers(row: &Difference, at: &[String]) -> bool {
    let parts: Vec<&str> = row.at.split('.').collect();
    let fits = |part: &str, key: &str| {
        part == "*" || part == key || part.strip_suffix('*').is_some_and(|start| key.starts_with(start))
    };
    parts.len() == at.len() && parts.iter().zip(at).all(|(part, key)| fits(part, key))
}
