//! overview.get and sample.create

use holdfast_contract::ApiError;
use holdfast_contract::connection::ConnectionAddResponse;
use holdfast_contract::meta::Empty;
use holdfast_contract::overview::Overview;
use holdfast_contract::policy::{Policy, Target};

use crate::cx::Cx;
use crate::gate::Operation;
use crate::{overview, sample};

pub struct OverviewGet;
impl Operation for OverviewGet {
    const NAME: &'static str = "overview.get";
    const POLICY: Policy = super::READ;
    type Request = Empty;
    type Response = Overview;
    fn target(_: &Empty) -> Target {
        Target::Application
    }
    async fn run(cx: Cx, _: Empty) -> Result<Overview, ApiError> {
        overview::overview(&cx).await
    }
}

pub struct SampleCreate;
impl Operation for SampleCreate {
    const NAME: &'static str = "sample.create";
    const POLICY: Policy = super::CHANGE;
    type Request = Empty;
    type Response = ConnectionAddResponse;
    fn target(_: &Empty) -> Target {
        Target::Application
    }
    async fn run(cx: Cx, _: Empty) -> Result<ConnectionAddResponse, ApiError> {
        sample::connect(&cx).await
    }
}
