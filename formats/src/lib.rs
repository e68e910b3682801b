//! On-disk formats of databases and of the repository: bytes in, value out.
//!
//! Nothing here reads a file, a clock or an environment. Everything here takes bytes that may come
//! from a damaged or hostile place: no parser panics, allocates by a length it was told, or wraps a
//! sum. Every parser has a fuzz target (`scripts/fuzz`).
//!
//! | file | what it knows |
//! |---|---|
//! | `lsn.rs` | positions in a PostgreSQL log |
//! | `system_identifier.rs` | the number that tells clusters apart |
//! | `timeline.rs` | timelines and their history files |
//! | `segment.rs` | WAL segments, their numbers and names; names of archived files |
//! | `wal.rs` | WAL pages and records of servers 10 to 18: times, transactions, restore points |
//! | `wal/facts.rs` | what a segment says by itself, and joined with the ones around it |
//! | `control.rs` | pg_control of servers 10 to 18 |
//! | `backup_label.rs` | `backup_label` and backup history files |
//! | `tablespace_map.rs` | `tablespace_map`, with the escapes of each server |
//! | `page.rs` | data pages and their checksum |
//! | `relation.rs` | names of relation files |
//! | `manifest.rs` | `backup_manifest`, read and written |
//! | `tar.rs` | tar headers of the repository's volumes |
//! | `sealed.rs` | JSON documents that notice their own damage |
//! | `log_piece.rs` | the stored form of a piece of log |
//! | `xbstream.rs` | the stream of mariadb-backup and XtraBackup, chunk by chunk, read and written |
//! | `xbstream/files.rs` | the files in such a stream, and whether they are a whole backup |
//! | `innodb_delta.rs` | `.meta` and `.delta`, an incremental's pages of one InnoDB file |
//! | `mysql_texts.rs` | checkpoints, info and binlog position of such a backup; GTIDs |
//! | `member_encoding.rs` | how files of such a backup are packed, by suffix and content |
//! | `lz4_frame.rs` | `.lz4`, unpacked |
//! | `qpress.rs` | `.qp`, unpacked |
//! | `xbcrypt.rs` | `.xbcrypt`, its chunks and their checksums |
//! | `plugin_line.rs` | the line that a file daemon hands to its plugin, and files of options |
//!
//! Facts about servers name their source: a structure or function of the server, or "measured",
//! which means by a test on the files in `fixtures/postgresql` and `fixtures/mysql`, or as their
//! `ORIGIN.md` says.

mod bytes;
mod checksum;
mod text;

pub mod backup_label;
pub mod control;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod innodb_delta;
pub mod log_piece;
pub mod lsn;
pub mod lz4_frame;
pub mod manifest;
pub mod member_encoding;
pub mod mysql_texts;
pub mod page;
pub mod plugin_line;
pub mod qpress;
pub mod relation;
pub mod sealed;
pub mod segment;
pub mod system_identifier;
pub mod tablespace_map;
pub mod tar;
pub mod timeline;
pub mod wal;
pub mod xbcrypt;
pub mod xbstream;

#[cfg(test)]
mod fixture;

pub use backup_label::{BackupHistory, BackupLabel};
pub use control::ControlFile;
pub use lsn::Lsn;
pub use plugin_line::{PluginLine, PluginLineError};
pub use segment::{SegmentName, SegmentNumber, SegmentSize, WalFile};
pub use system_identifier::SystemIdentifier;
pub use timeline::{History, TimelineId};
pub use wal::FirstPage;
