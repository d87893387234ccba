//! The table of rules.

use super::lab::Lab;
use super::{address, dependency, image, network, publish, unused, volume};

/// Every rule, in the order in which it runs.
pub(crate) const RULES: &[fn(&Lab)] = &[
    dependency::check,
    image::check,
    network::check,
    address::check,
    volume::check,
    publish::check,
    unused::check,
];
