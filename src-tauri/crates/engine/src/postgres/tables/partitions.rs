//! Which table a partition belongs to, for backups of earlier versions: these say it in a statement alone.

use std::collections::HashMap;

use holdfast_contract::snapshot::{SchemaObject, TableName};

use crate::postgres::sql::Table;

/// Fills `partition_of` where it is missing, from the statements that [`crate::postgres::schema`] has always written.
pub fn complete(objects: &mut [SchemaObject]) {
    if !objects.iter().any(attaches_unsaid) {
        return;
    }
    let parents: HashMap<String, TableName> = objects
        .iter()
        .filter(|object| object.kind == "table")
        .map(|object| TableName { schema: object.schema.clone(), name: object.name.clone() })
        .map(|table| (format!("ALTER TABLE ONLY {}", Table(&table)), table))
        .collect();
    for object in objects.iter_mut().filter(|object| attaches_unsaid(object)) {
        object.partition_of = object.sql.iter().find_map(|sql| parents.get(head(sql)?).cloned());
    }
}

fn attaches_unsaid(object: &SchemaObject) -> bool {
    object.kind == "partition" && object.partition_of.is_none()
}

/// What stands before `ATTACH PARTITION`. A name may hold these words too, but then inside quotes, of which an odd number
/// stands before them.
fn head(sql: &str) -> Option<&str> {
    sql.match_indices(" ATTACH PARTITION ")
        .map(|(at, _)| &sql[..at])
        .find(|head| head.matches('"').count().is_multiple_of(2))
}

#[cfg(test)]
mod tests {
    use holdfast_contract::snapshot::Phase;

    use super::*;

    fn object(kind: &str, name: &str, sql: &str) -> SchemaObject {
        SchemaObject {
            kind: kind.into(),
            schema: Some("public".into()),
            name: name.into(),
            table: None,
            partition_of: None,
            phase: Phase::Before,
            sql: vec![sql.into()],
        }
    }

    #[test]
    fn the_parent_is_read_from_the_statement_of_an_earlier_version() {
        let hard = "a\" ATTACH PARTITION \"b";
        let quoted = hard.replace('"', "\"\"");
        let mut objects = vec![
            object("table", "sales", "CREATE TABLE …"),
            object("table", hard, "CREATE TABLE …"),
            object(
                "partition",
                "one",
                "ALTER TABLE ONLY \"public\".\"sales\" ATTACH PARTITION \"public\".\"one\" DEFAULT",
            ),
            object(
                "partition",
                "two",
                &format!(
                    "ALTER TABLE ONLY \"public\".\"{quoted}\" ATTACH PARTITION \"public\".\"two\" DEFAULT"
                ),
            ),
            object(
                "index",
                "sales_idx",
                "ALTER INDEX \"public\".\"sales\" ATTACH PARTITION \"public\".\"x\"",
            ),
        ];
        complete(&mut objects);
        let parent = |at: usize| objects[at].partition_of.as_ref().map(|table| table.name.as_str());
        assert_eq!(parent(2), Some("sales"));
        assert_eq!(parent(3), Some(hard));
        assert_eq!(parent(4), None);
    }
}
