//! The `nestctl` binary: everything is in the library.
fn main() {}
