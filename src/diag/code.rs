//! Stable names of problems: `nest::unknown-key`. One doc line each; a fixture each (`tests/fixtures/spec`).

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident => $text:literal,)+) => {
        /// The kind of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$name,)+];

            /// The stable text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)+ }
            }
        }
    };
}

codes! {
    /// The text is not YAML.
    YamlSyntax => "nest::yaml-syntax",
    /// A mapping has a key twice.
    DuplicateKey => "nest::duplicate-key",
    /// Aliases or nesting would need more memory than a lab file ever does.
    TooLarge => "nest::too-large",
    /// An alias without an anchor.
    UnknownAnchor => "nest::unknown-anchor",
    /// A key that the language does not have.
    UnknownKey => "nest::unknown-key",
    /// A value of another type than the key takes.
    WrongType => "nest::wrong-type",
    /// A value of the right type that cannot be meant (a port of 70000).
    BadValue => "nest::bad-value",
    /// A key that must be there is not.
    MissingKey => "nest::missing-key",
    /// A name that no engine would take.
    BadName => "nest::bad-name",
    /// An image reference that no engine would take.
    BadImage => "nest::bad-image",
    /// A key of the Compose specification that nestctl does not honour yet.
    NotSupported => "nest::not-supported",
    /// Something that Compose has given up.
    Deprecated => "nest::deprecated",
    /// `${VAR:?…}` without a value, or a malformed `${…}`.
    Interpolation => "nest::interpolation",
    /// A variable without value or default.
    UnsetVariable => "nest::unset-variable",
    /// A file that is named and not there, or cannot be read.
    FileNotFound => "nest::file-not-found",
    /// Files that include each other in a circle.
    IncludeCycle => "nest::include-cycle",
    /// Services that extend each other in a circle.
    ExtendsCycle => "nest::extends-cycle",
    /// A service that nothing defines.
    UnknownService => "nest::unknown-service",
    /// A network that the layer does not define.
    UnknownNetwork => "nest::unknown-network",
    /// A volume that the layer does not define.
    UnknownVolume => "nest::unknown-volume",
    /// A config that the layer does not define.
    UnknownConfig => "nest::unknown-config",
    /// A secret that the layer does not define.
    UnknownSecret => "nest::unknown-secret",
    /// An engine kind that does not exist.
    UnknownKind => "nest::unknown-kind",
    /// `inner` without `engine`.
    InnerWithoutEngine => "nest::inner-without-engine",
    /// A service with neither image nor a kind that has one.
    NoImage => "nest::no-image",
    /// Keys that exclude each other.
    Contradiction => "nest::contradiction",
    /// Something that the engine kind cannot work with.
    KindConflict => "nest::kind-conflict",
    /// Dependencies in a circle, containment included.
    DependencyCycle => "nest::dependency-cycle",
    /// A condition that its target can never meet.
    ImpossibleCondition => "nest::impossible-condition",
    /// Two objects with one name on one engine.
    NameClash => "nest::name-clash",
    /// Two claims to one port of one engine's machine.
    PortClash => "nest::port-clash",
    /// Overlapping subnets, or no address pool left.
    AddressClash => "nest::address-clash",
    /// A port, name or volume that something outside the lab holds.
    Taken => "nest::taken",
    /// The engine cannot do what the lab asks for.
    EngineLacks => "nest::engine-lacks",
    /// A bind inside a node that would not survive, or is not there.
    NodePath => "nest::node-path",
    /// A path that does not exist on the user's machine.
    HostPath => "nest::host-path",
    /// Something defined and never used.
    Unused => "nest::unused",
}
