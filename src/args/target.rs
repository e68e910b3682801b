//! The flags that say where recovery ends.

use clap::{Args, ValueEnum};

/// The word for the end of the log.
pub(crate) const LATEST: &str = "latest";

/// Where recovery ends: `--target latest`, the end of the log, by default.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// This moment, with its offset: 2026-11-20T14:00:00Z, 2026-11-20 15:00:00+01:00; or
    /// `latest`, the end of the log.
    #[arg(long, value_name = "TIME", group = "recovery_target")]
    pub(crate) target_time: Option<String>,
    /// This position of the log.
    #[arg(long, value_name = "LSN", group = "recovery_target")]
    pub(crate) target_lsn: Option<String>,
    /// As soon as the data is consistent.
    #[arg(long, group = "recovery_target")]
    pub(crate) target_immediate: bool,
    /// The end of this transaction, as the server names it.
    #[arg(long, value_name = "XID|GTID", group = "recovery_target")]
    pub(crate) target_xid: Option<String>,
    /// This restore point: see `seawall show --restore-points`.
    #[arg(long, value_name = "NAME", group = "recovery_target")]
    pub(crate) target_name: Option<String>,
    /// The history to follow: `latest` (the default), `current` (the backup's own), or a number.
    #[arg(long, value_name = "TIMELINE")]
    pub(crate) target_timeline: Option<String>,
    /// What the server does then; the database's own default is pause.
    #[arg(long, value_enum, value_name = "ACTION")]
    pub(crate) target_action: Option<Action>,
    /// Keep what lies exactly at the target (the database's own default).
    #[arg(long, conflicts_with = "exclusive")]
    pub(crate) inclusive: bool,
    /// Stop just before what lies exactly at the target.
    #[arg(long)]
    pub(crate) exclusive: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Action {
    Pause,
    Promote,
    Shutdown,
}
