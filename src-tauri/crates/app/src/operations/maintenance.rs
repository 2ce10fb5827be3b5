//! maintenance.*

use holdfast_contract::ApiError;
use holdfast_contract::backup::Started;
use holdfast_contract::maintenance::{
    MaintenanceHistoryRequest, MaintenanceHistoryResponse, MaintenanceListRequest, MaintenanceListResponse,
    MaintenancePlan, MaintenanceRequest,
};
use holdfast_contract::policy::{Policy, Target};

use crate::cx::Cx;
use crate::gate::Operation;
use crate::maintenance;

pub struct List;
impl Operation for List {
    const NAME: &'static str = "maintenance.list";
    const POLICY: Policy = super::READ;
    type Request = MaintenanceListRequest;
    type Response = MaintenanceListResponse;
    fn target(request: &MaintenanceListRequest) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: MaintenanceListRequest) -> Result<MaintenanceListResponse, ApiError> {
        maintenance::list(&cx, &request.connection).await
    }
}

pub struct Plan;
impl Operation for Plan {
    const NAME: &'static str = "maintenance.plan";
    const POLICY: Policy = super::READ;
    type Request = MaintenanceRequest;
    type Response = MaintenancePlan;
    fn target(request: &MaintenanceRequest) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: MaintenanceRequest) -> Result<MaintenancePlan, ApiError> {
        maintenance::plan(&cx, &request).await
    }
}

pub struct Run;
impl Operation for Run {
    const NAME: &'static str = "maintenance.run";
    /// Rows stay as they are; what may hurt is accepted in the request, so that a schedule can hold it.
    const POLICY: Policy = Policy { schedulable: true, ..super::CHANGE };
    type Request = MaintenanceRequest;
    type Response = Started;
    fn target(request: &MaintenanceRequest) -> Target {
        Target::Named(request.connection.clone())
    }
    async fn run(cx: Cx, request: MaintenanceRequest) -> Result<Started, ApiError> {
        maintenance::run(&cx, request).await
    }
}

pub struct History;
impl Operation for History {
    const NAME: &'static str = "maintenance.history";
    const POLICY: Policy = super::READ;
    type Request = MaintenanceHistoryRequest;
    type Response = MaintenanceHistoryResponse;
    fn target(_: &MaintenanceHistoryRequest) -> Target {
        Target::Application
    }
    async fn run(cx: Cx, request: MaintenanceHistoryRequest) -> Result<MaintenanceHistoryResponse, ApiError> {
        maintenance::history(&cx, request).await
    }
}
