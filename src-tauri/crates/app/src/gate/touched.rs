//! What is touched, found by what was typed: never guessed from a name.

use holdfast_contract::connection::Connection;
pub use holdfast_contract::policy::Touched;
use holdfast_contract::{ApiError, ErrorCode, JobId, RestoreId};

use crate::backup::shelf;
use crate::cx::Cx;
use crate::vaults;

pub type Answer = Result<Vec<Touched>, ApiError>;

/// As the audit log names it.
pub fn of(connection: &Connection) -> Touched {
    Touched::Connection {
        id: connection.id.clone(),
        name: connection.name.clone(),
        database: connection.spec.database_name().to_owned(),
    }
}

/// By id or name.
pub async fn connection(cx: &Cx, typed: &str) -> Answer {
    Ok(vec![of(&cx.catalog().connections().find(typed).await?)])
}

/// One that may be gone: then what was typed.
pub async fn connection_if_known(cx: &Cx, typed: Option<&str>) -> Answer {
    let Some(typed) = typed else { return Ok(vec![Touched::Application]) };
    Ok(match cx.catalog().connections().lookup(typed).await? {
        Some(known) => vec![of(&known)],
        None => vec![Touched::Named { name: typed.to_owned() }],
    })
}

/// A backup and the database it is of. The vault is opened for it.
pub async fn backup(cx: &Cx, typed: &str) -> Answer {
    let vault = vaults::open(cx).await?;
    let backup = shelf::find(cx, &vault, typed).await?;
    let origin = cx.catalog().connections().lookup(backup.connection_id.as_str()).await?;
    let mut all = vec![Touched::Backup { id: backup.id, name: backup.name }];
    match origin {
        Some(connection) => all.push(of(&connection)),
        None => all.push(Touched::Named { name: backup.connection_name }),
    }
    Ok(all)
}

pub async fn rule(cx: &Cx, typed: &str) -> Answer {
    let rule = cx.catalog().cleanup_rules().find(typed).await?;
    let mut all =
        vec![Touched::Rule { name: rule.name.clone() }, Touched::Table { name: rule.table.to_string() }];
    all.extend(cx.catalog().connections().lookup(rule.connection_id.as_str()).await?.as_ref().map(of));
    Ok(all)
}

pub async fn schedule(cx: &Cx, typed: &str) -> Answer {
    let row = cx.catalog().schedules().find(typed).await?;
    let mut all = vec![Touched::Schedule { id: row.id, name: row.name }];
    if let Some(id) = row.connection_id {
        all.extend(cx.catalog().connections().lookup(id.as_str()).await?.as_ref().map(of));
    }
    Ok(all)
}

pub async fn job(cx: &Cx, id: &str) -> Answer {
    let job = cx.catalog().jobs().get(&JobId(id.to_owned())).await?;
    let mut all = vec![Touched::Job { id: job.id }];
    if let Some(id) = job.connection_id {
        all.extend(cx.catalog().connections().lookup(id.as_str()).await?.as_ref().map(of));
    }
    Ok(all)
}

pub fn restore(id: RestoreId, connection: &Connection) -> Vec<Touched> {
    vec![Touched::Restore { id }, of(connection)]
}

/// Something that is about to be made.
pub fn named(name: &str) -> Answer {
    Ok(vec![Touched::Named { name: name.to_owned() }])
}

/// In a few words, for the log: what it is about first.
pub(super) fn words(touched: &[Touched]) -> Option<String> {
    let words: Vec<&str> = touched
        .iter()
        .filter_map(|thing| match thing {
            Touched::Connection { name, .. }
            | Touched::Database { name }
            | Touched::Table { name }
            | Touched::Backup { name, .. }
            | Touched::Schedule { name, .. }
            | Touched::Rule { name }
            | Touched::Group { name }
            | Touched::Named { name } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    (!words.is_empty()).then(|| words.join(" · "))
}

/// A path of this machine is for its own user.
pub fn refuse_path_from_afar(cx: &Cx, what: &str) -> Result<(), ApiError> {
    match cx.principal() {
        holdfast_contract::policy::Principal::Http(_) => Err(ApiError::new(
            ErrorCode::NotAllowed,
            format!(
                "{what} is a path of the machine that Holdfast runs on; it is not given over the network."
            ),
        )),
        _ => Ok(()),
    }
}

pub fn table(table: &holdfast_contract::snapshot::TableName) -> Touched {
    Touched::Table { name: table.to_string() }
}
