//! A snapshot becomes a file of its own, under a name of its own until it is whole.

use std::io::Write;
use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use holdfast_contract::snapshot::{EngineKind, SchemaObject, Snapshot, TableFingerprint, TableName};
use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::Connection;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::connect::{self, Mode, Patience};
use super::error::{self, Explain};
use super::files::{self, Partial};
use super::scan::{self, Encoding};
use super::{Sqlite, blocking, check, introspect, remarks, rows};
use crate::error::LiveDatabase;
use crate::{EngineError, Load, LoadReport, NamePurpose, Preflight, Result, SnapshotSource, Work};

#[async_trait]
impl Load for Sqlite {
    /// Beside `base`, ending as it ends.
    fn made_up_name(&self, base: &str, purpose: NamePurpose, tag: &str) -> String {
        let word = purpose.word();
        let path = Path::new(base);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let ending =
            path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
        path.with_file_name(format!("{stem}_{word}_{tag}{ending}")).to_string_lossy().into_owned()
    }

    async fn exists(&self, target: &str) -> Result<bool> {
        Ok(files::taken(files::absolute(target)?))
    }

    async fn preflight(&self, snapshot: &Snapshot, objects: &[SchemaObject]) -> Result<Preflight> {
        let mut found = Preflight::default();
        if snapshot.server.engine != EngineKind::Sqlite {
            found.blockers.push("The backup is not of a SQLite database.".into());
            return Ok(found);
        }
        let objects = objects.to_vec();
        let unknown = blocking(move || remarks::unknown_modules(&objects)).await?;
        found.warnings.extend(unknown.into_iter().map(|(name, module)| {
            format!("“{name}” needs the extension “{module}”, which Holdfast does not have: its rows are restored and proven, but only a program with that extension can query it.")
        }));
        if let Some(orphans) = snapshot.engine_facts.get("foreign_key_violations") {
            found.warnings.push(format!(
                "{orphans} rows point to parents that do not exist, as they did in the source."
            ));
        }
        Ok(found)
    }

    async fn load(&self, target: &str, source: &dyn SnapshotSource, work: &Work) -> Result<LoadReport> {
        let path = files::absolute(target)?;
        let patience = self.patience(&work.cancel);
        let encoding = into_file(path, source, work, &patience).await?;
        let remarks = match source.snapshot().engine_facts.get("foreign_key_violations") {
            Some(count) => {
                vec![format!("{count} rows point to parents that do not exist, as they did in the source.")]
            }
            None => vec![],
        };
        Ok(LoadReport { server: Some(introspect::server(path, Some(encoding))), remarks })
    }

    async fn fingerprint(
        &self,
        target: &str,
        tables: &[TableName],
        work: &Work,
    ) -> Result<Vec<TableFingerprint>> {
        let path = files::absolute(target)?.to_path_buf();
        let this = self.clone();
        let (wanted, progress, cancel) = (tables.to_vec(), work.progress.clone(), work.cancel.clone());
        blocking(move || {
            let connection = this.open_any(&path, &cancel)?;
            // One snapshot for all tables, should others write meanwhile.
            connection.execute_batch("BEGIN").explain(&path, "reading it")?;
            let encoding = Encoding::of(&connection, &path)?;
            introspect::tables(&connection, &path)?
                .iter()
                .filter(|table| wanted.contains(&table.key()))
                .map(|table| {
                    progress.phase(&format!("Proving {}", table.name));
                    let hasher = scan::hash(&connection, &path, table, encoding, progress.as_ref())?;
                    Ok(scan::fingerprint(table, &hasher))
                })
                .collect()
        })
        .await
    }

    async fn rename(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (files::absolute(from)?.to_path_buf(), files::absolute(to)?.to_path_buf());
        self.refuse_live(&from)?;
        let this = self.clone();
        blocking(move || {
            files::must_be_free(&to)?;
            settle(&from, &this.patience(&CancellationToken::new()))?;
            files::rename(&from, &to)
        })
        .await
    }

    async fn drop_database(&self, target: &str) -> Result<()> {
        let path = files::absolute(target)?.to_path_buf();
        self.refuse_live(&path)?;
        blocking(move || {
            if path.is_dir() {
                return Err(ApiError::new(
                    ErrorCode::NotADatabase,
                    format!("{} is a folder, not a database file.", path.display()),
                )
                .into());
            }
            files::remove(&path)
        })
        .await
    }
}

impl Sqlite {
    fn refuse_live(&self, path: &Path) -> Result<()> {
        if !self.is_live(path) {
            return Ok(());
        }
        Err(EngineError::Live(LiveDatabase::File(path.to_path_buf())))
    }
}

/// Folds a write-ahead log that a crash left behind into its database, so that the file alone is everything.
pub(super) fn settle(path: &Path, patience: &Patience) -> Result<()> {
    let connection = connect::open(path, Mode::Write, patience)?;
    let busy: bool = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .explain(path, "closing it")?;
    close(connection, path)?;
    if busy || files::size(path) != std::fs::metadata(path).map_or(0, |facts| facts.len()) {
        return Err(error::busy(path, "moving it").into());
    }
    Ok(())
}

pub(super) fn close(connection: Connection, path: &Path) -> Result<()> {
    connection.close().map_err(|(_, error)| error).explain(path, "closing it")
}

/// Makes `target`, which must not exist, from any kind of snapshot. Returns the encoding.
pub(super) async fn into_file(
    target: &Path,
    source: &dyn SnapshotSource,
    work: &Work,
    patience: &Patience,
) -> Result<String> {
    work.checkpoint()?;
    let snapshot = source.snapshot();
    if snapshot.server.engine != EngineKind::Sqlite {
        return Err(EngineError::OtherKind { wanted: EngineKind::Sqlite });
    }
    files::folder(target)?;
    files::must_be_free(target)?;
    let (partial, file) = Partial::beside(target)?;
    if snapshot.extra_streams.iter().any(|name| name == "pages") {
        write_pages(file, source, work).await?;
    } else {
        drop(file);
        rows::build(partial.path(), source, work, patience).await?;
    }
    work.checkpoint()?;
    work.progress.phase("Checking the restored file");
    let (target, patience, wal) =
        (target.to_path_buf(), patience.clone(), fact(snapshot, "journal_mode") == Some("wal"));
    blocking(move || {
        let encoding = finish(partial.path(), wal, &patience)?;
        partial.publish(&target)?;
        Ok(encoding)
    })
    .await
}

pub(super) fn fact<'a>(snapshot: &'a Snapshot, name: &str) -> Option<&'a str> {
    snapshot.engine_facts.get(name).map(String::as_str)
}

fn finish(path: &Path, wal: bool, patience: &Patience) -> Result<String> {
    let connection = connect::open(path, Mode::Write, patience)?;
    let tables = introspect::tables(&connection, path)?;
    check::integrity(&connection, path, &tables)?;
    if wal {
        let mode: String = connection
            .query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0))
            .explain(path, "setting its journal mode")?;
        if mode != "wal" {
            return Err(ApiError::new(
                ErrorCode::StorageUnavailable,
                format!(
                    "{} cannot be in WAL mode here; the file system may lack shared memory.",
                    path.display()
                ),
            )
            .into());
        }
    }
    let encoding = connection
        .query_row("PRAGMA encoding", [], |row| row.get(0))
        .explain(path, "reading its encoding")?;
    close(connection, path)?;
    Ok(encoding)
}

async fn write_pages(mut file: std::fs::File, source: &dyn SnapshotSource, work: &Work) -> Result<()> {
    let snapshot = source.snapshot();
    let number = |name: &str| fact(snapshot, name).and_then(|value| value.parse::<u64>().ok());
    let expected =
        number("page_size").zip(number("page_count")).and_then(|(size, count)| size.checked_mul(count));
    let Some(expected) = expected else {
        return Err(EngineError::backup_damaged("The backup does not say how long its file is."));
    };
    work.progress.phase("Writing pages");
    work.progress.total_bytes(expected);
    let mut stream = source.open("pages").await?;
    let (send, mut receive) = mpsc::channel::<Bytes>(8);
    let writing = blocking(move || {
        let mut written = 0;
        while let Some(piece) = receive.blocking_recv() {
            file.write_all(&piece).map_err(|error| EngineError::io("writing the restored file", error))?;
            written += piece.len() as u64;
        }
        Ok(written)
    });
    let feeding = async move {
        while let Some(piece) = stream.next().await {
            work.checkpoint()?;
            let piece = piece?;
            work.progress.advance(piece.len() as u64, 0);
            if send.send(piece).await.is_err() {
                // The writer has failed; its own error is the one to report.
                break;
            }
        }
        Ok(())
    };
    let (written, ()) = tokio::try_join!(writing, feeding)?;
    if written == expected {
        return Ok(());
    }
    Err(EngineError::backup_damaged(format!(
        "The backup holds {written} bytes of pages where {expected} were taken."
    )))
}
