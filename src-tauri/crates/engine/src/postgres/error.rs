//! What the server says, as the application's errors: a code to act on, words for people, the server's
//! own code verbatim. No data values and no password in any text.

use sqlx::postgres::PgDatabaseError;

use crate::EngineError;
use crate::error::{NotLetIn, Product, Refusal, Refused, SignIn};

static PRODUCT: Product = Product {
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

/// The answer as facts. `doing` names the step.
pub fn said_by_server(doing: &str, server: &PgDatabaseError) -> Refused {
    let state = server.code();
    // The texts of data exceptions and of RAISE quote values of the user's rows.
    let said = match &state[..2] {
        "22" => "the server refused a value".to_owned(),
        "P0" => "a function in the database raised an error".to_owned(),
        _ => server.message().to_owned(),
    };
    let (kind, hint) = classify(state);
    Refused {
        doing: doing.to_owned(),
        kind,
        code: Some(state.to_owned()),
        said,
        file: None,
        position: None,
        hint: hint.map(str::to_owned),
    }
}

fn classify(state: &str) -> (Refusal, Option<&'static str>) {
    match state {
        "40P01" | "40001" => (Refusal::Busy, Some("Other sessions were in the way; run it again.")),
        "55P03" => (
            Refusal::Busy,
            Some("Another session holds a lock for long; end it or wait for it, then run it again."),
        ),
        "55006" => (
            Refusal::Busy,
            Some(
                "Other sessions or prepared transactions still use the database; end them and run it again.",
            ),
        ),
        "57014" => (
            Refusal::Busy,
            Some(
                "The statement was cancelled on the server (by an administrator, a timeout or a standby conflict).",
            ),
        ),
        "53300" => (Refusal::Busy, Some("The server has no free connection slot; try again later.")),
        "57P03" => (Refusal::Busy, Some("The server is starting up or shutting down; try again shortly.")),
        "57P01" | "57P02" | "57P05" => (
            Refusal::SessionEnded,
            Some("The session was ended on the server; check why, then run it again."),
        ),
        "53100" => (Refusal::DiskFull, Some("The database server's disk is full; free space there.")),
        "53200" => (
            Refusal::Resources,
            Some("With very many tables, raise max_locks_per_transaction on the server."),
        ),
        "25006" => (
            Refusal::ReadOnly,
            Some("The connection is marked read-only, or the server is a standby; use one that may write."),
        ),
        "42501" => (Refusal::Right, Some("Grant the right to this login, or use a login that has it.")),
        "28P01" | "28000" => (Refusal::SignIn, Some("Check the user name, the password and pg_hba.conf.")),
        "3D000" | "57P04" => (
            Refusal::DatabaseMissing,
            Some("Check the name of the database; it may have been dropped or renamed."),
        ),
        "42P04" => (Refusal::NameTaken, Some("Choose another name.")),
        "XX001" | "XX002" => (
            Refusal::Damaged,
            Some("The server found damage in its own files; check the hardware and the server's log."),
        ),
        "0A000" => (Refusal::Unsupported, None),
        _ if state.starts_with("08") => (Refusal::SessionEnded, None),
        _ => (Refusal::Statement, None),
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
        return refused_by_server(place, user, database, has_password, server);
    }
    match error {
        sqlx::Error::Protocol(text) if text.contains("unsupported authentication method") => NotLetIn {
            place: place.to_owned(),
            user: user.to_owned(),
            database: database.to_owned(),
            why: SignIn::Method,
            code: None,
            hint: "Password, MD5, SCRAM and client certificates work; GSSAPI, SSPI and the like do not.",
        }
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
) -> EngineError {
    let state = server.code();
    let (why, hint) = match state {
        "28P01" if !has_password => (SignIn::PasswordWanted, "Enter the password for this connection."),
        "28P01" => (SignIn::PasswordWrong, "Check user name and password."),
        "28000" => (
            SignIn::Refused(server.message().to_owned()),
            "The role may not exist or may not log in, or pg_hba.conf has no line for this user, address and encryption.",
        ),
        "3D000" => (SignIn::NoDatabase, "Check the name of the database; names are case-sensitive."),
        "42501" => (SignIn::NoRight("connect to"), "Grant CONNECT on the database to this login."),
        _ => return said_by_server("Connecting", server).into(),
    };
    NotLetIn {
        place: place.to_owned(),
        user: user.to_owned(),
        database: database.to_owned(),
        why,
        code: Some(state.to_owned()),
        hint,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_succeed_later_says_so() {
        for state in ["40P01", "40001", "53300", "57P03", "57P01", "08006", "55006"] {
            assert!(classify(state).0.may_pass(), "{state}");
        }
        for state in ["25006", "42501", "28P01", "3D000", "42P04", "XX001"] {
            assert!(!classify(state).0.may_pass(), "{state}");
        }
        assert_eq!(classify("25006").0, Refusal::ReadOnly);
    }
}
