//! Contexts of the Docker CLI (docker/cli `cli/context/store`): below the configuration's directory,
//! `contexts/meta/<sha256 of the name>/meta.json`, and `contexts/tls/<the same>/docker/` with the certificates.

use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{ChosenBy, RootError, host, read_certificates, read_if_there};
use crate::engine::docker::address::EngineAddress;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    #[serde(default)]
    current_context: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Meta {
    #[serde(default)]
    endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
struct Endpoints {
    docker: Option<Endpoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoint {
    #[serde(default)]
    host: String,
    #[serde(default, rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

/// The context that `docker context use` has chosen.
pub(super) fn current(config: &Path) -> Result<Option<String>, RootError> {
    let path = config.join("config.json");
    let Some(json) = read_if_there(&path)? else { return Ok(None) };
    let config: Config = serde_json::from_slice(&json).map_err(|source| RootError::Json { path, source })?;
    Ok(Some(config.current_context).filter(|name| !name.is_empty()))
}

/// The engine of a context.
pub(super) fn address(config: &Path, name: &str) -> Result<EngineAddress, RootError> {
    let directory = directory_of(name);
    let path = config.join("contexts/meta").join(&directory).join("meta.json");
    let Some(json) = read_if_there(&path)? else {
        return Err(RootError::NoContext { name: name.to_owned(), path });
    };
    let meta: Meta = serde_json::from_slice(&json).map_err(|source| RootError::Json { path, source })?;
    let Some(endpoint) = meta.endpoints.docker.filter(|endpoint| !endpoint.host.is_empty()) else {
        return Err(RootError::NoEndpoint { name: name.to_owned() });
    };
    let chosen_by = || ChosenBy::Context(name.to_owned());
    if endpoint.skip_tls_verify {
        return Err(RootError::Unverified(chosen_by()));
    }
    let certificates = config.join("contexts/tls").join(&directory).join("docker");
    let tls = if certificates.is_dir() { Some(read_certificates(&certificates)?) } else { None };
    host::parse(&endpoint.host, tls).map_err(|reason| RootError::BadAddress {
        value: endpoint.host,
        chosen_by: chosen_by(),
        reason,
    })
}

fn directory_of(name: &str) -> String {
    let mut out = String::new();
    for byte in Sha256::digest(name.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}
