//! Filling what was made for the purpose, be it a database or tables: never the live one, never what is there already, and
//! gone again when the filling fails.

use holdfast_contract::{ApiError, ErrorCode};

use crate::{EngineError, Result, Work};

pub(crate) fn is_live() -> EngineError {
    EngineError::new(ErrorCode::TargetExists, "The target is the connection's own live database.")
}

/// `native` is the code that the server itself would have answered with.
pub(crate) fn is_taken(target: &str, native: &str) -> EngineError {
    ApiError::new(ErrorCode::TargetExists, format!("A database named {target} exists already."))
        .hint("Choose another name.")
        .native(native)
        .into()
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
        Err(left) => {
            let mut failure = failure.into_api();
            failure.hint = Some(left_behind(left));
            Err(failure.into())
        }
    }
}
