//! What a key holds.

use serde_json::Value;

use crate::spec::tree::node::Node;

use super::printer::Printer;

/// The shape of a value, and what of it is at its default and left out.
pub(super) enum Shape {
    /// Anything, as it is.
    Any,
    /// Text; empty is left out.
    Text,
    /// A whole number; 0 is left out.
    Whole,
    /// A whole number, also 0.
    KeptWhole,
    /// A number; 0 is left out.
    Number,
    /// A switch; off is left out.
    Switch,
    /// A switch, also when it is off.
    KeptSwitch,
    /// A number of bytes, as text; 0 is left out.
    Bytes,
    /// A duration as Go prints it; 0 is left out.
    Duration,
    /// A duration as Go prints it, also 0.
    KeptDuration,
    /// Permission bits: `"0440"`.
    Mode,
    /// A list; empty is left out.
    List(&'static Shape),
    /// One, or a list of them.
    OneOrMany(&'static Shape),
    /// A mapping with keys of the user's; nothing stays nothing.
    Dict(&'static Shape),
    /// `KEY=value` lines or a mapping, as a mapping of texts; a key without a value has an empty one.
    Pairs,
    /// As `Pairs`; a key without a value keeps none.
    Environment,
    /// A mapping with these keys, and `x-*`.
    Keys(&'static [(&'static str, Shape)]),
    /// As `Keys`; empty is left out.
    Part(&'static [(&'static str, Shape)]),
    /// A text stands for a mapping of this key.
    Short(&'static str, &'static Shape),
    /// A path of the user's machine.
    Path,
    /// A key with forms of its own.
    Form(fn(&Printer<'_>, &Node) -> Option<Value>),
}
