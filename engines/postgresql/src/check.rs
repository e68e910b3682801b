//! `check`: a doctor. It looks at server, files and stored log for everything that would make a
//! backup fail, be useless, or hurt one day. What cannot be looked at hides nothing else.

mod archiving;
pub(crate) mod catalogue;
mod content;
mod files;
mod server;
mod stored;
mod versions;

use crate::server::{major, setting};
use crate::session::{self, Session};
use catalogue as rule;
use errors::{Kind, Result, Rule};
use stream::{Diagnosis, Job, Stored};
use tokio_postgres::types::FromSql;
pub use versions::defects;

/// What every step works with.
pub(crate) struct Doctor<'a> {
    job: &'a Job,
    stored: Option<&'a Stored<'a>>,
    session: Session,
    major: u16,
    user: String,
    /// Whether the server is a standby, or recovers.
    in_recovery: bool,
}

/// Names that a text may list.
const NAMED_MAX: usize = 10;

type Findings = Result<Vec<Diagnosis>>;
/// A step, and the finding that stands in its place when it cannot be done.
type Step = (&'static Rule, fn(&Doctor<'_>) -> Findings);

/// In this order; none needs another.
static STEPS: &[Step] = &[
    (&rule::DEFECTS, versions::look),
    (&rule::GRANT_START, server::grant_start),
    (&rule::GRANT_STOP, server::grant_stop),
    (&rule::GRANT_SETTINGS, server::grant_settings),
    (&rule::REPLICATION, server::replication),
    (&rule::ROLE, server::role),
    (&rule::WAL_LEVEL, server::wal_level),
    (&rule::FULL_PAGE_WRITES, server::full_page_writes),
    (&rule::FSYNC, server::fsync),
    (&rule::CHECKSUMS, server::checksums),
    (&rule::CLOCK, server::clock),
    (&rule::ARCHIVE_MODE, archiving::mode),
    (&rule::ARCHIVE_COMMAND, archiving::command),
    (&rule::ARCHIVE_DESTINATION, archiving::destination),
    (&rule::ARCHIVE_FAILING, archiving::failing),
    (&rule::LAG_BYTES, stored::lag),
    (&rule::LOG_GAP, stored::gap),
    (&rule::OTHER_CLUSTER, stored::other_cluster),
    (&rule::FIRST_BACKUP, stored::room),
    (&rule::SLOT_LOST, server::slots_lost),
    (&rule::SLOT_RETAINS, server::slots_retaining),
    (&rule::SLOTS_FREE, server::slots_free),
    (&rule::DATA_DIRECTORY, files::look),
    (&rule::CONFIGURATION, files::configuration),
    (&rule::COLLATION_DATABASE, content::databases),
    (&rule::COLLATION, content::collations),
    (&rule::PREPARED, content::prepared),
    (&rule::UNLOGGED, content::unlogged),
];

/// Looks at everything.
pub(crate) fn run(job: &Job, stored: Option<&Stored<'_>>) -> Vec<Diagnosis> {
    let place = session::place(&job.options);
    let session = match Session::open(job) {
        Ok(session) => session,
        Err(error) => return vec![Diagnosis::failure(&rule::CONNECTION, &error)],
    };
    let mut found = vec![Diagnosis::ok(&rule::CONNECTION, format!("connected to {place}"))];
    match Doctor::begin(job, stored, session) {
        Ok((doctor, version)) => {
            let text = format!("the server is PostgreSQL {version}");
            found.push(Diagnosis::ok(&rule::VERSION, text));
            doctor.all(&mut found);
        }
        Err(error) => found.push(Diagnosis::failure(&rule::VERSION, &error)),
    }
    found
}

impl<'a> Doctor<'a> {
    fn begin(
        job: &'a Job,
        stored: Option<&'a Stored<'a>>,
        session: Session,
    ) -> Result<(Self, String)> {
        let row = session.ask(
            "SELECT current_setting('server_version_num')::int4, current_setting('server_version'), \
             current_user::text, pg_is_in_recovery()",
            &[],
        )?;
        let major = major(row.get(0))?;
        let (user, in_recovery) = (row.get(2), row.get(3));
        Ok((Self { job, stored, session, major, user, in_recovery }, row.get(1)))
    }

    fn all(&self, found: &mut Vec<Diagnosis>) {
        for (rule, look) in STEPS {
            match look(self) {
                Ok(some) => found.extend(some),
                Err(error) => {
                    found.push(Diagnosis::unknown(rule, &error));
                    // A server that does not answer would not answer the next question either.
                    if matches!(error.kind(), Kind::Timeout | Kind::Connect | Kind::Interrupted) {
                        return;
                    }
                }
            }
        }
    }

    /// One answer of the server.
    fn value<T>(&self, sql: &str) -> Result<T>
    where
        T: for<'t> FromSql<'t>,
    {
        Ok(self.session.ask(sql, &[])?.get(0))
    }

    /// A setting that every supported major has.
    fn setting(&self, name: &str) -> Result<String> {
        setting(&self.session, name)
    }

    /// The server's position, on a primary or a standby.
    fn position(&self) -> &'static str {
        if self.in_recovery { "pg_last_wal_replay_lsn()" } else { "pg_current_wal_lsn()" }
    }
}

fn one(diagnosis: Diagnosis) -> Findings {
    Ok(vec![diagnosis])
}

/// Names for a text, up to a bound.
fn few(names: &[String]) -> String {
    let mut text = names.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > NAMED_MAX {
        text.push_str(&format!(" and {} more", names.len() - NAMED_MAX));
    }
    text
}
