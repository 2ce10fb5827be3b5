//! The one shape in which an error leaves the application.
//!
//! A code exists only if some caller acts on it. `message` is one sentence for people, `hint` says what
//! to do next, `retry` whether the same call may succeed later without any change.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    // the call itself
    UnknownOperation,
    BadRequest,
    NotAllowed,
    ConfirmationMissing,
    ConfirmationWrong,
    /// What the plan showed has changed since; plan again.
    PlanMoved,
    NotFound,
    Ambiguous,
    AlreadyExists,
    Cancelled,
    Internal,
    // the data folder
    CatalogTooNew,
    CatalogDamaged,
    HomeUnusable,
    HomeBusy,
    // secrets
    KeychainAbsent,
    KeychainLocked,
    KeychainDenied,
    SecretMissing,
    PassphraseWrong,
    PassphraseNeeded,
    PassphraseTooWeak,
    // the vault
    VaultMissing,
    VaultExists,
    NotAVault,
    VaultTooNew,
    VaultLocked,
    VaultBusy,
    VaultDamaged,
    VaultRolledBack,
    StorageUnavailable,
    StorageReadOnly,
    StorageFull,
    // databases
    ConnectionNameResolution,
    ConnectionRefused,
    ConnectionTimedOut,
    ConnectionLost,
    TlsFailed,
    AuthenticationFailed,
    DatabaseMissing,
    VersionUnsupported,
    PermissionDenied,
    ReadOnly,
    DatabaseBusy,
    /// The source changed in a way that makes this copy untrue (a table altered while being read).
    SourceChanged,
    DatabaseDamaged,
    DatabaseEncrypted,
    NotADatabase,
    TargetExists,
    ServerError,
    Unsupported,
    // verdicts
    Incomplete,
    VerificationFailed,
    Interrupted,
}

/// `native` is the server's or system's own code (SQLSTATE, SQLite extended code, errno), verbatim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    pub code: ErrorCode,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
    pub retry: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub native: Option<String>,
}

/// What a call comes to.
pub type Answer<T> = Result<T, ApiError>;

impl ApiError {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, retry: false, native: None }
    }
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    pub fn retry(mut self) -> Self {
        self.retry = true;
        self
    }
    pub fn native(mut self, native: impl Into<String>) -> Self {
        self.native = Some(native.into());
        self
    }
}
