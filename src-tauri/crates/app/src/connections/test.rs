//! Trying a connection, saved or still a form, on the very path the real work takes.

use std::time::{Duration, Instant};

use holdfast_contract::connection::{ConnectionTestRequest, ConnectionTestResponse};
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::{Access, EngineError};

use super::edit::into_secret;
use super::{access, checked, url};
use crate::cx::Cx;

/// A person waits for the answer; engines give up earlier by themselves.
const PATIENCE: Duration = Duration::from_secs(30);

/// `Err` only when the request makes no sense: a database that does not answer is an answer.
pub async fn test(cx: &Cx, request: ConnectionTestRequest) -> Result<ConnectionTestResponse, ApiError> {
    let mut warnings = Vec::new();
    let mut tried = match &request.connection {
        // A saved one, perhaps with fields of a form that is not saved yet.
        Some(name) => {
            let connection = cx.catalog().connections().find(name).await?;
            match access(cx, &connection).await {
                Ok(access) => access,
                Err(_) if request.password.is_some() => {
                    Access::new(connection.spec).read_only(connection.read_only)
                }
                Err(error) => return Ok(failed(error)),
            }
        }
        None => match (&request.url, &request.spec) {
            (Some(text), None) => {
                let parsed = url::parse(text)?;
                warnings.extend(parsed.warnings);
                Access::new(parsed.spec).password(parsed.password).read_only(request.read_only)
            }
            (None, Some(spec)) => Access::new(spec.clone()).read_only(request.read_only),
            _ => {
                return Err(ApiError::new(
                    ErrorCode::BadRequest,
                    "connection, url, spec: one of them is needed.",
                ));
            }
        },
    };
    if let (Some(_), Some(spec)) = (&request.connection, request.spec) {
        tried.spec = spec;
        tried.read_only = request.read_only;
    }
    if let Some(password) = request.password {
        tried.password = Some(into_secret(password));
    }
    checked(cx, &tried.spec)?;
    let mut answer = ask(tried).await;
    answer.warnings.splice(0..0, warnings);
    Ok(answer)
}

/// One question with its time there and back.
async fn ask(access: Access) -> ConnectionTestResponse {
    let started = Instant::now();
    let asking = async {
        let engine = holdfast_engine::engine(access)?;
        let server = engine.ping().await?;
        let latency = started.elapsed();
        let advice = engine.advice().await?;
        Ok::<_, EngineError>((server, latency, advice))
    };
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(Ok((server, latency, warnings))) => ConnectionTestResponse {
            ok: true,
            server: Some(server),
            latency_ms: Some(latency.as_millis() as u64),
            error: None,
            warnings,
        },
        Ok(Err(error)) => failed(error.into_api()),
        Err(_) => failed(too_slow()),
    }
}

pub(super) fn too_slow() -> ApiError {
    ApiError::new(ErrorCode::ConnectionTimedOut, "The database did not answer within 30 seconds.")
        .hint("Check the address, the network and whether the server is overloaded.")
        .retry()
}

fn failed(error: ApiError) -> ConnectionTestResponse {
    ConnectionTestResponse {
        ok: false,
        server: None,
        latency_ms: None,
        error: Some(error),
        warnings: Vec::new(),
    }
}
