//! What the server says, as the application's errors: a code to act on, words for people, the server's
//! own number verbatim. No data values and no password in any text.

use holdfast_contract::{ApiError, ErrorCode};
use sqlx::mysql::MySqlDatabaseError;

use crate::EngineError;
use crate::reach::Product;

const PRODUCT: Product = Product {
    name: "MySQL",
    listens: "Check host and port, that the server is running, and that it listens on this address (bind-address, skip-networking).",
    socket: "Check the path of the socket; the server may not be running.",
    socket_rights: "Check the permissions of the socket and its folder.",
    between: "A proxy",
};

/// An error of work on an established connection; `doing` names the step ("Reading orders").
pub fn during(doing: &str, error: sqlx::Error) -> EngineError {
    match answer(&error) {
        Some(server) => said_by_server(doing, server).into(),
        None => PRODUCT.lost(doing, &error).into(),
    }
}

/// What the server answered, when the error is an answer.
fn answer(error: &sqlx::Error) -> Option<&MySqlDatabaseError> {
    error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>()
}

/// The server's error number, when it answered with an error.
pub fn number(error: &sqlx::Error) -> Option<u16> {
    answer(error).map(MySqlDatabaseError::number)
}

/// The number kept in an error that was made here.
pub fn native(error: &EngineError) -> Option<u16> {
    match error {
        EngineError::Api(error) => error.native.as_deref().and_then(|native| native.parse().ok()),
        _ => None,
    }
}

fn said_by_server(doing: &str, server: &MySqlDatabaseError) -> ApiError {
    let number = server.number();
    // Texts of class 22, of duplicates and of SIGNAL quote values of the user's rows.
    let words = match number {
        1062 | 1586 => "a row exists twice under a unique key".to_owned(),
        1644 => "a routine or trigger in the database raised an error".to_owned(),
        _ if server.code().is_some_and(|state| state.starts_with("22") || state.starts_with("45")) => {
            "the server refused a value".to_owned()
        }
        1366 | 1292 | 1411 | 3140 => "the server refused a value".to_owned(),
        _ => server.message().trim_end_matches('.').to_owned(),
    };
    let (code, hint, retry) = classify(number);
    let mut error = ApiError::new(code, format!("{doing}: {words}.")).native(number.to_string());
    error.hint = hint.map(str::to_owned);
    error.retry = retry;
    error
}

fn classify(number: u16) -> (ErrorCode, Option<&'static str>, bool) {
    match number {
        // deadlock, lock wait timeout (row and metadata), record changed
        1213 | 1205 | 1020 => {
            (ErrorCode::DatabaseBusy, Some("Other sessions were in the way; run it again."), true)
        }
        1040 | 1203 | 1226 => (
            ErrorCode::DatabaseBusy,
            Some("The server, or this login, has no free connection; try again later."),
            true,
        ),
        1317 | 3024 | 1969 => (
            ErrorCode::DatabaseBusy,
            Some("The statement was ended on the server, by an administrator or a timeout."),
            true,
        ),
        1053 | 1927 | 3169 | 1158..=1161 | 4031 => (
            ErrorCode::ConnectionLost,
            Some("The session was ended on the server; check why, then run it again."),
            true,
        ),
        1412 => {
            (ErrorCode::SourceChanged, Some("The structure changed while it was read; run it again."), true)
        }
        1021 | 1114 => (
            ErrorCode::StorageFull,
            Some("A disk or a tablespace of the database server is full; free space there."),
            true,
        ),
        1290 | 1792 | 1836 | 3100 => (
            ErrorCode::ReadOnly,
            Some("The connection is marked read-only, or the server is (read_only); use one that may write."),
            false,
        ),
        1044 | 1142..=1144 | 1227 | 1370 | 1347 | 1095 | 1419 => (
            ErrorCode::PermissionDenied,
            Some("Grant the right to this login, or use a login that has it."),
            false,
        ),
        1045 | 1698 | 1251 | 1820 | 1862 => {
            (ErrorCode::AuthenticationFailed, Some("Check the user name and the password."), false)
        }
        1049 => (
            ErrorCode::DatabaseMissing,
            Some("Check the name of the database; it may have been dropped or renamed."),
            false,
        ),
        1007 => (ErrorCode::TargetExists, Some("Choose another name."), false),
        126 | 127 | 145 | 1034 | 1194 | 1195 | 1877 | 1030 | 1033 => (
            ErrorCode::DatabaseDamaged,
            Some(
                "The server cannot read a table of its own; check it with CHECK TABLE and look at the server's log.",
            ),
            false,
        ),
        1153 => (
            ErrorCode::Unsupported,
            Some("A row is larger than the server takes; raise max_allowed_packet on the server."),
            false,
        ),
        1235 | 1286 => (ErrorCode::Unsupported, None, false),
        _ => (ErrorCode::ServerError, None, false),
    }
}

/// An error before the session stood: every step of the way has its own code.
pub fn connecting(
    place: &str,
    user: &str,
    database: Option<&str>,
    has_password: bool,
    error: &sqlx::Error,
) -> EngineError {
    if let Some(server) = answer(error) {
        return refused_by_server(place, user, database, has_password, server).into();
    }
    match error {
        sqlx::Error::Protocol(text) if text.contains("authentication plugin") || text.contains("cleartext") => {
            ApiError::new(
                ErrorCode::AuthenticationFailed,
                format!("The server at {place} asks {user} for a way of signing in that Holdfast does not speak."),
            )
            .hint("mysql_native_password, caching_sha2_password and sha256_password work; ed25519, parsec, PAM and GSSAPI do not.")
            .into()
        }
        _ => PRODUCT.not_reached(place, error).into(),
    }
}

fn refused_by_server(
    place: &str,
    user: &str,
    database: Option<&str>,
    has_password: bool,
    server: &MySqlDatabaseError,
) -> ApiError {
    let database = database.unwrap_or_default();
    let number = server.number();
    let error = match number {
        1045 | 1698 if !has_password => ApiError::new(
            ErrorCode::AuthenticationFailed,
            format!("The server at {place} does not let {user} in without a password, and none is saved."),
        )
        .hint("Enter the password for this connection."),
        1045 | 1698 => ApiError::new(
            ErrorCode::AuthenticationFailed,
            format!("The server at {place} refused the password of {user}."),
        )
        .hint("Check user name and password; an account counts for the host it names ('user'@'host'), and one that requires TLS is refused without it."),
        1130 | 1129 => ApiError::new(
            ErrorCode::AuthenticationFailed,
            format!("The server at {place} lets nobody in from this machine."),
        )
        .hint("No account names this host, or it was blocked after many errors (FLUSH HOSTS on the server)."),
        3159 => ApiError::new(
            ErrorCode::TlsFailed,
            format!("The server at {place} takes encrypted connections only."),
        )
        .hint("Choose another TLS mode than disable."),
        1044 => ApiError::new(
            ErrorCode::PermissionDenied,
            format!("{user} may not use the database {database}."),
        )
        .hint("Grant this login rights on the database."),
        1049 => ApiError::new(
            ErrorCode::DatabaseMissing,
            format!("The server at {place} has no database named {database}."),
        )
        .hint("Check the name of the database; on most servers names are case-sensitive."),
        _ => return said_by_server("Connecting", server),
    };
    error.native(number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_succeed_later_says_so() {
        for number in [1213, 1205, 1040, 1317, 1053, 1412] {
            assert!(classify(number).2, "{number}");
        }
        for number in [1290, 1142, 1045, 1049, 1007, 1194] {
            assert!(!classify(number).2, "{number}");
        }
        assert_eq!(classify(1792).0, ErrorCode::ReadOnly);
    }
}
