//! The lab in canonical form, for `config`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::diag::code::Code;
use crate::diag::diagnostic::{Diagnostic, Severity};
use crate::diag::diagnostics::Diagnostics;
use crate::graph::lab_graph::LabGraph;
use crate::model::addr::{Addr, Pattern};
use crate::model::span::Span;
use crate::plan::fingerprint::Canonical;
use crate::plan::goal::Lab;
use crate::spec::canonical::resolve::resolve as resolve_files;
pub use crate::spec::canonical::resolve::{Document, Mention, ResolveOptions};
use crate::spec::files::Vars;

use super::address::nothing_matched;
use super::error::OpError;
use super::files::DiskFiles;
use super::load::{LoadOptions, ValidLab, prepare};

/// What is wrong with running a lab, not with its text.
const RUNNING: &[Code] = &[Code::NotSupported, Code::HostPath, Code::BadImage];

/// What is printed.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The lab, with the warnings.
    pub lab: ValidLab,
    /// The layer in canonical form, as a lab.
    pub document: Document,
    /// Variables that were there for interpolation.
    pub vars: Vars,
    /// Profiles that services of the layer name, active or not.
    pub profiles: Vec<String>,
    /// Variables that the layer names; only where they are not filled in.
    pub mentions: BTreeSet<Mention>,
}

/// Loads a lab and resolves the layer that is asked for: that of a node, or of services, which are then alone in it
/// with what they depend on; the root layer if there is no pattern. Unless `strict`, what only stands in the way of
/// running the lab is a warning: it is printed all the same.
///
/// # Errors
/// As [`super::load::load`], when something is wrong in the files, and when a pattern names nothing of them.
pub fn resolve(
    options: &LoadOptions,
    how: ResolveOptions,
    strict: bool,
    patterns: &[Pattern],
) -> Result<Resolved, OpError> {
    let disk = DiskFiles::default();
    let (entry, _) = prepare(options, &disk)?;
    let wanted: Vec<Addr> = patterns.iter().map(Pattern::first).collect();
    let resolved = resolve_files(&disk, &entry, &options.vars, how, &wanted);
    let (mut diagnostics, sources) = (resolved.parsed.diagnostics, Arc::new(resolved.parsed.sources));
    if !how.interpolate {
        // What is wrong with a text because its variables stand there is not wrong with the file.
        let variable = |span: Span| {
            let source = sources.get(span.source);
            let text = source.and_then(|source| source.text.get(span.range()));
            text.is_some_and(|text| text.contains('$'))
        };
        diagnostics =
            without(&diagnostics, |problem| problem.labels.iter().any(|label| variable(label.span)));
    }
    let refused = |diagnostics| OpError::Refused { diagnostics, sources: Arc::clone(&sources) };
    let Some(topology) = resolved.parsed.topology else { return Err(refused(diagnostics)) };
    if let Some(lost) = patterns.iter().zip(&wanted).find(|(_, addr)| topology.service(addr).is_none()) {
        let known: Vec<Addr> = topology.instances().into_iter().map(|(addr, _)| addr).collect();
        return Err(nothing_matched(lost.0, &known));
    }
    let Some(document) = resolved.document else { return Err(refused(diagnostics)) };
    let (graph, problems) = LabGraph::build(&topology);
    if how.consistency {
        diagnostics.extend(problems);
    }
    if !strict {
        let mut told = Diagnostics::new();
        for problem in diagnostics.iter() {
            let mut problem = problem.clone();
            if RUNNING.contains(&problem.code) {
                problem.severity = Severity::Warning;
            }
            told.push(problem);
        }
        diagnostics = told;
    }
    if diagnostics.has_errors() {
        return Err(refused(diagnostics));
    }
    let lab = Arc::new(Lab { topology, graph });
    let lab = ValidLab { lab, warnings: diagnostics, sources };
    Ok(Resolved {
        lab,
        document,
        vars: resolved.vars,
        profiles: resolved.profiles,
        mentions: resolved.mentions,
    })
}

fn without(all: &Diagnostics, drop: impl Fn(&Diagnostic) -> bool) -> Diagnostics {
    let mut left = Diagnostics::new();
    all.iter().filter(|problem| !drop(problem)).for_each(|problem| left.push(problem.clone()));
    left
}

impl Resolved {
    /// The keys of a part of the layer (`services`, `volumes`, …).
    pub fn keys(&self, part: &str) -> Vec<String> {
        let map = self.document.get(part).and_then(Document::as_object);
        map.into_iter().flat_map(|map| map.keys().cloned()).collect()
    }

    /// The models that the layer uses, by what they are fetched as.
    pub fn models(&self) -> Vec<String> {
        let models = self.document.get("models").and_then(Document::as_object);
        let names = models.into_iter().flat_map(|models| models.values());
        names.filter_map(|model| model.get("model")?.as_str().map(str::to_owned)).collect()
    }

    /// A hash of what the file says of each service of the layer: it changes when that does.
    pub fn hashes(&self) -> Vec<(String, String)> {
        let services = self.document.get("services").and_then(Document::as_object);
        let hash = |service: &Document| {
            let mut canonical = Canonical::default();
            canonical.line("service", &service.to_string());
            canonical.hash()
        };
        services.into_iter().flatten().map(|(name, service)| (name.clone(), hash(service))).collect()
    }
}

/// Writes a text to a file.
///
/// # Errors
/// As the file system says.
pub fn write(path: &Path, text: &str) -> Result<(), OpError> {
    std::fs::write(path, text).map_err(|source| OpError::Unwritable { path: path.to_owned(), source })
}
