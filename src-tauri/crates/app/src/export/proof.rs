//! The record of one proof as a file: for programs as JSON, for people as a page.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use holdfast_contract::backup::{
    BackupDetail, Level, ProofExportRequest, ProofExportResponse, ProofFormat, ProofRecord,
};
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::EngineError;
use serde_json::json;

use crate::draft::Draft;

/// Nothing stands under the name until it is whole.
pub(crate) fn write(
    detail: &BackupDetail,
    request: &ProofExportRequest,
) -> Result<ProofExportResponse, ApiError> {
    let proof = chosen(detail, request.started_at_ms)?;
    let text = match request.format {
        ProofFormat::Json => as_json(detail, proof),
        ProofFormat::Text => as_text(detail, proof),
    };
    let draft = Draft::beside(Path::new(&request.to), request.overwrite)?;
    draft
        .open()?
        .write_all(text.as_bytes())
        .map_err(|error| EngineError::io("The proof record cannot be written", error).into_api())?;
    let bytes = draft.publish()?;
    Ok(ProofExportResponse { path: request.to.clone(), bytes, proof: proof.clone() })
}

fn chosen(detail: &BackupDetail, started_at_ms: Option<i64>) -> Result<&ProofRecord, ApiError> {
    let wanted = |proof: &&ProofRecord| started_at_ms.is_none_or(|at| proof.started_at_ms == at);
    detail.proofs.iter().find(wanted).ok_or_else(|| {
        let what = if started_at_ms.is_some() { "no such proof record" } else { "not been proven yet" };
        ApiError::new(ErrorCode::NotFound, format!("The backup “{}” has {what}.", detail.backup.name))
            .hint("Prove it first: holdfastctl backup verify ID.")
    })
}

fn as_json(detail: &BackupDetail, proof: &ProofRecord) -> String {
    let backup = &detail.backup;
    let document = json!({
        "format": "holdfast-proof",
        "version": 1,
        "backup": {
            "id": backup.id,
            "name": backup.name,
            "connection": backup.connection_name,
            "database": backup.database,
            "engine": backup.engine,
            "kind": backup.kind,
            "state": backup.state,
            "taken_at_ms": backup.created_at_ms,
            "server": detail.server,
            "position": detail.position,
            "omissions": detail.omissions,
            "remarks": detail.remarks,
        },
        "proof": proof,
    });
    format!("{document:#}\n")
}

fn as_text(detail: &BackupDetail, proof: &ProofRecord) -> String {
    let backup = &detail.backup;
    let mut page = String::from("Record of a proof, by Holdfast\n\n");
    let mut line = |name: &str, value: String| {
        writeln!(page, "{name:<12}{}", visible(&value)).expect("writing to memory");
    };
    line("Backup", format!("{} ({})", backup.name, backup.id));
    line("Database", format!("{} ({})", backup.connection_name, backup.database));
    if let Some(server) = &detail.server {
        line("Source", format!("{} {}", word(&server.engine), server.version));
    }
    line("Taken", time(backup.created_at_ms));
    line("Checked", format!("{}, in {} ms", time(proof.started_at_ms), proof.duration_ms));
    line("Level", level(proof.level).to_owned());
    line("Result", if proof.passed { "PASSED" } else { "FAILED" }.to_owned());
    if let Some(server) = &proof.server {
        line("Loaded on", format!("{} {}", word(&server.engine), server.version));
    }
    if let Some(took) = proof.restore_ms {
        line("Load took", format!("{took} ms"));
    }
    line("Holdfast", proof.tool_version.clone());
    if let Some(why) = &proof.not_restored {
        line("Not loaded", why.message.clone());
    }
    for omission in detail.omissions.iter() {
        line("Left out", format!("{} {}: {}", omission.kind, omission.name, omission.reason));
    }
    for problem in &proof.problems {
        line("Problem", problem.clone());
    }
    if !proof.tables.is_empty() {
        writeln!(page, "\n{:>15} {:>15}  {:<9} table", "rows expected", "rows found", "content")
            .expect("writing to memory");
    }
    for table in &proof.tables {
        let found = table.found_rows.map_or("missing".to_owned(), |rows| rows.to_string());
        let content = if table.hash_equal { "equal" } else { "DIFFERS" };
        let name = visible(&table.table.to_string());
        writeln!(page, "{:>15} {found:>15}  {content:<9} {name}", table.expected_rows)
            .expect("writing to memory");
    }
    page
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Stored => "stored: every object is present and its hash matches",
        Level::Decoded => "decoded: everything decrypts and decompresses, rows counted and hashed again",
        Level::Restored => "restored: loaded into a scratch database, every table counted and hashed there",
    }
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn time(at_ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(at_ms)
        .map_or_else(|| at_ms.to_string(), |at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// A name with line ends must not look like a line of the record.
fn visible(text: &str) -> String {
    text.chars()
        .map(
            |letter| {
                if letter.is_control() { letter.escape_default().to_string() } else { letter.to_string() }
            },
        )
        .collect()
}
