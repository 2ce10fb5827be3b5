//! The one way in. Always in this order: find, decode, authorise, confirm, audit the intent, run, audit
//! the outcome. A step that fails stops those after it, and the refusal is written down. If the intent of
//! an audited operation cannot be written, it does not run.
//!
//! What does not belong here: what operations do.

mod authorise;
mod confirm;
mod decode;
mod listing;
mod operation;
mod record;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use holdfast_contract::policy::{Confirmation, Policy, Principal};
use holdfast_contract::{ApiError, ErrorCode};
use serde_json::Value;

use crate::cx::{Cx, Shared};
pub use listing::openapi;
pub use operation::Operation;

/// One operation of the list with its types rubbed out.
pub struct Entry {
    pub name: &'static str,
    pub policy: Policy,
    pub(crate) pass: fn(Arc<Shared>, Principal, Value, Confirmation) -> Passing,
    /// Whether a request would be understood, without making the call.
    pub(crate) decodes: fn(Value) -> Result<(), ApiError>,
    pub(crate) schemas: fn(&mut listing::Schemas) -> listing::Types,
}

type Passing = Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send>>;

impl Entry {
    pub const fn of<O: Operation>() -> Self {
        Self {
            name: O::NAME,
            policy: O::POLICY,
            pass: |shared, principal, request, confirmation| {
                Box::pin(pass::<O>(shared, principal, request, confirmation))
            },
            decodes: |request| decode::decode::<O::Request>(request).map(drop),
            schemas: listing::schemas_of::<O>,
        }
    }
}

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
    ) -> Result<Value, ApiError> {
        let Some(entry) = self.list.iter().find(|entry| entry.name == name) else {
            let error =
                ApiError::new(ErrorCode::UnknownOperation, format!("There is no operation {name:?}."))
                    .hint("about.get lists all operations.");
            return Err(record::unknown(&self.shared, principal, name, error).await);
        };
        let passing = (entry.pass)(self.shared.clone(), principal, request, confirmation);
        tokio::spawn(passing).await.unwrap_or_else(|error| Err(mistake(error)))
    }
}

async fn pass<O: Operation>(
    shared: Arc<Shared>,
    principal: Principal,
    request: Value,
    confirmation: Confirmation,
) -> Result<Value, ApiError> {
    let mut record = record::Record::new::<O>(&shared, principal.clone());
    let request: O::Request = match decode::decode(request) {
        Ok(request) => request,
        Err(error) => return Err(record.refused(error).await),
    };
    record.describe::<O>(&request);
    if let Err(error) = record.name_target().await {
        return Err(record.refused(error).await);
    }
    if let Err(error) = authorise::authorise(&principal, O::NAME, &O::POLICY) {
        return Err(record.refused(error).await);
    }
    let taken =
        match confirm::confirm(&shared, O::NAME, &O::POLICY, &O::target(&request), &confirmation).await {
            Ok(taken) => taken,
            Err(error) => return Err(record.refused(error).await),
        };
    if let Some(plan) = &taken {
        record.target_name.clone_from(&plan.target_name);
    }
    let outcome = match record.intent().await {
        Ok(()) => {
            let cx = Cx::new(shared.clone(), O::NAME, principal, record.for_jobs());
            // On a task of its own, so that a panic in it is an outcome too.
            let ran = tokio::spawn(O::run(cx, request)).await.unwrap_or_else(|error| Err(mistake(error)));
            let ran = ran.and_then(|response| {
                serde_json::to_value(response).map_err(|error| {
                    ApiError::new(ErrorCode::Internal, format!("The answer cannot be said: {error}."))
                })
            });
            record.outcome(&ran).await;
            ran
        }
        Err(error) => Err(error),
    };
    if let (Some(plan), Err(_)) = (&taken, &outcome) {
        confirm::give_back(&shared, plan).await;
    }
    outcome
}

fn mistake(error: tokio::task::JoinError) -> ApiError {
    ApiError::new(ErrorCode::Internal, "Holdfast made a mistake and stopped this operation.")
        .hint("Try again; if it happens again, report it with the program's log.")
        .native(error.to_string())
}

#[cfg(test)]
mod tests;
