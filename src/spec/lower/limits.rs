//! Replicas and limits: `scale`, `deploy`, `cpus`, `mem_limit`, `pids_limit`, `ulimits`.

use std::collections::BTreeMap;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::model::container::Ulimit;
use crate::model::service::Service;
use crate::model::span::Span;
use crate::spec::reader::Reader;
use crate::spec::scalar;
use crate::spec::tree::{Node, Value};

/// Replicas of one service: beyond this the number is a mistake.
const MAX_SCALE: u32 = 10_000;

const DEPLOY_KEYS: &[&str] = &[
    "mode",
    "endpoint_mode",
    "replicas",
    "labels",
    "rollback_config",
    "update_config",
    "resources",
    "restart_policy",
    "placement",
];

/// A value that two keys may give.
struct Twice<T> {
    name: [&'static str; 2],
    found: [Option<(T, Span)>; 2],
}

impl<T> Twice<T> {
    const fn new(own: &'static str, deploy: &'static str) -> Self {
        Self { name: [own, deploy], found: [None, None] }
    }
}

impl Reader<'_> {
    /// Reads the keys of this group, which are said in two ways each.
    pub(in crate::spec) fn limits(&mut self, node: &Node, service: &mut Service) {
        let mut scale = Twice::new("scale", "deploy.replicas");
        let mut cpus = Twice::new("cpus", "deploy.resources.limits.cpus");
        let mut memory = Twice::new("mem_limit", "deploy.resources.limits.memory");
        let mut pids = Twice::new("pids_limit", "deploy.resources.limits.pids");
        if let Some(value) = node.get("scale") {
            scale.found[0] = self.integer::<u32>(value, "scale").map(|number| (number, value.span));
        }
        if let Some(value) = node.get("cpus") {
            cpus.found[0] = self.cpus(value).map(|number| (number, value.span));
        }
        if let Some(value) = node.get("mem_limit") {
            memory.found[0] = self.bytes(value, "mem_limit").map(|number| (number, value.span));
        }
        if let Some(value) = node.get("pids_limit") {
            pids.found[0] = self.integer(value, "pids_limit").map(|number| (number, value.span));
        }
        if let Some(deploy) = node.get("deploy") {
            for (key, value) in self.map(deploy, "`deploy`", DEPLOY_KEYS).unwrap_or_default() {
                match key.text.as_str() {
                    "replicas" => {
                        scale.found[1] =
                            self.integer::<u32>(value, "replicas").map(|number| (number, value.span));
                    }
                    "mode" if matches!(&value.value, Value::Scalar { text, .. } if text == "replicated") => {}
                    "resources" => {
                        let known = ["limits", "reservations"];
                        for (key, value) in self.map(value, "`deploy.resources`", &known).unwrap_or_default()
                        {
                            if key.text == "limits" {
                                self.deploy_limits(value, &mut cpus, &mut memory, &mut pids);
                            } else {
                                self.not_supported(key);
                            }
                        }
                    }
                    _ => self.not_supported(key),
                }
            }
        }
        if let Some(number) = self.one_of(scale) {
            if number > MAX_SCALE {
                let span = service.span_of("scale");
                self.error(Code::TooLarge, span, format!("{number} replicas are more than {MAX_SCALE}"), "");
            } else {
                service.scale = number;
            }
        }
        service.spec.nano_cpus = self.one_of(cpus);
        service.spec.mem_limit = self.one_of(memory);
        service.spec.pids_limit = self.one_of(pids);
        if let Some(name) = service.container_name.as_ref().filter(|_| service.scale > 1) {
            let message =
                format!("`container_name` names one container, and there are {} replicas", service.scale);
            let scale = service.spans.get("scale").or_else(|| service.spans.get("deploy")).copied();
            let problem = Diagnostic::error(Code::Contradiction, message).at(name.span, "");
            self.diagnostics.push(match scale {
                Some(span) => problem.at(span, "replicas are asked for here"),
                None => problem,
            });
        }
    }

    fn deploy_limits(
        &mut self,
        node: &Node,
        cpus: &mut Twice<i64>,
        memory: &mut Twice<i64>,
        pids: &mut Twice<i64>,
    ) {
        let known = ["cpus", "memory", "pids"];
        for (key, value) in self.map(node, "`deploy.resources.limits`", &known).unwrap_or_default() {
            match key.text.as_str() {
                "cpus" => cpus.found[1] = self.cpus(value).map(|number| (number, value.span)),
                "memory" => memory.found[1] = self.bytes(value, "memory").map(|number| (number, value.span)),
                _ => pids.found[1] = self.integer(value, "pids").map(|number| (number, value.span)),
            }
        }
    }

    fn one_of<T: PartialEq>(&mut self, both: Twice<T>) -> Option<T> {
        let [own, deploy] = both.name;
        match both.found {
            [Some((a, first)), Some((b, second))] if a != b => {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::Contradiction,
                        format!("`{own}` and `{deploy}` say different things"),
                    )
                    .at(second, "")
                    .at(first, "")
                    .help("remove one of them"),
                );
                Some(a)
            }
            [Some((value, _)), _] | [None, Some((value, _))] => Some(value),
            [None, None] => None,
        }
    }

    fn cpus(&mut self, node: &Node) -> Option<i64> {
        let text = self.string(node, "cpus")?;
        let value = scalar::nano_cpus(&text);
        if value.is_none() {
            self.bad(node.span, "cpus", &text, "a number of CPUs such as `0.5`");
        }
        value
    }

    /// `ulimits`: a number for both limits, or `soft` and `hard`.
    pub(in crate::spec) fn ulimits(&mut self, node: &Node) -> BTreeMap<String, Ulimit> {
        let mut out = BTreeMap::new();
        for (key, value) in self.entries(node, "ulimits").unwrap_or_default() {
            let limit = if let Value::Map(_) = value.value {
                self.soft_and_hard(value, &key.text)
            } else {
                self.integer(value, &key.text).map(|both| Ulimit { soft: both, hard: both })
            };
            out.extend(limit.map(|limit| (key.text.clone(), limit)));
        }
        out
    }

    fn soft_and_hard(&mut self, node: &Node, name: &str) -> Option<Ulimit> {
        let (mut soft, mut hard) = (None, None);
        for (key, value) in self.map(node, &format!("`ulimits.{name}`"), &["soft", "hard"])? {
            let number = self.integer(value, &key.text)?;
            if key.text == "soft" { soft = Some(number) } else { hard = Some(number) }
        }
        let (Some(soft), Some(hard)) = (soft, hard) else {
            self.error(Code::MissingKey, node.span, format!("`ulimits.{name}` needs `soft` and `hard`"), "");
            return None;
        };
        Some(Ulimit { soft, hard })
    }
}
