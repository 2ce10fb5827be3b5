//! table.clear.* and cleanup.*

use holdfast_contract::ApiError;
use holdfast_contract::backup::{PlanRef, Started};
use holdfast_contract::clearing::{
    CleanupCandidatesRequest, CleanupCandidatesResponse, CleanupPreview, CleanupRule,
    CleanupRuleListResponse, CleanupRuleRef, CleanupRuleSetRequest, TableClearPlan, TableClearPlanRequest,
};
use holdfast_contract::meta::Empty;
use holdfast_contract::policy::{Confirm, Policy, Risk, Target};

use crate::catalog::Plan as KeptPlan;
use crate::clearing::{candidates, rules, table};
use crate::cx::Cx;
use crate::gate::Operation;

pub struct ClearPlan;
impl Operation for ClearPlan {
    const NAME: &'static str = "table.clear.plan";
    const POLICY: Policy = super::READ;
    type Request = TableClearPlanRequest;
    type Response = TableClearPlan;
    fn target(request: &TableClearPlanRequest) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: TableClearPlanRequest) -> Result<TableClearPlan, ApiError> {
        let (connection, mut plan) = table::plan(&cx, &request).await?;
        let mut kept = KeptPlan::new(ClearApply::NAME, &request, &table::Material::new(&plan), cx.now_ms())?;
        kept.confirm_name = Some(plan.confirm_name.clone());
        kept.target_name = Some(format!("{} in {}", plan.table, connection.name));
        plan.plan_id = kept.id.clone();
        plan.digest.clone_from(&kept.digest);
        cx.catalog().plans().put(kept).await?;
        Ok(plan)
    }
}

pub struct ClearApply;
impl Operation for ClearApply {
    const NAME: &'static str = "table.clear.apply";
    const POLICY: Policy =
        Policy { risk: Risk::Destroy, confirm: Confirm::DigestAndName, ..super::ADMINISTER };
    type Request = PlanRef;
    type Response = Started;
    fn target(request: &PlanRef) -> Target {
        Target::Plan(request.plan_id.clone())
    }
    async fn run(cx: Cx, request: PlanRef) -> Result<Started, ApiError> {
        let kept = cx.catalog().plans().get(&request.plan_id).await?;
        let (connection, plan) = table::plan(&cx, &super::kept_request(&kept)?).await?;
        kept.still_holds(&table::Material::new(&plan))?;
        table::apply(&cx, connection, plan).await
    }
}

pub struct Candidates;
impl Operation for Candidates {
    const NAME: &'static str = "cleanup.candidates";
    const POLICY: Policy = super::READ;
    type Request = CleanupCandidatesRequest;
    type Response = CleanupCandidatesResponse;
    fn target(request: &CleanupCandidatesRequest) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: CleanupCandidatesRequest) -> Result<CleanupCandidatesResponse, ApiError> {
        candidates::find(&cx, request).await
    }
}

pub struct List;
impl Operation for List {
    const NAME: &'static str = "cleanup.list";
    const POLICY: Policy = super::READ;
    type Request = Empty;
    type Response = CleanupRuleListResponse;
    fn target(_: &Empty) -> Target {
        Target::Application
    }
    async fn run(cx: Cx, _: Empty) -> Result<CleanupRuleListResponse, ApiError> {
        Ok(CleanupRuleListResponse { rules: cx.catalog().cleanup_rules().list().await? })
    }
}

pub struct Preview;
impl Operation for Preview {
    const NAME: &'static str = "cleanup.preview";
    const POLICY: Policy = super::READ;
    type Request = CleanupRuleSetRequest;
    type Response = CleanupPreview;
    fn target(request: &CleanupRuleSetRequest) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: CleanupRuleSetRequest) -> Result<CleanupPreview, ApiError> {
        rules::preview(&cx, request).await
    }
}

pub struct Set;
impl Operation for Set {
    const NAME: &'static str = "cleanup.set";
    /// From now on rows go without anybody being asked.
    const POLICY: Policy = super::ADMINISTER;
    type Request = CleanupRuleSetRequest;
    type Response = CleanupRule;
    fn target(request: &CleanupRuleSetRequest) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: CleanupRuleSetRequest) -> Result<CleanupRule, ApiError> {
        rules::set(&cx, request).await
    }
}

pub struct Remove;
impl Operation for Remove {
    const NAME: &'static str = "cleanup.remove";
    const POLICY: Policy = super::ADMINISTER;
    type Request = CleanupRuleRef;
    type Response = Empty;
    fn target(request: &CleanupRuleRef) -> Target {
        Target::Named(request.rule.clone())
    }
    async fn run(cx: Cx, request: CleanupRuleRef) -> Result<Empty, ApiError> {
        cx.catalog().cleanup_rules().remove(&request.rule).await?;
        Ok(Empty {})
    }
}

pub struct Run;
impl Operation for Run {
    const NAME: &'static str = "cleanup.run";
    /// What the rule says was agreed to when an administrator set it; nothing is asked at night.
    const POLICY: Policy = Policy { risk: Risk::Destroy, schedulable: true, ..super::CHANGE };
    type Request = CleanupRuleRef;
    type Response = Started;
    fn target(request: &CleanupRuleRef) -> Target {
        Target::Named(request.rule.clone())
    }
    async fn run(cx: Cx, request: CleanupRuleRef) -> Result<Started, ApiError> {
        rules::run(&cx, &request.rule).await
    }
}
