//! The Docker adapter: [`engine::DockerEngine`] implements the port over bollard and one hyper client.
//!
//! | file | owns |
//! |---|---|
//! | [`address`] | how the root engine is dialled, as data |
//! | `connect` | one connection: unix, tcp, tls, ssh command, exec in a container of another engine |
//! | `dialled` | what makes the failure of a dial program readable |
//! | `stream` | the 8-byte framing of attached streams |
//! | `tunnel` | a connection whose carrier is an exec |
//! | `transport` | the hyper client: pool, API version in the path |
//! | `api` | raw requests for what bollard cannot do or decodes too strictly |
//! | `error` | failures of bollard, hyper and the engine as [`super::error::EngineError`] |
//! | `build` | builds, through BuildKit's own API |
//! | `create`, `observe` | requests from the model, answers to the model |
//! | `archive`, `exec`, `images`, `events`, `lifecycle`, `sees` | the calls |
//! | `upload` | request bodies that are streams: broken sources and stalls |
//! | [`credentials`] | who we are to registries |
//!
//! Knows nothing of labs; reads no environment and no configuration file (`ops::root` does).

pub mod address;
mod api;
mod archive;
mod attach;
mod build;
mod connect;
mod create;
pub mod credentials;
mod dialled;
pub mod engine;
mod error;
mod events;
mod exec;
mod images;
mod lifecycle;
mod observe;
mod sees;
mod stream;
mod transport;
mod tunnel;
mod upload;
mod usage;

#[cfg(test)]
mod real_tests;
#[cfg(test)]
mod scripted_engine;
