//! What the server says, as the application's errors: a code to act on, words for people, the server's
//! own code verbatim. No data values and no password in any text.

use holdfast_contract::{ApiError, ErrorCode};
use sqlx::postgres::PgDatabaseError;

use crate::EngineError;
use crate::reach::Product;

const PRODUCT: Product = Product {
    name: "PostgreSQL",
    listens: "Check host and port, that the server is running, and that it listens on this address.",
    socket: "Check the socket directory and the port; the server may not be running.",
    socket_rights: "Check the permissions of the socket directory.",
    between: "A proxy or connection pooler",
};

/// An error of work on an established connection; `doing` names the step ("Reading public.orders").
pub fn during(doing: &str, error: sqlx::Error) -> EngineError {
    match answer(&error) {
        Some(server) => said_by_server(doing, server).into(),
        None => PRODUCT.lost(doing, &error).into(),
    }
}

/// What the server answered, when the error is an answer.
pub fn answer(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()
}

/// The SQLSTATE, when the server answered with an error.
pub fn sqlstate(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|database| database.code()).map(|code| code.into_owned())
}

/// The SQLSTATE kept in an error that was made here.
pub fn native(error: &EngineError) -> Option<&str> {
    match error {
        EngineError::Api(error) => error.native.as_deref(),
        _ => None,
    }
}

fn said_by_server(doing: &str, server: &PgDatabaseError) -> ApiError {
    let state = server.code();
    // The texts of data exceptions and of RAISE quote values of the user's rows.
    let words = match &state[..2] {
        "22" => "the server refused a value".to_owned(),
        "P0" => "a function in the database raised an error".to_owned(),
        _ => server.message().to_owned(),
    };
    let (code, hint, retry) = classify(state);
    let mut error = ApiError::new(code, format!("{doing}: {words}.")).native(state);
    error.hint = hint.map(str::to_owned);
    error.retry = retry;
    error
}

/// Code and whether to try again, for who has better words.
pub fn classified(server: &PgDatabaseError) -> ApiError {
    said_by_server("", server)
}

fn classify(state: &str) -> (ErrorCode, Option<&'static str>, bool) {
    match state {
        "40P01" | "40001" => {
            (ErrorCode::DatabaseBusy, Some("Other sessions were in the way; run it again."), true)
        }
        "55P03" => (
            ErrorCode::DatabaseBusy,
            Some("Another session holds a lock for long; end it or wait for it, then run it again."),
            true,
        ),
        "55006" => (
            ErrorCode::DatabaseBusy,
            Some(
                "Other sessions or prepared transactions still use the database; end them and run it again.",
            ),
            true,
        ),
        "57014" => (
            ErrorCode::DatabaseBusy,
            Some(
                "The statement was cancelled on the server (by an administrator, a timeout or a standby conflict).",
            ),
            true,
        ),
        "53300" => {
            (ErrorCode::DatabaseBusy, Some("The server has no free connection slot; try again later."), true)
        }
        "57P03" => (
            ErrorCode::DatabaseBusy,
            Some("The server is starting up or shutting down; try again shortly."),
            true,
        ),
        "57P01" | "57P02" | "57P05" => (
            ErrorCode::ConnectionLost,
            Some("The session was ended on the server; check why, then run it again."),
            true,
        ),
        "53100" => {
            (ErrorCode::StorageFull, Some("The database server's disk is full; free space there."), true)
        }
        "53200" => (
            ErrorCode::ServerError,
            Some("With very many tables, raise max_locks_per_transaction on the server."),
            true,
        ),
        "25006" => (
            ErrorCode::ReadOnly,
            Some("The connection is marked read-only, or the server is a standby; use one that may write."),
            false,
        ),
        "42501" => (
            ErrorCode::PermissionDenied,
            Some("Grant the right to this login, or use a login that has it."),
            false,
        ),
        "28P01" | "28000" => (
            ErrorCode::AuthenticationFailed,
            Some("Check the user name, the password and pg_hba.conf."),
            false,
        ),
        "3D000" | "57P04" => (
            ErrorCode::DatabaseMissing,
            Some("Check the name of the database; it may have been dropped or renamed."),
            false,
        ),
        "42P04" => (ErrorCode::TargetExists, Some("Choose another name."), false),
        "XX001" | "XX002" => (
            ErrorCode::DatabaseDamaged,
            Some("The server found damage in its own files; check the hardware and the server's log."),
            false,
        ),
        "0A000" => (ErrorCode::Unsupported, None, false),
        _ if state.starts_with("08") => (ErrorCode::ConnectionLost, None, true),
        _ => (ErrorCode::ServerError, None, false),
    }
}

/// An error before the session stood: every step of the way has its own code.
pub fn connecting(
    place: &str,
    user: &str,
    database: &str,
    has_password: bool,
    error: &sqlx::Error,
) -> EngineError {
    if let Some(server) = answer(error) {
        return refused_by_server(place, user, database, has_password, server).into();
    }
    match error {
        sqlx::Error::Protocol(text) if text.contains("unsupported authentication method") => ApiError::new(
            ErrorCode::AuthenticationFailed,
            format!("The server at {place} asks for a way of signing in that Holdfast does not speak."),
        )
        .hint("Password, MD5, SCRAM and client certificates work; GSSAPI, SSPI and the like do not.")
        .into(),
        _ => PRODUCT.not_reached(place, error).into(),
    }
}

fn refused_by_server(
    place: &str,
    user: &str,
    database: &str,
    has_password: bool,
    server: &PgDatabaseError,
) -> ApiError {
    let state = server.code();
    let error = match state {
        "28P01" if !has_password => ApiError::new(
            ErrorCode::AuthenticationFailed,
            format!("The server at {place} asks for a password for {user}, and none is saved."),
        )
        .hint("Enter the password for this connection."),
        "28P01" => ApiError::new(
            ErrorCode::AuthenticationFailed,
            format!("The server at {place} refused the password of {user}."),
        )
        .hint("Check user name and password."),
        "28000" => ApiError::new(
            ErrorCode::AuthenticationFailed,
            format!("The server at {place} does not let {user} in: {}.", server.message()),
        )
        .hint("The role may not exist or may not log in, or pg_hba.conf has no line for this user, address and encryption."),
        "3D000" => ApiError::new(
            ErrorCode::DatabaseMissing,
            format!("The server at {place} has no database named {database}."),
        )
        .hint("Check the name of the database; names are case-sensitive."),
        "42501" => ApiError::new(
            ErrorCode::PermissionDenied,
            format!("{user} may not connect to the database {database}."),
        )
        .hint("Grant CONNECT on the database to this login."),
        _ => return said_by_server("Connecting", server),
    };
    error.native(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_succeed_later_says_so() {
        for state in ["40P01", "40001", "53300", "57P03", "57P01", "08006", "55006"] {
            assert!(classify(state).2, "{state}");
        }
        for state in ["25006", "42501", "28P01", "3D000", "42P04", "XX001"] {
            assert!(!classify(state).2, "{state}");
        }
        assert_eq!(classify("25006").0, ErrorCode::ReadOnly);
    }
}
