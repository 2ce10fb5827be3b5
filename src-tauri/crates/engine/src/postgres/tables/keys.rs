//! Foreign keys from and to the tables of an order: taken off before rows change, put on again after, and counted beforehand.
//!
//! A key is taken off as a whole, at the table where it was declared: its clones on partitions go and come with it.

use std::collections::BTreeSet;

use holdfast_contract::snapshot::TableName;
use serde::Deserialize;

use super::{of_way, schema_of};
use crate::postgres::connect::{Purpose, Session};
use crate::postgres::schema::catalog::rows;
use crate::postgres::sql::{Ident, Literal, Table};
use crate::tables::{TableOrder, Way};
use crate::{Access, EngineError, Result, Work};

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct ForeignKey {
    pub name: String,
    pub schema: String,
    pub table: String,
    pub parent_schema: String,
    pub parent: String,
    /// As the server prints it.
    pub definition: String,
    pub comment: Option<String>,
    /// The child is partitioned.
    pub tree: bool,
    /// This login may change the child.
    pub ours: bool,
    pub columns: Vec<String>,
    pub parent_columns: Vec<String>,
}

impl ForeignKey {
    pub fn child(&self) -> TableName {
        TableName { schema: Some(self.schema.clone()), name: self.table.clone() }
    }
    pub fn parent(&self) -> TableName {
        TableName { schema: Some(self.parent_schema.clone()), name: self.parent.clone() }
    }
    pub fn title(&self) -> String {
        format!("{} of {} to {}", self.name, self.child(), self.parent())
    }
    pub fn drop(&self) -> String {
        format!("ALTER TABLE {} DROP CONSTRAINT {}", Table(&self.child()), Ident(&self.name))
    }
    pub fn add(&self) -> Vec<String> {
        let (child, name) = (self.child(), Ident(&self.name));
        let mut sql =
            vec![format!("ALTER TABLE {} ADD CONSTRAINT {name} {}", Table(&child), self.definition)];
        sql.extend(
            self.comment.as_ref().map(|text| {
                format!("COMMENT ON CONSTRAINT {name} ON {} IS {}", Table(&child), Literal(text))
            }),
        );
        sql
    }
}

/// All that begin or end at one of these tables, each once.
pub async fn read(session: &mut Session, tables: &[&TableName]) -> Result<Vec<ForeignKey>> {
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<String> = tables
        .iter()
        .map(|table| format!("({}, {})", Literal(schema_of(table)), Literal(&table.name)))
        .collect();
    let names = |keys: &str, relation: &str| {
        format!(
            "(SELECT pg_catalog.json_agg(a.attname ORDER BY u.place) FROM pg_catalog.unnest(k.{keys}) WITH ORDINALITY AS u(number, place) \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = k.{relation} AND a.attnum = u.number)"
        )
    };
    let sql = format!(
        "WITH RECURSIVE named AS (SELECT c.oid FROM (VALUES {wanted}) AS w(nspname, relname) \
           JOIN pg_catalog.pg_namespace n ON n.nspname = w.nspname::name \
           JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.relname::name), \
         up AS (SELECT k.oid, k.conparentid FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' \
             AND (k.conrelid IN (SELECT oid FROM named) OR k.confrelid IN (SELECT oid FROM named)) \
           UNION SELECT k.oid, k.conparentid FROM pg_catalog.pg_constraint k JOIN up ON up.conparentid = k.oid) \
         SELECT k.conname AS name, n.nspname AS schema, c.relname AS table, pn.nspname AS parent_schema, p.relname AS parent, \
         pg_catalog.pg_get_constraintdef(k.oid) AS definition, pg_catalog.obj_description(k.oid, 'pg_constraint') AS comment, \
         c.relkind = 'p' OR p.relkind = 'p' AS tree, pg_catalog.pg_has_role(c.relowner, 'USAGE') AS ours, \
         {} AS columns, {} AS parent_columns \
         FROM up JOIN pg_catalog.pg_constraint k ON k.oid = up.oid AND k.conparentid = 0 \
         JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_class p ON p.oid = k.confrelid JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace \
         ORDER BY 2, 3, 1",
        names("conkey", "conrelid"),
        names("confkey", "confrelid"),
        wanted = wanted.join(", "),
    );
    rows(session.raw(), "Looking at the foreign keys", &sql).await
}

/// Puts a key on again. Rows that dangle make it fail, or with `allow_dangling` leave it in force for new rows only.
pub async fn put_on(session: &mut Session, key: &ForeignKey, allow_dangling: bool) -> Result<Option<String>> {
    let doing = format!("Putting the foreign key {} on again", key.title());
    if !allow_dangling {
        for sql in key.add() {
            session.execute(&doing, &sql).await.map_err(|error| orphaned(error, key))?;
        }
        return Ok(None);
    }
    session.execute(&doing, "SAVEPOINT foreign_key").await?;
    let statements = key.add();
    let mut remark = None;
    match session.execute(&doing, &statements[0]).await {
        Ok(_) => {}
        Err(error) if error.server_code() == Some("23503") => {
            let later = format!("{} NOT VALID", statements[0]);
            session.execute(&doing, &format!("ROLLBACK TO SAVEPOINT foreign_key; {later}")).await?;
            remark = Some(format!(
                "The foreign key {} is not valid for all rows: some point to rows that are not there. It holds for new rows; validate it when they are put right.",
                key.title()
            ));
        }
        Err(error) => return Err(error),
    }
    for sql in &statements[1..] {
        session.execute(&doing, sql).await?;
    }
    session.execute(&doing, "RELEASE SAVEPOINT foreign_key").await?;
    Ok(remark)
}

fn orphaned(error: EngineError, key: &ForeignKey) -> EngineError {
    if error.server_code() != Some("23503") {
        return error;
    }
    let mut api = error.into_api();
    api.message =
        format!("Rows of {} would point to rows of {} that are not there.", key.child(), key.parent());
    api.hint = Some(
        "Nothing was changed. Restore the other table with it, or ask to allow dangling rows: the key then holds for new rows only.".into(),
    );
    api.into()
}

/// See [`crate::tables::PlaceTables::dangling`]. Keys of partitioned tables are left to the check in the transaction.
pub async fn dangling(access: &Access, order: &TableOrder, work: &Work) -> Result<Vec<String>> {
    let mut session = Session::open(access, Purpose::Load).await?;
    let replaced: Vec<&TableName> =
        of_way(order, Way::Contents).chain(of_way(order, Way::Structure)).map(|step| &step.to).collect();
    let mut told = Vec::new();
    let mut seen = BTreeSet::new();
    for key in read(&mut session, &replaced).await? {
        work.checkpoint()?;
        if key.tree || key.definition.ends_with(" NOT VALID") || !seen.insert(key.title()) {
            continue;
        }
        let step = |table: &TableName| order.tables.iter().find(|step| step.to == *table);
        // The new table's own keys are the backup's, and are looked at when they are made.
        if step(&key.child()).is_some_and(|step| step.way == Way::Structure) {
            continue;
        }
        let rows_of = |table: &TableName| {
            step(table)
                .map_or_else(|| format!("ONLY {}", Table(table)), |step| Table(&step.staging).to_string())
        };
        work.progress.phase(&format!("Looking for rows without a parent: {}", key.title()));
        let there: Vec<String> =
            key.columns.iter().map(|column| format!("c.{} IS NOT NULL", Ident(column))).collect();
        let equal: Vec<String> = key
            .columns
            .iter()
            .zip(&key.parent_columns)
            .map(|(child, parent)| format!("p.{} = c.{}", Ident(parent), Ident(child)))
            .collect();
        let sql = format!(
            "SELECT count(*) FROM {} AS c WHERE {} AND NOT EXISTS (SELECT FROM {} AS p WHERE {})",
            rows_of(&key.child()),
            there.join(" AND "),
            rows_of(&key.parent()),
            equal.join(" AND ")
        );
        let count = match session.value("Looking for rows without a parent", &sql).await {
            Ok(count) => count.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0),
            // A column that the backup's table does not have, a type whose operator is elsewhere: left to the transaction.
            Err(error) if error.server_code().is_some() => 0,
            Err(error) => return Err(error),
        };
        if count > 0 {
            told.push(format!(
                "{count} {} of {} would point to rows of {} that are not there (foreign key {}).",
                if count == 1 { "row" } else { "rows" },
                key.child(),
                key.parent(),
                key.name
            ));
        }
    }
    session.close().await;
    Ok(told)
}
