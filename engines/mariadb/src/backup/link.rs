//! What a backup turned out to be, read from the tool's own texts and only after every proof; and
//! the link that says so.

use super::Backup;
use crate::lineage;
use crate::state::{Binlog, State};
use crate::stream_tap::Seen;
use crate::tool::read_either;
use chrono::{DateTime, Utc};
use errors::{Context, Error, Kind, Result};
use formats::mysql_texts::{
    BINLOG_INFO_NAMES, BackupInfo, BackupType, BinlogPosition, CHECKPOINTS_NAMES, Checkpoints,
    INFO_NAMES,
};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use stream::{Earliest, Link, Owner, Position, RootInfo, Totals, Unit, WHOLE_FILES_VERSION, words};
use system::Users;

/// A proven backup.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) from_lsn: u64,
    pub(super) to_lsn: u64,
    pub(super) last_lsn: u64,
    pub(super) is_partial: bool,
    pub(super) binlog: Option<Binlog>,
    pub(super) texts: BTreeMap<String, String>,
    pub(super) streams: Vec<String>,
    pub(super) totals: Totals,
    pub(super) findings: Vec<stream::Finding>,
}

impl Outcome {
    /// Of a backup that holds nothing, because nothing had changed.
    pub(super) fn unchanged(lsn: u64, parent: &State) -> Self {
        Self {
            from_lsn: lsn,
            to_lsn: lsn,
            last_lsn: parent.last_lsn,
            binlog: parent.binlog.clone(),
            ..Self::default()
        }
    }

    /// Of a dry run.
    pub(super) fn not_taken(from_lsn: u64, lsn: u64) -> Self {
        Self { from_lsn, to_lsn: lsn, last_lsn: lsn, ..Self::default() }
    }

    /// Reads the texts: `*_checkpoints` from the stream, which must say the same as the copy that
    /// the tool wrote outside of it; `*_info` from outside, because in the stream it may be
    /// compressed or encrypted.
    ///
    /// # Errors
    /// `tool`: a text is missing or contradicts what was asked for.
    pub(super) fn read(
        seen: &[impl AsRef<Seen>],
        lsn_dir: &Path,
        from: Option<u64>,
    ) -> Result<Self> {
        let in_stream = seen.iter().find_map(|seen| seen.as_ref().text(CHECKPOINTS_NAMES));
        let in_stream = in_stream.ok_or_else(|| missing(&CHECKPOINTS_NAMES))?;
        let (checkpoints_name, outside) = read_outside(lsn_dir, CHECKPOINTS_NAMES)?;
        let checkpoints = parse(&in_stream, &checkpoints_name)?;
        // Byte by byte they differ by a blank line; what they say must not.
        if parse(&outside, &checkpoints_name)? != checkpoints {
            let text = format!("the tool wrote two different {checkpoints_name}");
            return Err(Error::new(Kind::Tool, text));
        }
        let (info_name, info_text) = read_outside(lsn_dir, INFO_NAMES)?;
        let info =
            BackupInfo::parse(&info_text).or_kind(Kind::Tool, || format!("read {info_name}"))?;
        check(&checkpoints, from)?;
        let binlog_text = seen.iter().find_map(|seen| seen.as_ref().text(BINLOG_INFO_NAMES));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Self {
            from_lsn: checkpoints.from_lsn,
            to_lsn: checkpoints.to_lsn,
            last_lsn: checkpoints.last_lsn.unwrap_or(checkpoints.to_lsn),
            is_partial: info.partial == Some(true),
            binlog: binlog(binlog_text.as_deref(), info.binlog)?,
            texts: BTreeMap::from([
                (checkpoints_name, text(&in_stream)),
                (info_name, text(&info_text)),
            ]),
            ..Self::default()
        })
    }
}

fn missing(names: &[&str; 2]) -> Error {
    Error::new(Kind::Tool, format!("the tool wrote neither {} nor {}", names[0], names[1]))
}

fn read_outside(dir: &Path, names: [&'static str; 2]) -> Result<(String, Vec<u8>)> {
    let found = read_either(dir, names).ok_or_else(|| missing(&names))?;
    Ok((found.0.to_owned(), found.1))
}

fn parse(bytes: &[u8], name: &str) -> Result<Checkpoints> {
    Checkpoints::parse(bytes).or_kind(Kind::Tool, || format!("read {name}"))
}

/// A tool takes any LSN to begin with, and calls what comes of it complete (measured).
fn check(checkpoints: &Checkpoints, from: Option<u64>) -> Result<()> {
    let wrong = |text: String| Err(Error::new(Kind::Tool, text));
    if checkpoints.is_backwards() {
        let (from, to) = (checkpoints.from_lsn, checkpoints.to_lsn);
        return wrong(format!("the backup would go backwards, from LSN {from} to {to}"));
    }
    let wanted = match from {
        None => BackupType::Full,
        Some(_) => BackupType::Incremental,
    };
    if checkpoints.backup_type != wanted || checkpoints.from_lsn != from.unwrap_or(0) {
        return wrong(format!(
            "the tool made another backup than was asked for: {:?} from LSN {}",
            checkpoints.backup_type, checkpoints.from_lsn
        ));
    }
    Ok(())
}

/// From the text in the stream, or the sentence in `*_info` where there is none.
fn binlog(text: Option<&[u8]>, sentence: Option<BinlogPosition>) -> Result<Option<Binlog>> {
    let place = match text {
        Some(text) => BinlogPosition::parse_file(text)
            .or_kind(Kind::Tool, || "read the tool's place in the binlog")?,
        None => sentence,
    };
    Ok(place.map(|place| Binlog {
        gtid: place.gtids.map(|gtids| gtids.to_string()).unwrap_or_default(),
        file: place.file,
        position: place.position,
    }))
}

impl Backup<'_> {
    pub(super) fn link(&mut self, unit: &Unit, outcome: &Outcome) -> Result<Link> {
        let time = self.server_time()?;
        let state = State {
            flavour: self.flavour(),
            tool_version: self.tool.version.clone(),
            streams: outcome.streams.clone(),
            last_lsn: outcome.last_lsn,
            is_partial: outcome.is_partial,
            binlog: outcome.binlog.clone(),
            texts: outcome.texts.clone(),
        };
        let mut lineage = self.witness.clone();
        let mut base = words([("to_lsn", outcome.to_lsn.to_string())]);
        if let Some(place) = &outcome.binlog {
            lineage.extend(lineage::witness_binlog(&self.server, place));
            base.insert("binlog".to_owned(), format!("{}:{}", place.file, place.position));
        }
        let root = describe_root(&self.server.data_directory)?;
        let mut findings: Vec<_> = self.start.finding.iter().cloned().collect();
        findings.extend(outcome.findings.iter().cloned());
        let position = Position::new(outcome.to_lsn);
        Ok(Link {
            version: WHOLE_FILES_VERSION,
            id: self.job.uuid,
            parent: self.start.parent.map(|(link, _)| link.id),
            engine: crate::NAME.to_owned(),
            target: self.job.target.clone(),
            unit: unit.name.clone(),
            job: self.job.id,
            level: self.level(),
            from: Position::new(outcome.from_lsn),
            to: position,
            base,
            earliest: Some(Earliest { position, time }),
            // Binlogs are not archived yet: the coordinates are in the state.
            lineage,
            state: serde_json::to_value(&state).or_kind(Kind::Bug, || "print the state")?,
            roots: BTreeMap::from([(crate::root()?, root)]),
            server: words([
                ("version", self.server.version.clone()),
                ("address", self.address.place.to_string()),
                ("user", self.server.user.clone()),
                ("data_directory", self.server.data_directory.display().to_string()),
                ("tool", format!("{} {}", self.tool.flavour, self.tool.version)),
            ]),
            started_at: self.started_at,
            finished_at: Utc::now(),
            totals: outcome.totals.clone(),
            log: Vec::new(),
            findings,
        })
    }

    /// The server's clock: what a target is compared with.
    fn server_time(&mut self) -> Result<DateTime<Utc>> {
        let text = self.session.value("SELECT UNIX_TIMESTAMP(NOW(6))")?;
        let micros = text.and_then(|text| {
            let (secs, micros) = text.split_once('.').unwrap_or((&text, "0"));
            let micros: i64 = format!("{micros:0<6}").get(..6)?.parse().ok()?;
            Some(secs.parse::<i64>().ok()? * 1_000_000 + micros)
        });
        Ok(micros.and_then(DateTime::from_timestamp_micros).unwrap_or_else(Utc::now))
    }
}

/// Path, mode and owner.
///
/// # Errors
/// `source-files`.
fn describe_root(path: &Path) -> Result<RootInfo> {
    let metadata = fs::metadata(path).map_err(|error| {
        Error::io(format!("look at {}", path.display()), error).with_kind(Kind::SourceFiles)
    })?;
    let mut users = Users::new();
    let (uid, gid) = (metadata.uid(), metadata.gid());
    let owner = Owner { uid, gid, user: users.user(uid), group: users.group(gid) };
    Ok(RootInfo::new(path, metadata.mode(), owner))
}
