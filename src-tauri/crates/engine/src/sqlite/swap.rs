//! Putting a proven copy in the live file's place without taking the file away from those who have it open.
//!
//! The pages of the copy are written into the live file by the backup API, as *one* transaction of SQLite: a reader sees the
//! old content or the new, and a crash in the middle is rolled back by whoever opens the file next. Nobody else can write between the
//! moment `kept` is taken and the moment the new content is committed, so `kept` is exactly what was replaced:
//! in WAL mode the write lock is taken first and `kept` is read beside it; with a rollback journal the whole exchange happens
//! under one exclusive lock. Only a file that SQLite cannot open at all is moved aside instead.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use holdfast_contract::snapshot::TableFingerprint;
use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use tokio_util::sync::CancellationToken;

use super::connect::{self, Mode, Patience};
use super::error::{self, Explain};
use super::files::{self, Partial};
use super::introspect::{self, Header};
use super::load::{close, settle};
use super::scan::{self, Encoding};
use super::{Sqlite, blocking, copy, shot};
use crate::{EngineError, Progress, Result, Swap, SwapState, Work};

const STEP: i32 = 1024;

#[async_trait]
impl Swap for Sqlite {
    async fn swap(&self, staged: &str, kept: &str, work: &Work) -> Result<()> {
        if self.read_only {
            return Err(ApiError::new(
                ErrorCode::ReadOnly,
                "This connection is read-only, so its database is not replaced.",
            )
            .hint("Restore into a new file, or turn off “read-only” for this connection.")
            .into());
        }
        let (staged, kept) = (files::absolute(staged)?.to_path_buf(), files::absolute(kept)?.to_path_buf());
        if self.is_live(&staged) || self.is_live(&kept) || files::same(&staged, &kept) {
            return Err(EngineError::misuse("A swap needs three different files."));
        }
        let (this, work) = (self.clone(), work.clone());
        blocking(move || Exchange { engine: this, staged, kept, work }.run()).await
    }

    /// Also brings a swap that was cut short to an end: the copy whose content is live already is removed, a file that was
    /// moved aside comes back, and unfinished files go.
    async fn swap_state(&self, staged: &str, kept: &str) -> Result<SwapState> {
        let (staged, kept) = (files::absolute(staged)?.to_path_buf(), files::absolute(kept)?.to_path_buf());
        let this = self.clone();
        blocking(move || this.state(&staged, &kept)).await
    }
}

/// All that a person would miss if it were different.
#[derive(PartialEq)]
struct Content {
    tables: Vec<TableFingerprint>,
    schema: Vec<(String, String, Option<String>)>,
    user_version: i64,
    application_id: i64,
}

impl Content {
    fn read(connection: &Connection, path: &Path, progress: &dyn Progress) -> Result<Self> {
        let header = Header::read(connection, path)?;
        let encoding = Encoding::of(connection, path)?;
        let tables = introspect::tables(connection, path)?
            .iter()
            .filter(|table| table.kind != introspect::TableKind::Virtual)
            .map(|table| {
                scan::hash(connection, path, table, encoding, progress)
                    .map(|hasher| scan::fingerprint(table, &hasher))
            })
            .collect::<Result<_>>()?;
        let schema = connection
            .prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
            .and_then(|mut statement| {
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
            })
            .explain(path, "reading its schema")?;
        Ok(Self { tables, schema, user_version: header.user_version, application_id: header.application_id })
    }
}

struct Exchange {
    engine: Sqlite,
    staged: PathBuf,
    kept: PathBuf,
    work: Work,
}

impl Exchange {
    fn run(self) -> Result<()> {
        self.work.checkpoint()?;
        let live = &self.engine.path;
        if !self.staged.is_file() {
            return Err(ApiError::new(
                ErrorCode::NotFound,
                format!("There is no file {}.", self.staged.display()),
            )
            .into());
        }
        files::must_be_free(&self.kept)?;
        settle(&self.staged, &self.calm())?;
        if !files::taken(live) {
            return self.put_in_place();
        }
        match connect::open(live, Mode::Write, &self.calm()) {
            Ok(connection) => self.write_into(connection)?,
            Err(error) if unreadable(&error) => return self.move_aside(),
            Err(error) => return Err(error),
        }
        // The swap is done; a copy that cannot be removed is found again by `swap_state`.
        files::remove(&self.staged).ok();
        Ok(())
    }

    /// Statements that must not stop half-way: cancelling is looked at between steps, and not after the commit.
    fn calm(&self) -> Patience {
        self.engine.patience(&CancellationToken::new())
    }

    fn write_into(&self, mut live: Connection) -> Result<()> {
        let path = &self.engine.path;
        let header = Header::read(&live, path)?;
        let wal = header.journal_mode == "wal";
        let (staged, staged_path, _reshaped) = self.source(&header, wal)?;
        self.work.progress.phase("Reading the proven copy");
        let wanted = Content::read(&staged, &staged_path, self.work.progress.as_ref())?;
        let seen = if wal {
            let reader = connect::open(path, Mode::Read, &self.calm())?;
            let seen = data_version(&live, path)?;
            let backup = Backup::new(&staged, &mut live).explain(path, "replacing its content")?;
            // No pages yet: only the write lock.
            self.step(&backup, 0)?;
            self.keep(&reader, true)?;
            self.finish(&backup)?;
            Some(seen)
        } else {
            self.lock_out_everybody(&live)?;
            self.keep(&live, false)?;
            let backup = Backup::new(&staged, &mut live).explain(path, "replacing its content")?;
            self.finish(&backup)?;
            None
        };
        self.work.progress.phase("Comparing the live database with the proven copy");
        let found = Content::read(&live, path, self.work.progress.as_ref());
        let sound = match (found, seen) {
            (Ok(found), _) if found == wanted => true,
            // Others may have written since the commit; then a difference is theirs, and the commit itself was SQLite's.
            (Ok(_), Some(seen)) => data_version(&live, path)? != seen,
            _ => false,
        };
        if !sound {
            self.take_back(&mut live)?;
            return Err(ApiError::new(
                ErrorCode::VerificationFailed,
                format!(
                    "{} did not hold the proven content after the swap; the old content was put back.",
                    path.display()
                ),
            )
            .hint("Check the disk the database lives on, then run the restore again.")
            .into());
        }
        if !wal {
            self.let_everybody_in(&live)?;
        }
        close(live, path)
    }

    /// The copy in a form that can be written into the live file: not in WAL mode, and of the same page size where
    /// the live file's log demands it. `VACUUM INTO` keeps row ids, a plain `VACUUM` would not.
    fn source(&self, live: &Header, wal: bool) -> Result<(Connection, PathBuf, Option<Partial>)> {
        let path = &self.staged;
        let mut staged = connect::open(path, Mode::Write, &self.calm())?;
        staged
            .query_row("PRAGMA journal_mode=DELETE", [], |_| Ok(()))
            .explain(path, "preparing the proven copy")?;
        if !wal || Header::read(&staged, path)?.page_size == live.page_size {
            return Ok((staged, path.clone(), None));
        }
        let (partial, file) = Partial::beside(path)?;
        drop(file);
        connect::allow_attach(&mut staged, path)?;
        let into = partial.path().to_string_lossy().into_owned();
        staged
            .pragma_update(None, "page_size", live.page_size)
            .and_then(|()| staged.execute("VACUUM INTO ?1", [into]))
            .explain(path, "giving the proven copy the live database's page size")?;
        let reshaped = connect::open(partial.path(), Mode::ReadOwn, &self.calm())?;
        let path = partial.path().to_path_buf();
        Ok((reshaped, path, Some(partial)))
    }

    /// What `from` sees becomes `kept`, byte for byte even when it is damaged: it may be all there is.
    fn keep(&self, from: &Connection, wal: bool) -> Result<()> {
        self.work.progress.phase("Keeping the replaced database");
        let (partial, file) = Partial::beside(&self.kept)?;
        drop(file);
        let mut own = connect::open(partial.path(), Mode::Create, &self.calm())?;
        own.execute_batch("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
            .explain(partial.path(), "keeping a copy")?;
        let patience = self.engine.patience(&self.work.cancel);
        copy::pages(from, &mut own, &self.engine.path, &patience, &mut |_, _| {})?;
        close(own, partial.path())?;
        if !wal {
            shot::leave_wal(partial.path())?;
        }
        partial.publish(&self.kept)
    }

    fn finish(&self, backup: &Backup<'_, '_>) -> Result<()> {
        loop {
            let done = backup.progress();
            let share = 100 * i64::from(done.pagecount - done.remaining) / i64::from(done.pagecount.max(1));
            self.work.progress.phase(&format!("Replacing the live database ({share} %)"));
            self.work.checkpoint().inspect_err(|_| self.forget_kept())?;
            match self.step(backup, STEP) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => {
                    self.forget_kept();
                    return Err(error);
                }
            }
        }
    }

    /// Nothing was replaced, so nothing needs keeping. A leftover would only take room.
    fn forget_kept(&self) {
        files::remove(&self.kept).ok();
    }

    /// True when the last page is in and the transaction is committed.
    fn step(&self, backup: &Backup<'_, '_>, pages: i32) -> Result<bool> {
        const REPLACING: &str = "waiting to replace its content";
        let path = &self.engine.path;
        let since = Instant::now();
        loop {
            match backup.step(pages).explain(path, REPLACING)? {
                StepResult::Done => return Ok(true),
                StepResult::More => return Ok(false),
                _ if since.elapsed() > self.engine.wait => return Err(error::busy(path, REPLACING).into()),
                _ => {}
            }
            self.work.checkpoint()?;
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// With a rollback journal nobody can read while the new content is committed anyway: hold the lock throughout.
    fn lock_out_everybody(&self, live: &Connection) -> Result<()> {
        live.execute_batch("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;")
            .explain(&self.engine.path, "waiting for other programs to stop reading it")
    }

    fn let_everybody_in(&self, live: &Connection) -> Result<()> {
        // Under an exclusive lock a finished journal is kept for the next transaction; leaving the mode “persist” removes it.
        live.execute_batch(
            "PRAGMA locking_mode=NORMAL; SELECT count(*) FROM sqlite_schema; PRAGMA journal_mode=PERSIST; PRAGMA journal_mode=DELETE;",
        )
        .explain(&self.engine.path, "unlocking it")
    }

    fn take_back(&self, live: &mut Connection) -> Result<()> {
        let kept = connect::open(&self.kept, Mode::ReadOwn, &self.calm())?;
        let backup = Backup::new(&kept, live).explain(&self.engine.path, "putting the old content back")?;
        while !self.step(&backup, STEP)? {}
        Ok(())
    }

    /// The live file was deleted: nothing is replaced and nothing kept, except a journal that would be applied to the new file.
    fn put_in_place(&self) -> Result<()> {
        for suffix in ["-journal", "-wal", "-shm"] {
            let orphan = files::beside(&self.engine.path, suffix);
            if files::taken(&orphan) {
                let aside = files::beside(&self.kept, suffix);
                std::fs::rename(&orphan, &aside)
                    .map_err(|error| EngineError::io(format!("moving {} aside", orphan.display()), error))?;
            }
        }
        files::rename(&self.staged, &self.engine.path)
    }

    /// SQLite cannot open the live file, so nobody reads or writes it through SQLite and it may be moved.
    fn move_aside(&self) -> Result<()> {
        let live = &self.engine.path;
        std::fs::rename(live, &self.kept)
            .map_err(|error| EngineError::io(format!("moving {} aside", live.display()), error))?;
        self.put_in_place().inspect_err(|_| {
            // The error above says what went wrong; if even this fails, `swap_state` tries again.
            std::fs::rename(&self.kept, live).ok();
        })
    }
}

fn unreadable(error: &EngineError) -> bool {
    matches!(
        error.code(),
        ErrorCode::DatabaseDamaged | ErrorCode::NotADatabase | ErrorCode::DatabaseEncrypted
    )
}

/// Changes when another connection commits.
fn data_version(connection: &Connection, path: &Path) -> Result<i64> {
    connection.query_row("PRAGMA data_version", [], |row| row.get(0)).explain(path, "reading its version")
}

struct Unheard;

impl Progress for Unheard {
    fn phase(&self, _: &str) {}
    fn total_bytes(&self, _: u64) {}
    fn advance(&self, _: u64, _: u64) {}
}

impl Sqlite {
    fn state(&self, staged: &Path, kept: &Path) -> Result<SwapState> {
        files::remove_partials(kept)?;
        files::remove_partials(staged)?;
        let have = |path: &Path| files::taken(path);
        if !have(&self.path) {
            return match (have(staged), have(kept)) {
                (true, true) => {
                    files::rename(kept, &self.path)?;
                    Ok(SwapState::NotSwapped)
                }
                (true, false) => Ok(SwapState::NotSwapped),
                (false, _) => Ok(SwapState::Unclear),
            };
        }
        match (have(staged), have(kept)) {
            // `kept` is whole before the live file is touched.
            (true, false) => Ok(SwapState::NotSwapped),
            (false, true) => Ok(SwapState::Swapped),
            (false, false) => Ok(SwapState::Unclear),
            (true, true) => {
                let content = |path: &Path| {
                    let connection = self.open_any(path, &CancellationToken::new())?;
                    Content::read(&connection, path, &Unheard)
                };
                let live = match content(&self.path) {
                    // An unreadable live file can only be the old one.
                    Err(error) if unreadable(&error) => return Ok(SwapState::NotSwapped),
                    other => other?,
                };
                if live == content(staged)? {
                    files::remove(staged)?;
                    return Ok(SwapState::Swapped);
                }
                match content(kept) {
                    Ok(kept) if kept == live => Ok(SwapState::NotSwapped),
                    _ => Ok(SwapState::Unclear),
                }
            }
        }
    }
}
