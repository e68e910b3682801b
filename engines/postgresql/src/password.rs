//! Passwords: from an option, a file, or a password file as libpq reads it
//! (PostgreSQL documentation, "The Password File").

use crate::address;
use errors::{Error, Kind, Result};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use stream::Options;
use system::Secret;

/// The password for a connection, where there is one.
///
/// # Errors
/// `config`: a file that was named cannot be read.
pub(crate) fn find(options: &Options, user: &str, home: Option<&Path>) -> Result<Option<Secret>> {
    if let Some(password) = options.text("password") {
        return Ok(Some(Secret::new(password)));
    }
    if let Some(path) = options.text("password_file") {
        let text = read(Path::new(path))?;
        return Ok(Some(Secret::new(text.lines().next().unwrap_or_default())));
    }
    let named = options.text("passfile").map(PathBuf::from);
    let Some(path) = named.or_else(|| Some(home?.join(".pgpass"))) else { return Ok(None) };
    let Ok(metadata) = fs::metadata(&path) else { return Ok(None) };
    if metadata.permissions().mode() & 0o077 != 0 {
        tracing::warn!("{} is ignored: others may read it (chmod 0600)", path.display());
        return Ok(None);
    }
    let host = address::host(options);
    let port = address::port(options).to_string();
    let dbname = options.text("dbname").unwrap_or_default();
    // For a socket libpq looks for `localhost` too.
    let hosts =
        if host.starts_with('/') { vec![host.as_str(), "localhost"] } else { vec![host.as_str()] };
    let text = read(&path)?;
    let wanted = hosts.into_iter().map(|host| [host, &port, dbname, user]);
    let found =
        wanted.into_iter().find_map(|wanted| text.lines().find_map(|line| entry(line, wanted)));
    Ok(found.map(Secret::new))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| {
        Error::io(format!("read {}", path.display()), error).with_kind(Kind::Config)
    })
}

/// The password of a line `host:port:database:user:password` that fits; `*` fits everything, `\`
/// takes the meaning of the next character away.
fn entry(line: &str, wanted: [&str; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = fields(line);
    let password = if fields.len() == 5 { fields.pop()? } else { return None };
    let fits = |(field, wanted): (&(String, bool), &str)| {
        let (text, escaped) = field;
        (text == "*" && !escaped) || text == wanted
    };
    fields.iter().zip(wanted).all(fits).then_some(password.0)
}

/// The fields of a line, and whether each held an escape. The last one takes further colons.
fn fields(line: &str) -> Vec<(String, bool)> {
    let mut fields = vec![(String::new(), false)];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let is_last = fields.len() == 5;
        let Some((field, escaped)) = fields.last_mut() else { break };
        match character {
            '\\' => {
                *escaped = true;
                field.extend(characters.next());
            }
            ':' if !is_last => fields.push((String::new(), false)),
            other => field.push(other),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::OPTIONS;

    const WANTED: [&str; 4] = ["db", "5432", "app", "backup"];

    #[test]
    fn lines_fit_as_libpq_has_them() {
        assert_eq!(entry("db:5432:app:backup:pw", WANTED).as_deref(), Some("pw"));
        assert_eq!(entry("*:*:*:backup:p\\:w\\\\", WANTED).as_deref(), Some("p:w\\"));
        assert_eq!(entry("*:*:*:*:with:colon", WANTED).as_deref(), Some("with:colon"));
        assert_eq!(entry("\\*:*:*:*:pw", WANTED), None, "an escaped star is a star");
        assert_eq!(entry("#db:5432:app:backup:pw", WANTED), None);
        assert_eq!(entry("db:5433:app:backup:pw", WANTED), None);
        assert_eq!(entry("db:5432", WANTED), None);
    }

    #[test]
    fn a_file_that_others_may_read_is_ignored() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(".pgpass");
        fs::write(&path, "localhost:*:*:backup:secret\n").unwrap();
        let mut options = Options::new(OPTIONS);
        options.set("host", "/run/pg").unwrap();
        for (mode, found) in [(0o644, None), (0o600, Some(Secret::new("secret")))] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(find(&options, "backup", Some(home.path())).unwrap(), found);
        }
    }

    #[test]
    fn a_password_file_that_is_named_must_be_there() {
        let mut options = Options::new(OPTIONS);
        options.set("password_file", "/no/such/file").unwrap();
        assert_eq!(find(&options, "u", None).unwrap_err().kind(), Kind::Config);
    }
}
