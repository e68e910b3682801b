//! A row of a table: what is done, and what must become of the job.

use fixtures::bacula::JobResult;

/// How a job must end.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    /// `*** … Error ***`, and so many errors at least.
    Bad(u64),
    /// `… OK -- with warnings`, with so many errors.
    Warned(u64),
    /// `… OK`.
    Good,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Of the job, too.
    pub(super) name: &'static str,
    /// What the stand-in is told, `NAME=value …`; or another thing, as the table says.
    pub(super) does: &'static str,
    pub(super) end: End,
    /// As the catalog counts them: objects count, and so does a file that was cut off.
    pub(super) files: u64,
    /// What the job's log says, among other things.
    pub(super) says: &'static str,
}

/// `name: what is done => how the job ends, its files, what it says;` …
macro_rules! rows {
    ($($name:ident: $does:expr => $end:ident$(($errors:literal))?, $files:literal, $says:expr;)*) => {
        &[$($crate::loud::row::Row {
            name: stringify!($name),
            does: $does,
            end: $crate::loud::row::End::$end$(($errors))?,
            files: $files,
            says: $says,
        },)*]
    };
}
pub(super) use rows;

/// When a job fails, daemons may also lose one another, and each counts that as errors of the job.
const ERRORS_OF_THEIR_OWN: u64 = 2;

impl Row {
    /// What the stand-in is told.
    pub(super) fn settings(&self) -> Vec<(&'static str, &'static str)> {
        self.does.split_whitespace().map(|word| word.split_once('=').unwrap()).collect()
    }

    /// Compares; `kind` is `Backup` or `Restore`.
    pub(super) fn check(&self, kind: &str, job: &JobResult) {
        let (termination, errors) = match self.end {
            End::Bad(least) => {
                (format!("*** {kind} Error ***"), least..=least + ERRORS_OF_THEIR_OWN)
            }
            End::Warned(errors) => (format!("{kind} OK -- with warnings"), errors..=errors),
            End::Good => (format!("{kind} OK"), 0..=0),
        };
        let found =
            || format!("{}: {} errors, {} files\n{}", self.name, job.errors, job.files, job.log);
        assert_eq!(job.termination, termination, "{}", found());
        // A director that loses the file daemon at a failed restore's end has nothing to count.
        let is_counted = !job.log.contains("No Job status returned from FD.");
        if is_counted || !matches!(self.end, End::Bad(_)) {
            assert!(errors.contains(&job.errors), "{errors:?} expected\n{}", found());
            assert_eq!(job.files, self.files, "{}", found());
        }
        assert!(job.log.contains(self.says), "no {:?}\n{}", self.says, found());
        // The verdict is told once, and only where there is one.
        let fatal = job.log.lines().filter(|line| is_fatal(line)).count();
        let is_told = matches!(self.end, End::Bad(_)) && !self.says.starts_with("Error: ");
        assert_eq!(fatal, usize::from(is_told), "{}", found());
    }
}

/// The file daemon says that the job has failed.
fn is_fatal(line: &str) -> bool {
    line.contains(" t-fd JobId ") && line.contains(": Fatal error: ")
}
