//! What a login may not see is named before the backup.

use holdfast_contract::snapshot::{DumpPlan, Scope, Snapshot};
use holdfast_engine::Dump;
use holdfast_engine::mysql::Mysql;

use super::access;
use super::memory::{Memory, work};
use super::server::Server;

const SCRIPT: &str = "CREATE TABLE t (id int, secret int); INSERT INTO t VALUES (1, 2); CREATE TABLE m (id int) ENGINE=MyISAM; \
    CREATE VIEW v AS SELECT id FROM t; CREATE PROCEDURE p() SELECT 1; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = 1; \
    CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SET @a = 1;";

async fn look(user: &str, grants: &str) -> (DumpPlan, Snapshot) {
    let server = Server::shared();
    let database = format!("for_{user}");
    server.create_database(&database).await;
    server.script(&database, SCRIPT);
    server.script("", &format!("CREATE USER {user}@localhost; {}", grants.replace("DB", &database)));
    let engine = Mysql::new(access(server, &database, user)).unwrap();
    let plan = engine.plan(&Scope::default()).await.unwrap();
    let memory = Memory::default();
    let snapshot = engine.dump(&Scope::default(), &memory, &work(3)).await.unwrap();
    // What is announced is what is missing.
    assert_eq!(plan.omissions, snapshot.omissions);
    (plan, snapshot)
}

fn named(plan: &DumpPlan) -> Vec<(&str, &str)> {
    let missing = plan.omissions.iter().filter(|omission| !omission.by_request);
    missing.map(|omission| (omission.kind.as_str(), omission.name.as_str())).collect()
}

#[tokio::test]
async fn enough_rights_leave_nothing_out() {
    let all = "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON DB.* TO enough@localhost; \
               GRANT RELOAD, BINLOG MONITOR ON *.* TO enough@localhost; GRANT SELECT ON mysql.proc TO enough@localhost";
    let (plan, snapshot) = look("enough", all).await;
    assert_eq!(named(&plan), []);
    assert_eq!(snapshot.tables.iter().map(|table| table.rows).sum::<u64>(), 1);
}

#[tokio::test]
async fn without_reload_the_tables_are_locked() {
    let grants = "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON DB.* TO locks@localhost; \
                  GRANT SELECT ON mysql.proc TO locks@localhost";
    let (plan, _) = look("locks", grants).await;
    assert_eq!(named(&plan), []);
}

#[tokio::test]
async fn select_alone_leaves_much_out_and_says_so() {
    let (plan, snapshot) = look("little", "GRANT SELECT ON DB.* TO little@localhost").await;
    assert_eq!(
        named(&plan),
        [
            ("routines", "that this login cannot see"),
            ("view", "v"),
            ("triggers", "that this login cannot see"),
            ("events", "that this login cannot see"),
            ("consistency", "m"),
        ]
    );
    assert_eq!(snapshot.tables.iter().map(|table| table.rows).sum::<u64>(), 1);
}

#[tokio::test]
async fn single_columns_and_hidden_bodies() {
    let grants = "GRANT SELECT (id), INSERT ON DB.t TO single@localhost; GRANT EXECUTE ON PROCEDURE DB.p TO single@localhost";
    let (plan, snapshot) = look("single", grants).await;
    let named = named(&plan);
    assert!(named.contains(&("table rows", "t")) && named.contains(&("procedure", "p")), "{named:?}");
    assert!(named.contains(&("tables", "that this login cannot see")), "{named:?}");
    assert!(snapshot.tables.iter().all(|table| !table.has_rows));
}

#[tokio::test]
async fn views_that_cannot_be_opened_are_named() {
    let server = Server::shared();
    server.create_database("broken").await;
    server.script("broken", "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT 1 AS b; \
        CREATE TABLE u (a int); CREATE DEFINER = gone@nowhere VIEW x AS SELECT a FROM u; CREATE VIEW y AS SELECT a FROM v; DROP TABLE t");
    let plan = Mysql::new(access(server, "broken", "root")).unwrap().plan(&Scope::default()).await.unwrap();
    // Only x's definer is gone: the definition is good elsewhere.
    assert_eq!(named(&plan), [("view", "v"), ("view", "y")]);
}
