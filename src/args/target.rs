//! The flags that say where recovery ends.

use clap::{Args, ValueEnum};

/// Where recovery ends; at the end of the log by default.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// This moment, with its offset: 2026-11-20T14:00:00Z, 2026-11-20 15:00:00+01:00.
    #[arg(long, value_name = "TIME", group = "recovery_target")]
    pub(crate) target_time: Option<String>,
    /// This position of the log.
    #[arg(long, value_name = "LSN", group = "recovery_target")]
    pub(crate) target_lsn: Option<String>,
    /// As soon as the data is consistent.
    #[arg(long, group = "recovery_target")]
    pub(crate) target_immediate: bool,
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
