//! `tcp` nodes: an engine at an address that only the node can reach, behind TLS.

use crate::support::lab::TestLab;

/// `far` listens on TCP, with certificates, on a network that has no way out; `agent` is the only one who has a
/// certificate for it. A job of the lab makes them all before either starts.
const LAB: &str = r#"
networks:
  front: {}
  back: {internal: true}
volumes: {server: {}, client: {}}
services:
  authority:
    image: ${DIND_IMAGE}
    init: true
    command: ["sh", "-e", "/make.sh"]
    volumes: ["./make.sh:/make.sh:ro", "server:/server", "client:/client"]
  far:
    engine:
      kind: dind
      args:
        - --host=tcp://0.0.0.0:2376
        - --tlsverify
        - --tlscacert=/certs/ca.pem
        - --tlscert=/certs/cert.pem
        - --tlskey=/certs/key.pem
    image: ${DIND_IMAGE}
    networks: [back]
    volumes: ["server:/certs:ro"]
    depends_on: {authority: {condition: service_completed_successfully}}
  agent:
    engine: {kind: tcp, host: "tcp://far:2376", tls: /certs}
    image: ${DIND_IMAGE}
    init: true
    command: ["sleep", "infinity"]
    networks: [front, back]
    volumes: ["client:/certs:ro"]
    depends_on: [far]
    inner:
      volumes: {data: {}}
      services:
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: ["httpd", "-f", "-p", "80", "-h", "/www"]
          volumes: ["./site:/www:ro", "data:/data"]
          ports: ["8080:80"]
  client:
    image: ${BUSYBOX_IMAGE}
    init: true
    networks: [back]
    command: ["sleep", "infinity"]
    depends_on: [agent/web]
"#;

const MAKE: &str = r"
pair() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out csr -subj /CN=$1
    openssl x509 -req -in csr -CA /tmp/ca.pem -CAkey /tmp/ca-key.pem -CAcreateserial -days 2 -out cert.pem \
        -extfile /dev/stdin
    cp /tmp/ca.pem .
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /tmp/ca-key.pem -out /tmp/ca.pem \
    -days 2 -subj /CN=authority
cd /server
echo 'subjectAltName=DNS:far' | pair far
cd /client
echo 'extendedKeyUsage=clientAuth' | pair agent
";

fn names_on_far(lab: &TestLab) -> (Vec<String>, Vec<String>, Vec<String>) {
    let seen = lab.observed_in("far");
    let ours = |name: &String| name.starts_with(&lab.project);
    let mut containers: Vec<String> = seen.containers.into_iter().map(|one| one.name).filter(ours).collect();
    let mut networks: Vec<String> = seen.networks.into_iter().map(|one| one.name).filter(ours).collect();
    let mut volumes: Vec<String> = seen.volumes.into_iter().map(|one| one.name).filter(ours).collect();
    containers.sort();
    networks.sort();
    volumes.sort();
    (containers, networks, volumes)
}

#[test]
fn the_layer_of_a_tcp_node_must_live_on_the_engine_at_its_address() {
    let Some(lab) = TestLab::new("tcp", LAB) else { return };
    lab.write("make.sh", MAKE);
    lab.write("site/index.html", "far away\n");
    let project = lab.project.clone();
    lab.run(&["up"]).ok();

    let root = lab.containers();
    let addresses: Vec<&str> = root.keys().map(String::as_str).collect();
    assert_eq!(addresses, ["agent", "authority", "client", "far"]);
    let there = lab.containers_in("far");
    let addresses: Vec<&str> = there.keys().map(String::as_str).collect();
    assert_eq!(addresses, ["agent/web"]);
    let web = format!("{project}-agent-web-1");
    let (network, volume) = (format!("{project}-agent_default"), format!("{project}-agent_data"));
    assert_eq!(names_on_far(&lab), (vec![web], vec![network], vec![volume.clone()]));
    // The same through the node's own client and certificate, and through nestctl's tunnel.
    assert_eq!(lab.containers_in("agent"), there);
    let (seen, _) = lab.exec("", "agent", &["docker", "ps", "--quiet", "--no-trunc"]);
    assert_eq!(seen.trim_end(), there["agent/web"].id);

    // Ports are that engine's machine's; the lab's files went there as a copy.
    let get = ["wget", "-q", "-O", "-", "http://far:8080/"];
    assert_eq!(lab.exec("", "client", &get), ("far away\n".to_owned(), 0));

    lab.run(&["up"]).ok();
    assert_eq!(lab.containers_in("far"), there, "a second `up` changed something");

    // With the far engine's data kept, what the layer had there is gone all the same, but for its volume.
    lab.run(&["down"]).ok();
    assert!(lab.containers().is_empty());
    lab.run(&["up", "far"]).ok();
    assert_eq!(names_on_far(&lab), (Vec::new(), Vec::new(), vec![volume]));
}

#[test]
fn publishing_through_a_tcp_node_must_be_refused_before_anything_is_made() {
    let yaml = LAB.replace("ports: [\"8080:80\"]", "publish: [\"127.0.0.1:21205:80\"]");
    let Some(lab) = TestLab::new("tcppub", &yaml) else { return };
    let ran = lab.run(&["up"]).code(3);
    assert!(ran.stderr.contains("nest::kind-conflict"), "{}", ran.stderr);
    assert_eq!(lab.leftovers(), Vec::<String>::new());
}
