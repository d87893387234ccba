//! What comes to the lab, leaves it, moves to another engine, or stands beside what is meant.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::changed::*;
use super::lab::*;
use crate::engine::engine::Change;
use crate::graph::lab_graph::LabGraph;
use crate::model::observed::ContainerState;
use crate::model::service::{Condition, Service};
use crate::plan::goal::{Lab, Orphans};

#[tokio::test(start_paused = true)]
async fn a_layer_moves_to_the_engine_that_its_node_has_now_and_back() {
    let engine = engine().with_path("/var/run/docker.sock");
    let of = |kind: &str| {
        let mut node =
            node("vm1", kind, vec![service("web"), needing(service("user"), &[("web", Condition::Started)])]);
        node.spec.image = "docker:dind".to_owned();
        lab(vec![node])
    };
    up(&engine, &of("socket")).await;
    assert!(
        engine.container("vm1-web-1").is_none() && engine.container("lab-vm1-web-1").is_some(),
        "{}",
        engine.snapshot()
    );
    insta::assert_snapshot!(shown(&engine, &up_goal(&of("dind"))).await, @r"
    lab
      + volume lab-vm1-1_docker  create
      ~ vm1                      recreate  engine.kind: socket → dind
    vm1
      ~ user  recreate  its layer is on another engine now
      ~ web   recreate  its layer is on another engine now

    3 to recreate, 1 to create
    ");
    assert_eq!(renewed(&engine, &of("dind")).await, "vm1 vm1/user vm1/web");
    assert!(engine.container("lab-vm1-web-1").is_none(), "{}", engine.snapshot());
    insta::assert_snapshot!(shown(&engine, &up_goal(&of("socket"))).await, @r"
    lab
      ~ vm1  recreate  engine.kind: dind → socket
    vm1
      ~ user  restart  vm1 goes down
      ~ web   restart  vm1 goes down

    1 to recreate, 2 to restart
    ");
    assert_eq!(renewed(&engine, &of("socket")).await, "vm1 vm1/user vm1/web");
}

#[tokio::test(start_paused = true)]
async fn what_the_file_does_not_have_any_more_of_a_layer_that_moves_goes_from_where_it_was() {
    let engine = engine().with_path("/var/run/docker.sock");
    let of = |kind: &str, names: &[&str]| {
        let mut node = node("vm1", kind, names.iter().map(|name| service(name)).collect());
        node.spec.image = "docker:dind".to_owned();
        lab(vec![node])
    };
    up(&engine, &of("socket", &["old", "web"])).await;
    insta::assert_snapshot!(shown(&engine, &up_goal(&of("dind", &["web"]))).await, @r"
    lab
      + volume lab-vm1-1_docker  create
      ~ vm1                      recreate  engine.kind: socket → dind
    vm1
      ~ web  recreate  its layer is on another engine now

    2 to recreate, 1 to create
    `vm1/old` is there and is not in the file
    ");
    up(&engine, &of("dind", &["web"])).await;
    assert!(engine.container("lab-vm1-old-1").is_some(), "nobody asked for its removal");
    let goal = in_a_way(&of("dind", &["web"]), |up| up.orphans = Orphans::Remove);
    assert_eq!(renewed_by(&engine, &goal).await, "vm1/old");
    up(&engine, &of("socket", &["old", "web"])).await;
    assert_eq!(renewed_by(&engine, &goal).await, "vm1 vm1/old vm1/web");
    assert!(engine.container("lab-vm1-old-1").is_none(), "{}", engine.snapshot());
}

#[tokio::test(start_paused = true)]
async fn what_scales_is_added_to_and_taken_from_and_what_leaves_the_file_is_told() {
    let engine = engine();
    let of = |web: u32, inside: u32| {
        let replicas = |name: &str, n: u32| Service { scale: n, ..service(name) };
        lab(vec![replicas("web", web), node("vm1", "dind", vec![replicas("inside", inside)])])
    };
    up(&engine, &of(1, 3)).await;
    insta::assert_snapshot!(shown(&engine, &up_goal(&of(3, 1))).await, @r"
    lab
      + web@2  create
      + web@3  create
    vm1
      - inside@2  remove  no longer used
      - inside@3  remove  no longer used

    2 to create, 2 to remove
    ");
    assert_eq!(renewed(&engine, &of(3, 1)).await, "vm1/inside@2 vm1/inside@3");
    let renamed = lab(vec![service("www"), node("vm1", "dind", vec![service("deep")])]);
    insta::assert_snapshot!(shown(&engine, &up_goal(&renamed)).await, @r"
    lab
      + www  create
    vm1
      + deep  create

    2 to create
    `web` is there and is not in the file
    `web@2` is there and is not in the file
    `web@3` is there and is not in the file
    `vm1/inside` is there and is not in the file
    ");
    let remove = in_a_way(&renamed, |up| up.orphans = Orphans::Remove);
    insta::assert_snapshot!(shown(&engine, &remove).await, @r"
    lab
      - web    remove  not in the file
      - web@2  remove  not in the file
      - web@3  remove  not in the file
      + www    create
    vm1
      + deep    create
      - inside  remove  not in the file

    2 to create, 4 to remove
    ");
    assert_eq!(renewed_by(&engine, &remove).await, "vm1/inside web web@2 web@3");
}

#[tokio::test(start_paused = true)]
async fn replicas_of_a_node_that_shares_an_engine_go_with_all_that_is_inside() {
    let engine = engine().with_path("/var/run/docker.sock");
    let of = |scale: u32| {
        let inner = node("b", "socket", vec![service("web")]);
        lab(vec![Service { scale, ..node("a", "socket", vec![inner]) }])
    };
    up(&engine, &of(2)).await;
    assert_eq!(renewed(&engine, &of(1)).await, "a@2 a@2/b a@2/b/web");
    assert_eq!(engine.observed().networks.iter().filter(|it| it.name.starts_with("lab-a-2")).count(), 0);
}

/// As Compose does; `down` takes it all the same.
#[tokio::test(start_paused = true)]
async fn what_an_inactive_profile_has_is_left_as_it_is() {
    let engine = engine();
    let vm1 = |inside| node("vm1", "dind", inside);
    let more = vec![service("inside"), service("extra")];
    up(&engine, &lab(vec![service("web"), service("side"), vm1(more), node("vm2", "dind", vec![])])).await;
    let mut vm1 = vm1(vec![service("inside")]);
    vm1.node.as_mut().expect("a node").inner.inactive.insert(service("extra").name);
    let mut topology = lab(vec![service("web"), vm1]).topology.clone();
    topology.root.inactive.extend([service("side").name, service("vm2").name]);
    let (graph, _) = LabGraph::build(&topology);
    let less = Arc::new(Lab { topology, graph });
    for orphans in [Orphans::Tell, Orphans::Remove] {
        let goal = in_a_way(&less, |up| up.orphans = orphans);
        assert_eq!(shown(&engine, &goal).await, "✔ nothing to do\n", "{orphans:?}");
    }
    go(&engine, &down_goal()).await.assert_good();
    assert_eq!(engine.observed().containers, [], "{}", engine.snapshot());
}

#[tokio::test(start_paused = true)]
async fn what_ran_beside_what_is_meant_runs_again_when_its_node_was_made_anew() {
    let engine = engine();
    let vm1 = |value: &str, names: &[&str]| {
        set(node("vm1", "dind", names.iter().map(|name| service(name)).collect()), "V", value)
    };
    up(&engine, &lab(vec![vm1("1", &["gone", "inside", "profiled"])])).await;
    let mut changed = vm1("2", &["inside", "more"]);
    changed.node.as_mut().expect("a node").inner.inactive.insert(service("profiled").name);
    let changed = lab(vec![changed]);
    assert_eq!(renewed(&engine, &changed).await, "vm1");
    let states = || {
        let inner = engine.node("lab-vm1-1").observed().containers.into_iter();
        inner.map(|it| (it.name, it.state == ContainerState::Running)).collect::<BTreeMap<_, _>>()
    };
    let names = ["gone", "inside", "more", "profiled"];
    let all = names.map(|name| (format!("lab-vm1-{name}-1"), true));
    assert_eq!(states(), BTreeMap::from(all));
    // One that was stopped by hand stays so, and one that is not meant goes on.
    engine.node("lab-vm1-1").by_hand("lab-vm1-gone-1", &Change::Stop(None));
    let goal = in_a_way(&changed, |up| {
        up.force_recreate = true;
        up.targets = vec!["vm1/inside".parse().expect("valid")];
        up.way.always_recreate_deps = true;
    });
    assert_eq!(renewed_by(&engine, &goal).await, "vm1 vm1/inside");
    let all = names.map(|name| (format!("lab-vm1-{name}-1"), name != "gone"));
    assert_eq!(states(), BTreeMap::from(all));
}
