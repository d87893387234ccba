//! `deploy`: what of it counts on one engine, and what Swarm alone could do.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::container::RestartPolicy;
use crate::model::deploy::{Deploy, DeployRestart, Placement, UpdateConfig};
use crate::model::span::Spanned;
use crate::spec::raw::deploy::{
    Deploy as Raw, DeployRestart as RawRestart, Placement as RawPlacement, Resources as RawResources,
    UpdateConfig as RawUpdate, UpdateOrder,
};
use crate::spec::read::field::Field;
use crate::spec::read::leaf::Whole;
use crate::spec::read::words::{instead, quote};

use super::limits::SCALE_LIMIT;
use super::lowering::Lowering;
use super::value::{text_pairs, texts};

/// Swarm's words, and those of `restart`, which Compose takes as well (`mapRestartPolicyCondition`).
const CONDITIONS: &[&str] = &["none", "on-failure", "any", "no", "always", "unless-stopped"];

impl Lowering<'_> {
    /// `deploy` as written.
    pub(super) fn deploy(&self, raw: &Raw) -> Deploy {
        self.warn_of_swarm(raw);
        let mut out = Deploy {
            replicas: self.replicas(&raw.replicas).and_then(|count| u32::try_from(count).ok()),
            mode: raw.mode.value.clone(),
            endpoint_mode: raw.endpoint_mode.value.clone(),
            labels: text_pairs(raw.labels.clone()),
            restart: raw.restart_policy.value.as_ref().map(|raw| self.deploy_restart(raw)),
            placement: raw.placement.value.as_ref().map(|raw| self.placement(raw)),
            update: raw.update_config.value.as_ref().map(|raw| self.update_config(raw)),
            rollback: raw.rollback_config.value.as_ref().map(|raw| self.update_config(raw)),
            ..Deploy::default()
        };
        if let Some(resources) = &raw.resources.value {
            self.deploy_resources(resources, &mut out);
        }
        out
    }

    /// What a cluster alone could do is said to do nothing, once a key. (Compose does nothing either, silently.)
    fn warn_of_swarm(&self, raw: &Raw) {
        let global = raw.mode.get().filter(|mode| *mode.value != "replicated").map(|mode| mode.span);
        for (key, place) in [("mode", global), ("placement", raw.placement.key)] {
            if let Some(place) = place {
                self.problems.push(
                    Diagnostic::warning(
                        Code::Unused,
                        format!("`{key}` of `deploy` does nothing on one engine"),
                    )
                    .at(place, "")
                    .help("It is for a Swarm cluster; the service runs as if it were not there."),
                );
            }
        }
    }

    /// A number of replicas.
    pub(super) fn replicas(&self, field: &Field<Whole>) -> Option<i64> {
        let count = self.whole::<i64>(field, 0, "a number of replicas")?;
        if count > SCALE_LIMIT {
            let span = field.place.unwrap_or_default();
            self.bad(span, format!("{count} replicas are too many"), format!("The limit is {SCALE_LIMIT}."));
            return None;
        }
        Some(count)
    }

    fn deploy_resources(&self, raw: &RawResources, out: &mut Deploy) {
        if let Some(limits) = &raw.limits.value {
            out.limit_cpus = self.nano_cpus(&limits.cpus);
            out.limit_memory = self.bytes(&limits.memory);
            out.limit_pids = self.whole(&limits.pids, -1, "a limit of processes");
        }
        let Some(reservations) = &raw.reservations.value else { return };
        out.reserved_cpus = self.nano_cpus(&reservations.cpus);
        out.reserved_memory = self.bytes(&reservations.memory);
        for item in reservations.generic_resources.value.iter().flat_map(|list| &list.0) {
            let Some(discrete) = &item.value.discrete_resource_spec.value else { continue };
            if let (Some(kind), Some(Whole(value))) = (&discrete.kind.value, &discrete.value.value) {
                out.generic_resources.push((kind.clone(), *value));
            }
        }
    }

    fn deploy_restart(&self, raw: &RawRestart) -> DeployRestart {
        let max_attempts = self.whole::<u32>(&raw.max_attempts, 0, "a number of starts");
        let means = match raw.condition.get() {
            // The engine reads an empty word as `no`, and Compose sends that one.
            None => RestartPolicy::No,
            Some(Spanned { value, span }) => match value.as_str() {
                "none" | "no" | "" => RestartPolicy::No,
                "any" | "always" => RestartPolicy::Always,
                "unless-stopped" => RestartPolicy::UnlessStopped,
                "on-failure" => RestartPolicy::OnFailure(max_attempts.unwrap_or(0)),
                other => {
                    let help = instead(other, CONDITIONS, "conditions");
                    self.bad(span, format!("{} is not a condition of a restart", quote(other)), help);
                    RestartPolicy::No
                }
            },
        };
        DeployRestart {
            condition: raw.condition.value.clone(),
            delay: self.duration(&raw.delay),
            max_attempts,
            window: self.duration(&raw.window),
            means,
        }
    }

    fn placement(&self, raw: &RawPlacement) -> Placement {
        let preferences = raw.preferences.value.iter().flat_map(|list| &list.0);
        Placement {
            constraints: raw.constraints.value.clone().map(texts).unwrap_or_default(),
            spread: preferences.filter_map(|item| item.value.spread.value.clone()).collect(),
            max_replicas_per_node: self.whole(&raw.max_replicas_per_node, 0, "a number of replicas"),
        }
    }

    fn update_config(&self, raw: &RawUpdate) -> UpdateConfig {
        UpdateConfig {
            parallelism: self.whole(&raw.parallelism, 0, "a number of containers"),
            delay: self.duration(&raw.delay),
            failure_action: raw.failure_action.value.clone(),
            monitor: self.duration(&raw.monitor),
            max_failure_ratio: raw.max_failure_ratio.value.as_ref().map(|ratio| ratio.0.clone()),
            order: raw.order.value.map(|order| match order {
                UpdateOrder::StartFirst => "start-first",
                UpdateOrder::StopFirst => "stop-first",
            }),
        }
    }
}
