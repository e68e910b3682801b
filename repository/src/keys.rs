//! Where everything lies in a repository: the layout of `docs/format.md`, in one place.

use crate::storage::Key;
use stream::{JobId, LinkName, LogKey, TargetName, UnitName};

/// The repository's own document.
pub(crate) fn repository() -> Key {
    Key::new("seawall.json")
}

/// All targets.
pub(crate) fn targets() -> Key {
    Key::new("targets")
}

/// All leases.
pub(crate) fn locks() -> Key {
    Key::new("locks")
}

/// What `check` writes and removes.
pub(crate) fn probes() -> Key {
    Key::new("probes")
}

/// One lease of a job; `number` grows with each renewal.
pub(crate) fn lock(operation: &str, target: &TargetName, job: JobId, number: u32) -> Key {
    locks().join(&format!("{operation}.{target}.{job}.{number:06}"))
}

/// The keys of one unit of one target.
#[derive(Debug, Clone)]
pub(crate) struct UnitKeys {
    log_base: Key,
    base: Key,
}

impl UnitKeys {
    pub(crate) fn new(target: &TargetName, unit: Option<&UnitName>) -> Self {
        let log_base = targets().join(target.as_str());
        let base = match unit {
            Some(unit) => log_base.join(&format!("@{unit}")),
            None => log_base.clone(),
        };
        Self { log_base, base }
    }

    pub(crate) fn jobs(&self) -> Key {
        self.base.join("jobs")
    }

    pub(crate) fn job(&self, job: JobId) -> Key {
        self.jobs().join(&job.to_string())
    }

    pub(crate) fn claim(&self, job: JobId) -> Key {
        self.job(job).join("job.json")
    }

    pub(crate) fn volume(&self, job: JobId, number: u32) -> Key {
        self.job(job).join(&format!("{number:06}.tar.zst"))
    }

    pub(crate) fn rows(&self, job: JobId, number: u32) -> Key {
        self.job(job).join(&format!("{number:06}.files.zst"))
    }

    pub(crate) fn links(&self) -> Key {
        self.base.join("links")
    }

    pub(crate) fn link(&self, name: &LinkName) -> Key {
        self.links().join(&format!("{name}.json"))
    }

    pub(crate) fn lineages(&self) -> Key {
        self.log_base.join("lineages")
    }

    pub(crate) fn accepted(&self, lineage: &str) -> Key {
        self.lineages().join(&format!("{lineage}.json"))
    }

    pub(crate) fn log(&self) -> Key {
        self.log_base.join("log")
    }

    pub(crate) fn lineage(&self, lineage: &str) -> Key {
        self.log().join(lineage)
    }

    pub(crate) fn shard(&self, key: &LogKey) -> Key {
        self.lineage(&key.lineage).join(&key.lane).join(&key.shard)
    }

    pub(crate) fn piece(&self, key: &LogKey) -> Key {
        self.shard(key).join(&key.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream::Position;

    #[test]
    fn the_layout_is_the_documented_one() {
        let target = TargetName::new("orders-pg").unwrap();
        let keys = UnitKeys::new(&target, None);
        let job = JobId::new(604);
        assert_eq!(keys.claim(job).as_str(), "targets/orders-pg/jobs/0000000604/job.json");
        assert_eq!(
            keys.volume(job, 1).as_str(),
            "targets/orders-pg/jobs/0000000604/000001.tar.zst"
        );
        assert_eq!(
            keys.rows(job, 1).as_str(),
            "targets/orders-pg/jobs/0000000604/000001.files.zst"
        );
        let name = LinkName { from: Position::new(0), to: Position::new(7), job };
        assert_eq!(
            keys.link(&name).as_str(),
            "targets/orders-pg/links/00000000000000000000_00000000000000000007_0000000604.json"
        );
    }

    #[test]
    fn units_share_the_log_of_their_target() {
        let (target, unit) = (TargetName::new("t").unwrap(), UnitName::new("db").unwrap());
        let keys = UnitKeys::new(&target, Some(&unit));
        assert_eq!(keys.links().as_str(), "targets/t/@db/links");
        assert_eq!(keys.log().as_str(), "targets/t/log");
    }
}
