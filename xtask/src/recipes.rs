//! The test images: what is in each, and what its configuration says.
//!
//! Data only; `images` makes and loads them. Files that an image has beside its packages lie in `images/<name>/` of this
//! crate, laid out as in the image.

use crate::shell::Cmd;

/// One image, `nestctl-test/<name>:latest`.
pub(crate) struct Recipe {
    pub(crate) name: &'static str,
    /// The environment variable by which lab files and tests take it.
    pub(crate) variable: &'static str,
    pub(crate) suite: &'static str,
    pub(crate) variant: &'static str,
    pub(crate) packages: &'static [&'static str],
    /// Run in the image's tree, after its files are there.
    pub(crate) commands: &'static [&'static str],
    pub(crate) config: Config,
}

/// The image's configuration, in the words of a Dockerfile.
pub(crate) struct Config {
    pub(crate) user: &'static str,
    pub(crate) env: &'static [&'static str],
    pub(crate) entrypoint: &'static [&'static str],
    pub(crate) cmd: &'static [&'static str],
    pub(crate) volumes: &'static [&'static str],
    pub(crate) stop_signal: &'static str,
}

const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const PLAIN: Config =
    Config { user: "", env: &[PATH], entrypoint: &[], cmd: &["sh"], volumes: &[], stop_signal: "" };

/// Images are copied from engine to engine by the tests: what no test runs is left out.
const SLIM: &str = "rm -rf /usr/bin/ctr /usr/bin/containerd-shim /usr/bin/containerd-shim-runc-v1 \
    /usr/lib/*/gconv /usr/lib/*/perl-base /usr/bin/perl* /var/lib/apt /var/cache/* /var/log/*";

pub(crate) const ALL: &[Recipe] = &[
    // The workload: shell, httpd, wget, nc and the like in two megabytes.
    Recipe {
        name: "busybox",
        variable: "BUSYBOX_IMAGE",
        suite: "trixie",
        // The package's files alone. Its commands are links that the program itself makes.
        variant: "extract",
        packages: &["busybox-static"],
        commands: &[
            "/usr/bin/busybox --install -s /usr/bin; mkdir -p /root /tmp /var/www; chmod 1777 /tmp",
            "rm -rf /usr/share",
        ],
        config: PLAIN,
    },
    Recipe {
        name: "dind",
        variable: "DIND_IMAGE",
        suite: "trixie",
        variant: "minbase",
        packages: &[
            "docker.io",
            "docker-cli",
            "iptables",
            "iproute2",
            "ca-certificates",
            "procps",
            "kmod",
            "openssl",
        ],
        commands: &[SLIM],
        config: Config {
            env: &[PATH, "container=docker"],
            cmd: &["dockerd"],
            volumes: &["/var/lib/docker"],
            ..PLAIN
        },
    },
    Recipe {
        name: "dind-rootless",
        variable: "DIND_ROOTLESS_IMAGE",
        suite: "trixie",
        variant: "minbase",
        packages: &[
            "docker.io",
            "docker-cli",
            "rootlesskit",
            "uidmap",
            "slirp4netns",
            "fuse-overlayfs",
            "iptables",
            "iproute2",
            "ca-certificates",
            "procps",
            "kmod",
        ],
        commands: &[
            "useradd --uid 1000 --create-home --home-dir /home/rootless --shell /bin/sh rootless",
            "echo rootless:100000:65536 >/etc/subuid; echo rootless:100000:65536 >/etc/subgid",
            "mkdir -p /home/rootless/.local/share/docker; chown -R rootless:rootless /home/rootless",
            "mkdir -p /run/user; chmod 1777 /run/user",
            SLIM,
        ],
        config: Config {
            user: "rootless",
            env: &[PATH, "container=docker", "HOME=/home/rootless"],
            entrypoint: &["dockerd-entrypoint.sh"],
            cmd: &[],
            volumes: &["/home/rootless/.local/share/docker"],
            ..PLAIN
        },
    },
    // Debian 12, so that an engine two API generations older is among those that the tests meet. That engine starts no
    // privileged container where the machine withholds a capability; the image's `runc` makes up for it.
    Recipe {
        name: "systemd",
        variable: "SYSTEMD_IMAGE",
        suite: "bookworm",
        variant: "minbase",
        packages: &[
            "systemd",
            "systemd-sysv",
            "dbus",
            "openssh-server",
            "docker.io",
            "iptables",
            "iproute2",
            "ca-certificates",
            "kmod",
            "procps",
        ],
        commands: &[
            // They write to the host's kernel, or wait for hardware that is not there.
            "systemctl mask systemd-binfmt.service proc-sys-fs-binfmt_misc.automount systemd-udevd.service \
             systemd-modules-load.service systemd-firstboot.service getty.target console-getty.service \
             systemd-logind.service apt-daily.timer apt-daily-upgrade.timer",
            "systemctl enable docker.service ssh.service; systemctl set-default multi-user.target",
            // Keys and the machine's identity are each container's own: made at its first boot.
            "rm -f /etc/ssh/ssh_host_*; : >/etc/machine-id",
            SLIM,
        ],
        config: Config {
            env: &[PATH, "container=docker"],
            cmd: &["/sbin/init"],
            stop_signal: "SIGRTMIN+3",
            ..PLAIN
        },
    },
    Recipe {
        name: "podman",
        variable: "PODMAN_IMAGE",
        suite: "trixie",
        variant: "minbase",
        packages: &[
            "podman",
            "crun",
            "netavark",
            "aardvark-dns",
            "nftables",
            "iptables",
            "fuse-overlayfs",
            "iproute2",
            "ca-certificates",
            "procps",
        ],
        commands: &[SLIM],
        config: Config {
            env: &[PATH, "container=docker"],
            cmd: &["podman", "info"],
            volumes: &["/var/lib/containers"],
            ..PLAIN
        },
    },
    // With REGISTRY_AUTH=htpasswd it asks for user `lab`, password `lab`.
    Recipe {
        name: "registry",
        variable: "REGISTRY_IMAGE",
        suite: "trixie",
        variant: "minbase",
        packages: &["docker-registry", "ca-certificates"],
        commands: &[SLIM],
        config: Config {
            cmd: &["docker-registry", "serve", "/etc/docker-registry/config.yml"],
            volumes: &["/var/lib/registry"],
            ..PLAIN
        },
    },
];

/// Images of the long runs (`faults`) only: the tests need not wait for them to be made.
pub(crate) const OF_LONG_RUNS: &[Recipe] = &[
    // A database whose rows must survive.
    Recipe {
        name: "postgres",
        variable: "POSTGRES_IMAGE",
        suite: "trixie",
        variant: "minbase",
        packages: &["postgresql-17"],
        commands: &[
            // What compiles queries is larger than all the rest, and the server does without it.
            "rm -rf /var/lib/postgresql/*/* /etc/postgresql/*/* /usr/lib/*/libLLVM* /usr/lib/llvm* \
             /usr/lib/postgresql/*/lib/bitcode /usr/lib/postgresql/*/lib/llvmjit.so",
            SLIM,
        ],
        config: Config {
            // The programs themselves: what is in /usr/bin is scripts of Perl.
            env: &["PATH=/usr/local/bin:/usr/lib/postgresql/17/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            cmd: &["postgres-start"],
            volumes: &["/data"],
            // Its own word for: roll back and go.
            stop_signal: "SIGINT",
            ..PLAIN
        },
    },
];

/// Every recipe.
pub(crate) fn all() -> impl Iterator<Item = &'static Recipe> {
    ALL.iter().chain(OF_LONG_RUNS)
}

/// The full name of an image.
pub(crate) fn reference(name: &str) -> String {
    format!("nestctl-test/{name}:latest")
}

/// Adds the environment by which lab files and tests take these images.
pub(crate) fn with_images(cmd: Cmd) -> Cmd {
    all().fold(cmd, |cmd, recipe| cmd.env(recipe.variable, reference(recipe.name)))
}
