//! How a node's engine is dialled: an exec of whatever client the node has, its standard streams the connection.

use crate::model::dial::Dial;

/// What would redirect a client that is told an address, or make it speak TLS on a socket.
const FORGET: &str = "unset DOCKER_HOST DOCKER_CONTEXT DOCKER_TLS DOCKER_TLS_VERIFY DOCKER_CERT_PATH \
     DOCKER_API_VERSION CONTAINER_HOST CONTAINER_CONNECTION; has() { command -v \"$1\" >/dev/null 2>&1; }; ";

/// A daemon that is starting makes its socket before it serves: from then on a request waits for the answer. Two
/// seconds spare the one who dials from asking again and again, each time by a process of its own.
const AWAIT: &str = "n=0; until [ -S \"$1\" ] || [ $n -ge 100 ]; do n=$((n + 1)); \
     sleep 0.02 2>/dev/null || { sleep 1; n=$((n + 49)); }; done; ";

const DOCKER: &str = "if has docker; then exec docker --host=\"unix://$1\" system dial-stdio; fi; ";

const PODMAN: &str = "if has podman; then exec podman --url \"unix://$1\" system dial-stdio; fi; ";

/// socat closes half a second after one side has ended unless told otherwise; the other side may need its time (an
/// exec whose input has ended). Of the programs called nc only some know unix sockets.
const OTHERS: &str = "if has socat; then exec socat -t 86400 - \"UNIX-CONNECT:$1\"; fi; \
     if has nc && nc -h 2>&1 | grep -q -e -U; then exec nc -N -U \"$1\"; fi; ";

const NO_CLIENT: &str = "echo \"no client for $1 in this image: install the package docker-cli (or socat)\" >&2; \
     exit 127";

const DOCKER_ADDRESS: &str =
    "if has docker; then h=$1; shift; exec docker --host=\"$h\" \"$@\" system dial-stdio; fi; ";

/// Without TLS only: its options are docker's.
const PODMAN_ADDRESS: &str =
    "if [ $# = 1 ] && has podman; then exec podman --url \"$1\" system dial-stdio; fi; ";

const SOCAT_ADDRESS: &str =
    "if [ $# = 1 ] && has socat; then exec socat -t 86400 - \"TCP:${1#tcp://}\"; fi; ";

fn exec(script: String, arguments: impl IntoIterator<Item = String>, user: Option<&str>) -> Dial {
    let head = ["sh".to_owned(), "-c".to_owned(), script, "nestctl-dial".to_owned()];
    Dial::Exec {
        argv: head.into_iter().chain(arguments).collect(),
        env: Vec::new(),
        user: user.map(str::to_owned),
    }
}

/// Dials dockerd's socket in the node.
pub(super) fn docker(socket: &str, user: Option<&str>) -> Dial {
    exec([FORGET, AWAIT, DOCKER, PODMAN, OTHERS, NO_CLIENT].concat(), [socket.to_owned()], user)
}

/// Dials podman's socket in the node.
pub(super) fn podman(socket: &str, user: Option<&str>) -> Dial {
    exec([FORGET, AWAIT, PODMAN, DOCKER, OTHERS, NO_CLIENT].concat(), [socket.to_owned()], user)
}

/// Dials `tcp://host:port` from the node, with the certificates in a directory of the node.
pub(super) fn address(host: &str, tls: Option<&str>) -> Dial {
    let mut arguments = vec![host.to_owned()];
    if let Some(dir) = tls.map(|dir| dir.trim_end_matches('/')) {
        arguments.extend([
            "--tlsverify".to_owned(),
            format!("--tlscacert={dir}/ca.pem"),
            format!("--tlscert={dir}/cert.pem"),
            format!("--tlskey={dir}/key.pem"),
        ]);
    }
    exec([FORGET, DOCKER_ADDRESS, PODMAN_ADDRESS, SOCAT_ADDRESS, NO_CLIENT].concat(), arguments, None)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use std::process::Command;

    use super::*;

    /// What the dial runs in a node that has these programs and nothing else but a shell.
    fn runs(dial: &Dial, programs: &[&str]) -> String {
        let Dial::Exec { argv, .. } = dial else { panic!("an exec") };
        let name = format!(
            "nestctl-dial-{}-{}",
            std::process::id(),
            programs.join("-") + &argv.join("").len().to_string()
        );
        let bin = std::env::temp_dir().join(name);
        fs::create_dir_all(&bin).expect("a temporary directory");
        let put = |name: &str, text: &str| {
            let path = bin.join(name);
            fs::write(&path, text).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("made executable");
        };
        for program in programs {
            // The stand-in says its name, its arguments, and what of the environment it sees.
            put(program, &format!("#!/bin/sh\necho \"{program} $*$DOCKER_HOST$DOCKER_TLS_VERIFY\"\n"));
        }
        let sh = if Path::new("/bin/sh").exists() { "/bin/sh" } else { "sh" };
        let ran = Command::new(sh)
            .args(&argv[1..])
            .env("PATH", &bin)
            .env("DOCKER_HOST", "tcp://elsewhere")
            .env("DOCKER_TLS_VERIFY", "1")
            .output()
            .expect("sh runs");
        let _ = fs::remove_dir_all(&bin);
        if ran.status.success() {
            String::from_utf8_lossy(&ran.stdout).trim().to_owned()
        } else {
            format!("{}: {}", ran.status.code().unwrap_or(-1), String::from_utf8_lossy(&ran.stderr).trim())
        }
    }

    #[test]
    fn the_nodes_own_client_dials_and_the_environment_does_not_redirect_it() {
        let dial = docker("/run/d.sock", None);
        assert_eq!(runs(&dial, &["docker", "podman"]), "docker --host=unix:///run/d.sock system dial-stdio");
        assert_eq!(runs(&dial, &["podman"]), "podman --url unix:///run/d.sock system dial-stdio");
        assert_eq!(runs(&dial, &["socat"]), "socat -t 86400 - UNIX-CONNECT:/run/d.sock");
        let dial = podman("/run/p.sock", None);
        assert_eq!(runs(&dial, &["docker", "podman"]), "podman --url unix:///run/p.sock system dial-stdio");
    }

    #[test]
    fn a_node_without_a_client_names_the_package() {
        let said = runs(&docker("/run/d.sock", None), &[]);
        assert!(said.starts_with("127: ") && said.contains("docker-cli"), "{said}");
    }

    #[test]
    fn an_address_is_dialled_with_its_certificates() {
        let plain = address("tcp://build:2375", None);
        assert_eq!(runs(&plain, &["docker"]), "docker --host=tcp://build:2375 system dial-stdio");
        assert_eq!(runs(&plain, &["socat"]), "socat -t 86400 - TCP:build:2375");
        let tls = address("tcp://build:2376", Some("/certs/client/"));
        assert_eq!(
            runs(&tls, &["docker"]),
            "docker --host=tcp://build:2376 --tlsverify --tlscacert=/certs/client/ca.pem \
             --tlscert=/certs/client/cert.pem --tlskey=/certs/client/key.pem system dial-stdio"
        );
        assert!(runs(&tls, &["socat", "podman"]).starts_with("127: "));
    }
}
