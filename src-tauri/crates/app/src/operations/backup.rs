//! Operations `backup.*`: from the request to the use case.

use std::path::PathBuf;

use holdfast_contract::backup::{
    BackupCreateRequest, BackupDeletePlan, BackupDeleteResponse, BackupDetail, BackupExportRequest,
    BackupListRequest, BackupListResponse, BackupPlan, BackupPlanRequest, BackupRef, BackupVerifyRequest,
    Level, PlanRef, ProofExportRequest, ProofExportResponse, Started,
};
use holdfast_contract::event::{Changed, Event, NoticeLevel};
use holdfast_contract::policy::{Confirm, Policy, Risk, Target};
use holdfast_contract::snapshot::{BackupKind, Scope};
use holdfast_contract::{ApiError, BackupId, ErrorCode};
use holdfast_engine::EngineError;
use holdfast_vault::VaultError;
use serde_json::json;

use crate::backup::summary::Heading;
use crate::backup::{delete, list, shelf};
use crate::catalog::Plan as KeptPlan;
use crate::cx::{Cx, NewWork};
use crate::gate::Operation;
use crate::jobs::JobContext;
use crate::proof::place::Place;
use crate::proof::produce::{Begun, PROOF_STEPS, Wish, decode_instead, prove, prove_restored, read_back};
use crate::proof::stages::Stages;
use crate::proof::verify::{Depth, require_passed, verify};
use crate::{connections, export, vaults};

type Answer<T> = Result<T, ApiError>;

pub struct Plan;

impl Operation for Plan {
    const NAME: &'static str = "backup.plan";
    const POLICY: Policy = super::READ;
    type Request = BackupPlanRequest;
    type Response = BackupPlan;

    fn target(request: &Self::Request) -> Target {
        Target::Named(request.connection.clone())
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let connection = cx.catalog().connections().find(&request.connection).await?;
        let place = Place::new(connections::access(&cx, &connection).await?)?;
        let scope = Scope { kind: request.kind, tables: request.tables, exclude: request.exclude };
        let holds = place.dump()?.plan(&scope).await.map_err(EngineError::into_api)?;
        Ok(BackupPlan { holds, can_restore: scope.can_restore(place.kind()) })
    }
}

pub struct Create;

impl Operation for Create {
    const NAME: &'static str = "backup.create";
    const POLICY: Policy = Policy { schedulable: true, ..super::CHANGE };
    type Request = BackupCreateRequest;
    type Response = Started;

    fn target(request: &Self::Request) -> Target {
        Target::Named(request.connection.clone())
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let connection = cx.catalog().connections().find(&request.connection).await?;
        let vault = vaults::open(&cx).await?;
        let place = Place::new(connections::access(&cx, &connection).await?)?;
        let settings = cx.settings().await?;
        let parallel = settings.parallel as usize;
        let heading = Heading::new(
            connection.clone(),
            request.kind,
            request.note,
            "Manual backup",
            settings.compression_level,
        );
        let begun =
            Begun::new(&vault, cx.catalog(), heading, cx.home().instance(), parallel, cx.now_ms()).await?;
        let id = begun.id().clone();
        let new = NewWork {
            title: format!("Back up {}", connection.name),
            connection_id: Some(connection.id.clone()),
            cancellable: true,
        };
        let wish = Wish {
            scope: Scope { kind: request.kind, tables: request.tables, exclude: request.exclude },
            strict: request.strict,
        };
        let rows_only = request.kind == BackupKind::Data;
        let (asked, given) = (request.prove, cx.clone());
        let job_id = cx
            .start_job(new, move |job: JobContext| async move {
                let cx = given;
                let wants_proof = asked.unwrap_or(connection.prove_after_backup);
                let stages = Stages::new(job.progress.clone(), if wants_proof { 2 + PROOF_STEPS } else { 2 });
                let work = job.work(parallel)?;
                stages.next(&format!("Reading {}", connection.name));
                let backup = begun.make(&job.id, &place, &wish, &work, cx.clock().as_ref()).await?;
                vaults::remember_tip(&cx, &vault).await?;
                stages.next("Reading back what was stored");
                read_back(&vault, &backup, &work, cx.clock().as_ref()).await?;
                let mut not_proven = None;
                if wants_proof {
                    match prove(&cx, &vault, &backup, Some(&connection), &stages, &work).await {
                        Ok(_) => {}
                        Err(error) if is_verdict(error.code) => return Err(error),
                        Err(error) => {
                            decode_instead(&cx, &vault, &backup, &error, &work).await?;
                            cx.events().changed(Changed::Backups);
                            // Asked for, and possible at all: rows alone may not fit what is there now.
                            if asked.is_some() && !rows_only {
                                return Err(error);
                            }
                            // The backup itself is good: said, but not a failure.
                            cx.events().send(Event::Notice {
                                level: NoticeLevel::Warning,
                                title: format!("{} is backed up, but not proven", connection.name),
                                text: error.message.clone(),
                            });
                            not_proven = Some(error);
                        }
                    }
                }
                let backup = shelf::find(&cx, &vault, backup.id.as_str()).await?;
                cx.events().changed(Changed::Backups);
                let mut result = json!(backup);
                if let Some(error) = not_proven {
                    result["not_proven"] = json!(error);
                }
                Ok(result)
            })
            .await?;
        Ok(Started { id: id.0, job_id })
    }
}

/// Errors that end a backup's job even when the proof was only a habit.
fn is_verdict(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::VerificationFailed | ErrorCode::Cancelled | ErrorCode::VaultDamaged)
}

pub struct List;

impl Operation for List {
    const NAME: &'static str = "backup.list";
    const POLICY: Policy = super::READ;
    type Request = BackupListRequest;
    type Response = BackupListResponse;

    fn target(request: &Self::Request) -> Target {
        request.connection.clone().map_or(Target::Vault, Target::Named)
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let vault = vaults::open(&cx).await?;
        let mut backups = shelf::all(&cx, &vault).await?;
        if let Some(wanted) = request.connection {
            let known = cx.catalog().connections().lookup(&wanted).await?;
            backups.retain(|backup| shelf::belongs(backup, &wanted, known.as_ref()));
            if known.is_none() && backups.is_empty() {
                // Neither a connection nor a name that a backup remembers: say so instead of showing nothing.
                cx.catalog().connections().find(&wanted).await?;
            }
        }
        Ok(BackupListResponse { backups })
    }
}

pub struct Get;

impl Operation for Get {
    const NAME: &'static str = "backup.get";
    const POLICY: Policy = super::READ;
    type Request = BackupRef;
    type Response = BackupDetail;

    fn target(request: &Self::Request) -> Target {
        Target::Backup(BackupId(request.backup.clone()))
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let vault = vaults::open(&cx).await?;
        let backup = shelf::find(&cx, &vault, &request.backup).await?;
        list::detail(&vault, backup).await
    }
}

pub struct Verify;

impl Operation for Verify {
    const NAME: &'static str = "backup.verify";
    const POLICY: Policy = Policy { schedulable: true, ..super::CHANGE };
    type Request = BackupVerifyRequest;
    type Response = Started;

    fn target(request: &Self::Request) -> Target {
        Target::Backup(BackupId(request.backup.clone()))
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let vault = vaults::open(&cx).await?;
        let backup = shelf::find(&cx, &vault, &request.backup).await?;
        if backup.state != holdfast_contract::backup::BackupState::Failed || !backup.damaged {
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
        let job_id = cx
            .start_job(new, move |job: JobContext| async move {
                let cx = given;
                let work = job.work(cx.settings().await?.parallel as usize)?;
                let outcome = match level {
                    Level::Stored => {
                        verify(&vault, &backup.id, Depth::Stored, &work, cx.clock().as_ref()).await
                    }
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
                cx.events().changed(Changed::Backups);
                let record = outcome?;
                require_passed(&record, &backup.name)?;
                Ok(json!(record))
            })
            .await?;
        Ok(Started { id: job_id.0.clone(), job_id })
    }
}

pub struct DeletePlan;

impl Operation for DeletePlan {
    const NAME: &'static str = "backup.delete.plan";
    const POLICY: Policy = super::READ;
    type Request = BackupRef;
    type Response = BackupDeletePlan;

    fn target(request: &Self::Request) -> Target {
        Target::Backup(BackupId(request.backup.clone()))
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let mut plan = plan_delete(&cx, &request).await?;
        let request = BackupRef { backup: plan.backup.id.to_string() };
        let mut kept =
            KeptPlan::new(DeleteApply::NAME, &request, &delete::Material::new(&plan), cx.now_ms())?;
        kept.confirm_name.clone_from(&plan.confirm_name);
        kept.target_name = Some(format!("{} of {}", plan.backup.name, plan.backup.connection_name));
        plan.plan_id = kept.id.clone();
        plan.digest.clone_from(&kept.digest);
        cx.catalog().plans().put(kept).await?;
        Ok(plan)
    }
}

async fn plan_delete(cx: &Cx, request: &BackupRef) -> Answer<BackupDeletePlan> {
    let vault = vaults::open(cx).await?;
    let all = shelf::all(cx, &vault).await?;
    let backup = shelf::find(cx, &vault, &request.backup).await?;
    let connection = shelf::origin(cx, &backup).await?;
    crate::restore::journal::refuse_in_use(cx, &backup).await?;
    delete::plan(&backup, &all, connection.as_ref())
}

pub struct DeleteApply;

impl Operation for DeleteApply {
    const NAME: &'static str = "backup.delete.apply";
    const POLICY: Policy =
        Policy { risk: Risk::Destroy, confirm: Confirm::DigestAndName, ..super::ADMINISTER };
    type Request = PlanRef;
    type Response = BackupDeleteResponse;

    fn target(request: &Self::Request) -> Target {
        Target::Plan(request.plan_id.clone())
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let kept = cx.catalog().plans().get(&request.plan_id).await?;
        let request: BackupRef = super::kept_request(&kept)?;
        let plan = plan_delete(&cx, &request).await?;
        kept.still_holds(&delete::Material::new(&plan))?;
        let id = plan.backup.id;
        if !list::holds_rows(plan.backup.state) && !plan.backup.damaged {
            cx.catalog().attempts().forget(&id).await?;
        } else {
            let vault = vaults::open(&cx).await?;
            vault.delete(&id, cx.now_ms()).await.map_err(VaultError::into_api)?;
            vaults::remember_tip(&cx, &vault).await?;
        }
        cx.events().changed(Changed::Backups);
        Ok(BackupDeleteResponse { deleted: id })
    }
}

pub struct Export;

impl Operation for Export {
    const NAME: &'static str = "backup.export";
    /// Everything the database holds leaves the vault, readable.
    const POLICY: Policy = super::CHANGE;
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
    const POLICY: Policy = super::CHANGE;
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
