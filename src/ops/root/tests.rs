//! Which engine is meant, over a configuration directory made for each test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("nestctl-root-{}-{n}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.join(file);
        std::fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("a directory");
        std::fs::write(path, text).expect("written");
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn url(pairs: &[(&str, &str)]) -> Result<String, String> {
    resolve(&env(pairs)).map(|endpoint| endpoint.url()).map_err(|error| error.to_string())
}

/// `echo -n lab | sha256sum`.
const LAB: &str = "a51146d38077ff992eba84cf1d5e9b249073503eb74868699016153b031a38f7";

#[test]
fn without_anything_it_is_the_default_socket() {
    let endpoint = resolve(&env(&[("DOCKER_HOST", ""), ("HOME", "/nestctl/nobody")])).expect("the default");
    assert_eq!(endpoint.socket_path(), Some("/var/run/docker.sock"));
    assert_eq!(endpoint.to_string(), "the engine at unix:///var/run/docker.sock (the default)");
}

#[test]
fn the_environment_names_an_engine_of_any_scheme() {
    let host = |value| url(&[("DOCKER_HOST", value)]);
    assert_eq!(host("unix:///run/x.sock").as_deref(), Ok("unix:///run/x.sock"));
    assert_eq!(host("tcp://h").as_deref(), Ok("tcp://h:2375"));
    assert_eq!(host("tcp://[::1]:99").as_deref(), Ok("tcp://[::1]:99"));
    assert_eq!(host("ssh://ann@h:22/run/d.sock").as_deref(), Ok("ssh://ann@h:22/run/d.sock"));
    let refused = [
        ("fd://", "daemon's own listening sockets"),
        ("npipe:////./pipe/x", "Windows"),
        ("unix://relative", "absolute"),
        ("/var/run/docker.sock", "write `unix:///path`"),
        ("tcp://:80", "host is missing"),
        ("tcp://h:99999", "`99999` is no port"),
        ("ssh://ann:secret@h", "password"),
        ("ssh://h/$(reboot)", "a shell would read"),
        ("https://h", "needs certificates"),
    ];
    for (value, reason) in refused {
        let error = host(value).expect_err(value);
        assert!(error.contains(reason) && error.contains("DOCKER_HOST"), "{value}: {error}");
    }
}

#[test]
fn tls_takes_its_files_from_the_certificate_path() {
    let directory = Directory::new();
    let environment =
        [("DOCKER_HOST", "tcp://h"), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", directory.path())];
    let missing = url(&environment).expect_err("no ca.pem");
    assert!(missing.contains("ca.pem"), "{missing}");
    directory.write("ca.pem", "not a certificate");
    let endpoint = resolve(&env(&environment)).expect("found");
    assert_eq!(endpoint.url(), "tcp://h:2376");
    let error = connect(&endpoint, Limits::default()).err().expect("no certificate in it");
    let source = std::error::Error::source(&error).and_then(std::error::Error::source).expect("a reason");
    let reason = std::error::Error::source(source).expect("its cause");
    assert_eq!(reason.to_string(), "ca.pem holds no certificate");
    let unverified = url(&[("DOCKER_HOST", "tcp://h"), ("DOCKER_TLS", "1")]).expect_err("unverified");
    assert!(unverified.contains("without verification"), "{unverified}");
}

#[test]
fn the_current_context_counts_unless_the_environment_says_otherwise() {
    let directory = Directory::new();
    directory.write("config.json", r#"{"currentContext": "lab", "auths": {}}"#);
    directory.write(
        &format!("contexts/meta/{LAB}/meta.json"),
        r#"{"Name": "lab", "Metadata": {}, "Endpoints": {"docker": {"Host": "ssh://far", "SkipTLSVerify": false}}}"#,
    );
    let config = ("DOCKER_CONFIG", directory.path());
    let endpoint = resolve(&env(&[config])).expect("the context");
    assert_eq!(endpoint.to_string(), "the engine at ssh://far (the Docker context `lab`)");
    assert_eq!(endpoint.socket_path(), None);
    assert_eq!(url(&[config, ("DOCKER_HOST", "unix:///x")]).as_deref(), Ok("unix:///x"));
    assert_eq!(url(&[config, ("DOCKER_CONTEXT", "default")]).as_deref(), Ok("unix:///var/run/docker.sock"));
    let error = url(&[config, ("DOCKER_CONTEXT", "none")]).expect_err("no such context");
    assert!(error.starts_with("there is no Docker context `none`"), "{error}");
}

#[test]
fn a_contexts_certificates_come_from_its_own_directory() {
    let directory = Directory::new();
    directory.write(
        &format!("contexts/meta/{LAB}/meta.json"),
        r#"{"Name": "lab", "Endpoints": {"docker": {"Host": "tcp://far:2376"}}}"#,
    );
    for file in ["ca.pem", "cert.pem", "key.pem"] {
        directory.write(&format!("contexts/tls/{LAB}/docker/{file}"), file);
    }
    let endpoint =
        resolve(&env(&[("DOCKER_CONFIG", directory.path()), ("DOCKER_CONTEXT", "lab")])).expect("found");
    let expected =
        TlsFiles { ca: b"ca.pem".to_vec(), identity: Some((b"cert.pem".to_vec(), b"key.pem".to_vec())) };
    assert_eq!(endpoint.address, EngineAddress::Tls { host: "far".to_owned(), port: 2376, files: expected });
}

#[test]
fn a_broken_configuration_is_named() {
    let directory = Directory::new();
    directory.write("config.json", "{");
    let error = url(&[("DOCKER_CONFIG", directory.path())]).expect_err("no JSON");
    let path = Path::new(directory.path()).join("config.json");
    assert_eq!(error, format!("cannot understand `{}`", path.display()));
}
