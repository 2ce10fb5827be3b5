//! Maintenance of a PostgreSQL database: what there is, and which statement each action is.
//!
//! [`targets`] finds the tables, [`statement`] runs one statement that a cancel stops on the server, [`check`] asks
//! amcheck, [`bloat`] estimates wasted room.

mod bloat;
mod check;
mod statement;
mod targets;

use async_trait::async_trait;
use holdfast_contract::maintenance::{
    FindingLevel, MaintenanceAction, MaintenanceExtent, MaintenanceKind, MaintenanceReport,
};
use holdfast_contract::snapshot::TableName;

use super::Postgres;
use super::connect::{Purpose, Session};
use super::sql::{Ident, Table};
use crate::maintain::{Meter, action, finding, not_offered};
use crate::{Maintain, Result, Work};
use statement::Statement;
use targets::Target;

#[async_trait]
impl Maintain for Postgres {
    fn compacts(&self) -> MaintenanceKind {
        MaintenanceKind::VacuumFull
    }

    async fn actions(&self, session: &mut dyn crate::Session) -> Result<Vec<MaintenanceAction>> {
        let doing = "Asking what the server offers";
        let standby =
            session.value(doing, "SELECT pg_catalog.pg_is_in_recovery()").await?.as_deref() == Some("t");
        let amcheck = session.value("Looking for amcheck", check::SCHEMA).await?;
        let mut all = offered();
        for action in &mut all {
            if standby && action.writes {
                action.unavailable = Some("This server is a standby: run it on the primary.".into());
            }
            if action.kind == MaintenanceKind::Check && amcheck.is_none() {
                action.unavailable = Some(
                    "The extension amcheck is not installed in this database: CREATE EXTENSION amcheck."
                        .into(),
                );
            }
        }
        Ok(all)
    }

    async fn extent(&self, kind: MaintenanceKind, tables: &[TableName]) -> Result<MaintenanceExtent> {
        require(kind)?;
        let mut session = Session::open(&self.access, Purpose::Read).await?;
        let (targets, remarks) = targets::find(&mut session, kind, tables).await?;
        session.close().await;
        Ok(MaintenanceExtent {
            tables: targets.len() as u64,
            bytes: Some(targets.iter().map(|target| target.bytes).sum()),
            remarks,
        })
    }

    async fn maintain(
        &self,
        kind: MaintenanceKind,
        tables: &[TableName],
        work: &Work,
    ) -> Result<MaintenanceReport> {
        let offered = require(kind)?;
        let purpose = if offered.writes { Purpose::Load } else { Purpose::Read };
        let mut session = Session::open(&self.access, purpose).await?;
        let (targets, skipped) = targets::find(&mut session, kind, tables).await?;
        let before = targets.iter().map(|target| target.bytes).sum();
        let mut report = MaintenanceReport {
            tables: targets.len() as u64,
            bytes_before: Some(before),
            ..Default::default()
        };
        report.findings.extend(skipped.into_iter().map(|text| finding(None, FindingLevel::Warning, text)));
        let mut meter = Meter::new(work, before);
        match kind {
            MaintenanceKind::Bloat => bloat::estimate(&mut session, &targets, &mut report).await?,
            MaintenanceKind::Check => {
                check::run(&self.access, &mut session, &targets, work, &mut meter, &mut report).await?;
            }
            _ => {
                let mut statement = Statement { access: &self.access, session: &mut session, work };
                for target in &targets {
                    change(kind, target, &mut statement, &mut meter, &mut report).await?;
                }
                report.bytes_after = Some(targets::bytes(&mut session, &targets).await?);
            }
        }
        meter.finish();
        session.close().await;
        crate::maintain::verdict(report)
    }
}

/// One table.
async fn change(
    kind: MaintenanceKind,
    target: &Target,
    statement: &mut Statement<'_>,
    meter: &mut Meter,
    report: &mut MaintenanceReport,
) -> Result<()> {
    let table = Table(&target.name);
    let (verb, sql) = match kind {
        MaintenanceKind::Vacuum => ("Vacuuming", format!("VACUUM {table}")),
        MaintenanceKind::VacuumFull => ("Rewriting", format!("VACUUM (FULL) {table}")),
        MaintenanceKind::Analyze => ("Analyzing", format!("ANALYZE {table}")),
        _ => ("Rebuilding the indexes of", format!("REINDEX TABLE CONCURRENTLY {table}")),
    };
    let doing = format!("{verb} {}", target.name);
    meter.begin(doing.clone(), target.bytes);
    if kind != MaintenanceKind::Reindex {
        return statement.run(&doing, &sql, meter).await.map(drop);
    }
    sweep(target, statement, report).await?;
    let rebuilt = statement.run(&doing, &sql, meter).await.map(drop);
    if rebuilt.is_err() {
        // What a cut rebuild leaves takes room and slows writes down. The error that cut it is the one to tell.
        if let Err(error) = sweep(target, statement, report).await {
            tracing::warn!(%error, "the remains of an index rebuild were not removed; the next one does");
        }
    }
    rebuilt
}

/// Drops the invalid copies that an interrupted `REINDEX CONCURRENTLY` leaves. While another session is still rebuilding,
/// it waits, and then finds nothing of that name.
async fn sweep(target: &Target, statement: &mut Statement<'_>, report: &mut MaintenanceReport) -> Result<()> {
    let sql = format!(
        "SELECT n.nspname, c.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE i.indrelid = {} AND NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'",
        target.oid
    );
    let doing = format!("Looking for remains of a rebuild of {}", target.name);
    let left = statement.session.rows(&doing, &sql).await?;
    for row in left {
        let [Some(schema), Some(name)] = row.as_slice() else { continue };
        let sql = format!("DROP INDEX CONCURRENTLY IF EXISTS {}.{}", Ident(schema), Ident(name));
        statement.session.execute(&format!("Dropping the unfinished index {name}"), &sql).await?;
        let text = format!("The unfinished index {name}, left by a rebuild that was cut short, was dropped.");
        report.findings.push(finding(Some(&target.name), FindingLevel::Info, text));
    }
    Ok(())
}

fn require(kind: MaintenanceKind) -> Result<MaintenanceAction> {
    offered().into_iter().find(|action| action.kind == kind).ok_or_else(|| not_offered(kind, "PostgreSQL"))
}

fn offered() -> Vec<MaintenanceAction> {
    use MaintenanceKind as Kind;
    let reads = |action: MaintenanceAction| MaintenanceAction { writes: false, ..action };
    vec![
        action(
            Kind::Vacuum,
            "VACUUM",
            "Makes the room of deleted rows usable again for the same table, and keeps the age of its transactions low. The files do not shrink.",
            "Reading and writing go on; changes of the table's definition wait.",
        ),
        action(
            Kind::Analyze,
            "ANALYZE",
            "Reads a sample of each table and renews the statistics from which queries are planned.",
            "Reading and writing go on; changes of the table's definition wait.",
        ),
        action(
            Kind::Reindex,
            "REINDEX CONCURRENTLY",
            "Builds every index anew beside the old one and exchanges them: for bloated or suspect indexes.",
            "Reading and writing go on; it needs room for the largest index again, and waits for older transactions to end.",
        ),
        MaintenanceAction {
            warning: Some(
                "Nobody can read or write a table while it is rewritten, and the disk must have room for a second copy of it.".into(),
            ),
            ..action(
                Kind::VacuumFull,
                "VACUUM FULL",
                "Rewrites each table without its dead rows and gives the room back to the disk.",
                "Locks each table completely while it is rewritten.",
            )
        },
        reads(action(
            Kind::Check,
            "Integrity check (amcheck)",
            "Compares every B-tree index with its table, and from PostgreSQL 14 on reads the tables' pages for damage.",
            "Reading and writing go on; it reads everything, so the disk is busy.",
        )),
        reads(action(
            Kind::Bloat,
            "Bloat estimate",
            "Estimates from the statistics how much of each table is empty room, and counts dead rows.",
            "Locks nothing; reads the catalogs only.",
        )),
    ]
}
