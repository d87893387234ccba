//! What a change of the file, or of what is there, comes to: as `plan` shows it, and what a run then leaves alone.

use std::collections::BTreeMap;

use super::lab::*;
use crate::engine::engine::{Change, Create, Remove};
use crate::engine::fake::fake_engine::FakeEngine;
use crate::graph::lab_graph::LabGraph;
use crate::model::addr::LayerPath;
use crate::model::container::{Endpoint, Mount, MountSource, PortBinding};
use crate::model::files::{Existing, PutFile};
use crate::model::label;
use crate::model::service::{Condition, Service};
use crate::model::span::{Span, Spanned};
use crate::model::topology::{NetworkDef, VolumeDef};
use crate::ops::forecast::forecast;
use crate::plan::goal::{Goal, Lab, Orphans, Up};
use crate::plan::plan_check::breaches;
use crate::plan::step::StepId;
use crate::report::plan_text::render;
use crate::report::style::Style;
use std::sync::Arc;

/// What `plan` shows.
async fn shown(engine: &FakeEngine, goal: &Goal) -> String {
    let surveyed = surveyed(engine).await;
    let plan = goal.plan(&surveyed.known, &answered(&surveyed), StepId(0));
    let found = breaches(&plan, &surveyed.known, StepId(0));
    assert!(found.is_empty(), "{found:#?}\n{plan}");
    let later = forecast(&goal.planning(), &surveyed.known, &plan);
    let later: Vec<_> = later.iter().map(|it| (it.layer.clone(), &it.plan)).collect();
    let mut text = render(&plan, &later, &project(), Style { color: false, unicode: true }, 100);
    for problem in plan.problems.sorted() {
        text = format!("{text}{}\n", problem.message);
    }
    text
}

/// IDs of the lab's containers by address.
async fn ids(engine: &FakeEngine) -> BTreeMap<String, String> {
    let surveyed = surveyed(engine).await;
    let ours = crate::plan::ours::containers(&surveyed.known, &project());
    ours.into_iter().map(|it| (it.addr.to_string(), it.container.id.clone())).collect()
}

/// Brings a lab up; which of the containers that were there are others now, or gone. A second `up` does nothing.
async fn renewed(engine: &FakeEngine, lab: &Arc<Lab>) -> String {
    let before = ids(engine).await;
    up(engine, lab).await;
    let after = ids(engine).await;
    let again = up(engine, lab).await;
    assert_eq!(again.report.summary.changed, 0, "{:#?}", again.ends());
    let other = before.iter().filter(|(addr, id)| after.get(*addr) != Some(*id));
    other.map(|(addr, _)| addr.as_str()).collect::<Vec<_>>().join(" ")
}

fn set(mut service: Service, name: &str, value: &str) -> Service {
    service.spec.environment.insert(name.to_owned(), Some(value.to_owned()));
    service
}

fn publishing(mut service: Service, port: u16) -> Service {
    let binding = PortBinding { host: Some((port, port)), container: 80, ..PortBinding::default() };
    service.publish.push(Spanned::new(binding, Span::default()));
    service
}

#[tokio::test(start_paused = true)]
async fn a_changed_inner_service_touches_nothing_outside_of_it() {
    let engine = engine();
    let of = |debug: &str| {
        lab(vec![
            service("client"),
            node(
                "vm1",
                "dind",
                vec![set(set(service("web"), "DEBUG", debug), "TOKEN", debug), service("db")],
            ),
        ])
    };
    up(&engine, &of("0")).await;
    insta::assert_snapshot!(shown(&engine, &up_goal(&of("1"))).await, @r"
    vm1
      ~ web  recreate  environment.DEBUG: 0 → 1
                       environment.TOKEN changed

    1 to recreate
    ");
    assert_eq!(renewed(&engine, &of("1")).await, "vm1/web");
}

#[tokio::test(start_paused = true)]
async fn a_changed_node_keeps_its_containers_inside() {
    let engine = engine();
    let of = |debug: &str| {
        lab(vec![
            set(node("vm1", "dind", vec![service("web"), service("db")]), "DEBUG", debug),
            service("client"),
        ])
    };
    up(&engine, &of("0")).await;
    insta::assert_snapshot!(shown(&engine, &up_goal(&of("1"))).await, @r"
    lab
      ~ vm1  recreate  environment.DEBUG: 0 → 1
    vm1
      ~ db   restart  vm1 goes down
      ~ web  restart  vm1 goes down

    1 to recreate, 2 to restart
    ");
    assert_eq!(renewed(&engine, &of("1")).await, "vm1");
}

#[tokio::test(start_paused = true)]
async fn a_port_published_from_inside_is_the_nodes_too() {
    let engine = engine();
    let of = |web: Service| lab(vec![node("vm1", "dind", vec![web, service("db")])]);
    up(&engine, &of(service("web"))).await;
    let published = of(publishing(service("web"), 8081));
    insta::assert_snapshot!(shown(&engine, &up_goal(&published)).await, @r"
    lab
      ~ vm1  recreate  publish: 8081 of vm1/web added
    vm1
      ~ db   restart   vm1 goes down
      ~ web  recreate  publish: 8081 added

    2 to recreate, 1 to restart
    ");
    assert_eq!(renewed(&engine, &published).await, "vm1 vm1/web");
    insta::assert_snapshot!(shown(&engine, &up_goal(&of(service("web")))).await, @r"
    lab
      ~ vm1  recreate  publish: 8081 of vm1/web removed
    vm1
      ~ db   restart   vm1 goes down
      ~ web  recreate  publish: 8081 removed

    2 to recreate, 1 to restart
    ");
}

fn in_networks(mut service: Service, networks: &[&str]) -> Service {
    let endpoints = networks.iter().map(|name| ((*name).to_owned(), Endpoint::default()));
    service.spec.networks = endpoints.collect();
    service
}

/// A lab with two more networks; `internal` is a property of the second.
fn networked(services: Vec<Service>, internal: bool) -> Arc<Lab> {
    let mut lab = lab(Vec::new()).topology.clone();
    lab.root = inner(services);
    lab.root.networks.insert("front".to_owned(), NetworkDef::default());
    let mut back = NetworkDef::default();
    back.spec.internal = internal;
    lab.root.networks.insert("back".to_owned(), back);
    let (graph, problems) = LabGraph::build(&lab);
    assert!(problems.is_empty(), "{problems:?}");
    Arc::new(Lab { topology: lab, graph })
}

fn networks_of(engine: &FakeEngine, name: &str) -> String {
    let container = engine.container(name).expect("it is there");
    container.networks.keys().map(String::as_str).collect::<Vec<_>>().join(" ")
}

async fn by_hand(engine: &FakeEngine, container: &str, change: Change) {
    engine.shared().act(container, &change).await.expect("it is done by hand");
}

#[tokio::test(start_paused = true)]
async fn networks_that_come_and_go_are_connected_and_disconnected_as_it_runs() {
    let engine = engine();
    let of = |networks: &[&str]| networked(vec![in_networks(service("web"), networks), service("db")], false);
    up(&engine, &of(&["default"])).await;
    for (networks, seen) in [
        (["front", "default"].as_slice(), "lab_default lab_front"),
        (&["front", "back"], "lab_back lab_front"),
        (&["back"], "lab_back"),
        (&["default"], "lab_default"),
    ] {
        let lab = of(networks);
        let text = shown(&engine, &up_goal(&lab)).await;
        assert!(text.contains("connect  ") && !text.contains("recreate"), "{text}");
        assert_eq!(renewed(&engine, &lab).await, "");
        assert_eq!(networks_of(&engine, "lab-web-1"), seen);
    }
    insta::assert_snapshot!(shown(&engine, &up_goal(&of(&["front"]))).await, @r"
    lab
      ~ web  connect  networks: default → front

    1 to change live
    ");
    // What it is called there is not listed by an engine.
    let mut web = in_networks(service("web"), &["default", "front"]);
    web.spec.networks.entry("front".to_owned()).or_default().aliases.push("www".to_owned());
    let named = networked(vec![web, service("db")], false);
    insta::assert_snapshot!(shown(&engine, &up_goal(&named)).await, @r"
    lab
      ~ web  recreate  networks: front added
                       networks.front.aliases: web added
                       networks.front.aliases: www added

    1 to recreate
    ");
    assert_eq!(renewed(&engine, &named).await, "web");
}

#[tokio::test(start_paused = true)]
async fn a_changed_network_is_made_anew_with_the_containers_in_it_and_no_other() {
    let engine = engine();
    let services = || {
        let user = needing(in_networks(service("web"), &["back", "default"]), &[("db", Condition::Started)]);
        let mut machine = node("vm1", "dind", vec![service("inside")]);
        machine.spec.networks = in_networks(service("x"), &["back"]).spec.networks;
        vec![in_networks(service("db"), &["back"]), user, machine, service("other")]
    };
    up(&engine, &networked(services(), false)).await;
    let changed = networked(services(), true);
    insta::assert_snapshot!(shown(&engine, &up_goal(&changed)).await, @r"
    lab
      ~ network lab_back  recreate  internal: true added
      ~ db                recreate  network back is made anew
      ~ vm1               recreate  network back is made anew
      ~ web               recreate  network back is made anew
    vm1
      ~ inside  restart  vm1 goes down

    4 to recreate, 1 to restart
    ");
    assert_eq!(renewed(&engine, &changed).await, "db vm1 web");
    assert_eq!(networks_of(&engine, "lab-web-1"), "lab_back lab_default");
}

#[tokio::test(start_paused = true)]
async fn a_changed_network_with_a_stranger_in_it_stays_and_is_told_of() {
    let engine = engine();
    let services = || vec![in_networks(service("db"), &["back"])];
    up(&engine, &networked(services(), false)).await;
    engine.shared().act("lab-db-1", &Change::Stop(None)).await.expect("it stops");
    let labels = crate::plan::action::Labels::new();
    let spec = in_networks(service("x"), &["lab_back"]).spec;
    let made = Create::Container {
        name: "stranger".to_owned(),
        spec: spec.into(),
        image: "busybox".to_owned(),
        labels,
    };
    engine.shared().create(&made).await.expect("it is made");
    by_hand(&engine, "stranger", Change::Start).await;
    insta::assert_snapshot!(shown(&engine, &up_goal(&networked(services(), true))).await, @r"
    lab
      ▸ db  start  not running

    1 to start
    network `lab_back` was made otherwise than the file now says (internal: true added), and stays as it is: container `stranger`, which is no service of this lab, is in it
    ");
}

#[tokio::test(start_paused = true)]
async fn what_was_done_by_hand_is_undone_without_a_new_container() {
    let engine = engine();
    let services = || {
        let web = in_networks(service("web"), &["default", "front"]);
        vec![web, in_networks(service("db"), &["back"]), node("vm1", "dind", vec![service("inside")])]
    };
    let lab = networked(services(), false);
    up(&engine, &lab).await;
    let disconnect = |network: &str| Change::Disconnect { network: network.to_owned() };
    let connect =
        |network: &str| Change::Connect { network: network.to_owned(), endpoint: Endpoint::default() };
    by_hand(&engine, "lab-web-1", disconnect("lab_front")).await;
    by_hand(&engine, "lab-db-1", connect("lab_front")).await;
    by_hand(&engine, "lab-db-1", Change::Rename("mine".to_owned())).await;
    by_hand(&engine, "lab-vm1-1", Change::Stop(None)).await;
    by_hand(&engine, "lab-vm1-1", connect("lab_front")).await;
    insta::assert_snapshot!(shown(&engine, &up_goal(&lab)).await, @r"
    lab
      ~ db   rename   was renamed to mine
                      in network front, where the file does not have it
      ▸ vm1  start    not running
                      in network front, where the file does not have it
      ~ web  connect  not in network front
    looked at again once their engines answer: vm1

    2 to change live, 1 to start
    ");
    assert_eq!(renewed(&engine, &lab).await, "");
    assert_eq!(networks_of(&engine, "lab-web-1"), "lab_default lab_front");
    assert_eq!(networks_of(&engine, "lab-db-1"), "lab_back");
    assert_eq!(networks_of(&engine, "lab-vm1-1"), "lab_default");
}

#[tokio::test(start_paused = true)]
async fn a_network_that_was_removed_by_hand_comes_back_under_the_containers_that_were_in_it() {
    let engine = engine();
    let lab = networked(vec![in_networks(service("web"), &["default", "front"]), service("db")], false);
    up(&engine, &lab).await;
    by_hand(&engine, "lab-web-1", Change::Stop(None)).await;
    engine.shared().remove(&Remove::Network("lab_front".to_owned())).await.expect("nothing runs in it");
    insta::assert_snapshot!(shown(&engine, &up_goal(&lab)).await, @r"
    lab
      + network lab_front  create
      ▸ web                start   not running
                                   not in network front

    1 to create, 1 to start
    ");
    assert_eq!(renewed(&engine, &lab).await, "");
    assert_eq!(networks_of(&engine, "lab-web-1"), "lab_default lab_front");
}

fn with_port(mut service: Service, port: u16) -> Service {
    let binding = PortBinding { host: Some((port, port)), container: 80, ..PortBinding::default() };
    service.spec.ports = vec![binding];
    service
}

#[tokio::test(start_paused = true)]
async fn a_port_goes_from_one_service_to_another_in_one_run() {
    let engine = engine();
    let of = |a: u16, b: u16| lab(vec![with_port(service("a"), a), with_port(service("b"), b)]);
    up(&engine, &of(8080, 8081)).await;
    insta::assert_snapshot!(shown(&engine, &up_goal(&of(8081, 8080))).await, @r"
    lab
      ~ a  recreate  ports: 8080:80 → 8081:80
      ~ b  recreate  ports: 8081:80 → 8080:80

    2 to recreate
    ");
    assert_eq!(renewed(&engine, &of(8081, 8080)).await, "a b");
    // From one that goes.
    let renamed = lab(vec![with_port(service("c"), 8080), with_port(service("a"), 8081)]);
    insta::assert_snapshot!(shown(&engine, &up_goal(&renamed)).await, @r"
    lab
      + c  create

    1 to create
    port 8080/tcp of `c` is held by `b` of this lab, which is not in the file any more
    `b` runs and is not in the file
    ");
    let Goal::Up(mut without) = up_goal(&renamed) else { unreachable!() };
    without.orphans = Orphans::Remove;
    go(&engine, &Goal::Up(without)).await.assert_good();
    assert_eq!(ids(&engine).await.into_keys().collect::<Vec<_>>(), ["a", "c"]);
}

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

/// `up` in another way than usual.
fn in_a_way(lab: &Arc<Lab>, change: impl FnOnce(&mut Up)) -> Goal {
    let Goal::Up(mut up) = up_goal(lab) else { unreachable!() };
    change(&mut up);
    Goal::Up(up)
}

/// Runs it; which of the containers that were there are others now, or gone.
async fn renewed_by(engine: &FakeEngine, goal: &Goal) -> String {
    let before = ids(engine).await;
    go(engine, goal).await.assert_good();
    let after = ids(engine).await;
    let other = before.iter().filter(|(addr, id)| after.get(*addr) != Some(*id));
    other.map(|(addr, _)| addr.as_str()).collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn flags_say_what_is_made_anew() {
    let engine = engine();
    let of = |value: &str| {
        let db = set(service("db"), "V", value);
        let web = set(needing(service("web"), &[("db", Condition::Started)]), "V", value);
        lab(vec![db, web, node("vm1", "dind", vec![set(service("inside"), "V", value)]), service("other")])
    };
    let (old, new) = (of("1"), of("2"));
    up(&engine, &old).await;
    let at = |up: &mut Up, target: &str| up.targets = vec![target.parse().expect("valid")];
    let way = |lab, change: fn(&mut Up)| in_a_way(lab, change);
    let keep = way(&new, |up| up.way.no_recreate = true);
    assert_eq!(shown(&engine, &keep).await, "✔ nothing to do\n");
    assert_eq!(
        renewed_by(&engine, &way(&old, |up| up.force_recreate = true)).await,
        "db other vm1 vm1/inside web"
    );
    let web = in_a_way(&old, |up| {
        at(up, "web");
        up.force_recreate = true;
    });
    assert_eq!(renewed_by(&engine, &web).await, "web");
    let deps = in_a_way(&old, |up| {
        at(up, "web");
        up.way.always_recreate_deps = true;
    });
    insta::assert_snapshot!(shown(&engine, &deps).await, @r"
    lab
      ~ db  recreate  asked for

    1 to recreate
    ");
    assert_eq!(renewed_by(&engine, &deps).await, "db");
    let alone = in_a_way(&new, |up| {
        at(up, "web");
        up.way.no_deps = true;
    });
    assert_eq!(renewed_by(&engine, &alone).await, "web");
    let inside = in_a_way(&new, |up| at(up, "vm1/inside"));
    assert_eq!(renewed_by(&engine, &inside).await, "vm1/inside");
    assert_eq!(renewed(&engine, &new).await, "db");
}

#[tokio::test(start_paused = true)]
async fn anonymous_volumes_go_on_with_the_replacement_unless_they_are_to_be_renewed() {
    let engine = engine();
    let of = |value: &str| {
        let mut db = set(service("db"), "V", value);
        db.spec.mounts.push(Mount::new("/data", MountSource::volume(None), false));
        lab(vec![db])
    };
    let volume = || engine.container("lab-db-1").expect("it is there").mounts[0].volume.clone();
    up(&engine, &of("1")).await;
    let first = volume();
    assert_eq!(renewed(&engine, &of("2")).await, "db");
    assert_eq!(volume(), first);
    let renew = in_a_way(&of("3"), |up| up.way.renew_volumes = true);
    assert_eq!(renewed_by(&engine, &renew).await, "db");
    assert_ne!(volume(), first);
    let there = engine.observed().volumes.into_iter().map(|volume| volume.name);
    assert_eq!(there.collect::<Vec<_>>(), volume().into_iter().collect::<Vec<_>>(), "the old one is gone");
    assert_eq!(renewed(&engine, &of("4")).await, "db");
    go(&engine, &down_goal()).await.assert_good();
    assert!(engine.observed().volumes.is_empty(), "{}", engine.snapshot());
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
    `web` runs and is not in the file
    `web@2` runs and is not in the file
    `web@3` runs and is not in the file
    `vm1/inside` runs and is not in the file
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
async fn a_tag_that_names_another_image_makes_anew_what_has_it_at_every_depth() {
    let engine = engine();
    engine.add_image("busybox", &[b"old"]);
    let lab = lab(vec![service("web"), node("vm1", "dind", vec![service("inside")])]);
    up(&engine, &lab).await;
    engine.add_image("busybox", &[b"new"]);
    insta::assert_snapshot!(shown(&engine, &up_goal(&lab)).await, @r"
    lab
      ~ web  recreate  image changed
    vm1
      · image busybox  copy      image changed
      ~ inside         recreate  image changed

    2 to recreate, 1 to copy
    ");
    assert_eq!(renewed(&engine, &lab).await, "vm1/inside web");
}

#[tokio::test(start_paused = true)]
async fn configs_and_secrets_make_anew_who_has_them_and_their_texts_are_not_told() {
    let engine = engine();
    let of = |text: &str| {
        let file = |path: &str| PutFile {
            path: path.to_owned(),
            mode: 0o444,
            uid: 0,
            gid: 0,
            content: text.as_bytes().into(),
            existing: Existing::Replace,
        };
        let mut web = service("web");
        web.files = vec![file("/etc/app.conf"), file("/run/secrets/key")];
        let mut inside = service("inside");
        inside.files = vec![file("/etc/app.conf")];
        lab(vec![web, node("vm1", "dind", vec![inside, service("other")])])
    };
    up(&engine, &of("hunter2")).await;
    insta::assert_snapshot!(shown(&engine, &up_goal(&of("hunter3"))).await, @r"
    lab
      ~ web  recreate  content of configs./etc/app.conf changed
                       content of secrets./run/secrets/key changed
    vm1
      ~ inside  recreate  content of configs./etc/app.conf changed

    2 to recreate
    ");
    assert_eq!(renewed(&engine, &of("hunter3")).await, "vm1/inside web");
}

#[tokio::test(start_paused = true)]
async fn a_volume_that_the_file_describes_otherwise_stays_as_it_is() {
    let engine = engine();
    let of = |device: &str| {
        let mut db = service("db");
        db.spec.mounts.push(Mount::new("/data", MountSource::volume(Some("data".to_owned())), false));
        let mut lab = lab(Vec::new()).topology.clone();
        lab.root = inner(vec![db]);
        let mut volume = VolumeDef::default();
        volume.spec.driver_opts.insert("device".to_owned(), device.to_owned());
        lab.root.volumes.insert("data".to_owned(), volume);
        let (graph, _) = LabGraph::build(&lab);
        Arc::new(Lab { topology: lab, graph })
    };
    up(&engine, &of("/a")).await;
    insta::assert_snapshot!(shown(&engine, &up_goal(&of("/b"))).await, @r"
    ✔ nothing to do
    volume `lab_data` was made otherwise than the file now says (driver_opts.device: /a → /b), and stays as it is: its data would be lost
    ");
    assert_eq!(renewed(&engine, &of("/b")).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_container_that_took_the_place_of_a_node_by_hand_is_told_and_one_that_is_gone_comes_back() {
    let engine = engine();
    let lab = lab(vec![node("vm1", "dind", vec![service("inside")]), service("web")]);
    up(&engine, &lab).await;
    let gone = Remove::Container { container: "lab-vm1-1".to_owned(), volumes: false };
    engine.shared().remove(&gone).await.expect("it is removed by hand");
    insta::assert_snapshot!(shown(&engine, &up_goal(&lab)).await, @r"
    lab
      + vm1  create
    vm1 (once its engine answers)
      + network lab-vm1_default  create
      · image busybox            copy    needed by vm1/inside
      + inside                   create

    3 to create, 1 to copy
    ");
    assert_eq!(renewed(&engine, &lab).await, "", "what is inside is taken over");
    engine.shared().remove(&gone).await.expect("it is removed by hand");
    let labels = crate::plan::action::Labels::new();
    let spec = service("x").spec.into();
    let made =
        Create::Container { name: "lab-vm1-1".to_owned(), spec, image: "docker:dind".to_owned(), labels };
    engine.shared().create(&made).await.expect("it is made by hand");
    let text = shown(&engine, &up_goal(&lab)).await;
    assert!(text.contains("container name `lab-vm1-1` of `vm1` is held by another container"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_an_older_nestctl_made_is_made_anew_once_without_a_word_of_what() {
    let engine = engine();
    up(&engine, &lab(vec![set(service("web"), "V", "1")])).await;
    let surveyed = surveyed(&engine).await;
    let mut known = surveyed.known.clone();
    let Some(crate::plan::known::Layer::Answered(root)) = known.layers.get_mut(&LayerPath::root()) else {
        panic!("the root engine answers")
    };
    root.seen.containers[0].labels.remove(label::ASKED);
    let goal = up_goal(&lab(vec![set(service("web"), "V", "2")]));
    let plan = goal.plan(&known, &answered(&surveyed), StepId(0)).to_string();
    assert!(plan.starts_with("#0 create web (configuration changed)"), "{plan}");
}
