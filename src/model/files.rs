//! Files that are put into a container before it starts.

use std::sync::Arc;

/// What happens to a file that the image already has at the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Existing {
    /// It is replaced.
    Replace,
    /// Both are JSON objects: the new keys are merged over the image's, mappings recursively.
    MergeJson,
    /// The new text is appended, once (certificates, `authorized_keys`).
    Append,
}

/// One file, known to the last byte when the plan is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PutFile {
    /// Absolute path inside the container.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// The bytes.
    pub content: Arc<[u8]>,
    /// What happens to a file that is there already.
    pub existing: Existing,
}
