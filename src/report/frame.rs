//! One picture of a run: lines that fit a terminal.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::event::event::CancelLevel;
use crate::model::addr::Addr;
use crate::model::name::ProjectName;
use crate::plan::step::Resource;

use super::duration::short;
use super::progress::{Progress, Row, RowKey, RowStatus};
use super::ps_tree::{label, tree_prefixes};
use super::style::{Style, Symbol, Tone};
use super::width::{cut, one_line, pad, width};

/// Size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
}

/// Times stand no further right than this: on a wide terminal the eye would lose the line.
const WIDEST: usize = 100;
/// Columns of a time: `12m05s`.
const TIME: usize = 6;

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Colours and symbols.
    pub style: Style,
    /// Room.
    pub size: Size,
    /// Which frame of the spinner.
    pub spinner: usize,
}

impl Frame {
    /// The tree, no taller than the terminal: where it is, rows that are done give way to a count of them.
    pub fn tree(&self, progress: &Progress, now: Duration) -> Vec<String> {
        let rows = progress.rows(now);
        // The status line, and one that the cursor stands on.
        let room = self.size.rows.saturating_sub(2).max(1);
        if rows.len() <= room {
            return self.draw(&rows);
        }
        let (shown, hidden) = choose(rows, room - 1);
        let mut lines = self.draw(&shown);
        lines.push(self.hidden_text(&hidden));
        lines
    }

    /// The tree at the end of a run, of any height.
    pub fn last_tree(&self, progress: &Progress, now: Duration) -> Vec<String> {
        let rows = progress.rows(now);
        // A tree in which nothing happened says no more than the last line.
        if rows.iter().all(|row| row.status == RowStatus::Unchanged) {
            return Vec::new();
        }
        self.draw(&rows)
    }

    fn draw(&self, rows: &[Row]) -> Vec<String> {
        let addrs: Vec<Addr> = rows.iter().map(|row| place(&row.key)).collect();
        let refs: Vec<&Addr> = addrs.iter().collect();
        let prefixes = tree_prefixes(&refs, self.style);
        let labels: Vec<String> = rows
            .iter()
            .zip(&refs)
            .zip(prefixes)
            .map(|((row, addr), prefix)| match &row.key {
                RowKey::Root(of) => of.to_string(),
                RowKey::Service(_, Some(of)) => format!("{prefix}{}", inner_name(of)),
                RowKey::Service(_, None) => format!("{prefix}{}", label(addr, &refs)),
            })
            .collect();
        // The last column stays empty: a character there would wrap on some terminals.
        let columns = self.size.columns.saturating_sub(1).min(WIDEST);
        let widest = labels.iter().map(|label| width(label)).max().unwrap_or(0);
        let label_columns = widest.min(columns * 2 / 5);
        rows.iter().zip(labels).map(|(row, label)| self.line(row, &label, label_columns, columns)).collect()
    }

    fn line(&self, row: &Row, label: &str, label_columns: usize, columns: usize) -> String {
        let style = self.style;
        let (symbol, tone, text_tone) = match row.status {
            RowStatus::Failed => (style.symbol(Symbol::Failed), Tone::Bad, Some(Tone::Bad)),
            RowStatus::Busy => (style.spinner(self.spinner), Tone::Busy, None),
            RowStatus::Waiting => (style.symbol(Symbol::Waiting), Tone::Faint, Some(Tone::Faint)),
            RowStatus::Unready => (style.symbol(Symbol::Warning), Tone::Warn, Some(Tone::Warn)),
            RowStatus::Skipped => (style.symbol(Symbol::Skipped), Tone::Warn, Some(Tone::Warn)),
            RowStatus::Cancelled => (style.symbol(Symbol::Cancelled), Tone::Warn, Some(Tone::Warn)),
            RowStatus::Done => (style.symbol(Symbol::Done), Tone::Good, Some(Tone::Good)),
            RowStatus::Unchanged => (style.symbol(Symbol::Done), Tone::Good, Some(Tone::Faint)),
        };
        let time = row.took.map(short).unwrap_or_default();
        let text_columns = columns.saturating_sub(2 + label_columns + 2 + 1 + TIME);
        let text = cut(&one_line(&row.text), text_columns, style);
        let mut out = String::new();
        style.paint_into(&mut out, tone, symbol);
        out.push(' ');
        out.push_str(&pad(&cut(label, label_columns, style), label_columns));
        out.push_str("  ");
        match text_tone {
            Some(tone) => style.paint_into(&mut out, tone, &text),
            None => out.push_str(&text),
        }
        if !time.is_empty() {
            out.push_str(&pad("", text_columns - width(&text) + 1 + TIME.saturating_sub(width(&time))));
            style.paint_into(&mut out, Tone::Faint, &time);
        }
        out.trim_end().to_owned()
    }

    fn hidden_text(&self, hidden: &[RowStatus]) -> String {
        let words = [
            (RowStatus::Failed, "failed"),
            (RowStatus::Busy, "busy"),
            (RowStatus::Waiting, "waiting"),
            (RowStatus::Unready, "not ready"),
            (RowStatus::Skipped, "skipped"),
            (RowStatus::Cancelled, "cancelled"),
            (RowStatus::Done, "done"),
            (RowStatus::Unchanged, "unchanged"),
        ];
        let parts: Vec<String> = words
            .iter()
            .map(|(status, word)| (hidden.iter().filter(|hidden| *hidden == status).count(), word))
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}"))
            .collect();
        let text = format!(
            "{} and {} more: {}",
            self.style.symbol(Symbol::Ellipsis),
            hidden.len(),
            parts.join(", ")
        );
        let columns = self.size.columns.saturating_sub(1);
        self.style.paint(Tone::Faint, &cut(&text, columns, self.style))
    }

    /// The line below the tree while the run goes on.
    pub fn status_line(
        &self,
        progress: &Progress,
        run: Option<&(ProjectName, &'static str)>,
        cancelling: Option<CancelLevel>,
        now: Duration,
    ) -> String {
        let Some((project, command)) = run else { return String::new() };
        let rows = progress.rows(now);
        let services = || rows.iter().filter(|row| matches!(row.key, RowKey::Service(_, None)));
        let all = services().count();
        let settled =
            services().filter(|row| matches!(row.status, RowStatus::Done | RowStatus::Unchanged)).count();
        let dot = self.style.symbol(Symbol::Dot);
        let count = match (all, *command) {
            (0, _) => "looking".to_owned(),
            (_, "down" | "down services") => format!("{settled} of {all} gone"),
            (_, "create" | "stop" | "pause" | "unpause" | "kill" | "rm") => {
                format!("{settled} of {all} done")
            }
            _ => format!("{settled} of {all} ready"),
        };
        let tail = match cancelling {
            None => String::new(),
            Some(CancelLevel::Drain) => format!(" {dot} breaking off; once more to stop at once"),
            Some(CancelLevel::Abort) => format!(" {dot} stopping"),
        };
        let text = format!("{command} {project} {dot} {count} {dot} {}{tail}", short(now));
        let columns = self.size.columns.saturating_sub(3);
        let mut out = self.style.paint(Tone::Busy, self.style.spinner(self.spinner));
        out.push(' ');
        self.style.paint_into(&mut out, Tone::Strong, &cut(&text, columns, self.style));
        out
    }
}

/// Where a row stands in the tree: a service at its address; what is inside a node as its child. The name is only
/// for the order of the tree.
fn place(key: &RowKey) -> Addr {
    let child = crate::model::name::ServiceName::new("0").expect("a digit is a service name");
    match key {
        RowKey::Service(addr, None) => addr.clone(),
        RowKey::Service(addr, Some(_)) => addr.inner().join(&child, u32::MAX),
        RowKey::Root(_) => crate::model::addr::LayerPath::root().join(&child, u32::MAX),
    }
}

/// The name of a thing of an inner layer, under its node.
fn inner_name(of: &Resource) -> String {
    match of {
        Resource::Network(_, name) => format!("network {name}"),
        Resource::Volume(_, name) => format!("volume {name}"),
        Resource::Image(_, name) => format!("image {name}"),
        Resource::Service(_) | Resource::Layer(_) => of.to_string(),
    }
}

/// The rows that matter most, in their order, with the nodes above them; and the states of the others.
fn choose(rows: Vec<Row>, room: usize) -> (Vec<Row>, Vec<RowStatus>) {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    // `RowStatus` is ordered by how much it matters.
    order.sort_by_key(|&i| rows[i].status);
    let mut chosen: BTreeSet<usize> = BTreeSet::new();
    for i in order {
        let addr = place(&rows[i].key);
        let mut wanted: BTreeSet<usize> = BTreeSet::from([i]);
        for (j, row) in rows.iter().enumerate() {
            if matches!(&row.key, RowKey::Service(above, None) if addr.is_within(&above.inner())) {
                wanted.insert(j);
            }
        }
        if chosen.union(&wanted).count() <= room {
            chosen.extend(wanted);
        }
    }
    let mut shown = Vec::new();
    let mut hidden = Vec::new();
    for (i, row) in rows.into_iter().enumerate() {
        if chosen.contains(&i) { shown.push(row) } else { hidden.push(row.status) }
    }
    (shown, hidden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::rehearsal::{Script, came_up, coming_up, failing, replacing};

    const UNICODE: Style = Style { color: false, unicode: true };

    fn folded(script: &Script) -> (Progress, Duration) {
        let mut progress = Progress::default();
        script.events.iter().for_each(|event| progress.apply(event));
        (progress, script.events.last().map(|event| event.at).unwrap_or_default())
    }

    fn tree(script: &Script, style: Style, rows: usize) -> String {
        let (progress, now) = folded(script);
        let frame = Frame { style, size: Size { columns: 80, rows }, spinner: 3 };
        let project = ProjectName::new("poc").expect("valid");
        let mut lines = frame.tree(&progress, now);
        lines.push(frame.status_line(&progress, Some(&(project, "up")), None, now));
        for line in &lines {
            assert!(width(line) < 80, "{line}");
        }
        lines.join("\n")
    }

    #[test]
    fn the_tree_says_what_each_service_is_waiting_for() {
        insta::assert_snapshot!(tree(&coming_up(), UNICODE, 24), @r"
        · client          waiting for vm1/web to be ready
        ✔ old             unchanged
        ⠸ vm1             0 of 2 ready inside                                      3.5s
        ⠸ ├─ image nginx  copying 12.3 MB of 80.0 MB                               0.7s
        ⠸ ├─ db           waiting for its health check                             0.6s
        · └─ web          waiting for image nginx
        ⠸ up poc · 1 of 5 ready · 4.0s
        ");
    }

    #[test]
    fn without_utf_8_the_tree_is_drawn_in_ascii() {
        insta::assert_snapshot!(tree(&coming_up(), Style::PLAIN, 24), @r"
        . client          waiting for vm1/web to be ready
        + old             unchanged
        \ vm1             0 of 2 ready inside                                      3.5s
        \ |- image nginx  copying 12.3 MB of 80.0 MB                               0.7s
        \ |- db           waiting for its health check                             0.6s
        . `- web          waiting for image nginx
        \ up poc - 1 of 5 ready - 4.0s
        ");
    }

    #[test]
    fn a_low_terminal_shows_what_is_busy_and_counts_the_rest() {
        insta::assert_snapshot!(tree(&coming_up(), UNICODE, 6), @r"
        ⠸ vm1             0 of 2 ready inside                                      3.5s
        ⠸ ├─ image nginx  copying 12.3 MB of 80.0 MB                               0.7s
        ⠸ └─ db           waiting for its health check                             0.6s
        … and 3 more: 2 waiting, 1 unchanged
        ⠸ up poc · 1 of 5 ready · 4.0s
        ");
    }

    #[test]
    fn at_the_end_the_whole_tree_stays() {
        let last = |script: &Script| {
            let (progress, now) = folded(script);
            let size = Size { columns: 80, rows: 4 };
            Frame { style: UNICODE, size, spinner: 0 }.last_tree(&progress, now).join("\n")
        };
        insta::assert_snapshot!(last(&came_up()), @r"
        ✔ client  started                                                          0.1s
        ✔ old     unchanged
        ✔ vm1     ready                                                            4.3s
        ✔ ├─ db   ready                                                            0.8s
        ✔ └─ web  ready                                                            0.3s
        ");
        insta::assert_snapshot!(last(&failing()), @r"
        ○ client  skipped: vm1/db failed
        ✔ old     unchanged
        ▲ vm1     not ready: vm1/db failed                                         4.0s
        ✘ ├─ db   its health check fails                                           0.8s
        ○ └─ web  skipped: vm1/db failed
        ");
        insta::assert_snapshot!(last(&replacing()), @r"
        ✔ db    unchanged
        ✔ gone  removed                                                            0.5s
        ✔ web   recreated (configuration changed)                                  3.0s
        ");
    }

    #[test]
    fn a_run_without_work_leaves_no_tree() {
        let script = Script::new("up").planned("", &[], &[], &["a", "b"]).finished(0, 0, 0);
        let (progress, now) = folded(&script);
        let frame = Frame { style: UNICODE, size: Size { columns: 80, rows: 24 }, spinner: 0 };
        assert_eq!(frame.last_tree(&progress, now), Vec::<String>::new());
    }
}
