//! Making the sample database where it belongs and connecting it, once.

use holdfast_contract::connection::{Connection, ConnectionAddResponse, ConnectionSpec, Environment};
use holdfast_contract::{ApiError, ConnectionId, ErrorCode};

use super::create;
use crate::clock::new_id;
use crate::connections;
use crate::cx::Cx;
use crate::home::private_folder;

const NAME: &str = "Sample shop";
/// The same shop for everybody: what the guide describes is what people see.
const SEED: u64 = 1;

/// Idempotent: a sample that is connected already is the answer; a file that was removed is made anew.
pub async fn connect(cx: &Cx) -> Result<ConnectionAddResponse, ApiError> {
    let path = cx.home().sample_database();
    let text = path.display().to_string();
    let made = tokio::task::spawn_blocking(move || {
        if path.exists() {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            private_folder(folder).map_err(|error| {
                let message = format!("The folder of the sample database cannot be made: {error}.");
                ApiError::new(ErrorCode::HomeUnusable, message).hint("Check the rights of the data folder.")
            })?;
        }
        match create(&path, SEED) {
            // Another process was quicker.
            Err(error) if error.code == ErrorCode::AlreadyExists => Ok(()),
            other => other,
        }
    });
    made.await.unwrap_or_else(|error| {
        Err(ApiError::new(ErrorCode::Internal, format!("Making the sample stopped: {error}.")))
    })?;
    let known = cx.catalog().connections().list().await?;
    let spec = ConnectionSpec::Sqlite { path: text };
    let connection = match known.iter().find(|connection| connection.sample && connection.spec == spec) {
        Some(connection) => connection.clone(),
        None => {
            let taken = |name: &str| known.iter().any(|connection| connection.name == name);
            let mut numbered = (2..).map(|number| format!("{NAME} {number}"));
            let name = std::iter::once(NAME.to_owned()).chain(&mut numbered).find(|name| !taken(name));
            let connection = Connection {
                id: ConnectionId(new_id()),
                name: name.unwrap_or_else(|| NAME.to_owned()),
                spec,
                environment: Environment::Development,
                group: None,
                read_only: false,
                prove_after_backup: true,
                has_password: false,
                sample: true,
                pool: None,
                created_at_ms: cx.now_ms(),
            };
            connections::insert(cx, &connection, None).await?;
            connection
        }
    };
    Ok(ConnectionAddResponse {
        id: connection.id.clone(),
        connection: connections::offers::of(cx, connection).await?,
        warnings: Vec::new(),
    })
}
