//! What a table is made of, how its rows are told apart, and what hangs on it.

use std::collections::BTreeSet;

use holdfast_contract::snapshot::{Scope, TableName};
use holdfast_contract::{ApiError, ErrorCode};

use super::super::connect::{Purpose, Session};
use super::super::schema::{self, Table};
use super::super::sql::{Literal, Name};
use crate::clear::altered;
use crate::clear::hanging::Key;
use crate::maintain::no_such_table;
use crate::{Access, EngineError, Result};

const DOING: &str = "Looking at the table and what hangs on it";

pub(super) struct Shape {
    /// The table itself first, then all whose rows go or change with its rows.
    pub tables: Vec<Table>,
    /// Names are not quoted.
    pub keys: Vec<Key>,
    /// Columns of the table itself (their numbers) whose values no two rows share; None if there are none.
    pub key: Option<Vec<usize>>,
}

impl Shape {
    /// `schema` of the table is of no meaning: it is the connection's.
    pub(super) async fn of(access: &Access, table: &TableName) -> Result<Self> {
        let mut session = Session::open(access, Purpose::Read).await?;
        let keys = keys(&mut session, &table.name).await?;
        let mut names = vec![table.name.clone()];
        for key in &keys {
            if !names.contains(&key.child) {
                names.push(key.child.clone());
            }
        }
        let database = session.value(DOING, "SELECT database()").await?.unwrap_or_default();
        let captured = schema::capture(&mut session, &database, &Scope::default()).await?;
        let mut all = captured.tables;
        let mut tables = Vec::with_capacity(names.len());
        for name in &names {
            let at = all.iter().position(|table| table.name == *name);
            let missing = || no_such_table(&TableName { schema: None, name: name.clone() });
            tables.push(all.swap_remove(at.ok_or_else(missing)?));
        }
        let key = unique(&mut session, &tables[0]).await?;
        session.close().await;
        Ok(Self { tables, keys, key })
    }

    /// `SourceChanged` unless both are the same tables with the same definitions.
    pub(super) fn must_still_be(&self, before: &Shape) -> Result<()> {
        let same = self.keys == before.keys
            && self.key == before.key
            && self.tables.len() == before.tables.len()
            && self.tables.iter().zip(&before.tables).all(|(now, before)| {
                now.name == before.name && now.engine == before.engine && now.stamp.is_still(&before.stamp)
            });
        if same { Ok(()) } else { Err(altered(&before.tables[0].table_name())) }
    }

    /// Rows of all of them belong to transactions.
    pub(super) fn is_transactional(&self) -> bool {
        self.tables.iter().all(|table| table.transactional)
    }

    /// The chains of foreign keys that lead away from the table, each with all that it passes. None where they lead in a circle.
    pub(super) fn chains(&self) -> Option<Vec<Vec<&Key>>> {
        let (mut open, mut found): (Vec<Vec<&Key>>, Vec<Vec<&Key>>) = (vec![Vec::new()], Vec::new());
        while let Some(chain) = open.pop() {
            let end = chain.last().map_or(self.tables[0].name.as_str(), |key| key.child.as_str());
            for key in self.keys.iter().filter(|key| key.parent == end) {
                let circle =
                    key.child == self.tables[0].name || chain.iter().any(|one| one.parent == key.child);
                if key.cascades && (circle || key.child == end) {
                    return None;
                }
                let mut longer = chain.clone();
                longer.push(key);
                if key.cascades {
                    open.push(longer.clone());
                }
                found.push(longer);
            }
        }
        Some(found)
    }
}

/// Foreign keys by which deleting rows of the table changes rows, and so on from there.
async fn keys(session: &mut Session, table: &str) -> Result<Vec<Key>> {
    let (mut open, mut seen, mut found) =
        (vec![table.to_owned()], BTreeSet::from([table.to_owned()]), Vec::new());
    while let Some(parent) = open.pop() {
        for key in following(session, &parent).await? {
            if key.cascades && seen.insert(key.child.clone()) {
                open.push(key.child.clone());
            }
            found.push(key);
        }
    }
    Ok(found)
}

async fn following(session: &mut Session, parent: &str) -> Result<Vec<Key>> {
    let sql = format!(
        "SELECT k.constraint_schema = database(), k.table_schema, k.table_name, k.constraint_name, r.delete_rule, k.column_name, k.referenced_column_name \
         FROM information_schema.referential_constraints r JOIN information_schema.key_column_usage k \
           ON k.constraint_schema = r.constraint_schema AND k.table_name = r.table_name AND k.constraint_name = r.constraint_name \
         WHERE k.referenced_table_schema = database() AND k.referenced_table_name = {} \
         AND r.delete_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT') \
         ORDER BY k.table_schema, k.table_name, k.constraint_name, k.ordinal_position",
        Literal(parent)
    );
    let mut found: Vec<((String, String), Key)> = Vec::new();
    for row in session.rows(DOING, &sql).await? {
        let Ok([here, Some(schema), Some(child), Some(name), Some(rule), Some(own), Some(other)]) =
            <[Option<String>; 7]>::try_from(row)
        else {
            continue;
        };
        if here.as_deref() != Some("1") {
            return Err(elsewhere(parent, &schema, &child));
        }
        let which = (child.clone(), name);
        match found.last_mut() {
            Some((last, key)) if *last == which => key.columns.push((own, other)),
            _ => {
                let parent = parent.to_owned();
                found.push((
                    which,
                    Key { parent, child, columns: vec![(own, other)], cascades: rule == "CASCADE" },
                ));
            }
        }
    }
    Ok(found.into_iter().map(|(_, key)| key).collect())
}

fn elsewhere(parent: &str, schema: &str, child: &str) -> EngineError {
    let text = format!(
        "Rows of {child} in the database {schema} go or change with those of {parent}, and a backup of this database does not hold them."
    );
    ApiError::new(ErrorCode::Unsupported, text)
        .hint("Drop that foreign key, or delete the rows without an archive.")
        .into()
}

/// The primary key, or else a unique index without NULLs, of whole columns whose values can be written down exactly.
async fn unique(session: &mut Session, table: &Table) -> Result<Option<Vec<usize>>> {
    let sql = format!(
        "SELECT index_name, column_name, nullable, sub_part IS NOT NULL FROM information_schema.statistics \
         WHERE table_schema = database() AND table_name = {} AND non_unique = 0 \
         ORDER BY index_name <> 'PRIMARY', index_name, seq_in_index",
        Literal(&table.name)
    );
    let mut indexes: Vec<(String, Option<Vec<usize>>)> = Vec::new();
    for row in session.rows(DOING, &sql).await? {
        let [Some(index), column, nullable, part] = <[Option<String>; 4]>::try_from(row).unwrap_or_default()
        else {
            continue;
        };
        let fits = nullable.as_deref() != Some("YES") && part.as_deref() == Some("0");
        let number = table
            .columns
            .iter()
            .position(|known| Some(&known.name) == column.as_ref() && is_exact(&known.type_name))
            .filter(|_| fits);
        match indexes.last_mut() {
            Some((last, columns)) if *last == index => {
                *columns = columns.take().zip(number).map(|(mut columns, number)| {
                    columns.push(number);
                    columns
                });
            }
            _ => indexes.push((index, number.map(|number| vec![number]))),
        }
    }
    Ok(indexes.into_iter().find_map(|(_, columns)| columns))
}

/// FLOAT and DOUBLE are not what they are printed as, and BIT is not what its digits look like.
fn is_exact(type_name: &str) -> bool {
    !["float", "double", "real", "bit"].iter().any(|inexact| type_name.starts_with(inexact))
}

/// `0` and then the columns as a dump reads them, of the table under this alias.
pub(super) fn selected(table: &Table, alias: &str) -> String {
    let columns = table.columns.iter().map(|column| {
        // As in the dump: all digits of a FLOAT.
        let factor = if column.type_name.starts_with("float") { "*1e0" } else { "" };
        format!(", {}.{}{factor}", Name(alias), Name(&column.name))
    });
    format!("0{}", columns.collect::<String>())
}
