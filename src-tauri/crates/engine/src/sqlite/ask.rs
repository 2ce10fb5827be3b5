//! Questions: the file is opened for reading only, and can attach no other.

use async_trait::async_trait;
use rusqlite::types::ValueRef;
use tokio_util::sync::CancellationToken;

use super::{Sqlite, blocking};
use crate::sessions::patiently;
use crate::{Ask, EngineError, Result};

#[async_trait]
impl Ask for Sqlite {
    async fn ask(&self, sql: &str) -> Result<Option<String>> {
        let (this, sql, cancel) = (self.clone(), sql.to_owned(), CancellationToken::new());
        // SQLite goes on until it is told to stop.
        let _stop = cancel.clone().drop_guard();
        patiently(blocking(move || {
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
        }))
        .await
    }
}

/// The statement is the person's own, so what SQLite says of it is for them.
fn refused(error: &rusqlite::Error) -> EngineError {
    let message = format!("SQLite refused the statement: {}.", error.to_string().trim_end_matches('.'));
    EngineError::unexpected(message)
}
