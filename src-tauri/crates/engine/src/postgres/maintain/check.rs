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
const MOST: u32 = 50;

/// Where the extension's functions live; None where it is not installed.
pub async fn schema(session: &mut Session) -> Result<Option<String>> {
    let sql = "SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n \
               ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'";
    session.value("Looking for amcheck", sql).await
}

pub async fn run(
    access: &Access,
    session: &mut Session,
    targets: &[Target],
    work: &Work,
    meter: &mut Meter,
    report: &mut MaintenanceReport,
) -> Result<()> {
    let Some(schema) = schema(session).await? else {
        return Err(ApiError::new(
            ErrorCode::Unsupported,
            "The extension amcheck is not installed in this database.",
        )
        .hint("A superuser runs CREATE EXTENSION amcheck once.")
        .into());
    };
    let reads_tables = session.version >= 140_000;
    for target in targets {
        meter.begin(format!("Checking {}", target.name), target.bytes);
        if reads_tables && !is_partitioned(session, target).await? {
            let sql = format!(
                "SELECT blkno, offnum, attnum, msg FROM {}.verify_heapam(relation => {}::pg_catalog.regclass) LIMIT {MOST}",
                Ident(&schema),
                target.oid
            );
            let doing = format!("Checking {}", target.name);
            let found = Statement { access, session, work }.run(&doing, &sql, meter).await;
            for row in found? {
                let place = row.iter().take(2).flatten().cloned().collect::<Vec<_>>().join("/");
                let said = row.get(3).cloned().flatten().unwrap_or_default();
                report.findings.push(finding(
                    Some(&target.name),
                    FindingLevel::Error,
                    format!("block/row {place}: {said}"),
                ));
            }
        }
        for (oid, index) in indexes(session, target).await? {
            let doing = format!("Checking the index {index}");
            let sql = format!(
                "SELECT {}.bt_index_check(index => {oid}::pg_catalog.regclass, heapallindexed => true)",
                Ident(&schema)
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

async fn is_partitioned(session: &mut Session, target: &Target) -> Result<bool> {
    let sql = format!("SELECT relkind = 'p' FROM pg_catalog.pg_class WHERE oid = {}", target.oid);
    Ok(session.value("Looking at the table", &sql).await?.as_deref() != Some("f"))
}

async fn indexes(session: &mut Session, target: &Target) -> Result<Vec<(u32, String)>> {
    let sql = format!(
        "SELECT i.indexrelid, i.indexrelid::pg_catalog.regclass FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am a ON a.oid = c.relam \
         WHERE i.indrelid = {} AND a.amname = 'btree' AND c.relkind = 'i' AND i.indisvalid AND i.indisready ORDER BY 2",
        target.oid
    );
    let rows = session.rows("Listing the indexes", &sql).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| match row.as_slice() {
            [Some(oid), Some(name)] => Some((oid.parse().ok()?, name.clone())),
            _ => None,
        })
        .collect())
}
