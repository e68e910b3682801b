//! The parent of an increment: the newest backup that today's data continues.

use crate::lineage;
use crate::server::Server;
use crate::session::Session;
use crate::state::State;
use errors::{Error, Kind, Result};
use stream::{Finding, Job, Level, Link};

/// What a backup is to begin with.
pub(crate) struct Start<'a> {
    /// The parent and its `to_lsn`; `None` makes a full.
    pub(crate) parent: Option<(&'a Link, u64)>,
    /// Why it is a full though something less was asked for.
    pub(crate) finding: Option<Finding>,
}

/// Chooses.
///
/// # Errors
/// `not-found`: there is no parent, and the operator wants to know rather than have a full.
pub(crate) fn choose<'a>(
    job: &'a Job,
    server: &Server,
    session: &mut Session,
) -> Result<Start<'a>> {
    let full = Start { parent: None, finding: None };
    let newest = match job.level {
        Level::Full => return Ok(full),
        Level::Log => {
            return Err(Error::new(Kind::Usage, "there is no level log for MariaDB and MySQL yet")
                .hint("Take --level incremental; binlogs are not archived by this version."));
        }
        // Since the last full; since the last backup of data.
        Level::Differential => newest(job, |link| link.level == Level::Full)?,
        Level::Incremental => newest(job, |_| true)?,
    };
    let why = match newest {
        None => "no earlier backup of the whole server is known".to_owned(),
        Some(link) => match lineage::doubt(link, server, session)? {
            None => return Ok(Start { parent: Some((link, base(link)?)), finding: None }),
            Some(doubt) => doubt,
        },
    };
    if job.options.text("without_parent") == Some("fail") {
        return Err(Error::new(Kind::NotFound, format!("no parent for this backup: {why}"))
            .hint("Take a full, or set without_parent to full."));
    }
    tracing::info!("a full is taken: {why}");
    let text = format!("a full was taken and no {}: {why}", job.level);
    Ok(Start { finding: Some(Finding { id: "no-parent".to_owned(), offset: 0, text }), ..full })
}

/// The newest backup that can be a parent at all. Links lie in the order of their jobs.
fn newest(job: &Job, fits: impl Fn(&Link) -> bool) -> Result<Option<&Link>> {
    let mut links: Vec<&Link> = job.links.iter().collect();
    links.sort_by_key(|link| (link.finished_at, link.job));
    for link in links.into_iter().rev() {
        if link.level != Level::Log && fits(link) && !State::of(link)?.is_partial {
            return Ok(Some(link));
        }
    }
    Ok(None)
}

/// Where a child of a link begins.
fn base(link: &Link) -> Result<u64> {
    let value = link.base.get("to_lsn").and_then(|text| text.parse().ok());
    value.ok_or_else(|| Error::new(Kind::Manifest, format!("{} has no to_lsn", link.name())))
}
