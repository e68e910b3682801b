//! The repository as its users see it: a stream goes in, the same files come out, and nothing that
//! was changed in between goes unnoticed.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may do what the program may not, and ends where something is wrong"
)]

mod backup;
mod bodies;
mod bodies_rows;
mod chains;
mod damage;
mod full;
mod log;
mod partial;
mod setting;
mod streams;
mod streams_end;
mod units;
