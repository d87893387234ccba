//! What an examination found.

use crate::model::check::{Check, Verdict};

use super::style::{Style, Symbol, Tone};
use super::width::{pad, width, wrap};

/// One line a check, what to do below it, and a count.
pub fn render(checks: &[Check], style: Style, columns: usize) -> String {
    let name_columns = checks.iter().map(|check| width(check.name)).max().unwrap_or(0);
    let indent = name_columns + 4;
    let mut out = String::new();
    for check in checks {
        let (symbol, tone) = match check.verdict {
            Verdict::Ok => (Symbol::Done, Tone::Good),
            Verdict::Warn => (Symbol::Warning, Tone::Warn),
            Verdict::Fail => (Symbol::Failed, Tone::Bad),
        };
        style.paint_into(&mut out, tone, style.symbol(symbol));
        out.push(' ');
        style.paint_into(&mut out, Tone::Strong, &pad(check.name, name_columns));
        let lines = wrap(&check.found, columns.saturating_sub(indent));
        for (i, line) in lines.iter().enumerate() {
            out.push_str(&if i == 0 { "  ".to_owned() } else { pad("", indent) });
            out.push_str(line);
            out.push('\n');
        }
        for (i, line) in
            check.advice.iter().flat_map(|text| wrap(text, columns.saturating_sub(indent + 3))).enumerate()
        {
            out.push_str(&pad("", indent));
            let lead = if i == 0 {
                format!("{} ", style.symbol(Symbol::Arrow))
            } else {
                pad("", width(style.symbol(Symbol::Arrow)) + 1)
            };
            style.paint_into(&mut out, tone, &lead);
            out.push_str(&line);
            out.push('\n');
        }
    }
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    out.push('\n');
    let (bad, warned) = (count(Verdict::Fail), count(Verdict::Warn));
    let verdict = match (bad, warned) {
        (0, 0) => style.paint(Tone::Good, "labs will run here"),
        (0, n) => style.paint(
            Tone::Warn,
            &format!("labs will run here, with {n} limit{}", if n == 1 { "" } else { "s" }),
        ),
        (n, _) => style.paint(
            Tone::Bad,
            &format!("labs will not run here: {n} check{} failed", if n == 1 { "" } else { "s" }),
        ),
    };
    out.push_str(&verdict);
    out.push('\n');
    out
}
