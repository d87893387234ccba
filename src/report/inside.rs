//! What runs inside, what it uses, what happens to it: `top`, `stats`, `images`, `events`.

use std::fmt::Write;

use crate::model::addr::Addr;
use crate::model::usage::{Figures, Happening, ProcessTable, UsedImage};

use super::style::{Style, Tone};
use super::table::Table;
use super::width::width;

/// One table a container, under its address.
pub fn top(tables: &[(Addr, ProcessTable)], style: Style, columns: Option<usize>) -> String {
    let mut out = String::new();
    for (addr, processes) in tables {
        style.paint_into(&mut out, Tone::Strong, &addr.to_string());
        out.push('\n');
        let titles: Vec<&str> = processes.titles.iter().map(String::as_str).collect();
        let mut table = Table::new(&titles);
        for row in &processes.rows {
            table.row(row.iter().cloned().map(Into::into).collect());
        }
        out.push_str(&table.render(style, columns));
        out.push('\n');
    }
    out
}

/// The table of `stats`. `whole`: IDs are not cut. On a narrow terminal figures are worth more than IDs.
pub fn stats(rows: &[Figures], whole: bool, style: Style, columns: Option<usize>) -> String {
    let plain = figures(rows, whole, true).render(Style::PLAIN, None);
    let fits = columns.is_none_or(|columns| plain.lines().all(|line| width(line) <= columns));
    figures(rows, whole, whole || fits).render(style, columns)
}

fn figures(rows: &[Figures], whole: bool, ids: bool) -> Table {
    let mut table = Table::new(&[
        "SERVICE",
        "CONTAINER ID",
        "CPU",
        "MEMORY",
        "MEMORY %",
        "NET IN/OUT",
        "BLOCK IN/OUT",
        "PIDS",
    ])
    .elastic(&["NET IN/OUT", "BLOCK IN/OUT"])
    .spare(&["CONTAINER ID", "BLOCK IN/OUT", "NET IN/OUT", "MEMORY %"]);
    for row in rows {
        let id = if !ids {
            String::new()
        } else if whole {
            row.id.clone()
        } else {
            row.id.chars().take(12).collect()
        };
        let mut cells = vec![row.addr.to_string(), id];
        cells.extend(match &row.usage {
            None => std::array::from_fn::<String, 6, _>(|_| "--".to_owned()),
            Some(usage) => [
                format!("{:.2}%", usage.cpu_percent),
                format!("{} / {}", binary(usage.memory), binary(usage.memory_limit)),
                format!("{:.2}%", percent(usage.memory, usage.memory_limit)),
                format!("{} / {}", decimal(usage.received), decimal(usage.sent)),
                format!("{} / {}", decimal(usage.read), decimal(usage.written)),
                usage.processes.to_string(),
            ],
        });
        table.row(cells.into_iter().map(Into::into).collect());
    }
    table
}

/// The table of `images`.
pub fn images(rows: &[UsedImage], style: Style, columns: Option<usize>) -> String {
    let mut table = Table::new(&["SERVICE", "CONTAINER", "IMAGE", "IMAGE ID", "SIZE"])
        .elastic(&["IMAGE"])
        .spare(&["CONTAINER", "IMAGE ID"]);
    for row in rows {
        let id = row.id.strip_prefix("sha256:").unwrap_or(&row.id).chars().take(12).collect::<String>();
        let size = row.size.and_then(|size| u64::try_from(size).ok()).map(decimal).unwrap_or_default();
        let cells = [row.addr.to_string(), row.container.clone(), row.reference.clone(), id, size];
        table.row(cells.into_iter().map(Into::into).collect());
    }
    table.render(style, columns)
}

/// One line of `events`, as Compose writes it, with the address in place of the ID.
pub fn happening(it: &Happening, style: Style) -> String {
    let mut out = style.paint(Tone::Faint, &time(it.time));
    write!(out, " {} ", it.action).expect("writing to a string cannot fail");
    style.paint_into(&mut out, Tone::Strong, &it.addr.to_string());
    let attributes: Vec<String> = it.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
    writeln!(
        out,
        " (name={}{}{})",
        it.container,
        if attributes.is_empty() { "" } else { ", " },
        attributes.join(", ")
    )
    .expect("writing to a string cannot fail");
    out
}

/// RFC 3339 with microseconds, of nanoseconds since 1970.
pub(super) fn time(nanoseconds: i64) -> String {
    let seconds = nanoseconds.div_euclid(1_000_000_000);
    let micros = nanoseconds.rem_euclid(1_000_000_000) / 1000;
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Civil date of a day number (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

#[expect(clippy::cast_precision_loss, reason = "a figure of three digits needs no 53 bits")]
fn scaled(bytes: u64, base: f64, units: [&str; 5]) -> String {
    let mut value = bytes as f64;
    let mut unit = units[0];
    for next in &units[1..] {
        if value < base {
            break;
        }
        value /= base;
        unit = next;
    }
    if unit == units[0] {
        format!("{bytes}{unit}")
    } else {
        let digits = if value < 10.0 { 2 } else { 1 };
        format!("{value:.digits$}{unit}")
    }
}

fn binary(bytes: u64) -> String {
    scaled(bytes, 1024.0, ["B", "KiB", "MiB", "GiB", "TiB"])
}

fn decimal(bytes: u64) -> String {
    scaled(bytes, 1000.0, ["B", "kB", "MB", "GB", "TB"])
}

#[expect(clippy::cast_precision_loss, reason = "a percentage needs no 53 bits")]
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_cut_to_what_is_read() {
        assert_eq!([binary(512), binary(1536), binary(64 << 20)], ["512B", "1.50KiB", "64.0MiB"]);
        assert_eq!([decimal(0), decimal(1_500_000)], ["0B", "1.50MB"]);
    }

    #[test]
    fn figures_are_whole_where_ids_leave_no_room_for_them() {
        let usage =
            crate::model::usage::Usage { memory: 64 << 20, memory_limit: 24 << 30, ..Default::default() };
        let row = Figures {
            addr: "vm/web".parse().expect("an address"),
            container: "c".to_owned(),
            id: "0123456789abcdef".to_owned(),
            usage: Some(usage),
        };
        let rows = [row];
        insta::assert_snapshot!(stats(&rows, false, Style::PLAIN, None), @r"
        SERVICE  CONTAINER ID  CPU    MEMORY             MEMORY %  NET IN/OUT  BLOCK IN/OUT  PIDS
        vm/web   0123456789ab  0.00%  64.0MiB / 24.0GiB  0.26%     0B / 0B     0B / 0B       0
        ");
        insta::assert_snapshot!(stats(&rows, false, Style::PLAIN, Some(80)), @r"
        SERVICE  CPU    MEMORY             MEMORY %  NET IN/OUT  BLOCK IN/OUT  PIDS
        vm/web   0.00%  64.0MiB / 24.0GiB  0.26%     0B / 0B     0B / 0B       0
        ");
    }

    #[test]
    fn times_are_written_as_they_are_read() {
        for text in
            ["1970-01-01T00:00:00.000000Z", "2000-02-29T12:00:00.500000Z", "2026-12-31T23:59:59.999999Z"]
        {
            let nanoseconds = crate::model::time::nanoseconds(text).expect("a time");
            assert_eq!(time(i64::try_from(nanoseconds).expect("near")), text);
        }
    }
}
