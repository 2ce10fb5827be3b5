//! The reading half of MySQL and MariaDB against a real MariaDB: what a dump holds comes back through the exported
//! SQL file and the server's own client, and the server's own dump tool says the same about both.
#![allow(clippy::unwrap_used)]

mod changes;
mod connection;
mod content;
mod limits;
mod rights;

use holdfast_contract::connection::{ConnectionSpec, TlsSettings};
use holdfast_contract::snapshot::{Scope, Snapshot, TableName};
use holdfast_engine::mysql::fingerprint::fingerprint;
use holdfast_engine::mysql::{Mysql, MysqlDriver};
use holdfast_engine::{Access, Driver as _, Dump, Result};
use holdfast_testkit::mariadb as server;
use holdfast_testkit::memory;
use memory::{Memory, work};
use server::Server;

pub fn access(server: &Server, database: &str, user: &str) -> Access {
    let spec = ConnectionSpec::Mysql {
        host: server.socket().to_str().unwrap().into(),
        port: 3306,
        database: database.into(),
        user: user.into(),
        tls: TlsSettings::default(),
    };
    Access::new(spec)
}

pub fn engine(server: &Server, database: &str) -> Mysql {
    Mysql::new(access(server, database, server::SUPERUSER)).unwrap()
}

pub async fn dump(server: &Server, database: &str) -> Result<(Snapshot, Memory)> {
    let memory = Memory::default();
    let snapshot = engine(server, database).dump(&Scope::default(), &memory, &work(3)).await?;
    Ok((snapshot, memory))
}

/// Makes `database` from the statements, dumps it, loads the exported file into `<database>_copy` and compares the two.
pub async fn round_trip(server: &Server, database: &str, script: &str) -> (Snapshot, Memory) {
    server.create_database(database).await;
    server.script(database, script);
    let (snapshot, memory) = dump(server, database).await.unwrap();
    let copy = format!("{database}_copy");
    server.create_database(&copy).await;
    let mut file = Vec::new();
    let stored = memory.stored(snapshot.clone());
    MysqlDriver.export().sql(&stored, &mut file, &work(1)).await.unwrap();
    load(server, &copy, file);
    // The copy speaks of itself, where the source named its database.
    let same = |text: String| {
        [database, copy.as_str()].iter().fold(text, |text, own| {
            text.replace(&format!("`{}`.", own.replace('`', "``")), "").replace(&format!(" {own}."), " ")
        })
    };
    let (source, copied) = (same(server.dump(database)), same(server.dump(&copy)));
    assert_same(&source, &copied);
    // Reading it as the proof does, from another database, gives the very hashes.
    let tables: Vec<TableName> = snapshot.tables.iter().map(|table| table.table.clone()).collect();
    let found = fingerprint(&access(server, &copy, "root"), &copy, &tables, &work(2)).await.unwrap();
    for table in snapshot.tables.iter().filter(|table| table.has_rows) {
        let copied = found.iter().find(|found| found.table == table.table);
        let copied = copied.unwrap_or_else(|| panic!("{} was not fingerprinted", table.table));
        assert_eq!(
            (copied.rows, &copied.content_hash),
            (table.rows, &table.content_hash),
            "{} differs: {}",
            table.table,
            String::from_utf8_lossy(&memory.streams.lock().unwrap()[&table.streams[0]])
        );
    }
    (snapshot, memory)
}

pub fn load(server: &Server, database: &str, file: Vec<u8>) {
    use std::io::Write;
    use std::process::Stdio;
    let mut client = server.program("mariadb");
    client.args(["--binary-mode", "--default-character-set=utf8mb4", database]);
    client.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = client.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let copy = file.clone();
    let feeding = std::thread::spawn(move || stdin.write_all(&file));
    let output = child.wait_with_output().unwrap();
    drop(feeding.join());
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&copy)
    );
}

fn assert_same(source: &str, copied: &str) {
    for (number, (left, right)) in source.lines().zip(copied.lines()).enumerate() {
        assert_eq!(left, right, "line {}", number + 1);
    }
    assert_eq!(source.lines().count(), copied.lines().count());
}
