//! What of an object's description has changed, in the words of the file.

use std::fmt;

/// A field of the file whose value is another now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Where it stands in its service, network or volume: `environment.DEBUG`.
    pub path: String,
    /// What the object was made with.
    pub from: Value,
    /// What the file says now.
    pub to: Value,
}

/// A value before or after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// There is none.
    Absent,
    /// One that is not shown: it may be a secret, or it is too long.
    Hidden,
    /// This one.
    Shown(String),
}

/// What happened to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldChange {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// Its value is another.
    Changed,
}

impl FieldChange {
    /// As a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

impl Value {
    /// The text, where it may be shown.
    pub fn shown(&self) -> Option<&str> {
        match self {
            Self::Shown(text) => Some(text),
            Self::Absent | Self::Hidden => None,
        }
    }
}

impl Field {
    /// What happened to it.
    pub fn change(&self) -> FieldChange {
        match (&self.from, &self.to) {
            (Value::Absent, _) => FieldChange::Added,
            (_, Value::Absent) => FieldChange::Removed,
            _ => FieldChange::Changed,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match (&self.from, &self.to) {
            (Value::Shown(from), Value::Shown(to)) => write!(f, "{path}: {} → {}", said(from), said(to)),
            (Value::Absent, Value::Shown(one)) | (Value::Shown(one), Value::Absent) => {
                write!(f, "{path}: {} {}", said(one), self.change().as_str())
            }
            _ => write!(f, "{path} {}", self.change().as_str()),
        }
    }
}

/// An empty text is seen.
fn said(text: &str) -> &str {
    if text.is_empty() { "\"\"" } else { text }
}

/// Fields in one line.
pub struct Fields<'a>(pub &'a [Field]);

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, field) in self.0.iter().enumerate() {
            write!(f, "{}{field}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
