//! The definitions of a table in a snapshot: which statements make it in a schema of its own, which only once it
//! stands in its place, and the former with that schema in the place of the table's own.

use holdfast_contract::snapshot::{SchemaObject, TableName, TableSnapshot};

use crate::postgres::sql::{Ident, Table};
use crate::{EngineError, Result};

/// What a table consists of beside its rows, from a snapshot's objects in their order.
pub struct Definition<'a> {
    /// None in a data-only backup.
    pub table: Option<&'a SchemaObject>,
    pub defaults: Vec<&'a SchemaObject>,
    /// Indexes and constraints that concern this table alone: made once its rows are in.
    pub after_rows: Vec<&'a SchemaObject>,
    /// Everything that needs the table in its place: sequences, identity, foreign keys, triggers, policies, rights…
    pub in_place: Vec<&'a SchemaObject>,
}

impl<'a> Definition<'a> {
    pub fn of(table: &TableName, objects: &'a [SchemaObject]) -> Self {
        let is_it = |object: &&SchemaObject| {
            object.schema == table.schema && object.name == table.name && object.kind == "table"
        };
        let own = |object: &&SchemaObject| object.table.as_ref() == Some(table);
        let mut names = vec![table.clone()];
        let owned = objects.iter().filter(own).filter(|object| {
            matches!(object.kind.as_str(), "sequence owner" | "identity" | "index") || is_key(object)
        });
        names.extend(owned.map(name_of));
        let spelled: Vec<String> = names.iter().flat_map(spellings).collect();
        let sequences = |object: &&SchemaObject| {
            matches!(object.kind.as_str(), "sequence" | "sequence state")
                && names[1..].contains(&name_of(object))
        };
        let about = |object: &&SchemaObject| {
            matches!(object.kind.as_str(), "comment" | "owner" | "grant")
                && object.sql.iter().any(|sql| {
                    let head = sql.split('\'').next().unwrap_or_default();
                    spelled.iter().any(|name| names_it(head, name))
                })
        };
        let before = |object: &&SchemaObject| matches!(object.kind.as_str(), "default");
        let after = |object: &&SchemaObject| {
            is_key(object)
                || matches!(object.kind.as_str(), "index" | "check constraint" | "not null constraint")
        };
        Self {
            table: objects.iter().find(is_it),
            defaults: objects.iter().filter(own).filter(before).collect(),
            after_rows: objects.iter().filter(own).filter(after).collect(),
            in_place: objects
                .iter()
                .filter(|object| {
                    (own(object) && !before(object) && !after(object)) || sequences(object) || about(object)
                })
                .collect(),
        }
    }

    /// The table gets columns from another one, whose rows it would join as soon as it is made.
    pub fn inherits(&self) -> bool {
        self.table.is_some_and(|table| table.sql.iter().any(|sql| sql.contains("\nINHERITS (")))
    }
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &'a SchemaObject> {
        self.in_place.iter().copied().filter(move |object| object.kind == kind)
    }
}

fn name_of(object: &SchemaObject) -> TableName {
    TableName { schema: object.schema.clone(), name: object.name.clone() }
}

/// With and without quotes: the server prints them only where they must be.
fn spellings(table: &TableName) -> [String; 4] {
    let schema = table.schema.as_deref().unwrap_or("public");
    let spell = |name: &str, quoted: bool| if quoted { Ident(name).to_string() } else { name.to_owned() };
    [(false, false), (false, true), (true, false), (true, true)]
        .map(|(one, other)| format!("{}.{}", spell(schema, one), spell(&table.name, other)))
}

/// A whole name, not the beginning of a longer one.
fn names_it(sql: &str, name: &str) -> bool {
    let inside = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$' | '"');
    let mut places = sql.match_indices(name);
    places.any(|(at, _)| sql[..at].ends_with(' ') && !sql[at + name.len()..].starts_with(inside))
}

fn is_key(object: &SchemaObject) -> bool {
    matches!(object.kind.as_str(), "primary key" | "unique constraint" | "exclusion constraint")
}

/// Columns only: what holds rows until they are put where they belong.
pub fn plain(table: &TableName, columns: &TableSnapshot) -> String {
    let columns: Vec<String> = columns
        .columns
        .iter()
        .map(|column| format!("{} {}", Ident(&column.name), column.type_name))
        .collect();
    format!("CREATE TABLE {} ({})", Table(table), columns.join(", "))
}

/// The statements of an object of `from`, made to speak of `to`. Only the place where a statement names its table is touched.
pub fn moved(object: &SchemaObject, from: &TableName, to: &TableName) -> Result<Vec<String>> {
    object.sql.iter().map(|sql| one(object, sql, from, to)).collect()
}

fn one(object: &SchemaObject, sql: &str, from: &TableName, to: &TableName) -> Result<String> {
    let target = Table(to).to_string();
    if object.kind == "index" {
        let found = spellings(from)
            .iter()
            .flat_map(|name| {
                [(format!(" ON {name} USING "), ""), (format!(" ON ONLY {name} USING "), "ONLY ")]
            })
            .filter_map(|(words, only)| Some((sql.find(&words)?, words, only)))
            .min_by_key(|(at, ..)| *at);
        if let Some((_, words, only)) = found {
            return Ok(sql.replacen(&words, &format!(" ON {only}{target} USING "), 1));
        }
    } else if let (Some(rest), Some(schema), Some(place)) =
        (sql.strip_prefix("ALTER INDEX "), &from.schema, &to.schema)
    {
        let own = format!("{}.", Ident(schema));
        if let Some(rest) = rest.strip_prefix(&own) {
            return Ok(format!("ALTER INDEX {}.{rest}", Ident(place)));
        }
    } else {
        let own = Table(from).to_string();
        if sql.contains(&own) {
            return Ok(sql.replacen(&own, &target, 1));
        }
    }
    Err(EngineError::internal(format!(
        "The definition of the {} {} was not understood.",
        object.kind, object.name
    )))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use holdfast_contract::snapshot::Phase;

    use super::*;

    fn name(schema: &str, name: &str) -> TableName {
        TableName { schema: Some(schema.into()), name: name.into() }
    }

    fn object(kind: &str, sql: &str) -> SchemaObject {
        SchemaObject {
            kind: kind.into(),
            schema: Some("public".into()),
            name: "x".into(),
            table: None,
            partition_of: None,
            phase: Phase::After,
            sql: vec![sql.into()],
        }
    }

    #[test]
    fn only_the_tables_own_name_moves() {
        let to = name("stage", "orders");
        for (kind, from, sql, wanted) in [
            (
                "index",
                name("public", "orders"),
                "CREATE INDEX a ON public.orders USING btree (((note ~ ' ON public.orders USING '::text)))",
                "CREATE INDEX a ON \"stage\".\"orders\" USING btree (((note ~ ' ON public.orders USING '::text)))",
            ),
            (
                "index",
                name("My", "Or.ders"),
                "CREATE UNIQUE INDEX \"I\" ON ONLY \"My\".\"Or.ders\" USING hash (id)",
                "CREATE UNIQUE INDEX \"I\" ON ONLY \"stage\".\"orders\" USING hash (id)",
            ),
            (
                "primary key",
                name("public", "orders"),
                "ALTER TABLE ONLY \"public\".\"orders\" ADD CONSTRAINT \"p\" PRIMARY KEY (id)",
                "ALTER TABLE ONLY \"stage\".\"orders\" ADD CONSTRAINT \"p\" PRIMARY KEY (id)",
            ),
            (
                "primary key",
                name("public", "orders"),
                "ALTER INDEX \"public\".\"p\" SET (\"fillfactor\" = '70')",
                "ALTER INDEX \"stage\".\"p\" SET (\"fillfactor\" = '70')",
            ),
        ] {
            assert_eq!(moved(&object(kind, sql), &from, &to).unwrap(), [wanted]);
        }
        assert!(
            moved(&object("index", "CREATE INDEX a ON b.c USING btree (d)"), &name("public", "c"), &to)
                .is_err()
        );
    }
}
