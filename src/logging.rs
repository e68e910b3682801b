//! The log, on standard error: one line per phase, and what the operator should know.

use crate::args::{Global, LogFormat};
use crate::progress;
use chrono::{SecondsFormat, Utc};
use std::fmt;
use std::io::{self, Write};
use tracing::Level;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

/// RFC 3339 in UTC, to the millisecond.
struct UtcTime;

impl FormatTime for UtcTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        writer.write_str(&Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// Starts the log with the level that the flags ask for.
pub(crate) fn start(global: &Global, silent: bool) {
    let level = match (global.quiet || silent, global.verbose) {
        (_, 2..) => Level::TRACE,
        (_, 1) => Level::DEBUG,
        (true, 0) => Level::WARN,
        (false, 0) => Level::INFO,
    };
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_timer(UtcTime)
        .with_target(false)
        .with_ansi(false)
        .with_writer(|| BesideBar);
    // A second start in one process is no failure; there is none.
    let _ = match global.log_format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}

/// Standard error, with the progress bar out of the way.
struct BesideBar;

impl Write for BesideBar {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        progress::without_bar(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
