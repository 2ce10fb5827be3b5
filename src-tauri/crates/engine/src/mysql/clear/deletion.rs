//! Only rows that an archive holds: each is compared with what one of the archive's own sessions, which goes on seeing the
//! archived moment, says of it.
//!
//! The rule is asked at that moment. What it answered is locked batch by batch, compared value by value as the archive
//! writes them, together with every row that goes along, and deleted. Rows that came or changed since are other rows, even
//! if they changed back in between: equal is what the archive holds, not what was left alone.
//!
//! Where single rows cannot be told apart (no key, an engine without transactions, foreign keys in a circle), everything that
//! would lose rows is locked, and must be what the archive holds, as a whole.

use std::collections::HashMap;

use async_trait::async_trait;
use holdfast_contract::snapshot::{DumpPlan, Scope, Snapshot, TableName};
use tokio::sync::Mutex;

use super::super::connect::Session;
use super::super::sessions::Sessions;
use super::super::sql::Name;
use super::super::{dump, error};
use super::list::{AT_ONCE, Keys, List, Wanted};
use super::shape::{Shape, selected};
use super::{condition, ended, for_deleting, lines};
use crate::clear::hanging::Key;
use crate::clear::{Batches, altered, held, no_archive, not_held, other_rows};
use crate::{Access, Deletion, Dump, DumpSink, EngineError, Result, Rows, Work};

/// For a batch that others were in the way of.
const ATTEMPTS: u32 = 5;

pub(super) struct Compared {
    archiving: Archiving,
    shape: Shape,
    /// Rows and content hash of each table in the archive.
    archived: Option<HashMap<String, (u64, String)>>,
}

pub(super) async fn begin(access: &Access, table: &TableName) -> Result<Compared> {
    let mut session = Session::open(access, super::Purpose::Read).await?;
    let table = super::resolve(&mut session, table).await?;
    session.close().await;
    let shape = Shape::of(access, &table).await?;
    Ok(Compared {
        archiving: Archiving { access: access.clone(), reader: Mutex::new(None) },
        shape,
        archived: None,
    })
}

/// Takes archives, and keeps a session that sees the moment of the last one.
struct Archiving {
    access: Access,
    reader: Mutex<Option<Session>>,
}

#[async_trait]
impl Dump for Archiving {
    async fn plan(&self, scope: &Scope) -> Result<DumpPlan> {
        dump::plan(&self.access, scope).await
    }

    async fn dump(&self, scope: &Scope, sink: &dyn DumpSink, work: &Work) -> Result<Snapshot> {
        let (snapshot, reader) = dump::dump_and_keep(&self.access, scope, sink, work).await?;
        *self.reader.lock().await = reader;
        Ok(snapshot)
    }
}

#[async_trait]
impl Deletion for Compared {
    fn losing(&self) -> Vec<TableName> {
        self.shape.tables.iter().map(|table| table.table_name()).collect()
    }

    fn caution(&self) -> Option<String> {
        let why = if !self.shape.is_transactional() {
            "is of an engine without transactions, or rows of such a table go with it"
        } else if self.shape.key.is_none() {
            "has no primary key, and no unique one without NULLs, to tell its rows apart by"
        } else if self.shape.chains().is_none() {
            "is part of a circle of foreign keys that delete"
        } else {
            return None;
        };
        Some(format!(
            "{} {why}: rows go only if nobody wrote to it, or to what goes with it, since the archive was made, and all in one step.",
            self.shape.tables[0].name
        ))
    }

    fn dump(&self) -> &dyn Dump {
        &self.archiving
    }

    fn archived(&mut self, snapshot: &Snapshot) -> Result<()> {
        let tables = self.losing().into_iter().map(|table| {
            let found = held(snapshot, &table).ok_or_else(|| not_held(&table))?;
            Ok((table.name, (found.rows, found.content_hash.clone())))
        });
        self.archived = Some(tables.collect::<Result<_>>()?);
        Ok(())
    }

    async fn all(&mut self, work: &Work) -> Result<u64> {
        let sessions = Sessions::default();
        let access = &self.archiving.access;
        ended(access, &sessions, work, self.as_a_whole("(TRUE)", &sessions, work)).await
    }

    async fn matching(&mut self, rows: &Rows, batch: u64, most: u64, work: &Work) -> Result<u64> {
        let sessions = Sessions::default();
        let access = &self.archiving.access;
        ended(access, &sessions, work, async {
            let mut session = for_deleting(access, &sessions).await?;
            let which = condition(&mut session, &self.shape.tables[0].table_name(), rows).await?;
            session.close().await;
            match (&self.shape.key, self.shape.chains()) {
                (Some(key), Some(chains)) if self.shape.is_transactional() => {
                    let keys = Keys::new(&self.shape.tables[0], key);
                    let by_row = ByRow { all: self, keys, chains, which: &which };
                    by_row.delete((batch, most), &sessions, work).await
                }
                _ => self.as_a_whole(&which, &sessions, work).await,
            }
        })
        .await
    }
}

impl Compared {
    /// Everything that loses rows is locked, and must be what the archive holds.
    async fn as_a_whole(&self, which: &str, sessions: &Sessions, work: &Work) -> Result<u64> {
        let archived = self.archived.as_ref().ok_or_else(no_archive)?;
        let table = &self.shape.tables[0];
        let doing = format!("Deleting rows of {}", table.name);
        work.progress.phase(&format!("Comparing {} with the archive", table.name));
        let mut session = for_deleting(&self.archiving.access, sessions).await?;
        // Locks every row that is read, and the room between them.
        let locking = if self.shape.is_transactional() {
            session.execute(&doing, "START TRANSACTION").await?;
            " FOR UPDATE"
        } else {
            let names: Vec<String> =
                self.shape.tables.iter().map(|table| format!("{} WRITE", Name(&table.name))).collect();
            let sql = format!("SET SESSION autocommit = 0; LOCK TABLES {}", names.join(", "));
            session.execute(&doing, &sql).await?;
            ""
        };
        session.execute(&doing, "SET SESSION character_set_results = NULL").await?;
        for table in &self.shape.tables {
            let sql = format!("{}{locking}", table.select);
            let found = lines::hash(&mut session, &doing, &sql, &lines::forms(table)).await?;
            if archived.get(&table.name) != Some(&(found.rows(), found.hex())) {
                return Err(other_rows(&table.table_name()));
            }
        }
        Shape::of(&self.archiving.access, &table.table_name()).await?.must_still_be(&self.shape)?;
        work.progress.phase(&doing);
        let sql = format!("DELETE FROM {} WHERE {which}", Name(&table.name));
        let deleted = session.execute(&doing, &sql).await?;
        session.execute(&doing, "COMMIT; UNLOCK TABLES").await?;
        work.progress.advance(0, deleted);
        session.close().await;
        Ok(deleted)
    }

    fn table(&self, name: &str) -> Result<&super::super::schema::Table> {
        let found = self.shape.tables.iter().find(|table| table.name == name);
        found.ok_or_else(|| altered(&self.shape.tables[0].table_name()))
    }
}

/// Row by row: the table has a key, and what hangs on it does not do so in a circle.
struct ByRow<'a> {
    all: &'a Compared,
    keys: Keys,
    chains: Vec<Vec<&'a Key>>,
    which: &'a str,
}

impl ByRow<'_> {
    async fn delete(&self, (size, most): (u64, u64), sessions: &Sessions, work: &Work) -> Result<u64> {
        let access = &self.all.archiving.access;
        let table = &self.all.shape.tables[0];
        let doing = format!("Deleting rows of {}", table.name);
        let mut then = self.all.archiving.reader.lock().await.take().ok_or_else(no_archive)?;
        sessions.note(&then);
        work.progress.phase(&format!("Comparing {} with the archive", table.name));
        // While it has seen them, none of them is altered.
        for table in &self.all.shape.tables {
            let sql = format!("SELECT 1 FROM {} LIMIT 0", Name(&table.name));
            then.execute(&doing, &sql).await.map_err(|error| self.if_altered(error))?;
        }
        Shape::of(access, &table.table_name()).await?.must_still_be(&self.all.shape)?;
        let select = format!(
            "SELECT {} FROM {} WHERE {}",
            selected(table, &table.name),
            Name(&table.name),
            self.which
        );
        let list = List::write(&mut then, &doing, &select, &self.keys, work).await;
        let mut list = list.map_err(|error| self.if_altered(error))?;
        let mut now = for_deleting(access, sessions).await?;
        now.execute(&doing, "SET SESSION character_set_results = NULL").await?;
        work.progress.phase(&doing);
        let mut batches = Batches::new(work, size, most);
        while let Some(limit) = batches.next()? {
            let wanted = list.next(limit)?;
            if wanted.is_empty() {
                break;
            }
            // Rows that stay do not end it, as a batch without any would.
            match self.batch(&mut now, &mut then, &doing, &wanted).await? {
                0 => {}
                deleted => batches.took(deleted),
            }
        }
        then.close().await;
        now.close().await;
        Ok(batches.deleted)
    }

    async fn batch(
        &self,
        now: &mut Session,
        then: &mut Session,
        doing: &str,
        wanted: &Wanted,
    ) -> Result<u64> {
        for attempt in 1.. {
            match self.attempt(now, then, doing, wanted).await {
                Err(busy)
                    if attempt < ATTEMPTS && matches!(error::native(&busy), Some(1213 | 1205 | 1020)) =>
                {
                    now.execute(doing, "ROLLBACK").await?;
                }
                other => return other,
            }
        }
        Ok(0)
    }

    async fn attempt(
        &self,
        now: &mut Session,
        then: &mut Session,
        doing: &str,
        wanted: &Wanted,
    ) -> Result<u64> {
        let table = &self.all.shape.tables[0];
        now.execute(doing, "START TRANSACTION").await?;
        let mut same = Vec::new();
        for some in wanted.values().cloned().collect::<Vec<_>>().chunks(AT_ONCE) {
            let sql = format!(
                "SELECT {} FROM {} WHERE {} FOR UPDATE",
                selected(table, &table.name),
                Name(&table.name),
                self.keys.among(&table.name, some)
            );
            let keep = |line: &[u8]| {
                same.extend(wanted.get(&blake3::hash(line)).cloned());
                Ok(())
            };
            lines::read(now, doing, &sql, &self.keys.forms, keep).await?;
        }
        let mut going = Vec::new();
        for some in same.chunks(AT_ONCE) {
            going.extend(self.alone(now, then, doing, some).await?);
        }
        let mut deleted = 0;
        for some in going {
            let among = self.keys.among(&table.name, some);
            let sql = format!("DELETE FROM {} WHERE {among} AND {}", Name(&table.name), self.which);
            deleted += now.execute(doing, &sql).await?;
        }
        now.execute(doing, "COMMIT").await?;
        Ok(deleted)
    }

    /// Those of these rows, which are locked, that take nothing along that is not in the archive.
    async fn alone<'k>(
        &self,
        now: &mut Session,
        then: &mut Session,
        doing: &str,
        keys: &'k [String],
    ) -> Result<Vec<&'k [String]>> {
        let (mut open, mut fit) = (vec![keys], Vec::new());
        while let Some(some) = open.pop() {
            if self.follow_alike(now, then, doing, some).await? {
                fit.push(some);
            } else if some.len() > 1 {
                let (one, other) = some.split_at(some.len() / 2);
                open.extend([one, other]);
            }
        }
        Ok(fit)
    }

    /// What goes along now is what went along at the archived moment. Locks it.
    async fn follow_alike(
        &self,
        now: &mut Session,
        then: &mut Session,
        doing: &str,
        keys: &[String],
    ) -> Result<bool> {
        for chain in &self.chains {
            let mut from = format!("{} AS `h0`", Name(&self.all.shape.tables[0].name));
            for (at, key) in chain.iter().enumerate() {
                let (above, own) = (format!("h{at}"), format!("h{}", at + 1));
                let pairs: Vec<String> = key
                    .columns
                    .iter()
                    .map(|(child, parent)| {
                        format!("{}.{} = {}.{}", Name(&above), Name(parent), Name(&own), Name(child))
                    })
                    .collect();
                from += &format!(" JOIN {} AS {} ON {}", Name(&key.child), Name(&own), pairs.join(" AND "));
            }
            let Some(last) = chain.last() else { continue };
            let table = self.all.table(&last.child)?;
            let sql = format!(
                "SELECT {} FROM {from} WHERE {}",
                selected(table, &format!("h{}", chain.len())),
                self.keys.among("h0", keys)
            );
            let forms = lines::forms(table);
            let today = lines::hash(now, doing, &format!("{sql} FOR UPDATE"), &forms).await?;
            let before = lines::hash(then, doing, &sql, &forms).await?;
            if (today.rows(), today.hex()) != (before.rows(), before.hex()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The moment does not know the table any more.
    fn if_altered(&self, error: EngineError) -> EngineError {
        match error::native(&error) {
            Some(1412 | 1146 | 1054) => altered(&self.all.shape.tables[0].table_name()),
            _ => error,
        }
    }
}
