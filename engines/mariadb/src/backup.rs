//! A backup: from the tool's pipe into the sink.

mod link;
mod run;
mod watch;

use crate::address::Address;
use crate::lineage::{self, Start};
use crate::server::{self, Server};
use crate::session::Session;
use crate::state::State;
use crate::tool::{Flavour, Tool};
use crate::{grants, options};
use chrono::{DateTime, Utc};
use errors::{Error, Kind, Result};
use link::Outcome;
use std::collections::BTreeMap;
use stream::{Job, Level, Link, Sink, Unit};

/// The list of members.
const MEMBERS: &str = "backup.members.jsonl";

/// Takes a backup.
///
/// # Errors
/// Whatever makes it unusable.
pub(crate) fn run(job: &Job, unit: &Unit, sink: &dyn Sink) -> Result<Link> {
    let started_at = Utc::now();
    job.options.unused().for_each(|told| tracing::warn!("{told}"));
    // Asked for here, so that a wrong one fails before the tool is started.
    options::tool_log(&job.options)?;
    let address = Address::find(&job.options)?;

    // Everything that can be known to fail fails before the first byte.
    let mut session = Session::open(&address, &job.options, &job.cancel)?;
    let server = Server::ask(&mut session, &job.options)?;
    let flavour = server.flavour(&job.options)?;
    let tool = Tool::of(flavour, &job.options)?;
    tool.check_fits(&server.version)?;
    grants::check(&mut session, &server, flavour, job.options.flag("checkpoint"))?;
    server.check_files(&mut session)?;

    // Whose data is it, and which backup does it continue?
    let witness = lineage::witness(&server)?;
    let start = lineage::choose(job, &server, &mut session)?;
    let mut backup =
        Backup { job, sink, address, session, server, tool, witness, start, started_at };
    if let Some(link) = backup.nothing_changed(unit)? {
        return Ok(link);
    }

    if !sink.reads() {
        return backup.only_looked(unit);
    }

    // The stream passes, and is proven.
    let outcome = backup.stream()?;
    backup.check_same_server()?;
    sink.settle()?;
    // The first one was idle meanwhile, maybe for longer than `wait_timeout` or a firewall allows.
    backup.session = Session::open(&backup.address, &job.options, &job.cancel)?;
    backup.link(unit, &outcome)
}

/// One backup.
struct Backup<'a> {
    job: &'a Job,
    sink: &'a dyn Sink,
    address: Address,
    session: Session,
    server: Server,
    tool: Tool,
    witness: BTreeMap<String, String>,
    start: Start<'a>,
    started_at: DateTime<Utc>,
}

impl Backup<'_> {
    fn flavour(&self) -> Flavour {
        self.tool.flavour
    }

    /// The level that it really has.
    fn level(&self) -> Level {
        if self.start.parent.is_some() { self.job.level } else { Level::Full }
    }

    /// With `strict_incremental`, an increment of a log that has not moved holds nothing.
    fn nothing_changed(&mut self, unit: &Unit) -> Result<Option<Link>> {
        let Some((parent, from)) = self.start.parent else { return Ok(None) };
        if !self.job.options.flag("strict_incremental") {
            return Ok(None);
        }
        let state = State::of(parent)?;
        if server::current_lsn(&mut self.session)? != state.last_lsn {
            return Ok(None);
        }
        tracing::info!("InnoDB's log has not moved since {}: nothing is written", parent.name());
        let outcome = Outcome::unchanged(from, &state);
        self.link(unit, &outcome).map(Some)
    }

    /// What a backup would begin with.
    fn only_looked(&mut self, unit: &Unit) -> Result<Link> {
        let from = self.start.parent.map_or(0, |(_, from)| from);
        let lsn = server::current_lsn(&mut self.session)?;
        self.note_stream()?;
        self.link(unit, &Outcome::not_taken(from, lsn))
    }

    /// The file that tells servers apart must be the same before and after: a server that was
    /// replaced meanwhile has given parts of two.
    fn check_same_server(&self) -> Result<()> {
        if lineage::witness(&self.server)? == self.witness {
            return Ok(());
        }
        Err(Error::new(Kind::SystemIdentifier, "the server's files were replaced meanwhile"))
    }
}
