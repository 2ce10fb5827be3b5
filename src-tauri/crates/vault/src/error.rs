//! The vault's one error type: facts as fields, turned into the wire's shape in one place.

use std::io::ErrorKind;

use holdfast_contract::{ApiError, BackupId, ErrorCode};

pub type Result<T, E = VaultError> = std::result::Result<T, E>;

#[derive(Clone, Debug, thiserror::Error)]
pub enum VaultError {
    #[error("There is no vault at {location}.")]
    Missing { location: String },
    #[error("There is already a vault at {location}.")]
    Exists { location: String },
    #[error("{location} holds other files, so no vault can be made there.")]
    NotEmpty { location: String },
    #[error("{location} is not a Holdfast vault.")]
    NotAVault { location: String },
    #[error("This vault has format {found}; this program reads up to format {supported}.")]
    TooNew { found: u32, supported: u32 },
    #[error("The passphrase does not open this vault.")]
    PassphraseWrong,
    #[error("A vault needs a passphrase.")]
    PassphraseEmpty,
    #[error("The key kept on this computer does not open this vault.")]
    KeychainKeyWrong,
    #[error("{reason}")]
    RecoveryWordsMistyped { reason: String },
    #[error("These recovery words do not open this vault.")]
    RecoveryWordsWrong,
    #[error("The key slot {slot} asks for key derivation parameters outside the safe range.")]
    UnsafeDerivation { slot: String },
    #[error("The last key slot cannot be removed: nothing would open the vault any more.")]
    LastSlot,
    #[error("There is no key slot {slot}.")]
    SlotMissing { slot: String },
    #[error("The vault has no backup {backup}.")]
    BackupMissing { backup: BackupId },
    #[error("The vault is in use: {what}{}.", by.as_ref().map_or_else(String::new, |by| format!(" by {by}")))]
    Busy {
        what: &'static str,
        /// Where the storage knows.
        by: Option<String>,
    },
    #[error(
        "The vault's lock \"{lock}\" was lost while it was needed; what was under way was not completed."
    )]
    LockLost { lock: &'static str },
    #[error("The vault is damaged: {object}: {what}")]
    Damaged { object: String, what: String },
    #[error("The storage of the vault is full.")]
    StorageFull { native: String },
    #[error("The storage of the vault cannot be written to.")]
    StorageReadOnly { native: String },
    #[error("The storage of the vault cannot be reached: {native}")]
    StorageUnavailable {
        native: String,
        /// Trying the same again soon may help.
        transient: bool,
    },
    #[error("The vault has changed since the plan was made.")]
    PlanMoved,
    #[error("Cancelled.")]
    Cancelled,
    #[error("{what}")]
    Misuse { what: String },
    #[error("Something went wrong inside the vault: {what}")]
    Internal { what: String },
}

impl VaultError {
    pub(crate) fn damaged(object: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Damaged { object: object.into(), what: what.into() }
    }

    pub(crate) fn internal(what: impl std::fmt::Display) -> Self {
        Self::Internal { what: what.to_string() }
    }

    /// Sorts an operating system error into what the user can act on.
    pub(crate) fn io(error: &std::io::Error) -> Self {
        let native = native_text(error);
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::StorageFull { native }
            }
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Self::StorageReadOnly { native },
            kind => Self::StorageUnavailable { native, transient: passes(kind) },
        }
    }

    /// Whether trying the same operation of the storage again soon may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::StorageUnavailable { transient: true, .. })
    }

    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Missing { .. } => ErrorCode::VaultMissing,
            Self::Exists { .. } | Self::NotEmpty { .. } => ErrorCode::VaultExists,
            Self::NotAVault { .. } => ErrorCode::NotAVault,
            Self::TooNew { .. } => ErrorCode::VaultTooNew,
            Self::PassphraseWrong | Self::RecoveryWordsMistyped { .. } | Self::RecoveryWordsWrong => {
                ErrorCode::PassphraseWrong
            }
            Self::PassphraseEmpty => ErrorCode::PassphraseTooWeak,
            Self::KeychainKeyWrong => ErrorCode::VaultLocked,
            Self::UnsafeDerivation { .. } | Self::Damaged { .. } => ErrorCode::VaultDamaged,
            Self::LastSlot | Self::Misuse { .. } => ErrorCode::BadRequest,
            Self::SlotMissing { .. } | Self::BackupMissing { .. } => ErrorCode::NotFound,
            Self::Busy { .. } | Self::LockLost { .. } => ErrorCode::VaultBusy,
            Self::StorageFull { .. } => ErrorCode::StorageFull,
            Self::StorageReadOnly { .. } => ErrorCode::StorageReadOnly,
            Self::StorageUnavailable { .. } => ErrorCode::StorageUnavailable,
            Self::PlanMoved => ErrorCode::PlanMoved,
            Self::Cancelled => ErrorCode::Cancelled,
            Self::Internal { .. } => ErrorCode::Internal,
        }
    }

    pub fn into_api(self) -> ApiError {
        let api = ApiError::new(self.code(), self.to_string());
        match &self {
            Self::Missing { .. } => api.hint("Check the path, or make a vault there first."),
            Self::Exists { .. } => api.hint("Attach the existing vault instead, or choose another folder."),
            Self::NotEmpty { .. } => api.hint("Choose an empty folder."),
            Self::NotAVault { .. } => api.hint("Choose the folder that holds vault.json."),
            Self::TooNew { .. } => api.hint("Install the newer version of Holdfast that made it."),
            Self::PassphraseWrong => api.hint("Try again, or open the vault with the recovery kit."),
            Self::PassphraseEmpty => api.hint("Choose a passphrase of several words."),
            Self::KeychainKeyWrong => api.hint("Open the vault with its passphrase or its recovery kit."),
            Self::RecoveryWordsMistyped { .. } => {
                api.hint("Compare each word with the recovery kit, in order.")
            }
            Self::RecoveryWordsWrong => {
                api.hint("Use the newest recovery kit of this vault, or its passphrase.")
            }
            Self::UnsafeDerivation { .. } => api.hint(
                "Somebody may have changed the vault; do not type the passphrase again before you know who.",
            ),
            Self::Damaged { .. } => api.hint("Check the vault to see which backups are affected."),
            Self::Busy { .. } => api.hint("Wait for the other work to finish and try again.").retry(),
            Self::LockLost { .. } => api
                .hint("Look whether another program uses the vault or its files were removed, and run it again.")
                .retry(),
            Self::StorageFull { native } => {
                api.hint("Free some space and run it again.").native(native.clone())
            }
            Self::StorageReadOnly { native } => api
                .hint("Check the permissions of the vault's folder and whether the disk is read-only.")
                .native(native.clone()),
            Self::StorageUnavailable { native, .. } => api
                .hint("Check that the disk is connected and healthy, and run it again.")
                .retry()
                .native(native.clone()),
            Self::PlanMoved => api.hint("Look at the new plan and confirm it."),
            Self::LastSlot => api.hint("Add another way to open the vault first."),
            Self::SlotMissing { .. }
            | Self::BackupMissing { .. }
            | Self::Cancelled
            | Self::Misuse { .. }
            | Self::Internal { .. } => api,
        }
    }
}

impl From<VaultError> for ApiError {
    fn from(error: VaultError) -> Self {
        error.into_api()
    }
}

/// A server or share that was away for a moment.
fn passes(kind: ErrorKind) -> bool {
    use ErrorKind as E;
    matches!(
        kind,
        E::Interrupted
            | E::TimedOut
            | E::WouldBlock
            | E::ConnectionRefused
            | E::ConnectionReset
            | E::ConnectionAborted
            | E::NotConnected
            | E::NetworkDown
            | E::NetworkUnreachable
            | E::HostUnreachable
            | E::StaleNetworkFileHandle
            | E::ResourceBusy
    )
}

fn native_text(error: &std::io::Error) -> String {
    match error.raw_os_error() {
        Some(code) => format!("{error} [{code}]"),
        None => error.to_string(),
    }
}
