//! Operations `import.*`: from the request to the use case.

use holdfast_contract::connection::Connection;
use holdfast_contract::event::Topic;
use holdfast_contract::import::{ImportPlan, ImportPlanRef, ImportPlanRequest};
use holdfast_contract::policy::{Consent, Permission, Policy};
use holdfast_contract::restore::Restore;
use holdfast_contract::{Answer, ApiError, ErrorCode, JobId};

use crate::catalog::Plan as KeptPlan;
use crate::connections::database::Database;
use crate::cx::{Begun, Cx, NewWork};
use crate::gate::{Agreed, Look, Planned, Reading, Starting, keep_plan, touched};
use crate::import::intent::Intent;
use crate::import::job;
use crate::import::plan::{self, Material};
use crate::jobs::JobContext;

async fn target(cx: &Cx, name: &str) -> Answer<(Connection, Database)> {
    let connection = cx.catalog().connections().find(name).await?;
    let database = Database::of(cx, &connection).await?;
    Ok((connection, database))
}

/// Looks through the file, which may be long: the plan is the result of a job.
pub struct LookThrough;

impl Starting for LookThrough {
    const NAME: &'static str = "import.plan";
    const POLICY: Policy = Policy::reads(&[]).needing(Permission::Operate).on_this_machine();
    type Request = ImportPlanRequest;
    type Result = ImportPlan;

    async fn touched(_: &Cx, _: &Self::Request) -> touched::Answer {
        Ok(Vec::new())
    }

    async fn start(cx: Cx, request: Self::Request) -> Answer<Begun<ImportPlan>> {
        let (connection, database) = target(&cx, &request.to).await?;
        let new = NewWork {
            title: format!("Look through {}", request.file),
            connection_id: Some(connection.id.clone()),
            cancellable: true,
        };
        let given = cx.clone();
        cx.start_job(new, move |job: JobContext| async move {
            let work = job.work(1)?;
            let intent = Intent::new(&request, &connection, &database, &work).await?;
            work.progress.phase("Looking at the target");
            keep_plan::<Import>(&given, intent).await
        })
        .await
    }
}

/// What looking through a file has found.
pub struct PlanGet;

impl Reading for PlanGet {
    const NAME: &'static str = "import.plan.get";
    const POLICY: Policy = Policy::reads(&[Topic::Jobs]);
    type Request = ImportPlanRef;
    type Response = ImportPlan;

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let job = cx.catalog().jobs().get(&JobId(request.job)).await?;
        let no_plan = || {
            ApiError::new(ErrorCode::NotFound, "This job has made no plan of an import.")
                .hint("Wait until it has succeeded, or make the plan again.")
        };
        if job.operation != LookThrough::NAME {
            return Err(no_plan());
        }
        serde_json::from_value(job.result.unwrap_or_default()).map_err(|_| no_plan())
    }
}

/// Its plan is made by [`LookThrough`].
pub struct Import;

impl Planned for Import {
    const APPLY: &'static str = "import.apply";
    const POLICY: Policy = Policy::destroys(
        Consent::DigestAndName,
        &[Topic::Restores, Topic::Jobs, Topic::Backups, Topic::Databases],
    )
    .on_this_machine();
    type Intent = Intent;
    type Plan = ImportPlan;
    type Ground = (Connection, Database);
    type Outcome = Begun<Restore>;

    async fn look(cx: &Cx, intent: &Intent) -> Answer<Look<Self>> {
        let (connection, database) = target(cx, intent.target.connection.as_str()).await?;
        let plan = plan::plan(intent, &connection, &database).await?;
        Ok(Look {
            digest: KeptPlan::digest_of(&Material::new(intent, &connection, &plan))?,
            blockers: plan.blockers.clone(),
            confirm_name: plan.confirm_name.clone(),
            touched: vec![touched::of(&connection)],
            ground: (connection, database),
            plan,
        })
    }

    async fn apply(cx: Cx, agreed: Agreed<Self>) -> Answer<Begun<Restore>> {
        let (intent, _, (connection, database), consent) = agreed.into_parts();
        job::start(&cx, connection, database, intent, consent).await
    }
}
