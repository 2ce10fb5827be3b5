//! Consent: nothing is destroyed that nobody agreed to. A plan is confirmed by its digest, and for the worst by the typed name
//! of what is replaced; then it is looked at again, and only if that gives the same digest and no blocker is there a
//! [`Consent`]. A rule that acts by itself was agreed to before, and is still what was agreed to.
//!
//! The token has private fields: only the checks of this file make one, and what destroys asks for one. The gate alone calls
//! them (`tests/tests/layers.rs` holds the house to it).

use holdfast_contract::policy::{Confirm, Confirmation, ConsentState, Principal, StandingConsent};
use holdfast_contract::{ApiError, ErrorCode, PlanId};
use subtle::ConstantTimeEq;

use crate::catalog::{Catalog, Plan, plan_moved};

/// That somebody agreed. What replaces or removes something that cannot be made again takes one by reference.
#[derive(Debug)]
pub struct Consent {
    digest: String,
    most: Option<u64>,
}

impl Consent {
    /// Of what was agreed to.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// From now on a rule may act by itself. `digest`: of the rule and of what it acts on.
    pub fn stands(&self, digest: String, by: &Principal, at_ms: i64, most: u64) -> StandingConsent {
        StandingConsent { digest, by: by.clone(), at_ms, most }
    }

    /// Refuses a run that would take more rows or backups than was agreed to. `what`: "rows of orders in shop".
    pub fn covers(&self, count: u64, what: &str) -> Result<(), ApiError> {
        match self.most {
            Some(most) if count > most => Err(ApiError::new(
                ErrorCode::ConfirmationMissing,
                format!("This run would take {count} {what}; up to {most} at a time were agreed to. Nothing was taken."),
            )
            .hint("Look at the rule again, and agree to it with a higher limit if that is right.")),
            _ => Ok(()),
        }
    }
}

/// A plan that is confirmed; nobody has looked again yet.
pub struct Confirmed {
    pub plan: Plan,
}

/// Who confirms, and when.
pub struct By<'a> {
    pub principal: &'a Principal,
    pub at_ms: i64,
}

/// The plan is there, for this operation, confirmed by who looked at it, and young enough.
pub async fn confirm(
    catalog: &Catalog,
    by: By<'_>,
    name: &str,
    confirm: Confirm,
    id: &PlanId,
    confirmation: &Confirmation,
) -> Result<Confirmed, ApiError> {
    let plan = catalog.plans().get(id).await?;
    if plan.operation != name {
        return Err(ApiError::new(
            ErrorCode::BadRequest,
            format!("This plan is for {}, not for {name}.", plan.operation),
        )
        .hint("Make a plan with the operation that belongs to this one."));
    }
    agreed(&plan, confirm, confirmation)?;
    if !plan.made_by.as_ref().is_some_and(|maker| maker.is_same_person(by.principal)) {
        return Err(ApiError::new(ErrorCode::NotAllowed, "Somebody else has looked at this plan.")
            .hint("Make the plan yourself, look at it, and confirm that one."));
    }
    if plan.used {
        return Err(plan_moved("This plan has been applied already."));
    }
    if by.at_ms > plan.expires_at_ms {
        return Err(plan_moved("This plan is more than an hour old."));
    }
    Ok(Confirmed { plan })
}

/// Looked again: the same deed, and nothing in its way. Takes the plan, so that nobody applies it twice.
pub async fn agree(
    catalog: &Catalog,
    now_ms: i64,
    confirmed: &Confirmed,
    digest: String,
    blockers: &[String],
) -> Result<Consent, ApiError> {
    if digest != confirmed.plan.digest {
        return Err(plan_moved("What the plan showed has changed since."));
    }
    unblocked(blockers)?;
    catalog.plans().take(&confirmed.plan.id, now_ms).await?;
    Ok(Consent { digest, most: None })
}

/// Of a rule as it is now (`digest`), by what was agreed to; or why it waits.
pub fn standing(digest: String, given: Option<&StandingConsent>) -> Result<Consent, &'static str> {
    match given {
        None => Err("nobody has agreed to it yet"),
        Some(consent) if !same(&consent.digest, &digest) => {
            Err("it, or what it acts on, has changed since somebody agreed to it")
        }
        Some(consent) => Ok(Consent { digest, most: Some(consent.most) }),
    }
}

/// Of a rule by which nothing can go: it covers nothing.
pub fn of_nothing() -> Consent {
    Consent { digest: String::new(), most: Some(0) }
}

/// How a rule stands, for lists.
pub fn state(digest: &str, given: Option<&StandingConsent>) -> ConsentState {
    match (standing(digest.to_owned(), given), given) {
        (Ok(_), Some(consent)) => {
            let StandingConsent { by, at_ms, most, .. } = consent.clone();
            ConsentState::Given { by, at_ms, most }
        }
        (Err(why), _) => ConsentState::Waiting { why: format!("It waits: {why}.") },
        (Ok(_), None) => ConsentState::Waiting { why: String::new() },
    }
}

/// A plan with blockers can be looked at but not applied.
fn unblocked(blockers: &[String]) -> Result<(), ApiError> {
    if blockers.is_empty() {
        return Ok(());
    }
    let shown: Vec<&str> = blockers.iter().take(5).map(String::as_str).collect();
    Err(ApiError::new(ErrorCode::Unsupported, format!("This cannot start: {}", shown.join(" ")))
        .hint("Put this right, or choose another target, and plan again."))
}

fn agreed(plan: &Plan, asks: Confirm, confirmation: &Confirmation) -> Result<(), ApiError> {
    let Some(digest) = &confirmation.digest else {
        return Err(ApiError::new(ErrorCode::ConfirmationMissing, "This must be confirmed.")
            .hint("Look at the plan and send its digest back."));
    };
    if !same(digest, &plan.digest) {
        return Err(ApiError::new(
            ErrorCode::ConfirmationWrong,
            "The confirmed digest is not that of this plan.",
        )
        .hint("Make the plan again, look at it, and confirm that one."));
    }
    let (Confirm::DigestAndName, Some(wanted)) = (asks, &plan.confirm_name) else { return Ok(()) };
    match &confirmation.name {
        None => Err(ApiError::new(
            ErrorCode::ConfirmationMissing,
            format!("The name {wanted:?} must be typed to confirm this."),
        )
        .hint("Type the name of what will be replaced or removed.")),
        Some(typed) if same(typed, wanted) => Ok(()),
        Some(_) => Err(ApiError::new(
            ErrorCode::ConfirmationWrong,
            "The typed name is not the name of what will be changed.",
        )
        .hint("Check that this is the database you mean.")),
    }
}

fn same(given: &str, wanted: &str) -> bool {
    given.as_bytes().ct_eq(wanted.as_bytes()).into()
}

/// The operation did not start after all: the same plan may be confirmed again.
pub async fn give_back(catalog: &Catalog, plan: &Plan) {
    if let Err(error) = catalog.plans().give_back(&plan.id).await {
        // The caller has the operation's own error; a new plan is the way on.
        tracing::warn!(plan = %plan.id, %error, "a plan was not given back");
    }
}
