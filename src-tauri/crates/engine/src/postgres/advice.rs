//! What a PostgreSQL database may not need: indexes that are never used or exist twice, large objects without a reference.

use holdfast_contract::clearing::{CandidateKind, CandidateStep, CleanupCandidate};

use super::connect::{Purpose, Session};
use crate::{Access, Result};

/// Smaller indexes cost nothing worth a thought.
const WORTH_BYTES: u64 = 1 << 20;

pub async fn candidates(access: &Access) -> Result<Vec<CleanupCandidate>> {
    let mut session = Session::open(access, Purpose::Read).await?;
    let mut found = unused(&mut session).await?;
    found.extend(doubled(&mut session).await?);
    found.extend(orphans(&mut session).await?);
    session.close().await;
    Ok(found)
}

async fn unused(session: &mut Session) -> Result<Vec<CleanupCandidate>> {
    let sql = format!(
        "SELECT s.indexrelid::pg_catalog.regclass, s.relid::pg_catalog.regclass, pg_catalog.pg_relation_size(s.indexrelid), \
           coalesce(d.stats_reset::date::text, 'the server was made') \
         FROM pg_catalog.pg_stat_user_indexes s JOIN pg_catalog.pg_index i ON i.indexrelid = s.indexrelid \
         JOIN pg_catalog.pg_stat_database d ON d.datname = pg_catalog.current_database() \
         WHERE s.idx_scan = 0 AND NOT i.indisunique AND NOT i.indisexclusion AND i.indisvalid \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = s.indexrelid) \
         AND pg_catalog.pg_relation_size(s.indexrelid) >= {WORTH_BYTES} ORDER BY 3 DESC"
    );
    let rows = session.rows("Looking for unused indexes", &sql).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| match <[Option<String>; 4]>::try_from(row) {
            Ok([Some(index), Some(table), bytes, Some(since)]) => Some(CleanupCandidate {
                kind: CandidateKind::UnusedIndex,
                next: Some(drop_index(&index)),
                name: index,
                why: format!(
                    "No query on {table} has used it since {since}; a standby may, and yearly work may."
                ),
                bytes: bytes.and_then(|bytes| bytes.parse().ok()),
            }),
            _ => None,
        })
        .collect())
}

async fn doubled(session: &mut Session) -> Result<Vec<CleanupCandidate>> {
    let sql = "SELECT b.indexrelid::pg_catalog.regclass, a.indexrelid::pg_catalog.regclass, pg_catalog.pg_relation_size(b.indexrelid) \
        FROM pg_catalog.pg_index a JOIN pg_catalog.pg_index b ON b.indrelid = a.indrelid AND b.indexrelid <> a.indexrelid \
          AND b.indkey::text = a.indkey::text AND b.indclass::text = a.indclass::text AND b.indoption::text = a.indoption::text \
          AND b.indcollation::text = a.indcollation::text \
          AND coalesce(b.indexprs::text, '') = coalesce(a.indexprs::text, '') AND coalesce(b.indpred::text, '') = coalesce(a.indpred::text, '') \
        JOIN pg_catalog.pg_class c ON c.oid = a.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        JOIN pg_catalog.pg_class x ON x.oid = a.indexrelid JOIN pg_catalog.pg_class y ON y.oid = b.indexrelid \
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND x.relam = y.relam \
          AND NOT b.indisunique AND (a.indisunique OR a.indexrelid < b.indexrelid) ORDER BY 1, 2";
    let rows = session.rows("Looking for indexes that exist twice", sql).await?;
    let mut found: Vec<CleanupCandidate> = rows
        .into_iter()
        .filter_map(|row| match <[Option<String>; 3]>::try_from(row) {
            Ok([Some(index), Some(other), bytes]) => Some(CleanupCandidate {
                kind: CandidateKind::DuplicateIndex,
                next: Some(drop_index(&index)),
                name: index,
                why: format!("{other} covers the very same columns in the same way."),
                bytes: bytes.and_then(|bytes| bytes.parse().ok()),
            }),
            _ => None,
        })
        .collect();
    found.dedup_by(|next, kept| next.name == kept.name);
    Ok(found)
}

/// `index` as the server itself writes it in a statement: schema and quotes included.
fn drop_index(index: &str) -> CandidateStep {
    CandidateStep::Statement { sql: format!("DROP INDEX CONCURRENTLY {index};") }
}

/// A large object is in use when any column of type `oid` (or a domain over it, as `lo`) holds its number.
async fn orphans(session: &mut Session) -> Result<Vec<CleanupCandidate>> {
    let doing = "Looking for large objects that nothing points at";
    let any = "SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)";
    if session.value(doing, any).await?.as_deref() != Some("t") {
        return Ok(Vec::new());
    }
    let sql = "SELECT pg_catalog.string_agg(pg_catalog.format('SELECT %I::pg_catalog.oid FROM %I.%I', a.attname, n.nspname, c.relname), ' UNION ALL ') \
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
        WHERE 'pg_catalog.oid'::pg_catalog.regtype IN (t.oid, t.typbasetype) AND a.attnum > 0 AND NOT a.attisdropped \
        AND c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
    let used = session.value(doing, sql).await?.unwrap_or_else(|| "SELECT 0::pg_catalog.oid".to_owned());
    let sql = format!(
        "SELECT count(*) FROM pg_catalog.pg_largeobject_metadata m WHERE NOT EXISTS (SELECT FROM ({used}) AS used(id) WHERE used.id = m.oid)"
    );
    let count = session.value(doing, &sql).await?.and_then(|count| count.parse::<u64>().ok()).unwrap_or(0);
    Ok((count > 0)
        .then(|| CleanupCandidate {
            kind: CandidateKind::OrphanedLargeObjects,
            name: format!("{count} large objects"),
            why: "No column of type oid holds their number; a program may keep numbers as text or elsewhere."
                .into(),
            bytes: None,
            next: None,
        })
        .into_iter()
        .collect())
}
