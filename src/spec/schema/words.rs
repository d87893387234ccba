//! Words that a key takes, each with its sentence, where the wire type is a text: an editor completes them.

use schemars::Schema;
use serde_json::{Value, json};

/// A key and its words.
pub(super) struct Words {
    /// The definition that has the key, and the key.
    pub(super) key: (&'static str, &'static str),
    /// The words.
    pub(super) list: &'static [(&'static str, &'static str)],
    /// What else may stand there.
    pub(super) more: More,
}

/// What may stand in the place of a word.
#[derive(Clone, Copy)]
pub(super) enum More {
    /// Nothing.
    Nothing,
    /// `false`, as YAML reads some spellings of `no`, or a text of this pattern.
    NoOr(&'static str),
    /// A text of this pattern.
    Pattern(&'static str),
    /// All that the wire type takes.
    Anything,
}

use More::{Anything, NoOr, Nothing, Pattern};

/// `service:NAME` or `container:NAME`, or nothing.
pub(super) const SHARED: &str = "^((service|container):.+)?$";
/// `on-failure:3`, or nothing.
pub(super) const FAILURES: &str = "^(on-failure:[0-9]+)?$";
/// `every_12h`.
pub(super) const EVERY: &str = "^every_.+$";

const ON_HOST: (&str, &str) = ("host", "That of the engine's machine.");
const OWN: (&str, &str) = ("private", "One of its own.");

pub(super) const WORDS: &[Words] = &[
    Words {
        key: ("Service", "restart"),
        list: &[
            ("no", "It stays as it ended."),
            ("always", "The engine starts it again whenever it ends, and when the engine starts."),
            ("on-failure", "The engine starts it again when it fails; `on-failure:3` at most so many times."),
            ("unless-stopped", "As `always`, but for what was stopped by hand."),
        ],
        more: NoOr(FAILURES),
    },
    Words {
        key: ("Service", "pull_policy"),
        list: &[
            ("missing", "Pulled where it is not there; the usual one."),
            ("if_not_present", "Another word for `missing`."),
            ("always", "Pulled at each `up`."),
            ("never", "Never pulled."),
            ("build", "Built at each `up`."),
            ("daily", "Pulled when the last pull is a day old."),
            ("weekly", "Pulled when the last pull is a week old."),
            ("refresh", "Pulled when the last pull is as old as `pull_refresh_after`."),
            ("every_12h", "Pulled when the last pull is so old."),
        ],
        more: Pattern(EVERY),
    },
    Words {
        key: ("Service", "network_mode"),
        list: &[
            ("none", "No network."),
            ("host", "The network of the engine's machine."),
            ("bridge", "The engine's own bridge."),
        ],
        more: Anything,
    },
    Words { key: ("Service", "pid"), list: &[ON_HOST], more: Pattern(SHARED) },
    Words {
        key: ("Service", "ipc"),
        list: &[
            ON_HOST,
            OWN,
            ("shareable", "One of its own, which others may share."),
            ("none", "One of its own, without /dev/shm."),
        ],
        more: Pattern(SHARED),
    },
    Words { key: ("Service", "uts"), list: &[ON_HOST], more: Nothing },
    Words { key: ("Service", "cgroup"), list: &[ON_HOST, OWN], more: Nothing },
    Words { key: ("Service", "userns_mode"), list: &[ON_HOST], more: Nothing },
    Words { key: ("Service", "isolation"), list: &[("default", "The engine's own.")], more: Anything },
    Words { key: ("Service", "gpus"), list: &[("all", "All that the engine has.")], more: Anything },
    Words {
        key: ("ServiceVolume", "consistency"),
        list: &[
            ("consistent", "Both sides see the same at once."),
            ("cached", "What the container sees may be late."),
            ("delegated", "What the machine sees may be late."),
        ],
        more: Anything,
    },
    Words {
        key: ("BindOptions", "propagation"),
        list: &[
            ("rprivate", "No mount made later is seen on the other side; the usual one."),
            ("private", "As `rprivate`, of this mount alone."),
            ("rshared", "Mounts made later are seen on both sides."),
            ("shared", "As `rshared`, of this mount alone."),
            ("rslave", "Mounts made later on the machine are seen in the container."),
            ("slave", "As `rslave`, of this mount alone."),
        ],
        more: Nothing,
    },
    Words {
        key: ("BindOptions", "selinux"),
        list: &[("z", "Shared between containers."), ("Z", "For this container alone.")],
        more: Nothing,
    },
    Words {
        key: ("BindOptions", "recursive"),
        list: &[
            ("enabled", "They come along; not writable where the engine can."),
            ("disabled", "They do not come along."),
            ("writable", "They come along, and are writable."),
            ("readonly", "They come along, and are not writable."),
        ],
        more: Nothing,
    },
    Words {
        key: ("Port", "protocol"),
        list: &[("tcp", "The usual one."), ("udp", "Datagrams."), ("sctp", "Stream control.")],
        more: Anything,
    },
    Words {
        key: ("Port", "mode"),
        list: &[("host", "On the engine's machine."), ("ingress", "The same, without a cluster.")],
        more: Anything,
    },
    Words {
        key: ("EnvFile", "format"),
        list: &[("raw", "Values are taken as they are, without quotes and variables.")],
        more: Anything,
    },
    Words {
        key: ("Build", "network"),
        list: &[
            ("default", "The engine's own."),
            ("none", "No network."),
            ("host", "That of the engine's machine."),
        ],
        more: Anything,
    },
    Words { key: ("Build", "isolation"), list: &[("default", "The engine's own.")], more: Anything },
    Words {
        key: ("Deploy", "mode"),
        list: &[
            ("replicated", "So many replicas as are asked for."),
            ("global", "One on each machine of a cluster; means nothing on one engine."),
            ("replicated-job", "The same, of programs that come to an end."),
            ("global-job", "The same, of programs that come to an end."),
        ],
        more: Anything,
    },
    Words {
        key: ("Deploy", "endpoint_mode"),
        list: &[("vip", "One address for all replicas."), ("dnsrr", "The addresses of all replicas.")],
        more: Anything,
    },
    Words {
        key: ("DeployRestart", "condition"),
        list: &[
            ("any", "Whenever it ends."),
            ("on-failure", "When it fails."),
            ("none", "Never."),
            ("unless-stopped", "As `any`, but for what was stopped by hand."),
            ("always", "Another word for `any`."),
            ("no", "Another word for `none`."),
        ],
        more: NoOr("^$"),
    },
    Words {
        key: ("UpdateConfig", "failure_action"),
        list: &[
            ("continue", "The others are replaced all the same."),
            ("pause", "No other is replaced."),
            ("rollback", "The old ones come back."),
        ],
        more: Anything,
    },
    Words {
        key: ("Logging", "driver"),
        list: &[
            ("json-file", "Files of the engine; the usual one."),
            ("local", "Files of the engine, smaller."),
            ("journald", "The journal of the machine."),
            ("syslog", "The system log."),
            ("none", "Nothing is kept."),
        ],
        more: Anything,
    },
    Words {
        key: ("Network", "driver"),
        list: &[
            ("bridge", "A bridge of the engine's machine; the usual one."),
            ("host", "The network of the engine's machine."),
            ("none", "No network."),
            ("macvlan", "Addresses in a network of the machine, with MAC addresses of their own."),
            ("ipvlan", "Addresses in a network of the machine."),
            ("overlay", "Across machines of a cluster."),
        ],
        more: Anything,
    },
    Words { key: ("Volume", "driver"), list: &[("local", "The usual one.")], more: Anything },
];

/// Keys whose value the specification's schema lets be nothing.
const NOTHING: &[(&str, &str)] = &[
    ("Service", "command"),
    ("Service", "entrypoint"),
    ("Service", "deploy"),
    ("Service", "develop"),
    ("InitHook", "command"),
];

/// Lets the value of these keys be nothing, and those of options of a log driver.
pub(super) fn add_nothing(schema: &mut Schema) {
    let definitions = schema.get_mut("definitions").expect("the schema has definitions");
    for (definition, key) in NOTHING {
        let property = definitions[definition]["properties"][key].as_object_mut();
        let property = property.unwrap_or_else(|| panic!("the schema has no `{definition}.{key}`"));
        let shape = ["type", "allOf", "anyOf", "$ref"].into_iter();
        let shape: serde_json::Map<String, Value> =
            shape.filter_map(|word| Some((word.to_owned(), property.remove(word)?))).collect();
        property.insert("anyOf".to_owned(), json!([shape, {"type": "null"}]));
    }
    let options = &mut definitions["Logging"]["properties"]["options"]["additionalProperties"]["type"];
    options.as_array_mut().expect("several types").push(json!("null"));
}

/// Puts the words at their keys. A key that is not there is a row too many.
pub(super) fn add(schema: &mut Schema) {
    let definitions = schema.get_mut("definitions").expect("the schema has definitions");
    for row in WORDS {
        let (definition, key) = row.key;
        let property = definitions[definition]["properties"][key].as_object_mut();
        let property = property.unwrap_or_else(|| panic!("the schema has no `{definition}.{key}`"));
        let mut all: Vec<Value> =
            row.list.iter().map(|(word, doc)| json!({"const": word, "description": doc})).collect();
        let mut take = |word: &str| Some((word.to_owned(), property.remove(word)?));
        let rest: serde_json::Map<String, Value> =
            ["type", "allOf", "$ref"].into_iter().filter_map(&mut take).collect();
        let text = |pattern: &str| json!({"type": "string", "pattern": pattern});
        let variable = text("\\$");
        match row.more {
            Nothing => all.push(variable),
            Pattern(pattern) => all.extend([text(pattern), variable]),
            NoOr(pattern) => all.extend([json!({"const": false}), text(pattern), variable]),
            Anything => all.push(Value::Object(rest)),
        }
        property.insert("anyOf".to_owned(), Value::Array(all));
    }
}
