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

use errors::{Context, Error, Kind, Result, Rule};
use state::State;
use std::collections::BTreeMap;
use std::path::Path;
use stream::{
    Bodies, Diagnosis, Engine, Job, LastMile, Layout, LayoutRequest, Level, Link, LogView,
    NamedPoint, OptionSpec, Options, Plan, Position, Preparation, RecoveryRequest, RelPath,
    RootName, Sink, Starting, Stored, StreamEngine, Unit, Window, Work,
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

impl Engine for MariaDb {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schemes(&self) -> &'static [&'static str] {
        address::SCHEMES
    }

    fn supported(&self) -> String {
        "MariaDB (mariadb-backup), MySQL and Percona Server (XtraBackup)".to_owned()
    }

    fn options(&self) -> &'static [OptionSpec] {
        options::OPTIONS
    }

    fn url_options(&self, url: &str) -> Result<Vec<(String, String)>> {
        address::url_options(url)
    }

    fn default_target(&self, options: &Options) -> String {
        address::default_target(NAME, options)
    }

    fn levels(&self) -> &'static [Level] {
        &[Level::Full, Level::Differential, Level::Incremental]
    }

    fn units(&self, _job: &Job) -> Result<Vec<Unit>> {
        Ok(vec![Unit { name: None }])
    }

    fn rules(&self) -> &'static [&'static Rule] {
        check::RULES
    }

    fn check(&self, job: &Job, _stored: Option<&Stored<'_>>) -> Vec<Diagnosis> {
        check::run(job)
    }

    fn lineage(&self, _job: &Job) -> Result<String> {
        Err(Error::new(Kind::Usage, "there is nothing to accept for MariaDB and MySQL")
            .hint("Whether a backup continues an earlier one is found out at each backup; where it does not, a full is taken."))
    }

    fn backup(&self, job: &Job, unit: &Unit, sink: &dyn Sink) -> Result<Link> {
        backup::run(job, unit, sink)
    }

    fn position(&self, text: &str) -> Result<Position> {
        text.parse().map(Position::new).or_kind(Kind::Usage, || format!("{text:?} is no LSN"))
    }

    fn print_position(&self, position: Position) -> String {
        position.value().to_string()
    }

    fn cover(&self, links: &[Link], _log: &dyn LogView, request: &RecoveryRequest) -> Result<Plan> {
        cover::plan(links, request)
    }

    fn window(&self, link: &Link, _log: &dyn LogView, _history: Option<&str>) -> Result<Window> {
        Ok(cover::window(link))
    }

    fn named_points(
        &self,
        _link: &Link,
        _log: &dyn LogView,
        _history: Option<&str>,
    ) -> Result<Vec<NamedPoint>> {
        Ok(Vec::new())
    }

    fn layout(&self, _link: &Link, request: &LayoutRequest) -> Result<Layout> {
        if let Some((name, _)) = request.mapping.first() {
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
        let roots = BTreeMap::from([(root.clone(), request.to.clone())]);
        Ok(Layout { roots, held_back, left_out: Vec::new() })
    }

    fn starting(&self, _link: &Link, _layout: &Layout) -> Result<Option<Starting>> {
        Ok(None)
    }

    fn streams(&self) -> Option<&dyn StreamEngine> {
        Some(self)
    }

    fn refuse_running(&self, layout: &Layout) -> Result<()> {
        cover::refuse_running(layout)
    }

    fn finish(&self, _mile: &LastMile<'_>) -> Result<()> {
        Ok(())
    }
}

impl StreamEngine for MariaDb {
    fn stream_names(&self, link: &Link) -> Result<Vec<(RootName, RelPath)>> {
        extract::streams(link)
    }

    fn tree_directory(&self, link: &Link) -> Result<&'static str> {
        Ok(State::of(link)?.flavour.tree_directory())
    }

    fn unpack(&self, link: &Link, bodies: &dyn Bodies, tree: &Path, work: &Work<'_>) -> Result<()> {
        extract::tree(link, bodies, tree, work)
    }

    fn check_preparation(&self, chain: &[&Link]) -> Result<()> {
        prepare::check(chain)
    }

    fn prepare(&self, step: &Preparation<'_>) -> Result<()> {
        prepare::apply(step)
    }

    fn tidy(&self, _link: &Link, base: &Path) -> Result<()> {
        prepare::tidy(base)
    }
}
