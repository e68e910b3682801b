//! What stands behind the plugins for the file daemons of Bacula and Bareos: it knows databases
//! and no daemon's ABI, the plugins know the ABI and no database.
//!
//! | file | what it knows |
//! |---|---|
//! | `line` | a plugin line with the files that it names |
//! | `target` | which engine a line means, with which options |
//! | `units` | its units, one after the other |
//! | `asked`, `inbox`, `outbox` | the conversation with the plugin |
//! | `reports` | the log and the progress, in the daemon's job log |
//! | `names` | files' names in the daemon's catalogue |
//! | `envelope`, `tally`, `host_state` | what is kept of a backup |
//! | `backup` | the steps of a backup; `sink`: its files |
//! | `estimate` | what would be backed up |
//! | `restore` | the steps of a restore |
//!
//! The conversation is `docs/file-daemon-protocol.md`.

mod asked;
mod backup;
#[cfg(test)]
mod double;
mod envelope;
mod estimate;
mod host_state;
mod inbox;
mod line;
mod names;
mod outbox;
mod reports;
mod restore;
mod sink;
mod tally;
mod target;
mod units;

pub use target::{Host, PointInTime, Target, Wanted};

use asked::Asked;
use errors::{Error, Result};
use inbox::Inbox;
use outbox::Outbox;
use protocol::{Purpose, SCRATCH_PREFIX, ToPlugin, VERSION};
use reports::Told;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use stream::Cancel;

/// Serves one plugin line of a daemon's job, or one restore.
///
/// # Errors
/// Whatever makes the job fail; the plugin has been told.
pub fn run(socket: UnixStream, host: &dyn Host, cancel: &Cancel) -> Result<()> {
    let served = serve(socket, host, cancel);
    remove_scratch();
    served
}

fn serve(socket: UnixStream, host: &dyn Host, cancel: &Cancel) -> Result<()> {
    let other = socket.try_clone().map_err(|error| Error::io("share the socket", error))?;
    let mut inbox = Inbox::new(other, cancel.clone())?;
    let outbox = Outbox::start(socket, cancel.clone())?;
    reports::start_log(&outbox);
    let program_version = env!("CARGO_PKG_VERSION").to_owned();
    outbox.send(ToPlugin::Hello { version: VERSION, program_version })?;
    let served = Asked::read(&mut inbox).and_then(|asked| {
        let told = Told::start(&outbox)?;
        let talk = Talk { outbox: outbox.clone(), cancel: cancel.clone(), told };
        match asked.purpose {
            Purpose::Backup => backup::run(&talk, &asked, inbox, host),
            Purpose::Estimate => estimate::run(&talk, &asked, inbox, host),
            Purpose::Restore => restore::run(&talk, &asked, inbox, host),
        }
    });
    if let Err(error) = &served {
        outbox.send(ToPlugin::Failed { text: explain(error) })?;
    }
    outbox.flush();
    served
}

/// The plugin gives each backend a directory for temporary files. A daemon that was killed does not
/// remove it; what is empty can go.
fn remove_scratch() {
    let dir = std::env::temp_dir();
    let name = dir.file_name().map(|name| name.to_string_lossy());
    if name.is_some_and(|name| name.starts_with(SCRATCH_PREFIX)) {
        let _ = std::fs::remove_dir(&dir);
    }
}

/// What every kind of work needs of the conversation.
struct Talk {
    outbox: Outbox,
    cancel: Cancel,
    told: Arc<Told>,
}

/// An error with its hints.
fn explain(error: &Error) -> String {
    let hints = error.hints().iter().map(|hint| format!("\nhint: {hint}"));
    std::iter::once(error.line()).chain(hints).collect()
}
