//! `ports`, `publish`, `expose`.

use std::net::IpAddr;

use crate::diag::code::Code;
use crate::model::container::{PortBinding, Protocol};
use crate::model::span::{Span, Spanned};
use crate::spec::raw::port::{Port, PortForm};
use crate::spec::read::field::Field;
use crate::spec::read::leaf::Plain;
use crate::spec::read::list::List;
use crate::spec::read::words::quote;

use super::lowering::Lowering;

/// A range of ports that maps onto one of the same length is written out; longer ones were not meant.
const RANGE_LIMIT: u16 = 4096;
const HELP: &str = "Write `CONTAINER`, `HOST:CONTAINER`, `IP:HOST:CONTAINER` or `[IPV6]:HOST:CONTAINER`, each a port from 1 to 65535 or a range, and `/udp` where it is not tcp.";

/// What one entry says, before ranges are written out.
struct Parts {
    host_ip: Option<String>,
    host: Option<(u16, u16)>,
    container: (u16, u16),
    protocol: Protocol,
}

impl Lowering<'_> {
    /// `ports` or `publish`, ranges written out, each with its place.
    pub(super) fn ports(&self, field: Field<List<PortForm>>) -> Vec<Spanned<PortBinding>> {
        let mut out = Vec::new();
        for Spanned { value, span } in field.value.unwrap_or_default().0 {
            let parts = match value {
                PortForm::Short(Plain(text)) => short(&text).map_err(|message| (span, message)),
                PortForm::Long(port) => match self.long(&port, span) {
                    Some(parts) => parts,
                    None => continue,
                },
            };
            match parts.and_then(|parts| write_out(&parts).map_err(|message| (span, message))) {
                Ok(bindings) => out.extend(bindings.into_iter().map(|binding| Spanned::new(binding, span))),
                Err((span, message)) => self.bad(span, message, HELP),
            }
        }
        out
    }

    /// `None` when something was noted already.
    fn long(&self, port: &Port, span: Span) -> Option<Result<Parts, (Span, String)>> {
        let Some(target) = port.target.get() else {
            if port.target.place.is_none() {
                let help = "Add `target`: the port inside the container.";
                self.problems.error(Code::MissingKey, span, "`target` of the port is missing", help);
            }
            return None;
        };
        if let Some(mode) = port.mode.get().filter(|mode| !matches!(mode.value.as_str(), "host" | "ingress"))
        {
            self.bad(
                mode.span,
                format!("{} is not a mode of a port", quote(mode.value)),
                "Write `host` or `ingress`.",
            );
        }
        let read = || {
            let container = range(&target.value.0).map_err(|message| (target.span, message))?;
            let host = match port.published.get() {
                Some(published) if !published.value.0.is_empty() => {
                    Some(range(&published.value.0).map_err(|message| (published.span, message))?)
                }
                _ => None,
            };
            let host_ip = match port.host_ip.get() {
                Some(ip) => Some(address(ip.value).map_err(|message| (ip.span, message))?),
                None => None,
            };
            let protocol = match port.protocol.get() {
                Some(word) => protocol(word.value).map_err(|message| (word.span, message))?,
                None => Protocol::Tcp,
            };
            Ok(Parts { host_ip, host, container, protocol })
        };
        Some(read())
    }

    /// `expose`: ports or ranges, as `80/tcp`.
    pub(super) fn expose(&self, field: Field<List<Plain>>) -> Vec<String> {
        let mut out = Vec::new();
        for Spanned { value: Plain(text), span } in field.value.unwrap_or_default().0 {
            let (ports, word) = text.split_once('/').unwrap_or((&text, "tcp"));
            match range(ports).and_then(|ports| Ok((ports, protocol(word)?))) {
                Ok(((first, last), protocol)) if last - first < RANGE_LIMIT => {
                    out.extend((first..=last).map(|port| format!("{port}/{}", protocol.as_str())));
                }
                Ok(_) => {
                    self.bad(span, format!("`{text}` is a range of more than {RANGE_LIMIT} ports"), HELP);
                }
                Err(message) => {
                    self.bad(span, message, "Write a port, or a range: `80`, `53/udp`, `8000-8010`.");
                }
            }
        }
        out
    }
}

/// The ports of a short form, ranges written out.
pub(crate) fn written_out(text: &str) -> Result<Vec<PortBinding>, String> {
    write_out(&short(text)?)
}

/// Reads `[[IP:]HOST:]CONTAINER[/PROTOCOL]` (docker/go-connections `nat.ParsePortSpec`).
fn short(text: &str) -> Result<Parts, String> {
    let (spec, word) = match text.split_once('/') {
        Some((spec, word)) => (spec, word),
        None => (text, "tcp"),
    };
    let protocol = protocol(word)?;
    let (rest, container) =
        spec.rsplit_once(':').map_or((None, spec), |(rest, container)| (Some(rest), container));
    let container = range(container)?;
    let (ip, host) = match rest {
        None => (None, ""),
        // The last colon parts the address from the port; an IPv6 address has colons of its own, and brackets around
        // it, for without them nobody can tell where it ends.
        Some(rest) => rest.rsplit_once(':').map_or((None, rest), |(ip, host)| (Some(ip), host)),
    };
    let host = if host.is_empty() { None } else { Some(range(host)?) };
    let host_ip = match ip {
        None | Some("") => None,
        Some(ip) if ip.contains(':') && !ip.starts_with('[') => {
            return Err(format!("the address {} is not in brackets", quote(ip)));
        }
        Some(ip) => Some(address(ip)?),
    };
    Ok(Parts { host_ip, host, container, protocol })
}

fn protocol(word: &str) -> Result<Protocol, String> {
    match word.to_ascii_lowercase().as_str() {
        "tcp" => Ok(Protocol::Tcp),
        "udp" => Ok(Protocol::Udp),
        "sctp" => Ok(Protocol::Sctp),
        _ => Err(format!("{} is not a protocol of a port: there are `tcp`, `udp` and `sctp`", quote(word))),
    }
}

fn address(text: &str) -> Result<String, String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    match bare.parse::<IpAddr>() {
        Ok(_) => Ok(bare.to_owned()),
        Err(_) => Err(format!("{} is not an IP address", quote(text))),
    }
}

fn range(text: &str) -> Result<(u16, u16), String> {
    let port = |text: &str| match text.trim().parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(format!("{} is not a port", quote(text))),
    };
    match text.split_once('-') {
        None => port(text).map(|port| (port, port)),
        Some((first, last)) => match (port(first)?, port(last)?) {
            (first, last) if first <= last => Ok((first, last)),
            _ => Err(format!("the range `{text}` ends before it begins")),
        },
    }
}

fn write_out(parts: &Parts) -> Result<Vec<PortBinding>, String> {
    let (first, last) = parts.container;
    let count = last - first;
    if count >= RANGE_LIMIT {
        return Err(format!("`{first}-{last}` is a range of more than {RANGE_LIMIT} ports"));
    }
    if let Some((low, high)) = parts.host.filter(|_| count > 0)
        && high - low != count
    {
        return Err(format!("the ranges `{low}-{high}` and `{first}-{last}` are not equally long"));
    }
    Ok((0..=count)
        .map(|i| PortBinding {
            host_ip: parts.host_ip.clone(),
            // One port inside with a range outside: the engine takes a free one of the range.
            host: parts.host.map(|(low, high)| if count > 0 { (low + i, low + i) } else { (low, high) }),
            container: first + i,
            protocol: parts.protocol,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match short(text).and_then(|parts| write_out(&parts)) {
            Err(message) => message,
            Ok(list) => list
                .iter()
                .map(|port| {
                    let ip = port.host_ip.as_deref().unwrap_or("*");
                    let host = port.host.map_or("?".to_owned(), |(low, high)| format!("{low}-{high}"));
                    format!("{ip} {host} {}/{}", port.container, port.protocol.as_str())
                })
                .collect::<Vec<_>>()
                .join(", "),
        }
    }

    #[test]
    fn the_short_forms_are_read() {
        assert_eq!(shown("80"), "* ? 80/tcp");
        assert_eq!(shown("8080:80"), "* 8080-8080 80/tcp");
        assert_eq!(shown("53:53/udp"), "* 53-53 53/udp");
        assert_eq!(shown("127.0.0.1:8080:80"), "127.0.0.1 8080-8080 80/tcp");
        assert_eq!(shown("127.0.0.1::80"), "127.0.0.1 ? 80/tcp");
        // `${HTTP_PORT}:80` where nothing is set.
        assert_eq!(shown(":80"), "* ? 80/tcp");
        assert_eq!(shown("[::1]:8080:80"), "::1 8080-8080 80/tcp");
        assert_eq!(shown("8000-9000:80"), "* 8000-9000 80/tcp");
        assert_eq!(shown("8000-8001:80-81"), "* 8000-8000 80/tcp, * 8001-8001 81/tcp");
        assert_eq!(shown("3000-3001"), "* ? 3000/tcp, * ? 3001/tcp");
    }

    #[test]
    fn what_is_no_port_says_why() {
        assert_eq!(shown("70000"), "`70000` is not a port");
        assert_eq!(shown("a:80"), "`a` is not a port");
        assert_eq!(shown("80/http"), "`http` is not a protocol of a port: there are `tcp`, `udp` and `sctp`");
        assert_eq!(shown("8000-8002:80-81"), "the ranges `8000-8002` and `80-81` are not equally long");
        assert_eq!(shown("81-80"), "the range `81-80` ends before it begins");
        assert_eq!(shown("1.2.3:80:80"), "`1.2.3` is not an IP address");
        assert_eq!(shown("::1:8080:80"), "the address `::1` is not in brackets");
    }
}
