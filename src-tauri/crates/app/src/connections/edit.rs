//! Adding, changing and removing. A password goes to the secrets before the row that says it is there, and
//! leaves after it: a row never promises a password that was not kept.

use holdfast_contract::connection::{
    Connection, ConnectionAddRequest, ConnectionAddResponse, ConnectionRemoveResponse,
    ConnectionUpdateRequest, Password,
};
use holdfast_contract::{ApiError, ConnectionId, ErrorCode};
use secrecy::SecretString;

use super::{checked, offers, secret_name, url};
use crate::clock::new_id;
use crate::cx::Cx;
use crate::{pool, vaults};

/// Longer names do not fit where they are shown.
const NAME_CHARS: usize = 120;

pub async fn add(cx: &Cx, request: ConnectionAddRequest) -> Result<ConnectionAddResponse, ApiError> {
    let name = good_name(&request.name)?;
    let mut warnings = Vec::new();
    let (spec, in_url) = match (request.url, request.spec) {
        (Some(text), None) => {
            let parsed = url::parse(&text)?;
            warnings.extend(parsed.warnings);
            (parsed.spec, parsed.password)
        }
        (None, Some(spec)) => (spec, None),
        _ => {
            return Err(ApiError::new(ErrorCode::BadRequest, "url, spec: exactly one of the two is needed."));
        }
    };
    if in_url.is_some() {
        warnings.push(
            "The password was taken out of the URL and kept with the other secrets. On a command line it is visible to \
             other users of this machine and may stay in the shell's history; give it with --password-stdin instead."
                .to_owned(),
        );
    }
    checked(cx, &spec)?;
    let password = request.password.map(into_secret).or(in_url);
    let proves = offers::of_kind(spec.engine())?.backup.is_some_and(|backup| backup.proves_unless_told);
    let connection = Connection {
        id: ConnectionId(new_id()),
        name,
        spec,
        environment: request.environment,
        group: good_group(request.group),
        read_only: request.read_only,
        prove_after_backup: request.prove_after_backup.unwrap_or(proves),
        has_password: password.is_some(),
        sample: false,
        pool: None,
        created_at_ms: cx.now_ms(),
    };
    insert(cx, &connection, password).await?;
    Ok(ConnectionAddResponse {
        id: connection.id.clone(),
        connection: offers::of(cx, connection).await?,
        warnings,
    })
}

/// Puts a new connection and its password on record, both or neither.
pub(crate) async fn insert(
    cx: &Cx,
    connection: &Connection,
    password: Option<SecretString>,
) -> Result<(), ApiError> {
    // A taken name is said before anything is put into the keychain.
    if cx
        .catalog()
        .connections()
        .lookup(&connection.name)
        .await?
        .is_some_and(|found| found.name == connection.name)
    {
        return Err(taken(&connection.name));
    }
    let secret = secret_name(&connection.id);
    let keeps = password.is_some();
    if let Some(password) = password {
        cx.secrets().set_text(&secret, &password).await?;
    }
    let inserted = cx.catalog().connections().insert(connection.clone()).await;
    if inserted.is_err() && keeps {
        // The insert's own error is what the caller must hear.
        let _ = cx.secrets().delete(&secret).await;
    }
    inserted
}

pub async fn update(cx: &Cx, request: ConnectionUpdateRequest) -> Result<Connection, ApiError> {
    let mut connection = cx.catalog().connections().find(request.id.as_str()).await?;
    if let Some(name) = request.name {
        connection.name = good_name(&name)?;
    }
    if let Some(spec) = request.spec {
        if spec.engine() != connection.spec.engine() {
            return Err(ApiError::new(
                ErrorCode::BadRequest,
                "spec.engine: the kind of database cannot change.",
            )
            .hint("Add a new connection instead."));
        }
        checked(cx, &spec)?;
        connection.spec = spec;
    }
    if let Some(environment) = request.environment {
        connection.environment = environment;
    }
    if let Some(group) = request.group {
        connection.group = good_group(Some(group));
    }
    if let Some(read_only) = request.read_only {
        connection.read_only = read_only;
    }
    if let Some(prove) = request.prove_after_backup {
        connection.prove_after_backup = prove;
    }
    if request.default_pool {
        connection.pool = None;
    }
    if let Some(limits) = request.pool {
        connection.pool = Some(pool::checked(limits)?);
    }
    let secret = secret_name(&connection.id);
    if let Some(password) = request.password {
        cx.secrets().set_text(&secret, &into_secret(password)).await?;
        connection.has_password = true;
        cx.catalog().connections().update(connection.clone()).await?;
    } else if request.forget_password && connection.has_password {
        connection.has_password = false;
        cx.catalog().connections().update(connection.clone()).await?;
        cx.secrets().delete(&secret).await?;
    } else {
        cx.catalog().connections().update(connection.clone()).await?;
    }
    // What is open was opened as it was described before, or with the password it had.
    cx.pools().forget(&connection.id).await;
    Ok(connection)
}

/// Its backups stay in the vault, and can be restored through another connection.
pub async fn remove(cx: &Cx, id_or_name: &str) -> Result<ConnectionRemoveResponse, ApiError> {
    let connection = cx.catalog().connections().find(id_or_name).await?;
    let busy = cx.catalog().jobs().list(Some(connection.id.clone()), true, 1).await?;
    if let Some(job) = busy.first() {
        return Err(ApiError::new(
            ErrorCode::DatabaseBusy,
            format!("“{}” is still running on this connection.", job.title),
        )
        .hint("Wait until it has ended, or cancel it.")
        .retry());
    }
    let backups_kept = vaults::count_backups_of(cx, &connection.id).await?;
    cx.catalog().connections().remove(&connection.id).await?;
    cx.pools().forget(&connection.id).await;
    if connection.has_password
        && let Err(error) = cx.secrets().delete(&secret_name(&connection.id)).await
    {
        // The connection is gone; an orphan in a locked keychain opens nothing here.
        tracing::warn!(connection = %connection.id, %error, "a removed connection's password stayed in the keychain");
    }
    Ok(ConnectionRemoveResponse { removed: connection.id, backups_kept })
}

fn good_name(name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    let bad = |message: &str| Err(ApiError::new(ErrorCode::BadRequest, message));
    if name.is_empty() {
        return bad("name: the name is empty.");
    }
    if name.chars().count() > NAME_CHARS {
        return bad("name: the name is longer than 120 characters.");
    }
    if name.chars().any(char::is_control) {
        return bad("name: the name contains a line break or another control character.");
    }
    Ok(name.to_owned())
}

fn good_group(group: Option<String>) -> Option<String> {
    group.map(|group| group.trim().to_owned()).filter(|group| !group.is_empty())
}

pub(super) fn into_secret(password: Password) -> SecretString {
    SecretString::from(password.0)
}

fn taken(name: &str) -> ApiError {
    ApiError::new(ErrorCode::AlreadyExists, format!("A connection called {name:?} is there already."))
        .hint("Choose another name.")
}
