//! Who may do what. The person at this machine may do everything its window or command line offers; a schedule only what may
//! be scheduled; nobody over the network what is for this machine's user.

use holdfast_contract::policy::{Permission, Policy, Principal};
use holdfast_contract::{ApiError, ErrorCode};

pub(super) fn authorise(principal: &Principal, name: &str, policy: &Policy) -> Result<(), ApiError> {
    let hosts = policy.hosts();
    let (may, offered) = match principal {
        Principal::Window(_) => (Permission::Administer, hosts.window),
        Principal::CommandLine(_) => (Permission::Administer, hosts.command_line),
        Principal::System => (Permission::Administer, true),
        Principal::Schedule(_) => (Permission::Operate, hosts.schedule),
        Principal::Http(_) => (Permission::Administer, hosts.http),
    };
    if offered && policy.needs() <= may {
        Ok(())
    } else {
        Err(ApiError::new(ErrorCode::NotAllowed, format!("This caller may not use {name}."))
            .hint("Ask a person to do it in the window or on the command line."))
    }
}
