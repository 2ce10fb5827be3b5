//! One error type for all engines: facts as fields. What people read is made of them in one place, [`words`].
//!
//! Callers decide by facts ([`EngineError::server_code`], [`EngineError::blames_contents`], variants), never by words.

mod words;

use std::io::ErrorKind;
use std::path::PathBuf;

use holdfast_contract::snapshot::EngineKind;
use holdfast_contract::{ApiError, ErrorCode};

pub type Result<T, E = EngineError> = std::result::Result<T, E>;

#[derive(Debug)]
pub enum EngineError {
    /// A server, or SQLite, answered a step with an error.
    Refused(Box<Refused>),
    /// A server did not let the login in.
    NotLetIn(Box<NotLetIn>),
    /// The way to a server, or the session on it, ended without an answer.
    Unreached(Box<Unreached>),
    /// The backup is one of another kind of database.
    OtherKind {
        wanted: EngineKind,
    },
    /// The name that something should get is in use; `code` is what the server itself would have answered with.
    DatabaseTaken {
        name: String,
        code: Option<String>,
    },
    FileTaken {
        path: PathBuf,
    },
    /// It would have been done to the connection's own database.
    Live(LiveDatabase),
    /// What was asked cannot be asked. A whole sentence, as in the variants below.
    Misuse {
        what: String,
    },
    /// What was read, or was about to be changed, is not any more what it was.
    SourceChanged {
        what: String,
        hint: &'static str,
        code: Option<String>,
    },
    /// `among` begins the sentence about where the table was looked for.
    NoTable {
        wanted: String,
        among: &'static str,
        close: Vec<String>,
    },
    /// The contents of the backup are not what they should be.
    BackupDamaged {
        what: String,
    },
    /// Fewer or other rows than there should be.
    Incomplete {
        what: String,
    },
    /// This product, version or state of it cannot do that.
    Unsupported {
        what: String,
    },
    /// A server answered with something else than an answer to the question.
    Unexpected {
        what: String,
    },
    Internal {
        what: String,
    },
    /// A condition of one product, in the words of the driver that met it.
    Explained(ApiError),
    Cancelled,
    /// The receiving or giving end of a stream failed (vault, file): passed through unchanged.
    Far(ApiError),
    Io {
        context: String,
        source: std::io::Error,
    },
}

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The step, in words: "Reading public.orders"; in a script, the beginning of the statement.
    pub doing: String,
    pub kind: Refusal,
    /// The server's own code, verbatim: SQLSTATE, error number, SQLite's extended code.
    pub code: Option<String>,
    /// The server's words, without a final stop; where these would quote a row's values, what kind of refusal it is.
    pub said: String,
    /// Of SQLite: the file.
    pub file: Option<PathBuf>,
    /// In a script.
    pub position: Option<Position>,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What a refusal is about, whoever refused: what can be done about it depends on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The statement or a value in it.
    Statement,
    /// Words that a person gave.
    Words,
    /// Others are in the way, or there are too many of them.
    Busy,
    SessionEnded,
    /// Memory, or another store of the server's that is not its disk.
    Resources,
    DiskFull,
    ReadOnly,
    Right,
    SignIn,
    DatabaseMissing,
    NameTaken,
    /// The structure changed while it was read.
    Changed,
    /// The server cannot read its own files.
    Damaged,
    Unsupported,
}

/// Where in a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// From 1.
    pub line: u64,
    /// In the statement, from 1.
    pub character: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotLetIn {
    pub place: String,
    pub user: String,
    pub database: String,
    pub why: SignIn,
    /// The server's own code; none when the client had to give up.
    pub code: Option<String>,
    pub hint: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// The server asked for a password, and there is none.
    PasswordWanted,
    /// Refused, and there is no password that could be wrong.
    NotWithoutPassword,
    PasswordWrong,
    /// The server's reason.
    Refused(String),
    /// A way of signing in that the client does not speak.
    Method,
    /// A server may name the user in it.
    MethodFor,
    NobodyFromHere,
    TlsOnly,
    NoDatabase,
    /// May sign in, and may not connect to this database.
    NoRight(&'static str),
}

#[derive(Debug)]
pub enum Unreached {
    /// `words`: how the look-up ended.
    Name {
        host: String,
        words: &'static str,
    },
    Silent {
        place: String,
    },
    Tls {
        place: String,
        reason: String,
    },
    /// The operating system did not connect, or closed the connection while signing in.
    Closed {
        place: String,
        kind: ErrorKind,
        os_code: Option<i32>,
        product: &'static Product,
    },
    OtherProtocol {
        place: String,
        product: &'static Product,
    },
    /// The client's library gave up before the session stood, for another reason.
    NoSession {
        place: String,
    },
    /// The session was cut.
    Lost {
        doing: String,
        kind: ErrorKind,
    },
    /// An answer that ended early or was not understood.
    Garbled {
        doing: String,
        product: &'static Product,
    },
    /// The client's library gave up, for another reason.
    Client {
        doing: String,
        reason: String,
    },
}

/// What differs between products before they have said a word.
#[derive(Debug)]
pub struct Product {
    pub name: &'static str,
    /// Hints for when nothing listens, there is no socket, and the socket may not be used.
    pub listens: &'static str,
    pub socket: &'static str,
    pub socket_rights: &'static str,
    /// What commonly stands between a client and this product's servers.
    pub between: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveDatabase {
    Dropped,
    Renamed,
    /// It was named as the place for something new.
    IsTarget,
    /// Of SQLite, where moving and dropping are the same.
    File(PathBuf),
}

impl EngineError {
    pub fn io(context: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { context: context.into(), source }
    }
    pub fn misuse(what: impl Into<String>) -> Self {
        Self::Misuse { what: what.into() }
    }
    pub fn backup_damaged(what: impl Into<String>) -> Self {
        Self::BackupDamaged { what: what.into() }
    }
    pub fn incomplete(what: impl Into<String>) -> Self {
        Self::Incomplete { what: what.into() }
    }
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }
    pub fn unexpected(what: impl Into<String>) -> Self {
        Self::Unexpected { what: what.into() }
    }
    pub fn internal(what: impl Into<String>) -> Self {
        Self::Internal { what: what.into() }
    }

    /// What was said about what to do gives way to something more urgent.
    pub fn hinting(self, hint: String) -> Self {
        match self {
            Self::Refused(refused) => Refused { hint: Some(hint), ..*refused }.into(),
            other => ApiError::from(other).hint(hint).into(),
        }
    }

    /// `what` is a sentence.
    pub fn source_changed(what: impl Into<String>, hint: &'static str) -> Self {
        Self::SourceChanged { what: what.into(), hint, code: None }
    }

    /// The code with which a server or SQLite answered, when this is its answer.
    pub fn server_code(&self) -> Option<&str> {
        match self {
            Self::Refused(refused) => refused.code.as_deref(),
            Self::NotLetIn(refused) => refused.code.as_deref(),
            Self::DatabaseTaken { code, .. } | Self::SourceChanged { code, .. } => code.as_deref(),
            Self::Explained(error) => error.native.as_deref(),
            _ => None,
        }
    }

    /// Of a load: what was loaded is at fault, not its surroundings. Damage, rows that do not arrive, and statements or
    /// values that a server refuses, are the backup's; a server out of memory or with damage of its own is not.
    pub fn blames_contents(&self) -> bool {
        match self {
            Self::Refused(refused) => refused.kind == Refusal::Statement,
            Self::BackupDamaged { .. } | Self::Incomplete { .. } => true,
            Self::Explained(error) | Self::Far(error) => matches!(
                error.code,
                ErrorCode::ServerError
                    | ErrorCode::DatabaseDamaged
                    | ErrorCode::NotADatabase
                    | ErrorCode::Incomplete
                    | ErrorCode::VerificationFailed
            ),
            _ => false,
        }
    }
}

impl Refusal {
    /// Whether the same may succeed later without any change.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Busy | Self::SessionEnded | Self::Resources | Self::DiskFull | Self::Changed)
    }
}

impl From<Refused> for EngineError {
    fn from(refused: Refused) -> Self {
        Self::Refused(Box::new(refused))
    }
}

impl From<NotLetIn> for EngineError {
    fn from(refused: NotLetIn) -> Self {
        Self::NotLetIn(Box::new(refused))
    }
}

impl From<Unreached> for EngineError {
    fn from(unreached: Unreached) -> Self {
        Self::Unreached(Box::new(unreached))
    }
}

impl From<ApiError> for EngineError {
    fn from(error: ApiError) -> Self {
        Self::Explained(error)
    }
}

impl std::error::Error for EngineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
