//! Keys that can be written in several forms.

use serde_json::{Map, Value, json};

use crate::spec::lower::network::is_bind;
use crate::spec::text::words::split;
use crate::spec::tree::node::{Node, Value as Held};

use super::keys::{ATTACHMENT, BUILD, DEPENDENCY, DEVICE_REQUEST, ENGINE, FILE_USE, MODEL_USE, VOLUME};
use super::printer::{Printer, any, pairs, text};
use super::shape::Shape;

/// A command: a text is split into words; an empty one clears the image's.
pub(super) fn command(_: &Printer, node: &Node) -> Option<Value> {
    if node.is_null() {
        return None;
    }
    Some(match &node.value {
        Held::Scalar(_) => split(&text(node)?).map_or_else(|_| any(node), Value::from),
        Held::List(items) => items.iter().filter_map(text).collect(),
        Held::Mapping(_) => any(node),
    })
}

/// A health check's test: a text is a line for the shell.
pub(super) fn health_test(_: &Printer, node: &Node) -> Option<Value> {
    if node.is_null() {
        return None;
    }
    Some(match &node.value {
        Held::Scalar(_) => json!(["CMD-SHELL", text(node)?]),
        Held::List(items) => items.iter().filter_map(text).collect(),
        Held::Mapping(_) => any(node),
    })
}

/// `build` as a mapping, with the defaults of Compose.
pub(super) fn build(printer: &Printer, node: &Node) -> Option<Value> {
    let mut out = printer.value(&BUILD, node)?;
    if !printer.options.normalize || !out.is_object() {
        return Some(out);
    }
    if out.get("context").is_none() {
        out["context"] = Value::from(printer.path(".", node.span));
    }
    if out.get("dockerfile").is_none() && out.get("dockerfile_inline").is_none() {
        out["dockerfile"] = Value::from("Dockerfile");
    }
    Some(out)
}

/// A build context: a directory, or something remote (compose-go `paths/context.go`).
pub(super) fn context(printer: &Printer, node: &Node) -> Option<Value> {
    let text = text(node)?;
    Some(Value::from(resolved_context(printer, &text, node)))
}

fn resolved_context(printer: &Printer, text: &str, node: &Node) -> String {
    let remote = text.contains("://")
        || ["service:", "github.com/", "git@"].iter().any(|prefix| text.starts_with(prefix));
    if remote { text.to_owned() } else { printer.path(text, node.span) }
}

/// Named contexts of a build.
pub(super) fn contexts(printer: &Printer, node: &Node) -> Option<Value> {
    let Value::Object(map) = pairs(node, &Value::from(""))? else { return Some(any(node)) };
    let resolved = map.into_iter().map(|(key, value)| {
        let at = node.get(&key).unwrap_or(node);
        let path = value.as_str().map(|text| resolved_context(printer, text, at));
        (key, path.map_or(value, Value::from))
    });
    Some(Value::Object(resolved.collect()))
}

/// Arguments of a build: one without a value takes it from the environment, or goes.
pub(super) fn build_args(printer: &Printer, node: &Node) -> Option<Value> {
    let Value::Object(map) = pairs(node, &Value::Null)? else { return Some(any(node)) };
    if !printer.options.normalize {
        return Some(Value::Object(map));
    }
    let vars = printer.lowering.vars_of(node.span, printer.scope);
    let set = |key: &String| vars.get(key).map(|value| Value::from(value.as_str()));
    let resolved: Map<String, Value> = map
        .into_iter()
        .filter_map(|(key, value)| {
            let value = if value.is_null() { set(&key)? } else { value };
            Some((key, value))
        })
        .collect();
    Some(Value::Object(resolved))
}

/// SSH keys of a build: lines of `ID` or `ID=PATH`.
pub(super) fn ssh(printer: &Printer, node: &Node) -> Option<Value> {
    let Value::Object(map) = pairs(node, &Value::Null)? else { return Some(any(node)) };
    let mut lines: Vec<String> = map
        .into_iter()
        .map(|(id, path)| match path.as_str() {
            Some(path) if !path.is_empty() => format!("{id}={}", printer.path(path, node.span)),
            _ => id,
        })
        .collect();
    lines.sort();
    Some(Value::from(lines))
}

/// Permission bits as a number: as text they are octal.
pub(super) fn bits(printer: &Printer, node: &Node) -> Option<Value> {
    match &node.value {
        Held::Scalar(scalar) if !scalar.plain => {
            let bits = i64::from_str_radix(scalar.text.trim(), 8).ok();
            bits.map_or_else(|| Some(any(node)), |bits| (bits != 0).then(|| Value::from(bits)))
        }
        _ => printer.value(&Shape::Whole, node),
    }
}

/// A config of a service, or a secret of a build.
pub(super) fn config_use(printer: &Printer, node: &Node) -> Option<Value> {
    printer.value(&Shape::Short("source", &FILE_USE), node)
}

/// A secret of a service.
pub(super) fn secret_use(printer: &Printer, node: &Node) -> Option<Value> {
    let mut out = config_use(printer, node)?;
    if printer.options.normalize
        && out.get("target").is_none()
        && let Some(source) = out["source"].as_str()
    {
        out["target"] = Value::from(format!("/run/secrets/{source}"));
    }
    Some(out)
}

/// Dependencies: a list of names is a mapping with the default condition.
pub(super) fn depends_on(printer: &Printer, node: &Node) -> Option<Value> {
    let default = || json!({"condition": "service_started", "required": true});
    let mut out = Map::new();
    match &node.value {
        Held::List(items) => out.extend(items.iter().filter_map(text).map(|name| (name, default()))),
        Held::Mapping(pairs) => {
            for pair in pairs {
                let mut value = printer.value(&DEPENDENCY, &pair.value).unwrap_or_else(|| json!({}));
                if let (Value::Object(value), Value::Object(default)) = (&mut value, default()) {
                    for (key, default) in default {
                        value.entry(key).or_insert(default);
                    }
                }
                out.insert(pair.key.value.to_string(), value);
            }
        }
        Held::Scalar(_) => {}
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

/// Networks of a service: a list of names is a mapping without values.
pub(super) fn attachments(printer: &Printer, node: &Node) -> Option<Value> {
    named(printer, node, &ATTACHMENT)
}

/// Models of a service.
pub(super) fn models(printer: &Printer, node: &Node) -> Option<Value> {
    named(printer, node, &MODEL_USE)
}

fn named(printer: &Printer, node: &Node, shape: &Shape) -> Option<Value> {
    let mut out = Map::new();
    match &node.value {
        Held::List(items) => out.extend(items.iter().filter_map(text).map(|name| (name, Value::Null))),
        Held::Mapping(pairs) => {
            out.extend(pairs.iter().map(|pair| {
                (pair.key.value.to_string(), printer.value(shape, &pair.value).unwrap_or(Value::Null))
            }));
        }
        Held::Scalar(_) => {}
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

/// Domains to search; an empty one clears the engine's own.
pub(super) fn dns_search(_: &Printer, node: &Node) -> Option<Value> {
    let texts: Vec<String> = match &node.value {
        Held::List(items) => items.iter().filter_map(text).collect(),
        _ if node.is_null() => Vec::new(),
        _ => text(node).into_iter().collect(),
    };
    (!texts.is_empty()).then(|| Value::from(texts))
}

/// A volume of a layer; the device of one that is a bind is a path of the user's machine.
pub(super) fn volume(printer: &Printer, node: &Node) -> Option<Value> {
    let mut out = printer.value(&VOLUME, node)?;
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let (driver, how) = (word(&out["driver"]), word(&out["driver_opts"]["o"]));
    if printer.scope.path.is_root()
        && is_bind(driver.as_deref(), how.as_deref())
        && let Some(device) = word(&out["driver_opts"]["device"])
    {
        out["driver_opts"]["device"] = Value::from(printer.bind_source(&device, node.span));
    }
    Some(out)
}

/// A file of variables.
pub(super) fn env_file(printer: &Printer, node: &Node) -> Option<Value> {
    use Shape::{KeptSwitch, Keys, Path, Short, Text};
    const FILE: &Shape = &Keys(&[("format", Text), ("path", Path), ("required", KeptSwitch)]);
    let mut out = printer.value(&Short("path", FILE), node)?;
    if out.get("required").is_none() {
        out["required"] = Value::Bool(true);
    }
    Some(out)
}

/// A limit: one number, or a soft and a hard one.
pub(super) fn ulimit(printer: &Printer, node: &Node) -> Option<Value> {
    use Shape::{KeptWhole, Keys};
    if text(node).is_some() {
        let value = printer.value(&KeptWhole, node)?;
        return Some(if value == 0 { json!({"soft": 0, "hard": 0}) } else { value });
    }
    printer.value(&Keys(&[("hard", KeptWhole), ("soft", KeptWhole)]), node)
}

/// Hosts as sorted lines of `NAME=ADDRESS`.
pub(super) fn extra_hosts(_: &Printer, node: &Node) -> Option<Value> {
    let mut lines = Vec::new();
    let mut add = |host: &str, address: &str| {
        let address = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
        lines.push(format!("{host}={address}"));
    };
    match &node.value {
        Held::List(items) => {
            for line in items.iter().filter_map(text) {
                let (host, addresses) = line.split_once('=').or_else(|| line.split_once(':'))?;
                addresses.split(',').for_each(|address| add(host, address));
            }
        }
        Held::Mapping(pairs) => {
            for pair in pairs {
                match &pair.value.value {
                    Held::List(items) => {
                        items.iter().filter_map(text).for_each(|address| add(&pair.key.value, &address));
                    }
                    _ => add(&pair.key.value, &text(&pair.value)?),
                }
            }
        }
        Held::Scalar(_) => return None,
    }
    lines.sort();
    (!lines.is_empty()).then(|| Value::from(lines))
}

/// `gpus`: `all`, or requests for devices.
pub(super) fn gpus(printer: &Printer, node: &Node) -> Option<Value> {
    match &node.value {
        Held::Scalar(_) if node.is_null() => None,
        Held::Scalar(_) => Some(json!([{"count": -1}])),
        _ => printer.value(&Shape::List(&Shape::Form(device_request)), node),
    }
}

/// A request for devices: of all, unless it says how many or which.
pub(super) fn device_request(printer: &Printer, node: &Node) -> Option<Value> {
    let mut out = printer.value(&DEVICE_REQUEST, node)?;
    if out.get("count").is_none() && out.get("device_ids").is_none() && out.is_object() {
        out["count"] = Value::from(-1);
    }
    Some(out)
}

/// A number of devices; all are -1.
pub(super) fn device_count(printer: &Printer, node: &Node) -> Option<Value> {
    if text(node)?.eq_ignore_ascii_case("all") {
        return Some(Value::from(-1));
    }
    printer.value(&Shape::Whole, node)
}

/// When the image is pulled: one word for each meaning.
pub(super) fn pull_policy(printer: &Printer, node: &Node) -> Option<Value> {
    let value = printer.value(&Shape::Text, node)?;
    let alias = printer.options.normalize && value == "if_not_present";
    Some(if alias { Value::from("missing") } else { value })
}

/// `external`, also as the mapping with a name that it once was.
pub(super) fn external(printer: &Printer, node: &Node) -> Option<Value> {
    match &node.value {
        Held::Mapping(_) => Some(Value::Bool(true)),
        _ => printer.value(&Shape::Switch, node),
    }
}

/// An engine: its kind alone, or a mapping.
pub(super) fn engine(printer: &Printer, node: &Node) -> Option<Value> {
    if text(node).is_some() {
        return printer.value(&Shape::Text, node);
    }
    let out = printer.value(&ENGINE, node)?;
    let only_kind = out.as_object().is_some_and(|out| out.len() == 1);
    Some(out.get("kind").filter(|_| only_kind).cloned().unwrap_or(out))
}

/// A public key, or the path of a file with some. A key holds a space, a path rarely does.
pub(super) fn public_key(printer: &Printer, node: &Node) -> Option<Value> {
    let text = text(node)?;
    let key = text.split_whitespace().count() > 1;
    Some(Value::from(if key { text } else { printer.path(&text, node.span) }))
}

/// Printed elsewhere.
pub(super) fn nothing(_: &Printer, _: &Node) -> Option<Value> {
    None
}
