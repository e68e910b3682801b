//! Names of relation files inside a database's directory.

use std::fmt;

use crate::text;

/// A file that holds part of a relation, such as `16384`, `16384.1` or `16384_vm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationFile {
    /// The relation's file number (`relfilenode`), which is not always its identifier.
    pub oid: u32,
    /// Which of the relation's forks.
    pub fork: Fork,
    /// Which file of the fork, from 0.
    pub segment: u32,
}

/// What a relation file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fork {
    /// The rows themselves.
    Main,
    /// Free space map. It is not logged, so a torn page in it is no damage.
    Fsm,
    /// Visibility map.
    Vm,
    /// The empty form of an unlogged relation; recovery copies it over the main fork.
    Init,
}

impl Fork {
    /// What follows `_` in a name; the main fork has nothing.
    pub const fn suffix(self) -> Option<&'static str> {
        match self {
            Self::Main => None,
            Self::Fsm => Some("fsm"),
            Self::Vm => Some("vm"),
            Self::Init => Some("init"),
        }
    }

    fn of_suffix(suffix: &str) -> Option<Self> {
        [Self::Fsm, Self::Vm, Self::Init].into_iter().find(|fork| fork.suffix() == Some(suffix))
    }
}

impl RelationFile {
    /// Reads a name as servers since 17 do (`parse_filename_for_nontemp_relation`): no leading
    /// zeros, and no `.0`. Anything else is not a relation file.
    pub fn parse(name: &str) -> Option<Self> {
        let (name, segment) = match name.split_once('.') {
            Some((name, segment)) => {
                (name, text::decimal(segment).filter(|&segment| segment != 0)?)
            }
            None => (name, 0),
        };
        let (oid, fork) = match name.split_once('_') {
            Some((oid, suffix)) => (oid, Fork::of_suffix(suffix)?),
            None => (name, Fork::Main),
        };
        let oid = text::decimal(oid).filter(|&oid| oid != 0)?;
        Some(Self { oid, fork, segment })
    }
}

impl fmt::Display for RelationFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.oid)?;
        if let Some(suffix) = self.fork.suffix() {
            write!(formatter, "_{suffix}")?;
        }
        if self.segment != 0 {
            write!(formatter, ".{}", self.segment)?;
        }
        Ok(())
    }
}

/// Whether the name is that of a temporary relation, `t<backend>_<oid>[_fork][.segment]`
/// (`looks_like_temp_rel_name`). Servers remove such files at their start, so no backup needs them.
pub fn is_temporary(name: &str) -> bool {
    let Some((backend, rest)) = name.strip_prefix('t').and_then(|rest| rest.split_once('_')) else {
        return false;
    };
    let (rest, segment) = rest.split_once('.').unwrap_or((rest, "0"));
    let (oid, fork) = match rest.split_once('_') {
        Some((oid, suffix)) => (oid, Fork::of_suffix(suffix)),
        None => (rest, Some(Fork::Main)),
    };
    fork.is_some() && digits(backend) && digits(oid) && digits(segment)
}

/// The server takes digits of any number here, leading zeros included.
fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_there_and_back() {
        for (name, oid, fork, segment) in [
            ("1", 1, Fork::Main, 0),
            ("16384", 16384, Fork::Main, 0),
            ("16384.1", 16384, Fork::Main, 1),
            ("16384_fsm", 16384, Fork::Fsm, 0),
            ("16384_vm.12", 16384, Fork::Vm, 12),
            ("4294967295_init.4294967295", u32::MAX, Fork::Init, u32::MAX),
        ] {
            let file = RelationFile { oid, fork, segment };
            assert_eq!(RelationFile::parse(name), Some(file), "{name}");
            assert_eq!(file.to_string(), name);
        }
    }

    #[test]
    fn other_files_are_none() {
        for name in [
            "",
            "0",
            "016384",
            "16384.0",
            "16384.01",
            "16384.",
            "16384_",
            "16384_main",
            "16384_VM",
            "16384_vm_vm",
            "16384.1_vm",
            "16384.1.1",
            "4294967296",
            "-1",
            "+1",
            "t3_16384",
            "PG_VERSION",
            "pg_filenode.map",
            "pg_internal.init",
            "pgsql_tmp",
            "16384 ",
        ] {
            assert_eq!(RelationFile::parse(name), None, "{name:?}");
        }
    }

    #[test]
    fn temporary_relations_are_those_the_server_removes() {
        for name in ["t3_16384", "t3_16384_fsm", "t3_16384.1", "t003_016384_vm.0"] {
            assert!(is_temporary(name), "{name}");
        }
        for name in [
            "t3",
            "t_16384",
            "t3_",
            "t3_x",
            "t3_16384_main",
            "t3_16384.",
            "t3_16384.x",
            "16384",
            "t-1_1",
            "t1_1_vm_vm",
            "t1_1.1.1",
            "T1_1",
        ] {
            assert!(!is_temporary(name), "{name}");
        }
    }
}
