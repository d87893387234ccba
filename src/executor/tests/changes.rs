//! What a change of the file comes to, row by row.

use std::sync::Arc;

use super::changed::*;
use super::lab::*;
use crate::graph::lab_graph::LabGraph;
use crate::model::addr::LayerPath;
use crate::model::behaviour::{FileRole, FileUse};
use crate::model::container::{BindPath, Mount, MountSource};
use crate::model::files::{Existing, PutFile};
use crate::model::label;
use crate::model::service::Condition;
use crate::model::topology::VolumeDef;
use crate::plan::goal::{Lab, Up};
use crate::plan::step::StepId;

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
