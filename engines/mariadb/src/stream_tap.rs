//! The eye on a tool's stream: every chunk is checked while it passes, every member gets a row,
//! and the small texts that say what the backup is are kept.

use errors::{Error, Kind, Result};
use formats::member_encoding::plain_name;
use formats::xbstream::{Dialect, FileEvent, Files, MemberPath, Summary, What};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use stream::{Finding, Tap, percent_encode};
use system::Spool;

/// Texts that are kept, by the end of their names: MariaDB and XtraBackup prefix them differently.
const TEXTS: &[&str] = &["_checkpoints", "_info", "_binlog_info", "_slave_info", "_galera_info"];
/// None of them is longer: GTID sets of busy clusters reach some KiB.
const TEXT_BYTES_MAX: usize = 256 << 10;

/// What was seen of one stream.
#[derive(Default)]
pub(crate) struct Seen {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Small texts by their names.
    texts: BTreeMap<String, Vec<u8>>,
    /// A line of JSON per member.
    rows: Spool,
    failure: Option<Error>,
    /// Once the stream has ended.
    summary: Option<Result<Summary>>,
}

/// A row of the list of members: sizes and checksums of what a restore will find.
#[derive(Serialize)]
struct Row<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crc32c: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    rewrite: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    renamed_to: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    removed: bool,
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fails as soon as the stream is known to be wrong. That it ends too early is none of this: the
    /// tool is about to say why.
    ///
    /// # Errors
    /// `tool`, naming the chunk.
    pub(crate) fn check(&self) -> Result<()> {
        self.lock().failure.as_ref().map_or(Ok(()), |error| Err(error.repeat()))
    }

    /// The stream's sums, once it has ended; fails where it is no whole row of files.
    ///
    /// # Errors
    /// `tool`.
    pub(crate) fn summary(&self) -> Result<Summary> {
        self.check()?;
        match &self.lock().summary {
            Some(Ok(summary)) => Ok(summary.clone()),
            Some(Err(error)) => Err(error.repeat()),
            None => Err(Error::new(Kind::Bug, "the stream has not ended")),
        }
    }

    /// A small text, by either of its names.
    pub(crate) fn text(&self, names: [&str; 2]) -> Option<Vec<u8>> {
        let inner = self.lock();
        names.iter().find_map(|name| inner.texts.get(*name).cloned())
    }

    /// The rows of all members.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub(crate) fn take_rows(&self) -> Result<(u64, Box<dyn Read + Send>)> {
        let rows = std::mem::take(&mut self.lock().rows);
        Ok((rows.length(), rows.into_reader()?))
    }
}

/// The tap of one stream.
pub(crate) struct StreamTap {
    files: Option<Files>,
    /// Texts that are open.
    open: BTreeMap<MemberPath, Vec<u8>>,
    seen: Arc<Seen>,
}

impl StreamTap {
    pub(crate) fn boxed(dialect: Dialect, seen: &Arc<Seen>) -> Box<dyn Tap> {
        Box::new(Self {
            files: Some(Files::new(dialect)),
            open: BTreeMap::new(),
            seen: Arc::clone(seen),
        })
    }

    fn read(&mut self, mut bytes: &[u8]) -> Result<()> {
        let Some(files) = &mut self.files else { return Ok(()) };
        loop {
            let event = files.next(&mut bytes).map_err(damaged)?;
            let Some(event) = event else { return Ok(()) };
            note(event, &mut self.open, &self.seen)?;
        }
    }

    fn fail(&mut self, error: Error) {
        self.files = None;
        self.seen.lock().failure.get_or_insert(error);
    }
}

impl Tap for StreamTap {
    fn bytes(&mut self, _offset: u64, bytes: &[u8]) {
        if let Err(error) = self.read(bytes) {
            self.fail(error);
        }
    }

    fn findings(mut self: Box<Self>) -> Vec<Finding> {
        if let Some(files) = self.files.take() {
            self.seen.lock().summary = Some(files.finish().map_err(damaged));
        }
        // What is wrong with a tool's stream is an error, not a finding.
        Vec::new()
    }

    fn fork(&self) -> Option<Box<dyn Tap>> {
        None
    }
}

fn damaged(error: formats::xbstream::XbstreamError) -> Error {
    Error::new(Kind::Tool, "the tool's stream is damaged").caused_by(error)
}

fn note(event: FileEvent<'_>, open: &mut BTreeMap<MemberPath, Vec<u8>>, seen: &Seen) -> Result<()> {
    let path = &event.path;
    match event.what {
        What::Begin { .. } => {
            if is_text(path) {
                open.insert(path.clone(), Vec::new());
            }
        }
        What::Data { bytes, .. } => {
            if let Some(text) = open.get_mut(path) {
                let room = TEXT_BYTES_MAX.saturating_sub(text.len());
                text.extend_from_slice(&bytes[..room.min(bytes.len())]);
            }
        }
        What::Hole { .. } => {}
        What::End(member) => {
            if let Some(text) = open.remove(path) {
                seen.lock().texts.insert(print(path), text);
            }
            let crc32c = Some(format!("{:08x}", member.crc32c));
            let (size, rewrite) = (Some(member.size), member.rewrite);
            row(seen, path, &|row| Row { size, crc32c: crc32c.clone(), rewrite, ..row })?;
        }
        What::Rename { to } => {
            let to = print(&to);
            row(seen, path, &|row| Row { renamed_to: Some(&to), ..row })?;
        }
        What::Remove => row(seen, path, &|row| Row { removed: true, ..row })?,
    }
    Ok(())
}

fn row<'a>(seen: &Seen, path: &MemberPath, fill: &dyn Fn(Row<'a>) -> Row<'a>) -> Result<()> {
    let path = print(path);
    let empty = Row {
        path: "",
        size: None,
        crc32c: None,
        rewrite: false,
        renamed_to: None,
        removed: false,
    };
    let row = Row { path: &path, ..fill(empty) };
    let mut line = serde_json::to_vec(&row)
        .map_err(|error| Error::new(Kind::Bug, "print a row").caused_by(error))?;
    line.push(b'\n');
    seen.lock().rows.write(&line)
}

/// At the top of the tree only: a table may be called anything.
fn is_text(path: &MemberPath) -> bool {
    let name = plain_name(path.as_bytes());
    !name.contains(&b'/') && TEXTS.iter().any(|end| name.ends_with(end.as_bytes()))
}

fn print(path: &MemberPath) -> String {
    percent_encode(path.as_bytes(), |byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use formats::mysql_texts::{CHECKPOINTS_NAMES, INFO_NAMES};
    use std::path::Path;

    fn recorded(name: &str) -> Vec<u8> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mysql").join(name);
        zstd::decode_all(std::fs::File::open(path).unwrap()).unwrap()
    }

    fn pass(bytes: &[u8], dialect: Dialect, step: usize) -> Arc<Seen> {
        let seen = Arc::new(Seen::default());
        let mut tap = StreamTap::boxed(dialect, &seen);
        for (number, block) in bytes.chunks(step).enumerate() {
            tap.bytes((number * step) as u64, block);
        }
        assert!(tap.findings().is_empty());
        seen
    }

    #[test]
    fn members_become_rows_and_the_texts_are_kept() {
        let stream = recorded("mariadb-10.11/ddl-during-backup.xb.zst");
        let seen = pass(&stream, Dialect::MariaDb, 100_000);
        seen.summary().unwrap().check().unwrap();
        assert!(seen.text(CHECKPOINTS_NAMES).unwrap().starts_with(b"backup_type = full-backuped"));
        assert!(seen.text(INFO_NAMES).is_some());
        let (size, mut rows) = seen.take_rows().unwrap();
        let mut text = String::new();
        rows.read_to_string(&mut text).unwrap();
        assert_eq!(text.len() as u64, size);
        // The list beside the stream was made by another program.
        let listed = recorded_list("mariadb-10.11/ddl-during-backup.tsv");
        let rows: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let ours: Vec<(String, Option<u64>)> = rows
            .iter()
            .filter(|row| row.get("removed").is_none())
            .map(|row| (row["path"].as_str().unwrap().to_owned(), row["size"].as_u64()))
            .collect();
        assert_eq!(ours, listed);
    }

    /// Path and length of each line; a rename has no length.
    fn recorded_list(name: &str) -> Vec<(String, Option<u64>)> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mysql").join(name);
        let text = std::fs::read_to_string(path).unwrap();
        let line = |line: &str| {
            let cells: Vec<&str> = line.split('\t').collect();
            let path = percent_encode(cells[1].as_bytes(), |byte| byte.is_ascii_graphic());
            (cells[0] != "remove").then(|| (path, cells[2].parse().ok()))
        };
        text.lines().filter_map(line).collect()
    }

    #[test]
    fn a_failed_backup_is_told_though_its_stream_is_whole() {
        let stream = recorded("xtrabackup-2.4/failed-inc-truncated.xb.zst");
        let seen = pass(&stream, Dialect::Percona, 1 << 20);
        assert!(seen.summary().unwrap().check().is_err());
        assert!(seen.text(CHECKPOINTS_NAMES).is_none());
    }

    #[test]
    fn damage_is_known_while_the_stream_still_runs() {
        let mut stream = recorded("mariadb-10.11/inc.xb.zst");
        let middle = stream.len() / 2;
        stream[middle] ^= 1;
        let seen = Arc::new(Seen::default());
        let mut tap = StreamTap::boxed(Dialect::MariaDb, &seen);
        tap.bytes(0, &stream[..stream.len() - 1]);
        assert_eq!(seen.check().unwrap_err().kind(), Kind::Tool);
        tap.findings();
        assert!(seen.summary().is_err());
    }

    #[test]
    fn a_stream_that_was_cut_is_damaged() {
        let stream = recorded("mariadb-10.11/inc.xb.zst");
        let seen = pass(&stream[..stream.len() - 3], Dialect::MariaDb, 65_536);
        // Not before the tool has said why.
        seen.check().unwrap();
        assert_eq!(seen.summary().unwrap_err().kind(), Kind::Tool);
    }
}
