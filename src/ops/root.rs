//! The root engine: which one is meant, as the Docker CLI finds it, and the connection to it.
//!
//! Order: `DOCKER_HOST`, `DOCKER_CONTEXT`, `currentContext` of the CLI's `config.json`, the default socket. The
//! only place that makes an `engine::docker`, and with it the only reader of the CLI's own files.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::docker::address::{EngineAddress, TlsFiles};
use crate::engine::docker::credentials::{Credentials, CredentialsError};
use crate::engine::docker::engine::DockerEngine;
use crate::engine::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::limits::Limits;

mod context;
mod host;

/// Where the engine is when nothing says otherwise.
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// The name of the context that stands for the environment and the default socket.
const DEFAULT_CONTEXT: &str = "default";

/// The root engine as it was found, before any call to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootEndpoint {
    address: EngineAddress,
    chosen_by: ChosenBy,
    config: Option<PathBuf>,
}

/// What named the root engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChosenBy {
    /// `DOCKER_HOST`.
    Environment,
    /// The user, by what this says, in place of `DOCKER_HOST`.
    User(&'static str),
    /// A context of the Docker CLI.
    Context(String),
    /// Nothing: the default socket.
    Default,
}

/// Why there is no root engine.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// The address cannot be understood.
    #[error("`{value}` ({chosen_by}) is not the address of an engine: {reason}")]
    BadAddress {
        /// As it is written.
        value: String,
        /// Where it is written.
        chosen_by: ChosenBy,
        /// What is wrong with it.
        reason: String,
    },
    /// No such context.
    #[error("there is no Docker context `{name}`: `{}` is not there", .path.display())]
    NoContext {
        /// Its name.
        name: String,
        /// The file that describes it.
        path: PathBuf,
    },
    /// The context does not say where its engine is.
    #[error("the Docker context `{name}` names no Docker engine")]
    NoEndpoint {
        /// Its name.
        name: String,
    },
    /// A file of the Docker CLI cannot be read.
    #[error("cannot read `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the Docker CLI is no such JSON.
    #[error("cannot understand `{}`", .path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The user's credentials cannot be gathered.
    #[error("cannot gather the credentials for `use_api_socket`")]
    Credentials(#[source] CredentialsError),
    /// TLS without checking who answers.
    #[error("{0} asks for TLS without verification, which nestctl does not do")]
    Unverified(ChosenBy),
    /// The certificates cannot be used.
    #[error("cannot use the certificates of {endpoint}")]
    Certificates {
        /// Of which engine.
        endpoint: Box<RootEndpoint>,
        /// Why.
        source: Box<EngineError>,
    },
}

impl fmt::Display for ChosenBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("DOCKER_HOST"),
            Self::User(how) => f.write_str(how),
            Self::Context(name) => write!(f, "the Docker context `{name}`"),
            Self::Default => f.write_str("the default"),
        }
    }
}

impl fmt::Display for RootEndpoint {
    /// For messages such as ``the engine at unix:///x (DOCKER_HOST) does not answer``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the engine at {} ({})", self.address, self.chosen_by)
    }
}

impl RootEndpoint {
    /// The socket, if that is how the engine is reached.
    pub fn socket_path(&self) -> Option<&str> {
        match &self.address {
            EngineAddress::Unix(path) => path.to_str(),
            _ => None,
        }
    }

    /// The address as `DOCKER_HOST` has it.
    pub fn url(&self) -> String {
        self.address.to_string()
    }

    /// The user's credentials for registries, those of helpers too, as a `config.json` of the Docker CLI. `None`: there
    /// are none.
    ///
    /// # Errors
    /// When the configuration cannot be read, or a helper fails.
    pub async fn credentials_file(&self) -> Result<Option<Vec<u8>>, RootError> {
        let credentials = read_credentials(self)?;
        credentials.to_file().await.map_err(RootError::Credentials)
    }

    /// What named it.
    pub fn chosen_by(&self) -> &ChosenBy {
        &self.chosen_by
    }
}

/// Finds the root engine. `env` is the environment; of it `DOCKER_HOST`, `DOCKER_TLS`, `DOCKER_TLS_VERIFY`,
/// `DOCKER_CERT_PATH`, `DOCKER_CONTEXT`, `DOCKER_CONFIG` and `HOME` are read.
pub fn resolve(env: &BTreeMap<String, String>) -> Result<RootEndpoint, RootError> {
    resolve_for(env, &ChosenBy::Environment)
}

/// As [`resolve`]; `host_by` is what has set `DOCKER_HOST`, if it is set.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_for(env: &BTreeMap<String, String>, host_by: &ChosenBy) -> Result<RootEndpoint, RootError> {
    let set = |name: &str| env.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let config = match (set("DOCKER_CONFIG"), set("HOME")) {
        (Some(directory), _) => Some(PathBuf::from(directory)),
        (None, Some(home)) => Some(Path::new(home).join(".docker")),
        (None, None) => None,
    };
    let endpoint = |address, chosen_by| RootEndpoint { address, chosen_by, config: config.clone() };
    if let Some(value) = set("DOCKER_HOST") {
        let tls = from_environment(&set, config.as_deref())?;
        let address = host::parse(value, tls).map_err(|reason| RootError::BadAddress {
            value: value.to_owned(),
            chosen_by: host_by.clone(),
            reason,
        })?;
        return Ok(endpoint(address, host_by.clone()));
    }
    let current = match set("DOCKER_CONTEXT") {
        Some(name) => Some(name.to_owned()),
        None => match &config {
            Some(config) => context::current(config)?,
            None => None,
        },
    };
    match (current.filter(|name| name != DEFAULT_CONTEXT), &config) {
        (Some(name), Some(config)) => {
            let address = context::address(config, &name)?;
            Ok(endpoint(address, ChosenBy::Context(name)))
        }
        // Without a home there is no place in which the context could be described.
        (Some(name), None) => Err(RootError::NoContext { name, path: PathBuf::from("~/.docker/contexts") }),
        (None, _) => Ok(endpoint(EngineAddress::Unix(DEFAULT_SOCKET.into()), ChosenBy::Default)),
    }
}

/// Opens the engine. Makes no call to it: the first one tells whether it answers.
pub fn connect(endpoint: &RootEndpoint, limits: Limits) -> Result<Arc<dyn Engine>, RootError> {
    let credentials = read_credentials(endpoint)?;
    let engine = DockerEngine::new(&endpoint.address, credentials, limits).map_err(|source| {
        RootError::Certificates { endpoint: Box::new(endpoint.clone()), source: Box::new(source) }
    })?;
    Ok(engine)
}

fn read_credentials(endpoint: &RootEndpoint) -> Result<Credentials, RootError> {
    let Some(config) = &endpoint.config else { return Ok(Credentials::default()) };
    let path = config.join("config.json");
    let Some(json) = read_if_there(&path)? else { return Ok(Credentials::default()) };
    Credentials::parse(&json).map_err(|source| RootError::Json { path, source })
}

/// Certificates for `DOCKER_HOST=tcp://…`, if the environment asks for TLS.
fn from_environment<'a>(
    set: &impl Fn(&str) -> Option<&'a str>,
    config: Option<&Path>,
) -> Result<Option<TlsFiles>, RootError> {
    if set("DOCKER_TLS_VERIFY").is_none() {
        return match set("DOCKER_TLS") {
            Some(_) => Err(RootError::Unverified(ChosenBy::Environment)),
            None => Ok(None),
        };
    }
    let directory = match (set("DOCKER_CERT_PATH"), config) {
        (Some(directory), _) => PathBuf::from(directory),
        (None, Some(config)) => config.to_owned(),
        (None, None) => PathBuf::from(".docker"),
    };
    read_certificates(&directory).map(Some)
}

/// `ca.pem`, which must be there, and `cert.pem` with `key.pem`, which may.
fn read_certificates(directory: &Path) -> Result<TlsFiles, RootError> {
    let ca = read(&directory.join("ca.pem"))?;
    let identity = match read_if_there(&directory.join("cert.pem"))? {
        Some(certificate) => Some((certificate, read(&directory.join("key.pem"))?)),
        None => None,
    };
    Ok(TlsFiles { ca, identity })
}

fn read(path: &Path) -> Result<Vec<u8>, RootError> {
    std::fs::read(path).map_err(|source| RootError::Read { path: path.to_owned(), source })
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, RootError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(RootError::Read { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests;
