//! retention.* and backup.pin

use holdfast_contract::ApiError;
use holdfast_contract::backup::PlanRef;
use holdfast_contract::meta::Empty;
use holdfast_contract::policy::{Confirm, Policy, Risk, Target};
use holdfast_contract::retention::{
    BackupPinRequest, BackupPinResponse, GroupRetentionListResponse, GroupRetentionPreview,
    GroupRetentionPreviewRequest, GroupRetentionSetRequest, Retention, RetentionOutcome, RetentionPlan,
    RetentionPlanRequest, RetentionRef, RetentionRunRequest, RetentionSetRequest,
};

use crate::catalog::Plan as KeptPlan;
use crate::cx::Cx;
use crate::gate::Operation;
use crate::retention::{self, Material};

pub struct Get;
impl Operation for Get {
    const NAME: &'static str = "retention.get";
    const POLICY: Policy = super::READ;
    type Request = RetentionRef;
    type Response = Retention;
    fn target(request: &RetentionRef) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: RetentionRef) -> Result<Retention, ApiError> {
        let connection = cx.catalog().connections().find(&request.connection).await?;
        retention::get(&cx, &connection).await
    }
}

pub struct Set;
impl Operation for Set {
    const NAME: &'static str = "retention.set";
    /// From now on backups go without anybody being asked.
    const POLICY: Policy = super::ADMINISTER;
    type Request = RetentionSetRequest;
    type Response = Retention;
    fn target(request: &RetentionSetRequest) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: RetentionSetRequest) -> Result<Retention, ApiError> {
        let connection = cx.catalog().connections().find(&request.connection).await?;
        match request.inherit {
            true => retention::inherit(&cx, &connection).await,
            false => retention::set(&cx, &connection, request.rules, request.zone).await,
        }
    }
}

pub struct Plan;
impl Operation for Plan {
    const NAME: &'static str = "retention.plan";
    const POLICY: Policy = super::READ;
    type Request = RetentionPlanRequest;
    type Response = RetentionPlan;
    fn target(request: &RetentionPlanRequest) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: RetentionPlanRequest) -> Result<RetentionPlan, ApiError> {
        let connection = cx.catalog().connections().find(&request.connection).await?;
        let set = retention::get(&cx, &connection).await?;
        let tried = Retention { rules: request.rules.unwrap_or_else(|| set.rules.clone()), ..set };
        let mut plan = retention::plan(&cx, &connection, tried).await?;
        let request = RetentionRef { connection: connection.id.to_string() };
        let mut kept = KeptPlan::new(Apply::NAME, &request, &Material::new(&plan), cx.now_ms())?;
        kept.target_name = Some(connection.name);
        plan.plan_id = kept.id.clone();
        plan.digest.clone_from(&kept.digest);
        cx.catalog().plans().put(kept).await?;
        Ok(plan)
    }
}

/// By the rules that are set.
async fn plan_again(cx: &Cx, request: &RetentionRef) -> Result<RetentionPlan, ApiError> {
    let connection = cx.catalog().connections().find(&request.connection).await?;
    let set = retention::get(cx, &connection).await?;
    retention::plan(cx, &connection, set).await
}

pub struct Apply;
impl Operation for Apply {
    const NAME: &'static str = "retention.apply";
    const POLICY: Policy = Policy { risk: Risk::Destroy, confirm: Confirm::Digest, ..super::ADMINISTER };
    type Request = PlanRef;
    type Response = RetentionOutcome;
    fn target(request: &PlanRef) -> Target {
        Target::Plan(request.plan_id.clone())
    }
    async fn run(cx: Cx, request: PlanRef) -> Result<RetentionOutcome, ApiError> {
        let kept = cx.catalog().plans().get(&request.plan_id).await?;
        let plan = plan_again(&cx, &super::kept_request(&kept)?).await?;
        kept.still_holds(&Material::new(&plan))?;
        retention::carry_out(&cx, &plan).await
    }
}

pub struct Run;
impl Operation for Run {
    const NAME: &'static str = "retention.run";
    /// What the rules say was agreed to when an administrator set them; nothing is asked at night.
    const POLICY: Policy = Policy { risk: Risk::Destroy, schedulable: true, ..super::CHANGE };
    type Request = RetentionRunRequest;
    type Response = RetentionOutcome;
    fn target(request: &RetentionRunRequest) -> Target {
        let named = request.connection.as_ref().or(request.group.as_ref());
        named.cloned().map_or(Target::Vault, Target::Named)
    }
    async fn run(cx: Cx, request: RetentionRunRequest) -> Result<RetentionOutcome, ApiError> {
        retention::groups::run(&cx, request).await
    }
}

pub struct GroupList;
impl Operation for GroupList {
    const NAME: &'static str = "retention.group.list";
    const POLICY: Policy = super::READ;
    type Request = Empty;
    type Response = GroupRetentionListResponse;
    fn target(_: &Empty) -> Target {
        Target::Application
    }
    async fn run(cx: Cx, _: Empty) -> Result<GroupRetentionListResponse, ApiError> {
        retention::groups::list(&cx).await
    }
}

pub struct GroupPreview;
impl Operation for GroupPreview {
    const NAME: &'static str = "retention.group.preview";
    const POLICY: Policy = super::READ;
    type Request = GroupRetentionPreviewRequest;
    type Response = GroupRetentionPreview;
    fn target(request: &GroupRetentionPreviewRequest) -> Target {
        Target::Named(request.group.clone())
    }
    async fn run(cx: Cx, request: GroupRetentionPreviewRequest) -> Result<GroupRetentionPreview, ApiError> {
        retention::groups::preview(&cx, request).await
    }
}

pub struct GroupSet;
impl Operation for GroupSet {
    const NAME: &'static str = "retention.group.set";
    /// From now on backups go without anybody being asked.
    const POLICY: Policy = super::ADMINISTER;
    type Request = GroupRetentionSetRequest;
    type Response = GroupRetentionListResponse;
    fn target(request: &GroupRetentionSetRequest) -> Target {
        Target::Named(request.group.clone())
    }
    async fn run(cx: Cx, request: GroupRetentionSetRequest) -> Result<GroupRetentionListResponse, ApiError> {
        retention::groups::set(&cx, request).await
    }
}

pub struct Pin;
impl Operation for Pin {
    const NAME: &'static str = "backup.pin";
    const POLICY: Policy = super::CHANGE;
    type Request = BackupPinRequest;
    type Response = BackupPinResponse;
    fn target(request: &BackupPinRequest) -> Target {
        Target::Backup(holdfast_contract::BackupId(request.backup.clone()))
    }
    async fn run(cx: Cx, request: BackupPinRequest) -> Result<BackupPinResponse, ApiError> {
        let id = retention::pin(&cx, &request.backup, request.pinned).await?;
        Ok(BackupPinResponse { id, pinned: request.pinned })
    }
}
