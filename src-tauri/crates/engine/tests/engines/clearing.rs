//! What others write between an archive and the deletion, step by step: whatever the archive does not hold stays.
#![allow(clippy::unwrap_used)]

use holdfast_contract::ErrorCode;
use holdfast_contract::connection::ConnectionSpec;
use holdfast_contract::snapshot::{Scope, TableName};
use holdfast_engine::{Access, Deletion, Engine, Result, Rows, Work, engine};
use holdfast_testkit::mariadb;
use holdfast_testkit::memory;
use holdfast_testkit::postgres;
use memory::{Memory, work};

const TABLES: &str = "
    create table events (id int primary key, old int not null, v varchar(20));
    create table children (id int primary key, event int, v varchar(20), foreign key (event) references events (id) on delete cascade);
    create table friends (id int primary key, event int, v varchar(20), foreign key (event) references events (id) on delete set null);
    insert into events values (1, 1, 'a'), (2, 1, 'b'), (3, 1, 'c'), (4, 1, 'd'), (5, 1, 'e'), (6, 1, 'f'), (7, 1, 'g'), (8, 1, 'h'), (9, 0, 'i'), (10, 0, 'j');
    insert into children values (1, 2, 'a'), (2, 3, 'b');
    insert into friends values (1, 4, 'a'), (2, 8, 'b');";

/// All that may happen to a row, and to what hangs on it.
const MEANWHILE: &str = "
    update events set v = 'changed' where id = 1;
    update children set v = 'changed' where id = 1;
    update friends set v = 'changed' where id = 1;
    delete from events where id = 5; insert into events values (5, 1, 'e');
    insert into children values (3, 6, 'new');
    update events set v = 'away' where id = 7; update events set v = 'g' where id = 7;
    insert into events values (20, 1, 'new');";

/// A database with a client of its own.
struct Place<'a> {
    engine: Box<dyn Engine>,
    /// Runs statements; the lines that they print.
    sql: &'a dyn Fn(&str) -> String,
    work: Work,
}

impl Place<'_> {
    fn ids(&self, table: &str) -> String {
        (self.sql)(&format!("select id from {table} order by id")).replace('\n', " ")
    }

    /// Up to the archive.
    async fn archived(&self, table: &str) -> Result<Box<dyn Deletion>> {
        let table = TableName { schema: None, name: table.to_owned() };
        let mut deletion = self.engine.clear().unwrap().begin(&table).await?;
        let tables = deletion.losing().iter().map(ToString::to_string).collect();
        let scope = Scope { tables, ..Scope::default() };
        let snapshot = deletion.dump().dump(&scope, &Memory::default(), &self.work).await?;
        deletion.archived(&snapshot)?;
        Ok(deletion)
    }

    async fn rule(&self, meanwhile: &str) -> Result<u64> {
        let mut deletion = self.archived("events").await?;
        (self.sql)(meanwhile);
        deletion.matching(&Rows::Matching("old = 1".into()), 3, 1000, &self.work).await
    }

    async fn clear(&self, meanwhile: &str) -> Result<u64> {
        let mut deletion = self.archived("events").await?;
        (self.sql)(meanwhile);
        deletion.all(&self.work).await
    }

    /// `stays`: after the first deletion. Rows 5 and 7 are what they were by value, if not by history.
    async fn story(&self, stays: &str) {
        let staying = stays.split(' ').count() as u64;
        (self.sql)(TABLES);
        let deleted = self.rule(MEANWHILE).await.unwrap();
        assert_eq!(self.ids("events"), stays);
        assert_eq!(deleted, 11 - staying);
        assert_eq!(self.ids("children"), "1 3");
        assert_eq!((self.sql)("select count(*) from friends where event is null"), "1");

        // Altered since: nothing goes.
        let refused = self.rule("alter table events add column more int").await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::SourceChanged, "{refused:?}");
        assert_eq!(self.ids("events"), stays);
        let refused = self.rule("alter table events rename to other; create table events (id int primary key, old int, v varchar(20), more int); insert into events select * from other").await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::SourceChanged, "{refused:?}");
        assert_eq!(self.ids("events"), stays);
        (self.sql)("drop table events");
        (self.sql)("alter table other rename to events");

        // The next archive holds them.
        let left = self.rule("").await.unwrap();
        assert_eq!((self.ids("events").as_str(), left), ("9 10", staying - 2));
        assert_eq!(self.ids("children"), "");

        // A whole table: the same number of rows, but others; a new row that would go along; a change of one that would change.
        for meanwhile in [
            "update events set v = 'x' where id = 9",
            "delete from events where id = 9; insert into events values (9, 0, 'y', null)",
            "insert into children values (9, 9, 'new')",
            "update children set v = 'x' where id = 9",
            "update friends set event = 9 where id = 1",
        ] {
            let refused = self.clear(meanwhile).await.unwrap_err();
            assert_eq!(refused.code(), ErrorCode::SourceChanged, "{meanwhile}: {refused:?}");
            assert_eq!(
                (self.ids("events"), self.ids("friends")),
                ("9 10".into(), "1 2".into()),
                "{meanwhile}"
            );
        }
        assert_eq!(self.clear("").await.unwrap(), 2);
        assert_eq!((self.ids("events"), self.ids("children")), (String::new(), String::new()));
    }
}

/// Each version has its own way with transaction numbers, locks and partitions.
#[tokio::test(flavor = "multi_thread")]
async fn on_every_postgres() {
    for version in postgres::versions("on_every_postgres") {
        on_postgres(&postgres::Server::start_version(version, &[])).await;
    }
}

async fn on_postgres(server: &postgres::Server) {
    server.create_database("meanwhile").await;
    let spec = ConnectionSpec::Postgres {
        host: server.socket_dir().to_str().unwrap().into(),
        port: server.port(),
        database: "meanwhile".into(),
        user: postgres::SUPERUSER.into(),
        tls: Default::default(),
    };
    let sql = |sql: &str| {
        let said = server
            .program("psql")
            .args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", "meanwhile", "-c", sql])
            .output();
        let said = said.unwrap();
        assert!(said.status.success(), "{sql}: {}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).unwrap().trim().to_owned()
    };
    let engine = engine(Access::new(spec)).unwrap();
    Place { engine, sql: &sql, work: work(2) }.story("1 2 4 5 6 7 9 10 20").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_mariadb() {
    let server = mariadb::Server::shared();
    server.create_database("meanwhile").await;
    let spec = ConnectionSpec::Mysql {
        host: "127.0.0.1".into(),
        port: server.port(),
        database: "meanwhile".into(),
        user: mariadb::SUPERUSER.into(),
        tls: Default::default(),
    };
    let engine = engine(Access::new(spec)).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let work = Work { scratch_dir: scratch.path().to_owned(), ..work(2) };
    let sql = |sql: &str| server.script("meanwhile", sql).trim().to_owned();
    Place { engine, sql: &sql, work }.story("1 2 4 6 9 10 20").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite() {
    for journal in ["wal", "delete"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("meanwhile.sqlite");
        let sql = |sql: &str| {
            sqlite(&file, &format!("pragma foreign_keys = on; pragma legacy_alter_table = on; {sql}"))
        };
        sql(&format!("pragma journal_mode = {journal}"));
        let place = Place { engine: opened(&file), sql: &sql, work: scratching(&folder) };
        // Row 5 has another row id.
        place.story("1 2 4 5 6 9 10 20").await;
    }
}

/// Numbers and texts that compare as equal, and are not.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_tells_equals_apart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alike.sqlite");
    let sql = |sql: &str| sqlite(&file, sql);
    sql(
        "create table events (id integer primary key, old, v, t text collate nocase); insert into events values (1, 1, 5, 'a'), (2, 1, 5, 'a'), (3, 1, 'x', 'a'), (4, 1, 5, 'a'), (5, 1, null, 'a'), (6, 1, null, null)",
    );
    let place = Place { engine: opened(&file), sql: &sql, work: scratching(&folder) };
    let deleted = place
        .rule("update events set v = 5.0 where id = 1; update events set t = 'A' where id = 2; update events set v = x'78' where id = 3; update events set v = 0 where id = 5")
        .await
        .unwrap();
    assert_eq!((place.ids("events").as_str(), deleted), ("1 2 3 5", 2));
}

fn opened(file: &std::path::Path) -> Box<dyn Engine> {
    let spec = ConnectionSpec::Sqlite { path: file.to_str().unwrap().into() };
    engine(Access::new(spec)).unwrap()
}

fn scratching(folder: &tempfile::TempDir) -> Work {
    Work { scratch_dir: folder.path().to_owned(), ..work(1) }
}

fn sqlite(file: &std::path::Path, sql: &str) -> String {
    let said =
        std::process::Command::new("sqlite3").args(["-batch", "-bail"]).arg(file).arg(sql).output().unwrap();
    assert!(said.status.success(), "{sql}: {}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}
