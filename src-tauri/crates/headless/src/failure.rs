//! Exit codes: 0 done, 1 failed, 2 usage, 3 confirmation missing or wrong, 4 verification failed or damage found.

use holdfast_contract::{ApiError, ErrorCode};

/// A command that did not succeed. `printed` failures have already shown their result.
#[derive(Debug)]
pub struct Failure {
    pub error: ApiError,
    /// The answer itself tells what is wrong (a check with findings): nothing more is printed.
    pub printed: bool,
    /// Where the command has its own meaning of what happened: a check that found damage.
    exit: Option<u8>,
}

pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub fn exit_code(&self) -> u8 {
        if let Some(exit) = self.exit {
            return exit;
        }
        match self.error.code {
            ErrorCode::ConfirmationMissing | ErrorCode::ConfirmationWrong => 3,
            ErrorCode::VerificationFailed | ErrorCode::VaultDamaged | ErrorCode::VaultRolledBack => 4,
            ErrorCode::BadRequest | ErrorCode::UnknownOperation => 2,
            _ => 1,
        }
    }
    pub fn exiting(self, exit: u8) -> Self {
        Self { exit: Some(exit), ..self }
    }
    /// The result was printed; only the exit code remains to be told.
    pub fn printed(error: ApiError) -> Self {
        Self { error, printed: true, exit: None }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self { error, printed: false, exit: None }
    }
}

pub fn internal(message: impl Into<String>) -> Failure {
    ApiError::new(ErrorCode::Internal, message).into()
}

pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Failure {
    ApiError::new(ErrorCode::BadRequest, message).hint(hint).into()
}
