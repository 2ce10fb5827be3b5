//! backup.drill

use holdfast_contract::ApiError;
use holdfast_contract::backup::{BackupDrillRequest, ProofRecord};
use holdfast_contract::event::Topic;
use holdfast_contract::policy::Policy;

use crate::cx::Begun;
use crate::cx::Cx;
use crate::gate::{Starting, touched};
use crate::proof::drill;

pub struct Drill;
impl Starting for Drill {
    const NAME: &'static str = "backup.drill";
    const POLICY: Policy = Policy::changes(&[Topic::Jobs, Topic::Backups]).schedulable();
    type Request = BackupDrillRequest;
    type Result = ProofRecord;
    async fn touched(cx: &Cx, request: &Self::Request) -> touched::Answer {
        touched::connection(cx, &request.connection).await
    }
    async fn start(cx: Cx, request: BackupDrillRequest) -> Result<Begun<Self::Result>, ApiError> {
        drill::drill(&cx, &request.connection, request.scratch_connection.as_deref()).await
    }
}
