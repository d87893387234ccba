use super::PortClaim;
use crate::engine::engine::{Change, Create};
use crate::engine::fake::fault::{Fault, When};
use crate::event::event::EventKind;
use crate::event::sink::Recorder;
use crate::model::container::{ContainerSpec, PortBinding, Protocol};
use crate::model::failure::FailureKind;
use crate::model::label::Labels;
use crate::ops::error::OpError;
use crate::ops::test_lab::{carry_out, engine, lab, up, up_options};
use crate::ops::up::prepare_up;

const BEFORE: &str = "
name: poc
services:
  vm:
    engine: dind
    inner: {services: {w: {image: nginx}}}
";

const AFTER: &str = "
name: poc
services:
  vm:
    engine: dind
    inner: {services: {w: {image: nginx, publish: ['127.0.0.1:18483:80']}}}
";

const PLACE: &str = "nest.yaml:6:52";

#[tokio::test(start_paused = true)]
async fn a_busy_port_is_told_once_with_whose_it_is_and_nobody_is_blamed() {
    let (engine, ctx) = engine();
    assert!(up(&ctx, BEFORE).await.is_success());
    let why = "failed to bind host port 127.0.0.1:18483/tcp: address already in use".to_owned();
    engine.script(When::on("start container", "poc-vm-1"), 1_000, Fault::Fail(FailureKind::Conflict, why));
    let after = lab(AFTER);
    let prepared = prepare_up(&ctx, &after, &up_options()).await.expect("no container has the port");
    let mut sink = Recorder::default();
    let outcome = carry_out(prepared, &mut sink).await;
    let events = sink.events.lock().expect("no panic while locked").clone();
    let looks: Vec<_> =
        events.iter().filter(|event| matches!(event.kind, EventKind::LookingAgain { .. })).collect();
    assert!(looks.is_empty(), "{looks:?}");
    assert_eq!(outcome.failed.len(), 1, "{:?}", outcome.failed);
    let PortClaim { number, protocol, by, span } = outcome.failed[0].busy.clone().expect("the port is busy");
    assert_eq!((number, protocol, by.to_string()), (18483, Protocol::Tcp, "vm/w".to_owned()));
    assert_eq!(after.sources.place(span), PLACE);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_a_container_has_is_refused_for_whom_the_node_carries_it() {
    let (engine, ctx) = engine();
    assert!(up(&ctx, BEFORE).await.is_success());
    let host_ip = Some("127.0.0.1".to_owned());
    let port = PortBinding { host_ip, host: Some((18483, 18483)), container: 80, ..PortBinding::default() };
    let spec = ContainerSpec { ports: vec![port], ..ContainerSpec::default() };
    let holder = Create::Container {
        name: "other".to_owned(),
        spec: Box::new(spec),
        image: "docker:dind".to_owned(),
        labels: Labels::new(),
    };
    engine.shared().create(&holder).await.expect("nothing is in its way");
    engine.by_hand("other", &Change::Start);
    let after = lab(AFTER);
    let Err(OpError::Refused { diagnostics, .. }) = prepare_up(&ctx, &after, &up_options()).await else {
        panic!("the port is held");
    };
    let told: Vec<_> = diagnostics.iter().map(|it| it.message.clone()).collect();
    assert_eq!(told, ["port 18483/tcp of `vm`, which `vm/w` publishes, is held by container `other`"]);
    let places: Vec<String> =
        diagnostics.iter().flat_map(|it| &it.labels).map(|it| after.sources.place(it.span)).collect();
    assert_eq!(places, [PLACE]);
}
