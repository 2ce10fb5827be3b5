//! The private copy that a snapshot is read from: taken by the backup API, checked before anything of it counts.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use holdfast_contract::ErrorCode;
use holdfast_contract::snapshot::SchemaObject;
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use super::connect::{self, Mode};
use super::error::{self, Explain};
use super::introspect::{self, Header, Table};
use super::scan::Encoding;
use super::{Sqlite, check, copy, damage, files, remarks};
use crate::{EngineError, Progress, Result, Work};

/// Gone when dropped.
pub(super) struct Shot {
    _folder: tempfile::TempDir,
    pub path: PathBuf,
    pub taken_at_ms: i64,
    pub header: Header,
    pub encoding: Encoding,
    pub tables: Vec<Table>,
    pub objects: Vec<SchemaObject>,
    pub remarks: Vec<String>,
    pub facts: BTreeMap<String, String>,
}

impl Sqlite {
    /// A damaged source is an error that says what is wrong with it and what of it still reads.
    pub(super) fn take(&self, work: &Work) -> Result<Shot> {
        let (scratch, cancel, progress) = (&work.scratch_dir, &work.cancel, work.progress.as_ref());
        let folder = tempfile::Builder::new().prefix("sqlite-").tempdir_in(scratch).map_err(|error| {
            EngineError::io(format!("making a scratch folder in {}", scratch.display()), error)
        })?;
        let path = folder.path().join("copy.sqlite");
        let taken = self.copy_to(&path, cancel, progress).and_then(|journal_mode| {
            let taken_at_ms = (work.clock)();
            let own = connect::open(&path, Mode::ReadOwn, &self.patience(cancel))
                .map_err(|error| self.in_my_name(error, &path))?;
            self.look(&own, journal_mode, taken_at_ms, progress)
        });
        match taken {
            Ok(found) => Ok(found.in_folder(folder, path)),
            Err(error) if error.code() == ErrorCode::DatabaseDamaged => {
                progress.phase("Finding out what of it still reads");
                let readable = if files::taken(&path) { &path } else { &self.path };
                Err(damage::report(readable, &self.path, error.into_api(), &self.patience(cancel)))
            }
            Err(other) => Err(other),
        }
    }

    /// Returns the live file's journal mode.
    fn copy_to(&self, path: &Path, cancel: &CancellationToken, progress: &dyn Progress) -> Result<String> {
        let patience = self.patience(cancel);
        let identity = files::identity(&self.path);
        let live = self.open_live(cancel)?;
        let journal_mode = Header::read(&live, &self.path)?.journal_mode;
        self.must_be_whole(&live, &journal_mode)?;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        progress.phase(&format!("Copying {name}"));
        let mut own = connect::open(path, Mode::Create, &patience)?;
        own.execute_batch("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
            .explain(path, "making the copy")?;
        copy::pages(&live, &mut own, &self.path, &patience, &mut |done, total| {
            progress.phase(&format!("Copying {name} ({} %)", done * 100 / total.max(1)));
        })?;
        drop(own);
        drop(live);
        if files::identity(&self.path) != identity {
            return Err(self.replaced());
        }
        leave_wal(path)?;
        Ok(journal_mode)
    }

    /// SQLite takes a last page that is not all there for one that ends in zeros; to a backup that is a lost value.
    fn must_be_whole(&self, live: &Connection, journal_mode: &str) -> Result<()> {
        const MEASURING: &str = "measuring it";
        if journal_mode == "wal" && files::length(&files::log(&self.path)) > 0 {
            // Pages may be in the log alone, and another program may be moving them at this moment.
            return Ok(());
        }
        // While this reads, nobody changes the length.
        live.execute_batch("BEGIN").explain(&self.path, MEASURING)?;
        let header = Header::read(live, &self.path);
        let length = files::length(&self.path);
        live.execute_batch("COMMIT").explain(&self.path, MEASURING)?;
        let header = header?;
        let wanted = header.page_count * u64::from(header.page_size);
        if length >= wanted {
            return Ok(());
        }
        let missing =
            format!("the file is cut short: {} bytes of its last page are missing", wanted - length);
        Err(error::damaged(&self.path, &[missing]).into())
    }

    /// What was copied is whole, but it is not the file that bears the name now.
    fn replaced(&self) -> EngineError {
        EngineError::source_changed(
            format!("{} was replaced by another file while it was being copied.", self.path.display()),
            "Run it again; stop whatever moves files into its place while databases are in use.",
        )
    }

    fn look(
        &self,
        own: &Connection,
        journal_mode: String,
        taken_at_ms: i64,
        progress: &dyn Progress,
    ) -> Result<Found> {
        let mut header = Header::read(own, &self.path)?;
        header.journal_mode = journal_mode;
        let tables = introspect::tables(own, &self.path)?;
        let objects = introspect::objects(own, &self.path, &tables)?;
        let encoding = Encoding::of(own, &self.path)?;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        progress.phase(&format!("Checking {name}"));
        let unchecked = check::integrity(own, &self.path, &tables)?;
        let orphans = check::orphans(own, &self.path)?;
        let mut facts = header.facts();
        if !unchecked.is_empty() {
            facts.insert("integrity_unchecked".into(), unchecked.join("\n"));
        }
        let total: u64 = orphans.iter().map(|(_, count)| count).sum();
        if total > 0 {
            facts.insert("foreign_key_violations".into(), total.to_string());
        }
        let mut remarks = remarks::of_schema(own, &self.path, &objects)?;
        remarks.extend(unchecked.iter().map(|table| remarks::unchecked(table)));
        remarks.extend(remarks::of_orphans(&orphans));
        Ok(Found { taken_at_ms, header, encoding, tables, objects, remarks, facts })
    }

    /// Damage found in the copy is damage of the source: name the file the user knows.
    fn in_my_name(&self, error: EngineError, copy: &Path) -> EngineError {
        match error {
            EngineError::Refused(mut refused) => {
                refused.file = Some(self.path.clone());
                EngineError::Refused(refused)
            }
            EngineError::Explained(mut api) => {
                api.message =
                    api.message.replace(&copy.display().to_string(), &self.path.display().to_string());
                EngineError::Explained(api)
            }
            other => other,
        }
    }
}

/// A [`Shot`] but for where it lies.
struct Found {
    taken_at_ms: i64,
    header: Header,
    encoding: Encoding,
    tables: Vec<Table>,
    objects: Vec<SchemaObject>,
    remarks: Vec<String>,
    facts: BTreeMap<String, String>,
}

impl Found {
    fn in_folder(self, folder: tempfile::TempDir, path: PathBuf) -> Shot {
        let Self { taken_at_ms, header, encoding, tables, objects, remarks, facts } = self;
        Shot { _folder: folder, path, taken_at_ms, header, encoding, tables, objects, remarks, facts }
    }
}

/// The backup API copies the header as it is, so a copy of a WAL database would grow a log of its own when read. The two
/// version bytes (offsets 18 and 19) say “rollback journal” again; the mode is kept as a fact.
pub(super) fn leave_wal(path: &Path) -> Result<()> {
    let failed = |error| EngineError::io("preparing the copy", error);
    let mut file = std::fs::OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
    let mut versions = [0; 2];
    file.seek(SeekFrom::Start(18)).map_err(failed)?;
    match file.read_exact(&mut versions) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
        other => other.map_err(failed)?,
    }
    if versions == [2, 2] {
        file.seek(SeekFrom::Start(18)).map_err(failed)?;
        file.write_all(&[1, 1]).map_err(failed)?;
    }
    Ok(())
}
