//! The link of a backup: what it is, in words that outlive this program's run.

use super::Backup;
use crate::collector::Collected;
use crate::configuration;
use crate::mode::Stopped;
use crate::roots::{self, Tablespace};
use crate::state::{Carried, State};
use chrono::{DateTime, Utc};
use errors::{Context, Kind, Result};
use formats::Lsn;
use std::collections::BTreeMap;
use stream::{Earliest, Link, LogReach, Position, Unit, words};

impl Backup<'_> {
    pub(super) fn link(
        &self,
        unit: &Unit,
        started_at: DateTime<Utc>,
        tablespaces: &[Tablespace],
        collected: Collected,
        stopped: &Stopped,
        (log, carried): (LogReach, Option<Carried>),
    ) -> Result<Link> {
        let state = self.state(stopped.lsn, carried)?;
        let mut directories = BTreeMap::new();
        directories.insert(roots::data_root()?, roots::describe_data(&self.data.path)?);
        if !self.configuration.outside.is_empty() {
            let info = roots::describe_configuration(&self.data.path)?;
            directories.insert(configuration::root()?, info);
        }
        for tablespace in tablespaces {
            directories.insert(tablespace.root.clone(), tablespace.info.clone());
        }
        let timeline = self.control.timeline.to_string();
        let system = self.server.system_identifier.to_string();
        Ok(Link {
            version: stream::WHOLE_FILES_VERSION,
            id: self.job.uuid,
            parent: None,
            engine: crate::NAME.to_owned(),
            target: self.job.target.clone(),
            unit: unit.name.clone(),
            job: self.job.id,
            level: self.job.level,
            from: Position::new(0),
            to: Position::new(stopped.lsn.0),
            base: words([("redo", self.start.to_string()), ("timeline", timeline.clone())]),
            earliest: Some(Earliest { position: Position::new(stopped.lsn.0), time: stopped.time }),
            lineage: words([("system_identifier", system), ("timeline", timeline)]),
            state: serde_json::to_value(&state).or_kind(Kind::Bug, || "print the state")?,
            roots: directories,
            server: self.server.words(self.job),
            started_at,
            finished_at: Utc::now(),
            totals: collected.totals,
            log: vec![log],
            findings: collected.findings,
        })
    }

    fn state(&self, stop: Lsn, carried: Option<Carried>) -> Result<State> {
        Ok(State {
            system_identifier: self.server.system_identifier,
            timeline: self.control.timeline,
            start: self.start,
            stop,
            major: self.server.major,
            catalog_version: self.control.catalog_version,
            control_version: self.control.pg_control_version,
            segment_size: self.control.segment_size,
            block_size: self.control.block_size,
            data_checksums: self.control.data_checksum_version > 0,
            standby: self.server.in_recovery,
            last_record: self.last_record(stop),
            carried,
            configuration: self.configuration.places.clone(),
            tablespace_in_place: roots::has_tablespace_in_place(&self.data.path)?,
        })
    }
}
