//! The PostgreSQL driver against a real throw-away server, with memory as its other end.
#![allow(clippy::unwrap_used)]

mod connecting;
mod cut_short;
mod round_trip;
mod swap;
mod while_others_work;

use holdfast_contract::ErrorCode;
use holdfast_contract::snapshot::{Scope, Snapshot, TableName, TableSnapshot};
use holdfast_engine::{Engine, EngineError};
use holdfast_testkit::memory;
use holdfast_testkit::postgres as server;
use memory::{Memory, Stored, work};
use server::Server;
use sqlx::{AssertSqlSafe, Row};

pub async fn backed_up(engine: &dyn Engine, parallel: usize) -> Stored {
    let memory = Memory::default();
    let snapshot = engine.dump().unwrap().dump(&Scope::default(), &memory, &work(parallel)).await.unwrap();
    memory.stored(snapshot)
}

pub fn names(snapshot: &Snapshot) -> Vec<TableName> {
    snapshot.tables.iter().filter(|table| table.has_rows).map(|table| table.table.clone()).collect()
}

pub fn table<'a>(snapshot: &'a Snapshot, name: &str) -> &'a TableSnapshot {
    snapshot.tables.iter().find(|table| table.table.name == name).unwrap()
}

pub async fn assert_same(engine: &dyn Engine, target: &str, stored: &Stored) {
    let load = engine.load().unwrap();
    let found = load.fingerprint(target, &names(&stored.snapshot), &work(2)).await.unwrap();
    let travelled = stored.snapshot.tables.iter().filter(|table| table.has_rows);
    assert_eq!(found.len(), travelled.clone().count());
    for (found, kept) in found.iter().zip(travelled) {
        assert_eq!((&found.table, found.rows), (&kept.table, kept.rows));
        assert_eq!(found.content_hash, kept.content_hash, "{}", kept.table);
    }
}

pub async fn value(server: &Server, database: &str, sql: &str) -> String {
    let mut conn = server.connect(database).await;
    sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut conn).await.unwrap().try_get_raw_text()
}

pub trait Text {
    fn try_get_raw_text(&self) -> String;
}
impl Text for sqlx::postgres::PgRow {
    fn try_get_raw_text(&self) -> String {
        self.try_get_raw(0).unwrap().as_str().unwrap_or("NULL").to_owned()
    }
}

pub fn code<T>(outcome: Result<T, EngineError>) -> ErrorCode {
    match outcome {
        Ok(_) => panic!("this must fail"),
        Err(error) => error.code(),
    }
}

/// The reference tool's words about a database, without its random key of the day.
pub fn dumped(server: &Server, database: &str) -> String {
    let text = server.pg_dump(database, &[]);
    text.lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Shows the first lines that differ; the whole texts would fill screens.
pub fn assert_same_text(found: &str, wanted: &str) {
    let mut lines = found.lines().zip(wanted.lines()).enumerate();
    if let Some((number, (found, wanted))) = lines.find(|(_, (found, wanted))| found != wanted) {
        panic!("line {number}\nfound  {found:.300}\nwanted {wanted:.300}");
    }
    assert_eq!(found.len(), wanted.len());
}
