//! Engine kinds: how a node hosts its engine, as data.
//!
//! A kind is a pure function from a node to container options, data volumes, readiness, how to dial, stop
//! signal and grace, and limits. One file a kind, one row in [`kinds::KINDS`]; adding one touches nothing else.
//! Knows the model only: no engine, no file, no plan.
//!
//! What kinds share lies beside them: [`fill`] (additions where the file is silent), [`refusals`],
//! [`start_script`], [`daemon_config`], [`dial_script`], [`certificates`], [`address_pool`].

pub mod kind;
pub mod kinds;

mod address_pool;
mod certificates;
mod daemon_config;
mod dial_script;
mod dind;
mod dind_rootless;
mod fill;
mod kicbase;
mod podman;
mod refusals;
mod socket;
mod start_script;
mod sysbox;
mod systemd;
mod tcp;
#[cfg(test)]
mod test_node;
