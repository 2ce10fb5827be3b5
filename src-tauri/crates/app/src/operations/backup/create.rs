//! Making a backup, and what it would hold.

use holdfast_contract::ErrorCode;
use holdfast_contract::backup::{BackupCreateRequest, BackupPlan, BackupPlanRequest, Started};
use holdfast_contract::event::{Changed, Event, NoticeLevel};
use holdfast_contract::policy::{Policy, Target};
use holdfast_contract::snapshot::{BackupKind, Scope};
use holdfast_engine::EngineError;
use serde_json::json;

use super::Answer;
use crate::backup::shelf;
use crate::backup::summary::Heading;
use crate::connections::database::Database;
use crate::cx::{Cx, NewWork};
use crate::gate::Operation;
use crate::jobs::JobContext;
use crate::jobs::stages::Stages;
use crate::operations::{CHANGE, READ};
use crate::proof::produce::{Begun, PROOF_STEPS, Wish, decode_instead, prove, read_back};
use crate::vaults;

pub struct Plan;

impl Operation for Plan {
    const NAME: &'static str = "backup.plan";
    const POLICY: Policy = READ;
    type Request = BackupPlanRequest;
    type Response = BackupPlan;

    fn target(request: &Self::Request) -> Target {
        Target::Named(request.connection.clone())
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let connection = cx.catalog().connections().find(&request.connection).await?;
        let database = Database::of(&cx, &connection).await?;
        let scope = Scope { kind: request.kind, tables: request.tables, exclude: request.exclude };
        let holds = database.dump()?.plan(&scope).await?;
        Ok(BackupPlan { holds, can_restore: scope.can_restore(database.kind()) })
    }
}

pub struct Create;

impl Operation for Create {
    const NAME: &'static str = "backup.create";
    const POLICY: Policy = Policy { schedulable: true, ..CHANGE };
    type Request = BackupCreateRequest;
    type Response = Started;

    fn target(request: &Self::Request) -> Target {
        Target::Named(request.connection.clone())
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let connection = cx.catalog().connections().find(&request.connection).await?;
        let vault = vaults::open(&cx).await?;
        let database = Database::of(&cx, &connection).await?;
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
                let backup = begun.make(&job.id, database.dump()?, &wish, &work, cx.clock().as_ref()).await?;
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
