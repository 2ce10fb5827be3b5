//! What a table needs besides itself when it comes or goes by its name, written down in the order before the first change.

use holdfast_contract::snapshot::SchemaObject;
use serde::{Deserialize, Serialize};

use super::keys::{self, ForeignKey};
use crate::mysql::schema::Captured;
use crate::mysql::schema::text;
use crate::tables::TableStep;
use crate::{EngineError, Result};

/// What cannot be on two tables of one database at once, because its name is the database's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hanging {
    /// In the order in which they fire.
    pub triggers: Vec<SchemaObject>,
    pub keys: Vec<ForeignKey>,
}

/// Of one step; lies in [`TableStep::back`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Of the table that is replaced.
    pub old: Hanging,
    /// Of the one that takes its place.
    pub new: Hanging,
    /// Foreign keys of tables that stay, on the table that is replaced.
    pub incoming: Vec<ForeignKey>,
    /// The replaced table, as the server prints it, without what grows by itself.
    pub structure: Option<String>,
}

pub fn ledger(step: &TableStep) -> Result<Ledger> {
    let text = step.back.first().map(String::as_str).unwrap_or("{}");
    serde_json::from_str(text)
        .map_err(|error| EngineError::internal(format!("The journal of {} is unreadable: {error}", step.to)))
}

pub fn written(ledger: &Ledger) -> Result<Vec<String>> {
    let text = serde_json::to_string(ledger)
        .map_err(|error| EngineError::internal(format!("The journal cannot be written: {error}")))?;
    Ok(vec![text])
}

/// What hangs on the table `name`, going by these definitions.
pub fn on(objects: &[SchemaObject], name: &str) -> Hanging {
    let triggers = objects
        .iter()
        .filter(|object| object.kind == "trigger")
        .filter(|object| object.table.as_ref().is_some_and(|table| table.name == name));
    Hanging {
        triggers: triggers.cloned().collect(),
        keys: create(objects, name).map(|create| keys::defined(create, name)).unwrap_or_default(),
    }
}

/// The statement that makes a table.
pub fn create<'a>(objects: &'a [SchemaObject], name: &str) -> Option<&'a str> {
    let table = objects.iter().find(|object| object.kind == "table" && object.name == name)?;
    table.sql.first().map(String::as_str)
}

/// Whether a live table is still what it was when this was written.
pub fn is_still(ledger: &Ledger, live: &Captured, name: &str, incoming: &[ForeignKey]) -> bool {
    let structure = create(&live.objects, name).map(text::structure);
    structure == ledger.structure && on(&live.objects, name) == ledger.old && incoming == ledger.incoming
}
