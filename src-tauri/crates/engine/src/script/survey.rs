//! Reading a whole file without running anything: what it would do, what stands in the way, and with which line.

use std::collections::HashMap;
use std::path::Path;

use holdfast_contract::ErrorCode;
use holdfast_contract::import::{KindCount, ScriptFinding, ScriptReport, ScriptTable, SqlDialect};

use super::feed::newlines;
use super::judge::{Action, Judge, Verb, Verdict};
use super::{Piece, Splitter, What};
use crate::{Result, Work};

/// Findings of one sort that are spelled out.
const FINDINGS: usize = 100;
const TABLES: usize = 500;
/// Tables told apart; beyond them only counted.
const TABLES_COUNTED: usize = 100_000;
const KINDS: usize = 200;

/// Blocks; cancellable. A broken text is part of the answer; an unreadable file is an error.
pub fn survey(
    path: &Path,
    dialect: SqlDialect,
    because: &str,
    without_owners: bool,
    work: &Work,
) -> Result<ScriptReport> {
    let mut splitter = Splitter::open(path, dialect)?;
    work.progress.phase("Reading the file");
    work.progress.total_bytes(splitter.feed.input.file_bytes);
    let mut seen = Seen {
        judge: Judge::new(dialect, without_owners, false),
        kinds: HashMap::new(),
        tables: Vec::new(),
        by_name: HashMap::new(),
        copied: None,
        report: empty(dialect, because, &splitter),
    };
    let mut told = 0;
    loop {
        work.checkpoint()?;
        match splitter.next() {
            Ok(Some(piece)) => seen.take(&piece),
            Ok(None) => break,
            Err(error) if error.code() == ErrorCode::BadRequest => {
                seen.report.broken = Some(error.into_api().message);
                break;
            }
            Err(error) => return Err(error),
        }
        let consumed = splitter.feed.input.consumed();
        if consumed > told {
            work.progress.advance(consumed - told, 0);
            told = consumed;
        }
    }
    let hash = splitter.feed.input.hash()?;
    Ok(seen.finish(hash))
}

struct Seen {
    judge: Judge,
    kinds: HashMap<String, u64>,
    tables: Vec<ScriptTable>,
    by_name: HashMap<String, usize>,
    /// The table that the last statement was about.
    copied: Option<usize>,
    report: ScriptReport,
}

impl Seen {
    fn take(&mut self, piece: &Piece) {
        self.report.text_bytes += piece.text.len() as u64;
        let lines = newlines(&piece.text);
        self.report.lines += lines;
        if piece.what == What::Rows {
            self.report.rows += lines;
            if let Some(table) = self.copied.and_then(|index| self.tables.get_mut(index)) {
                table.rows += lines;
            }
        }
        let Some(verdict) = self.judge.judge(piece) else { return };
        if piece.what == What::Statement && !verdict.kind.is_empty() {
            self.report.statements += 1;
            if self.kinds.len() < KINDS || self.kinds.contains_key(&verdict.kind) {
                *self.kinds.entry(verdict.kind.clone()).or_default() += 1;
            }
        }
        self.find(piece.line, verdict);
    }

    fn find(&mut self, line: u64, verdict: Verdict) {
        let Verdict { what, action, table, warning, outside_transaction, .. } = verdict;
        let report = &mut self.report;
        let note = |list: &mut Vec<ScriptFinding>, total: &mut u64, why: String| {
            *total += 1;
            if list.len() < FINDINGS {
                list.push(ScriptFinding { line, what: what.clone(), why });
            }
        };
        if let Some(why) = warning {
            note(&mut report.warnings, &mut report.warnings_total, why);
        }
        match action {
            Action::Refuse(why) => note(&mut report.refused, &mut report.refused_total, why),
            Action::LeaveOut(why) if !why.is_empty() => {
                note(&mut report.left_out, &mut report.left_out_total, why)
            }
            Action::LeaveOut(_) => {}
            Action::Run => {
                if outside_transaction {
                    note(
                        &mut report.outside_transaction,
                        &mut 0,
                        "it cannot run inside a transaction".into(),
                    );
                }
                if let Some((verb, name)) = table {
                    self.table(verb, name);
                }
            }
        }
    }

    fn table(&mut self, verb: Verb, name: String) {
        let index = match self.by_name.get(&name) {
            Some(index) => *index,
            None if self.tables.len() >= TABLES_COUNTED => {
                self.copied = None;
                return;
            }
            None => {
                self.by_name.insert(name.clone(), self.tables.len());
                self.tables.push(ScriptTable { name, created: false, dropped: false, changes: 0, rows: 0 });
                self.tables.len() - 1
            }
        };
        self.copied = Some(index);
        let table = &mut self.tables[index];
        match verb {
            Verb::Creates => table.created = true,
            Verb::Drops => table.dropped = true,
            Verb::Changes => table.changes += 1,
        }
    }

    fn finish(mut self, hash: String) -> ScriptReport {
        let mut kinds: Vec<KindCount> =
            self.kinds.into_iter().map(|(kind, count)| KindCount { kind, count }).collect();
        kinds.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.kind.cmp(&other.kind)));
        self.report.kinds = kinds;
        self.report.tables_total = self.tables.len() as u64;
        self.tables.truncate(TABLES);
        self.report.tables = self.tables;
        self.report.roles = self.judge.roles.into_iter().collect();
        self.report.extensions = self.judge.extensions.into_iter().take(TABLES).collect();
        self.report.hash = hash;
        self.report
    }
}

fn empty(dialect: SqlDialect, because: &str, splitter: &Splitter) -> ScriptReport {
    ScriptReport {
        dialect,
        dialect_because: because.to_owned(),
        compression: splitter.feed.input.compression,
        file_bytes: splitter.feed.input.file_bytes,
        text_bytes: 0,
        lines: 0,
        statements: 0,
        rows: 0,
        kinds: Vec::new(),
        tables: Vec::new(),
        tables_total: 0,
        refused: Vec::new(),
        refused_total: 0,
        left_out: Vec::new(),
        left_out_total: 0,
        warnings: Vec::new(),
        warnings_total: 0,
        outside_transaction: Vec::new(),
        broken: None,
        roles: Vec::new(),
        extensions: Vec::new(),
        hash: String::new(),
    }
}
