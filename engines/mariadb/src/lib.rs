//! MariaDB and MySQL: backups by mariadb-backup or XtraBackup, proven as they pass.
//!
//! | file | what it knows |
//! |---|---|
//! | `backup` | the steps of a backup |
//! | `backup/run`, `backup/watch` | the tool's run and its proof; whether the stream is taken fast enough |
//! | `backup/link` | what the backup turned out to be, and its link |
//! | `options` | what an operator may set |
//! | `address`, `option_file`, `session` | where the server is, and questions to it |
//! | `server`, `grants` | what the server says of itself; missing rights |
//! | `tool` | the two tools: which one, its command line, its process, its messages |
//! | `lineage` | which backup an increment may continue |
//! | `stream_tap` | the streams as they pass |
//! | `check` | what would make a backup fail, or hurt one day |
//! | `state` | what a link says |
//! | `cover` | the chain of a recovery |
//! | `extract`, `unpack` | a link's streams into a tree |
//! | `prepare` | a data directory of trees |

mod address;
mod backup;
mod check;
mod cover;
mod extract;
mod grants;
mod lineage;
mod option_file;
mod options;
mod prepare;
mod server;
mod session;
mod state;
mod stream_tap;
mod tool;
mod unpack;

use errors::{Context, Error, Kind, Result};
use state::State;
use std::collections::BTreeMap;
use std::path::Path;
use stream::{
    Chain, Descriptor, Diagnosis, DirectoryRestorer, Engine, Job, Layout, Level, Link, Log,
    LogScope, LogView, Options, Plan, Position, Preparation, RecoveryRequest, RelPath, RestoreJob,
    Restorer, RootName, Sink, Stored, StreamsRestorer, Unit, Unpacking, Window,
};

/// The engine's name in configuration and links.
pub(crate) const NAME: &str = "mariadb";

/// The root of the streams, and of the data directory that they become.
pub(crate) fn root() -> Result<RootName> {
    RootName::new("data").or_kind(Kind::Bug, || "name the root")
}

/// The engine.
#[derive(Debug, Clone, Copy, Default)]
pub struct MariaDb;

static DESCRIPTOR: Descriptor = Descriptor {
    name: NAME,
    schemes: address::SCHEMES,
    supported: "MariaDB (mariadb-backup), MySQL and Percona Server (XtraBackup)",
    options: options::OPTIONS,
    levels: &[Level::Full, Level::Differential, Level::Incremental],
    check_rules: check::RULES,
    log_rules: &[],
    log_scope: LogScope::Target,
};

impl Engine for MariaDb {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn url_options(&self, url: &str) -> Result<Vec<(String, String)>> {
        address::url_options(url)
    }

    fn default_target(&self, options: &Options) -> String {
        address::default_target(NAME, options)
    }

    fn units(&self, _job: &Job) -> Result<Vec<Unit>> {
        Ok(vec![Unit::whole_target()])
    }

    fn check(&self, job: &Job, _stored: Option<&Stored<'_>>) -> Vec<Diagnosis> {
        check::run(job)
    }

    fn backup(&self, job: &Job, unit: &Unit, sink: &dyn Sink) -> Result<Link> {
        backup::run(job, unit, sink)
    }

    fn log(&self) -> Option<&dyn Log> {
        Some(self)
    }

    fn restorer(&self) -> Restorer<'_> {
        Restorer::Streams(self)
    }
}

/// Binlogs are not archived yet: the log is the LSNs of the backups themselves.
impl Log for MariaDb {
    fn parse_position(&self, text: &str) -> Result<Position> {
        text.parse().map(Position::new).or_kind(Kind::Usage, || format!("{text:?} is not an LSN"))
    }

    fn print_position(&self, position: Position) -> String {
        position.value().to_string()
    }

    fn choose<'a>(&self, links: &'a [Link], request: &RecoveryRequest) -> Result<Vec<Chain<'a>>> {
        Ok(vec![cover::choose(links, request)?])
    }

    fn prove(
        &self,
        chains: &[Chain<'_>],
        _log: &dyn LogView,
        request: &RecoveryRequest,
    ) -> Result<Plan> {
        let chain = chains.first().ok_or_else(|| Error::new(Kind::Bug, "no chain was chosen"))?;
        cover::plan(chain, request)
    }

    fn window(&self, link: &Link, _log: &dyn LogView, _history: Option<&str>) -> Result<Window> {
        Ok(cover::window(link))
    }
}

impl DirectoryRestorer for MariaDb {
    fn layout(&self, _link: &Link, job: &RestoreJob) -> Result<Layout> {
        let to = job.directory()?;
        if let Some((name, _)) = job.mapping.first() {
            return Err(Error::new(
                Kind::Usage,
                format!("a backup of MariaDB has no {name} to map"),
            ));
        }
        let root = root()?;
        // The privileges, or MySQL's dictionary: without them a server gives up, and has harmed
        // nothing.
        let last = ["mysql.ibd", "mysql"].into_iter().map(|name| {
            let path = RelPath::new(name).or_kind(Kind::Bug, || "name what comes last")?;
            Ok((root.clone(), path))
        });
        let held_back = last.collect::<Result<_>>()?;
        let roots = BTreeMap::from([(root.clone(), to.to_owned())]);
        Ok(Layout { main: root, roots, held_back, left_out: Vec::new() })
    }

    fn refuse_running(&self, layout: &Layout) -> Result<()> {
        cover::refuse_running(layout)
    }
}

impl StreamsRestorer for MariaDb {
    fn stream_names(&self, link: &Link) -> Result<Vec<(RootName, RelPath)>> {
        extract::streams(link)
    }

    fn tree_directory(&self, link: &Link) -> Result<&'static str> {
        Ok(State::of(link)?.flavour.tree_directory())
    }

    fn unpack(&self, link: &Link, tree: &Path, job: &RestoreJob) -> Result<Box<dyn Unpacking>> {
        Ok(Box::new(extract::Extraction::begin(link, tree, job)?))
    }

    fn check_preparation(&self, chain: &Chain<'_>, job: &RestoreJob) -> Result<()> {
        prepare::check(chain, job)
    }

    fn prepare(&self, step: &Preparation<'_>, job: &RestoreJob) -> Result<()> {
        prepare::apply(step, job)
    }

    fn tidy(&self, _link: &Link, base: &Path) -> Result<()> {
        prepare::tidy(base)
    }
}
