//! Where a server is: from a URL, or from options.

use errors::{Error, Kind, Result};
use std::path::Path;
use stream::{Options, ServerUrl, UrlProblem};

/// What URLs begin with.
pub(crate) const SCHEMES: &[&str] = &["postgresql", "postgres"];
/// Where sockets are when nobody says: Debian's place, then PostgreSQL's own.
const SOCKET_DIRS: &[&str] = &["/var/run/postgresql", "/tmp"];

/// Reads `postgresql://[user@][host][:port][/dbname][?option=value&…]` into options.
///
/// # Errors
/// `usage`: it is no such URL, or it holds a password.
pub(crate) fn url_options(url: &str) -> Result<Vec<(String, String)>> {
    let read = ServerUrl::parse(url, SCHEMES).map_err(|problem| refused(url, &problem))?;
    Ok(read.into_options("dbname"))
}

fn refused(url: &str, problem: &UrlProblem) -> Error {
    let why = match problem {
        UrlProblem::Password => {
            // The URL is not shown: it holds the password.
            return Error::new(Kind::Usage, problem.to_string()).hint(
                "Everybody on this host can read a command line: use ~/.pgpass, PGPASSWORD or password_file.",
            );
        }
        UrlProblem::Scheme => "it does not begin with postgresql://",
        UrlProblem::Shape(why) => why,
    };
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
