//! Copying: everything that the listing finds, and pg_control after it.

use super::Backup;
use crate::collector::{Collector, Row};
use crate::data_directory::CONTROL;
use crate::exclude::Patterns;
use crate::listing::Listing;
use crate::pages::PageChecks;
use crate::roots::Tablespace;
use crate::server::parse_lsn;
use crate::standby;
use errors::Result;
use formats::Lsn;
use std::collections::HashSet;
use stream::{Excluded, Finding, VirtualFile};
use system::Users;

/// What the listing had to tell, and how far recovery must go by the copied pg_control.
pub(super) struct Listed {
    pub(super) findings: Vec<Finding>,
    pub(super) excluded: Vec<Excluded>,
    pub(super) min_recovery: Lsn,
}

impl Backup<'_> {
    /// Lists and copies all files, pg_control last. Answers what the listing had to tell.
    pub(super) fn copy(
        &self,
        tablespaces: &[Tablespace],
        patterns: Patterns,
        collector: &Collector,
    ) -> Result<Listed> {
        self.job.progress.phase("copy files");
        self.job.progress.expect(self.estimate());
        let insert_lsn = self.session.asker(match self.server.in_recovery {
            true => standby::NEWEST_LSN,
            false => "SELECT pg_current_wal_insert_lsn()::text",
        });
        let checks = PageChecks::new(&self.control, self.start, move || {
            insert_lsn().and_then(|text| parse_lsn(&text).ok())
        });
        let mut give = |file: VirtualFile| {
            self.session.check_alive()?;
            self.job.check_cancel()?;
            let row = Row::of(&file);
            collector.expect(row, self.sink.put(file)?)
        };
        let (findings, excluded) = {
            let mut listing = Listing {
                checks,
                users: Users::new(),
                tablespaces,
                give: &mut give,
                patterns,
                follow_links: self.job.options.flag("follow_links"),
                followed: HashSet::new(),
                findings: Vec::new(),
            };
            tablespaces.iter().try_for_each(|tablespace| listing.tablespace(tablespace))?;
            listing.data(&self.data.path)?;
            listing.configuration(&self.configuration.outside)?;
            (listing.findings, listing.patterns.told())
        };
        // Nothing is read any more when pg_control is: it says how old the files may be.
        self.sink.settle()?;
        let (control, bytes) = match self.server.in_recovery {
            true => standby::control(&self.session, &self.data, self.start)?,
            false => self.data.control()?,
        };
        give(self.small_file(CONTROL, bytes)?)?;
        self.sink.settle()?;
        Ok(Listed { findings, excluded, min_recovery: control.min_recovery_point })
    }
}
