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

pub use archive::{pushed_piece, wanted_key};
pub use check::defects;
pub use log_verify::catalogue::{GAP as LOG_GAP, RULES as LOG_RULES};
pub use log_verify::{LogReport, verify_log};

use errors::{Context, Kind, Result, Rule};
use formats::Lsn;
use stream::{
    Diagnosis, Engine, Job, LastMile, Layout, LayoutRequest, Level, Link, LogView, NamedPoint,
    OptionSpec, Options, Plan, Position, RecoveryRequest, Sink, Starting, Stored, Unit, Window,
};

/// The engine's name in configuration and links.
pub(crate) const NAME: &str = "postgresql";

/// The engine.
#[derive(Debug, Clone, Copy, Default)]
pub struct PostgreSql;

impl Engine for PostgreSql {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schemes(&self) -> &'static [&'static str] {
        address::SCHEMES
    }

    fn supported(&self) -> String {
        format!("PostgreSQL {} to {}", server::SUPPORTED.start(), server::SUPPORTED.end())
    }

    fn options(&self) -> &'static [OptionSpec] {
        options::OPTIONS
    }

    fn url_options(&self, url: &str) -> Result<Vec<(String, String)>> {
        address::url_options(url)
    }

    fn default_target(&self, options: &Options) -> String {
        format!("{NAME}-{}-{}", address::host(options), address::port(options))
    }

    fn levels(&self) -> &'static [Level] {
        &[Level::Full, Level::Log]
    }

    fn units(&self, _job: &Job) -> Result<Vec<Unit>> {
        Ok(vec![Unit { name: None }])
    }

    fn rules(&self) -> &'static [&'static Rule] {
        check::catalogue::RULES
    }

    fn check(&self, job: &Job, stored: Option<&Stored<'_>>) -> Vec<Diagnosis> {
        check::run(job, stored)
    }

    fn lineage(&self, job: &Job) -> Result<String> {
        let session = session::Session::open(job)?;
        Ok(server::system_identifier(&session)?.to_string())
    }

    fn backup(&self, job: &Job, unit: &Unit, sink: &dyn Sink) -> Result<Link> {
        match job.level {
            Level::Log => log_backup::run(job, unit, sink),
            _ => backup::run(job, unit, sink),
        }
    }

    fn position(&self, text: &str) -> Result<Position> {
        let lsn: Lsn = text.parse().or_kind(Kind::Usage, || format!("{text:?} is no LSN"))?;
        Ok(Position::new(lsn.0))
    }

    fn print_position(&self, position: Position) -> String {
        u64::try_from(position.value())
            .map_or_else(|_| position.to_string(), |n| Lsn(n).to_string())
    }

    fn cover(&self, links: &[Link], log: &dyn LogView, request: &RecoveryRequest) -> Result<Plan> {
        cover::plan(links, log, request)
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

    fn layout(&self, link: &Link, request: &LayoutRequest) -> Result<Layout> {
        layout::layout(link, request)
    }

    fn starting(&self, link: &Link, layout: &Layout) -> Result<Option<Starting>> {
        configuration::starting(link, layout)
    }

    fn refuse_running(&self, layout: &Layout) -> Result<()> {
        layout::refuse_running(layout)
    }

    fn finish(&self, mile: &LastMile<'_>) -> Result<()> {
        recovery::finish(mile)
    }
}
