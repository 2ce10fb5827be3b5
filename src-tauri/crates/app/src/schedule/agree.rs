//! Consent of a schedule: some maintenance locks out others while it runs, and at night nobody is asked. What rules do
//! (clean-up, retention) is agreed to with the rule, not with the schedule that calls it.

use holdfast_contract::maintenance::MaintenanceRequest;
use holdfast_contract::policy::ConsentState;
use holdfast_contract::schedule::{Schedule, ScheduleAgreePlan};
use holdfast_contract::{ApiError, ErrorCode, PlanId, ScheduleId};

use super::edit;
use crate::catalog::Subject;
use crate::consent::{self, Consent};
use crate::cx::Cx;
use crate::maintenance;

/// The schedulable operation whose warnings are agreed to with its schedule.
const ASKS: &str = "maintenance.run";

/// Without id and digest; and the digest of what each run does.
pub async fn plan(cx: &Cx, schedule: &str) -> Result<(ScheduleAgreePlan, String), ApiError> {
    let schedule = edit::get(cx, schedule).await?;
    let Some((warning, acts)) = asks(cx, &schedule).await? else {
        return Err(ApiError::new(
            ErrorCode::BadRequest,
            format!("“{}” does nothing that must be agreed to.", schedule.name),
        ));
    };
    let plan = ScheduleAgreePlan {
        plan_id: PlanId::from(""),
        digest: String::new(),
        summary: format!("“{}” runs by itself: {}.", schedule.name, schedule.words),
        warning,
        schedule,
    };
    Ok((plan, acts))
}

/// Keeps who agreed.
pub async fn agree(cx: &Cx, id: &ScheduleId, acts: String, consent: &Consent) -> Result<(), ApiError> {
    let stands = consent.stands(acts, cx.principal(), cx.now_ms(), u64::MAX);
    cx.catalog().consents().put(&Subject::Schedule(id.clone()), stands).await?;
    // It waited for this, if for anything.
    let waited = cx.catalog().schedules().find(id.as_str()).await?.problem;
    if waited.is_some_and(|problem| problem.code == ErrorCode::ConfirmationMissing) {
        cx.catalog().schedules().set_problem(id, None).await?;
    }
    Ok(())
}

/// Where the consent of a schedule stands. What cannot be looked at just now (a server that is away) is not said to wait.
pub async fn state(cx: &Cx, schedule: &Schedule) -> Option<ConsentState> {
    let (_, acts) = asks(cx, schedule).await.ok().flatten()?;
    let given = cx.catalog().consents().get(&Subject::Schedule(schedule.id.clone())).await.ok()?;
    Some(consent::state(&acts, given.as_ref()))
}

/// What each run means for others, and the digest of what it does; None where it hurts nobody.
async fn asks(cx: &Cx, schedule: &Schedule) -> Result<Option<(String, String)>, ApiError> {
    if schedule.operation != ASKS {
        return Ok(None);
    }
    let request: MaintenanceRequest = serde_json::from_value(schedule.request.clone()).map_err(|_| {
        ApiError::new(ErrorCode::BadRequest, "This schedule was made by another version of Holdfast.")
            .hint("Remove it and make it again.")
    })?;
    let looked = maintenance::look(cx, &request).await?;
    let Some(warning) = looked.action.warning.clone() else { return Ok(None) };
    Ok(Some((warning, maintenance::digest(&request, &looked)?)))
}
