//! Making a backup, and what it would hold.

use holdfast_contract::backup::{BackupCreateRequest, BackupMade, BackupPlan, BackupPlanRequest};
use holdfast_contract::event::Topic;
use holdfast_contract::policy::Policy;
use holdfast_contract::snapshot::Scope;

use super::Answer;
use crate::connections::database::Database;
use crate::cx::Begun;
use crate::cx::Cx;
use crate::gate::{Reading, Starting, touched};
use crate::proof::manual;

pub struct Plan;

impl Reading for Plan {
    const NAME: &'static str = "backup.plan";
    const POLICY: Policy = Policy::reads(&[Topic::Connections]);
    type Request = BackupPlanRequest;
    type Response = BackupPlan;

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let connection = cx.catalog().connections().find(&request.connection).await?;
        let database = Database::of(&cx, &connection).await?;
        let scope = Scope { kind: request.kind, tables: request.tables, exclude: request.exclude };
        let holds = database.dump()?.plan(&scope).await?;
        Ok(BackupPlan { holds, can_restore: scope.can_restore(database.properties().copies) })
    }
}

pub struct Create;

impl Starting for Create {
    const NAME: &'static str = "backup.create";
    const POLICY: Policy = Policy::changes(&[Topic::Jobs, Topic::Backups]).schedulable();
    type Request = BackupCreateRequest;
    type Result = BackupMade;

    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched::connection(cx, &request.connection).await
    }

    async fn start(cx: Cx, request: Self::Request) -> Answer<Begun<Self::Result>> {
        manual::back_up(&cx, request).await
    }
}
