//! Leases: a running job tells others that it runs.
//!
//! A renewal is a new object, because nothing is rewritten. A lease is acquired by writing first, then
//! looking for others: of two that begin together at least one sees the other. A lease is politeness:
//! what a job writes has the job's label, so two jobs at once could not harm each other.
//!
//! Jobs on different units of a target do not concern each other. A program of version 0.1 knew no units
//! and leased the whole target: its lease is respected by every unit.

use crate::document;
use crate::keys;
use crate::storage::{Key, Storage};
use chrono::{DateTime, TimeDelta, Utc};
use errors::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use stream::{JobId, TargetName, UnitName};
use system::failpoint::LOCK;
use system::{Liveness, ProcessIdentity};

const KIND: &str = "lease";
/// A lease from another host that was not renewed for so long is over.
const LEASE_SECS: i64 = 600;
const RENEW_EVERY: Duration = Duration::from_secs(120);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct LeaseInfo {
    process: ProcessIdentity,
    expires_at: DateTime<Utc>,
    /// Only the unit in the lease's name is leased; the target as a whole counts as a unit. Version 0.1
    /// did not write this.
    #[serde(default)]
    of_unit: bool,
}

/// Held while a job runs; given back when dropped.
pub(crate) struct Lease {
    stop: Option<Sender<()>>,
    renewer: Option<JoinHandle<()>>,
    held: Arc<Held>,
}

struct Held {
    storage: Arc<dyn Storage>,
    operation: &'static str,
    target: TargetName,
    unit: Option<UnitName>,
    job: JobId,
    number: Mutex<u32>,
}

impl Lease {
    /// Takes the lease of an operation on a unit of a target.
    ///
    /// # Errors
    /// `backup-running` when another process holds it.
    pub(crate) fn acquire(
        storage: Arc<dyn Storage>,
        operation: &'static str,
        (target, unit): (&TargetName, Option<&UnitName>),
        job: JobId,
    ) -> Result<Self> {
        let held = Arc::new(Held {
            storage,
            operation,
            target: target.clone(),
            unit: unit.cloned(),
            job,
            number: Mutex::new(0),
        });
        held.renew()?;
        // From here on, dropping the lease takes the object away.
        let mut lease = Self { stop: None, renewer: None, held };
        lease.held.refuse_others()?;
        lease.start_renewing()?;
        Ok(lease)
    }

    fn start_renewing(&mut self) -> Result<()> {
        let (stop, stopped) = channel();
        let held = Arc::clone(&self.held);
        let renew = move || {
            while stopped.recv_timeout(RENEW_EVERY) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = held.renew() {
                    tracing::warn!(
                        "the lease of job {} was not renewed: {}",
                        held.job,
                        error.line()
                    );
                }
            }
        };
        let thread = std::thread::Builder::new().name("lease".into()).spawn(renew);
        self.renewer = Some(thread.map_err(|error| Error::io("start a thread", error))?);
        self.stop = Some(stop);
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(renewer) = self.renewer.take() {
            let _ = renewer.join();
        }
        self.held.release();
    }
}

impl Held {
    fn key(&self, number: u32) -> Key {
        let leased = keys::leased(&self.target, self.unit.as_ref());
        keys::lock(self.operation, &leased, self.job, number)
    }

    fn renew(&self) -> Result<()> {
        let mut number = self.number.lock().map_err(|_| poisoned())?;
        let next = number.saturating_add(1);
        let info = LeaseInfo {
            process: ProcessIdentity::current()?,
            expires_at: Utc::now() + TimeDelta::seconds(LEASE_SECS),
            of_unit: true,
        };
        document::write(self.storage.as_ref(), &self.key(next), LOCK, KIND, &info)?;
        if *number > 0 {
            self.storage.delete(&self.key(*number))?;
        }
        *number = next;
        Ok(())
    }

    fn release(&self) {
        let Ok(number) = self.number.lock() else { return };
        let key = self.key(*number);
        if let Err(error) = self.storage.delete(&key) {
            tracing::warn!("{key} was not removed: {}", error.line());
        }
    }

    fn refuse_others(&self) -> Result<()> {
        for entry in self.storage.list(&keys::locks())? {
            let Some(other) = LockName::parse(&entry.name) else { continue };
            let is_same_unit = other.leased == keys::leased(&self.target, self.unit.as_ref());
            let is_target = other.leased == self.target.as_str();
            let is_ours = is_same_unit && other.job == self.job;
            if other.operation != self.operation || is_ours || !(is_same_unit || is_target) {
                continue;
            }
            let key = keys::locks().join(&entry.name);
            let info = match document::read::<LeaseInfo>(self.storage.as_ref(), &key, KIND) {
                Ok(Some(info)) => info,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!("a lease is not respected: {}", error.line());
                    continue;
                }
            };
            if !is_same_unit && info.of_unit {
                continue;
            }
            if is_live(&info)? {
                return Err(self.refusal(other.job, &info));
            }
            tracing::warn!("removing the lease of job {}: its process is gone", other.job);
            self.storage.delete(&key)?;
        }
        Ok(())
    }

    fn refusal(&self, job: JobId, info: &LeaseInfo) -> Error {
        let ProcessIdentity { host, pid, .. } = &info.process;
        let unit = self.unit.as_ref().filter(|_| info.of_unit);
        let (operation, label) = (self.operation, stream::unit_label(&self.target, unit));
        Error::new(
            Kind::BackupRunning,
            format!("a {operation} of {label} is running: job {job}, process {pid} on {host}"),
        )
        .hint("Wait until it ends, or end that process.")
    }
}

/// The parts of a lease's name. Operations hold no dot; targets and units may.
struct LockName<'a> {
    operation: &'a str,
    /// `<target>`, or `<target>@<unit>`.
    leased: &'a str,
    job: JobId,
}

impl<'a> LockName<'a> {
    fn parse(name: &'a str) -> Option<Self> {
        let (operation, rest) = name.split_once('.')?;
        let (rest, number) = rest.rsplit_once('.')?;
        number.parse::<u32>().ok()?;
        let (leased, job) = rest.rsplit_once('.')?;
        Some(Self { operation, leased, job: JobId::parse(job)? })
    }
}

/// What is wrong with the leases of a target and of its units.
pub(crate) fn damaged(storage: &dyn Storage, target: &TargetName) -> Result<Vec<Error>> {
    let mut damages = Vec::new();
    for entry in storage.list(&keys::locks())? {
        let Some(name) = LockName::parse(&entry.name) else { continue };
        if keys::leased_target(name.leased) != target.as_str() {
            continue;
        }
        let key = keys::locks().join(&entry.name);
        damages.extend(document::read::<LeaseInfo>(storage, &key, KIND).err());
    }
    Ok(damages)
}

fn is_live(info: &LeaseInfo) -> Result<bool> {
    Ok(match info.process.liveness()? {
        Liveness::Alive => true,
        Liveness::Dead => false,
        Liveness::Elsewhere => info.expires_at > Utc::now(),
    })
}

fn poisoned() -> Error {
    Error::new(Kind::Bug, "a thread died while it held the lease")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Posix;

    fn setting() -> (tempfile::TempDir, Arc<dyn Storage>, TargetName) {
        let dir = tempfile::tempdir().unwrap();
        let storage: Arc<dyn Storage> = Arc::new(Posix::new(dir.path()));
        (dir, storage, TargetName::new("pg.main").unwrap())
    }

    fn take(storage: &Arc<dyn Storage>, target: &TargetName, job: u64) -> Result<Lease> {
        Lease::acquire(Arc::clone(storage), "backup", (target, None), JobId::new(job))
    }

    fn locks(storage: &Arc<dyn Storage>) -> usize {
        storage.list(&keys::locks()).unwrap().len()
    }

    #[test]
    fn one_lease_at_a_time_and_given_back() {
        let (_dir, storage, target) = setting();
        let first = take(&storage, &target, 1).unwrap();
        let refused = take(&storage, &target, 2).err().unwrap();
        assert_eq!(refused.kind(), Kind::BackupRunning);
        assert_eq!(locks(&storage), 1, "the refused one took its own away");
        let other = TargetName::new("pg").unwrap();
        drop(take(&storage, &other, 3).unwrap());
        first.held.renew().unwrap();
        assert_eq!(locks(&storage), 1, "a renewal replaces");
        drop(first);
        assert_eq!(locks(&storage), 0);
    }

    #[test]
    fn units_do_not_refuse_each_other() {
        let (_dir, storage, target) = setting();
        let unit = |name: &str| UnitName::new(name).unwrap();
        // The last one looks like a job of the first.
        let units = [None, Some(unit("a")), Some(unit("b")), Some(unit("a.0000000001"))];
        let take = |unit: &Option<UnitName>, job: u64| {
            let leased = (&target, unit.as_ref());
            Lease::acquire(Arc::clone(&storage), "backup", leased, JobId::new(job))
        };
        let held: Vec<Lease> =
            units.iter().zip(1..).map(|(unit, job)| take(unit, job).unwrap()).collect();
        for unit in &units {
            assert_eq!(take(unit, 99).err().unwrap().kind(), Kind::BackupRunning, "{unit:?}");
        }
        assert_eq!(locks(&storage), held.len());
    }

    #[test]
    fn a_dead_process_and_an_expired_host_are_not_respected() {
        let (_dir, storage, target) = setting();
        let me = ProcessIdentity::current().unwrap();
        let dead = ProcessIdentity { started_ticks: me.started_ticks + 1, ..me.clone() };
        let elsewhere = ProcessIdentity { host: "other".into(), ..me };
        let put = |job: u64, process: ProcessIdentity, secs: i64| {
            let expires_at = Utc::now() + TimeDelta::seconds(secs);
            let info = LeaseInfo { process, expires_at, of_unit: true };
            let key = keys::lock("backup", target.as_str(), JobId::new(job), 1);
            document::write(storage.as_ref(), &key, LOCK, KIND, &info).unwrap();
        };
        put(1, dead, 600);
        put(2, elsewhere.clone(), -1);
        drop(take(&storage, &target, 9).unwrap());
        assert_eq!(locks(&storage), 0);
        put(3, elsewhere, 600);
        assert_eq!(take(&storage, &target, 9).err().unwrap().kind(), Kind::BackupRunning);
    }

    /// Puts a lease as version 0.1 wrote it, and answers what a unit's job gets then.
    fn beside_an_old_lease(process: &ProcessIdentity) -> Result<()> {
        #[derive(Serialize)]
        struct Old<'a> {
            process: &'a ProcessIdentity,
            expires_at: DateTime<Utc>,
        }
        let (_dir, storage, target) = setting();
        let old = Old { process, expires_at: Utc::now() + TimeDelta::seconds(LEASE_SECS) };
        // The same second, hence the same label: units and the whole target count apart.
        let key = Key::new("locks").join("backup.pg.main.0000000009.000001");
        document::write(storage.as_ref(), &key, LOCK, KIND, &old).unwrap();
        let unit = UnitName::new("sales").unwrap();
        let leased = (&target, Some(&unit));
        let lease = Lease::acquire(Arc::clone(&storage), "backup", leased, JobId::new(9));
        assert_eq!(take(&storage, &target, 10).is_err(), lease.is_err());
        lease.map(drop)
    }

    #[test]
    fn a_lease_of_version_0_1_is_of_the_whole_target() {
        let me = ProcessIdentity::current().unwrap();
        let error = beside_an_old_lease(&me).unwrap_err();
        assert_eq!(error.kind(), Kind::BackupRunning);
        assert!(error.message().starts_with("a backup of pg.main is running"), "{error}");
        let dead = ProcessIdentity { started_ticks: me.started_ticks + 1, ..me };
        beside_an_old_lease(&dead).unwrap();
    }

    #[test]
    fn an_old_program_does_not_take_a_units_lease_for_its_targets() {
        // What version 0.1 read of a name: operation, target, then a job and a number.
        let (target, unit) = (TargetName::new("pg").unwrap(), UnitName::new("a.b").unwrap());
        let key = keys::lock("backup", &keys::leased(&target, Some(&unit)), JobId::new(1), 1);
        assert_eq!(key.as_str(), "locks/backup.pg@a.b.0000000001.000001");
        assert!(!key.as_str().starts_with("locks/backup.pg."));
    }

    #[test]
    fn damage_is_told_of_the_targets_own_leases() {
        let (dir, storage, target) = setting();
        let unit = UnitName::new("pg.main").unwrap();
        let take = |target: &TargetName, unit: Option<&UnitName>| {
            Lease::acquire(Arc::clone(&storage), "backup", (target, unit), JobId::new(1)).unwrap()
        };
        let other = TargetName::new("main").unwrap();
        let _held = [take(&target, None), take(&target, Some(&unit)), take(&other, Some(&unit))];
        assert!(damaged(storage.as_ref(), &target).unwrap().is_empty());
        for entry in std::fs::read_dir(dir.path().join("locks")).unwrap() {
            std::fs::write(entry.unwrap().path(), "{}").unwrap();
        }
        assert_eq!(damaged(storage.as_ref(), &target).unwrap().len(), 2);
        assert_eq!(damaged(storage.as_ref(), &other).unwrap().len(), 1);
    }
}
