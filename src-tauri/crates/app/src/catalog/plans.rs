//! Table `plans`: what was shown and may be applied, for an hour, once, by any process of this home.

use holdfast_contract::policy::Principal;
use holdfast_contract::{Answer, ApiError, ErrorCode, PlanId};
use rusqlite::params;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Catalog;
use super::error::CatalogError;
use crate::clock::new_id;

/// A plan is good for this long.
pub const PLAN_LIFE_MS: i64 = 60 * 60 * 1000;

#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub id: PlanId,
    /// The operation that may apply it: `restore.apply`.
    pub operation: String,
    /// What apply plans again from.
    pub request: Value,
    /// Of everything that was shown and matters.
    pub digest: String,
    /// The name a person must type, when one is asked for.
    pub confirm_name: Option<String>,
    /// Who looked at it: nobody else may confirm it.
    pub made_by: Option<Principal>,
    /// It has been applied.
    pub used: bool,
    pub created_at_ms: i64,
    pub expires_at_ms: i64,
}

impl Plan {
    /// A new plan of `operation`. `digest` is of everything a person agrees to: [`Plan::digest_of`].
    pub fn new(
        operation: &str,
        intent: &impl Serialize,
        digest: String,
        confirm_name: Option<String>,
        made_by: &Principal,
        now_ms: i64,
    ) -> Answer<Self> {
        Ok(Self {
            id: PlanId(new_id()),
            operation: operation.to_owned(),
            request: serde_json::to_value(intent).map_err(CatalogError::from)?,
            digest,
            confirm_name,
            made_by: Some(made_by.clone()),
            used: false,
            created_at_ms: now_ms,
            expires_at_ms: now_ms + PLAN_LIFE_MS,
        })
    }

    /// SHA-256 of the JSON text, hex. The same value gives the same digest in every process.
    pub fn digest_of(shown: &impl Serialize) -> Answer<String> {
        let text = serde_json::to_vec(shown).map_err(CatalogError::from)?;
        Ok(Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

pub(crate) fn moved(message: &str) -> ApiError {
    ApiError::new(ErrorCode::PlanMoved, message)
        .hint("Make the plan again, look at it, and confirm that one.")
}

pub struct Plans<'a>(pub(super) &'a Catalog);

impl Plans<'_> {
    /// Keeps a plan; forgets those that expired a day ago.
    pub async fn put(&self, plan: Plan) -> Answer<()> {
        self.0
            .write(move |catalog| {
                catalog.execute(
                    "DELETE FROM plans WHERE expires_at_ms < ?1",
                    [plan.created_at_ms - 86_400_000],
                )?;
                catalog.execute(
                    "INSERT INTO plans (id, operation, request, digest, confirm_name, made_by, created_at_ms, expires_at_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    params![
                        plan.id.as_str(),
                        plan.operation,
                        plan.request.to_string(),
                        plan.digest,
                        plan.confirm_name,
                        plan.made_by.as_ref().map(serde_json::to_string).transpose()?,
                        plan.created_at_ms,
                        plan.expires_at_ms,
                    ],
                )?;
                Ok(())
            })
            .await
    }

    /// `NotFound` for an unknown one. Expired and used ones are still found.
    pub async fn get(&self, id: &PlanId) -> Answer<Plan> {
        let id = id.clone();
        self.0
            .read(move |catalog| {
                let mut statement = catalog.prepare_cached(
                    "SELECT operation, request, digest, confirm_name, used_at_ms IS NOT NULL, created_at_ms, expires_at_ms, made_by
                     FROM plans WHERE id = ?1",
                )?;
                let mut rows = statement.query([id.as_str()])?;
                let Some(row) = rows.next()? else {
                    return Err(CatalogError::Api(
                        ApiError::new(ErrorCode::NotFound, "There is no such plan.").hint("Make the plan first."),
                    ));
                };
                Ok(Plan {
                    operation: row.get(0)?,
                    request: serde_json::from_str(&row.get::<_, String>(1)?)?,
                    digest: row.get(2)?,
                    confirm_name: row.get(3)?,
                    used: row.get(4)?,
                    created_at_ms: row.get(5)?,
                    expires_at_ms: row.get(6)?,
                    made_by: (row.get::<_, Option<String>>(7)?).map(|text| serde_json::from_str(&text)).transpose()?,
                    id,
                })
            })
            .await
    }

    /// Takes the plan for applying: `PlanMoved` when somebody has applied it before.
    pub async fn take(&self, id: &PlanId, now_ms: i64) -> Answer<()> {
        let id = id.clone();
        self.0
            .write(move |catalog| {
                let taken = catalog.execute(
                    "UPDATE plans SET used_at_ms = ?2 WHERE id = ?1 AND used_at_ms IS NULL",
                    params![id.as_str(), now_ms],
                )?;
                if taken == 1 {
                    Ok(())
                } else {
                    Err(CatalogError::Api(moved("This plan has been applied already.")))
                }
            })
            .await
    }

    /// It did not start after all: the same plan may be applied again.
    pub async fn give_back(&self, id: &PlanId) -> Answer<()> {
        let id = id.clone();
        self.0
            .write(move |catalog| {
                catalog.execute("UPDATE plans SET used_at_ms = NULL WHERE id = ?1", [id.as_str()])?;
                Ok(())
            })
            .await
    }
}
