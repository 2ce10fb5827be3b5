//! One error type for all engines; facts as fields, words in one place.

use holdfast_contract::{ApiError, ErrorCode};

pub type Result<T, E = EngineError> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Anything a server or file said: already in its final words.
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("the work was cancelled")]
    Cancelled,
    /// The receiving or giving end of a stream failed (vault, file): passed through unchanged.
    #[error("{0}")]
    Far(ApiError),
    #[error("{context}: {source}")]
    Io { context: String, source: std::io::Error },
}

impl EngineError {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Api(ApiError::new(code, message))
    }
    pub fn io(context: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { context: context.into(), source }
    }
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Api(error) | Self::Far(error) => error.code,
            Self::Cancelled => ErrorCode::Cancelled,
            Self::Io { source, .. } => io_code(source),
        }
    }
    pub fn into_api(self) -> ApiError {
        match self {
            Self::Api(error) | Self::Far(error) => error,
            Self::Cancelled => ApiError::new(ErrorCode::Cancelled, "Cancelled; nothing was changed."),
            Self::Io { ref source, .. } => {
                let native = source.raw_os_error().map(|code| format!("os error {code}"));
                let mut error = ApiError::new(io_code(source), self.to_string());
                error.native = native;
                error
            }
        }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        error.into_api()
    }
}

fn io_code(error: &std::io::Error) -> ErrorCode {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ErrorCode::StorageFull,
        ErrorKind::ReadOnlyFilesystem => ErrorCode::StorageReadOnly,
        ErrorKind::PermissionDenied => ErrorCode::PermissionDenied,
        ErrorKind::NotFound => ErrorCode::NotFound,
        ErrorKind::AlreadyExists => ErrorCode::AlreadyExists,
        _ => ErrorCode::StorageUnavailable,
    }
}
