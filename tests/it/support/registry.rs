//! A registry of a scenario: a lab of its own, filled by the registry's HTTP API.

use std::io::{Read, Write};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::lab::TestLab;
use super::test_image::{TestImage, digest};

const OPEN: &str = "
services:
  registry:
    image: ${REGISTRY_IMAGE}
    init: true
    ports: [\"127.0.0.1::5000\"]
";
/// The test image has the user `lab` with the password `lab`.
const PRIVATE: &str = "    environment:
      REGISTRY_AUTH: htpasswd
      REGISTRY_AUTH_HTPASSWD_REALM: lab
      REGISTRY_AUTH_HTPASSWD_PATH: /etc/docker-registry/htpasswd
";

/// A registry on a port of the machine's loopback, from which engines pull without TLS.
pub(crate) struct TestRegistry {
    lab: TestLab,
    port: u16,
}

impl TestRegistry {
    /// One that everybody may read, or that asks for `lab`'s password.
    pub(crate) fn start(name: &str, private: bool) -> Option<Self> {
        let yaml = if private { format!("{OPEN}{PRIVATE}") } else { OPEN.to_owned() };
        let lab = TestLab::new(&format!("{name}-registry"), &yaml)?;
        lab.run(&["up"]).ok();
        let ports = lab.containers()["registry"].ports.clone();
        let port = ports.iter().find_map(|port| port.host).expect("a published port");
        let registry = Self { lab, port };
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while registry.call("GET", "/v2/", &[], None).is_none() {
            assert!(std::time::Instant::now() < until, "the registry does not answer");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        Some(registry)
    }

    /// What an engine calls an image of the registry.
    pub(crate) fn reference(&self, rest: &str) -> String {
        format!("localhost:{}/{rest}", self.port)
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// `host:port`, as credentials are filed.
    pub(crate) fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// Puts an image there; the answer is its digest.
    pub(crate) fn push(&self, image: &TestImage, repository: &str, tag: &str) -> String {
        let blob = |bytes: &[u8], kind: &str| {
            let path = format!("/v2/{repository}/blobs/uploads/");
            let (status, head) = self.call("POST", &path, &[], Some(b"")).expect("an answer");
            assert_eq!(status, 202, "{head}");
            let place = head.lines().find_map(|line| line.strip_prefix("Location: ")).expect("a place");
            let place = &place[place.find("/v2/").expect("a path")..];
            let digest = digest(bytes);
            let path = format!("{place}&digest={digest}");
            let header = [("Content-Type", "application/octet-stream")];
            let (status, head) = self.call("PUT", &path, &header, Some(bytes)).expect("an answer");
            assert_eq!(status, 201, "{head}");
            json!({"mediaType": kind, "size": bytes.len(), "digest": digest})
        };
        let docker = |kind: &str| format!("application/vnd.docker.{kind}");
        let layer_kind = docker("image.rootfs.diff.tar");
        let layers: Vec<_> = image.layers.iter().map(|layer| blob(layer, &layer_kind)).collect();
        let kind = docker("distribution.manifest.v2+json");
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": kind,
            "config": blob(&image.config, &docker("container.image.v1+json")),
            "layers": layers,
        })
        .to_string();
        let path = format!("/v2/{repository}/manifests/{tag}");
        let header = [("Content-Type", kind.as_str())];
        let (status, head) = self.call("PUT", &path, &header, Some(manifest.as_bytes())).expect("an answer");
        assert_eq!(status, 201, "{head}");
        digest(manifest.as_bytes())
    }

    /// Whether an image is there.
    pub(crate) fn has(&self, repository: &str, tag: &str) -> bool {
        let path = format!("/v2/{repository}/manifests/{tag}");
        self.call("HEAD", &path, &[], None).expect("an answer").0 == 200
    }

    /// How often something below this path was asked for, by the registry's own log.
    pub(crate) fn requests(&self, method: &str, path: &str) -> usize {
        let log = self.lab.run(&["logs", "--no-log-prefix", "registry"]).ok().stdout;
        log.lines().filter(|line| line.contains(&format!("\"{method} {path}"))).count()
    }

    /// One request. `None`: nobody listens yet.
    fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let auth = STANDARD.encode("lab:lab");
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Basic {auth}\r\nConnection: close\r\n",
            self.port
        );
        for (key, value) in headers {
            head.extend([key, ": ", value, "\r\n"]);
        }
        if let Some(body) = body {
            head.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body.unwrap_or_default()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split_whitespace().nth(1)?.parse().ok()?;
        Some((status, answer))
    }
}
