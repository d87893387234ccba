//! What an object was asked for, in a label of its own: from it the next plan tells what has changed.
//!
//! The text is that of which the fingerprint is the hash, a line a field, defaults left out. Labels are listed where
//! environments are not, and stay short: what looks like a secret, and what is long, is in it as a digest. Whether
//! something has changed is the fingerprint's to say; this says what.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::model::addr::Addr;

use super::field::{Field, Value};
use super::fingerprint::{Canonical, short_hash};
use super::secrecy::{is_secret_line, may_be_secret, secret_lists};
use super::words::{self, Form, Words};

/// Longer values are kept as digests, in bytes.
const LONGEST: usize = 200;
/// What a node's kind adds to the file.
const KIND: &str = "kind:";
/// On whose behalf a line is there.
const OF: &str = "of:";
/// Digests of files that were copied in.
const COPIED: &str = "copied:";

/// What an object is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The file's part.
    pub(super) file: Canonical,
    /// The whole of what a node's kind makes of it.
    pub(super) kind: Option<Canonical>,
    /// Where files are copied to, and their digests.
    pub(super) copied: Vec<(String, String)>,
}

impl From<Canonical> for Asked {
    fn from(file: Canonical) -> Self {
        Self { file, ..Self::default() }
    }
}

/// On whose behalf a container has a line: key and value of that, and the service; none for the container's own.
pub(super) type Origin<'a> = (&'a str, String, Option<&'a Addr>);

impl Asked {
    /// The label's text.
    pub(super) fn label(&self, origins: &[Origin<'_>]) -> String {
        let mut text = String::with_capacity(self.file.text().len());
        if is_kept_as_it_is(self.file.text()) {
            text.push_str(self.file.text().trim_end_matches('\n'));
        } else {
            let file: Vec<(&str, &str)> = self.file.lines().collect();
            add(&mut text, "", &file);
        }
        if let Some(kind) = &self.kind {
            let file: BTreeSet<(&str, &str)> = self.file.lines().collect();
            let added: Vec<(&str, &str)> = kind.lines().filter(|line| !file.contains(line)).collect();
            add(&mut text, KIND, &added);
        }
        for (key, value, whose) in origins {
            let whose = whose.map(ToString::to_string).unwrap_or_default();
            add(&mut text, OF, &[(&format!("{key}.{value}"), &whose)]);
        }
        let copied: Vec<(&str, &str)> = self.copied.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        add(&mut text, COPIED, &copied);
        text
    }
}

/// Whether [`add`] would write these lines as they are: true of most containers, and quickly seen.
fn is_kept_as_it_is(lines: &str) -> bool {
    lines.lines().all(|line| line.len() <= LONGEST) && !lines.contains("=#") && !may_be_secret(lines)
}

/// Adds lines as they are kept.
fn add(text: &mut String, section: &str, lines: &[(&str, &str)]) {
    let hidden = secret_lists(lines);
    for (key, value) in lines {
        if !text.is_empty() {
            text.push('\n');
        }
        text.extend([section, *key, "="]);
        if hidden.contains(key) || is_secret_line(key, value) || value.len() > LONGEST {
            text.extend(["#", &short_hash(value)]);
        } else if let Some(rest) = value.strip_prefix('#') {
            text.extend(["\\u{23}", rest]);
        } else {
            text.push_str(value);
        }
    }
}

/// Takes the escapes of Rust away.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('u') => {
                let number: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                out.extend(u32::from_str_radix(&number, 16).ok().and_then(char::from_u32));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// A label, read.
#[derive(Debug, Default)]
struct Read<'a> {
    /// Values by key, in order, as they are stored; with the section's name before the key.
    values: BTreeMap<&'a str, Vec<&'a str>>,
    /// On whose behalf a line is there.
    origins: BTreeMap<&'a str, &'a str>,
}

impl<'a> Read<'a> {
    fn new(text: &'a str) -> Self {
        let mut out = Self::default();
        for line in text.lines() {
            let Some((key, value)) = line.split_once('=') else { continue };
            match key.strip_prefix(OF) {
                Some(of) => {
                    out.origins.insert(of, value);
                }
                None => out.values.entry(key).or_default().push(value),
            }
        }
        out
    }

    fn list(&self, key: &str) -> &[&'a str] {
        self.values.get(key).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What stands in two labels otherwise, in the order of keys. `project` and `directory` are what names and paths
/// are shortened by.
pub(super) fn changes(before: &str, now: &str, project: &str, directory: &Path) -> Vec<Field> {
    let (before, now) = (Read::new(before), Read::new(now));
    let keys: BTreeSet<&str> = before.values.keys().chain(now.values.keys()).copied().collect();
    let networks = without(before.list("network"), now.list("network"));
    let networks = [networks, without(now.list("network"), before.list("network"))].concat();
    let mut out = Vec::new();
    for key in keys {
        // In a network that comes or goes a service has its own name; what it has more there is told.
        let is_own_name = |network: &&str| {
            let rest = key.strip_prefix("network.").and_then(|rest| rest.strip_prefix(*network));
            rest == Some(".alias") && before.list(key).len() + now.list(key).len() == 1
        };
        if networks.iter().any(is_own_name) {
            continue;
        }
        // The kind follows the file: what of it changed with the file is said there.
        if key.starts_with(KIND) || key.ends_with(".length") && !is_emptied(&before, &now, key) {
            continue;
        }
        compare(key, &before, &now, &Words { project, directory }, &mut out);
    }
    out
}

/// A line that stands otherwise in two labels: its key, and which of its values are gone and new.
pub(super) struct Line<'a> {
    pub(super) key: &'a str,
    pub(super) removed: Vec<&'a str>,
    pub(super) added: Vec<&'a str>,
}

/// The file's lines that stand otherwise in two labels.
pub(super) fn lines_changed<'a>(before: &'a str, now: &'a str) -> Vec<Line<'a>> {
    let (before, now) = (Read::new(before), Read::new(now));
    let keys: BTreeSet<&str> = before.values.keys().chain(now.values.keys()).copied().collect();
    let changed = keys.into_iter().filter(|key| !key.starts_with(KIND) && before.list(key) != now.list(key));
    changed
        .map(|key| Line {
            key,
            removed: without(before.list(key), now.list(key)),
            added: without(now.list(key), before.list(key)),
        })
        .collect()
}

/// The values of one line of a label.
pub(super) fn values_of<'a>(label: &'a str, key: &str) -> Vec<&'a str> {
    let lines = label.lines().filter_map(|line| line.split_once('='));
    lines.filter(|(found, _)| *found == key).map(|(_, value)| value).collect()
}

/// The network that a container was made for: its engine asks for that one at every start, also where the container was
/// taken out of it since.
pub(super) fn first_network(label: &str) -> Option<&str> {
    let asked = Read::new(label);
    let priority = |name: &str| {
        let key = format!("network.{name}.priority");
        asked.list(&key).first().and_then(|text| text.parse::<i64>().ok()).unwrap_or(0)
    };
    asked.list("network").iter().copied().min_by_key(|name| (-priority(name), *name))
}

/// What a kind would do otherwise.
pub(super) fn kind_changes(before: &str, now: &str, project: &str, directory: &Path) -> Vec<Field> {
    let (before, now) = (Read::new(before), Read::new(now));
    let keys: BTreeSet<&str> = before.values.keys().chain(now.values.keys()).copied().collect();
    let mut out = Vec::new();
    for key in keys.into_iter().filter(|key| key.starts_with(KIND) && !key.ends_with(".length")) {
        compare(key, &before, &now, &Words { project, directory }, &mut out);
    }
    out
}

/// Whether only the length of a list tells that it is another: an empty one is not the image's.
fn is_emptied(before: &Read<'_>, now: &Read<'_>, key: &str) -> bool {
    let list = key.trim_end_matches(".length");
    before.list(list) == now.list(list)
}

fn compare(key: &str, before: &Read<'_>, now: &Read<'_>, words: &Words<'_>, out: &mut Vec<Field>) {
    let (old, new) = (before.list(key), now.list(key));
    if old == new {
        return;
    }
    if let Some(target) = key.strip_prefix(COPIED) {
        // Where the whole mount is new or gone, its own line says so.
        if !old.is_empty() && !new.is_empty() {
            let path = format!("{}volumes.{target}", words::CONTENT);
            out.push(Field { path, from: Value::Hidden, to: Value::Hidden });
        }
        return;
    }
    let key = key.strip_prefix(KIND).unwrap_or(key);
    let (path, form) = words::word(key, words);
    if key.ends_with(".length") {
        let value = |list: &[&str]| if list.is_empty() { Value::Absent } else { in_a_row(&[]) };
        out.push(Field { path, from: value(old), to: value(new) });
        return;
    }
    if form == Form::Ordered {
        let value = |list: &[&str], read: &Read<'_>| {
            let length = read.values.contains_key(format!("{key}.length").as_str());
            if list.is_empty() && !length { Value::Absent } else { in_a_row(list) }
        };
        out.push(Field { path, from: value(old, before), to: value(new, now) });
        return;
    }
    let removed = without(old, new);
    let added = without(new, old);
    if let ([from], [to]) = (removed.as_slice(), added.as_slice()) {
        // A file keeps its mode and owner beside the digest of its content.
        if form == Form::File && words::same_but_content(from, to) {
            let path = format!("{}{path}", words::CONTENT);
            out.push(Field { path, from: Value::Hidden, to: Value::Hidden });
            return;
        }
        let (from, to) = (shown(from, form, words), shown(to, form, words));
        let published =
            |read: &Read<'_>, value: &str| read.origins.contains_key(format!("port.{value}").as_str());
        if form != Form::Port || !(published(before, removed[0]) || published(now, added[0])) {
            // What looks the same differs in something that the short form does not say.
            let same = from == to && from != Value::Hidden;
            let (from, to) = if same { (Value::Hidden, Value::Hidden) } else { (from, to) };
            out.push(Field { path, from, to });
            return;
        }
    }
    if removed.is_empty() && added.is_empty() {
        out.push(Field { path: format!("order of {path}"), from: Value::Hidden, to: Value::Hidden });
        return;
    }
    let one = |value: &str, read: &Read<'_>| match read.origins.get(format!("{key}.{value}").as_str()) {
        Some(whose) => words::on_behalf(key, value, whose, words),
        None => (path.clone(), shown(value, form, words)),
    };
    for value in removed {
        let (path, from) = one(value, before);
        out.push(Field { path, from, to: Value::Absent });
    }
    for value in added {
        let (path, to) = one(value, now);
        out.push(Field { path, from: Value::Absent, to });
    }
}

/// The values of `of` that `other` has not, each as often as it is there more often.
fn without<'a>(of: &[&'a str], other: &[&'a str]) -> Vec<&'a str> {
    let mut left: Vec<&str> = other.to_vec();
    let mut out = Vec::new();
    for value in of {
        match left.iter().position(|found| found == value) {
            Some(at) => {
                left.remove(at);
            }
            None => out.push(*value),
        }
    }
    out
}

/// A value as it is stored, for people.
fn shown(stored: &str, form: Form, words: &Words<'_>) -> Value {
    if stored.starts_with('#') {
        return Value::Hidden;
    }
    Value::Shown(on_one_line(&words::value(&unescaped(stored), form, words)))
}

/// A list whose order counts.
fn in_a_row(list: &[&str]) -> Value {
    if list.iter().any(|item| item.starts_with('#')) {
        return Value::Hidden;
    }
    let items: Vec<String> = list.iter().map(|item| unescaped(item)).collect();
    Value::Shown(on_one_line(&format!("[{}]", items.join(", "))))
}

/// Without what would break the line.
fn on_one_line(text: &str) -> String {
    text.replace('\n', "\\n").replace(char::is_control, " ")
}

#[cfg(test)]
mod tests;
