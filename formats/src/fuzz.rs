//! One function per parser for `scripts/fuzz`: any bytes in, a property asserted.
//!
//! Where a checksum would keep random bytes from getting anywhere, the function also tries a copy
//! with the checksum made right. The same functions run on all fixtures, and on damaged copies of
//! them, as an ordinary test.

mod mysql;
mod names;
mod plugin_line;
mod server_files;
mod stored;
mod wal;
mod xbstream;

pub use mysql::{innodb_delta, lz4_frame, mysql_texts, qpress, xbcrypt};
pub use names::{lsn, relation, system_identifier, wal_file};
pub use plugin_line::plugin_line;
pub use server_files::{
    backup_history, backup_label, control, first_page, manifest, page, tablespace_map,
    timeline_history,
};
pub use stored::{piece_head, piece_trailer, sealed, tar};
pub use wal::{segment_facts, wal_segment};
pub use xbstream::{xbstream, xbstream_files};

#[cfg(test)]
mod tests;
