//! Ports that come, go, and pass from one to another.

use super::changed::*;
use super::lab::*;
use crate::engine::engine::Change;
use crate::model::container::{PortBinding, RestartPolicy};
use crate::model::observed::ContainerState;
use crate::model::service::{Condition, Service};
use crate::model::span::{Span, Spanned};
use crate::plan::goal::{Goal, Orphans};

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

/// Two layers that share the engine are planned once the node of each has been entered: one before the other.
#[tokio::test(start_paused = true)]
async fn ports_are_exchanged_between_two_layers_on_one_engine() {
    let engine = engine();
    let of = |a: u16, b: u16| {
        let shared = |name: &str, inner: &str, port: u16| {
            let mut user = needing(service("user"), &[(inner, Condition::Started)]);
            user.depends_on[0].restart = true;
            let mut inside = vec![with_port(service(inner), port), user];
            inside.iter_mut().for_each(|it| it.spec.restart = RestartPolicy::Always);
            node(name, "socket", inside)
        };
        lab(vec![node("vm1", "dind", vec![shared("s", "a", a), shared("t", "b", b)])])
    };
    up(&engine, &of(8080, 8081)).await;
    engine.by_hand("lab-vm1-1", &Change::Stop(None));
    let before = engine.happenings().len();
    up(&engine, &of(8081, 8080)).await;
    for (used, user) in [("lab-vm1-s-a-1", "lab-vm1-s-user-1"), ("lab-vm1-t-b-1", "lab-vm1-t-user-1")] {
        let order = engine.happenings().into_iter().skip(before).filter(|it| {
            [used, user].contains(&it.name.as_str()) && ["die", "start"].contains(&it.action.as_str())
        });
        let order: Vec<_> = order.map(|it| format!("{} {}", it.name, it.action)).collect();
        let stops = order.len() - 4;
        let wanted = [(user, "die"), (used, "die"), (used, "start"), (user, "start")];
        assert_eq!(order[stops..], wanted.map(|(name, action)| format!("{name} {action}")), "{order:?}");
    }
    let has = |name: &str| {
        let container = engine.node("lab-vm1-1").container(name).expect("it is there");
        (container.state == ContainerState::Running, container.ports[0].host)
    };
    assert_eq!([has("lab-vm1-s-a-1"), has("lab-vm1-t-b-1")], [(true, Some(8081)), (true, Some(8080))]);
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
