//! Destructive operations run only on a plan that a person has seen: its digest comes back, and for the
//! worst the typed name of what is replaced.

use holdfast_contract::policy::{Confirm, Confirmation, Policy, Target};
use holdfast_contract::{ApiError, ErrorCode};
use subtle::ConstantTimeEq;

use crate::catalog::{Plan, plan_moved};
use crate::cx::Shared;

/// The confirmed plan, taken so that nobody applies it twice; None where nothing needs confirming.
pub(super) async fn confirm(
    shared: &Shared,
    name: &str,
    policy: &Policy,
    target: &Target,
    confirmation: &Confirmation,
) -> Result<Option<Plan>, ApiError> {
    if policy.confirm == Confirm::None {
        return Ok(None);
    }
    let Target::Plan(id) = target else {
        return Err(ApiError::new(
            ErrorCode::Internal,
            format!("{name} asks for confirmation but names no plan."),
        ));
    };
    let plan = shared.catalog.plans().get(id).await?;
    if plan.operation != name {
        return Err(ApiError::new(
            ErrorCode::BadRequest,
            format!("This plan is for {}, not for {name}.", plan.operation),
        )
        .hint("Make a plan with the operation that belongs to this one."));
    }
    agreed(&plan, policy.confirm, confirmation)?;
    let now = shared.clock.now_ms();
    if now > plan.expires_at_ms {
        return Err(plan_moved("This plan is more than an hour old."));
    }
    shared.catalog.plans().take(id, now).await?;
    Ok(Some(plan))
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
pub(super) async fn give_back(shared: &Shared, plan: &Plan) {
    if let Err(error) = shared.catalog.plans().give_back(&plan.id).await {
        // The caller has the operation's own error; a new plan is the way on.
        tracing::warn!(plan = %plan.id, %error, "a plan was not given back");
    }
}
