//! Where everything lies in a repository: the layout of `docs/format.md`, in one place.

use crate::storage::Key;
use errors::{Error, Kind, Result};
use stream::{EncodedUnit, JobId, LinkName, LogKey, LogScope, TargetName, UnitName};

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

/// All of a target.
pub(crate) fn target(target: &TargetName) -> Key {
    targets().join(target.as_str())
}

/// Where a unit's directory begins.
const UNIT_MARK: char = '@';

/// The unit of a directory below a target, or why no unit has such a directory. `None`: it is not meant
/// for a unit.
pub(crate) fn unit_of(target: &TargetName, name: &str) -> Option<Result<EncodedUnit>> {
    let encoded = name.strip_prefix(UNIT_MARK)?;
    let key = self::target(target).join(name);
    let error =
        || Error::new(Kind::Manifest, format!("{key}: no unit's name is written like that"));
    Some(EncodedUnit::parse(encoded).ok_or_else(error))
}

/// What a lease is for: `<target>`, or `<target>@<unit>`. Neither may hold the sign between them.
pub(crate) fn leased(target: &TargetName, unit: Option<&UnitName>) -> String {
    match unit {
        Some(unit) => format!("{target}{UNIT_MARK}{}", unit.encoded()),
        None => target.to_string(),
    }
}

/// The target of what [`leased`] made.
pub(crate) fn leased_target(leased: &str) -> &str {
    leased.split_once(UNIT_MARK).map_or(leased, |(target, _)| target)
}

/// One lease of a job; `number` grows with each renewal.
pub(crate) fn lock(operation: &str, leased: &str, job: JobId, number: u32) -> Key {
    locks().join(&format!("{operation}.{leased}.{job}.{number:06}"))
}

/// The keys of one unit of one target.
#[derive(Debug, Clone)]
pub(crate) struct UnitKeys {
    /// Where the unit's log lies: with the target's, or with the unit.
    log_base: Key,
    base: Key,
}

impl UnitKeys {
    pub(crate) fn new(target: &TargetName, unit: Option<&UnitName>, scope: LogScope) -> Self {
        let of_target = self::target(target);
        let base = match unit {
            Some(unit) => of_target.join(&format!("{UNIT_MARK}{}", unit.encoded())),
            None => of_target.clone(),
        };
        let log_base = match scope {
            LogScope::Target => of_target,
            LogScope::Unit => base.clone(),
        };
        Self { log_base, base }
    }

    /// The keys of a unit whose full name is not known yet, with a log of its own.
    pub(crate) fn of_directory(target: &TargetName, encoded: &EncodedUnit) -> Self {
        let base = self::target(target).join(&format!("{UNIT_MARK}{encoded}"));
        Self { log_base: base.clone(), base }
    }

    pub(crate) fn has_own_log(&self) -> bool {
        self.log_base == self.base
    }

    pub(crate) fn base(&self) -> &Key {
        &self.base
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
        let keys = UnitKeys::new(&target, None, LogScope::Target);
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
    fn units_share_the_log_of_their_target_or_have_their_own() {
        let (target, unit) = (TargetName::new("t").unwrap(), UnitName::new("db").unwrap());
        let keys = UnitKeys::new(&target, Some(&unit), LogScope::Target);
        assert_eq!(keys.links().as_str(), "targets/t/@db/links");
        assert_eq!(keys.log().as_str(), "targets/t/log");
        let keys = UnitKeys::new(&target, Some(&unit), LogScope::Unit);
        assert_eq!(keys.log().as_str(), "targets/t/@db/log");
    }
}
