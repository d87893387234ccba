//! `ports`, `publish` and `expose`: every form becomes one binding per container port.

use std::collections::BTreeSet;

use crate::diag::code::Code;
use crate::model::container::{PortBinding, Protocol};
use crate::model::span::Spanned;
use crate::spec::reader::Reader;
use crate::spec::tree::{Node, Value};

const KEYS: &[&str] = &["name", "mode", "host_ip", "target", "published", "protocol", "app_protocol"];

/// Parts of a port that are still ranges.
struct Ranges {
    host_ip: Option<String>,
    host: Option<(u16, u16)>,
    container: (u16, u16),
    protocol: Protocol,
}

impl Reader<'_> {
    /// The bindings of `ports` or `publish`.
    pub(in crate::spec) fn ports(&mut self, node: &Node, key: &str) -> Vec<Spanned<PortBinding>> {
        let Some(items) = self.list(node, key) else { return Vec::new() };
        let mut out: Vec<Spanned<PortBinding>> = Vec::new();
        let mut seen = BTreeSet::new();
        for item in items {
            let ranges = if let Value::Map(_) = item.value { self.long(item) } else { self.short(item, key) };
            let Some(ranges) = ranges else { continue };
            match bindings(&ranges) {
                Ok(bindings) => {
                    for binding in bindings {
                        // As Compose, a port that is written twice is published once.
                        if seen.insert(binding.clone()) {
                            out.push(Spanned::new(binding, item.span));
                        }
                    }
                }
                Err(message) => self.error(Code::BadValue, item.span, message, ""),
            }
        }
        out
    }

    fn short(&mut self, node: &Node, key: &str) -> Option<Ranges> {
        let text = self.string(node, key)?;
        match short(&text) {
            Ok(ranges) => Some(ranges),
            Err(message) => {
                let help = "the forms are `8080:80`, `127.0.0.1:8080:80/udp`, `8000-8010:80` and `80`";
                self.error(Code::BadValue, node.span, message, help);
                None
            }
        }
    }

    fn long(&mut self, node: &Node) -> Option<Ranges> {
        let mut ranges = Ranges { host_ip: None, host: None, container: (0, 0), protocol: Protocol::Tcp };
        let mut target = None;
        for (key, value) in self.map(node, "a port", KEYS)? {
            match key.text.as_str() {
                "target" => target = Some(self.port_range(value, "target")?),
                "published" => {
                    let empty = matches!(&value.value, Value::Scalar { text, .. } if text.is_empty());
                    ranges.host = if empty { None } else { Some(self.port_range(value, "published")?) };
                }
                "host_ip" => {
                    let text = self.name(value, "host_ip")?;
                    if text.parse::<std::net::IpAddr>().is_err() {
                        self.bad(value.span, "host_ip", &text, "an address");
                        return None;
                    }
                    ranges.host_ip = Some(text);
                }
                "protocol" => {
                    let word = self.word(value, "protocol", &["tcp", "udp", "sctp"])?;
                    ranges.protocol = protocol(&word)?;
                }
                // Without Swarm both modes publish on the engine's machine.
                "mode" => {
                    self.word(value, "mode", &["host", "ingress"])?;
                }
                // They describe the port for readers.
                _ => {}
            }
        }
        let Some(target) = target else {
            self.error(Code::MissingKey, node.span, "a port needs a `target`", "");
            return None;
        };
        ranges.container = target;
        Some(ranges)
    }

    fn port_range(&mut self, node: &Node, key: &str) -> Option<(u16, u16)> {
        let text = self.string(node, key)?;
        match range(&text) {
            Ok(range) => Some(range),
            Err(message) => {
                self.error(Code::BadValue, node.span, message, "");
                None
            }
        }
    }

    /// `expose`, as `80/tcp`.
    pub(in crate::spec) fn expose(&mut self, node: &Node) -> Vec<String> {
        let Some(items) = self.list(node, "expose") else { return Vec::new() };
        let mut out = Vec::new();
        for item in items {
            let Some(text) = self.string(item, "expose") else { continue };
            let (ports, transport) = text.split_once('/').unwrap_or((&text, "tcp"));
            match (range(ports), protocol(transport)) {
                (Ok((first, last)), Some(protocol)) => {
                    out.extend((first..=last).map(|port| format!("{port}/{}", protocol.as_str())));
                }
                (Err(message), _) => self.error(Code::BadValue, item.span, message, ""),
                (_, None) => self.bad(item.span, "expose", transport, "a protocol: `tcp`, `udp` or `sctp`"),
            }
        }
        out
    }
}

fn protocol(text: &str) -> Option<Protocol> {
    match text.to_ascii_lowercase().as_str() {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        "sctp" => Some(Protocol::Sctp),
        _ => None,
    }
}

fn port(text: &str) -> Result<u16, String> {
    match text.parse::<u32>() {
        Ok(number) => u16::try_from(number)
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| format!("port {number} is not between 1 and 65535")),
        Err(_) => Err(format!("`{text}` is not a port")),
    }
}

fn range(text: &str) -> Result<(u16, u16), String> {
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (port(first)?, port(last)?),
        None => (port(text)?, port(text)?),
    };
    if first > last { Err(format!("the range `{text}` runs backwards")) } else { Ok((first, last)) }
}

/// `[[HOST_IP:]HOST:]CONTAINER[/PROTOCOL]`.
fn short(text: &str) -> Result<Ranges, String> {
    let (rest, transport) = text.rsplit_once('/').unwrap_or((text, "tcp"));
    let protocol = protocol(transport).ok_or_else(|| format!("`{transport}` is not a protocol"))?;
    let (rest, container) = match rest.rsplit_once(':') {
        Some((rest, container)) => (Some(rest), container),
        None => (None, rest),
    };
    let container = range(container)?;
    let Some(rest) = rest else { return Ok(Ranges { host_ip: None, host: None, container, protocol }) };
    let (ip, host) = match rest.rsplit_once(':') {
        Some((ip, host)) => (Some(ip), host),
        None => (None, rest),
    };
    let host = if host.is_empty() { None } else { Some(range(host)?) };
    let host_ip = match ip {
        None | Some("") => None,
        Some(ip) => {
            let bare = ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')).unwrap_or(ip);
            bare.parse::<std::net::IpAddr>().map_err(|_| format!("`{ip}` is not an address"))?;
            Some(bare.to_owned())
        }
    };
    Ok(Ranges { host_ip, host, container, protocol })
}

fn bindings(ranges: &Ranges) -> Result<Vec<PortBinding>, String> {
    let (first, last) = ranges.container;
    let one = |container: u16, host: Option<(u16, u16)>| PortBinding {
        host_ip: ranges.host_ip.clone(),
        host,
        container,
        protocol: ranges.protocol,
    };
    match ranges.host {
        // A range for one port is a choice.
        host if first == last => Ok(vec![one(first, host)]),
        None => Ok((first..=last).map(|port| one(port, None)).collect()),
        Some((from, to)) if to - from == last - first => {
            Ok((first..=last).zip(from..=to).map(|(port, host)| one(port, Some((host, host)))).collect())
        }
        Some((from, to)) => {
            Err(format!("the range {from}-{to} has not as many ports as the range {first}-{last}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<Vec<String>, String> {
        let ranges = short(text)?;
        Ok(bindings(&ranges)?
            .iter()
            .map(|port| {
                let ip = port.host_ip.as_deref().unwrap_or("*");
                format!("{ip} {:?} {}/{}", port.host, port.container, port.protocol.as_str())
            })
            .collect())
    }

    #[test]
    fn every_short_form_is_read() {
        for (text, expected) in [
            ("80", vec!["* None 80/tcp"]),
            ("8080:80", vec!["* Some((8080, 8080)) 80/tcp"]),
            ("8000-8010:80", vec!["* Some((8000, 8010)) 80/tcp"]),
            ("1-2:3-4/udp", vec!["* Some((1, 1)) 3/udp", "* Some((2, 2)) 4/udp"]),
            ("127.0.0.1:8080:80", vec!["127.0.0.1 Some((8080, 8080)) 80/tcp"]),
            ("127.0.0.1::80", vec!["127.0.0.1 None 80/tcp"]),
            ("[::1]:8080:80", vec!["::1 Some((8080, 8080)) 80/tcp"]),
            ("5-6", vec!["* None 5/tcp", "* None 6/tcp"]),
        ] {
            assert_eq!(
                shown(text).as_deref(),
                Ok(&expected.into_iter().map(str::to_owned).collect::<Vec<_>>()[..])
            );
        }
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for bad in ["70000", "0", "a", "80/xyz", "9-8", "1-2:3-5", "host:1:2", ""] {
            assert!(shown(bad).is_err(), "{bad}");
        }
    }
}
