//! MariaDB: backups of a real server, and restores of it.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

#[path = "../workload/random.rs"]
mod random;

mod chain;
mod check;
mod failures;
mod lab;
mod lineage;
mod places;
mod readme;
mod server;
mod workload;
mod xtrabackup;
