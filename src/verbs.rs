//! The verbs, one file each.

pub(crate) mod accept;
pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod dry_run;
pub(crate) mod file_daemon;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod restore;
pub(crate) mod show;
pub(crate) mod target;
pub(crate) mod units;
pub(crate) mod verify;
pub(crate) mod version;
pub(crate) mod wal;

use crate::args::{Source, Stored, Verb};
use crate::config::Request;
use crate::context::Context;
use crate::printer::Answer;
use errors::Result;

/// Does what the command line asks for.
///
/// # Errors
/// The verb's own.
pub(crate) fn run(context: &Context, verb: Verb) -> Result<Answer> {
    // The backend's log is the daemon's job log.
    if !matches!(verb, Verb::FileDaemonBackend) {
        context.start_log(is_called_by_a_server(&verb));
    }
    match verb {
        Verb::Init => init::run(context),
        Verb::Check(source) => check::run(context, source),
        Verb::Units(source) => units::run(context, source),
        Verb::Accept(accept) => accept::run(context, accept),
        Verb::Backup(backup) => backup::run(context, backup),
        Verb::List(stored) => list::run(context, &stored),
        Verb::Show(one) => show::run(context, &one),
        Verb::Restore(restore) => restore::run(context, &restore),
        Verb::Verify(one) => verify::run(context, &one),
        Verb::Wal(wal) => wal::run(context, &wal),
        Verb::Config(config) => config::run(context, config),
        Verb::FileDaemonBackend => file_daemon::run(context),
        Verb::Version => Ok(version::run()),
    }
}

fn is_called_by_a_server(verb: &Verb) -> bool {
    matches!(verb, Verb::Wal(_))
}

/// What the flags of a verb that works on a server ask for.
fn source_request(source: Source) -> Request {
    let Source { place, target, engine, options } = source;
    Request { place: Some(place), target, engine, sets: options.0, ..Request::default() }
}

/// What the flags of a verb that works on a repository ask for.
fn stored_request(stored: &Stored) -> Request {
    let (place, target) = (stored.place.clone(), stored.target.clone());
    Request { place, target, ..Request::default() }
}
