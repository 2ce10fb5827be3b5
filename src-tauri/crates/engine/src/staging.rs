//! Filling what was made for the purpose, be it a database or tables: never the live one, never what is there already, and
//! gone again when the filling fails.

use crate::error::LiveDatabase;
use crate::{EngineError, Result, Work};

pub(crate) fn is_live() -> EngineError {
    EngineError::Live(LiveDatabase::IsTarget)
}

/// `native` is the code that the server itself would have answered with.
pub(crate) fn is_taken(target: &str, native: &str) -> EngineError {
    EngineError::DatabaseTaken { name: target.to_owned(), code: Some(native.to_owned()) }
}

/// The failure itself stays the answer; what `undo` could not remove is its hint.
pub(crate) async fn fill<T>(
    work: &Work,
    fill: impl Future<Output = Result<T>>,
    undo: impl Future<Output = Result<()>>,
    left_behind: impl FnOnce(EngineError) -> String,
) -> Result<T> {
    let failure = match work.unless_cancelled(fill).await {
        Ok(done) => return Ok(done),
        Err(failure) => failure,
    };
    match undo.await {
        Ok(()) => Err(failure),
        Err(left) => Err(failure.hinting(left_behind(left))),
    }
}
