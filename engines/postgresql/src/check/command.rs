//! Reading `archive_command`: whether it is ours, and where it goes.

use std::path::Path;

/// The words of a command line.
#[derive(Debug)]
pub(super) struct Command(Vec<String>);

impl Command {
    /// Splits as a shell does for plain words and quotes.
    pub(super) fn read(text: &str) -> Self {
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
    pub(super) fn stray(&self, place: Option<&str>, target: &str) -> Option<String> {
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
