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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_is_not_well_says_what_to_do() {
        let check = |name, verdict, found: &str, advice: Option<&str>| Check {
            name,
            verdict,
            found: found.to_owned(),
            advice: advice.map(str::to_owned),
        };
        let all = [
            check("engine", Verdict::Ok, "unix:///var/run/docker.sock, version 29.0.0 on linux/amd64", None),
            check(
                "inotify",
                Verdict::Warn,
                "128 instances, 8192 watches",
                Some(
                    "all levels share them: sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288",
                ),
            ),
            check("disk", Verdict::Fail, "0.5 GiB of 9.0 GiB free", Some("free some space")),
        ];
        insta::assert_snapshot!(render(&all, Style { color: false, unicode: true }, 80), @r"
        ✔ engine   unix:///var/run/docker.sock, version 29.0.0 on linux/amd64
        ▲ inotify  128 instances, 8192 watches
                   → all levels share them: sysctl fs.inotify.max_user_instances=512
                     fs.inotify.max_user_watches=524288
        ✘ disk     0.5 GiB of 9.0 GiB free
                   → free some space

        labs will not run here: 1 check failed
        ");
    }
}
