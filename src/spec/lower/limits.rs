//! Limits, devices, logging, restart policy, replicas.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::container::{Device, Logging, RestartPolicy, Ulimit};
use crate::model::service::PullPolicy;
use crate::model::span::{Span, Spanned};
use crate::spec::raw::limits::{DeviceForm, Logging as RawLogging, UlimitForm};
use crate::spec::raw::service::Service as Raw;
use crate::spec::read::dict::Dict;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Measure, Plain, Whole};
use crate::spec::read::list::List;
use crate::spec::read::words::{instead, quote};
use crate::spec::text::duration;

use super::deploy::Deploy;
use super::lowering::Lowering;
use super::value::options;

const RESTART: &[&str] = &["no", "always", "on-failure", "unless-stopped"];
const PULL: &[&str] =
    &["missing", "if_not_present", "always", "never", "build", "refresh", "daily", "weekly", "every_12h"];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// More replicas than this on one engine were not meant.
pub(super) const SCALE_LIMIT: i64 = 1000;

/// Limits that two places of a service may give.
pub(super) struct Limits {
    pub(super) memory: Option<i64>,
    pub(super) nano_cpus: Option<i64>,
    pub(super) pids: Option<i64>,
}

impl Lowering<'_> {
    /// `restart`.
    pub(super) fn restart(&self, field: &Field<Plain>) -> RestartPolicy {
        let Some(Spanned { value: Plain(text), span }) = field.get() else { return RestartPolicy::No };
        let (word, count) =
            text.split_once(':').map_or((text.as_str(), None), |(word, count)| (word, Some(count)));
        match (word, count) {
            ("no" | "false" | "", None) => RestartPolicy::No,
            ("always", None) => RestartPolicy::Always,
            ("unless-stopped", None) => RestartPolicy::UnlessStopped,
            ("on-failure", None) => RestartPolicy::OnFailure(0),
            ("on-failure", Some(count)) => count.parse().map_or_else(
                |_| {
                    let help = "Write `on-failure:3`, or `on-failure` for no limit.";
                    self.bad(span, format!("{} is not a number of restarts", quote(count)), help);
                    RestartPolicy::No
                },
                RestartPolicy::OnFailure,
            ),
            (word, _) => {
                self.bad(
                    span,
                    format!("{} is not a restart policy", quote(text)),
                    instead(word, RESTART, "policies"),
                );
                RestartPolicy::No
            }
        }
    }

    /// `pull_policy`.
    pub(super) fn pull_policy(&self, field: &Field<String>, after: &Field<Measure>) -> PullPolicy {
        let after_time = self.duration(after);
        let policy = field.get();
        if let (Some(place), false) =
            (after.key, policy.as_ref().is_some_and(|policy| policy.value == "refresh"))
        {
            let message = "`pull_refresh_after` has no effect without `pull_policy: refresh`";
            let help = "Write `pull_policy: refresh`, or take the key away.";
            self.problems.push(Diagnostic::warning(Code::NotSupported, message).at(place, "").help(help));
        }
        let Some(Spanned { value, span }) = policy else { return PullPolicy::default() };
        match value.as_str() {
            "missing" | "if_not_present" => PullPolicy::Missing,
            "always" => PullPolicy::Always,
            "never" => PullPolicy::Never,
            "build" => PullPolicy::Build,
            "daily" => PullPolicy::Refresh(DAY),
            "weekly" => PullPolicy::Refresh(DAY * 7),
            // Compose knows the word and gives it no interval of its own (compose-go `GetPullPolicy`).
            "refresh" => after_time.map_or(PullPolicy::Missing, PullPolicy::Refresh),
            other => {
                let every = other.strip_prefix("every_");
                if let Some(interval) = every.and_then(duration::parse) {
                    return PullPolicy::Refresh(interval);
                }
                if every.is_some() {
                    let message = format!("{} names no interval", quote(other));
                    self.bad(span, message, "Write `every_12h`, `every_2d` or `every_1w`.");
                } else {
                    let message = format!("{} is not a pull policy", quote(other));
                    self.bad(span, message, instead(other, PULL, "policies"));
                }
                PullPolicy::default()
            }
        }
    }

    /// `ulimits`.
    pub(super) fn ulimits(&self, field: Field<Dict<UlimitForm>>) -> BTreeMap<String, Ulimit> {
        let mut out = BTreeMap::new();
        for (name, field) in field.value.unwrap_or_default().0 {
            let place = field.key.unwrap_or_default();
            let limit = match field.value {
                None => continue,
                Some(UlimitForm::Both(Whole(both))) => Ulimit { soft: both, hard: both },
                Some(UlimitForm::Each(each)) => {
                    let (Some(soft), Some(hard)) = (each.soft.value, each.hard.value) else {
                        if each.soft.place.is_none() || each.hard.place.is_none() {
                            let key = if each.soft.place.is_none() { "soft" } else { "hard" };
                            let message = format!("`{key}` of the limit `{name}` is missing");
                            self.problems.error(
                                Code::MissingKey,
                                place,
                                message,
                                "Give both `soft` and `hard`, or one number.",
                            );
                        }
                        continue;
                    };
                    Ulimit { soft: soft.0, hard: hard.0 }
                }
            };
            out.insert(name, limit);
        }
        out
    }

    /// `devices`.
    pub(super) fn devices(&self, field: Field<List<DeviceForm>>) -> Vec<Device> {
        let mut out = Vec::new();
        for Spanned { value, span } in field.value.unwrap_or_default().0 {
            let (source, target, permissions) = match value {
                DeviceForm::Short(text) => {
                    let mut parts = text.split(':').map(str::to_owned);
                    let (source, second, third) =
                        (parts.next().unwrap_or_default(), parts.next(), parts.next());
                    if parts.next().is_some() {
                        self.bad(
                            span,
                            format!("{} has too many parts", quote(&text)),
                            "Write `PATH:PATH-INSIDE:rwm`.",
                        );
                        continue;
                    }
                    // The second part may be the permissions already (docker/cli `parseLinuxDevice`).
                    match (second, third) {
                        (Some(second), None) if is_permissions(&second) => (source, None, Some(second)),
                        (second, third) => (source, second, third),
                    }
                }
                DeviceForm::Long(device) => {
                    let Some(source) = device.source.value else {
                        if device.source.place.is_none() {
                            let help = "Add `source`: a path on the engine's machine.";
                            self.problems.error(
                                Code::MissingKey,
                                span,
                                "`source` of the device is missing",
                                help,
                            );
                        }
                        continue;
                    };
                    (source, device.target.value, device.permissions.value)
                }
            };
            let target = target.unwrap_or_else(|| source.clone());
            let permissions = permissions.unwrap_or_else(|| "rwm".to_owned());
            if !is_permissions(&permissions) {
                self.bad(
                    span,
                    format!("{} are not permissions of a device", quote(&permissions)),
                    "Use some of `r`, `w` and `m`.",
                );
            }
            if !source.starts_with('/') && !source.contains('=') {
                self.bad(
                    span,
                    format!("{} is not the path of a device", quote(&source)),
                    "Begin the path with `/`.",
                );
            }
            out.push(Device { source, target, permissions });
        }
        out
    }

    /// `logging`.
    pub(super) fn logging(field: Field<Box<RawLogging>>) -> Option<Logging> {
        let raw = field.value?;
        Some(Logging { driver: raw.driver.value, options: options(raw.options) })
    }

    /// Limits from the service's own keys and from `deploy`.
    pub(super) fn limits(&self, raw: &Raw, deploy: Option<&Deploy>) -> Limits {
        let places = raw
            .deploy
            .value
            .as_ref()
            .and_then(|deploy| deploy.resources.value.as_ref())
            .and_then(|resources| resources.limits.value.as_ref());
        let memory = self.one_of(
            ("mem_limit", self.bytes(&raw.mem_limit), raw.mem_limit.place),
            (
                "deploy.resources.limits.memory",
                deploy.and_then(|deploy| deploy.limit_memory),
                places.and_then(|limits| limits.memory.place),
            ),
        );
        let nano_cpus = self.one_of(
            ("cpus", self.nano_cpus(&raw.cpus), raw.cpus.place),
            (
                "deploy.resources.limits.cpus",
                deploy.and_then(|deploy| deploy.limit_cpus),
                places.and_then(|limits| limits.cpus.place),
            ),
        );
        let pids = self.one_of(
            (
                "pids_limit",
                self.whole::<i64>(&raw.pids_limit, -1, "a limit of processes"),
                raw.pids_limit.place,
            ),
            (
                "deploy.resources.limits.pids",
                deploy.and_then(|deploy| deploy.limit_pids),
                places.and_then(|limits| limits.pids.place),
            ),
        );
        Limits { memory, nano_cpus, pids }
    }

    /// Number of replicas.
    pub(super) fn scale(&self, raw: &Raw, deploy: Option<&Deploy>) -> u32 {
        let replicas = raw.deploy.value.as_ref().and_then(|deploy| deploy.replicas.place);
        let scale = self.one_of(
            ("scale", self.replicas(&raw.scale), raw.scale.place),
            ("deploy.replicas", deploy.and_then(|deploy| deploy.replicas).map(i64::from), replicas),
        );
        scale.and_then(|scale| u32::try_from(scale).ok()).unwrap_or(1)
    }

    /// One value from two places, which must not differ.
    pub(super) fn one_of(
        &self,
        first: (&str, Option<i64>, Option<Span>),
        second: (&str, Option<i64>, Option<Span>),
    ) -> Option<i64> {
        if let ((Some(a), Some(b)), (Some(here), Some(there))) = ((first.1, second.1), (first.2, second.2))
            && a != b
        {
            self.problems.push(
                Diagnostic::error(Code::Contradiction, format!("`{}` and `{}` differ", first.0, second.0))
                    .at(here, "")
                    .at(there, "")
                    .help("Keep one of them."),
            );
        }
        first.1.or(second.1)
    }
}

fn is_permissions(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, 'r' | 'w' | 'm'))
}
