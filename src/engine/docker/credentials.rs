//! Credentials for registries, as the Docker CLI's `config.json` holds them.
//!
//! The file is read by `ops`; helpers (`docker-credential-…`) are run here when an image is pulled.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The key of Docker Hub in `auths` (docker/cli `cli/config/types`: the address of its first index).
const HUB: &str = "https://index.docker.io/v1/";

/// What `config.json` says of registries.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// By registry.
    #[serde(default)]
    auths: BTreeMap<String, Login>,
    /// Name of the helper for all registries.
    #[serde(default)]
    creds_store: String,
    /// Name of the helper by registry.
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
}

impl fmt::Debug for Credentials {
    /// Leaves the secrets out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("auths", &self.auths.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Login {
    /// `user:password` in base64.
    #[serde(default)]
    auth: String,
    #[serde(default, rename = "identitytoken")]
    identity_token: String,
    #[serde(default, rename = "registrytoken")]
    registry_token: String,
}

/// What a helper prints (docker/docker-credential-helpers `credentials`).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Helped {
    username: String,
    secret: String,
}

/// `X-Registry-Auth` before its encoding (Engine API, "Authentication").
#[derive(Default, Serialize)]
#[serde(rename_all = "lowercase")]
struct AuthConfig {
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    password: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    identitytoken: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    registrytoken: String,
    serveraddress: String,
}

/// Why there are no credentials although the configuration promises some.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The entry cannot be read.
    #[error("the Docker configuration's `auth` of `{0}` is not `user:password` in base64")]
    BadAuth(String),
    /// The helper cannot be run.
    #[error("cannot run the credential helper `{helper}`")]
    Helper {
        /// Its program.
        helper: String,
        /// Why.
        source: std::io::Error,
    },
    /// The helper failed.
    #[error("the credential helper `{helper}` failed for `{registry}`: {said}")]
    HelperFailed {
        /// Its program.
        helper: String,
        /// For which registry.
        registry: String,
        /// What it said.
        said: String,
    },
}

impl Credentials {
    /// Reads a `config.json`; keys that are not about registries are passed over.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// User and password for a registry; with a token, no user. `None`: anonymous.
    pub(super) async fn login(&self, registry: &str) -> Result<Option<(String, String)>, CredentialsError> {
        Ok(self.find(registry).await?.map(|found| match found.identitytoken {
            token if token.is_empty() => (found.username, found.password),
            token => (String::new(), token),
        }))
    }

    /// The value of `X-Registry-Auth` for a registry (`docker.io`, `localhost:5000`); `None`: anonymous.
    pub(super) async fn header(&self, registry: &str) -> Result<Option<String>, CredentialsError> {
        Ok(self.find(registry).await?.map(|config| {
            let json = serde_json::to_vec(&config).expect("strings are JSON");
            URL_SAFE.encode(json)
        }))
    }

    async fn find(&self, registry: &str) -> Result<Option<AuthConfig>, CredentialsError> {
        let key = if matches!(registry, "docker.io" | "index.docker.io") { HUB } else { registry };
        let helper = self.cred_helpers.get(key).or_else(|| self.cred_helpers.get(registry));
        let helper = helper.unwrap_or(&self.creds_store);
        let found = if helper.is_empty() { None } else { ask(helper, key).await? };
        match found {
            Some(config) => Ok(Some(config)),
            // As in the CLI, the file's own entries are for registries without a helper, and what the store does
            // not know.
            None => self.written(key),
        }
    }

    /// All of them, those of helpers too, as a `config.json` without helpers; `None`: there are none. Registries that
    /// only a store knows are asked of it by its `list`.
    pub async fn to_file(&self) -> Result<Option<Vec<u8>>, CredentialsError> {
        let mut keys: BTreeSet<String> = self.auths.keys().chain(self.cred_helpers.keys()).cloned().collect();
        if !self.creds_store.is_empty() {
            let listed = run(&self.creds_store, "list", "").await?;
            let known: BTreeMap<String, String> = serde_json::from_str(&listed).unwrap_or_default();
            keys.extend(known.into_keys());
        }
        let mut auths = BTreeMap::new();
        for key in keys {
            let helper = self.cred_helpers.get(&key).unwrap_or(&self.creds_store);
            let asked = if helper.is_empty() { None } else { ask(helper, &key).await? };
            let found = match asked {
                Some(config) => Some(config),
                None => self.written(&key)?,
            };
            let Some(config) = found else { continue };
            let mut entry = serde_json::Map::new();
            if !config.username.is_empty() {
                let auth = STANDARD.encode(format!("{}:{}", config.username, config.password));
                entry.insert("auth".to_owned(), auth.into());
            }
            for (name, token) in
                [("identitytoken", config.identitytoken), ("registrytoken", config.registrytoken)]
            {
                if !token.is_empty() {
                    entry.insert(name.to_owned(), token.into());
                }
            }
            auths.insert(key, entry);
        }
        let json = serde_json::json!({"auths": auths});
        Ok((!auths.is_empty()).then(|| serde_json::to_vec_pretty(&json).expect("strings are JSON")))
    }

    fn written(&self, key: &str) -> Result<Option<AuthConfig>, CredentialsError> {
        let host = |text: &str| {
            let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
            text.split('/').next().unwrap_or(text).to_owned()
        };
        let login = self
            .auths
            .get(key)
            .or_else(|| self.auths.iter().find(|(name, _)| host(name) == host(key)).map(|(_, login)| login));
        let Some(login) = login else { return Ok(None) };
        let mut config = AuthConfig {
            identitytoken: login.identity_token.clone(),
            registrytoken: login.registry_token.clone(),
            serveraddress: key.to_owned(),
            ..AuthConfig::default()
        };
        if !login.auth.is_empty() {
            let bad = || CredentialsError::BadAuth(key.to_owned());
            let text = STANDARD.decode(&login.auth).map_err(|_| bad())?;
            let text = String::from_utf8(text).map_err(|_| bad())?;
            let (user, password) = text.split_once(':').ok_or_else(bad)?;
            user.clone_into(&mut config.username);
            // The CLI pads with zero bytes in old files.
            password.trim_end_matches('\0').clone_into(&mut config.password);
        }
        let empty =
            config.username.is_empty() && config.identitytoken.is_empty() && config.registrytoken.is_empty();
        Ok((!empty).then_some(config))
    }
}

async fn ask(helper: &str, registry: &str) -> Result<Option<AuthConfig>, CredentialsError> {
    let answer = match run(helper, "get", registry).await {
        // The protocol has no code for it, only these words.
        Err(CredentialsError::HelperFailed { said, .. }) if said.contains("credentials not found") => {
            return Ok(None);
        }
        answer => answer?,
    };
    let helped: Helped = serde_json::from_str(&answer).map_err(|error| CredentialsError::HelperFailed {
        helper: format!("docker-credential-{helper}"),
        registry: registry.to_owned(),
        said: error.to_string(),
    })?;
    let mut config = AuthConfig { serveraddress: registry.to_owned(), ..AuthConfig::default() };
    // The helpers' own convention for a token in place of a password.
    if helped.username == "<token>" {
        config.identitytoken = helped.secret;
    } else {
        config.username = helped.username;
        config.password = helped.secret;
    }
    Ok(Some(config))
}

/// What a helper answers.
async fn run(helper: &str, verb: &str, registry: &str) -> Result<String, CredentialsError> {
    let program = format!("docker-credential-{helper}");
    let failed = |source| CredentialsError::Helper { helper: program.clone(), source };
    let mut child = Command::new(&program)
        .arg(verb)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not read its input fails by its own words.
        drop(stdin.write_all(registry.as_bytes()).await);
    }
    let output = child.wait_with_output().await.map_err(failed)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let said =
            if said.is_empty() { String::from_utf8_lossy(&output.stderr).trim().to_owned() } else { said };
        return Err(CredentialsError::HelperFailed { helper: program, registry: registry.to_owned(), said });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn header(json: &str, registry: &str) -> Option<serde_json::Value> {
        let credentials = Credentials::parse(json.as_bytes()).expect("valid");
        let header = credentials.header(registry).await.expect("readable")?;
        Some(serde_json::from_slice(&URL_SAFE.decode(header).expect("base64")).expect("json"))
    }

    #[tokio::test]
    async fn the_hub_is_found_under_its_old_address() {
        let json = r#"{"auths": {"https://index.docker.io/v1/": {"auth": "YW5uOnA6dw=="}}, "psFormat": "x"}"#;
        let found = header(json, "docker.io").await.expect("an entry");
        assert_eq!(found["username"], "ann");
        assert_eq!(found["password"], "p:w");
        assert_eq!(header(json, "r.io").await, None);
    }

    #[tokio::test]
    async fn a_registry_is_found_by_its_host_and_an_empty_entry_is_none() {
        let json = r#"{"auths": {"https://r.io:5000/v2/": {"identitytoken": "t"}, "e.io": {}}}"#;
        assert_eq!(header(json, "r.io:5000").await.expect("an entry")["identitytoken"], "t");
        assert_eq!(header(json, "r.io").await, None);
        assert_eq!(header(json, "e.io").await, None);
    }

    #[tokio::test]
    async fn a_helper_that_is_not_there_is_named() {
        let credentials =
            Credentials::parse(br#"{"credHelpers": {"r.io": "nestctl-no-such"}}"#).expect("valid");
        let error = credentials.header("r.io").await.expect_err("no such program");
        assert_eq!(error.to_string(), "cannot run the credential helper `docker-credential-nestctl-no-such`");
    }
}
