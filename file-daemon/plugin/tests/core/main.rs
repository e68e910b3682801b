//! The plugins' core with a stand-in for the backend: every fault fails the job, once and for ever,
//! and no process is left.

#![allow(
    unsafe_code,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test does to its process what a daemon does, and ends where something is wrong"
)]

mod backups;
mod desk;
mod endings;
mod restores;
