//! Empty lists and maps are left out of a request: the engine's own default counts then.

use std::collections::HashMap;

/// Leaves a list out of the request when it is empty.
pub(super) fn some<T>(items: impl IntoIterator<Item = T>) -> Option<Vec<T>> {
    let items: Vec<T> = items.into_iter().collect();
    (!items.is_empty()).then_some(items)
}

pub(super) fn some_map<'a>(
    items: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> Option<HashMap<String, String>> {
    let items: HashMap<_, _> = items.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    (!items.is_empty()).then_some(items)
}
