//! The tool's run: its streams into the sink.

use super::outcome::Outcome;
use super::proof::{prove, redeem};
use super::watch::{Pace, Paced, Watch};
use super::{Backup, MEMBERS};
use crate::fifo::Fifo;
use crate::options;
use crate::stream_tap::{Seen, StreamTap};
use crate::tool::{Child, Messages, Start};
use chrono::Utc;
use errors::{Context, Error, Kind, Result};
use std::io::Read;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;
use stream::{Body, FileKind, Receipt, RelPath, VirtualFile};

/// The only stream of a tool that has one.
const STREAM: &str = "backup.xbstream";

/// One stream on its way.
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) seen: Arc<Seen>,
    pub(super) receipt: Receipt,
}

impl Backup<'_> {
    /// Runs the tool and proves what it made.
    ///
    /// # Errors
    /// `tool`, `interrupted`, or the sink's own.
    pub(super) fn stream(&mut self) -> Result<Outcome> {
        self.job.progress.phase("copy");
        let scratch = tempfile::Builder::new().prefix("seawall-").tempdir();
        let scratch = scratch.map_err(|error| Error::io("make a temporary directory", error))?;
        let option_file = self.option_file()?;
        let fifos = self.fifos();
        let arguments = self.arguments(option_file.path(), &scratch, fifos)?;
        let log = options::tool_log(&self.job.options)?;
        let start = Start { arguments: &arguments, log, has_output: fifos.is_none() };
        let mut child = Child::start(&self.tool, &start)?;
        let pace = Arc::new(Pace::default());
        let watching = Watch::start(self, &child.messages, &pace);

        let lanes = self.open_lanes(&mut child, scratch.path(), fifos, &pace)?;
        let status = self.follow(&mut child, &lanes)?;
        let findings = watching.findings();
        drop(watching);
        let (seen, names) = redeem(lanes, &child, status)?;
        let totals = prove(&child, status, &seen)?;
        let from = self.start.parent.map(|(_, from)| from);
        let outcome = Outcome::read(&seen, &scratch.path().join("lsn"), from)?;
        self.put_members(&seen)?;
        Ok(Outcome { streams: names, totals, findings, ..outcome })
    }

    /// Names the stream that would be taken.
    ///
    /// # Errors
    /// The sink's own.
    pub(super) fn note_stream(&self) -> Result<()> {
        self.sink.put(self.file(STREAM, None, Body::Nothing)?).map(drop)
    }

    fn grace(&self) -> Duration {
        Duration::from_secs(self.job.options.seconds("cancel_grace_secs").unwrap_or(30))
    }

    fn open_lanes(
        &self,
        child: &mut Child,
        scratch: &Path,
        fifos: Option<usize>,
        pace: &Arc<Pace>,
    ) -> Result<Vec<Lane>> {
        let Some(count) = fifos else {
            let output = child.take_output();
            let output = output.ok_or_else(|| Error::new(Kind::Bug, "the tool has no output"))?;
            return Ok(vec![self.lane(STREAM.to_owned(), output, pace)?]);
        };
        let mut lanes = Vec::new();
        for number in 0..count {
            // As the tool names them (XtraBackup documentation, "Take a backup with FIFO").
            let fifo = Fifo::new(scratch.join(format!("thread_{number}")), child.alive());
            lanes.push(self.lane(format!("backup.{number}.xbstream"), fifo, pace)?);
        }
        Ok(lanes)
    }

    fn lane(
        &self,
        name: String,
        source: impl Read + Send + 'static,
        pace: &Arc<Pace>,
    ) -> Result<Lane> {
        let seen = Arc::new(Seen::default());
        let source = Paced { source, pace: Arc::clone(pace) };
        let file = VirtualFile {
            tap: Some(StreamTap::boxed(self.flavour().dialect(), &seen)),
            ..self.file(&name, None, Body::Reader(Box::new(source)))?
        };
        Ok(Lane { receipt: self.sink.put(file)?, name, seen })
    }

    fn file(&self, name: &str, size: Option<u64>, body: Body) -> Result<VirtualFile> {
        Ok(VirtualFile {
            root: crate::root()?,
            path: RelPath::new(name).or_kind(Kind::Bug, || "name a stream")?,
            kind: FileKind::File,
            mode: 0o600,
            owner: stream::Owner::default(),
            mtime: Utc::now(),
            size,
            body,
            partial: None,
            tap: None,
        })
    }

    /// Until the tool ends: by itself, by a cancel, because its stream is damaged already, or because
    /// it gets no lock.
    fn follow(&self, child: &mut Child, lanes: &[Lane]) -> Result<ExitStatus> {
        child.wait(&self.job.cancel, self.grace(), |messages| {
            let damage = lanes.iter().find_map(|lane| lane.seen.check().err());
            damage.or_else(|| self.lock_timeout(messages))
        })
    }

    /// The tool's own limit (`--ftwrl-wait-timeout`) first waits for a moment without any statement,
    /// and on a busy server none comes (measured). So this one is kept here.
    fn lock_timeout(&self, messages: &Messages) -> Option<Error> {
        let secs = self.job.options.seconds("lock_timeout_secs").unwrap_or(600);
        let waited = messages.lock_wait()?;
        let text = format!("the tool waited {secs} s for a lock of the server");
        (waited >= Duration::from_secs(secs)).then(|| {
            Error::new(Kind::Timeout, text).hint(
                "A session holds LOCK TABLES, or a statement does not end: see SHOW PROCESSLIST. The limit is lock_timeout_secs.",
            )
        })
    }

    /// The list of members, with sizes and checksums: a file of its own behind the streams.
    fn put_members(&self, seen: &[Arc<Seen>]) -> Result<()> {
        let mut size = 0;
        let mut all: Box<dyn Read + Send> = Box::new(std::io::empty());
        for seen in seen {
            let (bytes, rows) = seen.take_rows()?;
            size += bytes;
            all = Box::new(all.chain(rows));
        }
        let receipt = self.sink.put(self.file(MEMBERS, Some(size), Body::Reader(all))?)?;
        receipt.redeem().map(drop)
    }
}
