//! Version 1 of the machine output. Times are RFC 3339 or seconds as the field says; a field without a value is
//! left out.

use serde::Serialize;

/// A container of a lab: one row of `ps`.
#[derive(Debug, Serialize)]
pub struct Container {
    /// Address: `vm1/web`.
    pub address: String,
    /// Kind of a node's engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether it is a one-off container beside the service.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub one_off: bool,
    /// Service within its layer.
    pub service: String,
    /// Replica, from 1.
    pub number: u32,
    /// Name of the container on its engine.
    pub container: String,
    /// ID of the container.
    pub id: String,
    /// Image as it was asked for.
    pub image: String,
    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead`.
    pub state: &'static str,
    /// `starting`, `healthy`, `unhealthy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<&'static str>,
    /// Exit code of the last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// Ports.
    pub ports: Vec<Port>,
    /// Path of the layer whose engine runs it; `/` for the root.
    pub engine: String,
    /// Version of that engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_version: Option<String>,
    /// Whether the engine inside answers; of nodes that run only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_answers: Option<bool>,
    /// Of nodes: whether what is inside was seen. If not, containers inside may be missing here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inside_seen: Option<bool>,
    /// Seconds since 1970 when it was made.
    pub created: i64,
}

/// A port of a container.
#[derive(Debug, Serialize)]
pub struct Port {
    /// Address of the engine's machine.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub host_ip: String,
    /// Port of the engine's machine; absent: exposed only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<u16>,
    /// Port inside.
    pub container: u16,
    /// `tcp`, `udp`, `sctp`.
    pub protocol: &'static str,
}

/// A lab on an engine: one row of `ls`.
#[derive(Debug, Serialize)]
pub struct Project {
    /// Project name.
    pub name: String,
    /// Containers on the root engine.
    pub containers: usize,
    /// How many of them run.
    pub running: usize,
    /// How many are nodes.
    pub nodes: usize,
}

/// A plan.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// Project name.
    pub project: String,
    /// Whether carrying it out changes something.
    pub changes: bool,
    /// What becomes of each thing that is changed.
    pub things: Vec<Thing>,
    /// Steps, each after those it needs.
    pub steps: Vec<Step>,
    /// Layers that are not up yet, planned against an empty engine.
    pub later: Vec<Later>,
    /// Problems.
    pub problems: Vec<Problem>,
}

/// The plan of a layer that is not up yet.
#[derive(Debug, Serialize)]
pub struct Later {
    /// Path of the layer.
    pub layer: String,
    /// What becomes of each thing that is changed.
    pub things: Vec<Thing>,
    /// Steps.
    pub steps: Vec<Step>,
}

/// What becomes of one container, network, volume or image.
#[derive(Debug, Serialize)]
pub struct Thing {
    /// Of what: `vm1/web`, `network poc_default`.
    pub of: String,
    /// Path of the layer whose it is.
    pub layer: String,
    /// `recreate`, `restart`, `create`, `remove`, `live`, `start`, `stop`, `prepare`.
    pub effect: &'static str,
    /// The verb for it: `connect`, `recreate`, `pull`.
    pub action: &'static str,
    /// Why.
    pub cause: String,
    /// What of it has changed in the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

/// A field whose value is another now.
#[derive(Debug, Serialize)]
pub struct Field {
    /// Where it stands: `environment.DEBUG`.
    pub path: String,
    /// `added`, `removed`, `changed`.
    pub change: &'static str,
    /// The value before, where there was one and it may be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The value now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// A step.
#[derive(Debug, Serialize)]
pub struct Step {
    /// Number, unique in the run.
    pub id: u32,
    /// Path of the layer whose engine it calls.
    pub layer: String,
    /// What it is about: `vm1/web`, `network poc_default`.
    pub of: String,
    /// `create`, `start`, `wait`, …
    pub action: &'static str,
    /// Whether it changes something.
    pub change: bool,
    /// Why it is there.
    pub cause: String,
    /// What has changed in the file, where that is the cause.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// `up`, `recreate`, `down`: the line that it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<&'static str>,
    /// What must have happened before: `#3`, `vm1/web started`.
    pub needs: Vec<String>,
    /// What it reaches.
    pub reaches: Vec<String>,
}

/// A problem of a lab file or of a plan.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// `error` or `warning`.
    pub severity: &'static str,
    /// Stable name.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Places, the main one first.
    pub places: Vec<Place>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// A place in a file.
#[derive(Debug, Serialize)]
pub struct Place {
    /// `file:line:column`, from 1.
    pub at: String,
    /// What is to be said of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
}

/// A check of `doctor`.
#[derive(Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// `ok`, `warn`, `fail`.
    pub verdict: &'static str,
    /// What was found.
    pub found: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// Versions.
#[derive(Debug, Serialize)]
pub struct Version {
    /// nestctl's.
    pub client: String,
    /// The root engine's, if it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineVersion>,
}

/// Version of an engine.
#[derive(Debug, Serialize)]
pub struct EngineVersion {
    /// Version.
    pub version: String,
    /// Newest API version that it serves.
    pub api_version: String,
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// Kernel release.
    pub kernel: String,
}

/// A failure.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// `not-found`, `conflict`, `unauthorized`, `unreachable`, `timeout`, `unhealthy`, `engine`.
    pub kind: &'static str,
    /// What was done, to whom.
    pub summary: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// Whose log `log` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_of: Option<String>,
    /// The last lines of the log that matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
}
