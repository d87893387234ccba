//! What tells the items of a list apart: a later one replaces an earlier of the same identity
//! (compose-go `override/uncity.go`).

use std::collections::HashMap;

use crate::model::span::Span;

use super::node::{Node, Scalar, Value};
use super::place::Place;

/// Ports of one range that are told apart one by one; a longer range is one item.
const RANGE_LIMIT: u32 = 4096;

/// What a relative path means, by which it is told apart: the same text stands for another file in another directory.
pub(crate) type Paths<'a> = &'a dyn Fn(Span, &str) -> String;

/// Puts `high` behind `low`; an item that is there already is replaced where it stands.
pub(super) fn append(
    place: Place,
    key: &str,
    low: Vec<Node>,
    high: Vec<Node>,
    paths: Paths<'_>,
) -> Vec<Node> {
    let Some(identity) = identity(place, key) else {
        return low.into_iter().chain(high).collect();
    };
    let items = low.into_iter().chain(high);
    let items: Vec<Node> = if is_ports(key) { items.flat_map(one_by_one).collect() } else { items.collect() };
    let mut at: HashMap<String, usize> = HashMap::with_capacity(items.len());
    let mut out: Vec<Node> = Vec::with_capacity(items.len());
    for item in items {
        let wanted = identity(&item);
        match if is_path(key) { wanted.map(|text| paths(item.span, &text)) } else { wanted } {
            None => out.push(item),
            Some(wanted) => {
                if let Some(at) = at.get(&wanted) {
                    out[*at] = item;
                } else {
                    at.insert(wanted, out.len());
                    out.push(item);
                }
            }
        }
    }
    out
}

/// How the items of a list are told apart; `None`: all stay.
fn identity(place: Place, key: &str) -> Option<fn(&Node) -> Option<String>> {
    Some(match (place, key) {
        (Place::Service, "volumes") => volume,
        (Place::Service, "devices") => device,
        (Place::Service, "configs") => config,
        (Place::Service, "secrets") => secret,
        (Place::Service, "env_file") => env_file,
        (Place::Service, "ports" | "publish") => port,
        (
            Place::Service,
            "cap_add" | "cap_drop" | "dns" | "dns_opt" | "dns_search" | "expose" | "links" | "profiles"
            | "tmpfs" | "label_file",
        )
        | (Place::Build, "tags" | "platforms")
        | (Place::Attachment, "aliases" | "link_local_ips") => name,
        _ => return None,
    })
}

fn is_path(key: &str) -> bool {
    matches!(key, "env_file" | "label_file")
}

fn is_ports(key: &str) -> bool {
    matches!(key, "ports" | "publish")
}

fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(scalar) if !scalar.refused => Some(&scalar.text),
        Value::Scalar(_) | Value::List(_) | Value::Mapping(_) => None,
    }
}

fn part<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.get(key).and_then(text)
}

fn name(node: &Node) -> Option<String> {
    text(node).map(|text| text.split('=').next().unwrap_or(text).to_owned())
}

/// A mount is told apart by its target; a short one may begin with a drive (`c:\…`).
fn volume(node: &Node) -> Option<String> {
    let Some(short) = text(node) else { return part(node, "target").map(clean) };
    // Nothing before the first colon is a mistake, which its reader names.
    if short.starts_with(':') {
        return None;
    }
    let skip = usize::from(short.as_bytes().get(1) == Some(&b':') && short[2..].starts_with(['\\', '/'])) * 2;
    let rest = short.get(skip..).unwrap_or(short);
    Some(clean(rest.split(':').nth(1).unwrap_or(short)))
}

/// A path without what means nothing in it.
fn clean(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { path.to_owned() } else { trimmed.to_owned() }
}

fn device(node: &Node) -> Option<String> {
    match text(node) {
        Some(short) => short.split(':').nth(1).or(Some(short)).map(str::to_owned),
        None => part(node, "target").map(str::to_owned),
    }
}

fn config(node: &Node) -> Option<String> {
    stored(node, "/")
}

fn secret(node: &Node) -> Option<String> {
    stored(node, "/run/secrets/")
}

fn stored(node: &Node, directory: &str) -> Option<String> {
    match part(node, "target") {
        Some(target) => Some(target.to_owned()),
        None => text(node).or_else(|| part(node, "source")).map(|source| format!("{directory}{source}")),
    }
}

fn env_file(node: &Node) -> Option<String> {
    text(node).or_else(|| part(node, "path")).map(str::to_owned)
}

fn port(node: &Node) -> Option<String> {
    let Some(short) = text(node) else {
        let target = part(node, "target")?;
        let (host, published) = (part(node, "host_ip").unwrap_or(""), part(node, "published").unwrap_or(""));
        return Some(port_text(host, published, target, part(node, "protocol").unwrap_or("tcp")));
    };
    if short.starts_with(':') {
        return None;
    }
    let (host, published, target, protocol) = short_port(short);
    Some(port_text(host, published, target, protocol))
}

fn port_text(host: &str, published: &str, target: &str, protocol: &str) -> String {
    let host = if host.is_empty() { "0.0.0.0" } else { host };
    format!("{host}:{published}:{target}/{protocol}")
}

/// `[[host:]published:]target[/protocol]`.
fn short_port(short: &str) -> (&str, &str, &str, &str) {
    let (address, protocol) = short.split_once('/').unwrap_or((short, "tcp"));
    let (rest, target) = address.rsplit_once(':').unwrap_or(("", address));
    let (host, published) = rest.rsplit_once(':').unwrap_or(("", rest));
    (host.trim_start_matches('[').trim_end_matches(']'), published, target, protocol)
}

/// The ports of a short range, each as an item of its own: a part of a range may be replaced.
fn one_by_one(node: Node) -> Vec<Node> {
    let ranges = text(&node).filter(|short| short.contains('-')).and_then(|short| {
        let (host, published, target, protocol) = short_port(short);
        let (targets, published_range) = (range(target)?, range(published));
        let same = published_range.is_some_and(|(from, to)| to - from == targets.1 - targets.0);
        if targets.1 - targets.0 > RANGE_LIMIT || !(published.is_empty() || same) {
            return None;
        }
        let texts = (targets.0..=targets.1).map(|port| {
            let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            let before = match published_range {
                Some((from, _)) if host.is_empty() => format!("{}:", from + (port - targets.0)),
                Some((from, _)) => format!("{host}:{}:", from + (port - targets.0)),
                None if host.is_empty() => String::new(),
                None => format!("{host}::"),
            };
            format!("{before}{port}/{protocol}")
        });
        Some(texts.collect::<Vec<String>>())
    });
    let Some(texts) = ranges else { return vec![node] };
    let item = |text: String| Node {
        value: Value::Scalar(Scalar { text: text.into(), plain: false, refused: false }),
        ..Node::refused(node.span)
    };
    texts.into_iter().map(|text| Node { head: node.head, ..item(text) }).collect()
}

fn range(text: &str) -> Option<(u32, u32)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (from.parse::<u32>().ok()?, to.parse::<u32>().ok()?);
    (from <= to && to <= 65_535).then_some((from, to))
}
