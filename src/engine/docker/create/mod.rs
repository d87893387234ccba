//! Requests that make objects.

pub(super) mod container;
mod devices;
mod mounts;
pub(super) mod network;
mod some;

#[cfg(test)]
mod tests;
