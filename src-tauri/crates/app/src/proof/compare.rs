//! Does a copy hold what the snapshot holds? Asked of the copy itself: its tables, its objects, and the count
//! and content hash of every table.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_contract::backup::TableProof;
use holdfast_contract::snapshot::{
    DumpPlan, EngineKind, ObjectCount, Snapshot, TableFingerprint, TableName, TableSnapshot,
};
use holdfast_engine::{Engine, EngineError, Work};

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Comparison {
    pub tables: Vec<TableProof>,
    /// Empty: the copy is equal. Each names its table or kind of object.
    pub problems: Vec<String>,
}

/// `server` holds the database `target`; `copy` is the same place opened as a database of its own.
/// `remarks`: what the load announced that it could not make exactly so; it excuses missing objects, never rows.
pub(crate) async fn compare(
    server: &dyn Engine,
    copy: &dyn Engine,
    target: &str,
    snapshot: &Snapshot,
    remarks: &[String],
    work: &Work,
) -> Result<Comparison, EngineError> {
    let load = server.load().ok_or_else(|| cannot_load(server.kind()))?;
    let with_rows: Vec<TableName> =
        snapshot.tables.iter().filter(|table| table.has_rows).map(|table| table.table.clone()).collect();
    let mut found = None;
    if let Some(dump) = copy.dump() {
        found = Some(dump.plan(&snapshot.scope).await?);
    }
    let fingerprints = load.fingerprint(target, &with_rows, work).await?;
    Ok(judge(snapshot, found.as_ref(), &fingerprints, remarks.is_empty()))
}

fn cannot_load(kind: EngineKind) -> EngineError {
    EngineError::unsupported(format!("Databases of kind {kind:?} cannot be loaded yet."))
}

fn judge(
    snapshot: &Snapshot,
    found: Option<&DumpPlan>,
    fingerprints: &[TableFingerprint],
    exact: bool,
) -> Comparison {
    let mut result = rows(snapshot.tables.iter(), fingerprints);
    if let Some(found) = found {
        result.problems.extend(table_list(snapshot, found));
        if exact {
            result.problems.extend(objects(&snapshot.object_counts, &found.object_counts));
        }
    }
    result
}

/// Counts and hashes alone, of the tables whose rows the backup holds.
pub(crate) fn rows<'a>(
    tables: impl Iterator<Item = &'a TableSnapshot>,
    fingerprints: &[TableFingerprint],
) -> Comparison {
    let found: BTreeMap<&TableName, &TableFingerprint> =
        fingerprints.iter().map(|print| (&print.table, print)).collect();
    let mut result = Comparison::default();
    for table in tables.filter(|table| table.has_rows) {
        let print = found.get(&table.table);
        let hash_equal = print.is_some_and(|print| print.content_hash == table.content_hash);
        let name = &table.table;
        match print {
            None => result.problems.push(format!("Table {name} is missing.")),
            Some(print) if print.rows != table.rows => {
                result
                    .problems
                    .push(format!("Table {name} has {} rows instead of {}.", print.rows, table.rows));
            }
            Some(_) if !hash_equal => {
                result.problems.push(format!("Table {name} has other contents than the snapshot."))
            }
            Some(_) => {}
        }
        result.tables.push(TableProof {
            table: name.clone(),
            expected_rows: table.rows,
            found_rows: print.map(|print| print.rows),
            hash_equal,
        });
    }
    result
}

/// Tables without rows in the backup must exist too, and none may be there that the snapshot does not know.
fn table_list(snapshot: &Snapshot, found: &DumpPlan) -> Vec<String> {
    let expected: BTreeSet<&TableName> = snapshot.tables.iter().map(|table| &table.table).collect();
    let present: BTreeSet<&TableName> = found.tables.iter().map(|table| &table.table).collect();
    let compared =
        |name: &&TableName| snapshot.tables.iter().any(|table| &table.table == *name && table.has_rows);
    let missing = expected
        .difference(&present)
        .filter(|name| !compared(name))
        .map(|name| format!("Table {name} is missing."));
    let extra = present.difference(&expected).map(|name| format!("Table {name} is not in the snapshot."));
    missing.chain(extra).collect()
}

fn objects(expected: &[ObjectCount], found: &[ObjectCount]) -> Vec<String> {
    let found: BTreeMap<&str, u64> = found.iter().map(|count| (count.kind.as_str(), count.count)).collect();
    let short = |count: &&ObjectCount| found.get(count.kind.as_str()).copied().unwrap_or(0) < count.count;
    expected
        .iter()
        .filter(short)
        .map(|count| {
            let there = found.get(count.kind.as_str()).copied().unwrap_or(0);
            format!("The copy has {there} objects of kind “{}” instead of {}.", count.kind, count.count)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use holdfast_contract::snapshot::{EngineKind, PlannedTable, Scope, ServerInfo};

    use super::*;

    fn name(text: &str) -> TableName {
        TableName { schema: Some("public".into()), name: text.into() }
    }

    fn server() -> ServerInfo {
        ServerInfo {
            engine: EngineKind::Postgres,
            version: "15".into(),
            version_number: 150_000,
            database: "shop".into(),
            size_bytes: None,
            encoding: None,
            transport: String::new(),
        }
    }

    fn snapshot(tables: &[(&str, u64, &str, bool)]) -> Snapshot {
        let table = |(table, rows, hash, has_rows): &(&str, u64, &str, bool)| TableSnapshot {
            table: name(table),
            columns: vec![],
            rows: *rows,
            bytes: 0,
            content_hash: (*hash).into(),
            streams: vec![],
            has_rows: *has_rows,
        };
        Snapshot {
            server: server(),
            taken_at_ms: 0,
            position: None,
            scope: Scope::default(),
            objects: vec![],
            object_counts: vec![ObjectCount { kind: "view".into(), count: 2 }],
            tables: tables.iter().map(table).collect(),
            omissions: vec![],
            remarks: vec![],
            extra_streams: vec![],
            engine_facts: Default::default(),
        }
    }

    fn plan(tables: &[&str], views: u64) -> DumpPlan {
        let table =
            |text: &&str| PlannedTable { table: name(text), estimated_rows: None, estimated_bytes: None };
        DumpPlan {
            server: server(),
            tables: tables.iter().map(table).collect(),
            object_counts: vec![ObjectCount { kind: "view".into(), count: views }],
            omissions: vec![],
            remarks: vec![],
            estimated_bytes: 0,
        }
    }

    fn print(table: &str, rows: u64, hash: &str) -> TableFingerprint {
        TableFingerprint { table: name(table), rows, content_hash: hash.into() }
    }

    #[test]
    fn every_difference_is_named() {
        let snapshot = snapshot(&[("a", 2, "aa", true), ("b", 1, "bb", true), ("c", 0, "", false)]);
        let equal = [print("a", 2, "aa"), print("b", 1, "bb")];
        assert!(judge(&snapshot, Some(&plan(&["a", "b", "c"], 2)), &equal, true).problems.is_empty());

        let told = |found: &DumpPlan, prints: &[TableFingerprint], exact| {
            judge(&snapshot, Some(found), prints, exact).problems
        };
        let whole = plan(&["a", "b", "c"], 2);
        assert_eq!(
            told(&whole, &[print("a", 3, "aa"), print("b", 1, "bb")], true),
            ["Table public.a has 3 rows instead of 2."]
        );
        assert_eq!(
            told(&whole, &[print("a", 2, "xx"), print("b", 1, "bb")], true).len(),
            1,
            "same count, other contents"
        );
        assert_eq!(told(&plan(&["a", "c"], 2), &[print("a", 2, "aa")], true), ["Table public.b is missing."]);
        assert_eq!(told(&plan(&["a", "b"], 2), &equal, true), ["Table public.c is missing."]);
        assert_eq!(
            told(&plan(&["a", "b", "c", "d"], 2), &equal, true),
            ["Table public.d is not in the snapshot."]
        );
        assert_eq!(told(&plan(&["a", "b", "c"], 1), &equal, true).len(), 1, "a view got lost");
        assert!(told(&plan(&["a", "b", "c"], 1), &equal, false).is_empty(), "announced by a remark");
    }
}
