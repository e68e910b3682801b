//! What a backup leaves out (PostgreSQL documentation, "Making a Base Backup Using the Low Level
//! API"; pg_basebackup leaves out the same).

mod patterns;

pub(crate) use patterns::Patterns;

use formats::relation::{self, Fork, RelationFile};
use std::collections::HashSet;

/// Directories whose content means nothing after a restart; they themselves must exist.
const EMPTIED: &[&str] = &[
    "pg_dynshmem",
    "pg_notify",
    "pg_replslot",
    "pg_serial",
    "pg_snapshots",
    "pg_stat_tmp",
    "pg_subtrans",
];

/// Files of the running server, of an earlier backup or of an earlier recovery.
const TOP_LEVEL: &[&str] = &[
    "postmaster.pid",
    "postmaster.opts",
    "postgresql.auto.conf.tmp",
    "current_logfiles.tmp",
    "backup_label",
    "backup_label.old",
    "tablespace_map",
    "tablespace_map.old",
    "backup_manifest",
    "backup_manifest.tmp",
    "recovery.signal",
    "standby.signal",
    // Before 12. Later servers refuse to start where the first one lies.
    "recovery.conf",
    "recovery.done",
];

/// Whether the content of a directory directly below the data directory is left out.
pub(crate) fn is_emptied(name: &str) -> bool {
    EMPTIED.contains(&name)
}

/// Whether a file directly below the data directory is left out.
pub(crate) fn is_left_out_at_top(name: &str) -> bool {
    TOP_LEVEL.contains(&name)
}

/// Whether a name is left out wherever it stands.
pub(crate) fn is_left_out_anywhere(name: &str) -> bool {
    name.starts_with("pgsql_tmp") || name.starts_with("pg_internal.init")
}

/// Relations of one directory that exist only until the next crash.
#[derive(Debug, Default)]
pub(crate) struct Unlogged(HashSet<u32>);

impl Unlogged {
    /// Notes a name of the directory: an initialisation fork says that its relation is unlogged.
    pub(crate) fn note(&mut self, name: &str) {
        if let Some(RelationFile { oid, fork: Fork::Init, .. }) = RelationFile::parse(name) {
            self.0.insert(oid);
        }
    }

    /// Whether a file of the directory is left out: of a temporary relation, or any fork but the
    /// initial one of an unlogged relation.
    pub(crate) fn leaves_out(&self, name: &str) -> bool {
        let is_unlogged =
            |file: &RelationFile| file.fork != Fork::Init && self.0.contains(&file.oid);
        relation::is_temporary(name) || RelationFile::parse(name).as_ref().is_some_and(is_unlogged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_of_unlogged_relations_but_the_initial_one() {
        let mut unlogged = Unlogged::default();
        for name in ["100", "100_init", "100_fsm", "101", "PG_VERSION"] {
            unlogged.note(name);
        }
        for name in ["100", "100.1", "100_fsm", "100_vm", "t3_500", "t3_500_fsm"] {
            assert!(unlogged.leaves_out(name), "{name}");
        }
        for name in ["100_init", "101", "101_vm", "1001", "PG_VERSION", "pg_filenode.map", "t3"] {
            assert!(!unlogged.leaves_out(name), "{name}");
        }
    }
}
