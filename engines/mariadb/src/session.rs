//! A session with the server, for questions: the tool has sessions of its own.

use crate::address::{Address, Place};
use errors::{Error, Kind, Result};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error as Failure, OptsBuilder, Row, Value};
use stream::{Cancel, Options};
use system::{limited, session_runtime};
use tokio::runtime::Runtime;

/// Longest wait for the answer to a question that the server can answer from memory.
const QUESTION_SECS: u64 = 60;

/// `ER_ACCESS_DENIED_ERROR` and its kin.
const DENIED: &[u16] = &[1044, 1045, 1698];
/// `ER_SPECIFIC_ACCESS_DENIED_ERROR`, `ER_TABLEACCESS_DENIED_ERROR`.
const MISSING: &[u16] = &[1227, 1142];

/// One connection.
pub(crate) struct Session {
    conn: Conn,
    cancel: Cancel,
    // Last: what runs on it is dropped before it.
    runtime: Runtime,
}

/// A row of texts; `None` is NULL.
pub(crate) type Texts = Vec<Option<String>>;

impl Session {
    /// Connects.
    ///
    /// # Errors
    /// `connect`, `auth`, `timeout`.
    pub(crate) fn open(address: &Address, options: &Options, cancel: &Cancel) -> Result<Self> {
        let runtime = session_runtime()?;
        let place = &address.place;
        let opts = OptsBuilder::default()
            .user(Some(address.user.clone()))
            .pass(address.password.as_ref().map(|secret| secret.expose().to_owned()))
            .prefer_socket(false);
        let opts = match place {
            Place::Socket(path) => opts.socket(Some(path.display().to_string())),
            Place::Tcp { host, port } => opts.ip_or_hostname(host).tcp_port(*port),
        };
        let secs = options.seconds("connect_timeout_secs").unwrap_or(10);
        let connecting = async { Conn::new(opts).await.map_err(|error| refused(place, &error)) };
        let doing = format!("connect to {place}");
        let conn = runtime.block_on(limited(cancel, secs, &doing, connecting))?;
        Ok(Self { conn, cancel: cancel.clone(), runtime })
    }

    /// All rows of an answer.
    ///
    /// # Errors
    /// `statement` with the server's words, `missing-grant`, `connect`, `timeout`, `interrupted`.
    pub(crate) fn rows(&mut self, sql: &str) -> Result<Vec<Texts>> {
        let conn = &mut self.conn;
        let asking = async { conn.query::<Row, _>(sql).await.map_err(|error| failed(sql, &error)) };
        let rows = self.runtime.block_on(limited(
            &self.cancel,
            QUESTION_SECS,
            "ask the server",
            asking,
        ))?;
        Ok(rows.into_iter().map(|row| row.unwrap().into_iter().map(text).collect()).collect())
    }

    /// The first column of the first row; `None` where there is no row, or it is NULL.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub(crate) fn value(&mut self, sql: &str) -> Result<Option<String>> {
        let row = self.rows(sql)?.into_iter().next();
        Ok(row.and_then(|row| row.into_iter().next()).flatten())
    }

    /// A server's variable; `None` where it has no such one.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub(crate) fn variable(&mut self, name: &str) -> Result<Option<String>> {
        self.second(&format!("SHOW GLOBAL VARIABLES LIKE '{name}'"))
    }

    /// A server's counter; `None` where it has no such one.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub(crate) fn status(&mut self, name: &str) -> Result<Option<String>> {
        self.second(&format!("SHOW GLOBAL STATUS LIKE '{name}'"))
    }

    fn second(&mut self, sql: &str) -> Result<Option<String>> {
        let row = self.rows(sql)?.into_iter().next();
        Ok(row.and_then(|row| row.into_iter().nth(1)).flatten())
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Value::Int(number) => Some(number.to_string()),
        Value::UInt(number) => Some(number.to_string()),
        other => Some(other.as_sql(true)),
    }
}

fn refused(place: &Place, error: &Failure) -> Error {
    match error {
        Failure::Server(server) if DENIED.contains(&server.code) => {
            Error::new(Kind::Auth, format!("{place}: {}", server.message))
        }
        Failure::Server(server) => {
            Error::new(Kind::Connect, format!("{place}: {}", server.message))
        }
        other => Error::new(Kind::Connect, format!("{place}: {other}")),
    }
}

fn failed(sql: &str, error: &Failure) -> Error {
    match error {
        Failure::Server(server) if MISSING.contains(&server.code) => {
            Error::new(Kind::MissingGrant, format!("{sql}: {}", server.message))
        }
        Failure::Server(server) => {
            Error::new(Kind::Statement, format!("{sql}: {} ({})", server.message, server.code))
        }
        other => Error::new(Kind::Connect, format!("the connection to the server broke: {other}")),
    }
}
