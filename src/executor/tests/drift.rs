//! Networks that change, and what somebody did by hand.

use std::time::Duration;

use super::changed::*;
use super::lab::*;
use crate::engine::engine::{Change, Create, Remove};
use crate::engine::fake::fake_engine::FakeEngine;
use crate::engine::fake::fault::When;
use crate::model::addr::LayerPath;
use crate::model::container::Endpoint;
use crate::model::dial::Dial;
use crate::model::label;
use crate::model::observed::ContainerState;
use crate::model::service::Condition;
use crate::plan::goal::{Goal, Life, Orphans, Up, Verb, Wait};
use crate::plan::known::Layer;
use crate::plan::step::StepId;

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
        (&["back", "default"], "lab_back lab_default"),
        (&["default"], "lab_default"),
    ] {
        let lab = of(networks);
        let text = shown(&engine, &up_goal(&lab)).await;
        assert!(text.contains("connect  ") && !text.contains("recreate"), "{text}");
        assert_eq!(renewed(&engine, &lab).await, "");
        assert_eq!(networks_of(&engine, "lab-web-1"), seen);
    }
    insta::assert_snapshot!(shown(&engine, &up_goal(&of(&["default", "front"]))).await, @r"
    lab
      ~ web  connect  networks: front added

    1 to change live
    ");
    // Without the network that it was made for it would not start again.
    insta::assert_snapshot!(shown(&engine, &up_goal(&of(&["front"]))).await, @r"
    lab
      ~ web  recreate  networks: default → front

    1 to recreate
    ");
    assert_eq!(renewed(&engine, &of(&["front"])).await, "web");
    assert_eq!(renewed(&engine, &of(&["default", "front"])).await, "");
    by_hand(&engine, "lab-web-1", Change::Stop(None)).await;
    assert_eq!(renewed(&engine, &of(&["default"])).await, "web");
    assert_eq!(renewed(&engine, &of(&["default", "front"])).await, "");
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
    let labels = crate::model::label::Labels::new();
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

#[tokio::test(start_paused = true)]
async fn a_start_says_which_network_is_not_there_any_more() {
    let engine = engine();
    up(&engine, &networked(vec![in_networks(service("web"), &["front"]), service("db")], false)).await;
    by_hand(&engine, "lab-web-1", Change::Stop(None)).await;
    by_hand(&engine, "lab-db-1", Change::Stop(None)).await;
    engine.shared().remove(&Remove::Network("lab_front".to_owned())).await.expect("nothing runs in it");
    let wait = Wait::Ready(None);
    let start =
        Goal::Life(Life { project: project(), targets: Vec::new(), verb: Verb::Start, grace: None, wait });
    let surveyed = surveyed(&engine).await;
    let plan = start.plan(&surveyed.known, &answered(&surveyed), StepId(0));
    assert!(plan.problems.has_errors());
    let problems = plan.problems.sorted();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "`web` cannot start: its network `lab_front` is not there any more");
    // One that has done its work stops nobody.
    let mut known = surveyed.known.clone();
    let Some(Layer::Answered(root)) = known.layers.get_mut(&LayerPath::root()) else {
        panic!("the root engine answers")
    };
    root.seen.containers.iter_mut().for_each(|it| it.exit_code = Some(0));
    let plan = start.plan(&known, &answered(&surveyed), StepId(0));
    insta::assert_snapshot!(plan.to_string(), @r"
    #0 start db (not running) => db started
    #1 wait web (awaited) => web ready
    #2 wait db (awaited) after db started => db ready
    ");
    assert!(!plan.problems.has_errors());
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
    let labels = crate::model::label::Labels::new();
    let spec = service("x").spec.into();
    let made =
        Create::Container { name: "lab-vm1-1".to_owned(), spec, image: "docker:dind".to_owned(), labels };
    engine.shared().create(&made).await.expect("it is made by hand");
    let text = shown(&engine, &up_goal(&lab)).await;
    assert!(text.contains("container name `lab-vm1-1` of `vm1` is held by another container"), "{text}");
}

/// An engine below a `socket` node goes on while that is made anew.
#[tokio::test(start_paused = true)]
async fn what_is_restarted_below_a_socket_node_runs_when_the_node_has_been_made_anew() {
    for on in ["/s", "/other"] {
        let engine = engine().with_path("/var/run/docker.sock");
        let of = |debug: &str| {
            let mut user = needing(service("y"), &[(on, Condition::Started)]);
            user.depends_on[0].restart = true;
            let socket = node("s", "socket", vec![node("vm", "dind", vec![user])]);
            lab(vec![set(socket, "DEBUG", debug), set(service("other"), "DEBUG", debug)])
        };
        up(&engine, &of("0")).await;
        let inside = engine.node("lab-s-vm-1");
        let user = inside.container("lab-s-vm-y-1").expect("it is there").id;
        engine.slow(When::on("stop container", &user), Duration::from_secs(60));
        up(&engine, &of("1")).await;
        let user = inside.container(&user).expect("it is the same");
        assert_eq!(user.state, ContainerState::Running, "{on}");
    }
}

/// What is on the engine of a `socket` node is in the networks of that.
#[tokio::test(start_paused = true)]
async fn a_changed_network_is_made_anew_also_where_what_is_in_it_belongs_to_a_layer_further_in() {
    let of = |inside: &[&str], internal| {
        let inside = inside.iter().map(|name| service(name)).collect();
        networked(vec![in_networks(node("s", "socket", inside), &["back"])], internal)
    };
    let before = of(&["x", "y"], true);
    for (after, node_runs) in [(of(&["y"], false), true), (of(&["x", "y"], false), false)] {
        let engine = engine().with_path("/var/run/docker.sock");
        up(&engine, &before).await;
        assert_eq!(networks_of(&engine, "lab-s-x-1"), "lab-s_default lab_back");
        if !node_runs {
            by_hand(&engine, "lab-s-1", Change::Stop(None)).await;
        }
        let Goal::Up(goal) = up_goal(&after) else { unreachable!("it is an `up`") };
        let goal = Goal::Up(Up { orphans: Orphans::Remove, ..goal });
        go(&engine, &goal).await.assert_good();
        let again = go(&engine, &goal).await;
        assert_eq!(again.report.summary.changed, 0, "{:#?}", again.ends());
        let back =
            engine.observed().networks.into_iter().find(|it| it.name == "lab_back").expect("it is there");
        let container = engine.container("lab-s-y-1").expect("it is there");
        assert_eq!(container.networks["lab_back"].network, back.id);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_stopped_socket_node_left_running_is_stopped_before_its_engine_goes() {
    let engine = engine();
    let of = |debug: &str| {
        let socket = node("s", "socket", vec![service("x")]);
        lab(vec![set(node("vm", "dind", vec![socket, service("y")]), "DEBUG", debug)])
    };
    up(&engine, &of("0")).await;
    let node = engine.container("lab-vm-1").expect("the node");
    let dial = node.labels.get(label::ENGINE).and_then(|text| Dial::from_label(text)).expect("its engine");
    let inside = engine.shared().inside(&node.id, &dial);
    inside.act("lab-vm-s-1", &Change::Stop(None)).await.expect("it is done by hand");
    let before = ids(&engine).await;
    up(&engine, &of("1")).await;
    let mut after = ids(&engine).await;
    after.insert("vm".to_owned(), before["vm"].clone());
    assert_eq!(after, before, "the node alone is made anew");
}

#[tokio::test(start_paused = true)]
async fn what_restarts_with_the_node_around_it_is_stopped_once_and_before_that() {
    let engine = engine();
    let of = |debug: &str| {
        let mut deep = needing(node("deep", "dind", vec![service("leaf")]), &[("/vm", Condition::Started)]);
        deep.depends_on[0].restart = true;
        let user = needing(service("user"), &[("/vm/deep/leaf", Condition::Started)]);
        lab(vec![set(node("vm", "dind", vec![deep, user]), "DEBUG", debug)])
    };
    up(&engine, &of("0")).await;
    // `deep` has gone down by then: nobody asks it for what runs inside.
    let user = engine.node("lab-vm-1").container("lab-vm-user-1").expect("it is there").id;
    engine.slow(When::on("stop container", &user), Duration::from_secs(60));
    assert_eq!(renewed(&engine, &of("1")).await, "vm");
}
