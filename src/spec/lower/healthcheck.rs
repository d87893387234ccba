//! `healthcheck`.

use crate::diag::code::Code;
use crate::model::container::Healthcheck;
use crate::spec::reader::Reader;
use crate::spec::tree::{Node, Value};

const KEYS: &[&str] =
    &["test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"];

impl Reader<'_> {
    /// Reads a health check.
    pub(in crate::spec) fn healthcheck(&mut self, node: &Node) -> Option<Healthcheck> {
        let mut check = Healthcheck::default();
        let mut disabled = false;
        for (key, value) in self.map(node, "`healthcheck`", KEYS)? {
            match key.text.as_str() {
                "test" => check.test = self.test(value).unwrap_or_default(),
                "interval" => check.interval = self.duration(value, "healthcheck.interval"),
                "timeout" => check.timeout = self.duration(value, "healthcheck.timeout"),
                "retries" => check.retries = self.integer(value, "healthcheck.retries"),
                "start_period" => check.start_period = self.duration(value, "healthcheck.start_period"),
                "start_interval" => check.start_interval = self.duration(value, "healthcheck.start_interval"),
                _ => disabled = self.boolean(value, "healthcheck.disable").unwrap_or_default(),
            }
        }
        if disabled {
            return Some(Healthcheck { test: vec!["NONE".to_owned()], ..Healthcheck::default() });
        }
        Some(check)
    }

    fn test(&mut self, node: &Node) -> Option<Vec<String>> {
        if let Value::Scalar { text, .. } = &node.value {
            return Some(vec!["CMD-SHELL".to_owned(), text.clone()]);
        }
        let test = self.strings(node, "healthcheck.test");
        let good = match test.first().map(String::as_str) {
            Some("NONE") => test.len() == 1,
            Some("CMD") => test.len() > 1,
            Some("CMD-SHELL") => test.len() == 2,
            Some(_) => false,
            None => true,
        };
        if !good {
            let help =
                "write `[CMD, program, argument]`, `[CMD-SHELL, line]`, `[NONE]`, or one line as a string";
            self.error(Code::BadValue, node.span, "a health check's list says first how it is run", help);
            return None;
        }
        Some(test)
    }
}
