//! Proving a backup again.

use holdfast_contract::backup::{BackupState, BackupVerifyRequest, Level, ProofRecord};
use holdfast_contract::event::Topic;
use holdfast_contract::policy::Policy;

use super::Answer;
use crate::backup::{list, shelf};
use crate::cx::Begun;
use crate::cx::{Cx, NewWork};
use crate::gate::{Starting, touched};
use crate::jobs::JobContext;
use crate::jobs::stages::Stages;
use crate::proof::prove::{PROOF_STEPS, prove_restored};
use crate::proof::verify::{Depth, require_passed, verify};
use crate::vaults;

pub struct Verify;

impl Starting for Verify {
    const NAME: &'static str = "backup.verify";
    const POLICY: Policy = Policy::changes(&[Topic::Jobs, Topic::Backups]).schedulable();
    type Request = BackupVerifyRequest;
    type Result = ProofRecord;

    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched::backup(cx, &request.backup).await
    }

    async fn start(cx: Cx, request: Self::Request) -> Answer<Begun<Self::Result>> {
        let vault = vaults::open(&cx).await?;
        let backup = shelf::find(&cx, &vault, &request.backup).await?;
        if backup.state != BackupState::Failed || !backup.damaged {
            list::require_good(&backup)?;
        }
        let server = match &request.scratch_connection {
            Some(wanted) => Some(cx.catalog().connections().find(wanted).await?),
            None => shelf::origin(&cx, &backup).await?,
        };
        let new = NewWork {
            title: format!("Prove backup “{}” of {}", backup.name, backup.connection_name),
            connection_id: server.as_ref().map(|connection| connection.id.clone()),
            cancellable: true,
        };
        let (level, given) = (request.level, cx.clone());
        cx.start_job(new, move |job: JobContext| async move {
            let cx = given;
            let work = job.work(cx.settings().await?.parallel as usize)?;
            let outcome = match level {
                Level::Stored => verify(&vault, &backup.id, Depth::Stored, &work, cx.clock().as_ref()).await,
                Level::Decoded => {
                    let depth = Depth::Decoded { instead: None };
                    verify(&vault, &backup.id, depth, &work, cx.clock().as_ref()).await
                }
                Level::Restored => {
                    let stages = Stages::new(job.progress.clone(), PROOF_STEPS);
                    prove_restored(&cx, &vault, &backup, server.as_ref(), &stages, &work).await
                }
            };
            // Also a failed verification has written a record.
            cx.events().changed(Topic::Backups);
            let record = outcome?;
            require_passed(&record, &backup.name)?;
            Ok(record)
        })
        .await
    }
}
