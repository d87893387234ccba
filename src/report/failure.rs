//! Failures: whose, what, why, the log lines that matter, what was skipped, what to do.

use crate::model::failure::Failure;

use super::style::{Style, Symbol, Tone};
use super::width::{cut, one_line, wrap};

/// A failure to show.
#[derive(Clone, Debug)]
pub struct FailureView<'a> {
    /// Whose: an address, an image.
    pub of: String,
    /// What and why.
    pub failure: &'a Failure,
    /// What was skipped because of it.
    pub skipped: Vec<String>,
    /// What to do.
    pub hint: Option<String>,
}

impl FailureView<'_> {
    /// The text, with an end of line.
    pub fn render(&self, style: Style, columns: usize) -> String {
        let mut out = String::new();
        style.paint_into(&mut out, Tone::Bad, &format!("{} {}", style.symbol(Symbol::Failed), self.of));
        let mut summary = one_line(&self.failure.summary);
        if self.failure.causes.is_empty() && self.failure.summary.is_empty() {
            summary.push_str("failed");
        }
        out.push_str(": ");
        out.push_str(&summary);
        out.push('\n');
        for cause in &self.failure.causes {
            for (i, line) in cause.lines().flat_map(|line| wrap(line, columns.saturating_sub(4))).enumerate()
            {
                let lead = if i == 0 { format!("  {} ", because(style)) } else { "    ".to_owned() };
                style.paint_into(&mut out, Tone::Faint, &lead);
                out.push_str(&line);
                out.push('\n');
            }
        }
        if let Some(logs) = &self.failure.logs
            && !logs.lines.is_empty()
        {
            style.paint_into(&mut out, Tone::Faint, &format!("  last lines of {}:\n", logs.of));
            for line in &logs.lines {
                style.paint_into(&mut out, Tone::Faint, &format!("  {} ", style.symbol(Symbol::Gutter)));
                out.push_str(&cut(&one_line(line), columns.saturating_sub(4), style));
                out.push('\n');
            }
        }
        if !self.skipped.is_empty() {
            let text = format!("skipped because of it: {}", self.skipped.join(", "));
            for (i, line) in wrap(&text, columns.saturating_sub(4)).into_iter().enumerate() {
                out.push_str(if i == 0 { "  " } else { "    " });
                out.push_str(&line);
                out.push('\n');
            }
        }
        if let Some(hint) = &self.hint {
            hint_into(&mut out, hint, style, columns);
        }
        out
    }
}

const fn because(style: Style) -> &'static str {
    if style.unicode { "╰" } else { "`" }
}

/// `  hint: …`, after an empty line when something stands before it.
pub fn hint_into(out: &mut String, hint: &str, style: Style, columns: usize) {
    if !out.is_empty() {
        out.push('\n');
    }
    for (i, line) in wrap(hint, columns.saturating_sub(8)).into_iter().enumerate() {
        let lead = if i == 0 { style.paint(Tone::Busy, "  hint: ") } else { "        ".to_owned() };
        out.push_str(&lead);
        out.push_str(&line);
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::rehearsal::failure;

    #[test]
    fn a_failure_names_the_thing_the_reason_the_log_and_what_to_do() {
        let failure = failure();
        let view = FailureView {
            of: "vm1/db".to_owned(),
            failure: &failure,
            skipped: (1..12).map(|n| format!("vm1/service-{n}")).collect(),
            hint: Some("`nestctl logs vm1/db` shows the whole log".to_owned()),
        };
        insta::assert_snapshot!(view.render(Style { color: false, unicode: true }, 80), @r#"
        ✘ vm1/db: failed to wait for `vm1/db`
          ╰ its health check fails
          ╰ last check: connection refused
          last lines of vm1/db:
          │ 2026-01-01 12:00:00.000 UTC [1] FATAL:  data directory "/var/lib/postgresql…
          │ HINT: The server must be started by the user that owns it.
          skipped because of it: vm1/service-1, vm1/service-2, vm1/service-3,
            vm1/service-4, vm1/service-5, vm1/service-6, vm1/service-7, vm1/service-8,
            vm1/service-9, vm1/service-10, vm1/service-11

          hint: `nestctl logs vm1/db` shows the whole log
        "#);
    }
}
