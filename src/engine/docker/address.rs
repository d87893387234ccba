//! Where an engine is and how it is dialled.

use std::fmt;
use std::path::PathBuf;

/// An engine's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineAddress {
    /// A unix socket.
    Unix(PathBuf),
    /// Plain TCP.
    Tcp {
        /// Host name or address, without brackets.
        host: String,
        /// Port.
        port: u16,
    },
    /// TCP with TLS.
    Tls {
        /// Host name or address, without brackets; the server's certificate must name it.
        host: String,
        /// Port.
        port: u16,
        /// Certificates and key, PEM.
        files: TlsFiles,
    },
    /// `docker system dial-stdio` on another machine, by the system's `ssh`.
    Ssh(SshAddress),
}

/// Contents of `ca.pem`, `cert.pem` and `key.pem`.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Who may sign the server's certificate. Nobody else may: the system's authorities are not used.
    pub ca: Vec<u8>,
    /// Our certificate and its key, if the server wants one.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl fmt::Debug for TlsFiles {
    /// Leaves the key out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsFiles").field("identity", &self.identity.is_some()).finish_non_exhaustive()
    }
}

/// The parts of `ssh://[user@]host[:port][/socket]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshAddress {
    /// Login name; `None`: ssh's own choice.
    pub user: Option<String>,
    /// Host.
    pub host: String,
    /// Port; `None`: ssh's own choice.
    pub port: Option<u16>,
    /// Socket on that machine; `None`: its client's own choice.
    pub socket: Option<String>,
}

impl SshAddress {
    /// The arguments of `ssh`.
    ///
    /// As the Docker CLI calls it (docker/cli `cli/connhelper`), with one more option: nothing is there to answer
    /// a question, as the process is not the terminal's foreground, so ssh must fail in place of asking.
    pub fn arguments(&self) -> Vec<String> {
        let mut args: Vec<String> =
            ["-o", "ConnectTimeout=30", "-o", "BatchMode=yes", "-T"].map(str::to_owned).to_vec();
        if let Some(user) = &self.user {
            args.extend(["-l".to_owned(), user.clone()]);
        }
        if let Some(port) = self.port {
            args.extend(["-p".to_owned(), port.to_string()]);
        }
        args.extend(["--".to_owned(), self.host.clone(), "docker".to_owned()]);
        if let Some(socket) = &self.socket {
            args.push(format!("--host=unix://{socket}"));
        }
        args.extend(["system".to_owned(), "dial-stdio".to_owned()]);
        args
    }
}

/// A host as it stands in a URL: IPv6 addresses in brackets.
fn in_url(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

impl fmt::Display for EngineAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port } | Self::Tls { host, port, .. } => {
                write!(f, "tcp://{}:{port}", in_url(host))
            }
            Self::Ssh(ssh) => {
                f.write_str("ssh://")?;
                if let Some(user) = &ssh.user {
                    write!(f, "{user}@")?;
                }
                f.write_str(&in_url(&ssh.host))?;
                if let Some(port) = ssh.port {
                    write!(f, ":{port}")?;
                }
                f.write_str(ssh.socket.as_deref().unwrap_or(""))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssh_gets_the_clients_own_arguments_and_never_takes_a_host_for_an_option() {
        let ssh = SshAddress {
            user: Some("ann".into()),
            host: "-oProxyCommand=x".into(),
            port: Some(2222),
            socket: Some("/run/d.sock".into()),
        };
        assert_eq!(
            ssh.arguments().join(" "),
            "-o ConnectTimeout=30 -o BatchMode=yes -T -l ann -p 2222 -- -oProxyCommand=x docker \
             --host=unix:///run/d.sock system dial-stdio"
        );
        assert_eq!(EngineAddress::Ssh(ssh).to_string(), "ssh://ann@-oProxyCommand=x:2222/run/d.sock");
    }
}
