//! Development commands of nestctl: `cargo xtask <command>`.
fn main() {}
