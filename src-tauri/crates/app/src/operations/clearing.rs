//! table.clear.* and cleanup.*

use holdfast_contract::ApiError;
use holdfast_contract::clearing::{
    CleanupCandidatesRequest, CleanupCandidatesResponse, CleanupPreview, CleanupRule,
    CleanupRuleListResponse, CleanupRulePlan, CleanupRuleRef, CleanupRuleSetRequest, ClearOutcome,
    TableClearPlan, TableClearPlanRequest,
};
use holdfast_contract::connection::Connection;
use holdfast_contract::event::Topic;
use holdfast_contract::meta::Empty;
use holdfast_contract::policy::{Consent, Permission, Policy};

use crate::catalog::{Plan, Subject};
use crate::clearing::rules::{Found, SetIntent};
use crate::clearing::{candidates, rules, table};
use crate::cx::{Begun, Cx};
use crate::gate::{
    Agreed, Allowed, Asking, Done, Look, Operation, Planned, PlansAtOnce, Reading, RuleNow, Standing, touched,
};

/// A whole table, after a proven backup of the database.
pub struct Clear;
impl PlansAtOnce for Clear {
    const PLAN: &'static str = "table.clear.plan";
    type Request = TableClearPlanRequest;
    async fn settle(_: &Cx, request: TableClearPlanRequest) -> Result<TableClearPlanRequest, ApiError> {
        Ok(request)
    }
}
impl Planned for Clear {
    const APPLY: &'static str = "table.clear.apply";
    const POLICY: Policy =
        Policy::destroys(Consent::DigestAndName, &[Topic::Jobs, Topic::Databases, Topic::Backups]);
    type Intent = TableClearPlanRequest;
    type Plan = TableClearPlan;
    type Ground = Connection;
    type Outcome = Begun<ClearOutcome>;
    async fn look(cx: &Cx, intent: &TableClearPlanRequest) -> Result<Look<Self>, ApiError> {
        let (connection, plan) = table::plan(cx, intent).await?;
        Ok(Look {
            digest: Plan::digest_of(&(table::Material::new(&plan), &connection.spec))?,
            blockers: plan.blockers.clone(),
            confirm_name: Some(plan.confirm_name.clone()),
            touched: vec![touched::of(&connection), touched::table(&plan.table)],
            ground: connection,
            plan,
        })
    }
    async fn apply(cx: Cx, agreed: Agreed<Self>) -> Result<Begun<ClearOutcome>, ApiError> {
        let (_, plan, connection, consent) = agreed.into_parts();
        table::apply(&cx, connection, plan, consent).await
    }
}

pub struct Candidates;
impl Reading for Candidates {
    const NAME: &'static str = "cleanup.candidates";
    /// What is looked for reads every table's statistics: it is not asked again for every change.
    const POLICY: Policy = Policy::reads(&[Topic::Connections]);
    type Request = CleanupCandidatesRequest;
    type Response = CleanupCandidatesResponse;
    async fn run(cx: Cx, request: CleanupCandidatesRequest) -> Result<CleanupCandidatesResponse, ApiError> {
        candidates::find(&cx, request).await
    }
}

pub struct List;
impl Reading for List {
    const NAME: &'static str = "cleanup.list";
    const POLICY: Policy = Policy::reads(&[Topic::Cleanup, Topic::Connections]);
    type Request = Empty;
    type Response = CleanupRuleListResponse;
    async fn run(cx: Cx, _: Empty) -> Result<CleanupRuleListResponse, ApiError> {
        Ok(CleanupRuleListResponse { rules: rules::list(&cx).await? })
    }
}

pub struct Preview;
impl Reading for Preview {
    const NAME: &'static str = "cleanup.preview";
    const POLICY: Policy = Policy::reads(&[Topic::Connections]);
    type Request = CleanupRuleSetRequest;
    type Response = CleanupPreview;
    async fn run(cx: Cx, request: CleanupRuleSetRequest) -> Result<CleanupPreview, ApiError> {
        rules::preview(&cx, request).await
    }
}

/// A rule that deletes by itself from then on.
pub struct Set;
impl PlansAtOnce for Set {
    const PLAN: &'static str = "cleanup.set.plan";
    type Request = CleanupRuleSetRequest;
    async fn settle(cx: &Cx, request: CleanupRuleSetRequest) -> Result<SetIntent, ApiError> {
        rules::settle(cx, request).await
    }
}
impl Planned for Set {
    const APPLY: &'static str = "cleanup.set.apply";
    const POLICY: Policy = Policy::destroys(Consent::DigestAndName, &[Topic::Cleanup]);
    type Intent = SetIntent;
    type Plan = CleanupRulePlan;
    type Ground = ();
    type Outcome = Done<CleanupRule>;
    async fn look(cx: &Cx, intent: &SetIntent) -> Result<Look<Self>, ApiError> {
        let (plan, connection) = rules::plan(cx, intent).await?;
        let digest = (rules::digest(&plan.rule, &connection)?, plan.most_rows, plan.confirm_name.as_ref());
        Ok(Look {
            digest: Plan::digest_of(&digest)?,
            blockers: plan.blockers.clone(),
            confirm_name: plan.confirm_name.clone(),
            touched: vec![
                touched::Touched::Rule { name: plan.rule.name.clone() },
                touched::of(&connection),
                touched::table(&plan.rule.table),
            ],
            ground: (),
            plan,
        })
    }
    async fn apply(cx: Cx, agreed: Agreed<Self>) -> Result<Done<CleanupRule>, ApiError> {
        let (intent, _, (), consent) = agreed.into_parts();
        rules::set(&cx, intent, &consent).await.map(Done)
    }
}

pub struct Remove;
impl Operation for Remove {
    const NAME: &'static str = "cleanup.remove";
    const POLICY: Policy = Policy::changes(&[Topic::Cleanup]).needing(Permission::Administer);
    type Request = CleanupRuleRef;
    type Response = Empty;
    async fn touched(cx: &Cx, request: &CleanupRuleRef) -> touched::Answer {
        touched::rule(cx, &request.rule).await
    }
    async fn run(cx: Cx, request: CleanupRuleRef) -> Result<Empty, ApiError> {
        rules::remove(&cx, &request.rule).await?;
        Ok(Empty {})
    }
}

pub struct Run;
impl Standing for Run {
    const NAME: &'static str = "cleanup.run";
    const POLICY: Policy =
        Policy::standing(&[Topic::Jobs, Topic::Databases, Topic::Backups, Topic::Cleanup]).schedulable();
    type Request = CleanupRuleRef;
    type Result = ClearOutcome;
    type Rule = Found;
    async fn rules(cx: &Cx, request: &CleanupRuleRef) -> Result<Vec<RuleNow<Found>>, ApiError> {
        let found = rules::find(cx, &request.rule).await?;
        Ok(vec![RuleNow {
            name: format!("The rule “{}” of {}", found.0.name, found.1.name),
            touched: touched::rule(cx, found.0.id.as_str()).await?,
            asks: Asking::Consent {
                digest: rules::digest(&found.0, &found.1)?,
                given: cx.catalog().consents().get(&Subject::Cleanup(found.0.id.clone())).await?,
                how: "Look at the rule and agree to it: holdfastctl cleanup agree, or the clean-up page.",
            },
            rule: found,
        }])
    }
    async fn start(
        cx: Cx,
        request: CleanupRuleRef,
        rules: Allowed<Found>,
    ) -> Result<Begun<ClearOutcome>, ApiError> {
        match rules.into_parts().0.pop() {
            Some((found, consent)) => rules::run(&cx, found, consent).await,
            // The gate lets only rules through that hold.
            None => Err(cx.catalog().cleanup_rules().missing(&request.rule)),
        }
    }
}
