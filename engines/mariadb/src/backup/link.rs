//! The link of a backup.

use super::Backup;
use super::outcome::Outcome;
use crate::state::State;
use crate::{data_root, lineage};
use chrono::{DateTime, Utc};
use errors::{Context, Kind, Result};
use std::collections::BTreeMap;
use stream::{Earliest, Link, Position, Unit, WHOLE_FILES_VERSION, words};

impl Backup<'_> {
    pub(super) fn link(&mut self, unit: &Unit, outcome: &Outcome) -> Result<Link> {
        let time = self.server_time()?;
        let state = State {
            flavour: self.flavour(),
            tool_version: self.tool.version.clone(),
            streams: outcome.streams.clone(),
            last_lsn: outcome.last_lsn,
            is_partial: outcome.is_partial,
            binlog: outcome.binlog.clone(),
            texts: outcome.texts.clone(),
        };
        let mut lineage = self.witness.clone();
        let mut base = words([("to_lsn", outcome.to_lsn.to_string())]);
        if let Some(place) = &outcome.binlog {
            lineage.extend(lineage::witness_binlog(&self.server, place));
            base.insert("binlog".to_owned(), format!("{}:{}", place.file, place.position));
        }
        let root = data_root::describe(&self.server.data_directory)?;
        let mut findings: Vec<_> = self.start.finding.iter().cloned().collect();
        findings.extend(outcome.findings.iter().cloned());
        let position = Position::new(outcome.to_lsn);
        Ok(Link {
            version: WHOLE_FILES_VERSION,
            id: self.job.uuid,
            parent: self.start.parent.map(|(link, _)| link.id),
            engine: crate::NAME.to_owned(),
            target: self.job.target.clone(),
            unit: unit.name.clone(),
            job: self.job.id,
            level: self.level(),
            from: Position::new(outcome.from_lsn),
            to: position,
            base,
            earliest: Some(Earliest { position, time }),
            // Binlogs are not archived yet: the coordinates are in the state.
            lineage,
            state: serde_json::to_value(&state).or_kind(Kind::Bug, || "print the state")?,
            roots: BTreeMap::from([(crate::root()?, root)]),
            server: words([
                ("version", self.server.version.clone()),
                ("address", self.address.place.to_string()),
                ("user", self.server.user.clone()),
                ("data_directory", self.server.data_directory.display().to_string()),
                ("tool", format!("{} {}", self.tool.flavour, self.tool.version)),
            ]),
            started_at: self.started_at,
            finished_at: Utc::now(),
            totals: outcome.totals.clone(),
            log: Vec::new(),
            findings,
        })
    }

    /// The server's clock: what a target is compared with.
    fn server_time(&mut self) -> Result<DateTime<Utc>> {
        let text = self.session.value("SELECT UNIX_TIMESTAMP(NOW(6))")?;
        let micros = text.and_then(|text| {
            let (secs, micros) = text.split_once('.').unwrap_or((&text, "0"));
            let micros: i64 = format!("{micros:0<6}").get(..6)?.parse().ok()?;
            Some(secs.parse::<i64>().ok()? * 1_000_000 + micros)
        });
        Ok(micros.and_then(DateTime::from_timestamp_micros).unwrap_or_else(Utc::now))
    }
}
