//! What a change of the file comes to, row by row.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::changed::*;
use super::lab::*;
use crate::engine::engine::Change;
use crate::graph::lab_graph::LabGraph;
use crate::model::addr::LayerPath;
use crate::model::behaviour::{FileRole, FileUse};
use crate::model::container::{BindPath, Mount, MountSource, PortBinding, RestartPolicy};
use crate::model::files::{Existing, PutFile};
use crate::model::label;
use crate::model::observed::ContainerState;
use crate::model::service::{Condition, Service};
use crate::model::span::{Span, Spanned};
use crate::model::topology::VolumeDef;
use crate::plan::goal::{Goal, Lab, Orphans, Up};
use crate::plan::step::StepId;

fn publishing(mut service: Service, port: u16) -> Service {
    let binding = PortBinding { host: Some((port, port)), container: 80, ..PortBinding::default() };
    service.publish.push(Spanned::new(binding, Span::default()));
    service
}

fn with_port(mut service: Service, port: u16) -> Service {
    let binding = PortBinding { host: Some((port, port)), container: 80, ..PortBinding::default() };
    service.spec.ports = vec![binding];
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
    `b` is there and is not in the file
    ");
    let Goal::Up(mut without) = up_goal(&renamed) else { unreachable!() };
    without.orphans = Orphans::Remove;
    go(&engine, &Goal::Up(without)).await.assert_good();
    assert_eq!(ids(&engine).await.into_keys().collect::<Vec<_>>(), ["a", "c"]);
}

/// A layer that shares the engine is planned once its own node has been entered, when the other is being made anew.
#[tokio::test(start_paused = true)]
async fn a_port_goes_from_a_layer_to_another_one_on_its_engine() {
    let engine = engine();
    let of = |a: u16, b: u16| {
        let mut a = with_port(service("a"), a);
        a.spec.restart = RestartPolicy::Always;
        let shared = node("shared", "socket", vec![with_port(service("b"), b)]);
        lab(vec![node("vm1", "dind", vec![a, shared])])
    };
    up(&engine, &of(8080, 8081)).await;
    engine.by_hand("lab-vm1-1", &Change::Stop(None));
    up(&engine, &of(8082, 8080)).await;
    let has = |name: &str| engine.node("lab-vm1-1").container(name).expect("it is there").ports[0].host;
    assert_eq!([has("lab-vm1-a-1"), has("lab-vm1-shared-b-1")], [Some(8082), Some(8080)]);
}

#[tokio::test(start_paused = true)]
async fn a_port_goes_from_what_is_inside_a_node_to_the_node() {
    let engine = engine();
    let of = |shared: u16, a: u16| {
        let mut a = with_port(service("a"), a);
        a.spec.restart = RestartPolicy::Always;
        lab(vec![node("vm1", "dind", vec![with_port(node("shared", "socket", vec![a]), shared)])])
    };
    up(&engine, &of(8080, 8081)).await;
    engine.by_hand("lab-vm1-1", &Change::Stop(None));
    // The one inside has come back by itself when its node is to start.
    up(&engine, &of(8081, 8082)).await;
    let has = |name: &str| engine.node("lab-vm1-1").container(name).expect("it is there").ports[0].host;
    assert_eq!([has("lab-vm1-shared-1"), has("lab-vm1-shared-a-1")], [Some(8081), Some(8082)]);
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
async fn configs_and_secrets_are_told_by_their_keys_in_the_file() {
    let engine = engine();
    let of = |text: &str| {
        let mut web = service("web");
        let uses = |role, source: &str, path: &str| FileUse {
            role,
            source: source.to_owned(),
            target: Some(path.to_owned()),
            path: path.to_owned(),
            uid: None,
            gid: None,
            mode: None,
        };
        web.behaviour.file_uses = vec![
            uses(FileRole::Config, "app", "/etc/app.conf"),
            uses(FileRole::Config, "given", "/etc/given.conf"),
            uses(FileRole::Secret, "key", "/keys/key"),
        ];
        for target in ["/etc/app.conf", "/keys/key", "/data"] {
            let path = BindPath::User(format!("/home/user/lab/{text}").into());
            web.spec.mounts.push(Mount::new(target, MountSource::bind(path, false), true));
        }
        web.files = vec![PutFile {
            path: "/etc/given.conf".to_owned(),
            mode: 0o444,
            uid: 0,
            gid: 0,
            content: text.as_bytes().into(),
            existing: Existing::Replace,
        }];
        lab(vec![web])
    };
    up(&engine, &of("a")).await;
    insta::assert_snapshot!(shown(&engine, &up_goal(&of("b"))).await, @r"
    lab
      ~ web  recreate  content of configs.given changed
                       volumes./data: ./a (read-only) → ./b (read-only)
                       configs.app: ./a (read-only) → ./b (read-only)
                       secrets.key: ./a (read-only) → ./b (read-only)

    1 to recreate
    ");
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
