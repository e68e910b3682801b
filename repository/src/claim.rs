//! Claims: a job's label belongs to it from its first object on, and what dead jobs left is swept.

use crate::claim_info::{ClaimInfo, KIND};
use crate::document;
use crate::keys;
use crate::lease::Lease;
use crate::storage::{Created, Key};
use crate::unit::UnitStore;
use chrono::{TimeDelta, Utc};
use errors::{Error, Kind, Result};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use stream::{JobId, Level};
use system::failpoint::CLAIM;
use system::{Liveness, ProcessIdentity};
use uuid::Uuid;

/// A claim from another host may be swept when it is this old and nobody holds a lease.
const FOREIGN_CLAIM_HOURS: i64 = 24;
/// A temporary name that was not written to for so long has no writer any more.
const ABANDONED: Duration = Duration::from_secs(3600);
/// Attempts at a free label: one job may begin per second and unit.
const ATTEMPTS: usize = 1000;

/// A label that belongs to this process; dropped without a link, everything under it goes.
pub struct Claim {
    pub(crate) store: UnitStore,
    info: ClaimInfo,
    keep: bool,
    // Given back last: nobody else may begin while this job still tidies up.
    _lease: Lease,
}

impl Claim {
    /// Claims a label for a job, and removes what dead jobs of this unit left.
    ///
    /// # Errors
    /// `backup-running` when another job holds the lease; or the storage cannot be written.
    pub fn take(store: &UnitStore, id: Uuid, level: Level, first: JobId) -> Result<Self> {
        let info = ClaimInfo {
            id,
            job: first,
            level,
            unit: store.unit.clone(),
            process: ProcessIdentity::current()?,
            claimed_at: Utc::now(),
        };
        store.refuse_other_unit()?;
        let info = claim_free_label(store, info)?;
        let leased = (&store.target, store.unit.as_ref());
        let lease = Lease::acquire(Arc::clone(&store.storage), "backup", leased, info.job);
        let lease = match lease {
            Ok(lease) => lease,
            Err(error) => {
                let _ = remove_job(store, info.job);
                return Err(error);
            }
        };
        let claim = Self { store: store.clone(), info, keep: false, _lease: lease };
        claim.sweep_dead_jobs()?;
        Ok(claim)
    }

    /// The label.
    #[must_use]
    pub fn job(&self) -> JobId {
        self.info.job
    }

    /// The link exists: nothing of the job may be removed any more.
    pub(crate) fn keep(&mut self) {
        self.keep = true;
    }

    fn sweep_dead_jobs(&self) -> Result<()> {
        for prefix in [keys::locks(), self.store.keys.links()] {
            self.store.storage.sweep(&prefix, ABANDONED)?;
        }
        let linked: HashSet<JobId> = self.store.link_names()?.iter().map(|name| name.job).collect();
        for entry in self.store.storage.list(&self.store.keys.jobs())? {
            let Some(job) = JobId::parse(&entry.name) else { continue };
            if job == self.info.job || linked.contains(&job) {
                continue;
            }
            self.store.storage.sweep(&self.store.keys.job(job), ABANDONED)?;
            if !self.is_dead(job)? {
                continue;
            }
            tracing::info!("removing what the unfinished job {job} left");
            remove_job(&self.store, job)?;
        }
        Ok(())
    }

    fn is_dead(&self, job: JobId) -> Result<bool> {
        let key = self.store.keys.claim(job);
        let claim = document::read::<ClaimInfo>(self.store.storage.as_ref(), &key, KIND);
        Ok(match claim {
            Ok(Some(claim)) => match claim.process.liveness()? {
                Liveness::Alive => false,
                Liveness::Dead => true,
                Liveness::Elsewhere => {
                    Utc::now() - claim.claimed_at > TimeDelta::hours(FOREIGN_CLAIM_HOURS)
                }
            },
            // A claim is written first and removed last: without one, somebody is just about to
            // claim. A damaged one is for `verify` to tell.
            Ok(None) | Err(_) => false,
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        if let Err(error) = remove_job(&self.store, self.info.job) {
            tracing::warn!(
                "the unfinished job {} was not removed: {}",
                self.info.job,
                error.line()
            );
        }
    }
}

fn claim_free_label(store: &UnitStore, mut info: ClaimInfo) -> Result<ClaimInfo> {
    for _ in 0..ATTEMPTS {
        let key = store.keys.claim(info.job);
        match document::write(store.storage.as_ref(), &key, CLAIM, KIND, &info)? {
            Created::New => return Ok(info),
            Created::Exists => info.job = info.job.next(),
        }
    }
    Err(Error::new(Kind::Exists, format!("no free job label near {}", info.job)))
}

/// Removes a job's objects, the claim last: a sweep that is killed is finished by the next one.
fn remove_job(store: &UnitStore, job: JobId) -> Result<()> {
    let prefix = store.keys.job(job);
    let claim = store.keys.claim(job);
    let objects = store.storage.list(&prefix)?;
    let keys = objects.iter().map(|entry| prefix.join(&entry.name)).filter(|key| *key != claim);
    for key in keys.collect::<Vec<Key>>() {
        store.storage.delete(&key)?;
    }
    store.storage.sweep(&prefix, Duration::ZERO)?;
    store.storage.delete(&claim)?;
    Ok(())
}
