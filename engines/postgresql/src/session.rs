//! The one session of a backup.
//!
//! The server ends a backup when the session that started it ends (facts: any disconnect aborts).
//! So: one connection of our own, never a pooler's, kept alive, watched, and without any of the
//! timeouts that an administrator may have set for people.

use crate::{address, password, tls};
use errors::{Error, Kind, Result};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use stream::{Cancel, Job, Options};
use system::{Users, cancellable, limited, session_runtime};
use tokio::runtime::Runtime;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Longest wait for the answer to a question that the server can answer from memory.
const QUESTION_SECS: u64 = 60;
/// How long the server may take to hear that a statement is given up.
const GIVE_UP: Duration = Duration::from_secs(5);
/// How often the session is used while files are copied, so that no middlebox forgets it.
const PING_EVERY: Duration = Duration::from_secs(20);

/// A connection whose end is noticed.
pub(crate) struct Session {
    client: Arc<Client>,
    lost: Arc<Mutex<Option<String>>>,
    cancel: Cancel,
    connector: MakeRustlsConnect,
    // Last: what runs on it is dropped before it.
    runtime: Runtime,
}

impl Session {
    /// Connects and frees the session of all timeouts.
    ///
    /// # Errors
    /// `connect`, `auth`, `timeout`, `config`.
    pub(crate) fn open(job: &Job) -> Result<Self> {
        let runtime = session_runtime()?;
        let lost = Arc::new(Mutex::new(None));
        let config = config(&job.options)?;
        let connector = tls::connector(&job.options)?;
        let timeout_secs = job.options.seconds("connect_timeout_secs").unwrap_or(10);
        let place = place(&job.options);
        let connecting =
            async { config.connect(connector.clone()).await.map_err(|e| refused(&place, e)) };
        let (client, connection) = runtime.block_on(limited(
            &job.cancel,
            timeout_secs,
            &format!("connect to {place}"),
            connecting,
        ))?;
        let noted = Arc::clone(&lost);
        runtime.spawn(async move {
            let end = connection.await.err().map_or("it was closed".to_owned(), |e| e.to_string());
            noted.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(end);
        });
        let cancel = job.cancel.clone();
        let session = Self { client: Arc::new(client), lost, cancel, connector, runtime };
        session.free_of_timeouts()?;
        if let Some(role) = job.options.text("role") {
            session.take_on(role)?;
        }
        session.start_pings();
        Ok(session)
    }

    /// One row, soon.
    ///
    /// # Errors
    /// `statement` with the server's words, `connect`, `timeout`, `interrupted`.
    pub(crate) fn ask(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Row> {
        let work = async { self.client.query_one(sql, parameters).await.map_err(failed) };
        self.runtime.block_on(limited(&self.cancel, QUESTION_SECS, "ask the server", work))
    }

    /// One row, whenever the server has it: only a cancel ends the wait.
    ///
    /// # Errors
    /// As [`Session::ask`], but for `timeout`.
    pub(crate) fn wait_for(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Row> {
        let work = async { self.client.query_one(sql, parameters).await.map_err(failed) };
        let row = self.runtime.block_on(cancellable(&self.cancel, work));
        if row.as_ref().is_err_and(|error| error.kind() == Kind::Interrupted) {
            self.give_up();
        }
        row
    }

    /// A server that waits for its checkpoint does not notice that nobody waits for it any more: it
    /// is told, or the session would stay for minutes.
    fn give_up(&self) {
        let tell = self.client.cancel_token();
        let tell = async { tell.cancel_query(self.connector.clone()).await };
        // Whoever cannot be told notices the end of the connection, later.
        let _ = self.runtime.block_on(async { tokio::time::timeout(GIVE_UP, tell).await });
    }

    /// Fails once the connection is gone: then the server has ended the backup.
    ///
    /// # Errors
    /// `connect`.
    pub(crate) fn check_alive(&self) -> Result<()> {
        match &*self.lost.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(why) => Err(Error::new(
                Kind::Connect,
                format!("the connection to the server was lost: {why}"),
            )),
        }
    }

    /// A question that worker threads may ask at any time.
    pub(crate) fn asker(
        &self,
        sql: &'static str,
    ) -> impl Fn() -> Option<String> + Send + Sync + 'static {
        let (client, handle) = (Arc::clone(&self.client), self.runtime.handle().clone());
        move || {
            let limit = Duration::from_secs(QUESTION_SECS);
            let row = handle
                .block_on(async { tokio::time::timeout(limit, client.query_one(sql, &[])).await });
            row.ok()?.ok()?.try_get(0).ok()
        }
    }

    fn free_of_timeouts(&self) -> Result<()> {
        let version: i32 =
            self.ask("SELECT current_setting('server_version_num')::int4", &[])?.get(0);
        let mut settings = vec![
            "statement_timeout",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
            "max_parallel_workers_per_gather",
        ];
        if version >= 140_000 {
            settings.push("idle_session_timeout");
        }
        if version >= 170_000 {
            settings.push("transaction_timeout");
        }
        let mut sql = String::from("SET search_path = pg_catalog;");
        for setting in settings {
            sql.push_str(&format!("SET {setting} = 0;"));
        }
        let work = async { self.client.batch_execute(&sql).await.map_err(failed) };
        self.runtime.block_on(limited(&self.cancel, QUESTION_SECS, "set up the session", work))
    }

    /// `SET ROLE`, with the name as a value: nothing in it can be taken for SQL.
    fn take_on(&self, role: &str) -> Result<()> {
        let asked = self.ask("SELECT set_config('role', $1, false)", &[&role]);
        asked.map(|_| ()).map_err(|error| match error.kind() {
            Kind::Statement => error
                .with_kind(Kind::MissingGrant)
                .context(format!("take on the role {role}"))
                .hint("GRANT the role to the database user, or leave the option role away."),
            _ => error,
        })
    }

    fn start_pings(&self) {
        let (client, lost) = (Arc::clone(&self.client), Arc::clone(&self.lost));
        self.runtime.spawn(async move {
            loop {
                tokio::time::sleep(PING_EVERY).await;
                if let Err(error) = client.simple_query("SELECT 1").await {
                    let mut lost = lost.lock().unwrap_or_else(PoisonError::into_inner);
                    lost.get_or_insert_with(|| error.to_string());
                    return;
                }
            }
        });
    }
}

fn config(options: &Options) -> Result<Config> {
    let user = options.text("user").map_or_else(current_user, str::to_owned);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let mut config = Config::new();
    config
        .host(address::host(options))
        .port(address::port(options))
        .user(&user)
        .dbname(options.text("dbname").unwrap_or("postgres"))
        .application_name("seawall")
        .ssl_mode(tls::mode(options))
        .keepalives(true)
        .keepalives_idle(Duration::from_secs(60));
    if let Some(password) = password::find(options, &user, home.as_deref())? {
        config.password(password.expose());
    }
    Ok(config)
}

fn current_user() -> String {
    Users::new().user(Users::effective_uid())
}

/// The server, for messages.
pub(crate) fn place(options: &Options) -> String {
    format!("{}:{}", address::host(options), address::port(options))
}

/// No connection came about.
fn refused(place: &str, error: tokio_postgres::Error) -> Error {
    let kind = match error.code() {
        Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
            Kind::Auth
        }
        None if wants_password(&error) => Kind::Auth,
        _ => Kind::Connect,
    };
    let message = match error.as_db_error() {
        Some(server) => format!("{place} refused the connection: {}", server.message()),
        None if kind == Kind::Auth => format!("{place} wants a password: password missing"),
        None => format!("no connection to {place}"),
    };
    let refused = Error::new(kind, message);
    match kind {
        Kind::Auth => refused.hint(
            "Give the password in ~/.pgpass, PGPASSWORD or password_file; check pg_hba.conf.",
        ),
        _ if error.as_db_error().is_none() => {
            refused.caused_by(error).hint("Is the server running, and are host and port right?")
        }
        _ => refused,
    }
}

/// The driver's own words when a server asks for a password and there is none.
fn wants_password(error: &tokio_postgres::Error) -> bool {
    let cause = std::error::Error::source(error);
    cause.is_some_and(|cause| cause.to_string().contains("password missing"))
}

/// A statement failed.
fn failed(error: tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        Some(server) => {
            let mut failed =
                Error::new(Kind::Statement, format!("the server says: {}", server.message()));
            for more in [server.detail(), server.hint()].into_iter().flatten() {
                failed = failed.hint(more);
            }
            failed
        }
        None if error.is_closed() => {
            Error::new(Kind::Connect, "the connection to the server was lost").caused_by(error)
        }
        None => Error::new(Kind::Statement, "the server's answer cannot be used").caused_by(error),
    }
}
