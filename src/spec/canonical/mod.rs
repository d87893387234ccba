//! The resolved lab in canonical form, as `docker compose config` prints it (compose-go `transform`, `loader/normalize.go`).
//!
//! Works on the trees of the layers as they are after merging and interpolation, so that everything that a file says
//! is there, also what no container shows. `keys` says what each key holds; `forms` knows keys with several forms.
//! Only what needs the whole lab is taken from the topology: resolved environments, dependencies, project names.

mod forms;
mod keys;
mod mounts;
mod paths;
mod ports;
mod printer;
pub mod resolve;
mod shape;
mod tidy;
