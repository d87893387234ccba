//! One file a command: what was typed → options of `ops` → text of `report` → the terminal.

pub mod build;
pub mod config;
pub mod cp;
pub mod create;
pub mod doctor;
pub mod down;
pub mod exec;
pub mod foreground;
pub mod inside;
pub mod life;
pub mod logs;
pub mod ls;
pub mod one_off;
pub mod plan;
pub mod ps;
pub mod pull;
pub mod push;
pub mod run;
pub mod up;
pub mod version;
