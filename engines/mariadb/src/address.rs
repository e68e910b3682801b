//! Where a server is: from a URL, from options, from an option file.

use crate::option_file::ClientGroups;
use errors::{Error, Kind, Result};
use std::fs;
use std::path::{Path, PathBuf};
use stream::{Options, ServerUrl, UrlProblem};
use system::{Secret, Users};

/// What URLs begin with.
pub(crate) const SCHEMES: &[&str] = &["mariadb", "mysql"];
/// Where sockets are when nobody says: Debian's place, then those of other packages.
const SOCKETS: &[&str] =
    &["/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock"];

/// Where to connect, and as whom.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) place: Place,
    pub(crate) user: String,
    pub(crate) password: Option<Secret>,
    /// The operator's own option file, which the tool reads as well.
    pub(crate) defaults_file: Option<PathBuf>,
}

/// How the server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Socket(PathBuf),
    Tcp { host: String, port: u16 },
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "{}", path.display()),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

impl Address {
    /// Options win over the option file, and that over what is usual.
    ///
    /// # Errors
    /// `config`: a file cannot be read, or a port is no number.
    pub(crate) fn find(options: &Options) -> Result<Self> {
        let defaults_file = options.text("defaults_file").map(PathBuf::from);
        let groups = match &defaults_file {
            Some(path) => ClientGroups::read(path)?,
            None => ClientGroups::default(),
        };
        let value = |name: &str| options.text(name).or_else(|| groups.get(name));
        let user = value("user").map(str::to_owned);
        let user = user.unwrap_or_else(|| Users::new().user(Users::effective_uid()));
        Ok(Self {
            place: place(value)?,
            user,
            password: password(options, &groups)?,
            defaults_file,
        })
    }
}

fn place<'a>(value: impl Fn(&str) -> Option<&'a str>) -> Result<Place> {
    let host = value("host").filter(|host| *host != "localhost");
    if let Some(host) = host {
        let port = value("port").unwrap_or("3306");
        let port = port.parse().map_err(|_| {
            Error::new(Kind::Config, format!("the port {port:?} is no number up to 65535"))
        })?;
        return Ok(Place::Tcp { host: host.to_owned(), port });
    }
    let usual = || SOCKETS.iter().find(|path| Path::new(path).exists()).unwrap_or(&SOCKETS[0]);
    Ok(Place::Socket(value("socket").unwrap_or_else(|| usual()).into()))
}

fn password(options: &Options, groups: &ClientGroups) -> Result<Option<Secret>> {
    if let Some(password) = options.text("password") {
        return Ok(Some(Secret::new(password)));
    }
    if let Some(path) = options.text("password_file") {
        let text = fs::read_to_string(path)
            .map_err(|error| Error::io(format!("read {path}"), error).with_kind(Kind::Config))?;
        return Ok(Some(Secret::new(text.lines().next().unwrap_or_default())));
    }
    Ok(groups.get("password").map(Secret::new))
}

/// What a target is called when nobody names it.
pub(crate) fn default_target(engine: &str, options: &Options) -> String {
    match Address::find(options).map(|address| address.place) {
        Ok(Place::Tcp { host, port }) => format!("{engine}-{host}-{port}"),
        Ok(Place::Socket(path)) => format!("{engine}-{}", path.display()),
        Err(_) => format!("{engine}-localhost"),
    }
}

/// Reads `mariadb://[user@][host][:port][?option=value&…]` into options.
///
/// # Errors
/// `usage`: it is no such URL, or it holds a password.
pub(crate) fn url_options(url: &str) -> Result<Vec<(String, String)>> {
    let read = ServerUrl::parse(url, SCHEMES).map_err(|problem| refused(url, &problem))?;
    if !read.path.trim_matches('/').is_empty() {
        let why = UrlProblem::Shape("it names a database, but a backup holds all of them");
        return Err(refused(url, &why));
    }
    Ok(ServerUrl { path: String::new(), ..read }.into_options("path"))
}

fn refused(url: &str, problem: &UrlProblem) -> Error {
    let why = match problem {
        UrlProblem::Password => {
            // The URL is not shown: it holds the password.
            return Error::new(Kind::Usage, problem.to_string()).hint(
                "Everybody on this host can read a command line: use password_file, defaults_file or MYSQL_PWD.",
            );
        }
        UrlProblem::Scheme => "it does not begin with mariadb:// or mysql://",
        UrlProblem::Shape(why) => why,
    };
    Error::new(Kind::Usage, format!("{url:?} is no URL of a MariaDB or MySQL server: {why}"))
        .hint("For example mariadb://root@localhost, or mariadb://backup@127.0.0.1:3306.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::OPTIONS;

    fn address(url: &str) -> Address {
        let mut options = Options::new(OPTIONS);
        for (name, value) in url_options(url).unwrap() {
            options.set(&name, &value).unwrap();
        }
        Address::find(&options).unwrap()
    }

    #[test]
    fn hosts_go_by_tcp_and_localhost_by_the_socket() {
        let tcp = |host: &str, port| Place::Tcp { host: host.to_owned(), port };
        assert_eq!(address("mariadb://root@db").place, tcp("db", 3306));
        assert_eq!(address("mysql://root@[::1]:3307/").place, tcp("::1", 3307));
        let socket = address("mariadb://b@localhost?socket=/x%20y");
        assert_eq!(socket.place, Place::Socket("/x y".into()));
        assert_eq!(socket.user, "b");
    }

    #[test]
    fn passwords_and_databases_are_refused_in_a_url() {
        for bad in ["mariadb://a:b@c", "mariadb://a@c?password=b", "mariadb://c/db", "http://c"] {
            let error = url_options(bad).unwrap_err();
            assert_eq!(error.kind(), Kind::Usage);
            assert!(!error.line().contains("a:b"), "{}", error.line());
        }
    }
}
