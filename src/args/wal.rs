//! The verbs that a PostgreSQL server calls.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Wal {
    /// Keep a file of the log: what archive_command calls.
    ///
    /// archive_command = 'seawall wal push %p --repo PATH --target NAME'
    Push(Push),
    /// Give a file of the log back: what restore_command calls.
    ///
    /// restore_command = 'seawall wal fetch %f "%p" --repo PATH --target NAME'
    Fetch(Fetch),
    /// Read the archived log record by record.
    ///
    /// Finds gaps, damage, segments that end early, wrong content, diverged timelines.
    Verify(super::Stored),
}

#[derive(Debug, Args)]
pub(crate) struct Push {
    /// The file, as %p names it.
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// The target to keep it for.
    #[arg(long, value_name = "NAME")]
    pub(crate) target: String,
    /// Say what would be kept, and keep nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// The file's name, as %f names it.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Where to put it, as %p names it.
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// The target it was kept for.
    #[arg(long, value_name = "NAME")]
    pub(crate) target: String,
    /// The cluster's system identifier; that of the data directory it runs in by default.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) lineage: Option<String>,
}
