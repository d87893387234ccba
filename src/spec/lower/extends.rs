//! `extends`: a service over another one, of the same file or of another (compose-go `loader/extends.go`).
//!
//! All of the base is taken but the order to replace (`!override`) and to reset. What it names (networks, volumes)
//! is not: the file that extends defines it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::diag::code::Code;
use crate::diag::diagnostic::Diagnostic;
use crate::diag::source::{How, Origin};
use crate::model::span::{SourceId, Span, Spanned};
use crate::spec::files::Vars;
use crate::spec::raw::reference::ExtendsForm;
use crate::spec::read::reader::read;
use crate::spec::read::words::{instead, quote};
use crate::spec::tree::merge::{extend, settle};
use crate::spec::tree::node::{Merge, Node, Pair, Text, Value};

use super::assemble::Named;
use super::lowering::Lowering;
use super::standing::Standing;

/// Services that extend services of other files deeper than this were not meant.
const TRAIL_LIMIT: usize = 100;

/// What `extends` names.
struct Reference {
    service: Spanned<String>,
    file: Option<Spanned<String>>,
}

/// A file whose services are extended, with its variables filled in.
pub(super) struct Library {
    services: Vec<Pair>,
    at: HashMap<Text, usize>,
}

/// A service on the way of a chain through files.
#[derive(Clone)]
struct Step {
    path: PathBuf,
    service: String,
    span: Span,
}

impl Lowering<'_> {
    /// Puts every service of a layer over what it extends.
    pub(super) fn extend(&self, layer: &mut Node) {
        let Value::Mapping(pairs) = &mut layer.value else { return };
        let Some(services) = pairs.iter_mut().find(|pair| pair.key.value == "services") else { return };
        let Value::Mapping(services) = &mut services.value.value else { return };
        if services.iter().all(|pair| pair.value.get("extends").is_none()) {
            return;
        }
        let at: HashMap<Text, usize> =
            services.iter().enumerate().map(|(i, pair)| (pair.key.value.clone(), i)).collect();
        for i in 0..services.len() {
            self.extend_one(i, services, &at);
        }
    }

    /// Follows a chain within one file to its end, and goes back over it.
    fn extend_one(&self, first: usize, services: &mut [Pair], at: &HashMap<Text, usize>) {
        let mut chain: Vec<(usize, Span)> = vec![(first, services[first].key.span)];
        let mut on_chain = HashMap::from([(first, 0)]);
        while let Some((here, _)) = chain.last().copied() {
            let Some(reference) = self.take_reference(&mut services[here].value) else { break };
            let span = reference.service.span;
            if let Some(file) = &reference.file {
                let standing = self.standing(file.span.source);
                let base =
                    standing.and_then(|standing| self.foreign(&reference, file, &standing, &mut Vec::new()));
                match base {
                    Some(base) => self.put_over(base, &mut services[here].value),
                    None => self.excuse_base(&services[here]),
                }
                break;
            }
            let Some(base) = at.get(reference.service.value.as_str()).copied() else {
                let known: Vec<&str> = at.keys().map(Text::as_str).collect();
                self.no_such_service(&reference.service, None, known);
                self.excuse_base(&services[here]);
                break;
            };
            if let Some(start) = on_chain.get(&base) {
                self.extends_circle(&chain[*start..], span, services);
                chain[*start..].iter().for_each(|(index, _)| self.excuse_base(&services[*index]));
                break;
            }
            on_chain.insert(base, chain.len());
            chain.push((base, span));
        }
        // The last has no base any more; each before it is put over the one after it.
        while let Some((base, _)) = chain.pop() {
            let Some((above, _)) = chain.last() else { break };
            let base = services[base].value.clone();
            self.put_over(base, &mut services[*above].value);
        }
    }

    /// What the missing base of a service would have given is not missed once more.
    fn excuse_base(&self, service: &Pair) {
        self.notes.borrow_mut().excused.insert(service.key.span);
    }

    /// Takes `extends` out of a service; `None` when there is none, or it cannot be read.
    fn take_reference(&self, service: &mut Node) -> Option<Reference> {
        let Value::Mapping(keys) = &mut service.value else { return None };
        let at = keys.iter().position(|pair| pair.key.value == "extends")?;
        let pair = keys.remove(at);
        if pair.value.merge == Merge::Reset || pair.value.is_null() {
            return None;
        }
        let head = pair.value.head;
        match read::<ExtendsForm>(&pair.value, Some("extends"), self.problems)? {
            ExtendsForm::Service(name) => Some(Reference { service: Spanned::new(name, head), file: None }),
            ExtendsForm::Options(extends) => {
                let written = extends.service.place.is_some();
                let Some(service) = extends.service.take() else {
                    if !written {
                        let message = "`service` of `extends` is missing";
                        self.problems.error(Code::MissingKey, pair.key.span, message, "Add `service`.");
                    }
                    return None;
                };
                Some(Reference { service, file: extends.file.take() })
            }
        }
    }

    /// A service of another file, with what it extends itself.
    fn foreign(
        &self,
        reference: &Reference,
        file: &Spanned<String>,
        from: &Standing,
        trail: &mut Vec<Step>,
    ) -> Option<Node> {
        let path = self.path_from(&file.value, file.span, &from.base)?;
        self.foreign_service(&path, reference, file.span, &from.vars, trail)
    }

    fn foreign_service(
        &self,
        path: &Path,
        reference: &Reference,
        mention: Span,
        vars: &Rc<Vars>,
        trail: &mut Vec<Step>,
    ) -> Option<Node> {
        let name = &reference.service;
        let step = Step { path: path.to_path_buf(), service: name.value.clone(), span: name.span };
        if let Some(start) =
            trail.iter().position(|other| other.path == step.path && other.service == step.service)
        {
            self.trail_circle(&trail[start..], name.span);
            return None;
        }
        if trail.len() >= TRAIL_LIMIT {
            let message = format!("services extend each other more than {TRAIL_LIMIT} deep");
            self.problems.error(Code::TooLarge, name.span, message, "Extend the last one directly.");
            return None;
        }
        trail.push(step);
        let origin = Origin { span: mention, how: How::Extended };
        let named = Named { path: path.to_path_buf(), origin: Some(origin) };
        let base: Rc<Path> = path.parent().map_or_else(|| Rc::from(path), Rc::from);
        let library = self.library(&named, &base, vars)?;
        let Some(at) = library.at.get(name.value.as_str()) else {
            let known = library.at.keys().map(Text::as_str).collect();
            self.no_such_service(name, Some(path), known);
            return None;
        };
        let mut service = library.services[*at].value.clone();
        let source = self.source(&named, &base, vars)?;
        resource(&mut service, source);
        self.expand_node(&mut service);
        if let Some(next) = self.take_reference(&mut service) {
            let standing = self.standing(source)?;
            let base = match &next.file {
                Some(file) => self.foreign(&next, file, &standing, trail),
                None => self.foreign_service(path, &next, next.service.span, vars, trail),
            };
            if let Some(base) = base {
                self.put_over(base, &mut service);
            }
        }
        Some(service)
    }

    /// A file whose services are extended: read once for the same variables.
    fn library(&self, named: &Named, base: &Rc<Path>, vars: &Rc<Vars>) -> Option<Rc<Library>> {
        let key = (named.path.clone(), Rc::as_ptr(vars) as usize);
        if let Some(known) = self.libraries.borrow().get(&key) {
            return known.0.clone();
        }
        let library = self.tree(named, base, vars).map(|tree| {
            let services = match tree.value {
                Value::Mapping(pairs) => pairs.into_iter().find(|pair| pair.key.value == "services"),
                Value::Scalar(_) | Value::List(_) => None,
            };
            let services = match services.map(|pair| pair.value.value) {
                Some(Value::Mapping(services)) => services,
                _ => Vec::new(),
            };
            let at = services.iter().enumerate().map(|(i, pair)| (pair.key.value.clone(), i)).collect();
            Rc::new(Library { services, at })
        });
        // The variables are kept: their address is part of the key.
        self.libraries.borrow_mut().insert(key, (library.clone(), Rc::clone(vars)));
        library
    }

    fn put_over(&self, mut base: Node, service: &mut Node) {
        settle(&mut base);
        let over = std::mem::replace(service, Node::refused(base.span));
        let merge = over.merge;
        let home = over.span;
        *service = extend(base, over, self.problems, &|span, path| self.told_apart(home, span, path));
        service.merge = merge;
    }

    fn no_such_service(&self, name: &Spanned<String>, file: Option<&Path>, mut known: Vec<&str>) {
        known.sort_unstable();
        let place = file.map_or_else(|| "this file".to_owned(), |path| format!("`{}`", self.name_of(path)));
        let message = format!("there is no service {} in {place} to extend", quote(&name.value));
        let help = instead(&name.value, &known, &format!("services of {place}"));
        self.problems.error(Code::UnknownService, name.span, message, help);
    }

    /// `chain`: from the service that the last one extends again.
    fn extends_circle(&self, chain: &[(usize, Span)], closing: Span, services: &[Pair]) {
        let name = |index: usize| services[index].key.value.as_str();
        let mut names: Vec<String> = chain.iter().map(|(index, _)| format!("`{}`", name(*index))).collect();
        names.extend(names.first().cloned());
        let mut problem = Diagnostic::error(
            Code::ExtendsCycle,
            format!("services extend each other in a circle: {}", names.join(" → ")),
        )
        .at(closing, "closes the circle");
        for (index, span) in chain.iter().skip(1) {
            problem = problem.at(*span, format!("extends `{}`", name(*index)));
        }
        self.problems.push(problem.help("Take one `extends` of the circle away."));
    }

    fn trail_circle(&self, trail: &[Step], closing: Span) {
        let word = |step: &Step| format!("`{}` of {}", step.service, self.name_of(&step.path));
        let mut names: Vec<String> = trail.iter().map(word).collect();
        names.extend(names.first().cloned());
        let mut problem = Diagnostic::error(
            Code::ExtendsCycle,
            format!("services extend each other in a circle: {}", names.join(" → ")),
        )
        .at(closing, "closes the circle");
        for step in &trail[1..] {
            problem = problem.at(step.span, format!("extends {}", word(step)));
        }
        self.problems.push(problem.help("Take one `extends` of the circle away."));
    }
}

/// Gives all places of a tree of one text another number of the same text.
fn resource(node: &mut Node, source: SourceId) {
    node.span.source = source;
    node.head.source = source;
    match &mut node.value {
        Value::Scalar(_) => {}
        Value::List(items) => items.iter_mut().for_each(|item| resource(item, source)),
        Value::Mapping(pairs) => {
            for pair in pairs {
                pair.key.span.source = source;
                resource(&mut pair.value, source);
            }
        }
    }
}
