//! The keys of the language and what each holds (compose-go `types/types.go`). Keys that are missing here are printed
//! as they are.

use super::forms;
use super::mounts;
use super::ports;
use super::shape::Shape::{
    self, Any, Bytes, Dict, Duration, Environment, Form, KeptDuration, KeptSwitch, KeptWhole, Keys, List,
    Mode, Number, OneOrMany, Pairs, Part, Path, Short, Switch, Text, Whole,
};

/// A service.
pub(super) static SERVICE: Shape = Keys(&[
    ("annotations", Pairs),
    ("attach", KeptSwitch),
    ("blkio_config", Keys(BLKIO)),
    ("build", Short("context", &Form(forms::build))),
    ("cap_add", List(&Text)),
    ("cap_drop", List(&Text)),
    ("cgroup", Text),
    ("cgroup_parent", Text),
    ("command", Form(forms::command)),
    ("configs", List(&Form(forms::config_use))),
    ("container_name", Text),
    ("cpu_count", Whole),
    ("cpu_percent", Number),
    ("cpu_period", Whole),
    ("cpu_quota", Whole),
    ("cpu_rt_period", Whole),
    ("cpu_rt_runtime", Whole),
    ("cpu_shares", Whole),
    ("cpus", Number),
    ("cpuset", Text),
    ("credential_spec", Any),
    ("depends_on", Form(forms::depends_on)),
    ("deploy", Keys(DEPLOY)),
    ("develop", Keys(&[("watch", List(&Keys(WATCH)))])),
    ("device_cgroup_rules", List(&Text)),
    ("devices", List(&Form(mounts::device))),
    ("dns", OneOrMany(&Text)),
    ("dns_opt", List(&Text)),
    ("dns_search", Form(forms::dns_search)),
    ("domainname", Text),
    ("engine", Form(forms::engine)),
    ("entrypoint", Form(forms::command)),
    ("env_file", OneOrMany(&Form(forms::env_file))),
    ("environment", Environment),
    ("expose", List(&Text)),
    ("external_links", List(&Text)),
    ("extra_hosts", Form(forms::extra_hosts)),
    ("gpus", Form(forms::gpus)),
    ("group_add", List(&Text)),
    ("healthcheck", Keys(HEALTHCHECK)),
    ("hostname", Text),
    ("image", Text),
    ("init", KeptSwitch),
    // Printed as the layer that it is.
    ("inner", Form(forms::nothing)),
    ("ipc", Text),
    ("isolation", Text),
    ("label_file", OneOrMany(&Path)),
    ("labels", Pairs),
    ("links", List(&Text)),
    ("logging", Keys(&[("driver", Text), ("options", Pairs)])),
    ("mac_address", Text),
    ("mem_limit", Bytes),
    ("mem_reservation", Bytes),
    ("mem_swappiness", Bytes),
    ("memswap_limit", Bytes),
    ("models", Form(forms::models)),
    ("network_mode", Text),
    ("networks", Form(forms::attachments)),
    ("oom_kill_disable", Switch),
    ("oom_score_adj", Whole),
    ("pid", Text),
    ("pids_limit", Whole),
    ("platform", Text),
    ("ports", Form(ports::ports)),
    ("post_start", List(&Keys(HOOK))),
    ("pre_start", List(&Keys(HOOK))),
    ("pre_stop", List(&Keys(HOOK))),
    ("privileged", Switch),
    ("profiles", List(&Text)),
    ("provider", Keys(&[("type", Text), ("options", Dict(&OneOrMany(&Text)))])),
    ("publish", Form(ports::ports)),
    ("pull_policy", Form(forms::pull_policy)),
    ("read_only", Switch),
    ("restart", Text),
    ("runtime", Text),
    ("scale", KeptWhole),
    ("secrets", List(&Form(forms::secret_use))),
    ("security_opt", List(&Text)),
    ("shm_size", Bytes),
    ("stdin_open", Switch),
    ("stop_grace_period", KeptDuration),
    ("stop_signal", Text),
    ("storage_opt", Pairs),
    ("sysctls", Pairs),
    ("tmpfs", OneOrMany(&Text)),
    ("tty", Switch),
    ("ulimits", Dict(&Form(forms::ulimit))),
    ("use_api_socket", Switch),
    ("user", Text),
    ("userns_mode", Text),
    ("uts", Text),
    ("volumes", List(&Form(mounts::mount))),
    ("volumes_from", List(&Text)),
    ("working_dir", Text),
]);

const BLKIO: &[(&str, Shape)] = &[
    ("weight", Whole),
    ("weight_device", List(&Keys(&[("path", Text), ("weight", KeptWhole)]))),
    ("device_read_bps", List(&Keys(THROTTLE))),
    ("device_read_iops", List(&Keys(THROTTLE))),
    ("device_write_bps", List(&Keys(THROTTLE))),
    ("device_write_iops", List(&Keys(THROTTLE))),
];

const THROTTLE: &[(&str, Shape)] = &[("path", Text), ("rate", Bytes)];

/// `build` as a mapping.
pub(super) static BUILD: Shape = Keys(&[
    ("additional_contexts", Form(forms::contexts)),
    ("args", Form(forms::build_args)),
    ("cache_from", OneOrMany(&Text)),
    ("cache_to", OneOrMany(&Text)),
    ("context", Form(forms::context)),
    ("dockerfile", Text),
    ("dockerfile_inline", Text),
    ("entitlements", List(&Text)),
    ("extra_hosts", Form(forms::extra_hosts)),
    ("isolation", Text),
    ("labels", Pairs),
    ("network", Text),
    ("no_cache", Switch),
    ("no_cache_filter", OneOrMany(&Text)),
    ("platforms", OneOrMany(&Text)),
    ("privileged", Switch),
    ("provenance", Text),
    ("pull", Switch),
    ("sbom", Text),
    ("secrets", List(&Form(forms::config_use))),
    ("shm_size", Bytes),
    ("ssh", Form(forms::ssh)),
    ("tags", OneOrMany(&Text)),
    ("target", Text),
    ("ulimits", Dict(&Form(forms::ulimit))),
]);

const DEPLOY: &[(&str, Shape)] = &[
    ("endpoint_mode", Text),
    ("labels", Pairs),
    ("mode", Text),
    (
        "placement",
        Part(&[
            ("constraints", List(&Text)),
            ("max_replicas_per_node", Whole),
            ("preferences", List(&Keys(&[("spread", Text)]))),
        ]),
    ),
    ("replicas", KeptWhole),
    ("resources", Part(&[("limits", Keys(RESOURCE)), ("reservations", Keys(RESOURCE))])),
    (
        "restart_policy",
        Keys(&[
            ("condition", Text),
            ("delay", KeptDuration),
            ("max_attempts", KeptWhole),
            ("window", KeptDuration),
        ]),
    ),
    ("rollback_config", Keys(UPDATE)),
    ("update_config", Keys(UPDATE)),
];

const UPDATE: &[(&str, Shape)] = &[
    ("delay", Duration),
    ("failure_action", Text),
    ("max_failure_ratio", Number),
    ("monitor", Duration),
    ("order", Text),
    ("parallelism", KeptWhole),
];

const RESOURCE: &[(&str, Shape)] = &[
    ("cpus", Number),
    ("devices", List(&Form(forms::device_request))),
    (
        "generic_resources",
        List(&Keys(&[("discrete_resource_spec", Keys(&[("kind", Text), ("value", KeptWhole)]))])),
    ),
    ("memory", Bytes),
    ("pids", Whole),
];

/// A request for devices, as `gpus` and reservations hold it.
pub(super) static DEVICE_REQUEST: Shape = Keys(&[
    ("capabilities", List(&Text)),
    ("count", Form(forms::device_count)),
    ("device_ids", List(&Text)),
    ("driver", Text),
    ("options", Pairs),
]);

const WATCH: &[(&str, Shape)] = &[
    ("action", Text),
    ("exec", Keys(HOOK)),
    ("ignore", OneOrMany(&Text)),
    ("include", OneOrMany(&Text)),
    ("initial_sync", Switch),
    ("path", Path),
    ("target", Text),
];

const HEALTHCHECK: &[(&str, Shape)] = &[
    ("disable", Switch),
    ("interval", KeptDuration),
    ("retries", KeptWhole),
    ("start_interval", KeptDuration),
    ("start_period", KeptDuration),
    ("test", Form(forms::health_test)),
    ("timeout", KeptDuration),
];

const HOOK: &[(&str, Shape)] = &[
    ("command", Form(forms::command)),
    ("environment", Environment),
    ("image", Text),
    ("per_replica", Switch),
    ("privileged", Switch),
    ("user", Text),
    ("working_dir", Text),
];

/// A network of a service.
pub(super) static ATTACHMENT: Shape = Keys(&[
    ("aliases", List(&Text)),
    ("driver_opts", Pairs),
    ("gw_priority", Whole),
    ("interface_name", Text),
    ("ipv4_address", Text),
    ("ipv6_address", Text),
    ("link_local_ips", List(&Text)),
    ("mac_address", Text),
    ("priority", Whole),
]);

/// A model of a service.
pub(super) static MODEL_USE: Shape = Keys(&[("endpoint_var", Text), ("model_var", Text)]);

/// A dependency.
pub(super) static DEPENDENCY: Shape =
    Keys(&[("condition", Text), ("required", KeptSwitch), ("restart", Switch)]);

/// A config or secret of a service.
pub(super) static FILE_USE: Shape =
    Keys(&[("gid", Text), ("mode", Mode), ("source", Text), ("target", Text), ("uid", Text)]);

/// A network of a layer.
pub(super) static NETWORK: Shape = Keys(&[
    ("attachable", Switch),
    ("driver", Text),
    ("driver_opts", Pairs),
    ("enable_ipv4", KeptSwitch),
    ("enable_ipv6", KeptSwitch),
    ("external", Form(forms::external)),
    ("internal", Switch),
    ("ipam", Part(&[("config", List(&Keys(POOL))), ("driver", Text), ("options", Pairs)])),
    ("labels", Pairs),
    ("name", Text),
]);

const POOL: &[(&str, Shape)] =
    &[("aux_addresses", Pairs), ("gateway", Text), ("ip_range", Text), ("subnet", Text)];

/// A volume of a layer.
pub(super) static VOLUME: Shape = Keys(&[
    ("driver", Text),
    ("driver_opts", Pairs),
    ("external", Form(forms::external)),
    ("labels", Pairs),
    ("name", Text),
]);

/// A config or secret of a layer.
pub(super) static STORED_FILE: Shape = Keys(&[
    ("content", Text),
    ("driver", Text),
    ("driver_opts", Pairs),
    ("environment", Text),
    ("external", Form(forms::external)),
    ("file", Path),
    ("labels", Pairs),
    ("name", Text),
    ("template_driver", Text),
]);

/// A model of a layer.
pub(super) static MODEL: Shape =
    Keys(&[("context_size", Whole), ("model", Text), ("name", Text), ("runtime_flags", List(&Text))]);

/// `engine` as a mapping.
pub(super) static ENGINE: Shape = Keys(&[
    ("address_pool", Text),
    ("args", List(&Text)),
    ("ca", OneOrMany(&Path)),
    ("host", Text),
    ("insecure_registries", List(&Text)),
    ("kind", Text),
    ("mtu", Whole),
    ("path", Text),
    ("ready_timeout", KeptDuration),
    ("registry_mirrors", List(&Text)),
    ("ssh", Keys(&[("authorized_keys", OneOrMany(&Form(forms::public_key))), ("user", Text)])),
    ("tls", Text),
]);
