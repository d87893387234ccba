//! What a node does at each of its starts, before its daemon: POSIX sh, put together from pieces.
//!
//! As `ContainerSpec::wrapper` it becomes the image's own entrypoint and command (PID 1 stays one process). Under
//! systemd PID 1 must be init, so there it is an `ExecStartPre` of docker.service.

use std::sync::Arc;

use super::kind::START_SCRIPT;
use crate::model::files::{Existing, PutFile};

const HEADER: &str = "\
#!/bin/sh
# Made by nestctl. Runs at every start of this node, before its engine.
";

/// An engine writes `options ndots:0` into the node's resolv.conf; the inner engine takes that over, and its
/// resolver then forwards no name without a dot, so that names of outer services do not resolve (ENGINES.md 10).
/// The file is a mount: it is rewritten in place, and anew at each start, because the engine writes it anew.
const RESOLV_CONF: &str = r#"
resolv=/etc/resolv.conf
if grep -q 'ndots:' "$resolv" 2>/dev/null; then
    text=$(sed -e '/^[[:blank:]]*options[[:blank:]]/s/[[:blank:]]ndots:[0-9]*//g' \
        -e '/^[[:blank:]]*options[[:blank:]]*$/d' "$resolv") &&
        { printf '%s\n' "$text" >"$resolv"; } 2>/dev/null ||
        echo "nestctl: cannot write $resolv: names of outer services will not resolve inside" >&2
fi
"#;

/// Debian's way and Fedora's; an image with neither tool cannot be told in a general way.
const CERTIFICATES: &str = r#"
if [ -d /nestctl/ca ]; then
    if command -v update-ca-certificates >/dev/null 2>&1; then
        mkdir -p /usr/local/share/ca-certificates
        for ca in /nestctl/ca/*.crt; do
            cp "$ca" "/usr/local/share/ca-certificates/nestctl-${ca##*/}"
        done
        update-ca-certificates >/dev/null 2>&1 || echo "nestctl: update-ca-certificates failed" >&2
    elif command -v update-ca-trust >/dev/null 2>&1; then
        for ca in /nestctl/ca/*.crt; do
            cp "$ca" "/etc/pki/ca-trust/source/anchors/nestctl-${ca##*/}"
        done
        update-ca-trust >/dev/null 2>&1 || echo "nestctl: update-ca-trust failed" >&2
    else
        echo "nestctl: no update-ca-certificates and no update-ca-trust: install the package ca-certificates" >&2
    fi
fi
"#;

/// Left by a node that was killed, where /run is no tmpfs: the engine would take its own number for the old process.
const STALE_PIDS: &str = r"
rm -f /run/docker.pid /run/docker/containerd/containerd.pid
";

/// cgroup v2: a group has either processes or children with controllers, so the processes go into a child first
/// (ENGINES.md P2, P3; moby `hack/dind`). An exec that comes in between is caught by the next try. The root of the
/// machine (`cgroup: host`) has no `cgroup.type`: it is left alone.
const CGROUPS: &str = r#"
cgroup=/sys/fs/cgroup
if [ -f "$cgroup/cgroup.controllers" ] && [ -f "$cgroup/cgroup.type" ]; then
    mkdir -p "$cgroup/init"
    controllers=$(sed -e 's/ / +/g' -e 's/^/+/' "$cgroup/cgroup.controllers")
    tries=0
    while [ "$tries" -lt 200 ]; do
        while read -r pid; do
            { echo "$pid" >"$cgroup/init/cgroup.procs"; } 2>/dev/null
        done <"$cgroup/cgroup.procs"
        { echo "$controllers" >"$cgroup/cgroup.subtree_control"; } 2>/dev/null && break
        tries=$((tries + 1))
    done
    [ "$tries" -lt 200 ] || echo "nestctl: cannot enable the controllers of $cgroup for inner containers" >&2
fi
"#;

/// Inner containers may ask for shared propagation, and load AppArmor profiles (moby `hack/dind`, ENGINES.md P14).
const MOUNTS: &str = r#"
export container=docker
mount --make-rshared / 2>/dev/null ||
    echo 'nestctl: cannot make / shared: binds with shared propagation will not work inside' >&2
if [ -d /sys/kernel/security ] && [ -z "$(ls -A /sys/kernel/security 2>/dev/null)" ]; then
    mount -t securityfs none /sys/kernel/security 2>/dev/null || :
fi
"#;

/// /run is a tmpfs. podman has no daemon that would start containers again by their restart policy, for which its
/// packages have a unit of their own (podman-restart.service) that this node does not run; to podman
/// `unless-stopped` is the same as `always` (podman-run(1)).
const PODMAN: &str = r"
mkdir -p /run/podman
podman start --all --filter restart-policy=always --filter restart-policy=unless-stopped >/dev/null 2>&1 &
";

/// podman leaves health checks to timers of systemd (podman-healthcheck-run(1)), and without it runs none: each
/// container that starts gets a loop instead. The one that started last counts, and ends with its container:
/// `podman healthcheck run` answers 0 and 1 for what it found, 125 for a container that does not run.
const PODMAN_HEALTH: &str = r#"
health=/run/nestctl-health
check_health() {
    every=$(podman inspect --format '{{with .Config.Healthcheck}}{{printf "%d" .Interval}}{{end}}' "$1")
    [ "${every:-0}" -gt 0 ] || return
    every=$(printf '%d.%09d' $((every / 1000000000)) $((every % 1000000000)))
    echo "$2" >"$health/$1"
    while sleep "$every" && [ "$(cat "$health/$1")" = "$2" ]; do
        podman healthcheck run "$1"
        [ $? -lt 125 ] || return
    done
}
mkdir -p "$health"
(
    round=0
    while :; do
        podman events --filter event=start --format '{{.ID}}' | {
            number=0
            while read -r id; do
                number=$((number + 1))
                check_health "$id" "$round.$number" &
            done
        }
        round=$((round + 1))
        sleep 1
    done
) >/dev/null 2>&1 &
"#;

/// dockerd as PID 1 does not reap what its containers leave behind (docker-library/docker#318). An image whose
/// entrypoint is a program of its own brings its init itself.
const BECOME_DOCKERD: &str = r#"
if [ "$$" = 1 ] && [ "${1##*/}" = dockerd ]; then
    for init in docker-init tini; do
        if command -v "$init" >/dev/null 2>&1; then
            exec "$init" -- "$@"
        fi
    done
fi
exec "$@"
"#;

const BECOME: &str = r#"
exec "$@"
"#;

/// Which node the script is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// dockerd started by the node's entrypoint.
    Dockerd,
    /// podman's service started by the node's entrypoint.
    Podman,
    /// docker.service: the script runs before it and does not become it.
    Systemd,
}

impl Start {
    fn text(self) -> String {
        let pieces: &[&str] = match self {
            Self::Dockerd => {
                &[HEADER, RESOLV_CONF, CERTIFICATES, STALE_PIDS, CGROUPS, MOUNTS, BECOME_DOCKERD]
            }
            Self::Podman => {
                // The health checks first: they are to see what the restart policies start.
                &[HEADER, RESOLV_CONF, CERTIFICATES, CGROUPS, MOUNTS, PODMAN_HEALTH, PODMAN, BECOME]
            }
            Self::Systemd => &[HEADER, RESOLV_CONF, CERTIFICATES],
        };
        pieces.concat()
    }

    /// The script, and what makes the node run it where `wrapper` is not the way.
    pub(super) fn files(self) -> Vec<PutFile> {
        let mut files = vec![file(START_SCRIPT, 0o755, &self.text())];
        if self == Self::Systemd {
            let text = format!("# Made by nestctl.\n[Service]\nExecStartPre=-{START_SCRIPT}\n");
            files.push(file("/etc/systemd/system/docker.service.d/nestctl.conf", 0o644, &text));
        }
        files
    }
}

fn file(path: &str, mode: u32, text: &str) -> PutFile {
    PutFile {
        path: path.to_owned(),
        mode,
        uid: 0,
        gid: 0,
        content: Arc::from(text.as_bytes()),
        existing: Existing::Replace,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output};

    use super::*;

    const ALL: [Start; 3] = [Start::Dockerd, Start::Podman, Start::Systemd];

    /// A directory in which a piece of the script may do its work.
    struct Sandbox(PathBuf);

    impl Sandbox {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("nestctl-start-{}-{name}", std::process::id()));
            fs::create_dir_all(&dir).expect("a temporary directory");
            Self(dir)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }

        fn run(&self, piece: &str, path: &str, there: &Path) -> Output {
            let text = piece.replace(path, there.to_str().expect("a plain path"));
            Command::new("sh").arg("-c").arg(text).current_dir(&self.0).output().expect("sh runs")
        }
    }

    impl Drop for Sandbox {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_shell_understands_every_script() {
        let sandbox = Sandbox::new("syntax");
        for start in ALL {
            let path = sandbox.path("script");
            fs::write(&path, start.text()).expect("written");
            let checked = Command::new("sh").arg("-n").arg(&path).output().expect("sh runs");
            assert!(checked.status.success(), "{start:?}: {checked:?}");
        }
    }

    #[test]
    fn ndots_goes_and_all_else_of_resolv_conf_stays() {
        let sandbox = Sandbox::new("resolv");
        let path = sandbox.path("resolv.conf");
        for (before, after) in [
            ("nameserver 127.0.0.11\noptions ndots:0\n", "nameserver 127.0.0.11\n"),
            (
                "search lab ndots:1\nnameserver 127.0.0.11\noptions edns0 ndots:0 trust-ad\n",
                "search lab ndots:1\nnameserver 127.0.0.11\noptions edns0 trust-ad\n",
            ),
            ("nameserver 9.9.9.9\n# options ndots:5\n", "nameserver 9.9.9.9\n# options ndots:5\n"),
            ("nameserver 9.9.9.9\n", "nameserver 9.9.9.9\n"),
        ] {
            fs::write(&path, before).expect("written");
            let inode = fs::File::open(&path).expect("there");
            let ran = sandbox.run(RESOLV_CONF, "/etc/resolv.conf", &path);
            assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
            assert_eq!(fs::read_to_string(&path).expect("there"), after);
            // Written in place: the file that was open before is the one that has the new text.
            assert_eq!(std::io::read_to_string(inode).expect("there"), after);
        }
    }

    #[test]
    fn a_resolv_conf_that_cannot_be_written_is_told_and_not_fatal() {
        let sandbox = Sandbox::new("unwritable");
        let bin = sandbox.path("resolv.conf");
        fs::write(&bin, "options ndots:0\n").expect("written");
        // Root may write any file: a redirection into a directory fails for everybody.
        let piece = RESOLV_CONF.replace(">\"$resolv\"", ">\"$PWD\"");
        let ran = sandbox.run(&piece, "/etc/resolv.conf", &bin);
        assert!(ran.status.success(), "{ran:?}");
        assert!(String::from_utf8_lossy(&ran.stderr).starts_with("nestctl: cannot write"), "{ran:?}");
    }

    #[test]
    fn processes_leave_the_root_group_and_its_controllers_are_enabled() {
        let sandbox = Sandbox::new("cgroup");
        for (name, text) in [
            ("cgroup.controllers", "cpu io memory pids\n"),
            ("cgroup.type", "domain\n"),
            ("cgroup.procs", "1\n17\n"),
            ("cgroup.subtree_control", ""),
        ] {
            fs::write(sandbox.path(name), text).expect("written");
        }
        let ran = sandbox.run(CGROUPS, "/sys/fs/cgroup", &sandbox.0);
        assert!(ran.stderr.is_empty(), "{ran:?}");
        let read = |name: &str| fs::read_to_string(sandbox.path(name)).expect("there");
        assert_eq!(read("cgroup.subtree_control"), "+cpu +io +memory +pids\n");
        // A real cgroup.procs takes one process a write; this file keeps the last.
        assert_eq!(read("init/cgroup.procs"), "17\n");
    }

    #[test]
    fn the_root_group_of_the_machine_is_left_alone() {
        let sandbox = Sandbox::new("hostcgroup");
        fs::write(sandbox.path("cgroup.controllers"), "cpu\n").expect("written");
        sandbox.run(CGROUPS, "/sys/fs/cgroup", &sandbox.0);
        assert!(!sandbox.path("init").exists());
    }

    #[test]
    fn a_container_of_podman_is_checked_at_its_interval_until_it_stops() {
        let sandbox = Sandbox::new("health");
        let podman = "#!/bin/sh\ncase $1 in\n\
            events) echo abc; sleep 1 ;;\n\
            inspect) echo 1000000 ;;\n\
            healthcheck) echo \"$3\" >>ran; [ \"$(wc -l <ran)\" -lt 3 ] || { >stopped; exit 125; } ;;\n\
            esac\n";
        fs::write(sandbox.path("podman"), podman).expect("written");
        let script = format!(
            "chmod +x podman; PATH=$PWD:$PATH\n{}\nn=0; until [ -e stopped ] || [ $n = 500 ]; do sleep 0.02; \
             n=$((n + 1)); done; sleep 0.1; kill $!; cat ran",
            PODMAN_HEALTH.replace("/run/nestctl-health", "health")
        );
        let ran = Command::new("sh").arg("-c").arg(script).current_dir(&sandbox.0).output().expect("sh runs");
        assert_eq!(String::from_utf8_lossy(&ran.stdout), "abc\nabc\nabc\n", "{ran:?}");
    }

    #[test]
    fn the_script_becomes_the_nodes_own_program() {
        for piece in [BECOME, BECOME_DOCKERD] {
            let ran = Command::new("sh").args(["-c", piece, "start", "printf", "%s|", "a b", "c"]).output();
            assert_eq!(ran.expect("sh runs").stdout, b"a b|c|");
        }
    }

    #[test]
    fn under_systemd_the_script_runs_before_docker_and_ends() {
        let files = Start::Systemd.files();
        let drop_in = String::from_utf8_lossy(&files[1].content).into_owned();
        assert!(drop_in.contains("\nExecStartPre=-/nestctl/start\n"), "{drop_in}");
        let script = String::from_utf8_lossy(&files[0].content).into_owned();
        assert!(!script.contains("exec "), "{script}");
    }
}
