//! A backup, or the proof of one, as a file outside the vault.

use std::path::PathBuf;

use holdfast_contract::BackupId;
use holdfast_contract::backup::{BackupExportRequest, ProofExportRequest, ProofExportResponse, Started};
use holdfast_contract::policy::{Policy, Target};
use serde_json::json;

use super::Answer;
use crate::backup::{list, shelf};
use crate::cx::{Cx, NewWork};
use crate::gate::Operation;
use crate::jobs::JobContext;
use crate::operations::CHANGE;
use crate::{export, vaults};

pub struct Export;

impl Operation for Export {
    const NAME: &'static str = "backup.export";
    /// Everything the database holds leaves the vault, readable.
    const POLICY: Policy = CHANGE;
    type Request = BackupExportRequest;
    type Response = Started;

    fn target(request: &Self::Request) -> Target {
        Target::Backup(BackupId(request.backup.clone()))
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let vault = vaults::open(&cx).await?;
        let backup = shelf::find(&cx, &vault, &request.backup).await?;
        list::require_good(&backup)?;
        let to = PathBuf::from(&request.to);
        export::write::possible(backup.engine, &to, request.format, request.overwrite)?;
        let new = NewWork {
            title: format!("Export “{}” of {}", backup.name, backup.connection_name),
            connection_id: Some(backup.connection_id.clone()),
            cancellable: true,
        };
        let given = cx.clone();
        let job_id = cx
            .start_job(new, move |job: JobContext| async move {
                let work = job.work(given.settings().await?.parallel as usize)?;
                let BackupExportRequest { format, overwrite, .. } = request;
                let bytes = export::write::export(&vault, &backup.id, &to, format, overwrite, &work).await?;
                Ok(json!({ "path": to, "bytes": bytes }))
            })
            .await?;
        Ok(Started { id: job_id.0.clone(), job_id })
    }
}

pub struct ProofExport;

impl Operation for ProofExport {
    const NAME: &'static str = "backup.proof.export";
    const POLICY: Policy = CHANGE;
    type Request = ProofExportRequest;
    type Response = ProofExportResponse;

    fn target(request: &Self::Request) -> Target {
        Target::Backup(BackupId(request.backup.clone()))
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let vault = vaults::open(&cx).await?;
        let backup = shelf::find(&cx, &vault, &request.backup).await?;
        let detail = list::detail(&vault, backup).await?;
        export::proof::write(&detail, &request)
    }
}
