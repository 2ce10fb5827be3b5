//! What a table is made of and what hangs on it, in a form that is equal only while nobody altered any of it.

use std::collections::BTreeSet;

use holdfast_contract::snapshot::{Snapshot, TableName};
use holdfast_contract::{ApiError, ErrorCode};

use super::super::connect::Session;
use super::super::sql::{Ident, Literal, Table};
use crate::Result;
use crate::clear::hanging::Key;
use crate::clear::{held, not_held};

const DOING: &str = "Looking at the table and what hangs on it";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// The table itself first.
    pub families: Vec<Family>,
    pub keys: Vec<Key>,
    /// Of the server: another one, or one that was restarted, may have given the same numbers to other transactions.
    server: Option<String>,
}

/// A table with its partitions and the tables that inherit from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Family {
    pub table: TableName,
    /// The table itself first.
    members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    oid: String,
    table: TableName,
    /// `r`, or `p`: without rows of its own.
    kind: String,
    /// Whose rows bear the number of their transaction and travel in full.
    datable: bool,
    /// Of the catalog's own rows: changes with every rename, move or ALTER.
    stamp: String,
}

impl Shape {
    pub(super) async fn of(session: &mut Session, table: &TableName) -> Result<Self> {
        let root = Literal(&Table(table).to_string()).to_string();
        let oid = session.value(DOING, &format!("SELECT {root}::regclass::oid::text")).await?;
        let (mut open, mut seen) = (Vec::from_iter(oid), BTreeSet::new());
        let (mut families, mut keys) = (Vec::new(), Vec::new());
        while let Some(oid) = open.pop() {
            if !seen.insert(oid.clone()) {
                continue;
            }
            let family = family(session, &oid).await?;
            let follow = followers(session, &family).await?;
            open.extend(follow.iter().filter(|follow| follow.key.cascades).map(|follow| follow.oid.clone()));
            for follow in follow {
                if !follow.key.cascades && !seen.contains(&follow.oid) {
                    // Its rows change and nothing follows from that; a cascade may still lead there.
                    let child = self::family(session, &follow.oid).await?;
                    families.push(child);
                }
                keys.push(follow.key);
            }
            families.push(family);
        }
        let first = families.iter().position(|family| family.table == *table).unwrap_or(0);
        families.swap(0, first);
        let server = session.value(DOING, "SELECT pg_catalog.pg_postmaster_start_time()::text || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8)").await?;
        Ok(Self { families, keys, server })
    }

    /// Refuses tables of which it could not be told later which rows are new.
    pub(super) fn datable(&self) -> Result<()> {
        match self.members().find(|member| !member.datable) {
            None => Ok(()),
            Some(member) => Err(ApiError::new(
                ErrorCode::Unsupported,
                format!(
                    "{} keeps its rows elsewhere than in a plain table of this database, or belongs to an extension: it cannot be told which of its rows an archive holds.",
                    member.table
                ),
            )
            .hint("Delete its rows with the tools of what it belongs to.")
            .into()),
        }
    }

    fn members(&self) -> impl Iterator<Item = &Member> {
        self.families.iter().flat_map(|family| &family.members)
    }

    pub(super) fn tables(&self) -> Vec<TableName> {
        let names: BTreeSet<TableName> = self.members().map(|member| member.table.clone()).collect();
        names.into_iter().collect()
    }

    /// Names in SQL of the tables that only follow.
    pub(super) fn following(&self) -> Vec<String> {
        let all: BTreeSet<String> =
            self.families.iter().skip(1).map(|family| Table(&family.table).to_string()).collect();
        all.into_iter().collect()
    }

    /// The rows of the table itself in the archive; `Incomplete` if any of all these tables is not in it.
    pub(super) fn archived(&self, snapshot: &Snapshot) -> Result<u64> {
        for family in &self.families {
            family.archived(snapshot)?;
        }
        self.families.first().map_or(Ok(0), |family| family.archived(snapshot))
    }
}

impl Family {
    fn archived(&self, snapshot: &Snapshot) -> Result<u64> {
        // A tree that cannot be taken apart is archived as its root.
        if let (Some(whole), true) = (held(snapshot, &self.table), self.members[0].kind == "p") {
            return Ok(whole.rows);
        }
        let with_rows = self.members.iter().filter(|member| member.kind == "r");
        with_rows
            .map(|member| held(snapshot, &member.table).map(|held| held.rows))
            .zip(self.members.iter().filter(|member| member.kind == "r"))
            .map(|(rows, member)| rows.ok_or_else(|| not_held(&member.table)))
            .sum()
    }
}

async fn family(session: &mut Session, oid: &str) -> Result<Family> {
    let sql = format!(
        "WITH RECURSIVE tree(oid) AS (SELECT {oid}::oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree t ON t.oid = i.inhparent) \
         SELECT c.oid::text, n.nspname, c.relname, c.relkind, \
           (c.relkind = 'p' OR c.relkind = 'r' AND a.amname = 'heap' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
             WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))::text, \
           concat_ws('/', c.xmin, c.ctid, c.relfilenode, n.xmin, n.ctid) \
         FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam ORDER BY c.oid <> {oid}, c.oid"
    );
    let members: Vec<Member> = session
        .rows(DOING, &sql)
        .await?
        .into_iter()
        .filter_map(|row| match <[Option<String>; 6]>::try_from(row) {
            Ok([Some(oid), schema, Some(name), Some(kind), datable, Some(stamp)]) => Some(Member {
                oid,
                table: TableName { schema, name },
                kind,
                datable: datable.as_deref() == Some("true"),
                stamp,
            }),
            _ => None,
        })
        .collect();
    let first = members.first().ok_or_else(super::gone)?;
    Ok(Family { table: first.table.clone(), members })
}

struct Follow {
    oid: String,
    key: Key,
}

/// Foreign keys of any table that change rows when one of the family's is deleted. A key of or to one partition counts for
/// the whole tree: that spares a row too many rather than one too few.
async fn followers(session: &mut Session, family: &Family) -> Result<Vec<Follow>> {
    let oids: Vec<&str> = family.members.iter().map(|member| member.oid.as_str()).collect();
    let sql = format!(
        "SELECT k.oid::text, c.oid::text, n.nspname, c.relname, k.confdeltype, ca.attname, pa.attname \
         FROM pg_catalog.pg_constraint k CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS u(child, parent, number) \
         JOIN pg_catalog.pg_class c ON c.oid = coalesce(pg_catalog.pg_partition_root(k.conrelid)::oid, k.conrelid) \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = u.child \
         JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = u.parent \
         WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confdeltype IN ('c', 'n', 'd') \
         AND (k.confrelid IN ({}) OR k.confrelid IN (SELECT pg_catalog.pg_partition_ancestors({}::oid))) ORDER BY k.oid, u.number",
        oids.join(", "),
        oids[0]
    );
    let mut found: Vec<(String, Follow)> = Vec::new();
    for row in session.rows(DOING, &sql).await? {
        let Ok([Some(constraint), Some(oid), schema, Some(name), Some(action), Some(own), Some(other)]) =
            <[Option<String>; 7]>::try_from(row)
        else {
            continue;
        };
        let pair = (Ident(&own).to_string(), Ident(&other).to_string());
        match found.last_mut() {
            Some((last, follow)) if *last == constraint => follow.key.columns.push(pair),
            _ => {
                let key = Key {
                    parent: Table(&family.table).to_string(),
                    child: Table(&TableName { schema, name }).to_string(),
                    columns: vec![pair],
                    cascades: action == "c",
                };
                found.push((constraint, Follow { oid, key }));
            }
        }
    }
    Ok(found.into_iter().map(|(_, follow)| follow).collect())
}
