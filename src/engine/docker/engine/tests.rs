//! The adapter against an engine that plays a script.
