//! What can go wrong in the catalog, and how the outside hears of it.

use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::ffi::ErrorCode as Sqlite;

pub type Result<T, E = CatalogError> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("the catalog: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A column does not hold what this program writes there.
    #[error("the catalog holds a value that cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A rule of a repository, already in its final words.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl From<CatalogError> for ApiError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Api(error) => error,
            CatalogError::Json(_) => damaged(error.to_string()),
            CatalogError::Sqlite(error) => from_sqlite(&error),
        }
    }
}

fn from_sqlite(error: &rusqlite::Error) -> ApiError {
    let Some(failure) = error.sqlite_error() else { return damaged(format!("The catalog: {error}.")) };
    let native = format!("SQLite {}", failure.extended_code);
    let api = match failure.code {
        Sqlite::DatabaseCorrupt | Sqlite::NotADatabase => damaged("The catalog is damaged."),
        Sqlite::DatabaseBusy | Sqlite::DatabaseLocked => {
            ApiError::new(ErrorCode::HomeBusy, "Another Holdfast process keeps the catalog busy.").retry()
        }
        Sqlite::DiskFull => ApiError::new(ErrorCode::StorageFull, "No room is left in the data folder.")
            .hint("Free some space and try again."),
        Sqlite::ReadOnly | Sqlite::CannotOpen | Sqlite::PermissionDenied => ApiError::new(
            ErrorCode::HomeUnusable,
            "The catalog in the data folder cannot be opened for writing.",
        )
        .hint("Correct the permissions of the data folder, or choose another."),
        _ => ApiError::new(ErrorCode::Internal, format!("The catalog refused a change: {error}.")),
    };
    api.native(native)
}

pub(crate) fn damaged(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::CatalogDamaged, message).hint(
        "Backups are safe in the vault. Move catalog.sqlite out of the data folder and attach the vault again, or \
         put back one of the copies named catalog.sqlite.before-… that were kept before an upgrade.",
    )
}
