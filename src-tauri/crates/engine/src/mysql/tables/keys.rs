//! Foreign keys. Here they follow a table that is renamed, and their names are unique in a database: so they are taken
//! off what goes, and put on what comes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::hanging::{Ledger, ledger};
use super::is_there;
use crate::mysql::connect::{Purpose, Session};
use crate::mysql::error;
use crate::mysql::sql::{Literal, Name, Qualified};
use crate::tables::{TableOrder, TableStep, Way};
use crate::{Access, Result, Work};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ForeignKey {
    /// The database of the table with the key, when it is not the connection's own.
    pub schema: Option<String>,
    pub table: String,
    pub name: String,
    /// `CONSTRAINT … FOREIGN KEY (…) REFERENCES …`, as the server prints it.
    pub definition: String,
    pub columns: Vec<String>,
    pub parent_schema: Option<String>,
    pub parent: String,
    pub parent_columns: Vec<String>,
}

impl ForeignKey {
    /// From a line of a table's definition; None for other lines.
    pub fn parse(line: &str, schema: Option<&str>, table: &str) -> Option<Self> {
        let definition = line.trim().trim_end_matches(',');
        let (name, rest) = name(definition.strip_prefix("CONSTRAINT ")?)?;
        let (columns, rest) = list(rest.strip_prefix(" FOREIGN KEY (")?)?;
        let (first, rest) = self::name(rest.strip_prefix(" REFERENCES ")?)?;
        let (parent_schema, parent, rest) = match rest.strip_prefix('.') {
            Some(rest) => self::name(rest).map(|(second, rest)| (Some(first), second, rest))?,
            None => (None, first, rest),
        };
        let (parent_columns, _) = list(rest.strip_prefix(" (")?)?;
        Some(Self {
            schema: schema.map(str::to_owned),
            table: table.to_owned(),
            name,
            definition: definition.to_owned(),
            columns,
            parent_schema,
            parent,
            parent_columns,
        })
    }

    pub fn title(&self) -> String {
        let there = self.parent_schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
        format!("{} of {} to {there}{}", self.name, self.child(), self.parent)
    }

    pub fn child(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.table),
            None => self.table.clone(),
        }
    }

    /// For SQL run in `database`.
    fn place(&self, database: &str) -> String {
        Qualified(self.schema.as_deref().unwrap_or(database), &self.table).to_string()
    }
}

/// A name in backticks, and what follows it.
fn name(text: &str) -> Option<(String, &str)> {
    let mut found = String::new();
    let mut chars = text.strip_prefix('`')?.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c != '`' {
            found.push(c);
        } else if chars.next_if(|(_, next)| *next == '`').is_some() {
            found.push('`');
        } else {
            return Some((found, &text[at + 2..]));
        }
    }
    None
}

/// Names up to the closing parenthesis, and what follows it.
fn list(mut text: &str) -> Option<(Vec<String>, &str)> {
    let mut found = Vec::new();
    loop {
        let (one, rest) = name(text)?;
        found.push(one);
        match rest.strip_prefix(')') {
            Some(rest) => return Some((found, rest)),
            None => text = rest.strip_prefix(',')?.trim_start(),
        }
    }
}

/// Those in the definition of a table of the connection's own database.
pub fn defined(create: &str, table: &str) -> Vec<ForeignKey> {
    create.lines().filter_map(|line| ForeignKey::parse(line, None, table)).collect()
}

/// Those of other tables, also of other databases, on these tables. Of databases that this login can see.
pub async fn incoming(session: &mut Session, database: &str, tables: &[&str]) -> Result<Vec<ForeignKey>> {
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let doing = "Looking at the foreign keys";
    let wanted: Vec<String> = tables.iter().map(|table| Literal(table).to_string()).collect();
    let sql = format!(
        "SELECT DISTINCT constraint_schema, table_name, constraint_name FROM information_schema.key_column_usage \
         WHERE referenced_table_schema = {} AND referenced_table_name IN ({}) ORDER BY 1, 2, 3",
        Literal(database),
        wanted.join(", ")
    );
    let mut found = Vec::new();
    for row in session.rows(doing, &sql).await? {
        let Ok([Some(schema), Some(table), Some(name)]) = <[Option<String>; 3]>::try_from(row) else {
            continue;
        };
        let outside = Some(schema.as_str()).filter(|schema| *schema != database);
        let show = format!("SHOW CREATE TABLE {}", Qualified(&schema, &table));
        let shown = session.rows(doing, &show).await?.into_iter().next().unwrap_or_default();
        let create = shown.into_iter().nth(1).flatten().unwrap_or_default();
        let keys = create.lines().filter_map(|line| ForeignKey::parse(line, outside, &table));
        found.extend(keys.filter(|key| key.name == name).map(|mut key| {
            // Its own database is that of the table, where the server leaves it out.
            key.parent_schema = key.parent_schema.filter(|parent| parent != database);
            key
        }));
    }
    Ok(found)
}

/// Names of the keys that a table has now.
async fn names(session: &mut Session, database: &str, table: &str) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT constraint_name FROM information_schema.table_constraints WHERE constraint_schema = {} \
         AND table_name = {} AND constraint_type = 'FOREIGN KEY'",
        Literal(database),
        Literal(table)
    );
    Ok(session.rows("Looking at the foreign keys", &sql).await?.into_iter().flatten().flatten().collect())
}

pub async fn take_off(session: &mut Session, database: &str, table: &str) -> Result<()> {
    for name in names(session, database, table).await? {
        let sql = format!("ALTER TABLE {} DROP FOREIGN KEY {}", Qualified(database, table), Name(&name));
        session.execute(&format!("Taking the foreign key {name} off {table}"), &sql).await?;
    }
    Ok(())
}

/// Those that are not on yet. Rows are not looked at: [`dangling`] does that.
pub async fn put_on(session: &mut Session, database: &str, keys: &[ForeignKey]) -> Result<()> {
    let Some(first) = keys.first() else { return Ok(()) };
    let there = names(session, database, &first.table).await?;
    for key in keys.iter().filter(|key| !there.contains(&key.name)) {
        add(session, database, key).await?;
    }
    Ok(())
}

/// The server makes an index for a key that has none, and when the key is put on again it makes another one in its place,
/// named after the key: that one gets the name of the first.
async fn add(session: &mut Session, database: &str, key: &ForeignKey) -> Result<()> {
    let doing = format!("Putting the foreign key {} on", key.title());
    let before = indexes(session, database, key).await?;
    let place = key.place(database);
    session.execute(&doing, &format!("ALTER TABLE {place} ADD {}", key.definition)).await?;
    let after = indexes(session, database, key).await?;
    let gone: Vec<&String> = before.difference(&after).collect();
    let made: Vec<&String> = after.difference(&before).collect();
    if let ([gone], [made], true) = (&gone[..], &made[..], renames_indexes(session)) {
        let sql = format!("ALTER TABLE {place} RENAME INDEX {} TO {}", Name(made), Name(gone));
        session.execute(&doing, &sql).await?;
    }
    Ok(())
}

fn renames_indexes(session: &Session) -> bool {
    session.server.mariadb_since(100_502) || session.server.mysql_since(50_700)
}

async fn indexes(session: &mut Session, database: &str, key: &ForeignKey) -> Result<BTreeSet<String>> {
    let show = format!("SHOW INDEX FROM {}", key.place(database));
    let rows = session.rows("Looking at the indexes", &show).await?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().nth(2).flatten()).collect())
}

/// Keys of other tables that went with a renamed table refer to the one that has its name now.
pub async fn point(session: &mut Session, database: &str, key: &ForeignKey) -> Result<()> {
    let doing = format!("Pointing the foreign key {}", key.title());
    let sql = format!(
        "SELECT referenced_table_name FROM information_schema.key_column_usage WHERE constraint_schema = {} \
         AND table_name = {} AND constraint_name = {} AND referenced_table_name IS NOT NULL LIMIT 1",
        Literal(key.schema.as_deref().unwrap_or(database)),
        Literal(&key.table),
        Literal(&key.name)
    );
    let now = session.value(&doing, &sql).await?;
    if now.as_deref() == Some(key.parent.as_str()) {
        return Ok(());
    }
    // Two statements: not every server takes both in one. In between, a repeat finds the key missing.
    if now.is_some() {
        let sql = format!("ALTER TABLE {} DROP FOREIGN KEY {}", key.place(database), Name(&key.name));
        session.execute(&doing, &sql).await?;
    }
    add(session, database, key).await
}

/// See [`crate::tables::PlaceTables::dangling`]. `staged`: the restored rows are still under their staging names.
pub async fn dangling(access: &Access, order: &TableOrder, staged: bool, work: &Work) -> Result<Vec<String>> {
    let database = access.spec.database_name();
    let mut session = Session::open(access, Purpose::Read).await?;
    let mut keys: BTreeSet<ForeignKey> = BTreeSet::new();
    for step in order.tables.iter().filter(|step| step.way != Way::Beside) {
        let Ledger { new, incoming, .. } = ledger(step)?;
        keys.extend(new.keys);
        keys.extend(incoming);
    }
    let step = |table: &str| order.tables.iter().find(|step| step.to.name == table);
    let now = |table: &str| match step(table) {
        Some(TableStep { staging, .. }) if staged => staging.name.clone(),
        _ => table.to_owned(),
    };
    let mut told = Vec::new();
    for key in keys {
        work.checkpoint()?;
        work.progress.phase(&format!("Looking for rows without a parent: {}", key.title()));
        let child = match &key.schema {
            Some(schema) => Qualified(schema, &key.table).to_string(),
            None => Name(&now(&key.table)).to_string(),
        };
        let (parent, there) = match &key.parent_schema {
            Some(schema) => (Qualified(schema, &key.parent).to_string(), true),
            None => {
                let name = now(&key.parent);
                (Name(&name).to_string(), is_there(&mut session, database, &name).await?)
            }
        };
        let given: Vec<String> =
            key.columns.iter().map(|column| format!("c.{} IS NOT NULL", Name(column))).collect();
        let equal: Vec<String> = key
            .columns
            .iter()
            .zip(&key.parent_columns)
            .map(|(child, parent)| format!("p.{} = c.{}", Name(parent), Name(child)))
            .collect();
        let orphaned = match there {
            true => format!(" AND NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE {})", equal.join(" AND ")),
            false => String::new(),
        };
        let sql = format!("SELECT count(*) FROM {child} AS c WHERE {}{orphaned}", given.join(" AND "));
        let count = match session.value("Looking for rows without a parent", &sql).await {
            Ok(count) => count.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0),
            // A table of another database that this login may not read, or that is not there.
            Err(refused) if matches!(error::native(&refused), Some(1142 | 1044 | 1146)) => 0,
            Err(failed) => return Err(failed),
        };
        if count > 0 {
            told.push(format!(
                "{count} {} of {} would point to rows of {} that are not there (foreign key {}).",
                if count == 1 { "row" } else { "rows" },
                key.child(),
                key.parent,
                key.name
            ));
        }
    }
    session.close().await;
    Ok(told)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_as_the_server_prints_them() {
        let line = "  CONSTRAINT `a``b` FOREIGN KEY (`x`, `y z`) REFERENCES `o,ther`.`p` (`i`, `j)`) ON DELETE CASCADE,";
        let key = ForeignKey::parse(line, None, "t").unwrap();
        assert_eq!((key.name.as_str(), key.columns.len()), ("a`b", 2));
        assert_eq!((key.parent_schema.as_deref(), key.parent.as_str()), (Some("o,ther"), "p"));
        assert_eq!(key.parent_columns, ["i", "j)"]);
        assert!(key.definition.ends_with("ON DELETE CASCADE"));
        assert!(ForeignKey::parse("  CONSTRAINT `c` CHECK (`a` > 0)", None, "t").is_none());
        assert!(ForeignKey::parse("  `a` int COMMENT 'CONSTRAINT `x` FOREIGN KEY (`'", None, "t").is_none());
    }
}
