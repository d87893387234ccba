//! `DOCKER_HOST` and its like: `unix://`, `tcp://`, `ssh://`.

use std::path::PathBuf;

use crate::engine::docker::address::{EngineAddress, SshAddress, TlsFiles};

/// Ports of an address without one (docker/cli `opts/hosts.go`).
const PLAIN_PORT: u16 = 2375;
const TLS_PORT: u16 = 2376;

/// Reads an address; the error says what is wrong with it.
pub(super) fn parse(text: &str, tls: Option<TlsFiles>) -> Result<EngineAddress, String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("write `unix:///path`, `tcp://host:port` or `ssh://host`".to_owned());
    };
    match scheme {
        "unix" if rest.starts_with('/') => Ok(EngineAddress::Unix(PathBuf::from(rest))),
        "unix" => Err("the socket's path is absolute: `unix:///path`".to_owned()),
        "tcp" | "http" | "https" => {
            let tls_wanted = tls.is_some() || scheme == "https";
            let (host, port, path) = host_port_path(rest)?;
            if !path.is_empty() && path != "/" {
                return Err("a path below the address is not supported".to_owned());
            }
            let port = port.unwrap_or(if tls_wanted { TLS_PORT } else { PLAIN_PORT });
            match tls {
                Some(files) => Ok(EngineAddress::Tls { host, port, files }),
                None if tls_wanted => {
                    Err("`https` needs certificates: set DOCKER_TLS_VERIFY and DOCKER_CERT_PATH".to_owned())
                }
                None => Ok(EngineAddress::Tcp { host, port }),
            }
        }
        "ssh" => ssh(rest),
        "fd" => Err("`fd://` is for the daemon's own listening sockets, not for clients".to_owned()),
        "npipe" => Err("named pipes are Windows' own; nestctl runs where sockets are".to_owned()),
        other => Err(format!("`{other}` is not one of unix, tcp and ssh")),
    }
}

fn ssh(rest: &str) -> Result<EngineAddress, String> {
    if rest.contains(['?', '#']) {
        return Err("an ssh address has no query and no fragment".to_owned());
    }
    let (user, rest) = match rest.split_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, rest),
    };
    if user.is_some_and(|user| user.contains(':')) {
        return Err("a password cannot be part of an ssh address".to_owned());
    }
    if user == Some("") {
        return Err("the user's name is empty".to_owned());
    }
    let (host, port, path) = host_port_path(rest)?;
    let socket = Some(path).filter(|path| !path.is_empty() && *path != "/").map(str::to_owned);
    // The path goes through a shell on the other machine.
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if socket.as_deref().is_some_and(|path| !path.chars().all(plain)) {
        return Err("the socket's path holds characters that a shell would read".to_owned());
    }
    Ok(EngineAddress::Ssh(SshAddress { user: user.map(str::to_owned), host, port, socket }))
}

/// `host[:port][/path]`, the host in brackets if it is an IPv6 address.
fn host_port_path(text: &str) -> Result<(String, Option<u16>, &str), String> {
    let (authority, path) = match text.find('/') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or("a bracket is open")?;
            (host, after.strip_prefix(':'))
        }
        None => match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.is_empty() {
        return Err("the host is missing".to_owned());
    }
    let port = match port {
        None => None,
        Some(port) => {
            let number = port.parse::<u16>().ok().filter(|number| *number != 0);
            Some(number.ok_or_else(|| format!("`{port}` is no port"))?)
        }
    };
    Ok((host.to_owned(), port, path))
}
