//! An engine whose disk is full.

use nestctl::model::observed::ContainerState;

use super::asked::{assert_goes, assert_nothing_to_do, assert_one_error, lab};

/// The data root of `vm1` is so small that the image does not go in; `vm2` has room.
fn yaml(size: &str) -> String {
    let node = |name: &str, more: &str| {
        format!(
            "
  {name}:
    engine: dind
    image: ${{DIND_IMAGE}}{more}
    inner:
      services:
        small: {{ image: '${{BUSYBOX_IMAGE}}', init: true, command: [sleep, infinity] }}
        large: {{ image: '${{DIND_IMAGE}}', init: true, command: [sleep, infinity] }}"
        )
    };
    format!(
        "services:{}{}
volumes:
  little: {{ driver_opts: {{ type: tmpfs, device: tmpfs, o: 'size={size}' }} }}
",
        node("vm1", "\n    volumes: ['little:/var/lib/docker']"),
        node("vm2", "")
    )
}

#[test]
fn a_full_disk_must_be_one_error_and_hold_back_only_what_does_not_fit() {
    let Some(lab) = lab("full", &yaml("60m")) else { return };
    for then in ["down", "up"] {
        let ran = lab.run(&["up", "--progress", "quiet"]).code(1);
        assert_one_error(&ran, &["in vm1", "no space left on device", "vm1/large"]);
        let running = |layer: &str, addr: &str| {
            lab.containers_in(layer).get(addr).is_some_and(|it| it.state == ContainerState::Running)
        };
        assert!(running("vm1", "vm1/small") && running("vm2", "vm2/small") && running("vm2", "vm2/large"));
        // A half image is no image.
        let images = lab.observed_in("vm1").images;
        assert_eq!(images.len(), 1, "{images:#?}");
        if then == "up" {
            lab.run(&["down", "-v"]).ok();
            lab.edit("nest.yaml", "size=60m", "size=900m");
            lab.run(&["up"]).ok();
            assert!(running("vm1", "vm1/large"));
            assert_nothing_to_do(&lab, "room");
        }
        assert_goes(&lab, then);
    }
}
