//! Making a backup, and what it would hold.

use holdfast_contract::backup::{BackupCreateRequest, BackupPlan, BackupPlanRequest, Started};
use holdfast_contract::policy::{Policy, Target};
use holdfast_contract::snapshot::Scope;

use super::Answer;
use crate::connections::database::Database;
use crate::cx::Cx;
use crate::gate::Operation;
use crate::operations::{CHANGE, READ};
use crate::proof::manual;

pub struct Plan;

impl Operation for Plan {
    const NAME: &'static str = "backup.plan";
    const POLICY: Policy = READ;
    type Request = BackupPlanRequest;
    type Response = BackupPlan;

    fn target(request: &Self::Request) -> Target {
        Target::Named(request.connection.clone())
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        let connection = cx.catalog().connections().find(&request.connection).await?;
        let database = Database::of(&cx, &connection).await?;
        let scope = Scope { kind: request.kind, tables: request.tables, exclude: request.exclude };
        let holds = database.dump()?.plan(&scope).await?;
        Ok(BackupPlan { holds, can_restore: scope.can_restore(database.properties().copies) })
    }
}

pub struct Create;

impl Operation for Create {
    const NAME: &'static str = "backup.create";
    const POLICY: Policy = Policy { schedulable: true, ..CHANGE };
    type Request = BackupCreateRequest;
    type Response = Started;

    fn target(request: &Self::Request) -> Target {
        Target::Named(request.connection.clone())
    }

    async fn run(cx: Cx, request: Self::Request) -> Answer<Self::Response> {
        manual::back_up(&cx, request).await
    }
}
