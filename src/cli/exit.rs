//! Exit codes. They are part of the interface: scripts rely on them.

/// All went well. Also when the reader of the output has gone away (a closed pipe).
pub const OK: u8 = 0;
/// The work was begun and some step failed, or a check of `doctor` did.
pub const FAILED: u8 = 1;
/// `plan --detailed-exitcode`: something is to be done. Errors are then [`FAILED`], of whatever sort.
pub const CHANGES: u8 = 2;
/// The command line is wrong, or no lab file was found.
pub const USAGE: u8 = 2;
/// The lab was refused before anything was changed: the file is invalid, or the plan shows that it cannot work.
pub const INVALID: u8 = 3;
/// The engine cannot be reached.
pub const UNREACHABLE: u8 = 4;
/// An address names nothing.
pub const NOTHING_MATCHED: u8 = 5;
/// A bug in nestctl.
pub const INTERNAL: u8 = 70;
/// Broken off by a signal.
pub const INTERRUPTED: u8 = 130;
