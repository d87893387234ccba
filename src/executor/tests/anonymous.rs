//! Anonymous volumes: they go on with the container that replaces another, and end with the last one.

use super::changed::*;
use super::lab::*;
use crate::engine::engine::Remove;
use crate::engine::fake::fake_engine::FakeEngine;
use crate::engine::fake::fault::{Fault, When};
use crate::model::container::{Mount, MountSource};
use crate::model::failure::FailureKind;

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
    up(&engine, &lab(vec![set(service("db"), "V", "4")])).await;
    up(&engine, &of("4")).await;
    // As a run that is killed in between, which does not come to what is to follow.
    engine.remove_by_hand(&Remove::Container { container: "lab-db-1".to_owned(), volumes: true });
    assert!(engine.observed().volumes.is_empty(), "{}", engine.snapshot());
    up(&engine, &of("4")).await;
    assert_eq!(renewed(&engine, &of("5")).await, "db");
    go(&engine, &down_goal()).await.assert_good();
    assert!(engine.observed().volumes.is_empty(), "{}", engine.snapshot());
}

#[tokio::test(start_paused = true)]
async fn anonymous_volumes_end_with_the_last_container_that_has_them() {
    let of = |value: &str, volume: Option<&str>| {
        let mut db = set(service("db"), "V", value);
        let source = MountSource::volume(volume.map(str::to_owned));
        db.spec.mounts.push(Mount::new("/data", source, false));
        lab(vec![db])
    };
    let volumes = |engine: &FakeEngine| engine.observed().volumes.len();
    // A run that ends in between leaves two.
    let engine = engine();
    up(&engine, &of("1", None)).await;
    let volume = engine.observed().volumes[0].name.clone();
    let fails = Fault::Fail(FailureKind::Engine, "trouble".to_owned());
    engine.script(When::op("stop container"), 1, fails);
    assert!(!go(&engine, &up_goal(&of("2", None))).await.report.summary.is_success());
    assert_eq!(engine.observed().containers.len(), 2);
    up(&engine, &of("3", None)).await;
    assert_eq!(engine.container("lab-db-1").expect("it is there").mounts[0].volume, Some(volume));
    engine.remove_by_hand(&Remove::Container { container: "lab-db-1".to_owned(), volumes: true });
    assert_eq!(volumes(&engine), 0, "{}", engine.snapshot());
    // One without a name that has one from now on.
    up(&engine, &of("3", None)).await;
    assert_eq!(renewed(&engine, &of("3", Some("data"))).await, "db");
    assert_eq!(volumes(&engine), 1, "{}", engine.snapshot());
}

#[tokio::test(start_paused = true)]
async fn what_has_lost_its_anonymous_volume_before_it_could_run_is_made_anew() {
    let engine = engine();
    let of = |value: &str| {
        let mut db = set(service("db"), "V", value);
        db.spec.mounts.push(Mount::new("/data", MountSource::volume(None), false));
        lab(vec![db])
    };
    up(&engine, &of("1")).await;
    let fails = Fault::Fail(FailureKind::Engine, "trouble".to_owned());
    engine.script(When::op("stop container"), 1, fails);
    assert!(!go(&engine, &up_goal(&of("2"))).await.report.summary.is_success());
    // Its replacement is there and has not run.
    engine.remove_by_hand(&Remove::Container { container: "lab-db-1".to_owned(), volumes: true });
    assert!(engine.observed().volumes.is_empty(), "{}", engine.snapshot());
    insta::assert_snapshot!(shown(&engine, &up_goal(&of("2"))).await, @r"
    lab
      ~ db  recreate  its volume at /data is gone

    1 to recreate
    ");
    assert_eq!(renewed(&engine, &of("2")).await, "db");
    assert_eq!(engine.observed().containers.len(), 1, "{}", engine.snapshot());
}
