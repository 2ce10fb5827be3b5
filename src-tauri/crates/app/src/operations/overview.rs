//! overview.get and sample.create

use holdfast_contract::ApiError;
use holdfast_contract::connection::ConnectionAddResponse;
use holdfast_contract::event::Topic;
use holdfast_contract::meta::Empty;
use holdfast_contract::overview::Overview;
use holdfast_contract::policy::{Policy, Touched};

use crate::cx::Cx;
use crate::gate::{Operation, Reading, touched};
use crate::{overview, sample};

pub struct OverviewGet;
impl Reading for OverviewGet {
    const NAME: &'static str = "overview.get";
    const POLICY: Policy = Policy::reads(&[
        Topic::Connections,
        Topic::Backups,
        Topic::Restores,
        Topic::Vault,
        Topic::Secrets,
        Topic::Health,
        Topic::Schedules,
        Topic::Jobs,
    ]);
    type Request = Empty;
    type Response = Overview;
    async fn run(cx: Cx, _: Empty) -> Result<Overview, ApiError> {
        overview::overview(&cx).await
    }
}

pub struct SampleCreate;
impl Operation for SampleCreate {
    const NAME: &'static str = "sample.create";
    const POLICY: Policy = Policy::changes(&[Topic::Connections]).on_this_machine();
    type Request = Empty;
    type Response = ConnectionAddResponse;
    async fn touched(_: &Cx, _: &Self::Request) -> touched::Answer {
        Ok(vec![Touched::Application])
    }
    async fn run(cx: Cx, _: Empty) -> Result<ConnectionAddResponse, ApiError> {
        sample::connect(&cx).await
    }
}
