//! Words between the backend and the daemon: bounded, and cut where a character ends.

use crate::{Daemon, MESSAGE_BYTES};
use protocol::Severity;

/// The most bytes of a text that a daemon gives: a plugin line, a name, options.
pub(crate) const TEXT_BYTES: usize = 64 << 10;

/// What a daemon said, as text.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    let bounded = &bytes[..bytes.len().min(TEXT_BYTES)];
    String::from_utf8_lossy(bounded).into_owned()
}

/// Reports a text of any length, in as many messages as it takes.
pub(crate) fn report(daemon: &dyn Daemon, severity: Severity, text: &str) {
    let mut rest = text.trim_end();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(cut(rest));
        daemon.report(severity, piece.trim_end_matches('\n'));
        rest = after;
    }
}

/// Where the next message ends: with a line if one ends in its second half, else anywhere.
fn cut(text: &str) -> usize {
    if text.len() <= MESSAGE_BYTES {
        return text.len();
    }
    let end = text.floor_char_boundary(MESSAGE_BYTES);
    match text[..end].rfind('\n') {
        Some(line) if line >= MESSAGE_BYTES / 2 => line + 1,
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, Standing};
    use std::cell::RefCell;

    struct Log(RefCell<Vec<String>>);

    impl Daemon for Log {
        fn report(&self, _severity: Severity, text: &str) {
            self.0.borrow_mut().push(text.to_owned());
        }

        fn facts(&self) -> Facts {
            panic!("nobody asks")
        }

        fn standing(&self) -> Standing {
            panic!("nobody asks")
        }
    }

    fn pieces(text: &str) -> Vec<String> {
        let log = Log(RefCell::default());
        report(&log, Severity::Info, text);
        log.0.into_inner()
    }

    #[test]
    fn short_texts_stay_whole() {
        assert_eq!(pieces("one\ntwo\n"), ["one\ntwo"]);
        assert!(pieces("\n").is_empty());
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = "ä".repeat(2000);
        let pieces = pieces(&text);
        assert!(pieces.iter().all(|piece| piece.len() <= MESSAGE_BYTES));
        assert_eq!(pieces.concat(), text);
    }

    #[test]
    fn long_texts_are_cut_between_lines_where_there_are_some() {
        let line = "x".repeat(600);
        let pieces = pieces(&[line.as_str(); 7].join("\n"));
        assert_eq!(pieces.len(), 3);
        assert!(pieces.iter().all(|piece| piece.split('\n').all(|part| part == line)));
    }

    #[test]
    fn what_is_no_text_becomes_one() {
        assert_eq!(lossy(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(lossy(&vec![b'a'; TEXT_BYTES + 1]).len(), TEXT_BYTES);
    }
}
