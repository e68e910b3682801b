//! The shared object in the double of its daemon, with a stand-in for the backend: whatever the
//! backend does wrong, the daemon's job fails.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the plugin may not, and ends where something is wrong"
)]

mod cancel;
mod faults;
mod interface;
mod jobs;
mod memory;
mod no_backend;
mod restores;
mod stage;
