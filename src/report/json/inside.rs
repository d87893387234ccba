//! Machine output of `top`, `stats`, `images` and `events`: version 1, one JSON object a row.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model;
use crate::report::inside::time;

/// A process.
#[derive(Debug, Serialize)]
struct Process<'a> {
    address: String,
    /// By the head of the column, as the engine calls it.
    process: BTreeMap<&'a str, &'a str>,
}

/// A row of `stats`; without figures where it does not run.
#[derive(Debug, Serialize)]
struct Figures<'a> {
    address: String,
    container: &'a str,
    id: &'a str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}

/// Bytes, percent, numbers.
#[derive(Debug, Serialize)]
struct Usage {
    cpu_percent: f64,
    memory: u64,
    memory_limit: u64,
    received: u64,
    sent: u64,
    read: u64,
    written: u64,
    processes: u64,
}

/// A row of `images`.
#[derive(Debug, Serialize)]
struct UsedImage<'a> {
    address: String,
    container: &'a str,
    image: &'a str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<i64>,
}

/// A line of `events`.
#[derive(Debug, Serialize)]
struct Happening<'a> {
    time: String,
    address: String,
    action: &'a str,
    container: &'a str,
    id: &'a str,
    attributes: &'a BTreeMap<String, String>,
}

fn line(value: &impl Serialize) -> String {
    let mut out = super::convert::to_line(value);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// `top`.
pub fn top(tables: &[(model::addr::Addr, model::usage::ProcessTable)]) -> String {
    let mut out = String::new();
    for (addr, table) in tables {
        for row in &table.rows {
            let cells = table.titles.iter().map(String::as_str).zip(row.iter().map(String::as_str));
            out.push_str(&line(&Process { address: addr.to_string(), process: cells.collect() }));
        }
    }
    out
}

/// `stats`.
pub fn stats(rows: &[model::usage::Figures]) -> String {
    let rows = rows.iter().map(|row| {
        line(&Figures {
            address: row.addr.to_string(),
            container: &row.container,
            id: &row.id,
            usage: row.usage.map(|it| Usage {
                cpu_percent: it.cpu_percent,
                memory: it.memory,
                memory_limit: it.memory_limit,
                received: it.received,
                sent: it.sent,
                read: it.read,
                written: it.written,
                processes: it.processes,
            }),
        })
    });
    rows.collect()
}

/// `images`.
pub fn images(rows: &[model::usage::UsedImage]) -> String {
    let rows = rows.iter().map(|row| {
        line(&UsedImage {
            address: row.addr.to_string(),
            container: &row.container,
            image: &row.reference,
            id: &row.id,
            size: row.size,
        })
    });
    rows.collect()
}

/// One line of `events`.
pub fn happening(it: &model::usage::Happening) -> String {
    line(&Happening {
        time: time(it.time),
        address: it.addr.to_string(),
        action: &it.action,
        container: &it.container,
        id: &it.id,
        attributes: &it.attributes,
    })
}
