//! Maintenance of a MySQL or MariaDB database. These statements answer with rows: what went wrong stands in `Msg_type`
//! and not in an error, so every row is read.

use std::time::Duration;

use async_trait::async_trait;
use holdfast_contract::maintenance::{
    FindingLevel, MaintenanceAction, MaintenanceExtent, MaintenanceFinding, MaintenanceKind,
    MaintenanceReport,
};
use holdfast_contract::snapshot::TableName;
use holdfast_contract::{ApiError, ErrorCode};

use super::Mysql;
use super::connect::{Purpose, Row, Session};
use super::error;
use super::sql::Name;
use crate::maintain::{Meter, action, finding, no_such_table, not_offered};
use crate::{Access, EngineError, Maintain, Result, Work};

/// How often progress is asked for.
const LOOK: Duration = Duration::from_millis(400);
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// A statement that does not stop by then is left to the server.
const PATIENCE: Duration = Duration::from_secs(30);
/// Less empty room is not worth anybody's time.
const WORTH_BYTES: u64 = 1 << 20;

#[async_trait]
impl Maintain for Mysql {
    fn compacts(&self) -> MaintenanceKind {
        MaintenanceKind::Optimize
    }

    async fn actions(&self, session: &mut dyn crate::Session) -> Result<Vec<MaintenanceAction>> {
        let refuses = "SELECT @@global.read_only";
        let replica = session.value("Asking what the server offers", refuses).await?.as_deref() == Some("1");
        let mut all = offered();
        for action in all.iter_mut().filter(|action| replica && action.writes) {
            action.unavailable = Some("This server is set to read_only: run it on the primary.".into());
        }
        Ok(all)
    }

    async fn extent(&self, kind: MaintenanceKind, tables: &[TableName]) -> Result<MaintenanceExtent> {
        require(kind)?;
        let mut session = Session::open(&self.access, Purpose::Read).await?;
        let targets = find(&mut session, kind, tables).await?;
        session.close().await;
        Ok(MaintenanceExtent {
            tables: targets.len() as u64,
            bytes: Some(targets.iter().map(|target| target.bytes).sum()),
            remarks: none_to_repair(kind, &targets),
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
        if offered.writes {
            let sql = "SET SESSION foreign_key_checks = 1, unique_checks = 1";
            session.execute("Preparing the session", sql).await?;
        }
        let targets = find(&mut session, kind, tables).await?;
        let before = targets.iter().map(|target| target.bytes).sum();
        let mut report = MaintenanceReport {
            tables: targets.len() as u64,
            bytes_before: Some(before),
            ..Default::default()
        };
        let nothing = none_to_repair(kind, &targets);
        report.findings.extend(nothing.into_iter().map(|text| finding(None, FindingLevel::Info, text)));
        if kind == MaintenanceKind::Bloat {
            report.findings.extend(targets.iter().filter_map(empty_room));
            report.findings.sort_by_key(|finding| std::cmp::Reverse(finding.bytes));
        } else {
            let mut meter = Meter::new(work, before);
            for target in &targets {
                let (verb, statement) = words(kind);
                let doing = format!("{verb} {}", target.name);
                meter.begin(doing.clone(), target.bytes);
                let sql = format!("{statement} {}", Name(&target.name.name));
                let answer = watched(&self.access, &mut session, &doing, &sql, work, &mut meter).await?;
                report.findings.extend(answer.iter().filter_map(|row| told(&target.name, row)));
            }
            meter.finish();
            // Reading the sizes anew; what the statement changed shows only so.
            let after = find(&mut session, kind, tables).await?;
            report.bytes_after = Some(after.iter().map(|target| target.bytes).sum());
        }
        session.close().await;
        if kind == MaintenanceKind::Check { crate::maintain::verdict(report) } else { all_done(kind, report) }
    }
}

struct Target {
    name: TableName,
    engine: String,
    bytes: u64,
    free: u64,
}

impl Target {
    fn can_be_repaired(&self) -> bool {
        ["MyISAM", "Aria", "ARCHIVE", "CSV"].iter().any(|engine| engine.eq_ignore_ascii_case(&self.engine))
    }
}

async fn find(session: &mut Session, kind: MaintenanceKind, chosen: &[TableName]) -> Result<Vec<Target>> {
    let sql = "SELECT table_name, coalesce(engine, ''), coalesce(data_length + index_length, 0), coalesce(data_free, 0) \
               FROM information_schema.tables WHERE table_schema = database() \
               AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY 1";
    let rows = session.rows("Listing the tables", sql).await?;
    let mut all: Vec<Target> = rows
        .into_iter()
        .filter_map(|row| match <[Option<String>; 4]>::try_from(row) {
            Ok([Some(name), Some(engine), bytes, free]) => {
                let number = |text: Option<String>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
                let name = TableName { schema: None, name };
                Some(Target { name, engine, bytes: number(bytes), free: number(free) })
            }
            _ => None,
        })
        .collect();
    if chosen.is_empty() {
        all.retain(|target| kind != MaintenanceKind::Repair || target.can_be_repaired());
        return Ok(all);
    }
    let mut wanted: Vec<Target> = Vec::new();
    for table in chosen {
        let at = all.iter().position(|target| target.name.name == table.name);
        match at {
            Some(at) => wanted.push(all.swap_remove(at)),
            None if wanted.iter().any(|known| known.name.name == table.name) => {}
            None => return Err(no_such_table(table)),
        }
    }
    Ok(wanted)
}

fn none_to_repair(kind: MaintenanceKind, targets: &[Target]) -> Vec<String> {
    let idle = kind == MaintenanceKind::Repair && !targets.iter().any(Target::can_be_repaired);
    let text = "No table uses an engine that REPAIR knows (MyISAM, Aria, ARCHIVE, CSV); InnoDB recovers by itself when the server starts.";
    idle.then(|| text.to_owned()).into_iter().collect()
}

fn empty_room(target: &Target) -> Option<MaintenanceFinding> {
    let share = target.free * 100 / (target.bytes + target.free).max(1);
    (target.free >= WORTH_BYTES && share >= 20).then(|| MaintenanceFinding {
        table: Some(target.name.to_string()),
        level: FindingLevel::Warning,
        text: format!("about {share} % of the table's file is empty room"),
        bytes: Some(target.free),
    })
}

fn words(kind: MaintenanceKind) -> (&'static str, &'static str) {
    match kind {
        MaintenanceKind::Optimize => ("Rebuilding", "OPTIMIZE TABLE"),
        MaintenanceKind::Check => ("Checking", "CHECK TABLE"),
        MaintenanceKind::Repair => ("Repairing", "REPAIR TABLE"),
        _ => ("Analyzing", "ANALYZE TABLE"),
    }
}

/// `Table, Op, Msg_type, Msg_text`; None where all is well.
fn told(table: &TableName, row: &Row) -> Option<MaintenanceFinding> {
    let text = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
    let (kind, said) = (text(2).to_lowercase(), text(3));
    let level = match kind.as_str() {
        "status" if said == "OK" || said.starts_with("Table is already up to date") => return None,
        "status" if said.contains("statistics collected") => return None,
        "status" => FindingLevel::Error,
        "error" => FindingLevel::Error,
        "warning" => FindingLevel::Warning,
        _ => FindingLevel::Info,
    };
    Some(finding(Some(table), level, said))
}

/// For what is not a check: a row of errors is a failure.
fn all_done(kind: MaintenanceKind, report: MaintenanceReport) -> Result<MaintenanceReport> {
    let failed: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.level == FindingLevel::Error)
        .map(|finding| format!("{}: {}", finding.table.clone().unwrap_or_default(), finding.text))
        .collect();
    if failed.is_empty() {
        return Ok(report);
    }
    let shown = failed.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
    let message = format!("{} failed. {}", words(kind).1, shown.trim_end_matches('.'));
    Err(ApiError::new(ErrorCode::ServerError, format!("{message}."))
        .hint("Check the tables for damage, this login's rights on them (SELECT and INSERT), and the server's log.")
        .native(failed.join("\n"))
        .into())
}

/// Runs one statement; progress is read beside it, and a cancel is `KILL QUERY`.
async fn watched(
    access: &Access,
    session: &mut Session,
    doing: &str,
    sql: &str,
    work: &Work,
    meter: &mut Meter,
) -> Result<Vec<Row>> {
    work.checkpoint()?;
    let id = session.id;
    let reports = session.server.is_mariadb();
    // Without a free session the work goes on unseen.
    let mut watch = Session::open_database(access, None, Purpose::Read).await.ok();
    let running = session.rows(doing, sql);
    tokio::pin!(running);
    let mut tick = tokio::time::interval(LOOK);
    let (mut asked, mut deadline) = (None::<tokio::time::Instant>, None);
    let outcome = loop {
        tokio::select! {
            biased;
            done = &mut running => break done,
            _ = tick.tick() => {}
            () = work.cancel.cancelled(), if asked.is_none() => {}
        }
        if work.cancel.is_cancelled() {
            let now = tokio::time::Instant::now();
            if now >= *deadline.get_or_insert(now + PATIENCE) {
                break Err(EngineError::Cancelled);
            }
            if asked.is_none_or(|at| now - at >= ASK_AGAIN) {
                asked = Some(now);
                kill(access, &mut watch, id).await;
            }
        } else if let Some(beside) = &mut watch
            && look(beside, id, reports, meter).await.is_err()
        {
            // The work itself does not depend on being watched.
            watch = None;
        }
    };
    if let Some(watch) = watch {
        watch.close().await;
    }
    // An interrupted statement says so in an error or in a row.
    match outcome {
        Err(refusal) if asked.is_some() && matches!(error::native(&refusal), Some(1317 | 1053)) => {
            Err(EngineError::Cancelled)
        }
        Ok(rows) if asked.is_some() && rows.iter().any(was_interrupted) => Err(EngineError::Cancelled),
        other => other,
    }
}

fn was_interrupted(row: &Row) -> bool {
    row.iter().flatten().any(|text| text.contains("execution was interrupted"))
}

async fn kill(access: &Access, watch: &mut Option<Session>, id: u64) {
    if watch.is_none() {
        *watch = Session::open_database(access, None, Purpose::Read).await.ok();
    }
    let Some(session) = watch else { return };
    if session.execute("Cancelling on the server", &format!("KILL QUERY {id}")).await.is_err() {
        // Asked again shortly, through a new session.
        *watch = None;
    }
}

async fn look(session: &mut Session, id: u64, reports: bool, meter: &mut Meter) -> Result<()> {
    let columns = if reports { "stage, max_stage, progress" } else { "0, 0, 0" };
    let sql =
        format!("SELECT coalesce(state, ''), {columns} FROM information_schema.processlist WHERE id = {id}");
    let rows = session.rows("Asking for progress", &sql).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let number =
        |at: usize| row.get(at).cloned().flatten().and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    let (stage, stages, percent) = (number(1), number(2), number(3));
    let state = row.first().cloned().flatten().unwrap_or_default();
    let done = (stage - 1.0).max(0.0) + percent / 100.0;
    meter.at(&state, if stages > 0.0 { done / stages } else { 0.0 });
    Ok(())
}

fn require(kind: MaintenanceKind) -> Result<MaintenanceAction> {
    offered()
        .into_iter()
        .find(|action| action.kind == kind)
        .ok_or_else(|| not_offered(kind, "MySQL or MariaDB"))
}

fn offered() -> Vec<MaintenanceAction> {
    use MaintenanceKind as Kind;
    vec![
        action(
            Kind::Analyze,
            "ANALYZE TABLE",
            "Reads a sample of each table and renews the statistics from which queries are planned. It is passed on to replicas.",
            "Reading and writing go on; a table that a long query reads makes later queries wait on some versions.",
        ),
        MaintenanceAction {
            warning: Some(
                "Each table is rebuilt: the disk must have room for a second copy of it, and replicas do the same work.".into(),
            ),
            ..action(
                Kind::Optimize,
                "OPTIMIZE TABLE",
                "Rebuilds each table and its indexes and gives empty room back to the disk.",
                "InnoDB: reading and writing go on, with a short lock at the beginning and end. MyISAM and Aria: nobody can write meanwhile.",
            )
        },
        action(
            Kind::Check,
            "CHECK TABLE",
            "Reads every table and its indexes and looks for damage.",
            "Others cannot write a MyISAM or Aria table while it is read; InnoDB goes on.",
        ),
        MaintenanceAction {
            warning: Some(
                "Rows that cannot be saved are lost: back up first. If the server stops meanwhile, run it again before anything else.".into(),
            ),
            ..action(
                Kind::Repair,
                "REPAIR TABLE",
                "Rebuilds damaged MyISAM, Aria, ARCHIVE and CSV tables.",
                "Locks each table completely while it is rebuilt.",
            )
        },
        MaintenanceAction {
            writes: false,
            ..action(
                Kind::Bloat,
                "Empty room",
                "Tells how much of each table's file is empty, as the server counts it.",
                "Locks nothing; reads the catalogs only.",
            )
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_judged() {
        let row = |kind: &str, text: &str| -> Row {
            ["shop.t", "check", kind, text].map(|value| Some(value.to_owned())).to_vec()
        };
        let table = TableName { schema: None, name: "t".into() };
        let level = |row: Row| told(&table, &row).map(|finding| finding.level);
        assert_eq!(level(row("status", "OK")), None);
        assert_eq!(level(row("status", "Table is already up to date")), None);
        assert_eq!(level(row("status", "Engine-independent statistics collected")), None);
        assert_eq!(level(row("status", "Operation failed")), Some(FindingLevel::Error));
        assert_eq!(level(row("Error", "Table 't' is marked as crashed")), Some(FindingLevel::Error));
        assert_eq!(level(row("warning", "1 client is using it")), Some(FindingLevel::Warning));
        assert_eq!(level(row("note", "recreate + analyze instead")), Some(FindingLevel::Info));
    }
}
