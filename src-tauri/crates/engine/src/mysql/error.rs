//! What the server says, as the application's errors: a code to act on, words for people, the server's
//! own number verbatim. No data values and no password in any text.

use sqlx::mysql::MySqlDatabaseError;

use crate::EngineError;
use crate::error::{NotLetIn, Product, Refusal, Refused, SignIn};

static PRODUCT: Product = Product {
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

/// The answer as facts, when the error is an answer.
pub fn refused(doing: &str, error: &sqlx::Error) -> Option<Refused> {
    answer(error).map(|server| said_by_server(doing, server))
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
    error.server_code()?.parse().ok()
}

/// The answer as facts. `doing` names the step.
fn said_by_server(doing: &str, server: &MySqlDatabaseError) -> Refused {
    let number = server.number();
    // Texts of class 22, of duplicates and of SIGNAL quote values of the user's rows.
    let said = match number {
        1062 | 1586 => "a row exists twice under a unique key".to_owned(),
        1644 => "a routine or trigger in the database raised an error".to_owned(),
        _ if server.code().is_some_and(|state| state.starts_with("22") || state.starts_with("45")) => {
            "the server refused a value".to_owned()
        }
        1366 | 1292 | 1411 | 3140 => "the server refused a value".to_owned(),
        _ => server.message().trim_end_matches('.').to_owned(),
    };
    let (kind, hint) = classify(number);
    Refused {
        doing: doing.to_owned(),
        kind,
        code: Some(number.to_string()),
        said,
        file: None,
        position: None,
        hint: hint.map(str::to_owned),
    }
}

fn classify(number: u16) -> (Refusal, Option<&'static str>) {
    match number {
        // deadlock, lock wait timeout (row and metadata), record changed
        1213 | 1205 | 1020 => (Refusal::Busy, Some("Other sessions were in the way; run it again.")),
        1040 | 1203 | 1226 => {
            (Refusal::Busy, Some("The server, or this login, has no free connection; try again later."))
        }
        1317 | 3024 | 1969 => {
            (Refusal::Busy, Some("The statement was ended on the server, by an administrator or a timeout."))
        }
        1053 | 1927 | 3169 | 1158..=1161 | 4031 => (
            Refusal::SessionEnded,
            Some("The session was ended on the server; check why, then run it again."),
        ),
        1412 => (Refusal::Changed, Some("The structure changed while it was read; run it again.")),
        1021 | 1114 => (
            Refusal::DiskFull,
            Some("A disk or a tablespace of the database server is full; free space there."),
        ),
        1290 | 1792 | 1836 | 3100 => (
            Refusal::ReadOnly,
            Some("The connection is marked read-only, or the server is (read_only); use one that may write."),
        ),
        1044 | 1142..=1144 | 1227 | 1370 | 1347 | 1095 | 1419 => {
            (Refusal::Right, Some("Grant the right to this login, or use a login that has it."))
        }
        1045 | 1698 | 1251 | 1820 | 1862 => (Refusal::SignIn, Some("Check the user name and the password.")),
        1049 => (
            Refusal::DatabaseMissing,
            Some("Check the name of the database; it may have been dropped or renamed."),
        ),
        1007 => (Refusal::NameTaken, Some("Choose another name.")),
        126 | 127 | 145 | 1034 | 1194 | 1195 | 1877 | 1030 | 1033 => (
            Refusal::Damaged,
            Some(
                "The server cannot read a table of its own; check it with CHECK TABLE and look at the server's log.",
            ),
        ),
        1153 => (
            Refusal::Unsupported,
            Some("A row is larger than the server takes; raise max_allowed_packet on the server."),
        ),
        1235 | 1286 => (Refusal::Unsupported, None),
        _ => (Refusal::Statement, None),
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
        return refused_by_server(place, user, database, has_password, server);
    }
    match error {
        sqlx::Error::Protocol(text) if text.contains("authentication plugin") || text.contains("cleartext") => {
            NotLetIn {
                place: place.to_owned(),
                user: user.to_owned(),
                database: database.unwrap_or_default().to_owned(),
                why: SignIn::MethodFor,
                code: None,
                hint: "mysql_native_password, caching_sha2_password and sha256_password work; ed25519, parsec, PAM and GSSAPI do not.",
            }
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
) -> EngineError {
    let number = server.number();
    let (why, hint) = match number {
        1045 | 1698 if !has_password => {
            (SignIn::NotWithoutPassword, "Enter the password for this connection.")
        }
        1045 | 1698 => (
            SignIn::PasswordWrong,
            "Check user name and password; an account counts for the host it names ('user'@'host'), and one that requires TLS is refused without it.",
        ),
        1130 | 1129 => (
            SignIn::NobodyFromHere,
            "No account names this host, or it was blocked after many errors (FLUSH HOSTS on the server).",
        ),
        3159 => (SignIn::TlsOnly, "Choose another TLS mode than disable."),
        1044 => (SignIn::NoRight("use"), "Grant this login rights on the database."),
        1049 => {
            (SignIn::NoDatabase, "Check the name of the database; on most servers names are case-sensitive.")
        }
        _ => return said_by_server("Connecting", server).into(),
    };
    NotLetIn {
        place: place.to_owned(),
        user: user.to_owned(),
        database: database.unwrap_or_default().to_owned(),
        why,
        code: Some(number.to_string()),
        hint,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_succeed_later_says_so() {
        for number in [1213, 1205, 1040, 1317, 1053, 1412] {
            assert!(classify(number).0.may_pass(), "{number}");
        }
        for number in [1290, 1142, 1045, 1049, 1007, 1194] {
            assert!(!classify(number).0.may_pass(), "{number}");
        }
        assert_eq!(classify(1792).0, Refusal::ReadOnly);
    }
}
