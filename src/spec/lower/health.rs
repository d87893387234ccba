//! `healthcheck`.

use crate::model::container::Healthcheck;
use crate::model::span::Spanned;
use crate::spec::raw::health::Healthcheck as Raw;
use crate::spec::raw::several::CommandLine;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::Switch;

use super::lowering::Lowering;
use super::value::texts;

const TEST_HELP: &str =
    "Begin the list with `CMD` (a program and its arguments), `CMD-SHELL` (one line) or `NONE`.";

impl Lowering<'_> {
    /// The health check; `None` leaves the image's.
    pub(super) fn healthcheck(&self, field: Field<Box<Raw>>) -> Option<Healthcheck> {
        let raw = field.value?;
        if raw.disable.value == Some(Switch(true)) {
            return Some(Healthcheck { test: vec!["NONE".to_owned()], ..Healthcheck::default() });
        }
        let (interval, timeout) = (self.duration(&raw.interval), self.duration(&raw.timeout));
        let (start_period, start_interval) =
            (self.duration(&raw.start_period), self.duration(&raw.start_interval));
        let retries = self.whole(&raw.retries, 0, "a number of retries");
        Some(Healthcheck {
            test: self.health_test(raw.test),
            interval,
            timeout,
            start_period,
            start_interval,
            retries,
        })
    }

    fn health_test(&self, field: Field<CommandLine>) -> Vec<String> {
        let Some(Spanned { value, span }) = field.take() else { return Vec::new() };
        let words = match value {
            CommandLine::Line(line) => return vec!["CMD-SHELL".to_owned(), line],
            CommandLine::Words(list) => texts(list),
        };
        match words.first().map(String::as_str) {
            Some("NONE") => {}
            Some("CMD") if words.len() > 1 => {}
            Some("CMD-SHELL") if words.len() == 2 => {}
            Some(word @ ("CMD" | "CMD-SHELL")) => {
                let count = if word == "CMD" { "a program" } else { "exactly one line" };
                self.bad(span, format!("`{word}` of the health check takes {count}"), TEST_HELP);
            }
            Some(word) => self.bad(span, format!("a health check cannot begin with `{word}`"), TEST_HELP),
            None => self.bad(span, "the health check is an empty list", TEST_HELP),
        }
        words
    }
}
