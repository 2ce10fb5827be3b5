//! The one way in. Always in this order: find, decode, find what is touched, authorise, confirm and look again, audit the
//! intent, run, audit the outcome. A step that fails stops those after it, and the refusal is written down. If the intent of
//! an audited operation cannot be written, it does not run.
//!
//! What does not belong here: what operations do.

mod agreed;
mod authorise;
mod decode;
mod listing;
mod operation;
mod outcome;
mod pass;
mod record;
pub(crate) mod touched;

use std::sync::Arc;

use holdfast_contract::policy::{Confirmation, Principal};
use holdfast_contract::{ApiError, ErrorCode};
use serde_json::Value;

use crate::cx::Shared;
pub use agreed::{Agreed, Allowed, keep_plan};
pub use listing::openapi;
pub(crate) use operation::shown;
pub use operation::{
    Asking, Look, Operation, Planned, PlansAtOnce, Reading, RuleNow, Shown, Standing, Starting,
};
pub use outcome::{Done, Passed};
pub use pass::Entry;

pub struct Gate {
    list: &'static [Entry],
    shared: Arc<Shared>,
}

impl Gate {
    pub(crate) fn new(list: &'static [Entry], shared: Arc<Shared>) -> Self {
        Self { list, shared }
    }

    /// Goes on to its end, with its outcome on record, when the caller stops waiting.
    pub async fn call(
        &self,
        principal: Principal,
        name: &str,
        request: Value,
        confirmation: Confirmation,
    ) -> Result<Passed, ApiError> {
        let Some(entry) = self.list.iter().find(|entry| entry.name == name) else {
            let error =
                ApiError::new(ErrorCode::UnknownOperation, format!("There is no operation {name:?}."))
                    .hint("about.get lists all operations.");
            return Err(record::unknown(&self.shared, principal, name, error).await);
        };
        let passing = (entry.pass)(self.shared.clone(), principal, request, confirmation);
        tokio::spawn(passing).await.unwrap_or_else(|error| Err(pass::mistake(error)))
    }
}

#[cfg(test)]
mod tests;
