//! The exit statuses of `wal fetch`, which follow the contract of `restore_command`.

use errors::{EXIT_OK, Kind};
use std::ffi::OsString;

/// What `restore_command` answers for trouble: above 125 the server stops recovery.
const EXIT_TROUBLE: u8 = 126;

/// Whether a command line is one of `wal fetch`, even where it cannot be read otherwise.
pub(crate) fn is_fetch(arguments: &[OsString]) -> bool {
    let wal = arguments.iter().position(|word| word == "wal");
    wal.is_some_and(|wal| arguments.iter().skip(wal + 1).any(|word| word == "fetch"))
}

/// The exit status of `wal fetch` for the status of any other verb.
pub(crate) fn status(status: u8) -> u8 {
    if status == EXIT_OK || status == Kind::NotFound.entry().exit { status } else { EXIT_TROUBLE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_definite_absence_ends_recovery() {
        for status in 0..=255 {
            let wanted = if matches!(status, 0 | 14) { status } else { 126 };
            assert_eq!(super::status(status), wanted);
        }
    }

    #[test]
    fn a_fetch_is_recognised_whatever_else_is_wrong() {
        let is = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            is_fetch(&words)
        };
        assert!(is("seawall wal fetch --wrong"));
        assert!(is("seawall --repo /r wal --frobnicate fetch x y"));
        assert!(!is("seawall wal push fetch.wal") && !is("seawall fetch"));
    }
}
