//! The repository: volumes, links and log on a storage.
//!
//! Standard formats all the way down: who has lost this program recovers with `zstd` and `tar`.
//! `docs/format.md` is the specification; a test runs the commands that it prints.
//!
//! | file | what it knows |
//! |---|---|
//! | `keys` | where everything lies |
//! | `storage` | the trait of stores, and the driver for a directory |
//! | `document` | sealed JSON |
//! | `repository`, `unit` | recognising a repository; the links of a target |
//! | `check` | trying whether it can be written |
//! | `claim`, `claim_info`, `lease` | a job's label, and what says whose it is; who is running |
//! | `sink` | a backup's stream on its way in |
//! | `volume` | tar, frames and rows |
//! | `log` | the archived log |
//! | `extract`, `verify` | reading everything back |
//! | `rows` | what links hold of each file, for engines |
//! | `bodies` | reading one file back, in order |
//!
//! Locking, operation by operation:
//!
//! | | backup | wal push | restore, list, verify |
//! |---|---|---|---|
//! | **backup** (same unit) | refused by the lease | both go on: pieces are put if absent | both go on: links are whole |
//! | **wal push** | | both go on | both go on |

mod bodies;
pub mod check;
mod claim;
mod claim_info;
mod document;
mod extract;
mod keys;
mod lease;
mod lineage;
mod log;
mod repository;
mod rows;
mod sink;
pub mod storage;
mod stored;
mod unit;
mod verify;
mod volume;

pub use bodies::{BodyOptions, LinkBodies, bodies};
pub use claim::Claim;
pub use extract::{ExtractOptions, extract};
pub use log::{LogStore, PieceReader};
pub use repository::{Repository, RepositoryInfo};
pub use rows::{StoredRows, rows};
pub use sink::{RepositorySink, SinkOptions};
pub use stored::StoredObject;
pub use unit::{LinkDocument, StoredVolume, UnitStore};
pub use verify::{Damage, VerifyReport, verify};
