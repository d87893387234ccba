//! `deploy`: what of it counts on one engine, and what Swarm alone could do.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::container::RestartPolicy;
use crate::model::span::Spanned;
use crate::spec::raw::deploy::{Deploy as Raw, DeployRestart, Placement, Resources, UpdateConfig};
use crate::spec::read::field::Field;
use crate::spec::read::leaf::Whole;
use crate::spec::read::words::{instead, quote};

use super::limits::SCALE_LIMIT;
use super::lowering::Lowering;

/// Swarm's words, and those of `restart`, which Compose takes as well (`mapRestartPolicyCondition`).
const CONDITIONS: &[&str] = &["none", "on-failure", "any", "no", "always", "unless-stopped"];

/// What of `deploy` counts on one engine. The rest is for a cluster: it is read, so that what is wrong in it is said,
/// and goes no further.
#[derive(Default)]
pub(super) struct Deploy {
    /// Number of replicas.
    pub(super) replicas: Option<u32>,
    /// Limit in 1e-9 CPUs.
    pub(super) limit_cpus: Option<i64>,
    /// Limit in bytes.
    pub(super) limit_memory: Option<i64>,
    /// Limit of processes.
    pub(super) limit_pids: Option<i64>,
    /// Reservation in bytes.
    pub(super) reserved_memory: Option<i64>,
    /// What `restart_policy` means to one engine.
    pub(super) restart: Option<RestartPolicy>,
}

impl Lowering<'_> {
    /// Reads `deploy`.
    pub(super) fn deploy(&self, raw: &Raw) -> Deploy {
        self.warn_of_swarm(raw);
        let mut out = Deploy {
            replicas: self.replicas(&raw.replicas).and_then(|count| u32::try_from(count).ok()),
            restart: raw.restart_policy.value.as_ref().map(|raw| self.deploy_restart(raw)),
            ..Deploy::default()
        };
        raw.placement.value.iter().for_each(|raw| self.check_placement(raw));
        raw.update_config.value.iter().for_each(|raw| self.check_update(raw));
        raw.rollback_config.value.iter().for_each(|raw| self.check_update(raw));
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

    fn deploy_resources(&self, raw: &Resources, out: &mut Deploy) {
        if let Some(limits) = &raw.limits.value {
            out.limit_cpus = self.nano_cpus(&limits.cpus);
            out.limit_memory = self.bytes(&limits.memory);
            out.limit_pids = self.whole(&limits.pids, -1, "a limit of processes");
        }
        if let Some(reservations) = &raw.reservations.value {
            self.nano_cpus(&reservations.cpus);
            out.reserved_memory = self.bytes(&reservations.memory);
        }
    }

    fn deploy_restart(&self, raw: &DeployRestart) -> RestartPolicy {
        let max_attempts = self.whole::<u32>(&raw.max_attempts, 0, "a number of starts");
        self.duration(&raw.delay);
        self.duration(&raw.window);
        // The engine reads an empty word as `no`, and Compose sends that one.
        let Some(Spanned { value, span }) = raw.condition.get() else { return RestartPolicy::No };
        match value.as_str() {
            "none" | "no" | "" => RestartPolicy::No,
            "any" | "always" => RestartPolicy::Always,
            "unless-stopped" => RestartPolicy::UnlessStopped,
            "on-failure" => RestartPolicy::OnFailure(max_attempts.unwrap_or(0)),
            other => {
                let help = instead(other, CONDITIONS, "conditions");
                self.bad(span, format!("{} is not a condition of a restart", quote(other)), help);
                RestartPolicy::No
            }
        }
    }

    fn check_placement(&self, raw: &Placement) {
        self.whole::<u64>(&raw.max_replicas_per_node, 0, "a number of replicas");
    }

    fn check_update(&self, raw: &UpdateConfig) {
        self.whole::<u64>(&raw.parallelism, 0, "a number of containers");
        self.duration(&raw.delay);
        self.duration(&raw.monitor);
    }
}
