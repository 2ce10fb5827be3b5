//! Foreign keys of other databases on tables that an exchange moves.
//!
//! The server lets them follow a renamed table; people expect them on the table that has the name. So they are read
//! before, and made again afterwards where they point elsewhere.

use serde::{Deserialize, Serialize};

use super::super::connect::Session;
use super::super::sql::{Literal, Name, Qualified};
use crate::Result;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ForeignKey {
    schema: String,
    table: String,
    name: String,
    /// `CONSTRAINT … REFERENCES …`, as the server prints it while it refers to the target.
    definition: String,
}

/// Those of all other databases that this login can see on tables of `target`.
pub async fn on(session: &mut Session, target: &str, but: &[&str]) -> Result<Vec<ForeignKey>> {
    let doing = "Looking for foreign keys of other databases";
    let outside: Vec<String> = but.iter().chain([&target]).map(|name| Literal(name).to_string()).collect();
    let sql = format!(
        "SELECT DISTINCT constraint_schema, table_name, constraint_name FROM information_schema.key_column_usage \
         WHERE referenced_table_schema = {} AND constraint_schema NOT IN ({}) ORDER BY 1, 2, 3",
        Literal(target),
        outside.join(", ")
    );
    let mut found = Vec::new();
    for row in session.rows(doing, &sql).await? {
        let Ok([Some(schema), Some(table), Some(name)]) = <[Option<String>; 3]>::try_from(row) else {
            continue;
        };
        let show = format!("SHOW CREATE TABLE {}", Qualified(&schema, &table));
        let shown = session.rows(doing, &show).await?.into_iter().next().unwrap_or_default();
        let create = shown.into_iter().nth(1).flatten().unwrap_or_default();
        let start = format!("CONSTRAINT {} FOREIGN KEY ", Name(&name));
        let line = create.lines().map(str::trim).find(|line| line.starts_with(&start));
        if let Some(definition) = line.map(|line| line.trim_end_matches(',').to_owned()) {
            found.push(ForeignKey { schema, table, name, definition });
        }
    }
    Ok(found)
}

/// Makes those point at `target` that do not. Rows are not looked at: what they refer to may have changed, and
/// that is for their owner to see, not a reason to stop halfway.
pub async fn point_at(session: &mut Session, target: &str, keys: &[ForeignKey]) -> Result<()> {
    for key in keys {
        let sql = format!(
            "SELECT referenced_table_schema FROM information_schema.key_column_usage WHERE constraint_schema = {} \
             AND table_name = {} AND constraint_name = {} AND referenced_table_schema IS NOT NULL LIMIT 1",
            Literal(&key.schema),
            Literal(&key.table),
            Literal(&key.name)
        );
        let now = session.value("Looking at a foreign key", &sql).await?;
        if now.as_deref() == Some(target) {
            continue;
        }
        let doing =
            format!("Pointing the foreign key {} of {}.{} at {target}", key.name, key.schema, key.table);
        let table = Qualified(&key.schema, &key.table);
        // Two statements: not every server takes both in one. In between, a repeat finds the key missing.
        if now.is_some() {
            session
                .execute(&doing, &format!("ALTER TABLE {table} DROP FOREIGN KEY {}", Name(&key.name)))
                .await?;
        }
        session.execute(&doing, &format!("ALTER TABLE {table} ADD {}", key.definition)).await?;
    }
    Ok(())
}
