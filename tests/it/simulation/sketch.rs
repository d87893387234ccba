//! A case in few words.

use std::fmt::Write;

use super::case::Case;

/// One line a service, then what is done.
pub(super) fn of(case: &Case) -> String {
    let mut out = String::new();
    for (addr, service) in case.lab.instances() {
        let spec = &service.spec;
        let mut words = vec![format!("{addr} {}", spec.image)];
        if let Some(node) = &service.node {
            words.push(format!("{} {:?}", node.kind.value, node.options.data));
        }
        words.extend(spec.healthcheck.as_ref().map(|_| "checked".to_owned()));
        words.push(format!("restart {:?}", spec.restart));
        words.extend(spec.networks.contains_key("back").then(|| "back".to_owned()));
        words.extend(spec.network_mode.as_ref().map(|mode| format!("{mode:?}")));
        words.extend(spec.pid.as_ref().map(|pid| format!("pid {pid}")));
        words.extend(spec.mounts.iter().map(|mount| format!("{:?}", mount.source)));
        words.extend(service.behaviour.volumes_from.iter().map(|from| format!("{:?}", from.source)));
        words.extend(spec.ports.iter().map(|port| format!("port {:?}", port.host)));
        words.extend(service.publish.iter().map(|port| format!("publish {:?}", port.value.host)));
        let hooks = &service.behaviour;
        for (name, hooks) in [
            ("pre_start", &hooks.pre_start),
            ("post_start", &hooks.post_start),
            ("pre_stop", &hooks.pre_stop),
        ] {
            words.extend((!hooks.is_empty()).then(|| name.to_owned()));
        }
        for it in &service.depends_on {
            words.push(format!(
                "needs {:?} {:?}{}{}",
                it.target,
                it.condition,
                if it.required { "" } else { " optional" },
                if it.restart { " restart" } else { "" }
            ));
        }
        // Writing into a string cannot fail.
        let _ = writeln!(out, "  {}", words.join(", "));
    }
    let _ = writeln!(out, "  {:?}, shuffle {}, volumes {}", case.acts, case.shuffle, case.volumes);
    out
}
