//! Where a server is: from a URL, or from options.

use errors::{Error, Kind, Result};
use std::path::Path;
use stream::{Options, percent_decode};

/// Where sockets are when nobody says: Debian's place, then PostgreSQL's own.
const SOCKET_DIRS: &[&str] = &["/var/run/postgresql", "/tmp"];

/// Reads `postgresql://[user@][host][:port][/dbname][?option=value&…]` into options.
///
/// # Errors
/// `usage`: it is no such URL, or it holds a password.
pub(crate) fn url_options(url: &str) -> Result<Vec<(String, String)>> {
    let rest = url
        .strip_prefix("postgresql://")
        .or_else(|| url.strip_prefix("postgres://"))
        .ok_or_else(|| bad(url, "it does not begin with postgresql://"))?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, dbname) = place.split_once('/').unwrap_or((place, ""));
    let (user, address) = authority.rsplit_once('@').unwrap_or(("", authority));
    if user.contains(':') {
        // Not shown: it holds the password.
        return Err(Error::new(Kind::Usage, "the URL holds a password")
            .hint("Everybody on this host can read a command line: use ~/.pgpass, PGPASSWORD or password_file."));
    }
    let (host, port) = split_port(address).ok_or_else(|| bad(url, "its port is no number"))?;

    let mut options = Vec::new();
    for (name, value) in [("user", user), ("host", host), ("port", port), ("dbname", dbname)] {
        push(&mut options, url, name, value)?;
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) =
            pair.split_once('=').ok_or_else(|| bad(url, "a parameter has no value"))?;
        if matches!(name, "password" | "db_password") {
            return Err(Error::new(Kind::Usage, "the URL holds a password").hint(
                "Everybody on this host can read a command line: use ~/.pgpass, PGPASSWORD or password_file.",
            ));
        }
        push(&mut options, url, name, value)?;
    }
    Ok(options)
}

/// Splits `host:port`, `[v6]:port`, `host`; the port may be missing.
fn split_port(address: &str) -> Option<(&str, &str)> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':').unwrap_or(rest))
        }
        None => address.split_once(':').unwrap_or((address, "")),
    };
    port.bytes().all(|byte| byte.is_ascii_digit()).then_some((host, port))
}

fn push(options: &mut Vec<(String, String)>, url: &str, name: &str, value: &str) -> Result<()> {
    if value.is_empty() {
        return Ok(());
    }
    let decoded = percent_decode(value).and_then(|bytes| String::from_utf8(bytes).ok());
    let value = decoded.ok_or_else(|| bad(url, "it has a broken escape"))?;
    options.push((name.to_owned(), value));
    Ok(())
}

fn bad(url: &str, why: &str) -> Error {
    Error::new(Kind::Usage, format!("{url:?} is no URL of a PostgreSQL server: {why}"))
        .hint("For example postgresql://postgres@localhost:5432, or postgresql:///?host=/var/run/postgresql.")
}

/// The host, or the directory of the socket.
pub(crate) fn host(options: &Options) -> String {
    let default = || {
        let there = SOCKET_DIRS.iter().find(|dir| Path::new(dir).is_dir());
        (*there.unwrap_or(&"localhost")).to_owned()
    };
    options.text("host").map_or_else(default, str::to_owned)
}

/// The port.
pub(crate) fn port(options: &Options) -> u16 {
    options.count("port").and_then(|port| u16::try_from(port).ok()).unwrap_or(5432)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Vec<(String, String)> {
        url_options(url).unwrap()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn urls_of_every_shape() {
        assert_eq!(parsed("postgresql://"), []);
        assert_eq!(
            parsed("postgresql://ba%40ck@db.example:5433/app?sslmode=verify-full"),
            [
                pair("user", "ba@ck"),
                pair("host", "db.example"),
                pair("port", "5433"),
                pair("dbname", "app"),
                pair("sslmode", "verify-full")
            ]
        );
        assert_eq!(parsed("postgres://[::1]:5432"), [pair("host", "::1"), pair("port", "5432")]);
        assert_eq!(parsed("postgresql://%2Frun%2Fpg"), [pair("host", "/run/pg")]);
        assert_eq!(parsed("postgresql:///?host=/run/pg"), [pair("host", "/run/pg")]);
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        for url in ["postgresql://u:hunter2@h", "postgresql://h?password=hunter2"] {
            let error = url_options(url).unwrap_err();
            assert_eq!(error.kind(), Kind::Usage);
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for url in ["mysql://h", "postgresql://h:port", "postgresql://h?x", "postgresql://%zz"] {
            assert_eq!(url_options(url).unwrap_err().kind(), Kind::Usage, "{url}");
        }
    }
}
