//! An engine's log: positions, lineages, windows, and the proof that a point in time is reached.

use crate::{
    Cancel, Chain, Diagnosis, Job, Link, LogKey, LogPiece, LogSource, LogView, NamedPoint, Plan,
    Position, Progress, RecoveryRequest, Window,
};
use errors::{Kind, Result};
use std::path::Path;

/// What an engine knows of its log. Nobody else compares positions or reads pieces.
pub trait Log: Sync {
    /// Reads a position as operators write it.
    ///
    /// # Errors
    /// `usage`: not a position of this log.
    fn parse_position(&self, text: &str) -> Result<Position>;

    /// Prints a position as operators know it.
    fn print_position(&self, position: Position) -> String;

    /// Asks the server which lineage its log and backups belong to. `None`: there is nothing for an
    /// operator to accept, each backup finds out by itself what it continues.
    ///
    /// # Errors
    /// The server cannot be asked.
    fn lineage(&self, _job: &Job) -> Result<Option<String>> {
        Ok(None)
    }

    /// The chains that can serve a request as far as the links themselves tell, the best one first.
    /// Never empty.
    ///
    /// # Errors
    /// `not-found`: there is no backup, or not the one asked for; `log-gap`: none is old enough, or
    /// none reaches the target.
    fn choose<'a>(&self, links: &'a [Link], request: &RecoveryRequest) -> Result<Vec<Chain<'a>>>;

    /// Proves of one of the chains that the log leads from it to the target, or names the gap.
    ///
    /// # Errors
    /// `log-gap`; the log cannot be read.
    fn prove(
        &self,
        chains: &[Chain<'_>],
        log: &dyn LogView,
        request: &RecoveryRequest,
    ) -> Result<Plan>;

    /// How far recovery from a link can go; along the history that is named, or the newest.
    ///
    /// # Errors
    /// The log cannot be read, or the link is not on that history.
    fn window(&self, link: &Link, log: &dyn LogView, history: Option<&str>) -> Result<Window>;

    /// The named points that recovery from a link can go to, in the order of the log.
    ///
    /// # Errors
    /// As [`Log::window`].
    fn named_points(
        &self,
        _link: &Link,
        _log: &dyn LogView,
        _history: Option<&str>,
    ) -> Result<Vec<NamedPoint>> {
        Ok(Vec::new())
    }

    /// The piece that a file of the server is, checked; `None`: no file of this log has such a name.
    /// `working_dir` is where the server runs its commands.
    ///
    /// # Errors
    /// `source-files`, `system-identifier`: the file is not what its name says.
    fn piece(&self, _path: &Path, _working_dir: &Path) -> Result<Option<LogPiece>> {
        Ok(None)
    }

    /// The key of the piece that the server asks for by name; `None`: no file of this log has such a
    /// name. Without a lineage, `working_dir` tells which server is being recovered.
    ///
    /// # Errors
    /// `usage`: not a lineage; `source-files`: there is neither a lineage nor a data directory.
    fn key(
        &self,
        _name: &str,
        _lineage: Option<&str>,
        _working_dir: &Path,
    ) -> Result<Option<LogKey>> {
        Ok(None)
    }

    /// The program and arguments by which a restored server fetches a piece of log; the engine adds
    /// the piece's name and where it goes. Empty: the server fetches none.
    fn fetch_command(&self, _source: &LogSource, _plan: &Plan) -> Vec<String> {
        Vec::new()
    }

    /// Reads the kept log of a lineage from its first piece to its last.
    ///
    /// # Errors
    /// The log cannot be read at all, or the work was cancelled. Damage is a finding.
    fn verify(&self, _look: &LogInspection<'_>) -> Result<LogReport> {
        Ok(LogReport::default())
    }
}

/// What [`Log::verify`] looks at.
#[derive(Clone, Copy)]
pub struct LogInspection<'a> {
    /// The kept log.
    pub log: &'a dyn LogView,
    /// Which lineage of it.
    pub lineage: &'a str,
    /// Told how far it is.
    pub progress: &'a dyn Progress,
    /// Ends the work.
    pub cancel: &'a Cancel,
}

/// What the log holds, and what is wrong with it.
#[derive(Debug, Default)]
pub struct LogReport {
    /// Pieces that were read.
    pub pieces: u64,
    /// Plain bytes of them.
    pub bytes: u64,
    /// What is wrong.
    pub findings: Vec<LogFinding>,
}

/// One finding in a log.
#[derive(Debug, Clone)]
pub struct LogFinding {
    /// What it amounts to: it decides the exit status.
    pub kind: Kind,
    /// What is wrong, by the name of a catalogue's row.
    pub diagnosis: Diagnosis,
}
