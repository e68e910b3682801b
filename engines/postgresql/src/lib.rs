//! PostgreSQL: full backups of a primary, its archived log, and the last mile of a recovery.
//!
//! | file | what it knows |
//! |---|---|
//! | `backup` | the steps of a backup, the copying, the link; `backup/log`: the log in its stream |
//! | `log_backup` | the steps of a backup of level `log` |
//! | `options` | what an operator may set |
//! | `session`, `address`, `password`, `tls` | the one connection |
//! | `server` | what the server says of itself; missing rights; one target, one cluster |
//! | `data_directory`, `roots` | the files' places, and the proof that they are the server's |
//! | `mode` | start and stop of backup mode |
//! | `standby` | what is different on a standby |
//! | `listing`, `exclude` | which files a backup holds |
//! | `configuration` | configuration files outside the data directory |
//! | `pages` | checksums of pages as they pass |
//! | `collector` | receipts in, manifest out |
//! | `state` | what a link says |
//! | `wal`, `archive` | names, checks and reading of WAL files; what archiver and recovery ask for |
//! | `log_stream` | files of the log as parts of a stream, read while they pass |
//! | `cover` | planning a recovery |
//! | `log_verify` | whether the archived log hangs together |
//! | `layout`, `recovery` | where a backup goes, and what makes a server recover there |
//! | `check` | what would make a backup fail, or hurt one day |
//!
//! The traps that this engine avoids, with their tests, are in `docs/postgresql-traps.md`.

mod address;
mod archive;
mod backup;
mod check;
mod collector;
mod configuration;
mod cover;
mod data_directory;
mod exclude;
mod layout;
mod listing;
mod log_backup;
mod log_stream;
mod log_verify;
mod mode;
mod options;
mod pages;
mod password;
mod recovery;
mod roots;
mod server;
mod session;
mod standby;
mod state;
mod tls;
mod wal;

pub use check::defects;

use errors::{Context, Kind, Result};
use formats::Lsn;
use std::path::Path;
use stream::{
    Chain, Descriptor, Diagnosis, DirectoryRestorer, Engine, FilesRestorer, Job, Layout, Level,
    Link, Log, LogInspection, LogKey, LogPiece, LogReport, LogScope, LogSource, LogView,
    NamedPoint, Options, Plan, Position, RecoveryRequest, RecoverySetup, RestoreJob, Restorer,
    Sink, StartCommand, Stored, Unit, Window,
};

/// The engine's name in configuration and links.
pub(crate) const NAME: &str = "postgresql";

/// The engine.
#[derive(Debug, Clone, Copy, Default)]
pub struct PostgreSql;

static DESCRIPTOR: Descriptor = Descriptor {
    name: NAME,
    schemes: address::SCHEMES,
    supported: "PostgreSQL 10 to 18",
    options: options::OPTIONS,
    levels: &[Level::Full, Level::Log],
    check_rules: check::catalogue::RULES,
    log_rules: log_verify::catalogue::RULES,
    log_scope: LogScope::Target,
};

impl Engine for PostgreSql {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn url_options(&self, url: &str) -> Result<Vec<(String, String)>> {
        address::url_options(url)
    }

    fn default_target(&self, options: &Options) -> String {
        format!("{NAME}-{}-{}", address::host(options), address::port(options))
    }

    fn units(&self, _job: &Job) -> Result<Vec<Unit>> {
        Ok(vec![Unit::whole_target()])
    }

    fn check(&self, job: &Job, stored: Option<&Stored<'_>>) -> Vec<Diagnosis> {
        check::run(job, stored)
    }

    fn backup(&self, job: &Job, unit: &Unit, sink: &dyn Sink) -> Result<Link> {
        match job.level {
            Level::Log => log_backup::run(job, unit, sink),
            _ => backup::run(job, unit, sink),
        }
    }

    fn log(&self) -> Option<&dyn Log> {
        Some(self)
    }

    fn restorer(&self) -> Restorer<'_> {
        Restorer::Files(self)
    }
}

impl Log for PostgreSql {
    fn parse_position(&self, text: &str) -> Result<Position> {
        let lsn: Lsn = text.parse().or_kind(Kind::Usage, || format!("{text:?} is not an LSN"))?;
        Ok(Position::new(lsn.0))
    }

    fn print_position(&self, position: Position) -> String {
        u64::try_from(position.value())
            .map_or_else(|_| position.to_string(), |n| Lsn(n).to_string())
    }

    fn lineage(&self, job: &Job) -> Result<Option<String>> {
        let session = session::Session::open(job)?;
        Ok(Some(server::system_identifier(&session)?.to_string()))
    }

    fn choose<'a>(&self, links: &'a [Link], request: &RecoveryRequest) -> Result<Vec<Chain<'a>>> {
        cover::choose(links, request)
    }

    fn prove(
        &self,
        chains: &[Chain<'_>],
        log: &dyn LogView,
        request: &RecoveryRequest,
    ) -> Result<Plan> {
        cover::prove(chains, log, request)
    }

    fn window(&self, link: &Link, log: &dyn LogView, history: Option<&str>) -> Result<Window> {
        cover::window(link, log, history)
    }

    fn named_points(
        &self,
        link: &Link,
        log: &dyn LogView,
        history: Option<&str>,
    ) -> Result<Vec<NamedPoint>> {
        cover::restore_points(link, log, history)
    }

    fn piece(&self, path: &Path, working_dir: &Path) -> Result<Option<LogPiece>> {
        archive::pushed_piece(path, working_dir)
    }

    fn key(&self, name: &str, lineage: Option<&str>, working_dir: &Path) -> Result<Option<LogKey>> {
        archive::wanted_key(name, lineage, working_dir)
    }

    fn fetch_command(&self, source: &LogSource, plan: &Plan) -> Vec<String> {
        archive::fetch_command(source, plan)
    }

    fn verify(&self, look: &LogInspection<'_>) -> Result<LogReport> {
        log_verify::run(look)
    }
}

impl DirectoryRestorer for PostgreSql {
    fn layout(&self, link: &Link, job: &RestoreJob) -> Result<Layout> {
        layout::layout(link, job)
    }

    fn refuse_running(&self, layout: &Layout) -> Result<()> {
        layout::refuse_running(layout)
    }
}

impl FilesRestorer for PostgreSql {
    fn start_command(&self, link: &Link, layout: &Layout) -> Result<Option<StartCommand>> {
        configuration::start_command(link, layout)
    }

    fn set_up_recovery(&self, setup: &RecoverySetup<'_>, job: &RestoreJob) -> Result<()> {
        recovery::set_up(setup, job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_supported_majors_are_those_that_are_accepted() {
        let (first, last) = (server::SUPPORTED.start(), server::SUPPORTED.end());
        assert_eq!(DESCRIPTOR.supported, format!("PostgreSQL {first} to {last}"));
    }
}
