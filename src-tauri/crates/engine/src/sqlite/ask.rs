//! Questions: the file is opened for reading only, and can attach no other.

use async_trait::async_trait;
use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::types::ValueRef;
use tokio_util::sync::CancellationToken;

use super::{Sqlite, blocking};
use crate::sessions::PATIENCE;
use crate::{Ask, EngineError, Result};

#[async_trait]
impl Ask for Sqlite {
    async fn ask(&self, sql: &str) -> Result<Option<String>> {
        let (this, sql, cancel) = (self.clone(), sql.to_owned(), CancellationToken::new());
        let stop = cancel.clone();
        let asking = blocking(move || {
            let connection = this.open_live(&cancel)?;
            let asked = connection.prepare(&sql).and_then(|mut statement| {
                let mut rows = statement.query([])?;
                let Some(row) = rows.next()? else { return Ok(None) };
                Ok(match row.get_ref(0)? {
                    ValueRef::Null => None,
                    ValueRef::Integer(number) => Some(number.to_string()),
                    ValueRef::Real(number) => Some(number.to_string()),
                    ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
                    ValueRef::Blob(bytes) => Some(format!("{} bytes", bytes.len())),
                })
            });
            asked.map_err(|refusal| refused(&refusal))
        });
        match tokio::time::timeout(PATIENCE, asking).await {
            Ok(answer) => answer,
            Err(_) => {
                stop.cancel();
                let text = "The answer took longer than a minute.";
                Err(ApiError::new(ErrorCode::ConnectionTimedOut, text).retry().into())
            }
        }
    }
}

/// The statement is the person's own, so what SQLite says of it is for them.
fn refused(error: &rusqlite::Error) -> EngineError {
    let message = format!("SQLite refused the statement: {}.", error.to_string().trim_end_matches('.'));
    EngineError::new(ErrorCode::ServerError, message)
}
