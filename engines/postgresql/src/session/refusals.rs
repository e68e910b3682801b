//! What the driver's errors mean for an operator.

use errors::{Error, Kind};
use tokio_postgres::error::SqlState;

/// No connection came about.
pub(super) fn refused(place: &str, error: tokio_postgres::Error) -> Error {
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
pub(super) fn failed(error: tokio_postgres::Error) -> Error {
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
