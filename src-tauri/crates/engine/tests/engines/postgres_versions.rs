//! One story on every version that Holdfast works with: a schema of every kind of object and its rows, dumped and
//! loaded into the same version and into newer ones, judged by the reference tool.
#![allow(clippy::unwrap_used)]

use holdfast_testkit::memory;
use holdfast_testkit::pg_dump as witness;
use holdfast_testkit::postgres as server;
use std::sync::Arc;

use holdfast_contract::snapshot::{Scope, TableName};
use memory::{Memory, Stored, work};
use server::Server;

const EVERYTHING: &str = holdfast_testkit::fixtures::EVERYTHING_AND_KINDS;
const BESIDE: &str = holdfast_testkit::fixtures::BESIDE;
const SINCE_18: &str = holdfast_testkit::fixtures::SINCE_18;
const ROLES: &str = r#"CREATE ROLE app; CREATE ROLE reader; CREATE ROLE auditor; CREATE ROLE "group"; CREATE ROLE "Ünï ""role""";"#;
const SCHEMA: &[&str] = &["--schema-only"];

async fn filled(version: u32) -> Server {
    let server = Server::start_version(version, &["wal_level=logical"]);
    server.run("postgres", ROLES).await;
    server.create_database("everything").await;
    server.run("everything", &witness::for_version(EVERYTHING, version)).await;
    if version >= 18 {
        server.run("everything", SINCE_18).await;
    }
    server.run("everything", &witness::for_version(BESIDE, version)).await;
    server
}

async fn stored(server: &Server, database: &str) -> Stored {
    let engine = server.engine(database);
    let memory = Memory::default();
    let snapshot = engine.dump().unwrap().dump(&Scope::default(), &memory, &work(2)).await.unwrap();
    let named: Vec<_> = snapshot.omissions.iter().filter(|omission| !omission.by_request).collect();
    assert!(named.is_empty(), "{named:#?}");
    memory.stored(snapshot)
}

/// Loaded, and every table the same.
async fn load(server: &Server, target: &str, stored: &Stored) -> Vec<String> {
    let engine = server.engine("postgres");
    let load = engine.load().unwrap();
    let preflight = load.preflight(&stored.snapshot, &stored.objects).await.unwrap();
    assert_eq!(preflight.blockers, Vec::<String>::new());
    let report = load.load(target, stored, &work(2)).await.unwrap();
    let tables: Vec<TableName> = stored.snapshot.tables.iter().map(|table| table.table.clone()).collect();
    let found = load.fingerprint(target, &tables, &work(2)).await.unwrap();
    for (found, kept) in found.iter().zip(&stored.snapshot.tables) {
        assert_eq!(
            (&found.table, found.rows, &found.content_hash),
            (&kept.table, kept.rows, &kept.content_hash)
        );
    }
    assert_eq!(found.len(), tables.len());
    report.remarks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_version_comes_back_the_same_and_loads_into_the_newest() {
    let versions = server::versions("every_version_comes_back_the_same_and_loads_into_the_newest");
    let Some(&last) = versions.last() else { return };
    let newest = Arc::new(filled(last).await);
    let mut stories = Vec::new();
    for version in versions {
        let newest = newest.clone();
        stories.push(async move {
            let old = if version == last { newest.clone() } else { Arc::new(filled(version).await) };
            let stored = stored(&old, "everything").await;
            let remarks = load(&old, "copy", &stored).await;
            assert!(remarks.iter().all(|remark| remark.contains("subscription")), "{remarks:#?}");
            assert!(!remarks.is_empty());
            let source = witness::dump(&old, "everything", &[]);
            witness::assert_same(&format!("version {version}"), &source, &witness::dump(&old, "copy", &[]));
            if version < last {
                // Versions print some things differently, so compared is what the reference tool makes of it there; not
                // the rows, since it cannot load a check that looks into another table.
                let (name, by_reference) =
                    (format!("from {version}"), format!("by reference from {version}"));
                load(&newest, &name, &stored).await;
                newest.create_database(&by_reference).await;
                witness::load(&newest, &by_reference, &old.pg_dump("everything", SCHEMA));
                let what = format!("version {version} in {last}");
                let (wanted, found) =
                    (witness::dump(&newest, &by_reference, SCHEMA), witness::dump(&newest, &name, SCHEMA));
                witness::assert_same(
                    &what,
                    &witness::known_before(&wanted, version),
                    &witness::known_before(&found, version),
                );
            }
        });
    }
    // Two servers at a time: more would only wait for each other.
    use futures::StreamExt;
    futures::stream::iter(stories).buffer_unordered(2).collect::<Vec<()>>().await;
}
