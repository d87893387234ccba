//! nestctl.
