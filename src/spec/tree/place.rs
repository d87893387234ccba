//! Where in the language a node stands, and how it is merged there (compose-go `override/merge.go`).

/// A mapping of the language whose keys have rules of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A layer.
    Layer,
    /// `services`: names.
    Services,
    /// A service.
    Service,
    /// `build` of a service.
    Build,
    /// `deploy` of a service.
    Deploy,
    /// `healthcheck` of a service.
    Healthcheck,
    /// `networks` of a service: names.
    Attachments,
    /// A network of a service.
    Attachment,
    /// `ulimits` of a service: names.
    Ulimits,
    /// `networks` of a layer: names.
    Networks,
    /// `volumes` of a layer: names.
    Volumes,
    /// A network or a volume of a layer.
    Resource,
    /// `ipam` of a network.
    Ipam,
    /// A mapping that is `KEY=value` lines in another shape.
    Lines,
    /// What an extension (`x-*`) holds.
    Extension,
    /// Anything else.
    Within,
}

/// How two values of one key become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Mappings are merged, lists are appended, anything else is replaced.
    Combine,
    /// The later one replaces the earlier, also with nothing.
    Replace,
    /// The later one replaces the earlier unless both are mappings: it has several shapes.
    Either,
    /// As `Combine`, and a scalar may be replaced by anything: it has several shapes.
    Later,
    /// `KEY=value` lines are a mapping in another shape.
    Pairs,
    /// As `Pairs`, and a host may have several addresses: lines that are not there yet are appended.
    Hosts,
    /// One text is a list of one.
    OneOrMany,
    /// A list of names is a mapping of dependencies with the default condition.
    Dependencies,
    /// A list of names is a mapping without values.
    Names,
    /// A text is a mapping of this key.
    Short(&'static str),
    /// Options count only together with their own driver.
    Logging,
    /// Pools are told apart by their subnets.
    Pools,
}

impl Place {
    /// What stands below `key`.
    pub(super) fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::Layer, "services") => Self::Services,
            (Self::Layer, "networks") => Self::Networks,
            (Self::Layer, "volumes") => Self::Volumes,
            (Self::Networks | Self::Volumes, _) => Self::Resource,
            (Self::Resource, "ipam") => Self::Ipam,
            (Self::Services, _) => Self::Service,
            (Self::Service, "inner") => Self::Layer,
            (Self::Service, "build") => Self::Build,
            (Self::Service, "deploy") => Self::Deploy,
            (Self::Service, "healthcheck") => Self::Healthcheck,
            (Self::Service, "networks") => Self::Attachments,
            (Self::Service, "ulimits") => Self::Ulimits,
            (Self::Attachments, _) => Self::Attachment,
            _ if self.extends(key) => Self::Extension,
            _ if self.rule(key) == Rule::Pairs => Self::Lines,
            _ => Self::Within,
        }
    }

    /// Whether `key` is an extension's, or stands in one: elsewhere names may begin like one.
    fn extends(self, key: &str) -> bool {
        let named = matches!(
            self,
            Self::Services | Self::Networks | Self::Volumes | Self::Attachments | Self::Ulimits | Self::Lines
        );
        self == Self::Extension || (!named && key.starts_with("x-"))
    }

    /// How `key` is merged here.
    pub(super) fn rule(self, key: &str) -> Rule {
        match (self, key) {
            (Self::Service, "command" | "entrypoint")
            | (Self::Healthcheck, "test")
            | (Self::Ulimits | Self::Lines, _) => Rule::Replace,
            (Self::Service, "inner") => Rule::Either,
            (Self::Service, "environment" | "labels" | "annotations" | "sysctls")
            | (Self::Build, "args" | "additional_contexts" | "labels")
            | (Self::Deploy | Self::Resource, "labels") => Rule::Pairs,
            (Self::Service | Self::Build, "extra_hosts") => Rule::Hosts,
            (Self::Service, "dns" | "dns_opt" | "dns_search" | "env_file" | "label_file" | "tmpfs") => {
                Rule::OneOrMany
            }
            (Self::Service, "depends_on") => Rule::Dependencies,
            (Self::Service, "networks" | "models") => Rule::Names,
            (Self::Service, "build") => Rule::Short("context"),
            (Self::Service, "engine") => Rule::Short("kind"),
            (Self::Service, "logging") => Rule::Logging,
            (Self::Ipam, "config") => Rule::Pools,
            (Self::Service, "gpus") | (Self::Resource, "external") => Rule::Later,
            _ if self.extends(key) => Rule::Later,
            _ => Rule::Combine,
        }
    }
}
