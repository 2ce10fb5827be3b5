//! Asking amcheck, the server's own extension, about every B-tree index and, from PostgreSQL 14 on, every table.

use holdfast_contract::maintenance::{FindingLevel, MaintenanceReport};
use holdfast_contract::{ApiError, ErrorCode};

use super::super::connect::Session;
use super::super::sql::Ident;
use super::statement::{Statement, is_damage};
use super::targets::Target;
use crate::maintain::{Meter, finding};
use crate::{Access, Result, Work};

/// Findings of one table beyond these add nothing.
const MOST: usize = 50;
/// Blocks of a table that are checked by one statement: 32 MB of the usual size.
const PIECE: u64 = 4096;

/// Where the extension's functions live; no row where it is not installed.
pub const SCHEMA: &str = "SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n \
                          ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'";

pub async fn run(
    access: &Access,
    session: &mut Session,
    targets: &[Target],
    work: &Work,
    meter: &mut Meter,
    report: &mut MaintenanceReport,
) -> Result<()> {
    let Some(schema) = session.value("Looking for amcheck", SCHEMA).await? else {
        return Err(ApiError::new(
            ErrorCode::Unsupported,
            "The extension amcheck is not installed in this database.",
        )
        .hint("A superuser runs CREATE EXTENSION amcheck once.")
        .into());
    };
    let reads_tables = session.version >= 140_000;
    for target in targets {
        let indexes = indexes(session, target).await?;
        let in_indexes: u64 = indexes.iter().map(|index| index.bytes).sum();
        let doing = format!("Checking {}", target.name);
        meter.begin(doing.clone(), target.bytes.saturating_sub(in_indexes));
        let blocks = if reads_tables { blocks(session, target).await? } else { 0 };
        let before = report.findings.len();
        // A piece at a time, because the server tells nothing on the way.
        for first in (0..blocks).step_by(PIECE as usize) {
            meter.at("", first as f64 / blocks as f64);
            let last = (first + PIECE).min(blocks) - 1;
            let sql = format!(
                "SELECT blkno, offnum, attnum, msg FROM {}.verify_heapam(relation => {}::pg_catalog.regclass, \
                 startblock => {first}, endblock => {last}) LIMIT {MOST}",
                Ident(&schema),
                target.oid
            );
            for row in (Statement { access, session, work }).run(&doing, &sql, meter).await? {
                let place = row.iter().take(2).flatten().cloned().collect::<Vec<_>>().join("/");
                let said = row.get(3).cloned().flatten().unwrap_or_default();
                report.findings.push(finding(
                    Some(&target.name),
                    FindingLevel::Error,
                    format!("block/row {place}: {said}"),
                ));
            }
            if report.findings.len() - before >= MOST {
                break;
            }
        }
        for index in indexes {
            let doing = format!("Checking the index {}", index.name);
            meter.begin(doing.clone(), index.bytes);
            let sql = format!(
                "SELECT {}.bt_index_check(index => {}::pg_catalog.regclass, heapallindexed => true)",
                Ident(&schema),
                index.oid
            );
            match (Statement { access, session, work }).run(&doing, &sql, meter).await {
                Ok(_) => {}
                Err(error) if is_damage(&error) => {
                    let said = error.into_api().message;
                    report.findings.push(finding(Some(&target.name), FindingLevel::Error, said));
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// Of the table itself. A partitioned one has none: its partitions are checked.
async fn blocks(session: &mut Session, target: &Target) -> Result<u64> {
    let sql = format!(
        "SELECT CASE relkind WHEN 'p' THEN 0 ELSE pg_catalog.pg_relation_size(oid) / pg_catalog.current_setting('block_size')::int8 END \
         FROM pg_catalog.pg_class WHERE oid = {}",
        target.oid
    );
    let blocks = session.value("Looking at the table", &sql).await?;
    Ok(blocks.and_then(|blocks| blocks.parse().ok()).unwrap_or(0))
}

struct Index {
    oid: u32,
    name: String,
    bytes: u64,
}

async fn indexes(session: &mut Session, target: &Target) -> Result<Vec<Index>> {
    let sql = format!(
        "SELECT i.indexrelid, i.indexrelid::pg_catalog.regclass, pg_catalog.pg_relation_size(i.indexrelid) FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am a ON a.oid = c.relam \
         WHERE i.indrelid = {} AND a.amname = 'btree' AND c.relkind = 'i' AND i.indisvalid AND i.indisready ORDER BY 2",
        target.oid
    );
    let rows = session.rows("Listing the indexes", &sql).await?;
    let found = rows.into_iter().filter_map(|row| match row.as_slice() {
        [Some(oid), Some(name), Some(bytes)] => {
            Some(Index { oid: oid.parse().ok()?, name: name.clone(), bytes: bytes.parse().ok()? })
        }
        _ => None,
    });
    Ok(found.collect())
}
