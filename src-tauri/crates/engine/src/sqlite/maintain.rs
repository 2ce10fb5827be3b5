//! Maintenance of a SQLite file. How far a statement is shows in what it has read ([`super::reading`]); a cancel stops it
//! within milliseconds.

use std::path::Path;

use async_trait::async_trait;
use holdfast_contract::maintenance::{
    FindingLevel, MaintenanceAction, MaintenanceExtent, MaintenanceFinding, MaintenanceKind,
    MaintenanceReport,
};
use holdfast_contract::snapshot::TableName;
use rusqlite::Connection;

use super::connect::{self, Mode};
use super::error::{Explain, busy};
use super::introspect::{self, Table, TableKind, quote};
use super::reading::Reading;
use super::{Sqlite, blocking, check, files};
use crate::maintain::{Meter, action, finding, no_such_table, not_offered};
use crate::{EngineError, Maintain, Result, Work};

#[async_trait]
impl Maintain for Sqlite {
    fn compacts(&self) -> MaintenanceKind {
        MaintenanceKind::Vacuum
    }

    async fn actions(&self, _: &mut dyn crate::Session) -> Result<Vec<MaintenanceAction>> {
        Ok(offered())
    }

    async fn extent(&self, kind: MaintenanceKind, tables: &[TableName]) -> Result<MaintenanceExtent> {
        require(kind, tables)?;
        let (this, tables) = (self.clone(), tables.to_vec());
        blocking(move || {
            let connection = this.open_live(&Default::default())?;
            let targets = find(&connection, &this.path, &tables)?;
            let mut remarks = Vec::new();
            if kind == MaintenanceKind::Vacuum {
                remarks.push("The disk needs room for a second copy of the file meanwhile.".to_owned());
            }
            Ok(MaintenanceExtent {
                tables: targets.len() as u64,
                bytes: Some(files::size(&this.path)),
                remarks,
            })
        })
        .await
    }

    async fn maintain(
        &self,
        kind: MaintenanceKind,
        tables: &[TableName],
        work: &Work,
    ) -> Result<MaintenanceReport> {
        let writes = require(kind, tables)?.writes;
        let (this, tables, work) = (self.clone(), tables.to_vec(), work.clone());
        blocking(move || {
            work.checkpoint()?;
            let mut connection = if writes {
                connect::open(&this.path, Mode::Write, &this.patience(&work.cancel))?
            } else {
                this.open_live(&work.cancel)?
            };
            let targets = find(&connection, &this.path, &tables)?;
            let before = files::size(&this.path);
            let mut report = MaintenanceReport {
                tables: targets.len() as u64,
                bytes_before: Some(before),
                ..Default::default()
            };
            let meter = Meter::new(&work, before);
            let reading = Reading::watch(&mut connection, &this.path, &work.cancel, meter)?;
            let whole = tables.is_empty();
            run(kind, &mut connection, &this.path, &targets, whole, &reading, &mut report)?;
            reading.finish();
            connection.close().map_err(|(_, error)| error).explain(&this.path, "closing it")?;
            report.bytes_after = Some(files::size(&this.path));
            crate::maintain::verdict(report)
        })
        .await
    }
}

fn run(
    kind: MaintenanceKind,
    connection: &mut Connection,
    path: &Path,
    targets: &[Table],
    whole: bool,
    reading: &Reading,
    report: &mut MaintenanceReport,
) -> Result<()> {
    let all = report.bytes_before.unwrap_or(0);
    match kind {
        MaintenanceKind::Vacuum => {
            // Once to write the copy, once to bring it back.
            reading.begin(connection, "Rewriting the file".into(), all, 2 * all);
            // It attaches a temporary file by itself; in memory that would grow with the database.
            connect::allow_attach(connection, path)?;
            statement(connection, path, "rewriting it", "PRAGMA temp_store=FILE; VACUUM")
        }
        MaintenanceKind::Optimize => {
            reading.begin(connection, "Looking for statistics that are out of date".into(), all, all);
            // Also tables that this session has not queried yet.
            statement(connection, path, "renewing its statistics", "PRAGMA optimize=0x10002")
        }
        MaintenanceKind::Analyze | MaintenanceKind::Reindex => {
            let (verb, word) = match kind {
                MaintenanceKind::Analyze => ("Analyzing", "ANALYZE"),
                _ => ("Rebuilding the indexes of", "REINDEX"),
            };
            let ordinary = targets.iter().filter(|table| table.kind == TableKind::Ordinary);
            let share = all / (targets.len() as u64).max(1);
            for table in ordinary {
                reading.begin(connection, format!("{verb} {}", table.name), share, share);
                let sql = format!("{word} main.{}", quote(&table.name));
                statement(connection, path, &format!("{} {}", verb.to_lowercase(), table.name), &sql)?;
            }
            Ok(())
        }
        MaintenanceKind::Checkpoint => {
            reading.begin(connection, "Moving the write-ahead log into the file".into(), all, all);
            checkpoint(connection, path, report)
        }
        MaintenanceKind::ForeignKeyCheck => {
            reading.begin(connection, "Checking foreign keys".into(), all, all);
            for (table, rows) in check::orphans(connection, path)? {
                let wanted = targets.iter().any(|target| target.name == table);
                let name = TableName { schema: None, name: table };
                let text = format!("{rows} rows point at a row that is not there");
                report.findings.extend(wanted.then(|| finding(Some(&name), FindingLevel::Warning, text)));
            }
            Ok(())
        }
        MaintenanceKind::Bloat => empty_room(connection, path, report),
        _ => {
            let pragma = if kind == MaintenanceKind::QuickCheck { "quick_check" } else { "integrity_check" };
            // The pages first, then the rows.
            reading.begin(connection, "Looking for damage".into(), all, 2 * all);
            check::examine(connection, path, pragma, if whole { None } else { Some(targets) }, report)
        }
    }
}

fn statement(connection: &Connection, path: &Path, doing: &str, sql: &str) -> Result<()> {
    connection.execute_batch(sql).explain(path, doing)
}

fn checkpoint(connection: &Connection, path: &Path, report: &mut MaintenanceReport) -> Result<()> {
    let doing = "moving its write-ahead log into it";
    let (blocked, log, moved): (i64, i64, i64) = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .explain(path, doing)?;
    if blocked != 0 {
        return Err(busy(path, doing).into());
    }
    let text = if log < 0 {
        "The file keeps no write-ahead log; there is nothing to move.".to_owned()
    } else {
        format!("{moved} pages were moved; the log is empty.")
    };
    report.findings.push(finding(None, FindingLevel::Info, text));
    Ok(())
}

fn empty_room(connection: &Connection, path: &Path, report: &mut MaintenanceReport) -> Result<()> {
    let number = |pragma: &str| -> Result<u64> {
        let value: i64 = connection
            .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))
            .explain(path, "measuring it")?;
        Ok(value.unsigned_abs())
    };
    let (free, pages, size) = (number("freelist_count")?, number("page_count")?, number("page_size")?);
    let share = free * 100 / pages.max(1);
    report.findings.push(MaintenanceFinding {
        table: None,
        level: if share >= 20 { FindingLevel::Warning } else { FindingLevel::Info },
        text: format!("{share} % of the file is empty room"),
        bytes: Some(free * size),
    });
    Ok(())
}

/// Chosen ones in their order, or all with rows of their own.
fn find(connection: &Connection, path: &Path, chosen: &[TableName]) -> Result<Vec<Table>> {
    let all = introspect::tables(connection, path)?;
    if chosen.is_empty() {
        return Ok(all.into_iter().filter(|table| table.kind == TableKind::Ordinary).collect());
    }
    let find = |wanted: &TableName| {
        let fits = |table: &&Table| table.name == wanted.name && table.kind == TableKind::Ordinary;
        all.iter().find(fits).cloned().ok_or_else(|| no_such_table(wanted))
    };
    chosen.iter().map(find).collect()
}

fn require(kind: MaintenanceKind, tables: &[TableName]) -> Result<MaintenanceAction> {
    let action = offered()
        .into_iter()
        .find(|action| action.kind == kind)
        .ok_or_else(|| not_offered(kind, "SQLite"))?;
    if !tables.is_empty() && !action.takes_tables {
        let text = format!("{} is done to the whole file, not to single tables.", action.title);
        return Err(EngineError::misuse(text));
    }
    Ok(action)
}

fn offered() -> Vec<MaintenanceAction> {
    use MaintenanceKind as Kind;
    let whole = |action: MaintenanceAction| MaintenanceAction { takes_tables: false, ..action };
    let reads = |action: MaintenanceAction| MaintenanceAction { writes: false, ..action };
    const READING: &str = "Other programs go on; a writer of a file without WAL waits while it is read.";
    const WRITING: &str = "Other programs cannot write meanwhile.";
    vec![
        whole(action(
            Kind::Vacuum,
            "VACUUM",
            "Rewrites the file without empty pages: it becomes smaller and its tables contiguous.",
            "Other programs cannot write meanwhile; without WAL they cannot read at the end either.",
        )),
        whole(action(
            Kind::Optimize,
            "PRAGMA optimize",
            "Renews statistics where they are out of date: quick, and worth doing daily.",
            "Other programs cannot write for a moment.",
        )),
        action(
            Kind::Analyze,
            "ANALYZE",
            "Reads every index and renews the statistics from which queries are planned.",
            WRITING,
        ),
        action(
            Kind::Reindex,
            "REINDEX",
            "Builds every index anew: after a collation changed, or for an index that a check complains about.",
            WRITING,
        ),
        reads(action(
            Kind::Check,
            "integrity_check",
            "Reads everything and compares indexes with their tables.",
            READING,
        )),
        reads(action(
            Kind::QuickCheck,
            "quick_check",
            "Reads everything without comparing indexes with their tables: faster, finds less.",
            READING,
        )),
        reads(action(
            Kind::ForeignKeyCheck,
            "foreign_key_check",
            "Looks for rows that point at a row that is not there.",
            READING,
        )),
        whole(action(
            Kind::Checkpoint,
            "WAL checkpoint",
            "Moves what the write-ahead log holds into the file and empties the log.",
            "Waits for readers and writers of the moment; they go on afterwards.",
        )),
        whole(reads(action(
            Kind::Bloat,
            "Empty room",
            "Tells how much of the file is empty pages that a VACUUM would give back.",
            "Locks nothing.",
        ))),
    ]
}
