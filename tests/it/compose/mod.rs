//! nestctl beside `docker compose`: the same files, the same result.
//!
//! The peer is the program that `NESTCTL_TEST_PEER` names; without it these tests say that they are skipped.

mod against;
mod build;
mod case;
mod config;
mod differences;
mod down;
mod engine;
mod engine_case;
mod engine_differences;
mod engine_http;
mod engine_inner;
mod engine_peer;
mod engine_report;
mod facts;
mod flags;
mod forms;
mod generated;
mod up;
