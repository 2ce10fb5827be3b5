//! What only the gate hands out: a plan that was confirmed and still holds, rules that somebody agreed to. The fields that
//! matter are private, so nobody else can make one.

use holdfast_contract::policy::Touched;
use holdfast_contract::{ApiError, ErrorCode};

use super::operation::{Asking, Look, Planned, RuleNow, Shown};
use crate::catalog::{Plan, plan_moved};
use crate::consent::{self, Confirmed, Consent};
use crate::cx::Cx;

/// A plan that was confirmed and still holds, with what looking again found.
pub struct Agreed<P: Planned + ?Sized> {
    pub intent: P::Intent,
    pub plan: P::Plan,
    pub ground: P::Ground,
    consent: Consent,
}

impl<P: Planned + ?Sized> Agreed<P> {
    pub fn consent(&self) -> &Consent {
        &self.consent
    }

    pub fn into_parts(self) -> (P::Intent, P::Plan, P::Ground, Consent) {
        (self.intent, self.plan, self.ground, self.consent)
    }
}

/// Rules that may be carried out now, each with its consent.
pub struct Allowed<R> {
    rules: Vec<(R, Consent)>,
    waiting: Option<ApiError>,
}

impl<R> Allowed<R> {
    /// The rules, and why others wait.
    pub fn into_parts(self) -> (Vec<(R, Consent)>, Option<ApiError>) {
        (self.rules, self.waiting)
    }
}

impl<P: Planned> Agreed<P> {
    /// Looked again: only if that gives the same digest and no blocker.
    pub(super) async fn after(
        cx: &Cx,
        confirmed: &Confirmed,
        intent: P::Intent,
        look: Look<P>,
    ) -> Result<Self, ApiError> {
        let digest = whole(cx, &look.digest, &look.touched).await?;
        let Look { plan, blockers, ground, .. } = look;
        let consent = consent::agree(cx.catalog(), cx.now_ms(), confirmed, digest, &blockers).await?;
        Ok(Self { intent, plan, ground, consent })
    }
}

/// What was asked for then.
pub(super) fn intent<P: Planned>(confirmed: &Confirmed) -> Result<P::Intent, ApiError> {
    serde_json::from_value(confirmed.plan.request.clone())
        .map_err(|_| plan_moved("This plan was made by another version of Holdfast."))
}

/// Of what the operation says makes it the same deed, and of what it touches: a database that was renamed, leads elsewhere or
/// became a production one since is another target, whatever the operation thought of.
async fn whole(cx: &Cx, own: &str, touched: &[Touched]) -> Result<String, ApiError> {
    let mut grounds = Vec::new();
    for thing in touched {
        let Touched::Connection { id, .. } = thing else { continue };
        match cx.catalog().connections().find(id.as_str()).await {
            Ok(connection) => grounds.push((connection.spec, connection.environment)),
            // A backup outlives its connection.
            Err(error) if error.code == ErrorCode::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Plan::digest_of(&(own, touched, grounds))
}

/// A plan is kept so that somebody can agree to it. Harmless by itself; jobs whose result is a plan use it too.
pub async fn keep_plan<P: Planned>(cx: &Cx, intent: P::Intent) -> Result<P::Plan, ApiError> {
    let mut look = P::look(cx, &intent).await?;
    let digest = whole(cx, &look.digest, &look.touched).await?;
    let plan = Plan::new(P::APPLY, &intent, digest, look.confirm_name, cx.principal(), cx.now_ms())?;
    look.plan.identify(&plan.id, &plan.digest);
    cx.catalog().plans().put(plan).await?;
    Ok(look.plan)
}

impl<R> Allowed<R> {
    /// Those rules that somebody agreed to as they are now. An error when none of them may run.
    pub(super) fn of(found: Vec<RuleNow<R>>) -> Result<Self, ApiError> {
        let (mut rules, mut waiting) = (Vec::new(), None);
        for RuleNow { rule, name, asks, .. } in found {
            let consent = match asks {
                Asking::Nothing => Ok(consent::of_nothing()),
                Asking::Consent { digest, given, how } => {
                    consent::standing(digest, given.as_ref()).map_err(|why| (why, how))
                }
            };
            match consent {
                Ok(consent) => rules.push((rule, consent)),
                Err((why, how)) => {
                    let text = format!("{name}: {why}, so nothing was done by it.");
                    waiting.get_or_insert(ApiError::new(ErrorCode::ConfirmationMissing, text).hint(how));
                }
            }
        }
        match (rules.is_empty(), waiting) {
            (true, Some(error)) => Err(error),
            (_, waiting) => Ok(Self { rules, waiting }),
        }
    }
}
