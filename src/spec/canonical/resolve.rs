//! Files → the lab, and its canonical form beside it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::model::addr::{Addr, LayerPath};
use crate::model::name::ServiceName;
use crate::model::service::{Condition, Dependency, Service, Target};
use crate::model::topology::{Layer, Topology};
use crate::spec::files::{Entry, Files, Vars};
use crate::spec::lower::lowering::{Lowering, Notes};
use crate::spec::lower::scope::Scope;
use crate::spec::parse::{Parsed, finish};
use crate::spec::problems::Problems;
pub use crate::spec::text::mentions::Mention;
use crate::spec::text::mentions::mentions;
use crate::spec::tree::node::{Node, Value as Held};

use super::forms;
use super::keys::{MODEL, NETWORK, SERVICE, STORED_FILE};
use super::printer::{Printer, any, text};
use super::shape::Shape;
use super::tidy;

/// How far a lab is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of `config`")]
pub struct ResolveOptions {
    /// Fill variables in.
    pub interpolate: bool,
    /// Write defaults and names out.
    pub normalize: bool,
    /// Make paths absolute.
    pub paths: bool,
    /// Read files of variables and labels into `environment` and `labels`.
    pub env: bool,
    /// Check the lab as a whole.
    pub consistency: bool,
}

impl Default for ResolveOptions {
    fn default() -> Self {
        Self { interpolate: true, normalize: true, paths: true, env: true, consistency: true }
    }
}

/// The tree of every layer, and where it stands.
pub(crate) type KeptLayers = RefCell<BTreeMap<LayerPath, (Rc<Node>, Scope)>>;

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// The lab and its problems.
    pub parsed: Parsed,
    /// The layer that was asked for, as a lab; `None` when there is none to print.
    pub document: Option<Document>,
    /// Variables that were there for interpolation.
    pub vars: Vars,
    /// Profiles that services of the layer name, active or not, in order.
    pub profiles: Vec<String>,
    /// Variables that the layer and the layers written within it name. Only where they are not filled in.
    pub mentions: BTreeSet<Mention>,
}

/// A lab as values. Keys are in alphabetical order.
pub type Document = Value;

/// Reads a lab, and prints a layer: the one inside the node that is `wanted`; otherwise the one of the services that
/// are, with nothing but these and what they depend on; without any the root.
pub fn resolve(
    files: &dyn Files,
    entry: &Entry,
    vars: &Vars,
    options: ResolveOptions,
    wanted: &[Addr],
) -> Resolved {
    let problems = Problems::default();
    let mut lowering = Lowering::new(files, entry, &problems);
    lowering.kept = Some(KeptLayers::default());
    lowering.literal = !options.interpolate;
    let topology = lowering.lab(vars);
    let notes = lowering.notes.take();
    let topology = finish(topology, &notes, options.consistency, &problems);
    let printing = Printing { lowering: &lowering, notes: &notes, options, topology: topology.as_ref() };
    let is_node = |addr: &&Addr| {
        topology
            .as_ref()
            .and_then(|topology| topology.service(addr))
            .is_some_and(|service| service.node.is_some())
    };
    let (path, only) = match wanted {
        [node] if is_node(&node) => (node.inner(), &[] as &[Addr]),
        _ => (wanted.first().map_or_else(LayerPath::root, Addr::layer), wanted),
    };
    let document = printing.lab(&path, only);
    let (vars, profiles, mentions) =
        (printing.vars(&path), printing.profiles(&path), printing.mentions(&path));
    let sources = lowering.sources.take();
    let parsed = Parsed { topology, diagnostics: problems.into_diagnostics(), sources };
    Resolved { parsed, document, vars, profiles, mentions }
}

struct Printing<'a> {
    lowering: &'a Lowering<'a>,
    notes: &'a Notes,
    options: ResolveOptions,
    topology: Option<&'a Topology>,
}

impl Printing<'_> {
    fn kept(&self, path: &LayerPath) -> Option<(Rc<Node>, Scope)> {
        self.lowering.kept.as_ref()?.borrow().get(path).cloned()
    }

    fn vars(&self, path: &LayerPath) -> Vars {
        self.kept(path).map(|(_, scope)| (*scope.vars).clone()).unwrap_or_default()
    }

    fn mentions(&self, path: &LayerPath) -> BTreeSet<Mention> {
        fn collect(node: &Node, out: &mut Vec<Mention>) {
            match &node.value {
                Held::List(items) => items.iter().for_each(|item| collect(item, out)),
                Held::Mapping(pairs) => pairs.iter().for_each(|pair| collect(&pair.value, out)),
                Held::Scalar(scalar) => mentions(&scalar.text, out),
            }
        }
        let mut out = Vec::new();
        if let Some((node, _)) = self.kept(path).filter(|_| !self.options.interpolate) {
            collect(&node, &mut out);
        }
        out.into_iter().collect()
    }

    fn profiles(&self, path: &LayerPath) -> Vec<String> {
        let Some((node, _)) = self.kept(path) else { return Vec::new() };
        let services = node.get("services").map(Node::pairs).unwrap_or_default();
        let lists = services.iter().filter_map(|pair| match &pair.value.get("profiles")?.value {
            Held::List(items) => Some(items.iter().filter_map(text)),
            Held::Scalar(_) | Held::Mapping(_) => None,
        });
        lists.flatten().collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// Whether what no service uses is printed too.
    fn all_resources(&self) -> bool {
        self.topology.is_some_and(|topology| topology.all_resources)
    }

    /// A layer as a lab of its own.
    fn lab(&self, path: &LayerPath, only: &[Addr]) -> Option<Value> {
        let mut out = self.layer(path)?;
        if !only.is_empty() {
            let names: Vec<&str> = only.iter().map(|addr| addr.service().as_str()).collect();
            tidy::only(&mut out, &names);
        }
        tidy::unused(&mut out, self.all_resources());
        if let Some(topology) = self.topology {
            let project = topology.project_of(path).to_string();
            if self.options.normalize {
                tidy::names(&mut out, &project);
            }
            out.insert("name".to_owned(), Value::from(project));
        }
        let mut out = Value::Object(out);
        if self.options.interpolate {
            tidy::escape(&mut out);
        }
        Some(out)
    }

    fn layer(&self, path: &LayerPath) -> Option<Map<String, Value>> {
        let (node, scope) = self.kept(path)?;
        let printer = Printer { lowering: self.lowering, scope: &scope, options: &self.options };
        let layer = self.topology.and_then(|topology| topology.layer(path));
        let mut out = Map::new();
        for pair in node.pairs() {
            let shape = match pair.key.value.as_str() {
                "networks" => &NETWORK,
                "volumes" => &Shape::Form(forms::volume),
                "configs" | "secrets" => &STORED_FILE,
                "models" => &MODEL,
                "services" => {
                    out.insert("services".to_owned(), self.services(&pair.value, path, layer, &printer));
                    continue;
                }
                "version" | "include" => continue,
                _ => {
                    out.insert(pair.key.value.to_string(), any(&pair.value));
                    continue;
                }
            };
            let entries = pair.value.pairs().iter().map(|pair| {
                let mut value =
                    printer.value(shape, &pair.value).unwrap_or_else(|| Value::Object(Map::new()));
                // Once the name of an external object stood in a mapping.
                let old = pair.value.get("external").and_then(|external| external.get("name"));
                if let (Some(name), Value::Object(value)) = (old, &mut value) {
                    value.entry("name").or_insert_with(|| any(name));
                }
                (pair.key.value.to_string(), value)
            });
            out.insert(pair.key.value.to_string(), Value::Object(entries.collect()));
        }
        if !path.is_root() {
            tidy::unused(&mut out, self.all_resources());
        }
        Some(out)
    }

    fn services(&self, node: &Node, path: &LayerPath, layer: Option<&Layer>, printer: &Printer) -> Value {
        let mut out = Map::new();
        for pair in node.pairs() {
            let Ok(name) = ServiceName::new(&pair.key.value) else { continue };
            if self.notes.inactive.contains_key(&(path.clone(), name.clone())) {
                continue;
            }
            let Some(Value::Object(mut service)) = printer.value(&SERVICE, &pair.value) else { continue };
            service.remove("extends");
            let known =
                layer.and_then(|layer| layer.services.get(&name)).filter(|_| self.options.interpolate);
            if let Some(known) = known {
                self.resolved(&mut service, known);
            }
            if self.options.normalize {
                tidy::service(&mut service);
            }
            if pair.value.get("inner").is_some()
                && let Some(inner) = self.layer(&path.join(&name, 1).inner())
            {
                service.insert("inner".to_owned(), Value::Object(inner));
            }
            out.insert(pair.key.value.to_string(), Value::Object(service));
        }
        Value::Object(out)
    }

    /// What the topology has resolved: environments and labels with the files they come from, dependencies.
    fn resolved(&self, service: &mut Map<String, Value>, known: &Service) {
        if self.options.env {
            service.remove("env_file");
            service.remove("label_file");
            let text = |value: &Option<String>| value.as_deref().map_or(Value::Null, Value::from);
            let environment: Map<String, Value> =
                known.spec.environment.iter().map(|(key, value)| (key.clone(), text(value))).collect();
            put(service, "environment", environment);
            let labels: Map<String, Value> = known
                .spec
                .labels
                .iter()
                .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
                .collect();
            put(service, "labels", labels);
        }
        if self.options.normalize {
            let depends = known.depends_on.iter().map(dependency).collect();
            put(service, "depends_on", depends);
        }
    }
}

fn put(service: &mut Map<String, Value>, key: &str, map: Map<String, Value>) {
    if map.is_empty() {
        service.remove(key);
    } else {
        service.insert(key.to_owned(), Value::Object(map));
    }
}

fn dependency(it: &Dependency) -> (String, Value) {
    let target = match &it.target {
        Target::Relative(pattern) => pattern.to_string(),
        Target::Absolute(pattern) => format!("/{pattern}"),
    };
    let condition = match it.condition {
        Condition::Started => "service_started",
        Condition::Healthy => "service_healthy",
        Condition::Completed => "service_completed_successfully",
        Condition::Ready => "service_ready",
    };
    let mut value = serde_json::json!({"condition": condition, "required": it.required});
    if it.restart {
        value["restart"] = Value::Bool(true);
    }
    (target, value)
}
