//! What an engine reports of a project, freed from what no two runs have in common: ids, times, labels of the tools.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::engine_differences::{Difference, covers};
use super::engine_http::{get, labelled, request};

const LABEL: &str = "com.docker.compose.project";

/// `inspect` of all containers, networks and volumes of a project, as the engine gives it.
pub(super) struct Report {
    /// Containers.
    pub(super) containers: Vec<Value>,
    /// Networks.
    pub(super) networks: Vec<Value>,
    /// Volumes.
    pub(super) volumes: Vec<Value>,
}

impl Report {
    /// Of the objects that carry the label of Compose.
    pub(super) fn of(host: &str, project: &str) -> Self {
        let label = format!("{LABEL}={project}");
        let ids = |list: &Value, key: &str| -> Vec<String> {
            let items = list.as_array().into_iter().flatten();
            items.filter_map(|item| item[key].as_str().map(str::to_owned)).collect()
        };
        let containers = ids(&labelled(host, "/containers/json?all=1", &label), "Id");
        let networks = ids(&labelled(host, "/networks", &label), "Id");
        let volumes = ids(&labelled(host, "/volumes", &label)["Volumes"], "Name");
        Self {
            containers: containers.iter().map(|id| get(host, &format!("/containers/{id}/json"))).collect(),
            networks: networks.iter().map(|id| get(host, &format!("/networks/{id}"))).collect(),
            volumes: volumes.iter().map(|name| get(host, &format!("/volumes/{name}"))).collect(),
        }
    }

    /// Takes everything away.
    pub(super) fn remove(&self, host: &str) {
        let rows = [
            ("containers", &self.containers, "Id", "?force=1&v=1"),
            ("networks", &self.networks, "Id", ""),
            ("volumes", &self.volumes, "Name", "?force=1"),
        ];
        for (kind, objects, key, more) in rows {
            for object in objects {
                let name = object[key].as_str().unwrap_or_default();
                let (status, body) = request(host, "DELETE", &format!("/{kind}/{name}{more}"), None);
                assert!(status < 300 || status == 404, "{kind}/{name}: {status} {body}");
            }
        }
    }

    /// What two tools have to make alike: `container NAME`, `network NAME` and `volume NAME` to what is reported.
    /// `written` is the text of the files: an address range that does not stand there is the engine's choice.
    /// `names` are texts of this run alone (directory, project), each with what stands for it.
    pub(super) fn comparable(&self, written: &str, names: &[(String, String)]) -> Value {
        let mut own = names.to_vec();
        own.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        let mut names: BTreeMap<String, String> = own.iter().cloned().collect();
        for (kind, objects) in [("container", &self.containers), ("network", &self.networks)] {
            for object in objects {
                let id = object["Id"].as_str().unwrap_or_default();
                let mut name = object["Name"].as_str().unwrap_or_default().trim_start_matches('/').to_owned();
                for (from, to) in &own {
                    name = name.replace(from, to);
                }
                names.insert(id.to_owned(), format!("<{kind} {name}>"));
                names.insert(id[..id.len().min(12)].to_owned(), format!("<{kind} {name}>"));
            }
        }
        let mut out = Map::new();
        for container in &self.containers {
            put(&mut out, "container", comparable_container(&renamed(container, &names)));
        }
        for network in &self.networks {
            put(&mut out, "network", comparable_network(&renamed(network, &names), written));
        }
        for volume in &self.volumes {
            // A volume that the engine named itself is seen where it is mounted.
            if !is_hex(volume["Name"].as_str().unwrap_or_default()) {
                let volume = renamed(volume, &names);
                put(&mut out, "volume", kept(&volume, &["Name", "Driver", "Options", "Labels", "Scope"]));
            }
        }
        Value::Object(out)
    }
}

fn put(out: &mut Map<String, Value>, kind: &str, mut object: Value) {
    untooled(&mut object);
    tidied(&mut object, "");
    let name = object["Name"].as_str().unwrap_or_default().trim_start_matches('/');
    out.insert(format!("{kind} {name}"), object);
}

/// The object with names for ids, longest first.
fn renamed(object: &Value, names: &BTreeMap<String, String>) -> Value {
    let mut text = object.to_string();
    let mut ids: Vec<&String> = names.keys().filter(|id| !id.is_empty()).collect();
    ids.sort_by_key(|id| std::cmp::Reverse(id.len()));
    for id in ids {
        text = text.replace(id.as_str(), &names[id]);
    }
    serde_json::from_str(&text).expect("still JSON")
}

pub(super) fn kept(object: &Value, keys: &[&str]) -> Value {
    let pairs = keys.iter().filter_map(|key| Some(((*key).to_owned(), object.get(*key)?.clone())));
    Value::Object(pairs.collect())
}

fn comparable_container(whole: &Value) -> Value {
    let mut out = kept(
        whole,
        &[
            "Name",
            "Path",
            "Args",
            "Image",
            "Platform",
            "Driver",
            "Config",
            "HostConfig",
            "Mounts",
            "AppArmorProfile",
            "MountLabel",
            "ProcessLabel",
        ],
    );
    let mut networks = whole["NetworkSettings"]["Networks"].clone();
    for endpoint in networks.as_object_mut().into_iter().flat_map(Map::values_mut) {
        let asked = &endpoint["IPAMConfig"];
        let fixed = asked.is_object() && asked.as_object().is_some_and(|asked| !asked.is_empty());
        let all = ["IPAMConfig", "Links", "Aliases", "DriverOpts", "DNSNames", "GwPriority"];
        let mut kept = kept(endpoint, &all);
        if !fixed {
            kept["IPAMConfig"] = Value::Null;
        }
        *endpoint = kept;
    }
    out["Networks"] = networks;
    // A container may be meant by its id or by its name.
    for other in out["HostConfig"]["VolumesFrom"].as_array_mut().into_iter().flatten() {
        let name = other.as_str().unwrap_or_default();
        *other = Value::from(name.trim_start_matches("<container ").replace('>', ""));
    }
    out
}

fn comparable_network(whole: &Value, written: &str) -> Value {
    let keys = [
        "Name",
        "Driver",
        "Scope",
        "EnableIPv4",
        "EnableIPv6",
        "Internal",
        "Attachable",
        "Ingress",
        "Options",
    ];
    let mut out = kept(whole, &keys);
    out["Labels"] = whole["Labels"].clone();
    out["IPAM"] = whole["IPAM"].clone();
    for config in out["IPAM"]["Config"].as_array_mut().into_iter().flatten() {
        for value in config.as_object_mut().into_iter().flat_map(Map::values_mut) {
            if value.as_str().is_some_and(|text| !written.contains(text)) {
                *value = Value::from("<chosen>");
            }
        }
    }
    out
}

/// Without the labels by which tools know their own.
pub(super) fn untooled(object: &mut Value) {
    let places = ["/Labels", "/Config/Labels"];
    for place in places {
        if let Some(labels) = object.pointer_mut(place).and_then(Value::as_object_mut) {
            labels
                .retain(|key, _| !key.starts_with("com.docker.compose.") && !key.starts_with("io.nestctl."));
        }
    }
}

fn is_hex(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Lists that mean sets in one order, nothing for what is empty, and one name for volumes that have none.
pub(super) fn tidied(value: &mut Value, key: &str) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                tidied(value, key);
            }
            map.retain(|_, value| !is_empty(value));
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|item| tidied(item, ""));
            let sets = ["Env", "Binds", "Mounts", "Aliases", "DNSNames", "Links", "Ulimits", "ExtraHosts"];
            if sets.contains(&key) {
                items.sort_by_key(Value::to_string);
            }
        }
        Value::String(text) => {
            let parts = text.split('/').map(|part| if is_hex(part) { "<anonymous>" } else { part });
            *text = parts.collect::<Vec<_>>().join("/");
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// Every difference that no row covers, one a line; the rows that were needed are added to `used`.
pub(super) fn differ(
    theirs: &Value,
    ours: &Value,
    table: &[Difference],
    used: &mut Vec<&'static str>,
) -> String {
    let mut out = String::new();
    walk(&mut Vec::new(), Some(theirs), Some(ours), table, used, &mut out);
    out
}

fn walk(
    at: &mut Vec<String>,
    theirs: Option<&Value>,
    ours: Option<&Value>,
    table: &[Difference],
    used: &mut Vec<&'static str>,
    out: &mut String,
) {
    if theirs == ours {
        return;
    }
    if let Some(row) = table.iter().find(|row| covers(row, at)) {
        used.push(row.at);
        return;
    }
    if let (Some(Value::Object(theirs)), Some(Value::Object(ours))) = (theirs, ours) {
        let mut keys: Vec<&String> = theirs.keys().chain(ours.keys()).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            at.push(key.clone());
            walk(at, theirs.get(key), ours.get(key), table, used, out);
            at.pop();
        }
        return;
    }
    let text = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    writeln!(out, "  {}\n    peer    {}\n    nestctl {}", at.join("."), text(theirs), text(ours))
        .expect("a string takes all");
}
