//! A full backup: its steps, the copying of the files, and the link that says what it is in words
//! that outlive this program's run. Its log is below.

mod carried;
mod log;

use crate::collector::{Collected, Collector, Row, TABLESPACE_MAP};
use crate::configuration::{self, Configuration};
use crate::data_directory::{CONTROL, DataDirectory};
use crate::exclude::Patterns;
use crate::listing::{self, Listing};
use crate::mode::{self, Stopped};
use crate::pages::PageChecks;
use crate::roots::{self, Tablespace};
use crate::server::{self, Server, parse_lsn};
use crate::session::Session;
use crate::standby;
use crate::state::{Carried, State};
use chrono::{DateTime, Utc};
use errors::{Context, Error, Kind, Result};
use formats::manifest::WalRange;
use formats::{ControlFile, Lsn};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use stream::{
    Body, Earliest, Excluded, FileKind, Finding, Job, Level, Link, LogReach, Owner, Position,
    RelPath, Sink, Unit, VirtualFile, words,
};
use system::{Spool, Users};

/// Takes the backup.
///
/// # Errors
/// Whatever makes the backup unusable.
pub(crate) fn run(job: &Job, unit: &Unit, sink: &dyn Sink) -> Result<Link> {
    let started_at = Utc::now();
    refuse_level(job.level)?;
    job.options.unused().for_each(|told| tracing::warn!("{told}"));
    let patterns = Patterns::read(&job.options)?;

    // One session of our own, from before the start to after the stop.
    job.progress.phase("connect");
    let session = Session::open(job)?;
    let server = Server::ask(&session, &job.options)?;

    // The files are on this host, readable, and continue what the target holds already.
    let data = DataDirectory::open(&server.data_directory, server.system_identifier)?;
    server::refuse_other_cluster(job, server.system_identifier)?;
    server.require_archiving(&job.options, || log::others_archive(job, sink, &session, &data))?;
    let configuration = Configuration::ask(&session, &data.path, server.major)?;
    configuration.inside.iter().try_for_each(|path| patterns.refuse_used(path))?;

    // From here on the server forgets nothing that the backup needs.
    mode::hold_log(&session, &server, job);
    let start = mode::start(&session, &server, job)?;
    let control = match server.in_recovery {
        true => standby::control(&session, &data, start)?.0,
        false => data.prove(start, server.system_identifier)?,
    };

    // Only now may the files be listed; pg_control is read after all others.
    let backup = Backup { job, sink, session, server, data, control, start, configuration };
    let tablespaces = roots::tablespaces(&backup.data, &backup.control, backup.server.major)?;
    let collector = Collector::start(backup.server.major, backup.server.system_identifier)?;
    let copied = backup.copy(&tablespaces, patterns, &collector);
    let (collected, stopped) = backup.end(collector, copied)?;

    // The log from start to stop makes the backup whole without any archive.
    let (log, carried) = backup.log(stopped.lsn)?;

    job.progress.phase("finish");
    sink.settle()?;
    backup.link(unit, started_at, &tablespaces, collected, &stopped, (log, carried))
}

fn refuse_level(level: Level) -> Result<()> {
    if level == Level::Full {
        return Ok(());
    }
    Err(Error::new(Kind::Usage, format!("PostgreSQL has no backup of level {level} yet"))
        .hint("Use --level full. Between two fulls the log holds every change: archive it, or use --level log."))
}

struct Backup<'a> {
    job: &'a Job,
    sink: &'a dyn Sink,
    session: Session,
    server: Server,
    data: DataDirectory,
    control: ControlFile,
    start: Lsn,
    configuration: Configuration,
}

/// What the listing had to tell, and how far recovery must go by the copied pg_control.
struct Listed {
    findings: Vec<Finding>,
    excluded: Vec<Excluded>,
    min_recovery: Lsn,
}

impl Backup<'_> {
    /// Lists and copies all files, pg_control last. Answers what the listing had to tell.
    fn copy(
        &self,
        tablespaces: &[Tablespace],
        patterns: Patterns,
        collector: &Collector,
    ) -> Result<Listed> {
        self.job.progress.phase("copy files");
        self.job.progress.expect(self.estimate());
        let insert_lsn = self.session.asker(match self.server.in_recovery {
            true => standby::NEWEST_LSN,
            false => "SELECT pg_current_wal_insert_lsn()::text",
        });
        let checks = PageChecks::new(&self.control, self.start, move || {
            insert_lsn().and_then(|text| parse_lsn(&text).ok())
        });
        let mut give = |file: VirtualFile| {
            self.session.check_alive()?;
            self.job.check_cancel()?;
            let row = Row::of(&file);
            collector.expect(row, self.sink.put(file)?)
        };
        let (findings, excluded) = {
            let mut listing = Listing {
                checks,
                users: Users::new(),
                tablespaces,
                give: &mut give,
                patterns,
                follow_links: self.job.options.flag("follow_links"),
                followed: HashSet::new(),
                findings: Vec::new(),
            };
            tablespaces.iter().try_for_each(|tablespace| listing.tablespace(tablespace))?;
            listing.data(&self.data.path)?;
            listing.configuration(&self.configuration.outside)?;
            (listing.findings, listing.patterns.told())
        };
        // Nothing is read any more when pg_control is: it says how old the files may be.
        self.sink.settle()?;
        let (control, bytes) = match self.server.in_recovery {
            true => standby::control(&self.session, &self.data, self.start)?,
            false => self.data.control()?,
        };
        give(self.small_file(CONTROL, bytes)?)?;
        self.sink.settle()?;
        Ok(Listed { findings, excluded, min_recovery: control.min_recovery_point })
    }

    /// Leaves backup mode and gives what the server said at the end; then the manifest is complete
    /// (servers before 13 have none).
    fn end(&self, collector: Collector, copied: Result<Listed>) -> Result<(Collected, Stopped)> {
        let ended = copied.and_then(|listed| {
            self.job.progress.phase("leave backup mode");
            self.session.check_alive()?;
            let mut stopped = mode::stop(&self.session, &self.server)?;
            stopped.check(self.start, self.control.timeline, &self.server)?;
            if self.server.in_recovery {
                standby::require_timeline(&self.session, self.control.timeline)?;
                // The copy's own is what its recovery will wait for.
                stopped.lsn = stopped.lsn.max(listed.min_recovery);
            }
            let mut files = vec![("backup_label", stopped.label.clone())];
            if !stopped.tablespace_map.is_empty() {
                files.push((TABLESPACE_MAP, stopped.tablespace_map.clone()));
            }
            for (name, bytes) in files {
                let file = self.small_file(name, bytes)?;
                let row = Row::of(&file);
                collector.expect(row, self.sink.put(file)?)?;
            }
            Ok((listed, stopped))
        });
        // A file that failed is the reason; that the copying stopped after it is not.
        let mut collected = collector.finish()?;
        let (listed, stopped) = ended?;
        collected.note(listed.findings);
        collected.note(self.configuration.findings.clone());
        collected.totals.excluded = listed.excluded;
        let range =
            WalRange { timeline: self.control.timeline, start: self.start, end: stopped.lsn };
        if let Some(spool) = collected.end_manifest(range)? {
            self.put_manifest(spool)?;
        }
        Ok((collected, stopped))
    }

    fn put_manifest(&self, spool: Spool) -> Result<()> {
        let mut file = self.small_file("backup_manifest", Vec::new())?;
        file.size = Some(spool.length());
        file.body = Body::Reader(spool.into_reader()?);
        self.sink.put(file)?.redeem().map(drop)
    }

    /// A file of the data directory whose bytes are at hand.
    fn small_file(&self, name: &str, bytes: Vec<u8>) -> Result<VirtualFile> {
        let (path, mut users) = (&self.data.path, Users::new());
        let metadata = fs::metadata(path.join(CONTROL)).map_err(|error| {
            Error::io(format!("look at {}", path.display()), error).with_kind(Kind::SourceFiles)
        })?;
        let mtime = if name == CONTROL { listing::mtime(&metadata) } else { Utc::now() };
        Ok(VirtualFile {
            root: roots::data_root()?,
            path: RelPath::new(name).or_kind(Kind::Bug, || format!("name {name}"))?,
            kind: FileKind::File,
            mode: std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777,
            owner: roots::owner(&metadata, &mut users),
            mtime,
            size: u64::try_from(bytes.len()).ok(),
            body: Body::Bytes(bytes),
            partial: None,
            tap: None,
        })
    }

    /// About how many bytes there are to copy; 0 when the server does not tell.
    fn estimate(&self) -> u64 {
        let sql = "SELECT coalesce(sum(pg_database_size(oid)), 0)::int8 FROM pg_database";
        let row = self.session.ask(sql, &[]).ok();
        row.and_then(|row| u64::try_from(row.get::<_, i64>(0)).ok()).unwrap_or(0)
    }

    /// Whose new files of the data directory are.
    fn owner(&self) -> Result<(u32, Owner)> {
        let file = self.small_file(CONTROL, Vec::new())?;
        Ok((file.mode, file.owner))
    }

    fn link(
        &self,
        unit: &Unit,
        started_at: DateTime<Utc>,
        tablespaces: &[Tablespace],
        collected: Collected,
        stopped: &Stopped,
        (log, carried): (LogReach, Option<Carried>),
    ) -> Result<Link> {
        let state = self.state(stopped.lsn, carried)?;
        let mut directories = BTreeMap::new();
        directories.insert(roots::data_root()?, roots::describe_data(&self.data.path)?);
        if !self.configuration.outside.is_empty() {
            let info = roots::describe_configuration(&self.data.path)?;
            directories.insert(configuration::root()?, info);
        }
        for tablespace in tablespaces {
            directories.insert(tablespace.root.clone(), tablespace.info.clone());
        }
        let timeline = self.control.timeline.to_string();
        let system = self.server.system_identifier.to_string();
        Ok(Link {
            version: stream::WHOLE_FILES_VERSION,
            id: self.job.uuid,
            parent: None,
            engine: crate::NAME.to_owned(),
            target: self.job.target.clone(),
            unit: unit.name.clone(),
            job: self.job.id,
            level: self.job.level,
            from: Position::new(0),
            to: Position::new(stopped.lsn.0),
            base: words([("redo", self.start.to_string()), ("timeline", timeline.clone())]),
            earliest: Some(Earliest { position: Position::new(stopped.lsn.0), time: stopped.time }),
            lineage: words([("system_identifier", system), ("timeline", timeline)]),
            state: serde_json::to_value(&state).or_kind(Kind::Bug, || "print the state")?,
            roots: directories,
            server: self.server.words(self.job),
            started_at,
            finished_at: Utc::now(),
            totals: collected.totals,
            log: vec![log],
            findings: collected.findings,
        })
    }

    fn state(&self, stop: Lsn, carried: Option<Carried>) -> Result<State> {
        Ok(State {
            system_identifier: self.server.system_identifier,
            timeline: self.control.timeline,
            start: self.start,
            stop,
            major: self.server.major,
            catalog_version: self.control.catalog_version,
            control_version: self.control.pg_control_version,
            segment_size: self.control.segment_size,
            block_size: self.control.block_size,
            data_checksums: self.control.data_checksum_version > 0,
            standby: self.server.in_recovery,
            last_record: self.last_record(stop),
            carried,
            configuration: self.configuration.places.clone(),
            tablespace_in_place: roots::has_tablespace_in_place(&self.data.path)?,
        })
    }
}
