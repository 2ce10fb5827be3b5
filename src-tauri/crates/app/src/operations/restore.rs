//! Operations `restore.*`: from the request to the use case.

use std::path::Path;

use holdfast_contract::event::Topic;
use holdfast_contract::policy::{Consent, Policy};
use holdfast_contract::restore::{
    Restore, RestoreFollowUpPlan, RestoreListRequest, RestoreListResponse, RestorePlan, RestorePlanRequest,
    RestoreRef,
};
use holdfast_contract::{Answer, RestoreId};

use crate::catalog::Plan as KeptPlan;
use crate::change::FollowUp;
use crate::change::follow_up::{self, Following};
use crate::change::journal::Journal;
use crate::connections::database::Database;
use crate::cx::{Begun, Cx};
use crate::gate::{Agreed, Look, Planned, PlansAtOnce, Reading, touched};
use crate::restore::job;
use crate::restore::look::{self, Intent, Looked};

const DESTROYS: Policy =
    Policy::destroys(Consent::DigestAndName, &[Topic::Restores, Topic::Jobs, Topic::Backups]);

/// A new database beside the live one, or in its place; or chosen tables.
pub struct Start;

impl PlansAtOnce for Start {
    const PLAN: &'static str = "restore.plan";
    type Request = RestorePlanRequest;

    async fn settle(cx: &Cx, request: RestorePlanRequest) -> Answer<Intent> {
        if request.database.as_deref().is_some_and(|name| Path::new(name).is_absolute()) {
            touched::refuse_path_from_afar(cx, "database")?;
        }
        look::settle(cx, &request).await
    }
}

impl Planned for Start {
    const APPLY: &'static str = "restore.apply";
    const POLICY: Policy = DESTROYS;
    type Intent = Intent;
    type Plan = RestorePlan;
    type Ground = Looked;
    type Outcome = Begun<Restore>;

    async fn look(cx: &Cx, intent: &Intent) -> Answer<Look<Self>> {
        let (plan, material, ground) = look::look(cx, intent).await?;
        let mut touched = vec![touched::of(&ground.connection)];
        touched.extend(plan.chosen.iter().map(|table| touched::table(&table.to)));
        Ok(Look {
            digest: KeptPlan::digest_of(&material)?,
            blockers: plan.blockers.clone(),
            confirm_name: plan.confirm_name.clone(),
            touched,
            ground,
            plan,
        })
    }

    async fn apply(cx: Cx, agreed: Agreed<Self>) -> Answer<Begun<Restore>> {
        let (intent, plan, ground, consent) = agreed.into_parts();
        job::start(&cx, intent, plan, ground, consent).await
    }
}

pub struct List;

impl Reading for List {
    const NAME: &'static str = "restore.list";
    const POLICY: Policy = Policy::reads(&[Topic::Restores, Topic::Jobs]);
    type Request = RestoreListRequest;
    type Response = RestoreListResponse;

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

impl Reading for Get {
    const NAME: &'static str = "restore.get";
    const POLICY: Policy = Policy::reads(&[Topic::Restores, Topic::Jobs]);
    type Request = RestoreRef;
    type Response = Restore;

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let row = cx.catalog().restores().find(&request.restore).await?;
        Ok(Journal::open(cx.catalog(), row)?.restore())
    }
}

/// What looking found and following up goes on with.
pub struct Ground(Following);

async fn look_after(cx: &Cx, what: FollowUp, restore: &str) -> Answer<(RestoreFollowUpPlan, String, Ground)> {
    let journal = Journal::open(cx.catalog(), cx.catalog().restores().find(restore).await?)?;
    let connection = cx.catalog().connections().find(journal.connection().as_str()).await?;
    let database = Database::of(cx, &connection).await?;
    let plan = follow_up::plan(what, &journal, &connection, &database).await?;
    let digest = KeptPlan::digest_of(&follow_up::Material::new(what, &journal, &connection))?;
    Ok((plan, digest, Ground(Following { connection, database, journal })))
}

macro_rules! follow_ups {
    ($($(#[$doc:meta])* $name:ident $what:ident $plan:literal $apply:literal;)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl PlansAtOnce for $name {
            const PLAN: &'static str = $plan;
            type Request = RestoreRef;

            async fn settle(cx: &Cx, request: RestoreRef) -> Answer<RestoreRef> {
                let row = cx.catalog().restores().find(&request.restore).await?;
                Ok(RestoreRef { restore: row.id.to_string() })
            }
        }

        impl Planned for $name {
            const APPLY: &'static str = $apply;
            const POLICY: Policy = DESTROYS;
            /// With the whole id.
            type Intent = RestoreRef;
            type Plan = RestoreFollowUpPlan;
            type Ground = Ground;
            type Outcome = Begun<Restore>;

            async fn look(cx: &Cx, intent: &RestoreRef) -> Answer<Look<Self>> {
                let (plan, digest, ground) = look_after(cx, FollowUp::$what, &intent.restore).await?;
                Ok(Look {
                    digest,
                    blockers: Vec::new(),
                    confirm_name: plan.confirm_name.clone(),
                    touched: touched::restore(RestoreId(intent.restore.clone()), &ground.0.connection),
                    ground,
                    plan,
                })
            }

            async fn apply(cx: Cx, agreed: Agreed<Self>) -> Answer<Begun<Restore>> {
                let (_, _, ground, consent) = agreed.into_parts();
                follow_up::start(&cx, FollowUp::$what, ground.0, consent).await
            }
        }
    )*};
}

follow_ups! {
    /// The replaced database comes back.
    Undo Undo "restore.undo.plan" "restore.undo.apply";
    /// What was replaced is dropped.
    Release Release "restore.release.plan" "restore.release.apply";
}
