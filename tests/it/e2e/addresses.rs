//! Addresses and packets: pools, MTU, and clashes that the file alone shows.

use std::net::Ipv4Addr;

use nestctl::model::label;

use crate::support::lab::TestLab;

#[test]
fn inner_networks_must_lie_in_the_nodes_pool_and_have_its_mtu() {
    let yaml = r#"
networks:
  # Where a pool would begin if nobody looked.
  default: {ipam: {config: [{subnet: 10.201.7.0/24}]}}
services:
  chosen: &node
    engine: {kind: dind, mtu: 1400}
    image: ${DIND_IMAGE}
    inner:
      networks: {default: {}, extra: {}}
      services:
        web:
          image: ${BUSYBOX_IMAGE}
          init: true
          command: ["sleep", "infinity"]
          networks: [default, extra]
  given:
    <<: *node
    engine: {kind: dind, mtu: 1300, address_pool: 10.77.0.0/16}
"#;
    let Some(lab) = TestLab::new("pools", yaml) else { return };
    lab.run(&["up"]).ok();
    for (node, mtu) in [("chosen", "1400"), ("given", "1300")] {
        let pool = lab.containers()[node].labels.get(label::POOL).cloned().expect("a pool");
        match node {
            "given" => assert_eq!(pool, "10.77.0.0/16"),
            _ => assert!(!pool.starts_with("10.201."), "{pool} overlaps the network around it"),
        }
        let start = pool.trim_end_matches("0.0/16");
        let seen = lab.observed_in(node);
        for name in [
            "bridge".to_owned(),
            format!("{}-{node}_default", lab.project),
            format!("{}-{node}_extra", lab.project),
        ] {
            let network = seen.networks.iter().find(|network| network.name == name).expect("a network");
            assert!(
                network.subnets.iter().all(|subnet| subnet.starts_with(start)),
                "{name}: {:?}",
                network.subnets
            );
            assert_eq!(
                network.options.get("com.docker.network.driver.mtu").map(String::as_str),
                Some(mtu),
                "{name}"
            );
        }
        let web = format!("{node}/web");
        for interface in ["eth0", "eth1"] {
            let file = format!("/sys/class/net/{interface}/mtu");
            assert_eq!(lab.exec(node, &web, &["cat", &file]), (format!("{mtu}\n"), 0), "{node}");
        }
    }
    // The node itself has what its own engine gives.
    let (own, _) = lab.exec("", "chosen", &["cat", "/sys/class/net/eth0/mtu"]);
    assert_eq!(own, "1500\n");
    let address = lab.containers()["chosen"].networks.values().next().cloned().unwrap_or_default();
    let address = &address.address;
    assert!(address.parse::<Ipv4Addr>().is_ok_and(|ip| ip.octets()[..3] == [10, 201, 7]), "{address}");
}

const BUSY: &str = "image: \"${BUSYBOX_IMAGE}\", init: true, command: [sleep, infinity]";
const BOX: &str = "engine: socket, image: \"${BUSYBOX_IMAGE}\", command: [sleep, infinity]";

#[test]
fn clashes_that_the_file_shows_must_be_refused_before_anything_is_made() {
    let labs = [
        // Of a service of the root and one three engines below it.
        (
            "port",
            format!(
                "services:\n  top: {{{BUSY}, ports: [\"127.0.0.1:21250:80\"]}}\n  a:\n    engine: dind\n    \
                 inner: {{services: {{b: {{engine: dind, inner: {{services: {{web: {{{BUSY}, \
                 publish: [\"21250:80\"]}}}}}}}}}}}}\n"
            ),
            "nest::port-clash",
        ),
        // Two layers on one engine that would call their containers the same.
        (
            "name",
            format!(
                "services:\n  one: {{{BOX}, inner: {{name: twin, services: {{web: {{{BUSY}}}}}}}}}\n  \
                 two: {{{BOX}, inner: {{name: twin, services: {{web: {{{BUSY}}}}}}}}}\n"
            ),
            "nest::name-clash",
        ),
        (
            "subnet",
            format!(
                "networks:\n  one: {{ipam: {{config: [{{subnet: 10.88.0.0/16}}]}}}}\n  \
                 two: {{ipam: {{config: [{{subnet: 10.88.3.0/24}}]}}}}\n\
                 services:\n  web: {{{BUSY}, networks: [one, two]}}\n"
            ),
            "nest::address-clash",
        ),
        // What is inside could never reach what is around it.
        (
            "around",
            format!(
                "networks:\n  default: {{ipam: {{config: [{{subnet: 10.88.0.0/16}}]}}}}\n\
                 services:\n  a:\n    engine: dind\n    inner:\n      networks:\n        \
                 default: {{ipam: {{config: [{{subnet: 10.88.3.0/24}}]}}}}\n      \
                 services: {{web: {{{BUSY}}}}}\n"
            ),
            "nest::address-clash",
        ),
        (
            "pool",
            format!(
                "networks:\n  default: {{ipam: {{config: [{{subnet: 10.88.3.0/24}}]}}}}\n\
                 services:\n  a:\n    engine: {{kind: dind, address_pool: 10.88.0.0/16}}\n    \
                 inner: {{services: {{web: {{{BUSY}}}}}}}\n"
            ),
            "nest::address-clash",
        ),
    ];
    for (name, yaml, code) in labs {
        let Some(lab) = TestLab::new(name, &yaml) else { return };
        let ran = lab.run(&["up"]).code(3);
        assert!(ran.stderr.contains(code), "{name}: {}", ran.stderr);
        assert_eq!(lab.leftovers(), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_subnet_that_the_engine_already_uses_must_be_refused_before_anything_is_made() {
    let network = "networks:\n  default: {ipam: {config: [{subnet: 10.89.0.0/16}]}}\n";
    let services = format!("services:\n  web: {{{BUSY}}}\n");
    let Some(first) = TestLab::new("first", &format!("{network}{services}")) else { return };
    first.run(&["up"]).ok();
    let second = network.replace("10.89.0.0/16", "10.89.4.0/24");
    let Some(second) = TestLab::new("second", &format!("{second}{services}")) else { return };
    let ran = second.run(&["up"]).code(3);
    assert!(
        ran.stderr.contains("nest::address-clash") && ran.stderr.contains(&first.project),
        "{}",
        ran.stderr
    );
    assert_eq!(second.leftovers(), Vec::<String>::new());
}
