//! What can be said only when all layers are read: dependencies and images.

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::diagnostics::Diagnostics;
use crate::diag::suggest;
use crate::kind::kinds;
use crate::model::addr::{LayerPath, Pattern};
use crate::model::container::{Healthcheck, NetworkMode};
use crate::model::name::ServiceName;
use crate::model::service::{Condition, Dependency, Service, Target};
use crate::model::span::Span;
use crate::model::topology::{Layer, Topology};

use super::reader::{Inactive, listed};

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
    TooFew {
        service: &'a Service,
        number: u32,
    },
    /// The part at this index is not there; the nearest name that is.
    Nothing {
        at: usize,
        near: Option<String>,
    },
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
        if let Found::Nothing { at, near } = self.find(&pattern.below(path)) {
            self.unknown(
                &pattern,
                false,
                service.span_of("network_mode"),
                at - path.depth().min(at),
                near.as_deref(),
            );
        }
    }

    fn dependency(&mut self, path: &LayerPath, mut dependency: Dependency) -> Option<Dependency> {
        let (pattern, absolute) = match &dependency.target {
            Target::Relative(pattern) => (pattern, false),
            Target::Absolute(pattern) => (pattern, true),
        };
        let (from_root, depth, text) = if absolute {
            (pattern.clone(), 0, format!("/{pattern}"))
        } else {
            (pattern.below(path), path.depth(), pattern.to_string())
        };
        let span = dependency.span;
        let service = match self.find(&from_root) {
            Found::Service(service) => service,
            Found::Inactive(_) if !dependency.required => return None,
            Found::Inactive(left_out) => {
                let profiles: Vec<&str> = left_out.profiles.iter().map(String::as_str).collect();
                self.diagnostics.push(
                    Diagnostic::error(Code::UnknownService, format!("`{text}` is left out by its profiles"))
                        .at(span, "")
                        .help(format!("activate {}, or write `required: false`", listed(&profiles))),
                );
                return None;
            }
            Found::TooFew { service, number } => {
                let message =
                    format!("there is no replica {number} of `{}`: it has {}", service.name, service.scale);
                self.diagnostics.push(Diagnostic::error(Code::BadValue, message).at(span, ""));
                return None;
            }
            Found::Nothing { at, near } => {
                if dependency.required {
                    self.unknown(pattern, absolute, span, at - depth.min(at), near.as_deref());
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
            Condition::Healthy if service.spec.healthcheck.as_ref().is_some_and(Healthcheck::is_disabled) => {
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

    fn find(&self, pattern: &Pattern) -> Found<'_> {
        let mut path = LayerPath::root();
        let parts = pattern.parts();
        for (at, (name, number)) in parts.iter().enumerate() {
            let nothing = |near: Option<&str>| Found::Nothing { at, near: near.map(str::to_owned) };
            let Some(layer) = self.topology.layer(&path) else { return nothing(None) };
            let Some(service) = layer.services.get(name) else {
                let left_out =
                    self.context.inactive.iter().find(|one| one.layer == path && one.name == *name);
                return match left_out {
                    Some(left_out) => Found::Inactive(left_out),
                    None => nothing(suggest::nearest(
                        name.as_str(),
                        layer.services.keys().map(ServiceName::as_str),
                    )),
                };
            };
            // A layer below a node without replicas is read as its first one's.
            if let Some(number) = number.filter(|number| *number > service.scale.max(1)) {
                return Found::TooFew { service, number };
            }
            if at + 1 == parts.len() {
                return Found::Service(service);
            }
            path = path.join(name, 1).inner();
        }
        Found::Nothing { at: 0, near: None }
    }

    /// Reports a name that nothing has; `own` is how the file writes it.
    fn unknown(&mut self, own: &Pattern, absolute: bool, span: Span, at: usize, near: Option<&str>) {
        let slash = if absolute { "/" } else { "" };
        let problem = Diagnostic::error(Code::UnknownService, format!("there is no service `{slash}{own}`"))
            .at(span, "");
        let mut names: Vec<&str> = own.services().map(ServiceName::as_str).collect();
        self.diagnostics.push(match near {
            Some(near) => {
                names[at] = near;
                problem.help(format!("did you mean `{slash}{}`?", names.join("/")))
            }
            None => problem,
        });
    }
}
