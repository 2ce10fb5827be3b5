//! Operations `restore.*`: from the request to the use case.

use holdfast_contract::backup::{PlanRef, Started};
use holdfast_contract::connection::Connection;
use holdfast_contract::policy::{Confirm, Policy, Risk, Target};
use holdfast_contract::restore::{
    Restore, RestoreFollowUpPlan, RestoreListRequest, RestoreListResponse, RestorePlan, RestorePlanRequest,
    RestoreRef, RestoreState,
};
use holdfast_contract::{Answer, RestoreId};
use holdfast_engine::TableOrder;
use holdfast_vault::Vault;

use crate::backup::source::VaultSource;
use crate::backup::{list, shelf, standing};
use crate::catalog::{Plan as KeptPlan, RestoreRow};
use crate::clock::new_id;
use crate::connections::database::Database;
use crate::cx::{Cx, NewWork};
use crate::gate::Operation;
use crate::restore::follow_up::{self, FollowUp};
use crate::restore::intent::Intent;
use crate::restore::job::{self, FollowingUp, Restoring};
use crate::restore::journal::{Facts, Journal};
use crate::restore::plan::{self, Ground, Material, require_unblocked};
use crate::vaults;

/// The gate takes the plan before the operation runs, so that nobody applies it twice.
const DESTROYS: Policy = Policy { risk: Risk::Destroy, confirm: Confirm::DigestAndName, ..super::ADMINISTER };

/// Everything a restore plan was made from.
struct Planned {
    plan: RestorePlan,
    material: Material,
    intent: Intent,
    connection: Connection,
    database: Database,
    vault: Vault,
    source: VaultSource,
    order: Option<TableOrder>,
}

enum Wanted<'a> {
    /// For the first time: names are made up.
    Asked(&'a RestorePlanRequest),
    Again(&'a Intent),
}

async fn make_plan(cx: &Cx, wanted: Wanted<'_>) -> Answer<Planned> {
    let (backup, to) = match &wanted {
        Wanted::Asked(request) => (request.backup.as_str(), request.to.as_str()),
        Wanted::Again(intent) => (intent.backup.as_str(), intent.connection.as_str()),
    };
    let vault = vaults::open(cx).await?;
    let backup = shelf::find(cx, &vault, backup).await?;
    list::require_good(&backup)?;
    let connection = cx.catalog().connections().find(to).await?;
    let database = Database::of(cx, &connection).await?;
    let source = VaultSource::open(&vault, &backup.id).await?;
    let intent = match wanted {
        Wanted::Again(intent) => intent.clone(),
        Wanted::Asked(request) => Intent::new(&backup, &connection, &database, request)?,
    };
    let source = source.mapping_definers(intent.map_definers);
    let proofs = standing::proofs(&vault, Some(&backup.id)).await?;
    let ground = Ground {
        connection: &connection,
        database: &database,
        backup: &backup,
        source: &source,
        proofs: &proofs,
        now_ms: cx.now_ms(),
    };
    let (plan, order) = plan::plan(&intent, &ground).await?;
    let material = Material::new(&intent, &connection, &plan, order.as_ref());
    Ok(Planned { plan, material, intent, connection, database, vault, source, order })
}

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
        let Planned { plan, material, intent, connection, database, vault, source, order } =
            make_plan(&cx, Wanted::Again(&intent)).await?;
        kept.still_holds(&material)?;
        require_unblocked(&plan)?;
        let id = RestoreId(new_id());
        let row = RestoreRow {
            id: id.clone(),
            state: RestoreState::Planned,
            connection_id: connection.id.clone(),
            job_id: None,
            started_at_ms: cx.now_ms(),
            ended_at_ms: None,
            facts: serde_json::Value::Null,
            instance: cx.home().instance().to_owned(),
        };
        let mut facts = Facts::new(intent, plan.backup.name.clone(), connection.name.clone());
        (facts.order, facts.chosen) = (order, plan.chosen.clone());
        let journal = Journal::begin(cx.catalog(), row, facts).await?;
        let new = NewWork {
            title: match plan.chosen.as_slice() {
                [] => format!("Restore {} from “{}”", connection.name, plan.backup.name),
                [table] => {
                    format!("Restore {} of {} from “{}”", table.from, connection.name, plan.backup.name)
                }
                more => format!(
                    "Restore {} tables of {} from “{}”",
                    more.len(),
                    connection.name,
                    plan.backup.name
                ),
            },
            connection_id: Some(connection.id.clone()),
            cancellable: true,
        };
        let all = Restoring {
            cx: cx.clone(),
            vault,
            connection,
            database,
            source,
            journal,
            safety_backup: plan.safety_backup,
        };
        let job_id = cx.start_job(new, move |context| job::restore(all, context)).await?;
        Ok(Started { id: id.0, job_id })
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
    let id = journal.id().to_string();
    let title = match what {
        FollowUp::Undo => format!("Undo the restore of {}", connection.name),
        FollowUp::Release => format!("Release what the restore of {} kept", connection.name),
    };
    let new = NewWork { title, connection_id: Some(connection.id.clone()), cancellable: false };
    let all = FollowingUp { cx: cx.clone(), database, journal, what };
    let job_id = cx.start_job(new, move |context| job::follow_up(all, context)).await?;
    Ok(Started { id, job_id })
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
