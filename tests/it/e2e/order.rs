//! Who starts before whom, by the clocks of the engines (all of them are this machine's).

use nestctl::model::time::nanoseconds;

use crate::support::lab::TestLab;
use crate::support::real_engine::block_on;

/// When the engine started a container, in nanoseconds since 1970.
fn started(lab: &TestLab, layer: &str, addr: &str) -> i128 {
    let id = lab.containers_in(layer).remove(addr).unwrap_or_else(|| panic!("no {addr}")).id;
    let detail = block_on(async { lab.engine_of(layer).await.inspect(&id).await.expect("it is there") });
    nanoseconds(&detail.started_at).expect("the time of a start")
}

/// When a container's health check passed for the first time: it leaves `/healthy` then.
fn healthy(lab: &TestLab, layer: &str, addr: &str) -> i128 {
    let (time, code) = lab.exec(layer, addr, &["stat", "-c", "%y", "/healthy"]);
    assert_eq!(code, 0, "{addr} never was healthy: {time}");
    let time = time.trim().replacen(' ', "T", 1).replace(" +0000", "Z");
    nanoseconds(&time).unwrap_or_else(|| panic!("{time}"))
}

/// Keys of a service whose health check passes only after it has failed twice.
const LATE: &str = "
    image: ${BUSYBOX_IMAGE}
    init: true
    command: [sleep, infinity]
    healthcheck:
      test: [CMD-SHELL, 'test -e /healthy || { echo >>/tries; test $$(wc -l </tries) -gt 2 && : >/healthy; }']
      interval: 400ms
      retries: 50";

fn indented(text: &str) -> String {
    text.replace('\n', "\n    ")
}

#[test]
fn a_dependent_must_start_after_a_late_health_check_within_a_layer_and_across_layers() {
    let inner = indented(&indented(LATE));
    let yaml = format!(
        "services:
  base:{LATE}
  beside:
    image: ${{BUSYBOX_IMAGE}}
    init: true
    command: [sleep, infinity]
    depends_on: {{ base: {{ condition: service_healthy }} }}
  vm1:
    engine: dind
    image: ${{DIND_IMAGE}}
    inner:
      services:
        web:{inner}
            depends_on: {{ /base: {{ condition: service_healthy }} }}
        beside:
            image: ${{BUSYBOX_IMAGE}}
            init: true
            command: [sleep, infinity]
            depends_on: {{ web: {{ condition: service_healthy }} }}
  client:
    image: ${{BUSYBOX_IMAGE}}
    init: true
    command: [sleep, infinity]
    depends_on: {{ vm1/web: {{ condition: service_healthy }} }}
"
    );
    let Some(lab) = TestLab::new("late", &yaml) else { return };
    lab.run(&["up"]).ok();
    let base = healthy(&lab, "", "base");
    let web = healthy(&lab, "vm1", "vm1/web");
    // The checks were late indeed: there was something to wait for.
    assert!(base - started(&lab, "", "base") > 800_000_000);
    assert!(web - started(&lab, "vm1", "vm1/web") > 800_000_000);
    for (layer, addr, after) in
        [("", "beside", base), ("vm1", "vm1/web", base), ("vm1", "vm1/beside", web), ("", "client", web)]
    {
        let began = started(&lab, layer, addr);
        assert!(began > after, "{addr} began {} ns too early", after - began);
    }
}

#[test]
fn layers_must_not_wait_for_more_than_they_need() {
    let plain = "image: '${BUSYBOX_IMAGE}', init: true, command: [sleep, infinity]";
    let yaml = format!(
        "services:
  x: {{ {plain}, depends_on: {{ vm1/early: {{ condition: service_started }} }} }}
  vm1:
    engine: dind
    image: ${{DIND_IMAGE}}
    inner:
      services:
        early: {{ {plain} }}
        late: {{ {plain}, depends_on: {{ /x: {{ condition: service_started }} }} }}
  vm2:
    engine: dind
    image: ${{DIND_IMAGE}}
    inner:
      services:
        own: {{ {plain} }}
"
    );
    let Some(lab) = TestLab::new("zigzag", &yaml) else { return };
    lab.run(&["up"]).ok();
    let (x, early, late) =
        (started(&lab, "", "x"), started(&lab, "vm1", "vm1/early"), started(&lab, "vm1", "vm1/late"));
    // The outer service starts between two inner ones: while its sibling node is not ready.
    assert!(early < x && x < late, "early {early}, x {x}, late {late}");
    // Neither node waits for what is inside the other.
    let (vm1, vm2, own) =
        (started(&lab, "", "vm1"), started(&lab, "", "vm2"), started(&lab, "vm2", "vm2/own"));
    assert!(vm1 < own && vm2 < early, "vm1 {vm1}, vm1/early {early}, vm2 {vm2}, vm2/own {own}");
}

#[test]
fn a_circle_through_containment_must_be_refused_with_its_chain() {
    let yaml = "
services:
  a:
    image: ${BUSYBOX_IMAGE}
    depends_on: { vm1/web: { condition: service_started } }
  vm1:
    engine: dind
    image: ${DIND_IMAGE}
    inner:
      services:
        web:
          image: ${BUSYBOX_IMAGE}
          depends_on: { /a: { condition: service_started } }
  b:
    image: ${BUSYBOX_IMAGE}
    depends_on: { vm2/web: { condition: service_started } }
  vm2:
    engine: dind
    image: ${DIND_IMAGE}
    depends_on: [b]
    inner:
      services:
        web:
          image: ${BUSYBOX_IMAGE}
";
    let Some(lab) = TestLab::new("circle", yaml) else { return };
    let ran = lab.run(&["up"]).code(3);
    for words in [
        "`a` needs `vm1/web` started",
        "`vm1/web` needs `a` started",
        "`b` needs `vm2/web` started",
        "`vm2/web` runs inside `vm2`",
        "`vm2` needs `b` started",
    ] {
        assert_eq!(ran.stderr.matches(words).count(), 1, "{words} in:\n{}", ran.stderr);
    }
    assert_eq!(lab.leftovers(), [""; 0]);
}
