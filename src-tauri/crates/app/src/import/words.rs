//! The sentences of an import plan. Pure: facts in, words out.

use holdfast_contract::connection::Connection;
use holdfast_contract::import::{ImportInto, ScriptFinding, ScriptReport, SqlDialect};
use holdfast_contract::session::ServerSession;

use super::intent::Intent;
use crate::change::words::told_sessions;

/// Findings spelled out in one sentence.
const TOLD: usize = 5;

pub(crate) fn dialect(dialect: SqlDialect) -> &'static str {
    match dialect {
        SqlDialect::Postgres => "PostgreSQL's SQL",
        SqlDialect::Mysql => "MySQL's SQL",
        SqlDialect::Sqlite => "SQLite's SQL",
    }
}

pub(super) fn blockers(intent: &Intent) -> Vec<String> {
    let report = &intent.report;
    let mut blockers = Vec::new();
    blockers.extend(report.broken.iter().map(|broken| format!("The file is broken. {broken}")));
    if report.refused_total > 0 {
        blockers.push(format!("Refused: {}", list(&report.refused, report.refused_total)));
    }
    if report.statements == 0 && report.broken.is_none() {
        blockers.push("There is no statement in the file.".to_owned());
    }
    if intent.into == ImportInto::Live && report.dialect == SqlDialect::Mysql {
        blockers.push(
            "MySQL and MariaDB end a transaction at every definition, so a file that fails could not be taken back from the live database. \
             Import it into a new database, or replace the live one."
                .to_owned(),
        );
    } else if intent.into == ImportInto::Live && !intent.one_transaction() {
        let found = &report.outside_transaction;
        blockers.push(format!(
            "The live database is only changed in one transaction, and the file does not allow one: {} Import it into a new database, or replace the live one.",
            list(found, found.len() as u64)
        ));
    }
    blockers
}

pub(super) fn warnings(intent: &Intent) -> Vec<String> {
    let report = &intent.report;
    let mut warnings = Vec::new();
    if report.left_out_total > 0 {
        warnings.push(format!("Passed over: {}", list(&report.left_out, report.left_out_total)));
    }
    if report.warnings_total > 0 {
        warnings.push(format!("Look at: {}", list(&report.warnings, report.warnings_total)));
    }
    if intent.into != ImportInto::Live && !report.outside_transaction.is_empty() {
        let found = &report.outside_transaction;
        warnings.push(format!(
            "Not in one transaction, because of {} The database is removed whole if anything fails.",
            list(found, found.len() as u64)
        ));
    }
    warnings
}

fn list(findings: &[ScriptFinding], total: u64) -> String {
    let told: Vec<String> = findings
        .iter()
        .take(TOLD)
        .map(|finding| format!("line {}: {} ({})", finding.line, finding.what, finding.why))
        .collect();
    match total.saturating_sub(told.len() as u64) {
        0 => format!("{}.", told.join("; ")),
        more => format!("{}; and {more} more.", told.join("; ")),
    }
}

pub(super) fn steps(intent: &Intent, connection: &Connection, sessions: &[ServerSession]) -> Vec<String> {
    let name = connection.spec.database_name();
    let count = intent.report.statements;
    let how = if intent.one_transaction() { "in one transaction" } else { "one after the other" };
    let mut steps = Vec::new();
    if intent.into != ImportInto::New {
        steps.push(format!("Back up “{name}” as it is now, and prove that backup."));
    }
    match intent.into {
        ImportInto::Live => {
            steps
                .push(format!("Run {count} statements in “{name}” {how}; on any error take all of it back."));
            steps.push("Commit.".to_owned());
        }
        ImportInto::New => {
            steps.push(format!("Make the database {}.", intent.target.staging));
            steps.push(format!("Run {count} statements in it {how}; on any error remove it."));
            steps.push(format!("Give it its name: {}.", intent.target.database));
        }
        ImportInto::Replace => {
            steps.push(format!("Make the database {}.", intent.target.staging));
            steps.push(format!("Run {count} statements in it {how}; on any error remove it."));
            steps.push(format!("Put it in the place of “{name}”; {}.", told_sessions(sessions)));
            let kept = intent.target.kept_as.as_deref().unwrap_or_default();
            steps.push(format!(
                "Keep the replaced database as {kept} until you release it: undo is one step."
            ));
        }
    }
    steps
}

pub(super) fn loses(intent: &Intent, connection: &Connection) -> Option<String> {
    let name = connection.spec.database_name();
    match intent.into {
        ImportInto::New => None,
        ImportInto::Live => Some(format!(
            "What the statements change or drop in “{name}” comes back only from the safety backup."
        )),
        ImportInto::Replace => Some(format!(
            "Everything in “{name}” leaves the live database with it; all of it stays in {} and in the safety backup.",
            intent.target.kept_as.as_deref().unwrap_or_default()
        )),
    }
}

/// A guess: text at 20 MB/s and a round trip for every 50 statements.
pub(super) fn estimate(report: &ScriptReport) -> u64 {
    500 + report.text_bytes / 20_000 + report.statements / 50
}
