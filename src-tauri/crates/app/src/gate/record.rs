//! Writing down who meant to do what, and how it went.

use std::sync::Arc;

use holdfast_contract::audit::AuditPhase;
use holdfast_contract::policy::{Audit, Principal, Target};
use holdfast_contract::{ApiError, ConnectionId};
use serde_json::Value;

use super::Operation;
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
    target: Target,
    pub target_name: Option<String>,
    detail: String,
}

impl Record {
    pub fn new<O: Operation>(shared: &Arc<Shared>, principal: Principal) -> Self {
        Self {
            shared: shared.clone(),
            operation: O::NAME.to_owned(),
            audited: O::POLICY.audit == Audit::Both,
            principal,
            target: Target::None,
            target_name: None,
            detail: "{}".to_owned(),
        }
    }

    /// What is touched, and the request without its secrets.
    pub fn describe<O: Operation>(&mut self, request: &O::Request) {
        // A request that cannot be written down is described by what it touches.
        self.detail =
            serde_json::to_value(request).map(|value| redact(&value).to_string()).unwrap_or_default();
        self.target = O::target(request);
    }

    /// Finds the id and today's name of what is touched.
    pub async fn name_target(&mut self) -> Result<(), ApiError> {
        if !self.audited {
            return Ok(());
        }
        let named = match &self.target {
            Target::Connection(ConnectionId(name)) | Target::Named(name) => name.clone(),
            _ => return Ok(()),
        };
        if let Some(connection) = self.shared.catalog.connections().lookup(&named).await? {
            self.target = Target::Connection(connection.id);
            self.target_name = Some(connection.name);
        } else if let Target::Connection(_) = self.target {
            self.target = Target::Named(named);
        }
        if let Target::Named(name) = &mut self.target
            && let Value::String(safe) = redact(&Value::String(std::mem::take(name)))
        {
            *name = safe;
        }
        Ok(())
    }

    /// How the ends of this operation's jobs are written down.
    pub fn for_jobs(&self) -> Option<JobAudit> {
        self.audited.then(|| JobAudit {
            principal: self.principal.clone(),
            target: self.target.clone(),
            target_name: self.target_name.clone(),
        })
    }

    pub async fn intent(&self) -> Result<(), ApiError> {
        self.write(AuditPhase::Intent, None, None).await
    }

    pub async fn outcome(&self, outcome: &Result<Value, ApiError>) {
        let (word, error) = match outcome {
            // Long work has only begun: its end is written when it comes.
            Ok(response) if response.get("job_id").is_some_and(Value::is_string) => ("started", None),
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
            target: self.target.clone(),
            target_name: self.target_name.clone(),
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
        target: Target::None,
        target_name: None,
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
