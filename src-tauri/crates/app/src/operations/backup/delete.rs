//! Deleting a backup: planned, shown, confirmed.

use holdfast_contract::backup::{Backup, BackupDeletePlan, BackupDeleteResponse, BackupRef};
use holdfast_contract::event::Topic;
use holdfast_contract::policy::{Consent, Policy};

use super::Answer;
use crate::backup::{delete, shelf};
use crate::catalog::Plan;
use crate::cx::Cx;
use crate::gate::{Agreed, Done, Look, Planned, PlansAtOnce, touched};
use crate::vaults;

pub struct Delete;

impl PlansAtOnce for Delete {
    const PLAN: &'static str = "backup.delete.plan";
    type Request = BackupRef;

    async fn settle(cx: &Cx, request: BackupRef) -> Answer<BackupRef> {
        let vault = vaults::open(cx).await?;
        let backup = shelf::find(cx, &vault, &request.backup).await?;
        Ok(BackupRef { backup: backup.id.to_string() })
    }
}

impl Planned for Delete {
    const APPLY: &'static str = "backup.delete.apply";
    const POLICY: Policy = Policy::destroys(Consent::DigestAndName, &[Topic::Backups, Topic::Vault]);
    /// With the whole id.
    type Intent = BackupRef;
    type Plan = BackupDeletePlan;
    type Ground = Backup;
    type Outcome = Done<BackupDeleteResponse>;

    async fn look(cx: &Cx, intent: &BackupRef) -> Answer<Look<Self>> {
        let vault = vaults::open(cx).await?;
        let all = shelf::all(cx, &vault).await?;
        let backup = shelf::find(cx, &vault, &intent.backup).await?;
        let connection = shelf::origin(cx, &backup).await?;
        crate::change::journal::refuse_in_use(cx, &backup).await?;
        let plan = delete::plan(&backup, &all, connection.as_ref())?;
        Ok(Look {
            digest: Plan::digest_of(&delete::Material::new(&plan))?,
            blockers: Vec::new(),
            confirm_name: plan.confirm_name.clone(),
            touched: touched::backup(cx, &intent.backup).await?,
            ground: backup,
            plan,
        })
    }

    async fn apply(cx: Cx, agreed: Agreed<Self>) -> Answer<Done<BackupDeleteResponse>> {
        let (_, _, backup, consent) = agreed.into_parts();
        delete::delete(&cx, backup, &consent).await.map(|deleted| Done(BackupDeleteResponse { deleted }))
    }
}
