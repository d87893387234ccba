//! Tags that come to name another image: what has the old one is made anew, on every engine.

use super::changed::*;
use super::lab::*;
use crate::engine::engine::Remove;
use crate::engine::fake::fake_engine::FakeEngine;
use crate::model::service::Condition;

/// ID of the image that the tag names on an engine.
fn now(engine: &FakeEngine) -> String {
    let images = engine.observed().images.into_iter();
    let mut named = images.filter(|it| it.tags.iter().any(|tag| tag.contains("busybox")));
    named.next().expect("it is there").id
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_names_another_image_makes_anew_what_has_it_at_every_depth() {
    let engine = engine();
    engine.add_image("busybox", &[b"old"]);
    let of = |value: &str| {
        let [web, inside, deep] = ["web", "inside", "deep"].map(|name| set(service(name), "V", value));
        lab(vec![web, node("vm1", "dind", vec![inside, node("vm2", "dind", vec![deep])])])
    };
    let images = || {
        let (vm1, vm2) = (engine.node("lab-vm1-1"), engine.node("lab-vm1-1").node("lab-vm1-vm2-1"));
        let all = [(&engine, "lab-web-1"), (&vm1, "lab-vm1-inside-1"), (&vm2, "lab-vm1-vm2-deep-1")];
        all.map(|(at, name)| at.container(name).expect("it is there").image_id)
    };
    up(&engine, &of("1")).await;
    engine.add_image("busybox", &[b"new"]);
    insta::assert_snapshot!(shown(&engine, &up_goal(&of("1"))).await, @r"
    lab
      ~ web  recreate  image changed
    vm1
      · image busybox  copy      image changed
      ~ inside         recreate  image changed
    vm1/vm2
      · image busybox  copy      image changed
      ~ deep           recreate  image changed

    3 to recreate, 2 to copy
    ");
    assert_eq!(renewed(&engine, &of("1")).await, "vm1/inside vm1/vm2/deep web");
    assert_eq!(images(), [now(&engine), now(&engine), now(&engine)]);
    // What is made anew for something else is made of it too.
    engine.add_image("busybox", &[b"newer"]);
    assert_eq!(renewed(&engine, &of("2")).await, "vm1/inside vm1/vm2/deep web");
    assert_eq!(images(), [now(&engine), now(&engine), now(&engine)]);
}

/// When a layer is entered, its node's engine has the image by then, and the root was looked at before its pull.
#[tokio::test(start_paused = true)]
async fn what_was_pulled_for_another_layer_in_the_same_run_counts_as_the_roots() {
    let engine = engine();
    let deep = node("vm2", "dind", vec![node("vm3", "dind", vec![service("deep")])]);
    let mut shared = needing(node("shared", "socket", vec![deep]), &[("inside", Condition::Started)]);
    "docker:cli".clone_into(&mut shared.spec.image);
    let lab = lab(vec![node("vm1", "dind", vec![service("inside"), shared])]);
    up(&engine, &lab).await;
    engine.add_image("busybox", &[b"new"]);
    assert_eq!(renewed(&engine, &lab).await, "vm1/inside vm1/shared/vm2/vm3/deep");
    assert_eq!(renewed(&engine, &lab).await, "");
}

#[tokio::test(start_paused = true)]
async fn an_image_that_an_engine_further_out_has_got_since_is_what_is_meant() {
    let engine = engine();
    let lab_of = |names: &[&str]| {
        let inside = names.iter().map(|name| service(name)).collect();
        lab(vec![node("vm", "dind", inside)])
    };
    up(&engine, &lab_of(&["a"])).await;
    engine.remove_by_hand(&Remove::Image(now(&engine)));
    // It has only the node's engine to come from.
    up(&engine, &lab_of(&["a", "b"])).await;
    engine.add_image("busybox", &[b"busybox"]);
    assert_eq!(renewed(&engine, &lab_of(&["a", "b"])).await, "", "it is the same image");
    engine.add_image("busybox", &[b"new"]);
    assert_eq!(renewed(&engine, &lab_of(&["a", "b"])).await, "vm/a vm/b");
    assert_eq!(renewed(&engine, &lab_of(&["a", "b"])).await, "");
}
