//! Two hundred random schemas, many to a database: dumped, loaded, and judged by the reference tool and by the content
//! of every table.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

use crate::generated::{Dice, Generator, ROLES};
use holdfast_contract::snapshot::{Scope, TableName};
use holdfast_testkit::memory;
use holdfast_testkit::pg_dump as witness;
use holdfast_testkit::postgres as server;
use memory::{Memory, work};
use server::Server;
use sqlx::AssertSqlSafe;

const SCHEMAS_IN_EACH: usize = 26;

/// Returns how many definitions the server took and how many there were; rows may be refused by what was defined.
async fn fill(server: &Server, database: &str, seed: u64) -> (usize, usize) {
    let mut conn = server.connect(database).await;
    let version = conn.server_version_num().unwrap() / 10_000;
    let mut dice = Dice::new(seed);
    let mut generator = Generator::new(&mut dice, version);
    let (mut taken, mut all) = (0, 0);
    for _ in 0..SCHEMAS_IN_EACH {
        for statement in generator.schema() {
            let row = usize::from(!statement.starts_with("INSERT"));
            all += row;
            match sqlx::raw_sql(AssertSqlSafe(statement.as_str())).execute(&mut conn).await {
                Ok(_) => taken += row,
                Err(error) if std::env::var_os("HOLDFAST_SHOW_REFUSED").is_some() => {
                    println!("{error}\n    {statement}");
                }
                Err(_) => {}
            }
        }
    }
    (taken, all)
}

async fn round_trip(server: &Server, number: u64, seed: u64) {
    let (name, copy) = (format!("generated_{number}"), format!("generated_{number}_copy"));
    server.create_database(&name).await;
    let (taken, all) = fill(server, &name, seed).await;
    assert!(taken * 10 >= all * 8, "only {taken} of {all} statements were taken: the generator is wrong");
    let engine = server.engine(&name);
    let memory = Memory::default();
    let snapshot = engine.dump().unwrap().dump(&Scope::default(), &memory, &work(2)).await.unwrap();
    let lost: Vec<_> = snapshot.omissions.iter().collect();
    assert!(lost.is_empty(), "{lost:#?}");
    let stored = memory.stored(snapshot);
    let load = engine.load().unwrap();
    let report = load.load(&copy, &stored, &work(2)).await.unwrap();
    assert_eq!(report.remarks, Vec::<String>::new());
    let tables: Vec<TableName> = stored.snapshot.tables.iter().map(|table| table.table.clone()).collect();
    let found = load.fingerprint(&copy, &tables, &work(2)).await.unwrap();
    assert_eq!(found.len(), tables.len());
    for (found, kept) in found.iter().zip(&stored.snapshot.tables) {
        assert_eq!((&found.table, found.rows), (&kept.table, kept.rows));
        assert_eq!(found.content_hash, kept.content_hash, "{}", kept.table);
    }
    let said = |database: &str| witness::settled(&witness::dump(server, database, &[]));
    witness::assert_same(&name, &said(&name), &said(&copy));
    for database in [&name, &copy] {
        server.run("postgres", &format!("DROP DATABASE {database}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_schemas_come_back_the_same() {
    let chosen = std::env::var("HOLDFAST_SEED").ok().and_then(|text| text.parse::<u64>().ok());
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let first = chosen.unwrap_or(clock.as_nanos() as u64 / 1000);
    let server = Server::shared();
    for role in ROLES {
        server.run("postgres", &format!("CREATE ROLE \"{}\"", role.replace('"', "\"\""))).await;
    }
    for number in 0..if chosen.is_some() { 1 } else { u64::from(holdfast_testkit::rounds(8, 400)) } {
        let seed = first.wrapping_add(number);
        let told = Told(seed);
        round_trip(server, number, seed).await;
        std::mem::forget(told);
    }
}

/// Says the seed when a database does not come back.
struct Told(u64);
impl Drop for Told {
    fn drop(&mut self) {
        eprintln!("run it again with HOLDFAST_SEED={}", self.0);
    }
}
