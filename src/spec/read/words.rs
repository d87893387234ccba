//! What things are called in messages.

use crate::spec::tree::node::{Node, Value};
use crate::spec::tree::scalar::Resolved;

/// The thing that a wire type describes.
pub(super) fn thing(type_name: &str) -> &'static str {
    THINGS.iter().find(|(name, _)| *name == type_name).map_or("this mapping", |(_, thing)| thing)
}

const THINGS: &[(&str, &str)] = &[
    ("Layer", "a layer"),
    ("Service", "a service"),
    ("Engine", "an engine"),
    ("EngineData", "`data` of an engine"),
    ("Ssh", "`ssh` of an engine"),
    ("Port", "a port"),
    ("ServiceVolume", "a volume of a service"),
    ("BindOptions", "`bind` of a volume"),
    ("VolumeOptions", "`volume` of a volume"),
    ("TmpfsOptions", "`tmpfs` of a volume"),
    ("ServiceNetwork", "a network of a service"),
    ("Dependency", "a dependency"),
    ("Healthcheck", "a health check"),
    ("EnvFile", "an `env_file`"),
    ("FileUse", "a config or secret of a service"),
    ("FileDefinition", "a config or secret"),
    ("Network", "a network"),
    ("Ipam", "`ipam` of a network"),
    ("IpamPool", "a pool of `ipam`"),
    ("Volume", "a volume"),
    ("Logging", "`logging`"),
    ("Ulimit", "a limit"),
    ("Device", "a device"),
    ("Deploy", "`deploy`"),
    ("Resources", "`resources` of `deploy`"),
    ("Limits", "`limits` of `resources`"),
    ("Reservations", "`reservations` of `resources`"),
    ("GenericResource", "a generic resource"),
    ("DiscreteResource", "`discrete_resource_spec`"),
    ("DeployRestart", "`restart_policy` of `deploy`"),
    ("Placement", "`placement` of `deploy`"),
    ("Preference", "a preference of `placement`"),
    ("UpdateConfig", "`update_config` or `rollback_config` of `deploy`"),
    ("DeviceRequest", "a request for devices"),
    ("BlkioConfig", "`blkio_config`"),
    ("BlkioWeight", "a weight of `blkio_config`"),
    ("BlkioLimit", "a limit of `blkio_config`"),
    ("CredentialSpec", "`credential_spec`"),
    ("ImageOptions", "`image` of a volume"),
    ("ExternalName", "`external`"),
];

/// What a node is, with its article.
pub(super) fn found(node: &Node) -> &'static str {
    match &node.value {
        Value::List(_) => "a list",
        Value::Mapping(_) => "a mapping",
        Value::Scalar(scalar) => match scalar.resolve() {
            Resolved::Null => "nothing",
            Resolved::Bool(_) => "a boolean",
            Resolved::Whole(_) | Resolved::Large(_) | Resolved::Number(_) => "a number",
            Resolved::Text(_) => "text",
        },
    }
}

/// `` `a`, `b` and `c` ``.
pub(crate) fn enumerate<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// "Did you mean `x`?", or else all that there is.
pub(crate) fn instead(word: &str, known: &[&str], of: &str) -> String {
    match (crate::diag::suggest::nearest(word, known.iter().copied()), known) {
        (Some(near), _) => format!("Did you mean `{near}`?"),
        (None, []) => format!("There are no {of}."),
        (None, [only]) => format!("There is only `{only}`."),
        (None, known) => format!("The {of} are {}.", enumerate(known.iter().copied())),
    }
}

/// Longest text of the user's that a message repeats, in characters.
const QUOTE_LIMIT: usize = 60;

/// A text of the user's in backticks, cut where it is long.
pub(crate) fn quote(text: &str) -> String {
    if text.is_empty() {
        return "an empty text".to_owned();
    }
    let mut out = String::from("`");
    for (i, c) in text.chars().enumerate() {
        if i == QUOTE_LIMIT {
            out.push('…');
            break;
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out.push('`');
    out
}

/// What to do with a key that is known elsewhere.
pub(super) fn misplaced(type_name: &str, key: &str) -> Option<&'static str> {
    MISPLACED
        .iter()
        .find(|(place, keys, _)| *place == type_name && keys.contains(&key))
        .map(|(.., help)| *help)
}

const MISPLACED: &[(&str, &[&str], &str)] = &[
    (
        "Layer",
        &[
            "image",
            "command",
            "entrypoint",
            "ports",
            "publish",
            "environment",
            "depends_on",
            "engine",
            "inner",
            "build",
            "healthcheck",
            "restart",
            "container_name",
        ],
        "It is a key of a service: indent it below a name in `services`.",
    ),
    ("Service", &["services"], "What runs on a node's engine stands in its `inner`."),
    (
        "Service",
        &["kind", "address_pool", "mtu", "registry_mirrors", "insecure_registries", "ready_timeout"],
        "It is a key of `engine`.",
    ),
    ("Service", &["images"], "It is a key of a layer: put it beside `services`."),
    ("Service", &["test", "interval", "retries", "start_period"], "It is a key of `healthcheck`."),
    ("Service", &["replicas"], "Write `scale`, or put it below `deploy`."),
    (
        "Engine",
        &["inner", "image", "command", "privileged", "ports", "publish"],
        "It is a key of the service, beside `engine`.",
    ),
    ("Engine", &["services"], "What runs on the engine stands in `inner` of the service."),
];
