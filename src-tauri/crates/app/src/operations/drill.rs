//! backup.drill

use holdfast_contract::ApiError;
use holdfast_contract::backup::{BackupDrillRequest, Started};
use holdfast_contract::policy::{Policy, Target};

use crate::cx::Cx;
use crate::gate::Operation;
use crate::proof::drill;

pub struct Drill;
impl Operation for Drill {
    const NAME: &'static str = "backup.drill";
    const POLICY: Policy = Policy { schedulable: true, ..super::CHANGE };
    type Request = BackupDrillRequest;
    type Response = Started;
    fn target(request: &BackupDrillRequest) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: BackupDrillRequest) -> Result<Started, ApiError> {
        drill::drill(&cx, &request.connection, request.scratch_connection.as_deref()).await
    }
}
