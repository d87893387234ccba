//! A layer as a whole: defaults that Compose writes out, names, and what nothing uses (compose-go
//! `loader/normalize.go`, `Project.WithoutUnnecessaryResources`).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// Writes out what Compose takes for granted of a service.
pub(super) fn service(service: &mut Object) {
    let default = !service.contains_key("network_mode")
        && !service.contains_key("provider")
        && service.get("networks").and_then(Value::as_object).is_none_or(Map::is_empty);
    if default {
        service.insert("networks".to_owned(), json!({"default": null}));
    }
    if let Some(scale) = service.get("scale").cloned()
        && let Some(Value::Object(deploy)) = service.get_mut("deploy")
    {
        deploy.insert("replicas".to_owned(), scale);
    }
    let mut needs: Vec<(String, bool)> = Vec::new();
    let list = |key: &str| -> Vec<String> {
        let items = service.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| Some(item.as_str()?.split(':').next()?.to_owned())).collect()
    };
    needs.extend(list("links").into_iter().map(|name| (name, true)));
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        let owner = service.get(key).and_then(Value::as_str).and_then(|text| text.strip_prefix("service:"));
        needs.extend(owner.map(|name| (name.to_owned(), true)));
    }
    needs.extend(
        list("volumes_from").into_iter().filter(|name| name != "container").map(|name| (name, false)),
    );
    for (name, restart) in needs {
        let Value::Object(depends) = service.entry("depends_on").or_insert_with(|| json!({})) else { return };
        if !depends.contains_key(&name) {
            let mut value = json!({"condition": "service_started", "required": true});
            if restart {
                value["restart"] = Value::Bool(true);
            }
            depends.insert(name, value);
        }
    }
}

/// Takes away what no service of the layer uses, unless `all` is kept. The default network is there when something uses it.
pub(super) fn unused(layer: &mut Object, all: bool) {
    let mut used: BTreeSet<(&str, String)> = BTreeSet::new();
    for service in layer.get("services").and_then(Value::as_object).into_iter().flat_map(Map::values) {
        for part in ["networks", "models"] {
            let names = service.get(part).and_then(Value::as_object).into_iter().flat_map(Map::keys);
            used.extend(names.map(|name| (part, name.clone())));
        }
        let sources = |list: Option<&Value>| -> Vec<String> {
            let items = list.and_then(Value::as_array).into_iter().flatten();
            items.filter_map(|item| Some(item.get("source")?.as_str()?.to_owned())).collect()
        };
        let mounts = service.get("volumes").and_then(Value::as_array).into_iter().flatten();
        let volumes = mounts.filter(|mount| mount["type"] == "volume");
        used.extend(volumes.filter_map(|mount| Some(("volumes", mount.get("source")?.as_str()?.to_owned()))));
        used.extend(sources(service.get("configs")).into_iter().map(|name| ("configs", name)));
        used.extend(sources(service.get("secrets")).into_iter().map(|name| ("secrets", name)));
        let build = service.get("build").and_then(|build| build.get("secrets"));
        used.extend(sources(build).into_iter().map(|name| ("secrets", name)));
    }
    let default = "default".to_owned();
    if used.contains(&("networks", default.clone()))
        && let Value::Object(networks) = layer.entry("networks").or_insert_with(|| json!({}))
    {
        networks.entry(default).or_insert_with(|| json!({}));
    }
    for part in PARTS {
        if let Some(Value::Object(map)) = layer.get_mut(*part) {
            map.retain(|key, _| all || used.contains(&(*part, key.clone())));
        }
    }
    layer.retain(|key, value| {
        !PARTS.contains(&key.as_str()) || value.as_object().is_none_or(|map| !map.is_empty())
    });
}

/// Leaves the services of these names and what they depend on, as far as it is in the layer.
pub(super) fn only(layer: &mut Object, names: &[&str]) {
    let Some(Value::Object(services)) = layer.get_mut("services") else { return };
    let mut open: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut wanted = BTreeSet::new();
    while let Some(name) = open.pop() {
        if wanted.insert(name.clone()) {
            let depends = services.get(&name).and_then(|service| service.get("depends_on"));
            open.extend(depends.and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned());
        }
    }
    services.retain(|name, _| wanted.contains(name));
}

/// What services of a layer use by name.
const PARTS: &[&str] = &["networks", "volumes", "configs", "secrets", "models"];

/// Writes out the names that objects get from their keys.
pub(super) fn names(layer: &mut Object, project: &str) {
    for part in ["networks", "volumes", "configs", "secrets"] {
        for (key, value) in layer.get_mut(part).and_then(Value::as_object_mut).into_iter().flatten() {
            let Value::Object(value) = value else { continue };
            let external = value.get("external") == Some(&Value::Bool(true));
            let name = if external { key.clone() } else { format!("{project}_{key}") };
            value.entry("name").or_insert_with(|| Value::from(name));
        }
    }
}

/// Marks every `$`, so that what is printed is read as it stands.
pub(super) fn escape(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('$') => *text = text.replace('$', "$$"),
        Value::Array(items) => items.iter_mut().for_each(escape),
        Value::Object(map) => map.values_mut().for_each(escape),
        _ => {}
    }
}
