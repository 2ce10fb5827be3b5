//! Operations `import.*`: from the request to the use case.

use holdfast_contract::backup::{PlanRef, Started};
use holdfast_contract::connection::Connection;
use holdfast_contract::import::{ImportInto, ImportPlan, ImportPlanRef, ImportPlanRequest};
use holdfast_contract::policy::{Confirm, Permission, Policy, Risk, Target};
use holdfast_contract::restore::RestoreState;
use holdfast_contract::{Answer, ApiError, ErrorCode, JobId, RestoreId};
use serde_json::json;

use crate::catalog::{Plan as KeptPlan, RestoreRow};
use crate::clock::new_id;
use crate::connections::database::Database;
use crate::cx::{Cx, NewWork};
use crate::gate::Operation;
use crate::import::job::{self, Importing};
use crate::import::plan::{self, Intent, Material, require_unblocked};
use crate::jobs::JobContext;
use crate::restore::journal::{Facts, Imported, Journal};
use crate::vaults;

pub struct Plan;

impl Operation for Plan {
    const NAME: &'static str = "import.plan";
    /// It reads a file of this machine, which may be long: the plan is the result of a job.
    const POLICY: Policy = Policy { needs: Permission::Operate, ..super::READ };
    type Request = ImportPlanRequest;
    type Response = Started;

    fn target(request: &Self::Request) -> Target {
        Target::Named(request.to.clone())
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let (connection, database) = target(&cx, &request.to).await?;
        let new = NewWork {
            title: format!("Look through {}", request.file),
            connection_id: Some(connection.id.clone()),
            cancellable: true,
        };
        let given = cx.clone();
        let job_id = cx
            .start_job(new, move |job: JobContext| async move {
                let work = job.work(1)?;
                let intent = Intent::new(&request, &connection, &database, &work).await?;
                work.progress.phase("Looking at the target");
                let mut plan = plan::plan(&intent, &connection, &database).await?;
                let material = Material::new(&intent, &connection, &plan);
                let mut kept = KeptPlan::new(Apply::NAME, &intent, &material, given.now_ms())?;
                kept.confirm_name.clone_from(&plan.confirm_name);
                kept.target_name = Some(connection.name);
                plan.plan_id = kept.id.clone();
                plan.digest.clone_from(&kept.digest);
                given.catalog().plans().put(kept).await?;
                Ok(json!(plan))
            })
            .await?;
        Ok(Started { id: job_id.0.clone(), job_id })
    }
}

pub struct PlanGet;

impl Operation for PlanGet {
    const NAME: &'static str = "import.plan.get";
    const POLICY: Policy = super::READ;
    type Request = ImportPlanRef;
    type Response = ImportPlan;

    fn target(request: &Self::Request) -> Target {
        Target::Job(JobId(request.job.clone()))
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let job = cx.catalog().jobs().get(&JobId(request.job)).await?;
        let no_plan = || {
            ApiError::new(ErrorCode::NotFound, "This job has made no plan of an import.")
                .hint("Wait until it has succeeded, or make the plan again.")
        };
        if job.operation != Plan::NAME {
            return Err(no_plan());
        }
        serde_json::from_value(job.result.unwrap_or_default()).map_err(|_| no_plan())
    }
}

async fn target(cx: &Cx, name: &str) -> Answer<(Connection, Database)> {
    let connection = cx.catalog().connections().find(name).await?;
    let database = Database::of(cx, &connection).await?;
    Ok((connection, database))
}

pub struct Apply;

impl Operation for Apply {
    const NAME: &'static str = "import.apply";
    const POLICY: Policy =
        Policy { risk: Risk::Destroy, confirm: Confirm::DigestAndName, ..super::ADMINISTER };
    type Request = PlanRef;
    type Response = Started;

    fn target(request: &Self::Request) -> Target {
        Target::Plan(request.plan_id.clone())
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let kept = cx.catalog().plans().get(&request.plan_id).await?;
        let intent: Intent = super::kept_request(&kept)?;
        let (connection, database) = target(&cx, intent.connection.as_str()).await?;
        let plan = plan::plan(&intent, &connection, &database).await?;
        kept.still_holds(&Material::new(&intent, &connection, &plan))?;
        require_unblocked(&plan)?;
        let vault = match intent.into {
            ImportInto::New => None,
            ImportInto::Live | ImportInto::Replace => Some(vaults::open(&cx).await?),
        };
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
        let mut facts = Facts::new(intent.as_restore(), intent.file_name(), connection.name.clone());
        facts.import = Some(Imported { file: intent.file.clone(), into: intent.into, mark: None });
        let journal = Journal::begin(cx.catalog(), row, facts).await?;
        let new = NewWork {
            title: format!("Import {} into {}", intent.file_name(), connection.name),
            connection_id: Some(connection.id.clone()),
            cancellable: true,
        };
        let all = Importing { cx: cx.clone(), vault, connection, database, journal, intent };
        let job_id = cx.start_job(new, move |context| job::import(all, context)).await?;
        Ok(Started { id: id.0, job_id })
    }
}
