//! Operations `restore.*`: from the request to the use case.

use holdfast_contract::backup::{PlanRef, Started};
use holdfast_contract::connection::Connection;
use holdfast_contract::policy::{Confirm, Policy, Risk, Target};
use holdfast_contract::restore::{
    Restore, RestoreFollowUpPlan, RestoreListRequest, RestoreListResponse, RestorePlan, RestorePlanRequest,
    RestoreRef,
};
use holdfast_contract::{ApiError, RestoreId};

use crate::catalog::Plan as KeptPlan;
use crate::change::journal::Journal;
use crate::change::{FollowUp, follow_up};
use crate::connections::database::Database;
use crate::cx::Cx;
use crate::gate::Operation;
use crate::restore::job;
use crate::restore::planned::{Intent, Planned, Wanted, make_plan, require_unblocked};

type Answer<T> = Result<T, ApiError>;

/// The gate takes the plan before the operation runs, so that nobody applies it twice.
const DESTROYS: Policy = Policy { risk: Risk::Destroy, confirm: Confirm::DigestAndName, ..super::ADMINISTER };

pub struct Plan;

impl Operation for Plan {
    const NAME: &'static str = "restore.plan";
    const POLICY: Policy = super::READ;
    type Request = RestorePlanRequest;
    type Response = RestorePlan;

    fn target(request: &Self::Request) -> Target {
        Target::Named(request.to.clone())
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let Planned { mut plan, material, intent, connection, .. } =
            make_plan(&cx, Wanted::Asked(&request)).await?;
        let mut kept = KeptPlan::new(Apply::NAME, &intent, &material, cx.now_ms())?;
        kept.confirm_name.clone_from(&plan.confirm_name);
        kept.target_name = Some(connection.name);
        plan.plan_id = kept.id.clone();
        plan.digest.clone_from(&kept.digest);
        cx.catalog().plans().put(kept).await?;
        Ok(plan)
    }
}

pub struct Apply;

impl Operation for Apply {
    const NAME: &'static str = "restore.apply";
    const POLICY: Policy = DESTROYS;
    type Request = PlanRef;
    type Response = Started;

    fn target(request: &Self::Request) -> Target {
        Target::Plan(request.plan_id.clone())
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let kept = cx.catalog().plans().get(&request.plan_id).await?;
        let intent: Intent = super::kept_request(&kept)?;
        let planned = make_plan(&cx, Wanted::Again(&intent)).await?;
        kept.still_holds(&planned.material)?;
        require_unblocked(&planned.plan)?;
        job::start(&cx, planned).await
    }
}

pub struct List;

impl Operation for List {
    const NAME: &'static str = "restore.list";
    const POLICY: Policy = super::READ;
    type Request = RestoreListRequest;
    type Response = RestoreListResponse;

    fn target(request: &Self::Request) -> Target {
        request.connection.clone().map_or(Target::Application, Target::Named)
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let connection = match &request.connection {
            Some(wanted) => Some(cx.catalog().connections().find(wanted).await?.id),
            None => None,
        };
        let rows = cx.catalog().restores().list(connection.as_ref()).await?;
        let restores: Answer<Vec<Restore>> =
            rows.into_iter().map(|row| Ok(Journal::open(cx.catalog(), row)?.restore())).collect();
        Ok(RestoreListResponse { restores: restores? })
    }
}

pub struct Get;

impl Operation for Get {
    const NAME: &'static str = "restore.get";
    const POLICY: Policy = super::READ;
    type Request = RestoreRef;
    type Response = Restore;

    fn target(request: &Self::Request) -> Target {
        Target::Restore(RestoreId(request.restore.clone()))
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let row = cx.catalog().restores().find(&request.restore).await?;
        Ok(Journal::open(cx.catalog(), row)?.restore())
    }
}

struct Followed {
    plan: RestoreFollowUpPlan,
    material: follow_up::Material,
    connection: Connection,
    database: Database,
    journal: Journal,
}

async fn make_follow_up(cx: &Cx, what: FollowUp, restore: &str) -> Answer<Followed> {
    let journal = Journal::open(cx.catalog(), cx.catalog().restores().find(restore).await?)?;
    let connection = cx.catalog().connections().find(journal.connection().as_str()).await?;
    let database = Database::of(cx, &connection).await?;
    let plan = follow_up::plan(what, &journal, &connection, &database).await?;
    let material = follow_up::Material::new(what, &journal, &connection);
    Ok(Followed { plan, material, connection, database, journal })
}

async fn plan_follow_up(
    cx: &Cx,
    what: FollowUp,
    apply: &'static str,
    request: &RestoreRef,
) -> Answer<RestoreFollowUpPlan> {
    let Followed { mut plan, material, connection, journal, .. } =
        make_follow_up(cx, what, &request.restore).await?;
    let request = RestoreRef { restore: journal.id().to_string() };
    let mut kept = KeptPlan::new(apply, &request, &material, cx.now_ms())?;
    kept.confirm_name.clone_from(&plan.confirm_name);
    kept.target_name = Some(connection.name);
    plan.plan_id = kept.id.clone();
    plan.digest.clone_from(&kept.digest);
    cx.catalog().plans().put(kept).await?;
    Ok(plan)
}

async fn apply_follow_up(cx: &Cx, what: FollowUp, request: &PlanRef) -> Answer<Started> {
    let kept = cx.catalog().plans().get(&request.plan_id).await?;
    let request: RestoreRef = super::kept_request(&kept)?;
    let Followed { material, connection, database, journal, .. } =
        make_follow_up(cx, what, &request.restore).await?;
    kept.still_holds(&material)?;
    follow_up::start(cx, what, &connection, database, journal).await
}

macro_rules! follow_ups {
    ($($plan:ident $apply:ident $what:ident $plan_name:literal $apply_name:literal;)*) => {$(
        pub struct $plan;

        impl Operation for $plan {
            const NAME: &'static str = $plan_name;
            const POLICY: Policy = super::READ;
            type Request = RestoreRef;
            type Response = RestoreFollowUpPlan;

            fn target(request: &Self::Request) -> Target {
                Target::Restore(RestoreId(request.restore.clone()))
            }

            async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
                plan_follow_up(&cx, FollowUp::$what, $apply::NAME, &request).await
            }
        }

        pub struct $apply;

        impl Operation for $apply {
            const NAME: &'static str = $apply_name;
            const POLICY: Policy = DESTROYS;
            type Request = PlanRef;
            type Response = Started;

            fn target(request: &Self::Request) -> Target {
                Target::Plan(request.plan_id.clone())
            }

            async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
                apply_follow_up(&cx, FollowUp::$what, &request).await
            }
        }
    )*};
}

follow_ups! {
    UndoPlan UndoApply Undo "restore.undo.plan" "restore.undo.apply";
    ReleasePlan ReleaseApply Release "restore.release.plan" "restore.release.apply";
}
