//! What the server does with its log: whether it archives it, and whether its `archive_command` is
//! ours and leads here.

use super::{Doctor, Findings, catalogue as rule, one};
use chrono::{DateTime, SecondsFormat, Utc};
use std::path::Path;
use stream::{Diagnosis, Severity};

impl Doctor<'_> {
    /// How bad it is that no log is archived.
    fn unarchived(&self) -> Severity {
        let required = self.job.options.flag("require_archiving");
        if required { Severity::Error } else { Severity::Warning }
    }

    pub(super) fn archives(&self) -> errors::Result<bool> {
        let mode = self.setting("archive_mode")?;
        // A standby archives only when it is told to do it always.
        Ok(if self.in_recovery { mode == "always" } else { mode != "off" })
    }

    fn library(&self) -> errors::Result<String> {
        // `true`: nothing instead of an error before 15.
        self.value("SELECT coalesce(current_setting('archive_library', true), '')")
    }

    /// The `archive_command` that is wanted, as a statement.
    fn wanted(&self) -> String {
        let program = std::env::current_exe()
            .map_or_else(|_| "seawall".to_owned(), |path| shell_word(&path.display().to_string()));
        let place = self.stored.map_or("REPOSITORY".to_owned(), |stored| shell_word(stored.place));
        let command = format!("{program} wal push %p --repo {place} --target {}", self.job.target);
        format!(
            "ALTER SYSTEM SET archive_command = '{}'; SELECT pg_reload_conf();",
            command.replace('\'', "''")
        )
    }
}

/// A word of `archive_command`, which a shell reads after the server has replaced `%`.
fn shell_word(text: &str) -> String {
    let text = text.replace('%', "%%");
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-%+:@".contains(c);
    if text.chars().all(plain) { text } else { format!("\"{text}\"") }
}

pub(super) fn mode(doctor: &Doctor<'_>) -> Findings {
    let mode = doctor.setting("archive_mode")?;
    if doctor.in_recovery && mode != "always" {
        let text = format!(
            "archive_mode is {mode}, which archives nothing on a standby: a backup looks for log that \
             its primary archives into the target"
        );
        return one(Diagnosis::ok(&rule::ARCHIVE_MODE, text));
    }
    if mode != "off" {
        return one(Diagnosis::ok(&rule::ARCHIVE_MODE, format!("archive_mode is {mode}")));
    }
    let text = "archive_mode is off: only the moments of the backups can be recovered";
    let found = Diagnosis::error(&rule::ARCHIVE_MODE, text)
        .hint("ALTER SYSTEM SET archive_mode = on; then restart the server.")
        .hint("With --set require_archiving=false the backup is taken all the same; it restores to its own end only.");
    one(Diagnosis { severity: doctor.unarchived(), ..found })
}

pub(super) fn command(doctor: &Doctor<'_>) -> Findings {
    if !doctor.archives()? {
        return Ok(Vec::new());
    }
    let library = doctor.library()?;
    if !library.is_empty() {
        return one(Diagnosis::ok(&rule::ARCHIVE_COMMAND, format!("archive_library is {library}")));
    }
    if !matches!(doctor.setting("archive_command")?.as_str(), "" | "(disabled)") {
        return one(Diagnosis::ok(&rule::ARCHIVE_COMMAND, "archive_command is set"));
    }
    let text = "archive_command is empty: the log piles up in pg_wal";
    let found = Diagnosis::error(&rule::ARCHIVE_COMMAND, text).hint(doctor.wanted());
    one(Diagnosis { severity: doctor.unarchived(), ..found })
}

pub(super) fn destination(doctor: &Doctor<'_>) -> Findings {
    let command = doctor.setting("archive_command")?;
    let library = doctor.library()?;
    if !doctor.archives()? || (library.is_empty() && matches!(command.as_str(), "" | "(disabled)"))
    {
        return Ok(Vec::new());
    }
    let place = doctor.stored.map(|stored| stored.place);
    let stray = if library.is_empty() {
        Command::read(&command).stray(place, doctor.job.target.as_str())
    } else {
        Some(format!("the library {library} archives, not this program"))
    };
    let Some(stray) = stray else {
        let text = "archive_command names this program, repository and target";
        return one(Diagnosis::ok(&rule::ARCHIVE_DESTINATION, text));
    };
    let mut found =
        Diagnosis::warning(&rule::ARCHIVE_DESTINATION, stray).hint(doctor.wanted()).hint(
            "Leave it if a script of yours does the same, or if this repository is a second one.",
        );
    if !library.is_empty() {
        found =
            found.hint("ALTER SYSTEM RESET archive_library; the two exclude each other from 16.");
    }
    one(found)
}

pub(super) fn failing(doctor: &Doctor<'_>) -> Findings {
    if !doctor.archives()? {
        return Ok(Vec::new());
    }
    let row = doctor.session.ask(
        "SELECT last_failed_wal, last_failed_time, failed_count, \
         coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) \
         FROM pg_stat_archiver",
        &[],
    )?;
    if !row.get::<_, bool>(3) {
        return one(Diagnosis::ok(&rule::ARCHIVE_FAILING, "the archiver's last attempt succeeded"));
    }
    let segment: Option<String> = row.get(0);
    let time: Option<DateTime<Utc>> = row.get(1);
    let time = time.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true));
    let count: i64 = row.get(2);
    one(Diagnosis::warning(
        &rule::ARCHIVE_FAILING,
        format!(
            "the archiver failed with {} at {} ({count} failures so far), and has not succeeded since",
            segment.unwrap_or_default(),
            time.unwrap_or_default()
        ),
    )
    .hint("The server's log has the command's own words: look for \"archive command failed\"."))
}

/// The words of a command line.
#[derive(Debug)]
struct Command(Vec<String>);

impl Command {
    /// Splits as a shell does for plain words and quotes.
    fn read(text: &str) -> Self {
        let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
        for c in text.chars() {
            match (quote, c) {
                (Some(open), _) if c == open => quote = None,
                (None, '\'' | '"') => {
                    quote = Some(c);
                    word.get_or_insert_default();
                }
                (None, _) if c.is_whitespace() => words.extend(word.take()),
                _ => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        Self(words)
    }

    /// Why the log does not go to this place and target; `None` where it does, or where the command
    /// leaves that to a configuration.
    fn stray(&self, place: Option<&str>, target: &str) -> Option<String> {
        let is_ours =
            |word: &String| Path::new(word).file_name().is_some_and(|name| name == "seawall");
        let Some(at) = self.0.iter().position(is_ours) else {
            return Some("archive_command does not call this program".to_owned());
        };
        let words = &self.0[at + 1..];
        let has = |wanted: &str| words.iter().any(|word| word == wanted);
        if !has("wal") || !has("push") {
            return Some("archive_command does not call `seawall wal push`".to_owned());
        }
        if !words.iter().any(|word| word.contains("%p")) {
            return Some("archive_command does not name the segment: %p is missing".to_owned());
        }
        let other = |flag, wanted: &str| flag_of(words, flag).filter(|value| value != wanted);
        if let Some(target) = other("--target", target) {
            return Some(format!("archive_command archives for the target {target}"));
        }
        let place = place?;
        // A name stands in a configuration that only the server's user may be able to read.
        let named = flag_of(words, "--repo").filter(|value| value.contains('/'))?;
        (!same(&named, place))
            .then(|| format!("archive_command archives into {named}, this repository is {place}"))
    }
}

fn flag_of(words: &[String], flag: &str) -> Option<String> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == flag {
            return words.next().cloned();
        }
        if let Some(value) = word.strip_prefix(flag).and_then(|rest| rest.strip_prefix('=')) {
            return Some(value.to_owned());
        }
    }
    None
}

/// Whether two paths are one place.
fn same(one: &str, other: &str) -> bool {
    let real = |path: &str| std::fs::canonicalize(path).ok();
    Path::new(one) == Path::new(other) || real(one).is_some_and(|path| Some(path) == real(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_go_elsewhere() {
        let stray = |command: &str| Command::read(command).stray(Some("/backup"), "main");
        for good in [
            "seawall wal push %p --repo /backup --target main",
            "/usr/local/bin/seawall wal push \"%p\" --repo=/backup/ --target=main",
            "ionice -c 3 'seawall' --repo disk wal push %p --target main",
            "seawall wal push %p --target main",
        ] {
            assert_eq!(stray(good), None, "{good}");
        }
        for (bad, word) in [
            ("cp %p /archive/%f", "does not call this program"),
            ("/bin/true", "does not call this program"),
            ("seawall backup main", "does not call `seawall wal push`"),
            ("seawall wal push --repo /backup --target main", "%p is missing"),
            ("seawall wal push %p --repo /other --target main", "into /other"),
            ("seawall wal push %p --repo /backup --target test", "for the target test"),
        ] {
            assert!(stray(bad).unwrap().contains(word), "{bad}: {:?}", stray(bad));
        }
    }
}
