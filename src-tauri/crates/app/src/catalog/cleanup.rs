//! Table `cleanup_rules`.

use holdfast_contract::clearing::CleanupRule;
use holdfast_contract::{Answer, ApiError, ErrorCode};
use rusqlite::{OptionalExtension, params};

use super::Catalog;
use super::error::CatalogError;

pub struct CleanupRules<'a>(pub(super) &'a Catalog);

impl CleanupRules<'_> {
    /// By name.
    pub async fn list(&self) -> Answer<Vec<CleanupRule>> {
        self.0
            .read(|catalog| {
                let mut statement = catalog.prepare_cached("SELECT rule FROM cleanup_rules ORDER BY name")?;
                let rules: Vec<String> =
                    statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
                rules.iter().map(|rule| Ok(serde_json::from_str(rule)?)).collect()
            })
            .await
    }

    /// By id or name.
    pub async fn lookup(&self, wanted: &str) -> Answer<Option<CleanupRule>> {
        let wanted = wanted.to_owned();
        self.0
            .read(move |catalog| {
                let sql = "SELECT rule FROM cleanup_rules WHERE id = ?1 OR name = ?1 ORDER BY id = ?1 DESC";
                let rule: Option<String> =
                    catalog.prepare_cached(sql)?.query_row([&wanted], |row| row.get(0)).optional()?;
                Ok(rule.map(|rule| serde_json::from_str(&rule)).transpose()?)
            })
            .await
    }

    pub async fn find(&self, wanted: &str) -> Answer<CleanupRule> {
        self.lookup(wanted).await?.ok_or_else(|| missing(wanted))
    }

    pub async fn put(&self, rule: CleanupRule) -> Answer<()> {
        self.0
            .write(move |catalog| {
                catalog.execute(
                    "INSERT INTO cleanup_rules VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (id) DO UPDATE SET name = ?2, connection_id = ?3, rule = ?4",
                    params![
                        rule.id.as_str(),
                        rule.name,
                        rule.connection_id.as_str(),
                        serde_json::to_string(&rule)?
                    ],
                )?;
                Ok(())
            })
            .await
    }

    /// The error for one that is not there.
    pub fn missing(&self, wanted: &str) -> ApiError {
        missing(wanted)
    }

    /// `NotFound` for an unknown one.
    pub async fn remove(&self, wanted: &str) -> Answer<()> {
        let id = self.find(wanted).await?.id;
        self.0
            .write(move |catalog| {
                match catalog.execute("DELETE FROM cleanup_rules WHERE id = ?1", [id.as_str()])? {
                    0 => Err(CatalogError::Api(missing(id.as_str()))),
                    _ => Ok(()),
                }
            })
            .await
    }
}

fn missing(wanted: &str) -> ApiError {
    ApiError::new(ErrorCode::NotFound, format!("There is no cleanup rule {wanted:?}."))
}
