//! Messages of BuildKit, as far as they are spoken: its `api/services/control/control.proto` and `session/*/*.proto`,
//! and `types/*.proto` of tonistiigi/fsutil. What is not read is left out: decoding passes over it.

use std::collections::{BTreeMap, HashMap};

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SolveRequest {
    #[prost(string, tag = "1")]
    pub(super) reference: String,
    #[prost(string, tag = "3")]
    pub(super) exporter: String,
    #[prost(btree_map = "string, string", tag = "4")]
    pub(super) exporter_attributes: BTreeMap<String, String>,
    #[prost(string, tag = "5")]
    pub(super) session: String,
    #[prost(string, tag = "6")]
    pub(super) frontend: String,
    #[prost(btree_map = "string, string", tag = "7")]
    pub(super) frontend_attributes: BTreeMap<String, String>,
    #[prost(message, optional, tag = "8")]
    pub(super) cache: Option<CacheOptions>,
    #[prost(string, repeated, tag = "9")]
    pub(super) entitlements: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CacheOptions {
    #[prost(message, repeated, tag = "4")]
    pub(super) exports: Vec<CacheEntry>,
    #[prost(message, repeated, tag = "5")]
    pub(super) imports: Vec<CacheEntry>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CacheEntry {
    #[prost(string, tag = "1")]
    pub(super) kind: String,
    #[prost(btree_map = "string, string", tag = "2")]
    pub(super) attributes: BTreeMap<String, String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SolveResponse {
    #[prost(map = "string, string", tag = "1")]
    pub(super) exporter_response: HashMap<String, String>,
}

/// `SolveRequest` of `frontend/gateway/pb/gateway.proto`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct AskFrontend {
    #[prost(string, tag = "2")]
    pub(super) frontend: String,
    #[prost(btree_map = "string, string", tag = "3")]
    pub(super) attributes: BTreeMap<String, String>,
    #[prost(bool, tag = "5")]
    pub(super) result_return: bool,
    #[prost(bool, tag = "6")]
    pub(super) result_arrays: bool,
}

/// `SolveResponse` of the same.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FrontendAnswer {
    #[prost(message, optional, tag = "3")]
    pub(super) result: Option<FrontendResult>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FrontendResult {
    #[prost(map = "string, bytes", tag = "10")]
    pub(super) metadata: HashMap<String, Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StatusRequest {
    #[prost(string, tag = "1")]
    pub(super) reference: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StatusResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) vertexes: Vec<Vertex>,
    #[prost(message, repeated, tag = "2")]
    pub(super) statuses: Vec<VertexStatus>,
    #[prost(message, repeated, tag = "3")]
    pub(super) logs: Vec<VertexLog>,
    #[prost(message, repeated, tag = "4")]
    pub(super) warnings: Vec<VertexWarning>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Vertex {
    #[prost(string, tag = "1")]
    pub(super) digest: String,
    #[prost(string, tag = "3")]
    pub(super) name: String,
    #[prost(bool, tag = "4")]
    pub(super) cached: bool,
    #[prost(message, optional, tag = "5")]
    pub(super) started: Option<Timestamp>,
    #[prost(message, optional, tag = "6")]
    pub(super) completed: Option<Timestamp>,
    #[prost(string, tag = "7")]
    pub(super) error: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct VertexStatus {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(string, tag = "2")]
    pub(super) vertex: String,
    #[prost(string, tag = "3")]
    pub(super) name: String,
    #[prost(int64, tag = "4")]
    pub(super) current: i64,
    #[prost(int64, tag = "5")]
    pub(super) total: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct VertexLog {
    #[prost(string, tag = "1")]
    pub(super) vertex: String,
    #[prost(int64, tag = "3")]
    pub(super) stream: i64,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) text: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct VertexWarning {
    #[prost(bytes = "vec", tag = "3")]
    pub(super) short: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Timestamp {
    #[prost(int64, tag = "1")]
    pub(super) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(super) nanos: i32,
}

/// A piece of the transfer of a directory.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Packet {
    #[prost(enumeration = "PacketKind", tag = "1")]
    pub(super) kind: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) stat: Option<Stat>,
    #[prost(uint32, tag = "3")]
    pub(super) id: u32,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) data: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(super) enum PacketKind {
    Stat = 0,
    Request = 1,
    Data = 2,
    Finish = 3,
    Error = 4,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Stat {
    #[prost(string, tag = "1")]
    pub(super) path: String,
    /// Bits of Go's `os.FileMode`.
    #[prost(uint32, tag = "2")]
    pub(super) mode: u32,
    #[prost(int64, tag = "5")]
    pub(super) size: i64,
    /// Nanoseconds since 1970.
    #[prost(int64, tag = "6")]
    pub(super) modified: i64,
    #[prost(string, tag = "7")]
    pub(super) link: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct GetSecretRequest {
    #[prost(string, tag = "1")]
    pub(super) id: String,
}

/// Also the bytes of a forwarded agent.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct BytesMessage {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) data: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CheckAgentRequest {
    #[prost(string, tag = "1")]
    pub(super) id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CredentialsRequest {
    #[prost(string, tag = "1")]
    pub(super) host: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CredentialsResponse {
    #[prost(string, tag = "1")]
    pub(super) username: String,
    #[prost(string, tag = "2")]
    pub(super) secret: String,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct HealthResponse {
    /// 1: it serves.
    #[prost(int32, tag = "1")]
    pub(super) status: i32,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Empty {}
