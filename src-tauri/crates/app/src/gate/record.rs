//! Writing down who meant to do what to which database, and how it went.

use std::sync::Arc;

use holdfast_contract::ApiError;
use holdfast_contract::audit::AuditPhase;
use holdfast_contract::policy::{Audit, Policy, Principal, Touched};
use serde_json::Value;

use super::operation::Asks;
use super::outcome::Passed;
use super::touched;
use crate::catalog::{JobAudit, NewAuditEntry};
use crate::cx::Shared;
use crate::secrets::redact;

/// An operation's name longer than this was made up to fill the log.
const NAME_MAX: usize = 64;

pub(super) struct Record {
    shared: Arc<Shared>,
    operation: String,
    audited: bool,
    principal: Principal,
    touched: Vec<Touched>,
    detail: String,
}

impl Record {
    pub fn new(shared: &Arc<Shared>, operation: &str, policy: &Policy, principal: Principal) -> Self {
        Self {
            shared: shared.clone(),
            operation: operation.to_owned(),
            audited: policy.audit() == Audit::Both,
            principal,
            touched: Vec::new(),
            detail: "{}".to_owned(),
        }
    }

    /// The request without its secrets.
    pub fn describe(&mut self, request: &impl Asks) {
        // A request that cannot be written down is described by what it touches.
        self.detail =
            serde_json::to_value(request).map(|value| redact(&value).to_string()).unwrap_or_default();
    }

    pub fn touches(&mut self, touched: Vec<Touched>) {
        self.touched = touched;
        for thing in &mut self.touched {
            // Typed by somebody: a secret may have slipped into it.
            if let Touched::Named { name } = thing
                && let Value::String(safe) = redact(&Value::String(std::mem::take(name)))
            {
                *name = safe;
            }
        }
    }

    /// How the ends of this operation's jobs are written down.
    pub fn for_jobs(&self) -> Option<JobAudit> {
        self.audited.then(|| JobAudit {
            principal: self.principal.clone(),
            touched: self.touched.clone(),
            target_name: touched::words(&self.touched),
        })
    }

    pub async fn intent(&self) -> Result<(), ApiError> {
        self.write(AuditPhase::Intent, None, None).await
    }

    pub async fn outcome(&self, outcome: &Result<Passed, ApiError>) {
        let (word, error) = match outcome {
            // Long work has only begun: its end is written when it comes.
            Ok(Passed { job: Some(_), .. }) => ("started", None),
            Ok(_) => ("done", None),
            Err(error) => ("failed", Some(error)),
        };
        if let Err(error) = self.write(AuditPhase::Outcome, Some(word), error).await {
            // The deed is done and its intent is on record; undoing it would not make the log truer.
            tracing::error!(operation = %self.operation, %error, "the outcome was not recorded");
        }
    }

    /// Writes the refusal down and hands the error on.
    pub async fn refused(&self, error: ApiError) -> ApiError {
        if let Err(unwritten) = self.write(AuditPhase::Outcome, Some("refused"), Some(&error)).await {
            // Nothing was done; the caller hears why.
            tracing::error!(operation = %self.operation, error = %unwritten, "a refusal was not recorded");
        }
        error
    }

    async fn write(
        &self,
        phase: AuditPhase,
        outcome: Option<&str>,
        error: Option<&ApiError>,
    ) -> Result<(), ApiError> {
        if !self.audited {
            return Ok(());
        }
        let entry = NewAuditEntry {
            at_ms: self.shared.clock.now_ms(),
            principal: self.principal.clone(),
            operation: self.operation.clone(),
            touched: self.touched.clone(),
            target_name: touched::words(&self.touched),
            phase,
            outcome: outcome.map(str::to_owned),
            error_code: error.map(code_word),
            detail: self.detail.clone(),
        };
        self.shared.catalog.audit().append(entry).await.map(|_| ())
    }
}

/// A call of something that does not exist is a sign of a mistake or worse.
pub(super) async fn unknown(
    shared: &Arc<Shared>,
    principal: Principal,
    name: &str,
    error: ApiError,
) -> ApiError {
    let record = Record {
        shared: shared.clone(),
        operation: name.chars().take(NAME_MAX).collect(),
        audited: true,
        principal,
        touched: Vec::new(),
        detail: "{}".to_owned(),
    };
    record.refused(error).await
}

fn code_word(error: &ApiError) -> String {
    match serde_json::to_value(error.code) {
        Ok(Value::String(word)) => word,
        // A fieldless enum always becomes a word.
        _ => String::new(),
    }
}
