//! The tool's run: how it is called, its streams into the sink, and the proof that what passed is a
//! backup.
//!
//! No single witness is enough (all measured): a tool that fails leaves a stream that looks whole;
//! some say `completed OK!` with redo log missing; `--history` fails after the last byte.

use super::link::Outcome;
use super::watch::{Pace, Paced, Watch};
use super::{Backup, MEMBERS};
use crate::address::Place;
use crate::stream_tap::{Seen, StreamTap};
use crate::tool::{Arguments, Child, Fifo, Messages, Start, backup_arguments};
use crate::{option_file, options};
use chrono::Utc;
use errors::{Context, Error, Kind, Result};
use formats::xbstream::Summary;
use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;
use stream::{Body, FileKind, Receipt, RelPath, Totals, VirtualFile};
use system::Secret;
use tempfile::{NamedTempFile, TempDir};

/// The only stream of a tool that has one.
const STREAM: &str = "backup.xbstream";

/// One stream on its way.
struct Lane {
    name: String,
    seen: Arc<Seen>,
    receipt: Receipt,
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

impl Backup<'_> {
    /// The private file that says where the server is, and the password.
    fn option_file(&self) -> Result<NamedTempFile> {
        let user = Secret::new(&self.address.user);
        let (host, port, socket);
        let mut client = vec![("user", &user)];
        match &self.address.place {
            Place::Tcp { host: name, port: number } => {
                (host, port) = (Secret::new(name), Secret::new(number.to_string()));
                client.extend([("host", &host), ("port", &port)]);
            }
            Place::Socket(path) => {
                socket = Secret::new(path.display().to_string());
                // Another host in the operator's option file would lead the tool elsewhere.
                host = Secret::new("localhost");
                client.extend([("host", &host), ("socket", &socket)]);
            }
        }
        client.extend(self.address.password.as_ref().map(|password| ("password", password)));
        option_file::write(self.address.defaults_file.as_deref(), &client)
    }

    /// Several pipes at once, where the tool has them and the sink more than one lane.
    fn fifos(&self) -> Option<usize> {
        let lanes = self.sink.lanes();
        let wanted = self.job.options.flag("fifo_streams") && self.tool.has_fifo_streams();
        (wanted && lanes > 1).then_some(lanes)
    }

    fn arguments(
        &self,
        option_file: &Path,
        scratch: &TempDir,
        fifos: Option<usize>,
    ) -> Result<Vec<OsString>> {
        let with = Arguments {
            options: &self.job.options,
            option_file,
            data_directory: &self.server.data_directory,
            lsn_dir: &scratch.path().join("lsn"),
            from: self.start.parent.map(|(_, from)| from),
            fifos: fifos.map(|count| (scratch.path(), count)),
        };
        backup_arguments(&self.tool, &with)
    }
}

/// Waits for the streams' ends. A sink that failed broke the pipe: its error is the cause, and the
/// tool's complaint what came of it.
fn redeem(
    lanes: Vec<Lane>,
    child: &Child,
    status: ExitStatus,
) -> Result<(Vec<Arc<Seen>>, Vec<String>)> {
    let (mut seen, mut names) = (Vec::new(), Vec::new());
    for lane in lanes {
        let outcome = lane.receipt.redeem();
        if let Err(error) = outcome {
            let is_the_pipe = error.kind() == Kind::SourceFiles && !status.success();
            return Err(if is_the_pipe { child.failure(status) } else { error });
        }
        seen.push(lane.seen);
        names.push(lane.name);
    }
    Ok((seen, names))
}

/// Every witness must say that the backup is whole.
fn prove(child: &Child, status: ExitStatus, seen: &[Arc<Seen>]) -> Result<Totals> {
    if !status.success() {
        return Err(child.failure(status));
    }
    if !child.messages.say_success() {
        let text =
            format!("the tool ended without the words of success: {}", child.messages.complaint());
        return Err(Error::new(Kind::Tool, text));
    }
    let mut all = Summary::default();
    for seen in seen {
        all = all.plus(seen.summary()?);
    }
    all.check().or_kind(Kind::Tool, || "the tool's stream is no whole backup")?;
    Ok(Totals { files: all.members, bytes: all.bytes, ..Totals::default() })
}
