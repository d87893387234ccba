//! The engine in memory is held to the real one: the same scripts of calls run on both through the port, and after each
//! call both have given the same answer and hold the same objects in the same states. At the end both have told the same
//! of each object.
//!
//! The scripts are written by hand. What the fake is known not to do as an engine does: owners of namespaces and volumes
//! that are not there (400), a start that fails over an address or a port (exit code 128), networks that are not there.

mod bench;
mod run;
mod script;
mod scripts;
