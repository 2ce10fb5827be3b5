//! A snapshot: the backup API copies the live file to a private one, and everything else happens on that copy.
//!
//! A full snapshot is the copy's pages. A snapshot of chosen tables, or of rows only, is one stream of lines a table; the
//! objects go along in full in either case, so that a new file can be made from any snapshot. The copy is checked before
//! anything counts: a damaged source is an error, never a backup.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use holdfast_contract::snapshot::{DumpPlan, PlannedTable, SchemaObject, Scope, Snapshot, TableSnapshot};
use rusqlite::Connection;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::choice::{self, Choice};
use super::connect::{self, Mode, Patience};
use super::introspect::{self, Header, Table, TableKind};
use super::shot::Shot;
use super::{Sqlite, blocking, check, remarks, scan};
use crate::content::ContentHasher;
use crate::{Dump, DumpSink, EngineError, Result, Unit, Work};

/// Bytes handed over at a time; a multiple of every page size.
const PIECE: usize = 256 * 1024;

/// The version of the row form in `text`.
pub(super) const ROW_FORM: &str = "1";

#[async_trait]
impl Dump for Sqlite {
    async fn plan(&self, scope: &Scope) -> Result<DumpPlan> {
        let this = self.clone();
        let scope = scope.clone();
        blocking(move || {
            let connection = this.open_live(&CancellationToken::new())?;
            let header = Header::read(&connection, &this.path)?;
            let tables = introspect::tables(&connection, &this.path)?;
            let objects = introspect::objects(&connection, &this.path, &tables)?;
            choice::require_tables(&scope, &tables)?;
            let choice = Choice::new(&scope, &tables);
            let planned = tables
                .iter()
                .filter(|table| table.kind != TableKind::Virtual)
                .map(|table| PlannedTable {
                    table: table.key(),
                    estimated_rows: if choice.rows(table) { estimate(&connection, table) } else { Some(0) },
                    estimated_bytes: None,
                })
                .collect();
            let remarks = planned_remarks(&connection, &this.path, &header, &objects)?;
            Ok(DumpPlan {
                server: introspect::server(&this.path, Some(header.encoding)),
                tables: planned,
                object_counts: introspect::counts(&objects),
                omissions: choice.omissions(&tables),
                remarks,
                estimated_bytes: header.page_count * u64::from(header.page_size),
            })
        })
        .await
    }

    async fn dump(&self, scope: &Scope, sink: &dyn DumpSink, work: &Work) -> Result<Snapshot> {
        let shot = self.shoot(work).await?;
        self.dump_shot(&shot, scope, sink, work).await
    }
}

impl Sqlite {
    pub(super) async fn shoot(&self, work: &Work) -> Result<Arc<Shot>> {
        work.checkpoint()?;
        let (this, work) = (self.clone(), work.clone());
        blocking(move || this.take(&work)).await.map(Arc::new)
    }

    /// [`Dump::dump`] of a copy that is taken already.
    pub(super) async fn dump_shot(
        &self,
        shot: &Arc<Shot>,
        scope: &Scope,
        sink: &dyn DumpSink,
        work: &Work,
    ) -> Result<Snapshot> {
        choice::require_tables(scope, &shot.tables)?;
        // Dropping this future (or failing on one side) stops the side that runs on a thread.
        let stop = work.cancel.child_token();
        let _guard = stop.clone().drop_guard();
        let (tables, extra_streams) = if Choice::is_all(scope) {
            let (tables, ()) = tokio::try_join!(
                self.read_tables(shot.clone(), scope, work, &stop),
                stream_pages(shot, sink, work)
            )?;
            (tables, vec!["pages".to_owned()])
        } else {
            (self.stream_tables(shot.clone(), scope, sink, work, &stop).await?, vec![])
        };
        work.checkpoint()?;
        let mut facts = shot.facts.clone();
        facts.insert("form".into(), if extra_streams.is_empty() { "rows" } else { "pages" }.into());
        facts.insert("row_form".into(), ROW_FORM.into());
        Ok(Snapshot {
            server: introspect::server(&self.path, Some(shot.header.encoding.clone())),
            taken_at_ms: shot.taken_at_ms,
            position: None,
            scope: scope.clone(),
            objects: shot.objects.clone(),
            object_counts: introspect::counts(&shot.objects),
            tables,
            omissions: Choice::new(scope, &shot.tables).omissions(&shot.tables),
            remarks: shot.remarks.clone(),
            extra_streams,
            engine_facts: facts,
        })
    }
}

/// Up to this size (bytes) a plan looks for rows without parents; it must not keep a person waiting.
const TRIED: u64 = 32 << 20;

fn planned_remarks(
    connection: &Connection,
    path: &Path,
    header: &Header,
    objects: &[SchemaObject],
) -> Result<Vec<String>> {
    let mut found = remarks::of_schema(connection, path, objects)?;
    if header.page_count * u64::from(header.page_size) <= TRIED {
        found.extend(remarks::of_orphans(&check::orphans(connection, path)?));
    }
    Ok(found)
}

/// Up to this size (bytes) rows are counted: a scan of the smallest index, well under a second.
const COUNTED: u64 = 256 << 20;

/// Counted in a small file. In a large one from the statistics, else from the largest row id: a few page reads. The
/// statistics of a partial index hold fewer rows than the table, so the largest number is the table's.
fn estimate(connection: &Connection, table: &Table) -> Option<u64> {
    let number = |sql: &str, name: Option<&str>| -> Option<u64> {
        let read = |row: &rusqlite::Row<'_>| row.get::<_, Option<i64>>(0);
        let found = match name {
            Some(name) => connection.query_row(sql, [name], read),
            None => connection.query_row(sql, [], read),
        };
        found.ok().flatten().map(|value| value.max(0) as u64)
    };
    let quoted = introspect::quote(&table.name);
    let size = number("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", None);
    if size.is_some_and(|size| size <= COUNTED) {
        return number(&format!("SELECT count(*) FROM main.{quoted}"), None);
    }
    number("SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = ?1", Some(&table.name))
        .or_else(|| number(&format!("SELECT coalesce(max(rowid), 0) FROM main.{quoted}"), None))
}

impl Sqlite {
    async fn read_tables(
        &self,
        shot: Arc<Shot>,
        scope: &Scope,
        work: &Work,
        stop: &CancellationToken,
    ) -> Result<Vec<TableSnapshot>> {
        let patience = self.patience(stop);
        let (name, progress, scope) = (self.path.clone(), work.progress.clone(), scope.clone());
        blocking(move || {
            let connection = connect::open(&shot.path, Mode::ReadOwn, &patience)?;
            let choice = Choice::new(&scope, &shot.tables);
            stored(&shot.tables)
                .map(|(_, table)| {
                    progress.phase(&format!("Reading {}", table.name));
                    let hasher = scan::hash(&connection, &name, table, shot.encoding, progress.as_ref())?;
                    Ok(entry(table, &hasher, vec![], choice.rows(table)))
                })
                .collect()
        })
        .await
    }

    async fn stream_tables(
        &self,
        shot: Arc<Shot>,
        scope: &Scope,
        sink: &dyn DumpSink,
        work: &Work,
        stop: &CancellationToken,
    ) -> Result<Vec<TableSnapshot>> {
        let choice = Choice::new(scope, &shot.tables);
        let mut entries = Vec::new();
        for (number, table) in stored(&shot.tables) {
            if !choice.rows(table) {
                entries.push(entry(table, &ContentHasher::new(), vec![], false));
                continue;
            }
            work.checkpoint()?;
            work.progress.phase(&format!("Reading {}", table.name));
            let stream = format!("t/{number}/0");
            let mut out = sink.open(&stream, Unit::Line).await?;
            let (send, mut receive) = mpsc::channel::<Bytes>(4);
            let (shot, patience, name, table) =
                (shot.clone(), self.patience(stop), self.path.clone(), table.clone());
            let entry_of = table.clone();
            let reading = blocking(move || read_into(&shot, &patience, &name, &table, &send));
            let writing = async {
                while let Some(piece) = receive.recv().await {
                    work.progress.advance(piece.len() as u64, 0);
                    out.write(piece).await?;
                }
                Ok(out)
            };
            let (hasher, out) = tokio::try_join!(reading, writing)?;
            work.progress.advance(0, hasher.rows());
            out.finish().await?;
            entries.push(entry(&entry_of, &hasher, vec![stream], true));
        }
        Ok(entries)
    }
}

fn stored(tables: &[Table]) -> impl Iterator<Item = (usize, &Table)> {
    tables.iter().enumerate().filter(|(_, table)| table.kind != TableKind::Virtual)
}

fn entry(table: &Table, hasher: &ContentHasher, streams: Vec<String>, has_rows: bool) -> TableSnapshot {
    TableSnapshot {
        table: table.key(),
        columns: table.line_columns(),
        rows: hasher.rows(),
        bytes: hasher.bytes(),
        content_hash: hasher.hex(),
        streams,
        has_rows,
    }
}

fn read_into(
    shot: &Shot,
    patience: &Patience,
    name: &Path,
    table: &Table,
    send: &mpsc::Sender<Bytes>,
) -> Result<ContentHasher> {
    let connection = connect::open(&shot.path, Mode::ReadOwn, patience)?;
    let mut hasher = ContentHasher::new();
    let mut piece = Vec::with_capacity(PIECE);
    // A receiver that has gone away means that the other side failed or was cancelled.
    let hand_over = |piece: &mut Vec<u8>| {
        send.blocking_send(std::mem::take(piece).into()).map_err(|_| EngineError::Cancelled)
    };
    scan::rows(&connection, name, table, shot.encoding, &mut |line| {
        hasher.write(line);
        piece.extend_from_slice(line);
        if piece.len() >= PIECE { hand_over(&mut piece) } else { Ok(()) }
    })?;
    if !piece.is_empty() {
        hand_over(&mut piece)?;
    }
    Ok(hasher)
}

async fn stream_pages(shot: &Shot, sink: &dyn DumpSink, work: &Work) -> Result<()> {
    let expected = shot.header.page_count * u64::from(shot.header.page_size);
    work.progress.total_bytes(expected);
    let mut out = sink.open("pages", Unit::Fixed(shot.header.page_size)).await?;
    let (send, mut receive) = mpsc::channel::<Bytes>(4);
    let path = shot.path.clone();
    let reading = blocking(move || {
        let failed = |error| EngineError::io("reading the copy", error);
        let mut file = std::fs::File::open(&path).map_err(failed)?;
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            (&mut file).take(PIECE as u64).read_to_end(&mut piece).map_err(failed)?;
            if piece.is_empty() {
                return Ok(());
            }
            send.blocking_send(piece.into()).map_err(|_| EngineError::Cancelled)?;
        }
    });
    let writing = async {
        let mut written = 0;
        while let Some(piece) = receive.recv().await {
            work.checkpoint()?;
            work.progress.advance(piece.len() as u64, 0);
            written += piece.len() as u64;
            out.write(piece).await?;
        }
        Ok((out, written))
    };
    let ((), (out, written)) = tokio::try_join!(reading, writing)?;
    if written != expected {
        return Err(EngineError::internal(format!(
            "The copy has {written} bytes where its header says {expected}."
        )));
    }
    out.finish().await
}
