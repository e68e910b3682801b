//! Names of numeric owners, and back; each asked once.

use nix::unistd::{Gid, Group, Uid, User};
use std::collections::HashMap;

/// Remembers the names that the system gave.
#[derive(Debug, Default)]
pub struct Users {
    users: HashMap<u32, String>,
    groups: HashMap<u32, String>,
}

impl Users {
    /// Knows nobody yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The name of a user; empty when the system knows none.
    pub fn user(&mut self, uid: u32) -> String {
        let ask = || User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name);
        self.users.entry(uid).or_insert_with(|| ask().unwrap_or_default()).clone()
    }

    /// The name of a group; empty when the system knows none.
    pub fn group(&mut self, gid: u32) -> String {
        let ask = || Group::from_gid(Gid::from_raw(gid)).ok().flatten().map(|group| group.name);
        self.groups.entry(gid).or_insert_with(|| ask().unwrap_or_default()).clone()
    }

    /// The number of a user on this host.
    #[must_use]
    pub fn uid_of(name: &str) -> Option<u32> {
        User::from_name(name).ok().flatten().map(|user| user.uid.as_raw())
    }

    /// The number of a group on this host.
    #[must_use]
    pub fn gid_of(name: &str) -> Option<u32> {
        Group::from_name(name).ok().flatten().map(|group| group.gid.as_raw())
    }

    /// The number of the user that this process acts as.
    #[must_use]
    pub fn effective_uid() -> u32 {
        Uid::effective().as_raw()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_has_a_name_and_back() {
        assert_eq!(Users::new().user(0), "root");
        assert_eq!(Users::uid_of("root"), Some(0));
        assert_eq!(Users::new().user(3_999_999_999), "");
    }
}
