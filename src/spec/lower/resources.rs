//! Shares, limits of block devices, and devices that a driver chooses.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::resources::{Blkio, DeviceRequest, Resources};
use crate::model::span::{Span, Spanned};
use crate::spec::raw::limits::{BlkioConfig, BlkioLimit, DeviceRequest as RawRequest, Gpus};
use crate::spec::raw::service::Service as Raw;
use crate::spec::read::field::Field;
use crate::spec::read::leaf::{Measure, Plain, Switch, Whole};
use crate::spec::read::list::List;
use crate::spec::read::words::quote;
use crate::spec::text::{duration, size};

use super::deploy::Deploy;
use super::lowering::Lowering;
use super::value::{plain_texts, text_pairs, texts};

const MEMSWAP_HELP: &str = "Write bytes, or a number with `k`, `m` or `g`: `1g`; -1 for no limit.";
const COUNT_HELP: &str = "Write `all`, or a whole number.";
const TIME_HELP: &str = "Write microseconds, or a number with a unit: `400ms`.";

impl Lowering<'_> {
    /// All of them. What `deploy` has wins, as in Compose; that both agree is checked.
    pub(super) fn resources(&self, raw: &Raw, deploy: Option<&Deploy>) -> Resources {
        let whole = |field: &Field<Whole>, least: i64, what: &str| self.whole::<i64>(field, least, what);
        let reservations = raw.deploy.value.as_ref().and_then(|deploy| {
            deploy.resources.value.as_ref().and_then(|resources| resources.reservations.value.as_ref())
        });
        let mem_reservation = self.one_of(
            ("mem_reservation", self.bytes(&raw.mem_reservation), raw.mem_reservation.place),
            (
                "deploy.resources.reservations.memory",
                deploy.and_then(|deploy| deploy.reserved_memory),
                reservations.and_then(|reservations| reservations.memory.place),
            ),
        );
        Resources {
            cpu_count: whole(&raw.cpu_count, 0, "a number of CPUs"),
            cpu_percent: self.percent(&raw.cpu_percent),
            cpu_shares: whole(&raw.cpu_shares, 0, "a weight"),
            cpu_quota: whole(&raw.cpu_quota, -1, "a quota in microseconds"),
            cpu_period: whole(&raw.cpu_period, 0, "a period in microseconds"),
            cpu_rt_period: self.microseconds(&raw.cpu_rt_period),
            cpu_rt_runtime: self.microseconds(&raw.cpu_rt_runtime),
            cpuset: self.cpuset(&raw.cpuset),
            mem_reservation,
            mem_swappiness: self.within(&raw.mem_swappiness, 0, 100, "a percentage"),
            memswap_limit: self.memswap(&raw.memswap_limit),
            oom_kill_disable: raw.oom_kill_disable.value == Some(Switch(true)),
            oom_score_adj: self.within(&raw.oom_score_adj, -1000, 1000, "an adjustment"),
            blkio: raw.blkio_config.value.as_deref().map(|raw| Box::new(self.blkio(raw))),
            gpus: self.gpus(&raw.gpus),
            reserved_devices: reservations
                .and_then(|reservations| reservations.devices.value.as_ref())
                .map(|list| self.requests(list, true))
                .unwrap_or_default(),
        }
    }

    /// More memory cannot be reserved than may be used: an engine refuses such a container.
    pub(super) fn check_reservation(&self, raw: &Raw, limit: Option<i64>, reserved: Option<i64>) {
        let (Some(limit), Some(reserved)) = (limit.filter(|limit| *limit > 0), reserved) else { return };
        if reserved > limit {
            let at = raw.mem_reservation.place.or(raw.deploy.place).unwrap_or_default();
            let message =
                format!("{reserved} bytes of memory are reserved, and no more than {limit} may be used");
            let problem = Diagnostic::error(Code::Contradiction, message).at(at, "the reservation");
            let limit = raw.mem_limit.place.filter(|place| *place != at);
            let problem = limit.into_iter().fold(problem, |problem, place| problem.at(place, "the limit"));
            self.problems.push(problem.help("Reserve less, or raise the limit."));
        }
    }

    /// A whole number of a range.
    fn within(&self, field: &Field<Whole>, first: i64, last: i64, what: &str) -> Option<i64> {
        let Spanned { value: Whole(number), span } = field.get()?;
        if !(first..=last).contains(number) {
            self.bad(
                span,
                format!("`{number}` is not {what} from {first} to {last}"),
                "Write another number.",
            );
            return None;
        }
        Some(*number)
    }

    fn percent(&self, field: &Field<Plain>) -> Option<i64> {
        let Spanned { value: Plain(text), span } = field.get()?;
        // Nine digits of fraction; the Engine API takes hundredths of a percent (Compose's `CPUPercent * 100`).
        let hundredths = size::nano_cpus(text).map(|nanos| nanos / 10_000_000).filter(|n| *n <= 10_000);
        if hundredths.is_none() {
            self.bad(span, format!("{} is not a percentage", quote(text)), "Write a number from 0 to 100.");
        }
        hundredths
    }

    fn microseconds(&self, field: &Field<Measure>) -> Option<i64> {
        let Spanned { value: Measure(text), span } = field.get()?;
        let read = text
            .trim()
            .parse::<i64>()
            .ok()
            .filter(|micros| *micros >= 0)
            .or_else(|| duration::parse(text).and_then(|time| i64::try_from(time.as_micros()).ok()));
        if read.is_none() {
            self.bad(span, format!("{} is not a length of time", quote(text)), TIME_HELP);
        }
        read
    }

    /// `0-3,7`, as the kernel takes it (moby `pkg/parsers`).
    fn cpuset(&self, field: &Field<String>) -> Option<String> {
        let Spanned { value, span } = field.get()?;
        let is_set = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            matches!((first.trim().parse::<u32>(), last.trim().parse::<u32>()), (Ok(a), Ok(b)) if a <= b)
        };
        if !value.is_empty() && !value.split(',').all(is_set) {
            self.bad(
                span,
                format!("{} is not a set of CPUs", quote(value)),
                "Write numbers and ranges: `0-3,7`.",
            );
            return None;
        }
        Some(value.clone()).filter(|set| !set.is_empty())
    }

    fn memswap(&self, field: &Field<Plain>) -> Option<i64> {
        let Spanned { value: Plain(text), span } = field.get()?;
        if text.trim() == "-1" {
            return Some(-1);
        }
        let read = size::bytes(text);
        if read.is_none() {
            self.bad(span, format!("{} is not a size", quote(text)), MEMSWAP_HELP);
        }
        read
    }

    fn blkio(&self, raw: &BlkioConfig) -> Blkio {
        let weight = |field: &Field<Whole>| {
            self.within(field, 0, 1000, "a weight").and_then(|weight| u16::try_from(weight).ok())
        };
        let mut weight_device = Vec::new();
        for Spanned { value, span } in raw.weight_device.value.iter().flat_map(|list| &list.0) {
            let path = self.needed("path", &value.path, *span);
            if value.weight.place.is_none() {
                self.missing("weight", *span);
            }
            if let (Some(path), Some(weight)) = (path, weight(&value.weight)) {
                weight_device.push((path, weight));
            }
        }
        Blkio {
            weight: weight(&raw.weight),
            weight_device,
            read_bps: self.rates(&raw.device_read_bps),
            read_iops: self.rates(&raw.device_read_iops),
            write_bps: self.rates(&raw.device_write_bps),
            write_iops: self.rates(&raw.device_write_iops),
        }
    }

    fn rates(&self, field: &Field<List<BlkioLimit>>) -> Vec<(String, i64)> {
        let mut out = Vec::new();
        for Spanned { value, span } in field.value.iter().flat_map(|list| &list.0) {
            let path = self.needed("path", &value.path, *span);
            if value.rate.place.is_none() {
                self.missing("rate", *span);
            }
            if let (Some(path), Some(rate)) = (path, self.bytes(&value.rate)) {
                out.push((path, rate));
            }
        }
        out
    }

    fn needed(&self, key: &str, field: &Field<String>, span: Span) -> Option<String> {
        if field.place.is_none() {
            self.missing(key, span);
        }
        field.value.clone()
    }

    fn gpus(&self, field: &Field<Gpus>) -> Vec<DeviceRequest> {
        let Some(Spanned { value, span }) = field.get() else { return Vec::new() };
        match value {
            Gpus::All(word) if word == "all" => {
                vec![DeviceRequest { count: Some(-1), ..DeviceRequest::default() }]
            }
            Gpus::All(word) => {
                self.bad(
                    span,
                    format!("{} is not a request for GPUs", quote(word)),
                    "Write `all`, or a list of requests.",
                );
                Vec::new()
            }
            Gpus::Requests(list) => self.requests(list, false),
        }
    }

    /// Requests for devices; without `count` and `device_ids` they ask for all (compose-go `transform/devices.go`).
    fn requests(&self, list: &List<RawRequest>, needs_capabilities: bool) -> Vec<DeviceRequest> {
        let mut out = Vec::new();
        for Spanned { value, span } in &list.0 {
            if needs_capabilities && value.capabilities.place.is_none() {
                self.missing("capabilities", *span);
            }
            if let (Some(count), Some(ids)) = (value.count.place, value.device_ids.place) {
                self.problems.push(
                    crate::diag::diagnostic::Diagnostic::error(
                        crate::diag::code::Code::Contradiction,
                        "`count` and `device_ids` of a request for devices exclude each other",
                    )
                    .at(ids, "which")
                    .at(count, "how many")
                    .help("Keep one of them."),
                );
            }
            let device_ids: Vec<String> = plain_texts(value.device_ids.clone());
            let count = match value.count.get() {
                Some(Spanned { value: Plain(text), span }) => self.device_count(text, span),
                None if value.device_ids.place.is_none() => Some(-1),
                None => None,
            };
            out.push(DeviceRequest {
                capabilities: value.capabilities.value.clone().map(texts).unwrap_or_default(),
                driver: value.driver.value.clone(),
                count,
                device_ids,
                options: text_pairs(value.options.clone()),
            });
        }
        out
    }

    fn device_count(&self, text: &str, span: Span) -> Option<i64> {
        if text.eq_ignore_ascii_case("all") {
            return Some(-1);
        }
        let read = text.parse::<i64>().ok();
        if read.is_none() {
            self.bad(span, format!("{} is not a number of devices", quote(text)), COUNT_HELP);
        }
        read
    }
}
