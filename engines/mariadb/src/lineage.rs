//! Which backup an increment continues: the newest one that today's data comes from.
//!
//! The tools do not know: after a server was restored to an older backup and written on, an
//! increment from a newer LSN is taken, prepared and checked without a complaint, and its rows are
//! wrong (measured). `@@server_uid` survives even a new initialisation (measured). So several
//! witnesses are asked, and any doubt makes a full.

use crate::server::{self, Server};
use crate::session::Session;
use crate::state::{Binlog, State};
use crate::tool::read_either;
use errors::{Error, Kind, Result};
use formats::mysql_texts::{BackupInfo, INFO_NAMES};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::time::UNIX_EPOCH;
use stream::{Finding, Job, Level, Link, words};

const UUID: &str = "server_uuid";
const TABLESPACE: &str = "system_tablespace";
const LEFT_INFO: &str = "restored_from";
const BINLOG_TAIL: &str = "binlog_tail";
/// Bytes before a backup's place in the binlog that must be the same for ever.
const TAIL_BYTES: u64 = 4096;
/// Where a binlog's flags end: the server changes one of them when it closes the file.
const FLAGS_END: u64 = 23;

/// What proves whose data it is, for the link.
///
/// # Errors
/// `source-files`.
pub(crate) fn witness(server: &Server) -> Result<BTreeMap<String, String>> {
    Ok(words([
        (UUID, server.uuid.clone()),
        (TABLESPACE, system_tablespace(&server.system_tablespace)?),
        (LEFT_INFO, left_info(&server.data_directory)),
    ]))
}

/// The same for a place in the binlog, which a backup learns at its end.
pub(crate) fn witness_binlog(server: &Server, place: &Binlog) -> BTreeMap<String, String> {
    let tail = tail(server, place).map(|tail| (BINLOG_TAIL.to_owned(), tail));
    tail.into_iter().collect()
}

/// Device, inode and birth of the file that every copy and every restore makes anew.
fn system_tablespace(path: &Path) -> Result<String> {
    let metadata = fs::metadata(path).map_err(|error| {
        Error::io(format!("look at {}", path.display()), error).with_kind(Kind::SourceFiles)
    })?;
    let born = metadata.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let born = born.map_or_else(|| "unknown".to_owned(), |time| time.as_nanos().to_string());
    Ok(format!("{}:{}:{born}", metadata.dev(), metadata.ino()))
}

/// The uuid of the backup that the data directory was restored from, as copy-back leaves it.
fn left_info(data: &Path) -> String {
    let text = read_either(data, INFO_NAMES);
    let info = text.and_then(|(_, text)| BackupInfo::parse(&text).ok());
    info.and_then(|info| info.uuid).unwrap_or_default()
}

/// The checksum of what lies before a place in the binlog; `None` where it cannot be read.
fn tail(server: &Server, place: &Binlog) -> Option<String> {
    let directory = server.binlog_base.as_ref()?.parent()?;
    let file = File::open(directory.join(&place.file)).ok()?;
    let from = place.position.saturating_sub(TAIL_BYTES).max(FLAGS_END);
    let mut bytes = vec![0; usize::try_from(place.position.checked_sub(from)?).ok()?];
    file.read_exact_at(&mut bytes, from).ok()?;
    Some(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Why today's data may not continue a link's; `None`: nothing speaks against it.
///
/// # Errors
/// The session's own, or the link's state cannot be read.
fn doubt(link: &Link, server: &Server, session: &mut Session) -> Result<Option<String>> {
    let today = witness(server)?;
    let name = link.name();
    for (witness, what) in [
        (UUID, "it is another server"),
        (
            TABLESPACE,
            "its system tablespace is another file, as after a restore or a new initialisation",
        ),
        (LEFT_INFO, "its data directory was restored from a backup"),
    ] {
        if link.lineage.get(witness) != today.get(witness) {
            return Ok(Some(format!("{what} since {name}")));
        }
    }
    let state = State::of(link)?;
    let now = server::current_lsn(session)?;
    if now < state.last_lsn {
        let then = state.last_lsn;
        return Ok(Some(format!("its log is at LSN {now}, and was at {then} in {name}")));
    }
    let Some(place) = &state.binlog else { return Ok(None) };
    binlog_doubt(link, server, session, place)
}

/// A server that was set back writes other events where the old ones were.
fn binlog_doubt(
    link: &Link,
    server: &Server,
    session: &mut Session,
    place: &Binlog,
) -> Result<Option<String>> {
    if server.binlog_base.is_none() {
        // It was switched off: no doubt by itself, but no witness either.
        return Ok(None);
    }
    let rows = session.rows("SHOW BINARY LOGS")?;
    let files: Vec<(String, u64)> = rows.into_iter().filter_map(named_size).collect();
    let name = link.name();
    let found = files.iter().find(|(file, _)| *file == place.file);
    match found {
        Some((_, size)) if *size < place.position => {
            let text = format!("{} is shorter than it was in {name}", place.file);
            return Ok(Some(text));
        }
        Some(_) => {}
        // Purged by age; but a number that was not reached again means that it began anew.
        None if number(&place.file) < files.first().map_or(0, |(file, _)| number(file)) => {
            return Ok(None);
        }
        None => return Ok(Some(format!("there is no {} any more, as in {name}", place.file))),
    }
    match (link.lineage.get(BINLOG_TAIL), tail(server, place)) {
        (Some(then), Some(now)) if *then != now => {
            Ok(Some(format!("{} has other events than in {name}", place.file)))
        }
        _ => Ok(None),
    }
}

fn named_size(row: Vec<Option<String>>) -> Option<(String, u64)> {
    let mut cells = row.into_iter();
    let file = cells.next()??;
    let size = cells.next()??.parse().ok()?;
    Some((file, size))
}

fn number(file: &str) -> u64 {
    file.rsplit('.').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

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
        Some(link) => match doubt(link, server, session)? {
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
