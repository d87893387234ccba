//! Mappings that leave out what is at its default, and scalars in the form that Compose prints.

use serde_json::{Map, Value};

/// A text that interpolation leaves as it is.
pub(super) fn text(text: &str) -> Value {
    Value::String(text.replace('$', "$$"))
}

pub(super) fn texts(list: &[String]) -> Value {
    list.iter().map(|it| text(it)).collect()
}

/// A mapping that leaves out what is at its default.
#[derive(Default)]
pub(super) struct Keys(pub(super) Map<String, Value>);

impl Keys {
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    pub(super) fn text(&mut self, key: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.set(key, text(value));
        }
    }

    pub(super) fn maybe(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// A mapping below, unless all of it is at its default.
    pub(super) fn keys(&mut self, key: &str, inner: Self) {
        if !inner.0.is_empty() {
            self.set(key, inner.0);
        }
    }

    pub(super) fn list(&mut self, key: &str, list: &[String]) {
        if !list.is_empty() {
            self.set(key, texts(list));
        }
    }

    pub(super) fn flag(&mut self, key: &str, value: bool) {
        if value {
            self.set(key, true);
        }
    }

    pub(super) fn values(&mut self, key: &str, list: Vec<Value>) {
        if !list.is_empty() {
            self.set(key, list);
        }
    }

    pub(super) fn map<'a>(&mut self, key: &str, entries: impl IntoIterator<Item = (&'a String, Value)>) {
        let map: Map<String, Value> = entries.into_iter().map(|(key, value)| (key.clone(), value)).collect();
        if !map.is_empty() {
            self.set(key, map);
        }
    }

    pub(super) fn strings(&mut self, key: &str, map: &std::collections::BTreeMap<String, String>) {
        self.map(key, map.iter().map(|(key, value)| (key, text(value))));
    }

    pub(super) fn duration(&mut self, key: &str, value: Option<std::time::Duration>) {
        if let Some(value) = value {
            self.set(key, duration(value));
        }
    }
}

/// `1h2m3s`, `1.5s`, `20ms`: what Compose reads as a duration.
pub(super) fn duration(value: std::time::Duration) -> String {
    if value.subsec_nanos() == 0 {
        return format!("{}s", value.as_secs());
    }
    if value.as_nanos().is_multiple_of(1_000_000) {
        return format!("{}ms", value.as_millis());
    }
    format!("{}us", value.as_micros())
}
