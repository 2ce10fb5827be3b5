//! Deleting a backup: planned, shown, confirmed.

use holdfast_contract::BackupId;
use holdfast_contract::backup::{BackupDeletePlan, BackupDeleteResponse, BackupRef, PlanRef};
use holdfast_contract::event::Changed;
use holdfast_contract::policy::{Confirm, Policy, Risk, Target};

use super::Answer;
use crate::backup::{delete, list, shelf};
use crate::catalog::Plan as KeptPlan;
use crate::cx::Cx;
use crate::gate::Operation;
use crate::operations::{ADMINISTER, READ, kept_request};
use crate::vaults;

pub struct DeletePlan;

impl Operation for DeletePlan {
    const NAME: &'static str = "backup.delete.plan";
    const POLICY: Policy = READ;
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
    crate::change::journal::refuse_in_use(cx, &backup).await?;
    delete::plan(&backup, &all, connection.as_ref())
}

pub struct DeleteApply;

impl Operation for DeleteApply {
    const NAME: &'static str = "backup.delete.apply";
    const POLICY: Policy = Policy { risk: Risk::Destroy, confirm: Confirm::DigestAndName, ..ADMINISTER };
    type Request = PlanRef;
    type Response = BackupDeleteResponse;

    fn target(request: &Self::Request) -> Target {
        Target::Plan(request.plan_id.clone())
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let kept = cx.catalog().plans().get(&request.plan_id).await?;
        let request: BackupRef = kept_request(&kept)?;
        let plan = plan_delete(&cx, &request).await?;
        kept.still_holds(&delete::Material::new(&plan))?;
        let id = plan.backup.id;
        if !list::holds_rows(plan.backup.state) && !plan.backup.damaged {
            cx.catalog().attempts().forget(&id).await?;
        } else {
            let vault = vaults::open(&cx).await?;
            vault.delete(&id, cx.now_ms()).await?;
            vaults::remember_tip(&cx, &vault).await?;
        }
        cx.events().changed(Changed::Backups);
        Ok(BackupDeleteResponse { deleted: id })
    }
}
