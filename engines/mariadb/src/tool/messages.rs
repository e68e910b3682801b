//! What the tool says on standard error: into the log as it comes, and kept for errors.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lines of trouble that are kept for an error.
const KEPT: usize = 3;
/// Longer lines are cut.
const LINE_BYTES_MAX: u64 = 4096;
/// What the last line of a backup that went well ends with.
const SUCCESS: &str = "completed OK!";

/// Lines after which the tool waits for a lock of the server.
const LOCKS: &[&str] = &[
    "Acquiring BACKUP LOCKS",
    "Starting BACKUP STAGE",
    "Executing LOCK ",
    "Executing FLUSH TABLES WITH READ LOCK",
];
/// What lines of trouble have in them, in small letters. The last one is all that a tool says whose
/// server has overwritten the redo log that was to be copied (measured).
const TROUBLE: &[&str] = &["error", "fail", "unknown option", "denied", "was only able to copy"];
/// Lines that name files, which may be called anything: `sys` alone has views of errors.
const PROGRESS: &[&str] = &[
    " Streaming ",
    " Copying ",
    " Compressing ",
    " Encrypting ",
    "Copied file",
    "table file",
    "DDL tracking",
];

/// Lines that come while it waits.
const MEANWHILE: &[&str] = &["DDL tracking", "log scanned up to", "Retrying read of log"];

/// The tool's words so far.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    last: Mutex<String>,
    /// What went wrong. Kept apart: hundreds of lines of progress may follow.
    trouble: Mutex<VecDeque<String>>,
    /// Since when it waits for a lock.
    lock_asked: Mutex<Option<Instant>>,
    /// LSN up to which the tool has copied the redo log.
    scanned: AtomicU64,
}

impl Messages {
    /// Reads until the tool closes its end. Never fails: the tool must not block because nobody
    /// listens.
    pub(crate) fn drain(self: &Arc<Self>, source: impl Read, mut log: Option<File>) {
        let mut source = BufReader::new(source);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = Read::take(&mut source, LINE_BYTES_MAX).read_until(b'\n', &mut line);
            if !matches!(read, Ok(1..)) {
                return;
            }
            if let Some(log) = &mut log {
                let _ = log.write_all(&line);
            }
            self.note(String::from_utf8_lossy(&line).trim_end());
        }
    }

    fn note(&self, line: &str) {
        if line.is_empty() {
            return;
        }
        // One line per file goes to who asks for much; what is wrong, to everybody.
        if is_trouble(line) {
            tracing::warn!(target: "tool", "{}", text(line));
        } else {
            tracing::debug!(target: "tool", "{line}");
        }
        if let Some(lsn) = scanned_up_to(line) {
            self.scanned.fetch_max(lsn, Ordering::Relaxed);
        }
        self.note_lock(line);
        line.clone_into(&mut self.last.lock().unwrap_or_else(PoisonError::into_inner));
        if is_trouble(line) {
            let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
            if trouble.len() == KEPT {
                trouble.pop_front();
            }
            trouble.push_back(text(line).to_owned());
        }
    }

    fn note_lock(&self, line: &str) {
        let has = |marks: &[&str]| marks.iter().any(|mark| line.contains(mark));
        if has(MEANWHILE) {
            return;
        }
        *self.lock_asked.lock().unwrap_or_else(PoisonError::into_inner) =
            has(LOCKS).then(Instant::now);
    }

    /// How long the tool has been waiting for a lock of the server.
    pub(crate) fn lock_wait(&self) -> Option<Duration> {
        let asked = self.lock_asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.map(|asked| asked.elapsed())
    }

    /// Whether the last words are those of success.
    pub(crate) fn say_success(&self) -> bool {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.ends_with(SUCCESS)
    }

    /// The lines that tell what went wrong, as far as the tool marks them; or its last words.
    pub(crate) fn complaint(&self) -> String {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if !trouble.is_empty() {
            return Vec::from_iter(trouble.iter().cloned()).join("; ");
        }
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_empty() { "it said nothing".to_owned() } else { text(&last).to_owned() }
    }

    /// LSN up to which the redo log is copied; 0 before the tool says so.
    pub(crate) fn scanned(&self) -> u64 {
        self.scanned.load(Ordering::Relaxed)
    }
}

fn is_trouble(line: &str) -> bool {
    let small = line.to_lowercase();
    TROUBLE.iter().any(|mark| small.contains(mark)) && !PROGRESS.iter().any(|it| line.contains(it))
}

/// A line without thread number and time.
fn text(line: &str) -> &str {
    let rest = line.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    let rest = rest.map_or(line, |(_, rest)| rest);
    let is_time = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | ' ' | 'T' | '.' | 'Z');
    let text = rest.trim_start_matches(is_time);
    if text.is_empty() { line } else { text }
}

/// `>> log scanned up to (46662)`; from MariaDB 10.8 on `Retrying read of log at LSN=58779661`, when
/// there is nothing more to copy for the moment (measured).
fn scanned_up_to(line: &str) -> Option<u64> {
    let marks = ["log scanned up to (", "Retrying read of log at LSN="];
    let (_, rest) = marks.iter().find_map(|mark| line.split_once(mark))?;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Arc<Messages> {
        let messages = Arc::new(Messages::default());
        messages.drain(text.as_bytes(), None);
        messages
    }

    #[test]
    fn success_is_the_last_line_and_no_other() {
        assert!(said("[00] 2026-11-21 13:50:09 completed OK!\n").say_success());
        assert!(!said("completed OK!\n[00] FATAL ERROR: no\n").say_success());
        assert!(!said("").say_success());
    }

    #[test]
    fn complaints_are_found_among_the_rest() {
        let text = "[00] 2026-11-21 13:50:08 uses posix_fadvise().\n\
                    [00] 2026-11-21 13:50:08 Error: missing required privilege RELOAD on *.*\n\
                    2026-11-21 13:50:08 0 [Note] InnoDB: Starting shutdown...\n";
        assert_eq!(said(text).complaint(), "Error: missing required privilege RELOAD on *.*");
        let progress =
            "[01] 2026-11-21 14:49:20 Streaming ./sys/statements_with_errors.frm to <STDOUT>\n";
        let wrapped = "[00] 2026-11-21 14:49:25 Was only able to copy log from 37 to 49, not 76\n";
        let all = format!("{wrapped}{}", progress.repeat(100));
        assert_eq!(said(&all).complaint(), "Was only able to copy log from 37 to 49, not 76");
        assert_eq!(said("").complaint(), "it said nothing");
        assert_eq!(said("a\nb\n").complaint(), "b");
    }

    #[test]
    fn waits_for_locks_are_noticed() {
        let asked = "[00] 2026-11-21 13:50:08 Acquiring BACKUP LOCKS...\n\
                     [00] 2026-11-21 13:50:08 DDL tracking : create 5 \"./t/a.ibd\"\n";
        assert!(said(asked).lock_wait().is_some());
        let got =
            format!("{asked}[00] 2026-11-21 13:50:08 Acquired locks for BACKUP STAGE START\n");
        assert!(said(&got).lock_wait().is_none());
    }

    #[test]
    fn the_copy_of_the_log_is_followed() {
        let text =
            "[00] 2026-11-21 13:50:08 >> log scanned up to (46662)\n>> log scanned up to (9)\n";
        assert_eq!(said(text).scanned(), 46662);
        assert_eq!(said("[00] x Retrying read of log at LSN=58779661\n").scanned(), 58_779_661);
    }
}
