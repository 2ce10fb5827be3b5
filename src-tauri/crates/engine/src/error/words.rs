//! What people read of an error, and the code that programs act on: the one place where facts become sentences.

use std::fmt::{Display, Formatter};
use std::io::ErrorKind;

use holdfast_contract::snapshot::EngineKind;
use holdfast_contract::{ApiError, ErrorCode};

use super::{EngineError, LiveDatabase, NotLetIn, Refusal, Refused, SignIn, Unreached};

impl EngineError {
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(refused) => refused.kind.code(),
            Self::NotLetIn(refused) => refused.why.code(),
            Self::Unreached(unreached) => unreached.code(),
            Self::OtherKind { .. } | Self::Unsupported { .. } => ErrorCode::Unsupported,
            Self::DatabaseTaken { .. } | Self::FileTaken { .. } | Self::Live(LiveDatabase::IsTarget) => {
                ErrorCode::TargetExists
            }
            Self::SourceChanged { .. } => ErrorCode::SourceChanged,
            Self::NoTable { .. } => ErrorCode::NotFound,
            Self::Live(_) => ErrorCode::NotAllowed,
            Self::Misuse { .. } => ErrorCode::BadRequest,
            Self::BackupDamaged { .. } => ErrorCode::VaultDamaged,
            Self::Incomplete { .. } => ErrorCode::Incomplete,
            Self::Unexpected { .. } => ErrorCode::ServerError,
            Self::Internal { .. } => ErrorCode::Internal,
            Self::Explained(error) => error.code,
            Self::Far(error) => error.code,
            Self::Cancelled => ErrorCode::Cancelled,
            Self::Io { source, .. } => io_code(source),
        }
    }

    pub fn into_api(self) -> ApiError {
        let mut api = ApiError::new(self.code(), self.to_string());
        match self {
            Self::Explained(error) => return error,
            Self::Far(error) => return error,
            Self::Refused(refused) => {
                api.retry = refused.kind.may_pass();
                api.hint = refused.hint;
                api.native = refused.code;
            }
            Self::NotLetIn(refused) => {
                api.hint = Some(refused.hint.into());
                api.native = refused.code;
            }
            Self::Unreached(unreached) => return unreached.advice(api),
            Self::DatabaseTaken { code, .. } => {
                api.hint = Some("Choose another name.".into());
                api.native = code;
            }
            Self::SourceChanged { hint, code, .. } => {
                api.retry = true;
                api.hint = Some(hint.into());
                api.native = code;
            }
            Self::NoTable { close, .. } if close.is_empty() => {
                return api.hint("Give a table as schema.table or table; * and ? match as in a shell.");
            }
            Self::NoTable { close, .. } => return api.hint(format!("Did you mean {}?", close.join(", "))),
            Self::FileTaken { .. } => return api.hint("Choose another name, or move that file away."),
            Self::Live(LiveDatabase::Dropped) => return api.hint("Name another database."),
            Self::Live(LiveDatabase::File(_)) => {
                return api.hint("Only copies that Holdfast made can be moved or dropped.");
            }
            Self::Io { source, .. } => {
                api.native = source.raw_os_error().map(|code| format!("os error {code}"))
            }
            Self::OtherKind { .. }
            | Self::Live(_)
            | Self::Misuse { .. }
            | Self::BackupDamaged { .. }
            | Self::Incomplete { .. }
            | Self::Unsupported { .. }
            | Self::Unexpected { .. }
            | Self::Internal { .. }
            | Self::Cancelled => {}
        }
        api
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        error.into_api()
    }
}

impl Display for EngineError {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(f),
            Self::NotLetIn(refused) => refused.fmt(f),
            Self::Unreached(unreached) => unreached.fmt(f),
            Self::OtherKind { wanted } => f.write_str(match wanted {
                EngineKind::Postgres => "This backup is not one of a PostgreSQL database.",
                EngineKind::Mysql => "This backup is not one of a MySQL or MariaDB database.",
                EngineKind::Sqlite => "This backup is not of a SQLite database.",
            }),
            Self::DatabaseTaken { name, .. } => write!(f, "A database named {name} exists already."),
            Self::FileTaken { path } => write!(f, "{} exists already.", path.display()),
            Self::Live(live) => live.fmt(f),
            Self::SourceChanged { what, .. } => f.write_str(what),
            Self::NoTable { wanted, among, .. } => {
                write!(f, "{among} no table that “{}” names.", wanted.escape_debug())
            }
            Self::Misuse { what }
            | Self::BackupDamaged { what }
            | Self::Incomplete { what }
            | Self::Unsupported { what }
            | Self::Unexpected { what }
            | Self::Internal { what } => f.write_str(what),
            Self::Explained(error) => error.fmt(f),
            Self::Far(error) => error.fmt(f),
            Self::Cancelled => f.write_str("Cancelled; nothing was changed."),
            Self::Io { context, source } => write!(f, "{context}: {source}"),
        }
    }
}

impl Display for Refused {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { doing, said, .. } = self;
        match (&self.position, &self.file) {
            (Some(at), _) => {
                write!(f, "Line {}: {doing}: {said}", at.line)?;
                match at.character {
                    Some(character) => write!(f, " at character {character}."),
                    None => f.write_str("."),
                }
            }
            (None, Some(file)) => write!(f, "SQLite refused while {doing} ({}): {said}.", file.display()),
            (None, None) => write!(f, "{doing}: {said}."),
        }
    }
}

impl Refusal {
    fn code(self) -> ErrorCode {
        match self {
            Self::Statement | Self::Resources => ErrorCode::ServerError,
            Self::Words => ErrorCode::BadRequest,
            Self::Busy => ErrorCode::DatabaseBusy,
            Self::SessionEnded => ErrorCode::ConnectionLost,
            Self::DiskFull => ErrorCode::StorageFull,
            Self::ReadOnly => ErrorCode::ReadOnly,
            Self::Right => ErrorCode::PermissionDenied,
            Self::SignIn => ErrorCode::AuthenticationFailed,
            Self::DatabaseMissing => ErrorCode::DatabaseMissing,
            Self::NameTaken => ErrorCode::TargetExists,
            Self::Changed => ErrorCode::SourceChanged,
            Self::Damaged => ErrorCode::DatabaseDamaged,
            Self::Unsupported => ErrorCode::Unsupported,
        }
    }
}

impl Display for NotLetIn {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { place, user, database, .. } = self;
        match &self.why {
            SignIn::PasswordWanted => {
                write!(f, "The server at {place} asks for a password for {user}, and none is saved.")
            }
            SignIn::NotWithoutPassword => {
                write!(
                    f,
                    "The server at {place} does not let {user} in without a password, and none is saved."
                )
            }
            SignIn::PasswordWrong => write!(f, "The server at {place} refused the password of {user}."),
            SignIn::Refused(said) => write!(f, "The server at {place} does not let {user} in: {said}."),
            SignIn::Method => {
                write!(f, "The server at {place} asks for a way of signing in that Holdfast does not speak.")
            }
            SignIn::MethodFor => {
                write!(
                    f,
                    "The server at {place} asks {user} for a way of signing in that Holdfast does not speak."
                )
            }
            SignIn::NobodyFromHere => write!(f, "The server at {place} lets nobody in from this machine."),
            SignIn::TlsOnly => write!(f, "The server at {place} takes encrypted connections only."),
            SignIn::NoDatabase => write!(f, "The server at {place} has no database named {database}."),
            SignIn::NoRight(verb) => write!(f, "{user} may not {verb} the database {database}."),
        }
    }
}

impl SignIn {
    fn code(&self) -> ErrorCode {
        match self {
            Self::TlsOnly => ErrorCode::TlsFailed,
            Self::NoDatabase => ErrorCode::DatabaseMissing,
            Self::NoRight(_) => ErrorCode::PermissionDenied,
            _ => ErrorCode::AuthenticationFailed,
        }
    }
}

impl Display for Unreached {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name { host, words } => write!(f, "The host name {host} {words}."),
            Self::Silent { place } => write!(f, "The server at {place} did not answer within ten seconds."),
            Self::Tls { place, reason } => write!(f, "The encrypted connection to {place} failed: {reason}."),
            Self::Closed { place, kind, .. } => {
                let words = match kind {
                    ErrorKind::ConnectionRefused => "nothing listens there",
                    ErrorKind::NotFound => "there is no server socket",
                    ErrorKind::PermissionDenied => "this user may not use the server's socket",
                    ErrorKind::TimedOut => "there was no answer in time",
                    kind if no_route(*kind) => "no network route leads there",
                    _ => "the connection was closed while signing in",
                };
                write!(f, "Connecting to {place} failed: {words}.")
            }
            Self::OtherProtocol { place, product } => {
                write!(f, "What answers at {place} does not speak {}'s protocol.", product.name)
            }
            Self::NoSession { place } => write!(f, "Connecting to {place} failed."),
            Self::Lost { doing, .. } => write!(f, "{doing}: the connection to the server was lost."),
            Self::Garbled { doing, .. } => {
                write!(f, "{doing}: the server's answer ended or was not understood.")
            }
            Self::Client { doing, reason } => write!(f, "{doing}: {reason}"),
        }
    }
}

impl Unreached {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Name { .. } => ErrorCode::ConnectionNameResolution,
            Self::Silent { .. } => ErrorCode::ConnectionTimedOut,
            Self::Tls { .. } => ErrorCode::TlsFailed,
            Self::Closed { kind, .. } => match kind {
                ErrorKind::TimedOut => ErrorCode::ConnectionTimedOut,
                ErrorKind::ConnectionRefused | ErrorKind::NotFound | ErrorKind::PermissionDenied => {
                    ErrorCode::ConnectionRefused
                }
                kind if no_route(*kind) => ErrorCode::ConnectionRefused,
                _ => ErrorCode::ConnectionLost,
            },
            Self::OtherProtocol { .. } | Self::Lost { .. } | Self::Garbled { .. } => {
                ErrorCode::ConnectionLost
            }
            Self::NoSession { .. } | Self::Client { .. } => ErrorCode::ServerError,
        }
    }

    fn advice(&self, api: ApiError) -> ApiError {
        match self {
            Self::Name { .. } => api.hint("Check the spelling, the DNS and a VPN.").retry(),
            Self::Silent { .. } => api.hint("Check host, port and firewalls.").retry(),
            Self::Tls { .. } => {
                api.hint("Check the TLS mode, the certificate authority and the server's certificate.")
            }
            Self::Closed { kind, os_code, product, .. } => {
                let hint = match kind {
                    ErrorKind::ConnectionRefused => product.listens,
                    ErrorKind::NotFound => product.socket,
                    ErrorKind::PermissionDenied => product.socket_rights,
                    ErrorKind::TimedOut => "Check host, port and firewalls.",
                    kind if no_route(*kind) => "Check the network, a VPN and the address.",
                    _ => "The server, a firewall or a proxy closed it; the server's log may say why.",
                };
                let mut api = api.hint(hint).retry();
                api.native = os_code.map(|number| format!("os error {number}"));
                api
            }
            Self::OtherProtocol { .. } => api.hint("Check host and port."),
            Self::Lost { kind, .. } => api
                .hint("Check that the server is running and reachable, then run it again.")
                .native(format!("{kind:?}"))
                .retry(),
            Self::Garbled { product, .. } => api
                .hint(format!("{} between here and the server may have interfered.", product.between))
                .retry(),
            Self::NoSession { .. } | Self::Client { .. } => api,
        }
    }
}

fn no_route(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable)
}

impl Display for LiveDatabase {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dropped => f.write_str("The connection's own live database is never dropped."),
            Self::Renamed => f.write_str("The connection's own live database is not renamed."),
            Self::IsTarget => f.write_str("The target is the connection's own live database."),
            Self::File(path) => write!(f, "{} is the live database of this connection.", path.display()),
        }
    }
}

fn io_code(error: &std::io::Error) -> ErrorCode {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ErrorCode::StorageFull,
        ErrorKind::ReadOnlyFilesystem => ErrorCode::StorageReadOnly,
        ErrorKind::PermissionDenied => ErrorCode::PermissionDenied,
        ErrorKind::NotFound => ErrorCode::NotFound,
        ErrorKind::AlreadyExists => ErrorCode::AlreadyExists,
        _ => ErrorCode::StorageUnavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Position;
    use super::*;

    fn refused(kind: Refusal) -> Refused {
        Refused {
            doing: "Reading public.orders".into(),
            kind,
            code: Some("55P03".into()),
            said: "canceling statement due to lock timeout".into(),
            file: None,
            position: None,
            hint: Some("Wait.".into()),
        }
    }

    #[test]
    fn facts_of_a_refusal_become_one_sentence_with_its_code_and_whether_it_may_pass() {
        let api: ApiError = EngineError::from(refused(Refusal::Busy)).into();
        assert_eq!(api.message, "Reading public.orders: canceling statement due to lock timeout.");
        assert_eq!((api.code, api.retry), (ErrorCode::DatabaseBusy, true));
        assert_eq!((api.native.as_deref(), api.hint.as_deref()), (Some("55P03"), Some("Wait.")));

        let at = |character| Some(Position { line: 7, character });
        let said =
            |position| EngineError::from(Refused { position, ..refused(Refusal::Statement) }).to_string();
        assert!(
            said(at(Some(3))).starts_with("Line 7: Reading public.orders: canceling"),
            "{}",
            said(at(Some(3)))
        );
        assert!(said(at(Some(3))).ends_with(" at character 3."));
        assert!(said(at(None)).ends_with("lock timeout."));
    }

    #[test]
    fn a_load_that_fails_blames_the_contents_for_statements_and_never_the_server_for_its_own_troubles() {
        for (kind, contents) in [
            (Refusal::Statement, true),
            (Refusal::Resources, false),
            (Refusal::Busy, false),
            (Refusal::Damaged, false),
            (Refusal::Right, false),
        ] {
            assert_eq!(EngineError::from(refused(kind)).blames_contents(), contents, "{kind:?}");
        }
        let lost = Unreached::Lost { doing: "Loading".into(), kind: ErrorKind::ConnectionReset };
        assert!(!EngineError::from(lost).blames_contents());
        assert!(EngineError::incomplete("orders holds 3 rows.").blames_contents());
        assert!(!EngineError::unexpected("The server does not say what it is.").blames_contents());
    }

    #[test]
    fn what_was_said_gives_way_to_what_was_left_behind() {
        let failure = EngineError::from(refused(Refusal::Busy)).hinting("Drop it by hand.".into());
        assert_eq!(failure.server_code(), Some("55P03"), "still the same failure");
        assert_eq!(failure.into_api().hint.as_deref(), Some("Drop it by hand."));
        let stopped = EngineError::Cancelled.hinting("Drop it by hand.".into()).into_api();
        assert_eq!((stopped.code, stopped.hint.as_deref()), (ErrorCode::Cancelled, Some("Drop it by hand.")));
    }
}
