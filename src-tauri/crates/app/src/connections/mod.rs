//! Connections: adding, changing, testing and removing them, and turning one into an engine
//! ([`database`]: into one that copies are made beside).
//!
//! A connection's row holds everything but its password, which is among the secrets under
//! `connection/<id>`. What does not belong here: what is done with the database afterwards.

pub(crate) mod database;
mod edit;
mod health;
pub mod offers;
pub mod sessions;
mod test;
mod url;

use holdfast_contract::connection::{Connection, ConnectionSpec, DatabaseInspectResponse};
use holdfast_contract::session::{PoolStatus, PoolStatusRequest, PoolStatusResponse};
use holdfast_contract::settings::PoolSettings;
use holdfast_contract::snapshot::Scope;
use holdfast_contract::{ApiError, ConnectionId, ErrorCode};
use holdfast_engine::{Access, Engine};

use crate::cx::Cx;
use crate::pool::{self, Lease};

pub(crate) use edit::insert;
pub use edit::{add, remove, update};
pub use health::check;
pub use test::test;
pub use url::parse;

/// How to reach it, with its password. `SecretMissing` when that should be kept and is not.
pub async fn access(cx: &Cx, connection: &Connection) -> Result<Access, ApiError> {
    let password = if connection.has_password {
        let kept = cx.secrets().get_text(&secret_name(&connection.id)).await?;
        Some(kept.ok_or_else(|| {
            ApiError::new(
                ErrorCode::SecretMissing,
                format!("The password of {:?} is no longer kept.", connection.name),
            )
            .hint("Edit the connection and enter the password again.")
        })?)
    } else {
        None
    };
    Ok(Access::new(connection.spec.clone()).password(password).read_only(connection.read_only))
}

pub async fn engine(cx: &Cx, connection: &Connection) -> Result<Box<dyn Engine>, ApiError> {
    holdfast_engine::engine(access(cx, connection).await?).map_err(ApiError::from)
}

/// A session for a look, from those that stay open.
pub(crate) async fn borrow(cx: &Cx, connection: &Connection) -> Result<Lease, ApiError> {
    let engine = engine(cx, connection).await?;
    let settings = limits(cx, connection).await?;
    cx.pools().borrow(connection, engine, settings, cx.operation()).await
}

async fn limits(cx: &Cx, connection: &Connection) -> Result<PoolSettings, ApiError> {
    match connection.pool {
        Some(own) => Ok(own),
        None => Ok(cx.settings().await?.pool),
    }
}

pub async fn pool_status(cx: &Cx, request: PoolStatusRequest) -> Result<PoolStatusResponse, ApiError> {
    let settings = cx.settings().await?.pool;
    let Some(wanted) = &request.connection else {
        return Ok(PoolStatusResponse { pools: cx.pools().status(None), settings });
    };
    let connection = cx.catalog().connections().find(wanted).await?;
    let limits = limits(cx, &connection).await?;
    let open = cx.pools().status(Some(&connection.id)).pop();
    // Changed limits hold from the next use on.
    let status = open.map(|open| PoolStatus { settings: limits, ..open });
    let pools = vec![status.unwrap_or_else(|| pool::nothing_open(&connection, limits))];
    Ok(PoolStatusResponse { pools, settings })
}

/// The live structure, from the catalogs of the database.
pub async fn inspect(cx: &Cx, id_or_name: &str) -> Result<DatabaseInspectResponse, ApiError> {
    let connection = cx.catalog().connections().find(id_or_name).await?;
    let engine = engine(cx, &connection).await?;
    let dump = engine.dump().ok_or_else(|| {
        ApiError::new(ErrorCode::Unsupported, "The structure of this kind of database cannot be read yet.")
    })?;
    let plan = dump.plan(&Scope::default()).await?;
    let databases = engine.databases().await?;
    Ok(DatabaseInspectResponse { server: plan.server, tables: plan.tables, databases })
}

fn secret_name(id: &ConnectionId) -> String {
    format!("connection/{id}")
}

/// Refuses what no server could mean, field by field.
fn checked(cx: &Cx, spec: &ConnectionSpec) -> Result<(), ApiError> {
    let bad = |message: &str| Err(ApiError::new(ErrorCode::BadRequest, message));
    match spec {
        ConnectionSpec::Postgres { host, port, database, user, tls }
        | ConnectionSpec::Mysql { host, port, database, user, tls } => {
            if host.trim().is_empty() {
                return bad("spec.host: the host is empty.");
            }
            if host.contains(',') {
                return Err(url::host_list());
            }
            if *port == 0 {
                return bad("spec.port: the port must be between 1 and 65535.");
            }
            if database.is_empty() {
                return bad("spec.database: the database is empty.");
            }
            if user.is_empty() {
                return bad("spec.user: the user is empty.");
            }
            if tls.client_certificate_file.is_some() != tls.client_key_file.is_some() {
                return bad("spec.tls: a client certificate and its key go together.");
            }
            if [host, database, user].iter().any(|text| text.contains('\0')) {
                return bad("spec: a name contains a zero byte.");
            }
        }
        ConnectionSpec::Sqlite { path } => {
            if !std::path::Path::new(path).is_absolute() {
                return bad("spec.path: the path of a SQLite file must be absolute.");
            }
            let same = |a: &std::path::Path, b: &std::path::Path| match (a.canonicalize(), b.canonicalize()) {
                (Ok(a), Ok(b)) => a == b,
                _ => a == b,
            };
            if same(std::path::Path::new(path), &cx.home().catalog()) {
                return Err(ApiError::new(ErrorCode::NotAllowed, "This file is Holdfast's own catalog.")
                    .hint("Choose a database of yours."));
            }
        }
    }
    Ok(())
}
