//! One backup from the first look at the database to the manifest.
//!
//! The manifest is written last and is the only commit point: whatever ends this early, by error, cancel or power
//! cut, leaves nothing that could be taken for a backup. Cancellable until the manifest is written.

use bytes::Bytes;
use holdfast_contract::backup::Backup;
use holdfast_contract::snapshot::{Omission, SchemaObject, Scope};
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::{Dump, Work};
use holdfast_vault::{BackupWriter, Unit};

use super::sink::VaultSink;
use super::source::SCHEMA_STREAM;
use super::summary::{Heading, unasked};
use crate::clock::Clock;

/// What of the database is to be in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    pub scope: Scope,
    /// Refuse instead of leaving something out.
    pub strict: bool,
}

pub(crate) async fn run(
    dump: &dyn Dump,
    writer: BackupWriter,
    heading: &Heading,
    selection: &Selection,
    work: &Work,
    clock: &dyn Clock,
) -> Result<Backup, ApiError> {
    let begun_ms = clock.now_ms();
    let id = writer.id().clone();
    work.progress.phase("Looking at the database");
    if selection.strict {
        let plan = dump.plan(&selection.scope).await?;
        refuse_omissions(&plan.omissions)?;
    }
    let sink = VaultSink::new(&writer);
    let mut snapshot = dump.dump(&selection.scope, &sink, work).await?;
    if selection.strict {
        // What the plan could not know yet: a table that appeared, rows that turned out unreadable.
        refuse_omissions(&snapshot.omissions)?;
    }
    let size_bytes = sink.bytes();
    work.progress.phase("Writing the schema and the manifest");
    write_schema(&writer, &std::mem::take(&mut snapshot.objects)).await?;
    work.checkpoint()?;
    let now_ms = clock.now_ms();
    let summary = heading.summary(&snapshot, size_bytes, now_ms.saturating_sub(begun_ms).max(0) as u64);
    let head = writer.commit(json(&summary)?, json(&snapshot)?, now_ms).await?;
    Ok(summary.into_backup(id, head.created_at_ms, head.stored_bytes))
}

fn refuse_omissions(omissions: &[Omission]) -> Result<(), ApiError> {
    let missing: Vec<&Omission> = unasked(omissions).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let told: Vec<String> =
        missing.iter().take(TOLD).map(|omission| format!("{} {}", omission.kind, omission.name)).collect();
    let more =
        if missing.len() > TOLD { format!(" and {} more", missing.len() - TOLD) } else { String::new() };
    Err(ApiError::new(ErrorCode::Incomplete, format!("A complete backup is not possible: {}{more} would be left out.", told.join(", ")))
        .hint("Give the login the missing rights, exclude these by name, or back up without strict to get a partial backup.")
        .native(missing[0].reason.clone()))
}

/// Omissions spelled out in the error; the plan has them all.
const TOLD: usize = 5;

async fn write_schema(writer: &BackupWriter, objects: &[SchemaObject]) -> Result<(), ApiError> {
    let mut stream = writer.stream(SCHEMA_STREAM, Unit::Line).await?;
    for object in objects {
        let mut line = serde_json::to_vec(object).map_err(internal)?;
        line.push(b'\n');
        stream.write(Bytes::from(line)).await?;
    }
    stream.finish().await.map_err(ApiError::from)
}

fn json<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, ApiError> {
    serde_json::to_value(value).map_err(internal)
}

fn internal(error: serde_json::Error) -> ApiError {
    ApiError::new(ErrorCode::Internal, "The backup's description cannot be written.")
        .native(error.to_string())
}
