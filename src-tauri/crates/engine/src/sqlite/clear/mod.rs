//! Deleting rows of SQLite tables, with foreign keys and triggers as the file's own programs would have them.

mod deletion;
mod shape;

use std::path::Path;

use async_trait::async_trait;
use holdfast_contract::clearing::{CandidateKind, CandidateStep, CleanupCandidate, Referring};
use holdfast_contract::snapshot::TableName;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::connect::{self, Mode};
use super::error::Explain;
use super::introspect::{self, Table, TableKind, quote};
use super::{Sqlite, blocking};
use crate::clear::{Batches, bad_condition, counting, on_delete, wrapped};
use crate::maintain::no_such_table;
use crate::{Clear, Deletion, EngineError, Result, RowCount, Rows, Work};

#[async_trait]
impl Clear for Sqlite {
    async fn count(&self, table: &TableName, rows: &Rows) -> Result<RowCount> {
        let (this, table, rows) = (self.clone(), table.clone(), rows.clone());
        blocking(move || {
            let connection = this.open_live(&Default::default())?;
            let found = resolve(&connection, &this.path, &table)?;
            let sql = counting(&quote(&found.name), &condition(&found, &rows)?);
            let (total, matching) = connection
                .query_row(&sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
                .explain(&this.path, "counting its rows")
                .map_err(bad_condition)?;
            Ok(RowCount { table: found.key(), total: total as u64, matching: matching as u64 })
        })
        .await
    }

    async fn referring(&self, table: &TableName) -> Result<Vec<Referring>> {
        let (this, table) = (self.clone(), table.clone());
        blocking(move || {
            let connection = this.open_live(&Default::default())?;
            let parent = resolve(&connection, &this.path, &table)?;
            let mut found = Vec::new();
            for child in introspect::tables(&connection, &this.path)? {
                if child.kind == TableKind::Ordinary && child.name != parent.name {
                    found.extend(keys(&connection, &this.path, &child, &parent)?);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn beyond(&self, table: &TableName) -> Result<Vec<String>> {
        let (this, table) = (self.clone(), table.clone());
        blocking(move || {
            let connection = this.open_live(&Default::default())?;
            let found = resolve(&connection, &this.path, &table)?;
            shape::delete_triggers(&connection, &this.path, &found)
        })
        .await
    }

    async fn begin(&self, table: &TableName) -> Result<Box<dyn Deletion>> {
        let (this, table) = (self.clone(), table.clone());
        blocking(move || Ok(Box::new(deletion::begin(this, &table)?) as Box<dyn Deletion>)).await
    }

    async fn delete_rows(
        &self,
        table: &TableName,
        rows: &Rows,
        batch: u64,
        most: u64,
        work: &Work,
    ) -> Result<u64> {
        let (this, table, rows, work) = (self.clone(), table.clone(), rows.clone(), work.clone());
        blocking(move || {
            let connection = for_deleting(&this, &work)?;
            let found = resolve(&connection, &this.path, &table)?;
            let which = condition(&found, &rows)?;
            let (name, doing) = (quote(&found.name), format!("deleting rows of {}", found.name));
            work.progress.phase(&format!("Deleting rows of {}", found.name));
            let key = shape::key(&connection, &this.path, &found)?;
            let mut batches = Batches::new(&work, batch, most);
            while let Some(limit) = batches.next()? {
                let sql = some(&name, &key, &which, limit);
                batches.took(connection.execute(&sql, []).explain(&this.path, &doing)? as u64);
            }
            Ok(batches.deleted)
        })
        .await
    }

    async fn candidates(&self) -> Result<Vec<CleanupCandidate>> {
        let this = self.clone();
        blocking(move || {
            let connection = this.open_live(&Default::default())?;
            doubled(&connection).explain(&this.path, "looking at its indexes")
        })
        .await
    }
}

fn for_deleting(this: &Sqlite, work: &Work) -> Result<Connection> {
    let connection = connect::open(&this.path, Mode::Write, &this.patience(&work.cancel))?;
    for config in [DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY] {
        connection.set_db_config(config, true).explain(&this.path, "opening it")?;
    }
    Ok(connection)
}

fn resolve(connection: &Connection, path: &Path, table: &TableName) -> Result<Table> {
    let fits = |found: &Table| found.name == table.name && found.kind == TableKind::Ordinary;
    introspect::tables(connection, path)?.into_iter().find(fits).ok_or_else(|| no_such_table(table))
}

/// Deletes some of the rows for which `which` holds. `key`: the columns that tell a row from the others.
fn some(name: &str, key: &[String], which: &str, limit: u64) -> String {
    let key = key.join(", ");
    format!(
        "DELETE FROM {name} WHERE ({key}) IN (SELECT {key} FROM {name} WHERE {which} LIMIT {limit}) AND {which}"
    )
}

fn condition(table: &Table, rows: &Rows) -> Result<String> {
    match rows {
        Rows::All => Ok("(TRUE)".to_owned()),
        Rows::Matching(condition) => wrapped(condition),
        Rows::Before { column, at_ms } => {
            // Quoted, a name that is no column would be taken for a text.
            if !table.columns.iter().any(|known| known.name.eq_ignore_ascii_case(column)) {
                let text = format!("There is no column {column} in {}.", table.name);
                return Err(EngineError::misuse(text));
            }
            let (name, seconds) = (quote(column), at_ms.div_euclid(1000));
            Ok(format!(
                "(CASE typeof({name}) WHEN 'text' THEN julianday({name}) < julianday({seconds}, 'unixepoch') \
                 WHEN 'integer' THEN {name} < iif(abs({name}) > 100000000000, {at_ms}, {seconds}) \
                 WHEN 'real' THEN {name} < julianday({seconds}, 'unixepoch') END)"
            ))
        }
    }
}

fn keys(connection: &Connection, path: &Path, child: &Table, parent: &Table) -> Result<Vec<Referring>> {
    const DOING: &str = "looking at its foreign keys";
    let mut statement = connection
        .prepare(
            "SELECT id, on_delete, group_concat('\"' || replace(\"from\", '\"', '\"\"') || '\"', ' IS NOT NULL OR ') \
             FROM pragma_foreign_key_list(?1) WHERE lower(\"table\") = lower(?2) GROUP BY id ORDER BY id",
        )
        .explain(path, DOING)?;
    let listed = statement
        .query_map([&child.name, &parent.name], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .explain(path, DOING)?;
    let mut found = Vec::new();
    for (id, action, columns) in listed {
        let sql = format!("SELECT count(*) FROM {} WHERE {columns} IS NOT NULL", quote(&child.name));
        let rows: i64 = connection.query_row(&sql, [], |row| row.get(0)).explain(path, DOING)?;
        found.push(Referring {
            table: child.key(),
            constraint: format!("foreign key {}", id + 1),
            on_delete: on_delete(&action),
            rows: rows as u64,
        });
    }
    Ok(found)
}

/// The same columns in the same order under another name, neither unique nor partial.
fn doubled(connection: &Connection) -> rusqlite::Result<Vec<CleanupCandidate>> {
    let mut statement = connection.prepare(
        "WITH one AS (SELECT t.name AS tbl, i.name AS idx, i.\"unique\" AS uniq, i.partial AS partial, \
           (SELECT group_concat(coalesce(x.name, '') || '/' || x.desc || '/' || x.coll || '/' || x.cid, ',' ORDER BY x.seqno) \
            FROM pragma_index_xinfo(i.name) x WHERE x.key) AS columns, \
           (SELECT sql FROM sqlite_schema WHERE name = i.name) AS sql \
           FROM sqlite_schema t, pragma_index_list(t.name) i WHERE t.type = 'table') \
         SELECT b.tbl, b.idx, a.idx FROM one a JOIN one b ON a.tbl = b.tbl AND a.idx <> b.idx AND a.columns = b.columns \
         WHERE NOT a.partial AND NOT b.partial AND NOT b.uniq AND (a.uniq OR a.idx < b.idx) \
         AND a.columns NOT LIKE '%/-2%' GROUP BY b.tbl, b.idx ORDER BY 1, 2",
    )?;
    let rows = statement.query_map([], |row| {
        let (table, index, other): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(CleanupCandidate {
            kind: CandidateKind::DuplicateIndex,
            name: format!("{table}.{index}"),
            why: format!("{other} covers the very same columns in the same way."),
            bytes: None,
            next: Some(CandidateStep::Statement { sql: format!("DROP INDEX {};", quote(&index)) }),
        })
    })?;
    rows.collect()
}
