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
];

/// What a node is, with its article.
pub(super) fn found(node: &Node) -> &'static str {
    match &node.value {
        Value::List(_) => "a list",
        Value::Mapping(_) => "a mapping",
        Value::Scalar(scalar) => match scalar.resolve() {
            Resolved::Null => "nothing",
            Resolved::Bool(_) => "a boolean",
            Resolved::Whole(_) | Resolved::Number(_) => "a number",
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
pub(crate) fn instead<'a>(word: &str, known: &[&'a str], of: &str) -> String {
    match crate::diag::suggest::nearest(word, known.iter().copied()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None if known.is_empty() => format!("There are no {of}."),
        None => format!("The {of} are {}.", enumerate(known.iter().copied())),
    }
}
