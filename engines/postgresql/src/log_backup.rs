//! A backup of level `log`: every complete segment since the last link, and nothing else.
//!
//! For servers whose `archive_command` fills a directory, and for daemons that keep the log in their
//! own stream. Where the server archives into the repository already, the link only says which range
//! was found there.

mod parent;
mod source;

use crate::data_directory::DataDirectory;
use crate::log_stream::{self, Rights, SegmentTap};
use crate::roots;
use crate::server::{self, Server, parse_lsn};
use crate::session::Session;
use crate::wal;
use chrono::Utc;
use errors::{Error, Kind, Result};
use formats::{Lsn, SegmentName, SegmentNumber, SegmentSize, TimelineId, WalFile};
use parent::{Parent, is_idle};
use source::{Found, Source};
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;
use stream::{
    Finding, Job, Link, LogReach, Outcome, Owner, Position, Receipt, Sink, Totals, Unit, words,
};

/// Takes the backup.
///
/// # Errors
/// `not-found`: there is nothing that it could continue; `log-gap`: a segment is missing, or the
/// server does not continue the last link.
pub(crate) fn run(job: &Job, unit: &Unit, sink: &dyn Sink) -> Result<Link> {
    let started_at = Utc::now();
    job.options.unused().for_each(|told| tracing::warn!("{told}"));
    job.progress.phase("connect");
    let session = Session::open(job)?;
    let server = Server::ask(&session, &job.options)?;
    server::refuse_other_cluster(job, server.system_identifier)?;
    let data = DataDirectory::open(&server.data_directory, server.system_identifier)?;
    let size = data.control()?.0.segment_size;

    // What the last link left off with must be on the way of this server's history.
    let source = Source::new(job, &data, &server, sink);
    let (timeline, now) = position(&session, &server, &data)?;
    let parent = Parent::find(job, &server, timeline, &source)?;

    // The segment that is being written is ended, unless nothing happened in it.
    let until = if is_idle(&data, &parent, (timeline, now), size)? {
        parent.to
    } else {
        if !server.in_recovery && job.options.flag("switch_wal") {
            session.ask("SELECT pg_switch_wal()::text", &[])?;
        }
        let (_, now) = position(&session, &server, &data)?;
        SegmentNumber::of(now, size).first_lsn(size)
    };

    // Every segment from there to here, in order.
    job.progress.phase("copy log");
    let mut copy = Copy::new(job, sink, source, &data, size)?;
    let reaches = copy.all(&parent, until)?;

    job.progress.phase("finish");
    sink.settle()?;
    let to = Position::new(until.max(parent.to).0);
    Ok(Link {
        version: stream::WHOLE_FILES_VERSION,
        id: job.uuid,
        parent: Some(parent.link),
        engine: crate::NAME.to_owned(),
        target: job.target.clone(),
        unit: unit.name.clone(),
        job: job.id,
        level: job.level,
        from: Position::new(parent.to.0),
        to,
        base: BTreeMap::new(),
        earliest: None,
        lineage: words([
            ("system_identifier", server.system_identifier.to_string()),
            ("timeline", timeline.to_string()),
        ]),
        state: serde_json::Value::Null,
        roots: BTreeMap::from([(roots::data_root()?, roots::describe_data(&data.path)?)]),
        server: server.words(job),
        started_at,
        finished_at: Utc::now(),
        totals: copy.totals,
        log: reaches,
        findings: copy.findings,
    })
}

/// The server's timeline, and the position where it writes or replays.
fn position(session: &Session, server: &Server, data: &DataDirectory) -> Result<(TimelineId, Lsn)> {
    if server.in_recovery {
        // Behind a switch replay is at the segment's end before the rest of it has been received.
        let sql = "SELECT least(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::text";
        let row = session.ask(sql, &[])?;
        return Ok((data.control()?.0.timeline, parse_lsn(row.get(0))?));
    }
    // The control file may still tell of the timeline before the last promotion; a name does not.
    let row = session.ask(
        "SELECT lsn::text, left(pg_walfile_name(lsn), 8) FROM pg_current_wal_insert_lsn() lsn",
        &[],
    )?;
    let text: String = row.get(1);
    let timeline = u32::from_str_radix(&text, 16).ok().and_then(TimelineId::new);
    let timeline =
        timeline.ok_or_else(|| Error::new(Kind::Bug, format!("read the timeline {text:?}")))?;
    Ok((timeline, parse_lsn(row.get(0))?))
}

/// The copying of one range.
struct Copy<'a> {
    job: &'a Job,
    sink: &'a dyn Sink,
    source: Source<'a>,
    system: formats::SystemIdentifier,
    size: SegmentSize,
    owner: Owner,
    open: VecDeque<Receipt>,
    totals: Totals,
    findings: Vec<Finding>,
}

impl<'a> Copy<'a> {
    fn new(
        job: &'a Job,
        sink: &'a dyn Sink,
        source: Source<'a>,
        data: &DataDirectory,
        size: SegmentSize,
    ) -> Result<Self> {
        Ok(Self {
            job,
            sink,
            system: source.system,
            source,
            size,
            owner: roots::describe_data(&data.path)?.owner,
            open: VecDeque::new(),
            totals: Totals::default(),
            findings: Vec::new(),
        })
    }

    /// Puts what is not kept yet; answers what is there then, timeline by timeline.
    fn all(&mut self, parent: &Parent, until: Lsn) -> Result<Vec<LogReach>> {
        // Nothing is put of a log with a gap: who takes a full instead begins with an empty stream.
        let mut next = SegmentNumber::of(parent.to, self.size);
        for leg in &parent.course.legs {
            let end = leg.switch.map_or(until, |switch| switch.min(until));
            while next.next().first_lsn(self.size) <= end {
                let name = SegmentName { timeline: leg.timeline, number: next };
                self.source.require(&name, self.size)?;
                next = next.next();
            }
        }
        let mut reaches = Vec::new();
        let mut next = SegmentNumber::of(parent.to, self.size);
        for leg in &parent.course.legs {
            let mut pieces = self.history(leg.timeline)?;
            let end = leg.switch.map_or(until, |switch| switch.min(until));
            // The segment in which a timeline is left is read from the next one.
            while next.next().first_lsn(self.size) <= end {
                self.job.check_cancel()?;
                pieces.push(self.segment(SegmentName { timeline: leg.timeline, number: next })?);
                next = next.next();
            }
            if !pieces.is_empty() {
                reaches.push(log_stream::reach(self.system, leg.timeline, pieces)?);
            }
        }
        while let Some(receipt) = self.open.pop_front() {
            self.account(receipt.redeem()?);
        }
        Ok(reaches)
    }

    /// The history of a timeline, without which nobody can follow it.
    fn history(&mut self, timeline: TimelineId) -> Result<Vec<String>> {
        let file = WalFile::History(timeline);
        if timeline.get() == 1 || self.source.is_kept(&file)? {
            return Ok(Vec::new());
        }
        let Some(path) = self.source.history(timeline) else { return Ok(Vec::new()) };
        wal::check_history(&path, timeline)?;
        Ok(vec![self.put(&file, &path)?])
    }

    fn segment(&mut self, name: SegmentName) -> Result<String> {
        let (file, found) = self.source.segment(&name, self.size)?;
        match found {
            Found::Kept => Ok(log_stream::name(&wal::key(&file, self.system))),
            Found::File(path) => self.put(&file, &path),
        }
    }

    fn put(&mut self, file: &WalFile, path: &Path) -> Result<String> {
        let key = wal::key(file, self.system);
        let name = log_stream::name(&key);
        let metadata = fs::metadata(path).map_err(|error| {
            Error::io(format!("look at {}", path.display()), error).with_kind(Kind::SourceFiles)
        })?;
        let tap = matches!(file, WalFile::Segment(_)).then(|| SegmentTap::boxed(path, false));
        let rights = Rights { mode: 0o600, owner: self.owner.clone() };
        let piece = log_stream::piece(file, key, path.to_owned(), &metadata, rights, tap)?;
        self.open.push_back(self.sink.put(piece)?);
        if self.open.len() > self.sink.lanes()
            && let Some(receipt) = self.open.pop_front()
        {
            self.account(receipt.redeem()?);
        }
        Ok(name)
    }

    fn account(&mut self, outcome: Outcome) {
        self.totals.files += 1;
        self.totals.bytes += outcome.bytes;
        self.findings.extend(outcome.findings);
    }
}
