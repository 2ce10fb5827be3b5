//! maintenance.*

use holdfast_contract::event::Topic;
use holdfast_contract::maintenance::{
    MaintenanceHistoryRequest, MaintenanceHistoryResponse, MaintenanceListRequest, MaintenanceListResponse,
    MaintenancePlan, MaintenanceReport, MaintenanceRequest,
};
use holdfast_contract::policy::{Consent, Permission, Policy, Principal};
use holdfast_contract::{ApiError, ErrorCode};

use crate::catalog::Subject;
use crate::cx::{Begun, Cx};
use crate::gate::{Agreed, Allowed, Asking, Look, Planned, PlansAtOnce, Reading, RuleNow, Standing, touched};
use crate::maintenance::{self, Looked};

pub struct List;
impl Reading for List {
    const NAME: &'static str = "maintenance.list";
    const POLICY: Policy = Policy::reads(&[Topic::Maintenance, Topic::Jobs, Topic::Connections]);
    type Request = MaintenanceListRequest;
    type Response = MaintenanceListResponse;
    async fn run(cx: Cx, request: MaintenanceListRequest) -> Result<MaintenanceListResponse, ApiError> {
        maintenance::list(&cx, &request.connection).await
    }
}

/// What a person starts.
pub struct Once;
impl PlansAtOnce for Once {
    const PLAN: &'static str = "maintenance.plan";
    /// On screen while options are chosen.
    const LOOKS: Policy = Policy::reads(&[Topic::Connections]);
    type Request = MaintenanceRequest;
    async fn settle(cx: &Cx, request: MaintenanceRequest) -> Result<MaintenanceRequest, ApiError> {
        let connection = cx.catalog().connections().find(&request.connection).await?.id.to_string();
        Ok(MaintenanceRequest { connection, ..request })
    }
}
impl Planned for Once {
    const APPLY: &'static str = "maintenance.apply";
    /// Rows stay as they are; what others cannot do meanwhile is shown.
    const POLICY: Policy =
        Policy::planned(Consent::Digest, &[Topic::Jobs, Topic::Maintenance]).needing(Permission::Operate);
    type Intent = MaintenanceRequest;
    type Plan = MaintenancePlan;
    type Ground = Looked;
    type Outcome = Begun<MaintenanceReport>;
    async fn look(cx: &Cx, intent: &MaintenanceRequest) -> Result<Look<Self>, ApiError> {
        let looked = maintenance::look(cx, intent).await?;
        let mut touched = vec![touched::of(&looked.connection)];
        touched.extend(intent.tables.iter().map(touched::table));
        Ok(Look {
            plan: maintenance::plan(cx, intent, &looked).await?,
            digest: maintenance::digest(intent, &looked)?,
            blockers: Vec::new(),
            confirm_name: None,
            touched,
            ground: looked,
        })
    }
    async fn apply(cx: Cx, agreed: Agreed<Self>) -> Result<Begun<MaintenanceReport>, ApiError> {
        let (request, _, looked, consent) = agreed.into_parts();
        maintenance::run(&cx, request, looked, &consent).await
    }
}

/// What a schedule starts: without asking what hurts nobody, with the schedule's consent what does.
pub struct Run;
impl Standing for Run {
    const NAME: &'static str = "maintenance.run";
    const POLICY: Policy = Policy::acting(&[Topic::Jobs, Topic::Maintenance]).schedulable();
    type Request = MaintenanceRequest;
    type Result = MaintenanceReport;
    type Rule = Looked;
    async fn rules(cx: &Cx, request: &MaintenanceRequest) -> Result<Vec<RuleNow<Looked>>, ApiError> {
        let looked = maintenance::look(cx, request).await?;
        let mut touched = vec![touched::of(&looked.connection)];
        touched.extend(request.tables.iter().map(touched::table));
        let name = format!("{} of {}", looked.action.title, looked.connection.name);
        let asks = match (&looked.action.warning, cx.principal()) {
            (None, _) => Asking::Nothing,
            (Some(_), Principal::Schedule(id)) => Asking::Consent {
                digest: maintenance::digest(request, &looked)?,
                given: cx.catalog().consents().get(&Subject::Schedule(id.as_str().into())).await?,
                how: "Look at the schedule and agree to it: holdfastctl schedule agree, or the schedules page.",
            },
            (Some(_), _) => Asking::Consent {
                digest: maintenance::digest(request, &looked)?,
                given: None,
                how: "Look at its plan and apply that: maintenance.plan, maintenance.apply.",
            },
        };
        Ok(vec![RuleNow { rule: looked, name, touched, asks }])
    }
    async fn start(
        cx: Cx,
        request: MaintenanceRequest,
        rules: Allowed<Looked>,
    ) -> Result<Begun<MaintenanceReport>, ApiError> {
        match rules.into_parts().0.pop() {
            Some((looked, consent)) => maintenance::run(&cx, request, looked, &consent).await,
            // The gate lets only what holds through.
            None => Err(ApiError::new(ErrorCode::ConfirmationMissing, "Nobody has agreed to this.")),
        }
    }
}

pub struct History;
impl Reading for History {
    const NAME: &'static str = "maintenance.history";
    const POLICY: Policy = Policy::reads(&[Topic::Maintenance, Topic::Jobs]);
    type Request = MaintenanceHistoryRequest;
    type Response = MaintenanceHistoryResponse;
    async fn run(cx: Cx, request: MaintenanceHistoryRequest) -> Result<MaintenanceHistoryResponse, ApiError> {
        maintenance::history(&cx, request).await
    }
}
