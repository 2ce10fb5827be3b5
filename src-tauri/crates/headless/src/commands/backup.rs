//! `holdfastctl backup …`

use holdfast_contract::backup::{
    BackupCreateRequest, BackupDeletePlan, BackupDeleteResponse, BackupDetail, BackupDrillRequest,
    BackupExportRequest, BackupListRequest, BackupListResponse, BackupPlan, BackupPlanRequest, BackupRef,
    BackupVerifyRequest, ExportFormat, Level, PlanRef, ProofExportRequest, ProofExportResponse, ProofFormat,
    ProofRecord, Started,
};
use holdfast_contract::snapshot::{BackupKind, DumpPlan, Omission};
use holdfast_contract::{ApiError, ErrorCode};
use serde_json::json;

use super::{agreed, vault::absolute};
use crate::cli::{Backup, Format, Kind, LevelName, ScopeArgs};
use crate::failure::{Failure, Result, internal};
use crate::follow;
use crate::host::Host;
use crate::output::Output;
use crate::text::{self, Align};

pub async fn run(command: Backup, host: &Host, output: &Output) -> Result<()> {
    match command {
        Backup::Create { name, scope, note, strict, prove, .. } => {
            let (kind, tables, exclude) = parts(scope);
            let request = BackupCreateRequest {
                connection: name,
                kind,
                tables,
                exclude,
                note,
                strict,
                prove: prove.then_some(true),
            };
            create(request, host, output).await
        }
        Backup::Plan { name, scope } => {
            let (kind, tables, exclude) = parts(scope);
            let request = BackupPlanRequest { connection: name, kind, tables, exclude };
            let plan: BackupPlan = host.call("backup.plan", &request).await?;
            output.result(&plan, || format!("{}\nrestores: {}", plan_text(&plan.holds), plan.can_restore))
        }
        Backup::List { name } => {
            let list: BackupListResponse =
                host.call("backup.list", &BackupListRequest { connection: name }).await?;
            output.result(&list, || list_text(&list))
        }
        Backup::Show { id } => {
            let detail: BackupDetail = host.call("backup.get", &BackupRef { backup: id }).await?;
            output.result(&detail, || detail_text(&detail))
        }
        Backup::Verify { id, level, scratch, .. } => {
            let level = match level {
                LevelName::Stored => Level::Stored,
                LevelName::Decoded => Level::Decoded,
                LevelName::Restored => Level::Restored,
            };
            verify(BackupVerifyRequest { backup: id, level, scratch_connection: scratch }, host, output).await
        }
        Backup::Drill { connection, scratch, .. } => {
            let request = BackupDrillRequest { connection, scratch_connection: scratch };
            let started: Started = host.call("backup.drill", &request).await?;
            let backup = started.id.clone();
            proven(started, &backup, host, output).await
        }
        Backup::Pin { id } => super::retention::pin(id, true, host, output).await,
        Backup::Unpin { id } => super::retention::pin(id, false, host, output).await,
        Backup::Proof { id, to: None, .. } => {
            let detail: BackupDetail = host.call("backup.get", &BackupRef { backup: id }).await?;
            let Some(proof) = detail.proofs.first() else {
                return Err(ApiError::new(ErrorCode::NotFound, "This backup has not been proven yet.")
                    .hint("Prove it: holdfastctl backup verify ID")
                    .into());
            };
            output.result(proof, || proof_text(proof))
        }
        Backup::Proof { id, to: Some(to), text, overwrite } => {
            let to = absolute(&to.to_string_lossy())?;
            let format = if text { ProofFormat::Text } else { ProofFormat::Json };
            let request = ProofExportRequest { backup: id, started_at_ms: None, to, format, overwrite };
            let saved: ProofExportResponse = host.call("backup.proof.export", &request).await?;
            output.result(&saved, || saved.path.clone())
        }
        Backup::Delete { id, confirm } => delete(id, confirm, host, output).await,
        Backup::Export { id, to, format, overwrite, .. } => {
            let to = absolute(&to.to_string_lossy())?;
            let format = match format {
                Format::Sql => ExportFormat::Sql,
                Format::Sqlite => ExportFormat::Sqlite,
            };
            let request = BackupExportRequest { backup: id, to: to.clone(), format, overwrite };
            let started: Started = host.call("backup.export", &request).await?;
            let job = follow::to_the_end(host, output, &started).await?;
            let document =
                json!({ "id": started.id, "job_id": started.job_id, "to": to, "result": job.result });
            output.result(&document, || to.clone())
        }
    }
}

pub fn kind(kind: Kind) -> BackupKind {
    match kind {
        Kind::Full => BackupKind::Full,
        Kind::Schema => BackupKind::Schema,
        Kind::Data => BackupKind::Data,
    }
}

fn parts(scope: ScopeArgs) -> (BackupKind, Vec<String>, Vec<String>) {
    (kind(scope.kind), scope.tables, scope.exclude)
}

async fn create(request: BackupCreateRequest, host: &Host, output: &Output) -> Result<()> {
    let started: Started = host.call("backup.create", &request).await?;
    follow::to_the_end(host, output, &started).await?;
    let detail: BackupDetail = host.call("backup.get", &BackupRef { backup: started.id.clone() }).await?;
    for omission in detail.omissions.iter().filter(|omission| !omission.by_request) {
        output.remark(&format!("not captured: {}", omission_text(omission)));
    }
    for remark in &detail.remarks {
        output.remark(&format!("remark: {}", text::visible(remark)));
    }
    let document = json!({ "id": started.id, "job_id": started.job_id, "backup": detail.backup });
    output.result(&document, || {
        let backup = &detail.backup;
        output.remark(&format!(
            "{} in {}, {}; {} new in the vault; {}.",
            text::count(backup.row_count, "row"),
            text::count(backup.table_count, "table"),
            text::bytes(backup.size_bytes),
            text::bytes(backup.stored_bytes),
            text::badge(backup)
        ));
        started.id.clone()
    })
}

async fn verify(request: BackupVerifyRequest, host: &Host, output: &Output) -> Result<()> {
    let started: Started = host.call("backup.verify", &request).await?;
    proven(started, &request.backup, host, output).await
}

/// Waits for a proof of `backup` and shows its record, also when it failed.
async fn proven(started: Started, backup: &str, host: &Host, output: &Output) -> Result<()> {
    let verdict = follow::to_the_end(host, output, &started).await;
    let job: holdfast_contract::job::Job =
        host.call("job.get", &holdfast_contract::job::JobRef { job: started.job_id.to_string() }).await?;
    let proof = match job.result.and_then(|result| serde_json::from_value::<ProofRecord>(result).ok()) {
        Some(proof) => Some(proof),
        // A proof that failed is on record with the backup; other failures left none.
        None if job.error.as_ref().is_some_and(|error| error.code == ErrorCode::VerificationFailed) => {
            let detail: BackupDetail =
                host.call("backup.get", &BackupRef { backup: backup.to_owned() }).await?;
            detail.proofs.into_iter().next().filter(|proof| !proof.passed)
        }
        None => None,
    };
    let Some(proof) = proof else {
        return verdict.and(Err(internal("The verification left no proof record.")));
    };
    let document = json!({ "id": started.id, "job_id": started.job_id, "proof": proof, "error": job.error });
    output.result(&document, || proof_text(&proof))?;
    if proof.passed && verdict.is_ok() {
        return Ok(());
    }
    let problem = proof.problems.first().cloned().unwrap_or_else(|| "The backup did not pass.".to_owned());
    Err(Failure::printed(ApiError::new(ErrorCode::VerificationFailed, problem)))
}

async fn delete(id: String, confirm: Option<String>, host: &Host, output: &Output) -> Result<()> {
    let plan: BackupDeletePlan = host.call("backup.delete.plan", &BackupRef { backup: id }).await?;
    let request = PlanRef { plan_id: plan.plan_id.clone() };
    let deleted: BackupDeleteResponse =
        host.call_confirmed("backup.delete.apply", &request, agreed(&plan.digest, confirm)).await?;
    let document = json!({ "id": deleted.deleted, "deleted": deleted.deleted });
    output.result(&document, || format!("{}\nIts space is freed by: holdfastctl vault prune", plan.summary))
}

fn omission_text(omission: &Omission) -> String {
    format!("{} {}: {}", omission.kind, text::visible(&omission.name), text::visible(&omission.reason))
}

fn plan_text(plan: &DumpPlan) -> String {
    let rows: Vec<Vec<String>> = plan
        .tables
        .iter()
        .map(|table| {
            let rows =
                table.estimated_rows.map(|rows| format!("~{}", text::number(rows))).unwrap_or_default();
            vec![table.table.to_string(), rows, table.estimated_bytes.map(text::bytes).unwrap_or_default()]
        })
        .collect();
    let mut lines =
        vec![text::table(&[("TABLE", Align::Left), ("ROWS", Align::Right), ("SIZE", Align::Right)], &rows)];
    let objects: Vec<String> =
        plan.object_counts.iter().map(|count| format!("{} {}", count.count, count.kind)).collect();
    lines.push(format!(
        "\nObjects: {}. About {} to read.",
        objects.join(", "),
        text::bytes(plan.estimated_bytes)
    ));
    if plan.omissions.is_empty() {
        lines.push("Everything in it can be captured.".to_owned());
    }
    lines.extend(plan.omissions.iter().map(|omission| format!("not captured: {}", omission_text(omission))));
    lines.extend(plan.remarks.iter().map(|remark| format!("remark: {}", text::visible(remark))));
    lines.join("\n")
}

fn list_text(list: &BackupListResponse) -> String {
    if list.backups.is_empty() {
        return "No backups yet. Take one: holdfastctl backup create NAME".to_owned();
    }
    let rows: Vec<Vec<String>> = list
        .backups
        .iter()
        .map(|backup| {
            vec![
                backup.id.as_str().chars().take(12).collect(),
                backup.connection_name.clone(),
                backup.name.clone(),
                text::time(backup.created_at_ms),
                text::word(&backup.kind),
                text::bytes(backup.size_bytes),
                text::bytes(backup.stored_bytes),
                text::badge(backup),
            ]
        })
        .collect();
    use Align::{Left, Right};
    let head = [
        ("ID", Left),
        ("DATABASE", Left),
        ("NAME", Left),
        ("TAKEN", Left),
        ("KIND", Left),
        ("SIZE", Right),
        ("NEW", Right),
        ("LEVEL", Left),
    ];
    text::table(&head, &rows)
}

fn detail_text(detail: &BackupDetail) -> String {
    let backup = &detail.backup;
    let mut lines = vec![
        format!("{} ({})", text::visible(&backup.name), text::badge(backup)),
        format!("Id        {}", backup.id),
        format!("Database  {} ({})", text::visible(&backup.connection_name), text::visible(&backup.database)),
        format!("Taken     {}", text::time(backup.created_at_ms)),
        format!(
            "Size      {}, {} new in the vault",
            text::bytes(backup.size_bytes),
            text::bytes(backup.stored_bytes)
        ),
    ];
    if let Some(server) = &detail.server {
        lines.push(format!("Server    {} {}", text::word(&server.engine), text::visible(&server.version)));
    }
    if let Some(position) = &detail.position {
        lines.push(format!("Snapshot  {} {}", position.kind, position.value));
    }
    if let Some(error) = &backup.error {
        lines.push(format!("Error     {}", text::visible(&error.message)));
    }
    for omission in &detail.omissions {
        lines.push(format!("Not captured: {}", omission_text(omission)));
    }
    lines.extend(detail.remarks.iter().map(|remark| format!("Remark    {}", text::visible(remark))));
    let rows: Vec<Vec<String>> = detail
        .tables
        .iter()
        .map(|table| {
            let hash = table.content_hash.chars().take(16).collect();
            vec![table.table.to_string(), text::number(table.rows), text::bytes(table.bytes), hash]
        })
        .collect();
    use Align::{Left, Right};
    lines.push(format!(
        "\n{}",
        text::table(&[("TABLE", Left), ("ROWS", Right), ("BYTES", Right), ("CONTENT", Left)], &rows)
    ));
    for proof in &detail.proofs {
        lines.push(format!("\n{}: {}", text::time(proof.started_at_ms), proof_text(proof)));
    }
    lines.join("\n")
}

fn proof_text(proof: &ProofRecord) -> String {
    let verdict = match (proof.passed, proof.level) {
        (true, Level::Stored) => "Stored: every object is present and unchanged",
        (true, Level::Decoded) => "Decoded: everything decrypts, decompresses and equals the snapshot",
        (true, Level::Restored) => "Proven to restore: every row count and content hash equals the snapshot",
        (false, _) => "FAILED",
    };
    let equal = proof.tables.iter().filter(|table| table.hash_equal).count();
    let server = proof
        .server
        .as_ref()
        .map(|server| format!(" on {} {}", text::word(&server.engine), text::visible(&server.version)));
    let mut lines = vec![format!(
        "{verdict} ({}{}, {})",
        if proof.tables.is_empty() {
            "objects only".to_owned()
        } else {
            format!("{equal} of {}", text::count(proof.tables.len() as u64, "table"))
        },
        server.unwrap_or_default(),
        text::duration(proof.duration_ms)
    )];
    if let Some(why) = &proof.not_restored {
        lines.push(format!("  not loaded into a scratch database: {}", text::visible(&why.message)));
    }
    lines.extend(proof.problems.iter().map(|problem| format!("  {}", text::visible(problem))));
    lines.join("\n")
}
