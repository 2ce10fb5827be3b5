//! A backup, or the proof of one, as a file outside the vault.

use std::path::PathBuf;

use holdfast_contract::backup::{
    BackupExportRequest, BackupExported, ProofExportRequest, ProofExportResponse,
};
use holdfast_contract::event::Topic;
use holdfast_contract::policy::Policy;

use super::Answer;
use crate::backup::{list, shelf};
use crate::cx::Begun;
use crate::cx::{Cx, NewWork};
use crate::gate::{Operation, Starting, touched};
use crate::jobs::JobContext;
use crate::{export, vaults};

pub struct Export;

impl Starting for Export {
    const NAME: &'static str = "backup.export";
    /// Everything the database holds leaves the vault, readable.
    const POLICY: Policy = Policy::changes(&[Topic::Jobs]).on_this_machine();
    type Request = BackupExportRequest;
    type Result = BackupExported;

    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched::backup(cx, &request.backup).await
    }

    async fn start(cx: Cx, request: Self::Request) -> Answer<Begun<Self::Result>> {
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
        cx.start_job(new, move |job: JobContext| async move {
            let work = job.work(given.settings().await?.parallel as usize)?;
            let BackupExportRequest { format, overwrite, .. } = request;
            let bytes = export::write::export(&vault, &backup.id, &to, format, overwrite, &work).await?;
            Ok(BackupExported { path: to.display().to_string(), bytes })
        })
        .await
    }
}

pub struct ProofExport;

impl Operation for ProofExport {
    const NAME: &'static str = "backup.proof.export";
    const POLICY: Policy = Policy::changes(&[Topic::Backups]).on_this_machine();
    type Request = ProofExportRequest;
    type Response = ProofExportResponse;

    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched::backup(cx, &request.backup).await
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let vault = vaults::open(&cx).await?;
        let backup = shelf::find(&cx, &vault, &request.backup).await?;
        let detail = list::detail(&vault, backup).await?;
        export::proof::write(&detail, &request)
    }
}
