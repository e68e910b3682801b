//! What Seawall asks of the operating system.
//!
//! | file | what it knows |
//! |---|---|
//! | `asking` | questions to a server, with a limit |
//! | `durable` | fsync, rename and link: the only place where they happen |
//! | `failpoint` | names of the durable steps, for tests that kill the program at each |
//! | `limit` | work that may hang |
//! | `process` | who a process is, and whether it still lives |
//! | `resources` | free space, peak memory |
//! | `secret` | texts that must not show |
//! | `signals` | the signals that end a job |
//! | `source` | files of a server that works on |
//! | `spool` | bytes that may outgrow memory |
//! | `users` | names of numeric owners |

mod asking;
pub mod durable;
pub mod failpoint;
mod limit;
mod process;
mod resources;
mod secret;
mod signals;
mod source;
mod spool;
mod users;

pub use asking::{cancellable, limited, session_runtime};
pub use limit::within;
pub use process::{Liveness, ProcessIdentity};
pub use resources::{free_bytes, peak_memory_bytes};
pub use secret::Secret;
pub use signals::on_end_signal;
pub use source::{BLOCK_BYTES, Block, open_source, read_promised};
pub use spool::Spool;
pub use users::Users;
