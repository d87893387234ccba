//! Values that many keys share: commands, lists of one, pairs, durations, sizes.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diag::code::Code;
use crate::model::span::{Span, Spanned};
use crate::spec::raw::several::{CommandLine, OneOrMany, Pairs};
use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Measure, Plain, Whole};
use crate::spec::read::list::List;
use crate::spec::read::unread::NotYet;
use crate::spec::text::{duration, size, words};

use crate::spec::read::words::quote;

use super::lowering::Lowering;

/// `KEY` and its value with their place; `None`: no value is written.
pub(super) type Pair = (String, Option<String>, Span);

pub(super) fn texts(list: List<String>) -> Vec<String> {
    list.0.into_iter().map(|item| item.value).collect()
}

pub(super) fn plain_texts(field: Field<List<Plain>>) -> Vec<String> {
    field.value.unwrap_or_default().0.into_iter().map(|item| item.value.0).collect()
}

pub(super) fn many(value: OneOrMany) -> Vec<String> {
    match value {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(list) => texts(list),
    }
}

/// The pairs of a mapping or of `KEY=value` lines.
pub(super) fn pairs(pairs: Field<Pairs>) -> Vec<Pair> {
    match pairs.value {
        None => Vec::new(),
        Some(Pairs::Lines(list)) => list
            .0
            .into_iter()
            .map(|Spanned { value: Plain(line), span }| match line.split_once('=') {
                Some((key, value)) => (key.to_owned(), Some(value.to_owned()), span),
                None => (line, None, span),
            })
            .collect(),
        Some(Pairs::Mapping(dict)) => dict
            .0
            .into_iter()
            .map(|(key, field)| {
                let span = field.place.filter(|place| !place.is_empty()).or(field.key).unwrap_or_default();
                (key, field.value.map(|value| value.0.0), span)
            })
            .collect(),
    }
}

/// Pairs as labels and options take them: no value is the empty one.
pub(super) fn text_pairs<M: FromIterator<(String, String)>>(field: Field<Pairs>) -> M {
    pairs(field).into_iter().map(|(key, value, _)| (key, value.unwrap_or_default())).collect()
}

/// A mapping of options.
pub(super) fn options(field: Field<Dict<Plain>>) -> BTreeMap<String, String> {
    let entries = field.value.unwrap_or_default().0;
    entries
        .into_iter()
        .map(|(key, field)| (key, field.value.map(|value| value.0).unwrap_or_default()))
        .collect()
}

impl Lowering<'_> {
    /// Notes a value that cannot be meant.
    pub(super) fn bad(&self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.problems.error(Code::BadValue, span, message, help);
    }

    /// Notes a key that must be there.
    pub(super) fn missing(&self, key: &str, span: Span) {
        self.problems.error(Code::MissingKey, span, format!("`{key}` is missing"), format!("Add `{key}`."));
    }

    /// Notes every key that is read and not honoured.
    pub(super) fn refuse_not_yet<'f>(
        &self,
        keys: impl IntoIterator<Item = (&'static str, &'f Field<NotYet>)>,
    ) {
        for (name, field) in keys {
            if let Some(span) = field.key {
                let message = format!("{} is not supported yet", quote(name));
                self.problems.error(
                    Code::NotSupported,
                    span,
                    message,
                    "Take the key away, or run this part with Compose.",
                );
            }
        }
    }

    /// The words of a command line.
    pub(super) fn command_line(&self, field: Field<CommandLine>) -> Option<Vec<String>> {
        let Spanned { value, span } = field.take()?;
        match value {
            CommandLine::Words(list) => Some(texts(list)),
            CommandLine::Line(line) => match words::split(&line) {
                Ok(words) => Some(words),
                Err(message) => {
                    self.bad(
                        span,
                        format!("the command line cannot be split: {message}"),
                        "Write it as a list of words.",
                    );
                    None
                }
            },
        }
    }

    /// A duration.
    pub(super) fn duration(&self, field: &Field<Measure>) -> Option<Duration> {
        let Spanned { value: Measure(value), span } = field.get()?;
        let read = duration::parse(value);
        if read.is_none() {
            self.bad(
                span,
                format!("{} is not a duration", quote(value)),
                "Write a number with a unit: `500ms`, `10s`, `1m30s`, `2h`.",
            );
        }
        read
    }

    /// A size in bytes.
    pub(super) fn bytes(&self, field: &Field<Plain>) -> Option<i64> {
        let Spanned { value: Plain(text), span } = field.get()?;
        let read = size::bytes(text);
        if read.is_none() {
            self.bad(
                span,
                format!("{} is not a size", quote(text)),
                "Write bytes, or a number with `k`, `m` or `g`: `64m`.",
            );
        }
        read
    }

    /// A number of CPUs.
    pub(super) fn nano_cpus(&self, field: &Field<Plain>) -> Option<i64> {
        let Spanned { value: Plain(text), span } = field.get()?;
        let read = size::nano_cpus(text);
        if read.is_none() {
            self.bad(
                span,
                format!("{} is not a number of CPUs", quote(text)),
                "Write a number such as `2` or `0.5`.",
            );
        }
        read
    }

    /// A whole number within a range.
    pub(super) fn whole<T: TryFrom<i64>>(
        &self,
        field: &Field<Whole>,
        at_least: i64,
        what: &str,
    ) -> Option<T> {
        let Spanned { value: Whole(number), span } = field.get()?;
        let read = if *number >= at_least { T::try_from(*number).ok() } else { None };
        if read.is_none() {
            self.bad(
                span,
                format!("`{number}` is not {what}"),
                format!("Write a whole number from {at_least}."),
            );
        }
        read
    }
}
