//! The command line: help, versions, configuration, machine output, secrets.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod configuration;
mod help;
mod output;
mod secrets;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_seawall");
