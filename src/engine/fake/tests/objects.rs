//! Names, images, networks, volumes and ports.

use super::*;

#[tokio::test]
async fn a_name_is_taken_once_and_free_again_after_the_removal() {
    let engine = engine();
    make(&engine, &plain("web")).await;
    assert_eq!(kind(engine.create(&plain("web")).await), Some(FailureKind::Conflict));
    engine.remove(&remove("web")).await.expect("removed");
    engine.remove(&remove("web")).await.expect("one that is not there is success");
    make(&engine, &plain("web")).await;
}

#[tokio::test]
async fn a_missing_image_is_not_found_until_it_is_pulled() {
    let engine = FakeEngine::new("host").with_registry(&["docker.io/library/busybox:latest"]);
    assert_eq!(kind(engine.create(&plain("web")).await), Some(FailureKind::NotFound));
    assert_eq!(kind(engine.pull("nope", None, Arc::new(|_, _| {})).await), Some(FailureKind::NotFound));
    engine.pull("busybox", None, Arc::new(|_, _| {})).await.expect("the registry has it");
    make(&engine, &plain("web")).await;
    assert_eq!(engine.observed().images[0].tags, ["busybox:latest"]);
}

#[tokio::test]
async fn a_network_is_held_by_running_containers_only_and_missed_at_the_start() {
    let engine = engine();
    make(&engine, &network("net")).await;
    assert_eq!(kind(engine.create(&network("net")).await), Some(FailureKind::Conflict));
    make(&engine, &container("web", on_network("net"))).await;
    start(&engine, "web").await;
    assert_eq!(engine.container("web").expect("made").networks["net"].address, "172.18.0.2");
    let drop_network = Remove::Network("net".to_owned());
    assert_eq!(kind(engine.remove(&drop_network).await), Some(FailureKind::Conflict));
    engine.act("web", &Change::Stop(None)).await.expect("it runs");
    assert_eq!(engine.container("web").expect("made").networks["net"].address, "");
    engine.remove(&drop_network).await.expect("nothing runs on it");
    assert_eq!(kind(engine.act("web", &Change::Start).await), Some(FailureKind::NotFound));
}

#[tokio::test]
async fn connecting_and_disconnecting_twice_is_success_and_a_missing_network_is_not_found() {
    let engine = engine();
    make(&engine, &network("net")).await;
    make(&engine, &plain("web")).await;
    start(&engine, "web").await;
    let connect =
        |network: &str| Change::Connect { network: network.to_owned(), endpoint: Endpoint::default() };
    let disconnect = Change::Disconnect { network: "net".to_owned() };
    for _ in 0..2 {
        engine.act("web", &connect("net")).await.expect("both are there");
        assert_eq!(engine.container("web").expect("made").networks["net"].address, "172.18.0.2");
    }
    assert_eq!(kind(engine.act("web", &connect("nope")).await), Some(FailureKind::NotFound));
    for _ in 0..2 {
        engine.act("web", &disconnect).await.expect("both are there");
        assert_eq!(engine.container("web").expect("made").networks.len(), 1);
    }
}

#[tokio::test]
async fn overlapping_subnets_are_refused() {
    let engine = engine();
    let with = |name: &str, subnet: &str| Create::Network {
        name: name.to_owned(),
        spec: NetworkSpec {
            ipam: vec![Subnet { subnet: Some(subnet.to_owned()), ..Subnet::default() }],
            ..NetworkSpec::default()
        },
        labels: Labels::new(),
    };
    make(&engine, &with("one", "10.0.0.0/16")).await;
    assert_eq!(kind(engine.create(&with("two", "10.0.5.0/24")).await), Some(FailureKind::Conflict));
    make(&engine, &with("two", "10.1.0.0/16")).await;
}

#[tokio::test]
async fn a_volume_is_made_once_and_held_by_every_container() {
    let engine = engine();
    let volume = |label: &str| Create::Volume {
        name: "data".to_owned(),
        spec: VolumeSpec::default(),
        labels: [("which".to_owned(), label.to_owned())].into_iter().collect(),
    };
    make(&engine, &volume("first")).await;
    make(&engine, &volume("second")).await;
    assert_eq!(engine.observed().volumes[0].labels.get("which").map(String::as_str), Some("first"));
    make(&engine, &container("db", volume_at(Some("data"), "/data"))).await;
    let drop_volume = Remove::Volume("data".to_owned());
    assert_eq!(kind(engine.remove(&drop_volume).await), Some(FailureKind::Conflict));
    engine.remove(&remove("db")).await.expect("removed");
    engine.remove(&drop_volume).await.expect("free");
    assert!(engine.observed().volumes.is_empty());
}

#[tokio::test]
async fn an_anonymous_volume_goes_with_its_container() {
    let engine = engine();
    make(&engine, &container("db", volume_at(None, "/data"))).await;
    assert_eq!(engine.observed().volumes.len(), 1);
    engine.remove(&remove("db")).await.expect("removed");
    assert!(engine.observed().volumes.is_empty());
    // Who has it by `volumes_from` holds it once it has been started.
    for (is_started, left) in [(false, 0), (true, 1)] {
        make(&engine, &container("db", volume_at(None, "/data"))).await;
        let heir = ContainerSpec { volumes_from: vec!["db".to_owned()], ..ContainerSpec::default() };
        make(&engine, &container("heir", heir)).await;
        if is_started {
            start(&engine, "heir").await;
        }
        engine.remove(&remove("db")).await.expect("removed");
        assert_eq!(engine.observed().volumes.len(), left);
        engine.remove(&remove("heir")).await.expect("removed");
    }
}

#[tokio::test]
async fn a_port_is_bound_by_one_running_container_at_a_time() {
    let engine = engine();
    let publishing = || ContainerSpec {
        ports: vec![PortBinding {
            host_ip: None,
            host: Some((8080, 8080)),
            container: 80,
            protocol: Protocol::Tcp,
        }],
        ..ContainerSpec::default()
    };
    make(&engine, &container("one", publishing())).await;
    make(&engine, &container("two", publishing())).await;
    start(&engine, "one").await;
    assert_eq!(kind(engine.act("two", &Change::Start).await), Some(FailureKind::Conflict));
    assert!(engine.inspect("two").await.expect("made").error.contains("already allocated"));
    engine.act("one", &Change::Stop(None)).await.expect("it runs");
    start(&engine, "two").await;
    assert_eq!(engine.container("two").expect("made").ports[0].host, Some(8080));
}

#[tokio::test]
async fn stores_differ_in_ids_and_podman_in_names() {
    let engine = engine()
        .with_behaviour("ctr", Behaviour { containerd_store: true, ..Behaviour::default() })
        .with_behaviour("pod", Behaviour { podman: true, ..Behaviour::default() });
    for node in ["ctr", "pod"] {
        make(&engine, &plain(node)).await;
        start(&engine, node).await;
        let inner = inside(&engine, node);
        let archive = engine.save("busybox").await.expect("there");
        let names = inner.load(archive).await.expect("whole");
        let same_id = inner.inspect_image("busybox").await.expect("loaded").id
            == engine.inspect_image("busybox").await.expect("there").id;
        if node == "pod" {
            assert_eq!((names, same_id), (vec!["docker.io/library/busybox:latest".to_owned()], true));
        } else {
            assert_eq!((names, same_id), (vec!["busybox:latest".to_owned()], false));
        }
    }
}
