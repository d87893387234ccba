//! One container daemon: the port ([`engine::Engine`]), the Docker adapter and the fake.
//!
//! Knows nothing of labs, plans or layers. `docker/` alone names bollard and hyper.

pub mod build;
pub mod docker;
pub mod engine;
pub mod error;
pub mod fake;
pub mod limits;
pub mod passing;
pub mod retries;
