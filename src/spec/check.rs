//! What can be said only when all layers are read: dependencies and images.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::diagnostics::Diagnostics;
use crate::diag::suggest;
use crate::kind::kinds;
use crate::model::addr::{LayerPath, Pattern};
use crate::model::container::NetworkMode;
use crate::model::service::{Condition, Dependency, Service, Target};
use crate::model::span::Span;
use crate::model::topology::{Layer, Topology};

use super::reader::Inactive;

/// What the reader left to this stage.
pub(in crate::spec) struct Context<'a> {
    /// Services that profiles leave out.
    pub(in crate::spec) inactive: &'a [Inactive],
    /// Places of dependencies without a condition.
    pub(in crate::spec) open_conditions: &'a std::collections::BTreeSet<Span>,
}

/// Checks the lab, and settles conditions that depend on the target.
pub(in crate::spec) fn check(topology: &mut Topology, context: &Context, diagnostics: &mut Diagnostics) {
    let snapshot = topology.clone();
    let mut run = Run { topology: &snapshot, context, diagnostics };
    run.layer(&LayerPath::root(), &mut topology.root);
}

struct Run<'a> {
    topology: &'a Topology,
    context: &'a Context<'a>,
    diagnostics: &'a mut Diagnostics,
}

/// What a dependency's target is.
enum Found<'a> {
    Service(&'a Service),
    Inactive(&'a Inactive),
    TooFew { service: &'a Service, number: u32 },
    Nothing { suggestion: Option<String> },
}

impl Run<'_> {
    fn layer(&mut self, path: &LayerPath, layer: &mut Layer) {
        for service in layer.services.values_mut() {
            self.image(service);
            self.network_mode(path, service);
            let dependencies = std::mem::take(&mut service.depends_on);
            service.depends_on =
                dependencies.into_iter().filter_map(|dependency| self.dependency(path, dependency)).collect();
            if let Some(node) = &mut service.node {
                self.layer(&path.join(&service.name, 1).inner(), &mut node.inner);
            }
        }
    }

    fn image(&mut self, service: &Service) {
        // An image that is written and was refused is reported already.
        if !service.spec.image.is_empty() || service.spans.contains_key("image") {
            return;
        }
        let kind = service.node.as_ref().and_then(|node| kinds::find(&node.kind.value));
        if kind.is_some_and(|kind| kind.default_image.is_some()) {
            return;
        }
        // An engine that is written and was refused is reported already.
        if kind.is_none() && service.spans.contains_key("engine") {
            return;
        }
        let message = match kind {
            Some(kind) => format!(
                "the service `{}` has no image, and its engine `{}` has none of its own",
                service.name, kind.name
            ),
            None => format!("the service `{}` has no image", service.name),
        };
        self.diagnostics
            .push(Diagnostic::error(Code::NoImage, message).at(service.span, "").help("add `image:`"));
    }

    fn network_mode(&mut self, path: &LayerPath, service: &Service) {
        let Some(NetworkMode::Service(name)) = &service.spec.network_mode else { return };
        let Ok(pattern) = name.parse::<Pattern>() else {
            let message = format!("`{name}` is not a service's name");
            let span = service.span_of("network_mode");
            self.diagnostics.push(Diagnostic::error(Code::BadName, message).at(span, ""));
            return;
        };
        if let Found::Nothing { suggestion } = self.find(&pattern.below(path), path) {
            self.unknown(name, service.span_of("network_mode"), suggestion);
        }
    }

    fn dependency(&mut self, path: &LayerPath, mut dependency: Dependency) -> Option<Dependency> {
        let (absolute, text) = match &dependency.target {
            Target::Relative(pattern) => (pattern.below(path), pattern.to_string()),
            Target::Absolute(pattern) => (pattern.clone(), format!("/{pattern}")),
        };
        let span = dependency.span;
        let service = match self.find(&absolute, path) {
            Found::Service(service) => service,
            Found::Inactive(left_out) if !dependency.required => {
                let _ = left_out;
                return None;
            }
            Found::Inactive(left_out) => {
                let profiles: Vec<&str> = left_out.profiles.iter().map(String::as_str).collect();
                self.diagnostics.push(
                    Diagnostic::error(Code::UnknownService, format!("`{text}` is left out by its profiles"))
                        .at(span, "")
                        .help(format!(
                            "activate {}, or write `required: false`",
                            super::reader::listed(&profiles)
                        )),
                );
                return None;
            }
            Found::TooFew { service, number } => {
                let message =
                    format!("there is no replica {number} of `{}`: it has {}", service.name, service.scale);
                self.diagnostics.push(Diagnostic::error(Code::BadValue, message).at(span, ""));
                return None;
            }
            Found::Nothing { suggestion } => {
                if dependency.required {
                    self.unknown(&text, span, suggestion);
                } else {
                    let message = format!("there is no service `{text}`, and it is not required");
                    self.diagnostics.push(Diagnostic::warning(Code::UnknownService, message).at(span, ""));
                }
                return None;
            }
        };
        if self.context.open_conditions.contains(&span) {
            dependency.condition = if service.node.is_some() { Condition::Ready } else { Condition::Started };
        }
        let impossible = match dependency.condition {
            Condition::Completed if service.node.is_some() => Some((
                format!("`{text}` is a node, which runs until it is stopped"),
                "wait for `service_ready` or `service_healthy`",
            )),
            Condition::Healthy
                if service.spec.healthcheck.as_ref().is_some_and(|check| check.is_disabled()) =>
            {
                Some((format!("the health check of `{text}` is turned off"), "wait for `service_started`"))
            }
            Condition::Ready if service.node.is_none() => Some((
                format!("`{text}` has no engine that could be ready"),
                "wait for `service_started` or `service_healthy`",
            )),
            _ => None,
        };
        if let Some((message, help)) = impossible {
            self.diagnostics.push(
                Diagnostic::error(Code::ImpossibleCondition, message)
                    .at(span, "")
                    .at(service.span, "the service is here")
                    .help(help),
            );
        }
        Some(dependency)
    }

    fn find(&self, pattern: &Pattern, from: &LayerPath) -> Found<'_> {
        let mut path = LayerPath::root();
        let parts = pattern.parts();
        for (at, (name, number)) in parts.iter().enumerate() {
            let Some(layer) = self.topology.layer(&path) else { return Found::Nothing { suggestion: None } };
            let Some(service) = layer.services.get(name) else {
                let left_out =
                    self.context.inactive.iter().find(|one| one.layer == path && one.name == *name);
                return match left_out {
                    Some(left_out) => Found::Inactive(left_out),
                    None => {
                        let known = layer.services.keys().map(crate::model::name::ServiceName::as_str);
                        let near = suggest::nearest(name.as_str(), known);
                        let prefix = parts[..at]
                            .iter()
                            .skip(if pattern_is_below(parts, from) { from.depth() } else { 0 })
                            .map(|(name, _)| format!("{name}/"))
                            .collect::<String>();
                        Found::Nothing { suggestion: near.map(|near| format!("{prefix}{near}")) }
                    }
                };
            };
            if let Some(number) = number.filter(|number| *number > service.scale && at >= from.depth()) {
                return Found::TooFew { service, number };
            }
            if at + 1 == parts.len() {
                return Found::Service(service);
            }
            path = path.join(name, 1).inner();
        }
        Found::Nothing { suggestion: None }
    }

    fn unknown(&mut self, text: &str, span: Span, suggestion: Option<String>) {
        let problem =
            Diagnostic::error(Code::UnknownService, format!("there is no service `{text}`")).at(span, "");
        self.diagnostics.push(match suggestion {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem,
        });
    }
}

/// Whether a pattern from the root begins with the path of `layer`.
fn pattern_is_below(parts: &[(crate::model::name::ServiceName, Option<u32>)], layer: &LayerPath) -> bool {
    parts.len() > layer.depth()
        && layer.parts().iter().zip(parts).all(|(own, (name, _))| own.service == *name)
}
