//! Running the statements of a snapshot's objects in a database that is being filled.
//!
//! Many statements go in one message, which the server runs as one transaction; when such a batch fails it
//! is run again one by one, to name the object at fault, or to leave out with a remark what may be left out.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::try_join_all;
use holdfast_contract::snapshot::{SchemaObject, TableName};

use super::connect::{Purpose, Session};
use super::schema::{for_database, roles_of, tablespace_of};
use super::sql::Ident;
use crate::{Access, EngineError, Result, Work};

/// Statements and bytes of one message: few round trips, and progress is still seen.
const BATCH_STATEMENTS: usize = 200;
const BATCH_BYTES: usize = 256 << 10;

const BUILD_ATTEMPTS: usize = 4;

/// Kinds whose absence leaves a working database: who owns what, who may do what, where it lies, and ties to other
/// servers.
pub fn may_be_left_out(object: &SchemaObject) -> bool {
    is_about_roles(object)
        || matches!(
            object.kind.as_str(),
            "tablespace"
                | "security label"
                | "publication"
                | "publication member"
                | "subscription"
                | "event trigger"
        )
}

fn is_about_roles(object: &SchemaObject) -> bool {
    matches!(object.kind.as_str(), "owner" | "grant" | "default privileges" | "role setting" | "user mapping")
}

pub struct Statements<'a> {
    pub access: &'a Access,
    pub target: &'a str,
    pub work: &'a Work,
    /// Roles that the server has.
    pub roles: HashSet<String>,
    /// Tablespaces that the server has.
    pub tablespaces: HashSet<String>,
}

/// What was left out, as few sentences.
#[derive(Default)]
pub struct LeftOut {
    by_role: BTreeMap<String, u64>,
    by_tablespace: BTreeMap<String, u64>,
    refused: BTreeSet<String>,
}

impl LeftOut {
    pub fn merge(&mut self, other: LeftOut) {
        for (role, count) in other.by_role {
            *self.by_role.entry(role).or_default() += count;
        }
        for (tablespace, count) in other.by_tablespace {
            *self.by_tablespace.entry(tablespace).or_default() += count;
        }
        self.refused.extend(other.refused);
    }

    pub fn remarks(self) -> Vec<String> {
        let missing = self.by_role.into_iter().map(|(role, count)| {
            let what = if count == 1 {
                "one ownership or grant".to_owned()
            } else {
                format!("{count} ownerships or grants")
            };
            format!("The role {role} does not exist on this server: {what} left out.")
        });
        let elsewhere = self.by_tablespace.into_iter().map(|(tablespace, count)| {
            let what = if count == 1 {
                "one table or index".to_owned()
            } else {
                format!("{count} tables and indexes")
            };
            format!("The tablespace {tablespace} does not exist on this server: {what} in the default one.")
        });
        missing.chain(elsewhere).chain(self.refused).collect()
    }
}

impl Statements<'_> {
    pub async fn run(&self, session: &mut Session, objects: &[SchemaObject]) -> Result<LeftOut> {
        let mut left_out = LeftOut::default();
        let mut batch: Vec<(&SchemaObject, Vec<String>)> = Vec::new();
        let (mut statements, mut bytes) = (0, 0);
        for object in objects {
            let missing: Vec<String> = match may_be_left_out(object) {
                true => roles_of(object).into_iter().filter(|role| !self.roles.contains(role)).collect(),
                false => Vec::new(),
            };
            if let Some(role) = missing.into_iter().next() {
                *left_out.by_role.entry(role).or_default() += 1;
                continue;
            }
            if let Some(tablespace) = tablespace_of(object).filter(|name| !self.tablespaces.contains(name)) {
                *left_out.by_tablespace.entry(tablespace).or_default() += 1;
                continue;
            }
            let sql = for_database(object, &Ident(self.target).to_string());
            statements += sql.len();
            bytes += sql.iter().map(String::len).sum::<usize>();
            batch.push((object, sql));
            if statements >= BATCH_STATEMENTS || bytes >= BATCH_BYTES {
                left_out.merge(self.batch(session, &batch).await?);
                batch.clear();
                (statements, bytes) = (0, 0);
            }
        }
        left_out.merge(self.batch(session, &batch).await?);
        Ok(left_out)
    }

    async fn batch(&self, session: &mut Session, batch: &[(&SchemaObject, Vec<String>)]) -> Result<LeftOut> {
        self.work.checkpoint()?;
        let Some((first, _)) = batch.first() else { return Ok(LeftOut::default()) };
        let doing = doing(first);
        self.work.progress.phase(&doing);
        let all: Vec<&str> = batch.iter().flat_map(|(_, sql)| sql).map(String::as_str).collect();
        // A comment at the end of a statement must not swallow the next one.
        match session.execute(&doing, &all.join("\n;\n")).await {
            Ok(_) => return Ok(LeftOut::default()),
            Err(error) if error.server_code().is_none() => return Err(error),
            Err(_) => {}
        }
        let mut left_out = LeftOut::default();
        for (object, sql) in batch {
            self.work.checkpoint()?;
            if let Err(error) = self.one(session, object, sql).await {
                if !may_be_left_out(object) || !refused(object, &error) {
                    return Err(error);
                }
                session.execute("Continuing", "RESET ROLE").await?;
                left_out.refused.insert(format!("Left out: {error}"));
            }
        }
        Ok(left_out)
    }

    async fn one(&self, session: &mut Session, object: &SchemaObject, sql: &[String]) -> Result<()> {
        for (index, statement) in sql.iter().enumerate() {
            let mut doing = doing(object);
            if sql.len() > 1 {
                doing += &format!(" (statement {} of {})", index + 1, sql.len());
            }
            session.execute(&doing, statement).await?;
        }
        Ok(())
    }

    /// Objects that do not need each other, on several connections, those of the largest tables first.
    pub async fn run_beside(&self, objects: &[SchemaObject], sizes: &HashMap<TableName, u64>) -> Result<()> {
        let size = |object: &SchemaObject| {
            object.table.as_ref().and_then(|table| sizes.get(table)).copied().unwrap_or(0)
        };
        let mut order: Vec<&SchemaObject> = objects.iter().collect();
        order.sort_by_key(|object| std::cmp::Reverse(size(object)));
        let next = AtomicUsize::new(0);
        let (order, next) = (&order, &next);
        let workers = (0..self.work.parallel.clamp(1, order.len().max(1))).map(|_| async move {
            let mut session = Session::open_database(self.access, self.target, Purpose::Load).await?;
            while let Some(object) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.work.checkpoint()?;
                self.work.progress.phase(&doing(object));
                self.build(&mut session, object).await?;
            }
            session.close().await;
            Ok::<(), EngineError>(())
        });
        try_join_all(workers).await.map(drop)
    }
}

impl Statements<'_> {
    /// Builders of one partition tree may lock each other out; one of them is then told to stand back.
    async fn build(&self, session: &mut Session, object: &SchemaObject) -> Result<()> {
        let sql = for_database(object, &Ident(self.target).to_string());
        for _ in 1..BUILD_ATTEMPTS {
            match self.one(session, object, &sql).await {
                Err(error) if error.server_code() == Some("40P01") => {}
                outcome => return outcome,
            }
        }
        self.one(session, object, &sql).await
    }
}

/// No right to it, or what it names is not there; a provider of labels that is not loaded is a bad parameter, and what
/// needs an object that was left out before has none to name.
fn refused(object: &SchemaObject, error: &EngineError) -> bool {
    match error.server_code() {
        Some("42501" | "42704") => true,
        Some("22023") => object.kind == "security label",
        _ => false,
    }
}

/// The step in words: `Creating the index public.orders_day`.
fn doing(object: &SchemaObject) -> String {
    let name = match &object.schema {
        Some(schema) => format!("{schema}.{}", object.name),
        None => object.name.clone(),
    };
    match is_about_roles(object) && object.kind != "user mapping" {
        true => format!("Setting the {} {name}", object.kind),
        false => format!("Creating the {} {name}", object.kind),
    }
}
