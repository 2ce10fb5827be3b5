//! Table `settings`: one row holds the settings that differ from nothing yet known; absent fields have
//! their defaults, so a setting added later needs no migration.

use holdfast_contract::ApiError;
use holdfast_contract::settings::Settings;
use rusqlite::OptionalExtension;
use serde_json::Value;

use super::Catalog;
use super::error::Result;

pub struct SettingsTable<'a>(pub(super) &'a Catalog);

impl SettingsTable<'_> {
    pub async fn get(&self) -> std::result::Result<Settings, ApiError> {
        self.0.read(load).await
    }

    /// Reads, changes and writes in one transaction; `Err` from `change` writes nothing.
    pub async fn update(
        &self,
        change: impl FnOnce(&mut Settings) -> std::result::Result<(), ApiError> + Send + 'static,
    ) -> std::result::Result<Settings, ApiError> {
        self.0
            .write(|catalog| {
                let mut settings = load(catalog)?;
                change(&mut settings)?;
                catalog.execute(
                    "INSERT INTO settings VALUES ('settings', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1",
                    [super::json(&settings)?],
                )?;
                Ok(settings)
            })
            .await
    }
}

fn load(catalog: &rusqlite::Connection) -> Result<Settings> {
    let stored: Option<String> = catalog
        .query_row("SELECT value FROM settings WHERE name = 'settings'", [], |row| row.get(0))
        .optional()?;
    let mut fields = serde_json::to_value(Settings::default())?;
    if let (Some(stored), Value::Object(fields)) = (stored, &mut fields)
        && let Value::Object(stored) = serde_json::from_str(&stored)?
    {
        fields.extend(stored);
    }
    Ok(serde_json::from_value(fields)?)
}
