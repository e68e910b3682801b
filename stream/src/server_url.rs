//! URLs of servers: `scheme://[user@][host][:port][/path][?option=value&…]`.

use crate::percent_decode;
use std::fmt;

/// A URL in its parts, decoded; what is missing is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    /// Who connects.
    pub user: String,
    /// A name, an address without its brackets, or a directory.
    pub host: String,
    /// Digits.
    pub port: String,
    /// What follows the first slash, without it.
    pub path: String,
    /// Names and values, in their order; those without a value are left out.
    pub options: Vec<(String, String)>,
}

/// Why a text is no URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlProblem {
    /// It holds a password, which everybody on the host could read; the URL is not to be repeated.
    Password,
    /// It has another scheme, or none.
    Scheme,
    /// It is written otherwise.
    Shape(&'static str),
}

impl fmt::Display for UrlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password => "the URL holds a password",
            Self::Scheme => "it has another scheme",
            Self::Shape(why) => why,
        })
    }
}

impl ServerUrl {
    /// Reads a URL of one of the schemes.
    ///
    /// # Errors
    /// It is none, or it holds a password.
    pub fn parse(url: &str, schemes: &[&str]) -> Result<Self, UrlProblem> {
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        if !schemes.contains(&scheme) {
            return Err(UrlProblem::Scheme);
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = place.split_once('/').unwrap_or((place, ""));
        let (user, address) = authority.rsplit_once('@').unwrap_or(("", authority));
        if user.contains(':') {
            return Err(UrlProblem::Password);
        }
        let (host, port) = split_port(address).ok_or(UrlProblem::Shape("its port is no number"))?;
        let mut options = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) =
                pair.split_once('=').ok_or(UrlProblem::Shape("a parameter has no value"))?;
            if matches!(name, "password" | "db_password") {
                return Err(UrlProblem::Password);
            }
            if !value.is_empty() {
                options.push((name.to_owned(), decode(value)?));
            }
        }
        let (user, host, port, path) = (decode(user)?, decode(host)?, decode(port)?, decode(path)?);
        Ok(Self { user, host, port, path, options })
    }

    /// User, host and port where they are given, and all options: for an engine that calls the path
    /// by `path_name`.
    #[must_use]
    pub fn into_options(self, path_name: &str) -> Vec<(String, String)> {
        let parts =
            [("user", self.user), ("host", self.host), ("port", self.port), (path_name, self.path)];
        let given = parts.into_iter().filter(|(_, value)| !value.is_empty());
        given.map(|(name, value)| (name.to_owned(), value)).chain(self.options).collect()
    }
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

fn decode(text: &str) -> Result<String, UrlProblem> {
    let decoded = percent_decode(text).and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.ok_or(UrlProblem::Shape("it has a broken escape"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_decoded_and_passwords_refused() {
        let url = ServerUrl::parse("a://ba%40ck@[::1]:5433/db?x=%20&y=", &["a", "b"]).unwrap();
        assert_eq!((url.user.as_str(), url.host.as_str()), ("ba@ck", "::1"));
        assert_eq!((url.port.as_str(), url.path.as_str()), ("5433", "db"));
        assert_eq!(url.options, [("x".to_owned(), " ".to_owned())]);
        for url in ["a://u:p@h", "a://h?password=p", "a://h?db_password="] {
            assert_eq!(ServerUrl::parse(url, &["a"]), Err(UrlProblem::Password), "{url}");
        }
        for url in ["c://h", "h"] {
            assert_eq!(ServerUrl::parse(url, &["a"]), Err(UrlProblem::Scheme), "{url}");
        }
        for url in ["a://h:port", "a://[::1", "a://h?x", "a://%zz"] {
            let problem = ServerUrl::parse(url, &["a"]);
            assert!(matches!(problem, Err(UrlProblem::Shape(_))), "{url}");
        }
    }
}
