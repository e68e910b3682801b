//! The shared object in the hands of a double of Bacula's file daemon, of every version: loaded,
//! called and cancelled as the daemon does it, with a stand-in for the backend.

#![allow(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test speaks C as the daemon does, and ends where something is wrong"
)]

mod cancel;
mod drive;
mod failures;
mod host;
mod installed;
mod job;
mod jobs;
mod object;
mod real;
mod version;
