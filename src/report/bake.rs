//! Builds as a file for `docker buildx bake`, in the shape that `docker compose build --print` gives it
//! (docker/compose `pkg/compose/build_bake.go`); and what checks of Dockerfiles found.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::model::build::{CachePlace, Checked, Context, Dockerfile, SecretSource, SshAgent};
use crate::plan::lab_builds::LabBuild;

/// The file. `push`: what has been built is to be pushed.
pub fn render(builds: &[LabBuild], push: bool) -> String {
    let meant: Vec<&str> = builds.iter().filter(|it| it.is_meant).map(|it| it.name.as_str()).collect();
    let targets: Map<String, Value> =
        builds.iter().map(|it| (it.name.clone(), target(it, builds, push))).collect();
    let file = json!({"group": {"default": {"targets": meant}}, "target": targets});
    let mut text = serde_json::to_string_pretty(&file).unwrap_or_default();
    text.push('\n');
    text
}

/// bake fills variables in, which is done already.
fn literal(text: &str) -> String {
    text.replace("${", "$${")
}

fn target(build: &LabBuild, all: &[LabBuild], push: bool) -> Value {
    let spec = &build.order.spec;
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        let is_empty = match &value {
            Value::Null | Value::Bool(false) => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        if !is_empty {
            out.insert(key.to_owned(), value);
        }
    };
    put("context", Value::from(place(&spec.context, all)));
    let contexts = spec.additional_contexts.iter();
    put("contexts", contexts.map(|(name, it)| (name.clone(), Value::from(place(it, all)))).collect());
    match &spec.dockerfile {
        Dockerfile::File(path) => put("dockerfile", Value::from(path.to_string_lossy())),
        Dockerfile::Within(path) => put("dockerfile", Value::from(path.as_str())),
        Dockerfile::Inline(text) => put("dockerfile-inline", Value::from(literal(text))),
    }
    put("args", spec.args.iter().map(|(key, value)| (key.clone(), Value::from(literal(value)))).collect());
    put(
        "labels",
        spec.labels.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect(),
    );
    // The name by which it is used comes last there.
    let (own, tags) =
        build.order.names.split_first().map_or((None, &[][..]), |(own, tags)| (Some(own), tags));
    put("tags", tags.iter().chain(own).map(String::as_str).collect());
    put("cache-from", spec.cache_from.iter().map(cache).collect());
    put("cache-to", spec.cache_to.iter().map(cache).collect());
    put("target", json!(spec.target));
    let secrets = spec.secrets.iter().filter_map(|(id, secret)| {
        let variable = build.variables.get(&secret.name);
        Some(match (&secret.source, variable) {
            (_, Some(variable)) => format!("id={id},type=env,env={variable}"),
            (SecretSource::File(path), None) => format!("id={id},type=file,src={}", path.display()),
            (SecretSource::Bytes(_), None) => return None,
        })
    });
    put("secret", secrets.collect());
    let agents = spec.ssh.iter().map(|(id, agent)| match agent {
        SshAgent::Socket(path) if id != "default" => format!("{id}={}", path.display()),
        SshAgent::Socket(_) | SshAgent::Missing => format!("{id}="),
    });
    put("ssh", agents.collect());
    let own = || build.order.platform.iter().map(String::as_str).collect::<Value>();
    let several = || spec.platforms.iter().map(String::as_str).collect::<Value>();
    put("platforms", if spec.platforms.is_empty() { own() } else { several() });
    put("pull", Value::from(spec.pull));
    put("no-cache", Value::from(spec.no_cache));
    put("network", json!(spec.network));
    put("no-cache-filter", spec.no_cache_filter.iter().map(String::as_str).collect());
    put("shm-size", spec.shm_size.map_or(Value::Null, |size| Value::from(size.to_string())));
    let limits = spec.ulimits.iter().map(|(name, it)| match it.soft == it.hard {
        true => format!("{name}={}", it.soft),
        false => format!("{name}={}:{}", it.soft, it.hard),
    });
    put("ulimits", limits.collect());
    put("entitlements", spec.entitlements.iter().map(String::as_str).collect());
    put("extra-hosts", hosts(&spec.extra_hosts));
    let outputs = match (spec.platforms.len() > 1, push) {
        (true, push) => format!("type=image,push={push}"),
        (false, true) => "type=registry".to_owned(),
        (false, false) => "type=docker".to_owned(),
    };
    put("output", json!([outputs]));
    let attested = [("provenance", &spec.provenance), ("sbom", &spec.sbom)].into_iter();
    let attested = attested.filter_map(|(kind, wanted)| match wanted.as_deref()? {
        "true" => Some(format!("type={kind}")),
        how => Some(format!("type={kind},{how}")),
    });
    put("attest", attested.collect());
    Value::Object(out)
}

/// The image of another target is that target.
fn place(context: &Context, all: &[LabBuild]) -> String {
    match context {
        Context::Directory(path) => path.to_string_lossy().into_owned(),
        Context::Remote(address) => {
            let image = address.strip_prefix("docker-image://");
            let other =
                image.and_then(|image| all.iter().find(|it| it.order.names.iter().any(|it| it == image)));
            other.map_or_else(|| address.clone(), |other| format!("target:{}", other.name))
        }
        Context::Service(name) => format!("target:{name}"),
    }
}

fn cache(place: &CachePlace) -> String {
    let attributes = place.attributes.iter().map(|(key, value)| format!(",{key}={value}"));
    format!("type={}{}", place.kind, attributes.collect::<String>())
}

/// Lines of hosts by their names; several addresses of one are one text.
fn hosts(lines: &[String]) -> Value {
    let mut out: Map<String, Value> = Map::new();
    for line in lines {
        let (name, address) = line.split_once(':').unwrap_or((line, ""));
        let all = match out.get(name).and_then(Value::as_str) {
            Some(before) => format!("{before},{address}"),
            None => address.to_owned(),
        };
        out.insert(name.to_owned(), Value::from(all));
    }
    Value::Object(out)
}

/// What checks of Dockerfiles found.
pub fn checks(found: &[(String, Checked)]) -> String {
    let mut out = String::new();
    for (name, Checked { text, .. }) in found {
        if text.is_empty() {
            let _ = writeln!(out, "{name}: no warnings found");
        } else {
            let _ = writeln!(out, "{name}:\n{text}\n");
        }
    }
    out
}
