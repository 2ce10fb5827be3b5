//! What is wrong with a database now.

use holdfast_contract::ApiError;
use holdfast_contract::connection::ConnectionTestRequest;
use holdfast_contract::session::DatabaseAskRequest;

use crate::connections::{self, sessions};
use crate::cx::Cx;

/// A sentence each. `Err`: it could not be asked at all, since its connection is gone.
pub(super) async fn problems(cx: &Cx, connection: &str, checks: &[String]) -> Result<Vec<String>, ApiError> {
    let request = ConnectionTestRequest {
        connection: Some(connection.to_owned()),
        url: None,
        spec: None,
        password: None,
        read_only: false,
    };
    if let Some(error) = connections::test(cx, request).await?.error {
        return Ok(vec![format!("The database does not answer: {}", error.message)]);
    }
    let mut wrong = Vec::new();
    for sql in checks {
        let request = DatabaseAskRequest { connection: connection.to_owned(), sql: sql.clone() };
        match sessions::ask(cx, request).await {
            Ok(answer) if answer.holds => {}
            Ok(answer) => {
                let value = answer.value.unwrap_or_else(|| "NULL".to_owned());
                wrong.push(format!("The check {sql:?} answered {value}."));
            }
            Err(error) => wrong.push(format!("The check {sql:?} failed: {}", error.message)),
        }
    }
    Ok(wrong)
}
