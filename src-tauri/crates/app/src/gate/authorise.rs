//! Who may do what. The person at this machine may do everything; a schedule only what may be scheduled.

use holdfast_contract::policy::{Permission, Policy, Principal};
use holdfast_contract::{ApiError, ErrorCode};

pub(super) fn authorise(principal: &Principal, name: &str, policy: &Policy) -> Result<(), ApiError> {
    let (may, allowed) = match principal {
        Principal::Window(_) | Principal::CommandLine(_) | Principal::System => {
            (Permission::Administer, true)
        }
        Principal::Schedule(_) => (Permission::Operate, policy.schedulable),
    };
    if allowed && policy.needs <= may {
        Ok(())
    } else {
        Err(ApiError::new(ErrorCode::NotAllowed, format!("This caller may not use {name}."))
            .hint("Ask a person to do it in the window or on the command line."))
    }
}
