//! Begins an import that was agreed to.

use holdfast_contract::connection::Connection;
use holdfast_contract::import::ImportInto;
use holdfast_contract::restore::{Restore, RestoreState};
use holdfast_contract::{ApiError, RestoreId};

use super::job::{self, Importing};
use super::plan::Intent;
use crate::catalog::RestoreRow;
use crate::clock::new_id;
use crate::connections::database::Database;
use crate::consent::Consent;
use crate::cx::{Begun, Cx, NewWork};
use crate::restore::journal::{Facts, Imported, Journal};
use crate::vaults;

/// A job; cancellable until its last step. What was begun is in the journal before this returns.
pub(crate) async fn start(
    cx: &Cx,
    intent: Intent,
    connection: Connection,
    database: Database,
    consent: Consent,
) -> Result<Begun<Restore>, ApiError> {
    let vault = match intent.into {
        ImportInto::New => None,
        ImportInto::Live | ImportInto::Replace => Some(vaults::open(cx).await?),
    };
    let id = RestoreId(new_id());
    let row = RestoreRow {
        id: id.clone(),
        state: RestoreState::Planned,
        connection_id: connection.id.clone(),
        job_id: None,
        started_at_ms: cx.now_ms(),
        ended_at_ms: None,
        facts: serde_json::Value::Null,
        instance: cx.home().instance().to_owned(),
    };
    let mut facts = Facts::new(intent.as_restore(), intent.file_name(), connection.name.clone());
    facts.import = Some(Imported { file: intent.file.clone(), into: intent.into, mark: None });
    let journal = Journal::begin(cx.catalog(), row, facts).await?;
    let new = NewWork {
        title: format!("Import {} into {}", intent.file_name(), connection.name),
        connection_id: Some(connection.id.clone()),
        cancellable: true,
    };
    let all = Importing { cx: cx.clone(), vault, connection, database, journal, intent, consent };
    Ok(cx.start_job(new, move |context| job::import(all, context)).await?.making(id.0))
}
