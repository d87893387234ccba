//! Hooks, links, what is shared, `develop`, `provider`, `models`.

use serde_json::{Map, Value, json};

use super::keys::{Keys, text, texts};
use crate::model::behaviour::{Behaviour, Develop, Hook, ModelDef, Sharer, Watch};
use crate::model::service::PullPolicy;

pub(super) fn behaviour(keys: &mut Keys, it: &Behaviour) {
    let links = it.links.iter().map(|link| match link.service.as_str() {
        name if name == link.alias => text(name),
        name => text(&format!("{name}:{}", link.alias)),
    });
    keys.values("links", links.collect());
    let external = it.external_links.iter().map(|link| match &link.value {
        (name, alias) if name == alias => text(name),
        (name, alias) => text(&format!("{name}:{alias}")),
    });
    keys.values("external_links", external.collect());
    let volumes_from = it.volumes_from.iter().map(|from| {
        let source = match &from.source {
            Sharer::Service(name) => name.to_string(),
            Sharer::Container(name) => format!("container:{name}"),
        };
        let mode = match from.read_only {
            None => "",
            Some(true) => ":ro",
            Some(false) => ":rw",
        };
        text(&format!("{source}{mode}"))
    });
    keys.values("volumes_from", volumes_from.collect());
    for (key, hooks) in
        [("pre_start", &it.pre_start), ("post_start", &it.post_start), ("pre_stop", &it.pre_stop)]
    {
        keys.values(key, hooks.iter().map(hook).collect());
    }
    keys.flag("use_api_socket", it.use_api_socket);
    if let Some(attach) = it.attach {
        keys.set("attach", attach);
    }
    if let Some(it) = &it.develop {
        keys.set("develop", develop(it));
    }
    if let Some(provider) = &it.provider {
        let mut inner = Keys::default();
        inner.set("type", text(&provider.kind.value));
        let value = |values: &Vec<String>| match values.as_slice() {
            [one] => text(one),
            many => texts(many),
        };
        inner.map("options", provider.options.iter().map(|(name, values)| (name, value(values))));
        keys.set("provider", inner.0);
    }
    let models = it.models.iter().map(|(key, (endpoint, model))| {
        let mut inner = Keys::default();
        inner.text("endpoint_var", endpoint.as_ref());
        inner.text("model_var", model.as_ref());
        (key, Value::Object(inner.0))
    });
    keys.map("models", models);
}

fn hook(it: &Hook) -> Value {
    let mut keys = Keys::default();
    keys.list("command", &it.command);
    keys.text("image", it.image.as_ref());
    keys.text("user", it.user.as_ref());
    keys.flag("privileged", it.privileged);
    keys.text("working_dir", it.working_dir.as_ref());
    let value = |value: &Option<String>| value.as_deref().map_or(Value::Null, text);
    keys.map("environment", it.environment.iter().map(|(key, it)| (key, value(it))));
    keys.flag("per_replica", it.per_replica);
    Value::Object(keys.0)
}

fn develop(it: &Develop) -> Map<String, Value> {
    let mut keys = Keys::default();
    keys.values("watch", it.watch.iter().map(watch).collect());
    keys.0
}

fn watch(it: &Watch) -> Value {
    let mut keys = Keys::default();
    keys.set("path", text(&it.path.display().to_string()));
    keys.set("action", it.action.as_str());
    keys.text("target", it.target.as_ref());
    keys.list("ignore", &it.ignore);
    keys.list("include", &it.include);
    if let Some(exec) = &it.exec {
        keys.set("exec", hook(exec));
    }
    keys.flag("initial_sync", it.initial_sync);
    Value::Object(keys.0)
}

/// The file's word for a pull policy; `None` for the one that needs none.
pub(super) fn pull_policy(policy: PullPolicy) -> Option<String> {
    let word = match policy {
        PullPolicy::Missing => return None,
        PullPolicy::Always => "always".to_owned(),
        PullPolicy::Never => "never".to_owned(),
        PullPolicy::Build => "build".to_owned(),
        PullPolicy::Refresh(after) => match after.as_secs() {
            86_400 => "daily".to_owned(),
            604_800 => "weekly".to_owned(),
            seconds => {
                let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm')];
                let unit = units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit));
                let (unit, letter) = unit.unwrap_or((1, 's'));
                format!("every_{}{letter}", seconds / unit)
            }
        },
    };
    Some(word)
}

/// A model of the layer.
pub(super) fn model(it: &ModelDef) -> Value {
    let mut keys = Keys::default();
    keys.text("name", it.name.as_ref());
    keys.set("model", text(&it.model));
    if let Some(size) = it.context_size {
        keys.set("context_size", json!(size));
    }
    keys.list("runtime_flags", &it.runtime_flags);
    Value::Object(keys.0)
}
