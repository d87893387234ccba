//! `build` of a service.

use serde_json::{Value, json};

use super::keys::{Keys, text};
use crate::model::build::{BuildSpec, CachePlace, Context, Dockerfile, SshAgent};

/// How an image is built, in the long form.
pub(super) fn build(it: &BuildSpec) -> Value {
    let mut keys = Keys::default();
    keys.set("context", context(&it.context));
    match &it.dockerfile {
        Dockerfile::File(path) => keys.set("dockerfile", text(&path_in(&it.context, path))),
        Dockerfile::Within(path) => keys.set("dockerfile", text(path)),
        Dockerfile::Inline(inline) => keys.set("dockerfile_inline", text(inline)),
    }
    keys.strings("args", &it.args);
    let agents = it.ssh.iter().map(|(id, agent)| match agent {
        SshAgent::Socket(path) if id != "default" => text(&format!("{id}={}", path.display())),
        SshAgent::Socket(_) | SshAgent::Missing => text(id),
    });
    keys.values("ssh", agents.collect());
    keys.values("cache_from", it.cache_from.iter().map(place).collect());
    keys.values("cache_to", it.cache_to.iter().map(place).collect());
    keys.flag("no_cache", it.no_cache);
    keys.list("no_cache_filter", &it.no_cache_filter);
    keys.flag("pull", it.pull);
    keys.map("additional_contexts", it.additional_contexts.iter().map(|(name, it)| (name, context(it))));
    keys.text("network", it.network.as_ref());
    let hosts = it.extra_hosts.iter().map(|line| text(&line.replacen(':', "=", 1)));
    keys.values("extra_hosts", hosts.collect());
    keys.list("entitlements", &it.entitlements);
    keys.strings("labels", &it.labels);
    if let Some(bytes) = it.shm_size {
        keys.set("shm_size", bytes.to_string());
    }
    keys.text("target", it.target.as_ref());
    let secrets = it.secrets.iter().map(|(id, secret)| json!({"source": secret.name, "target": id}));
    keys.values("secrets", secrets.collect());
    keys.list("tags", &it.tags);
    keys.map("ulimits", it.ulimits.iter().map(|(key, it)| (key, json!({"soft": it.soft, "hard": it.hard}))));
    keys.list("platforms", &it.platforms);
    keys.text("provenance", it.provenance.as_ref());
    keys.text("sbom", it.sbom.as_ref());
    Value::Object(keys.0)
}

fn context(it: &Context) -> Value {
    match it {
        Context::Directory(path) => text(&path.display().to_string()),
        Context::Remote(address) => text(address),
        Context::Service(name) => text(&format!("service:{name}")),
    }
}

/// As Compose prints it: relative to the context where it lies in it.
fn path_in(context: &Context, path: &std::path::Path) -> String {
    let inside = match context {
        Context::Directory(directory) => path.strip_prefix(directory).unwrap_or(path),
        Context::Remote(_) | Context::Service(_) => path,
    };
    inside.display().to_string()
}

fn place(it: &CachePlace) -> Value {
    let mut out = format!("type={}", it.kind);
    it.attributes.iter().for_each(|(key, value)| {
        out.push(',');
        out.push_str(key);
        out.push('=');
        out.push_str(value);
    });
    text(&out)
}
