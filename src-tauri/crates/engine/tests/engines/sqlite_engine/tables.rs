//! Chosen tables into the live file: beside, in the place of others, back again.

use holdfast_contract::ErrorCode;
use holdfast_engine::{PlaceTables, Placing, SwapState, TableOrder, TableWish, Way};

use super::*;

const SHOP: &str = "PRAGMA journal_mode=WAL;
    CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE orders(id INTEGER PRIMARY KEY AUTOINCREMENT, customer INT REFERENCES customers(id), note, total REAL, twice REAL AS (total * 2));
    CREATE TABLE lines(line INTEGER PRIMARY KEY, ord INT REFERENCES orders(id));
    CREATE TABLE log(what TEXT);
    CREATE TRIGGER orders_log AFTER INSERT ON orders BEGIN INSERT INTO log VALUES ('order ' || new.id); END;
    CREATE INDEX orders_note ON orders(note);
    CREATE VIEW big AS SELECT * FROM orders WHERE total > 1;
    INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bob');
    INSERT INTO orders(customer, note, total) VALUES (1, 'one', 1.5), (2, x'00ff', 2), (1, NULL, 1e300);
    INSERT INTO lines VALUES (10, 1), (11, 3);
    DELETE FROM log;";

fn wish(tables: &[&str], placing: Placing) -> TableWish {
    TableWish { tag: "7c1d".into(), tables: tables.iter().map(|table| (*table).into()).collect(), placing }
}

fn replace(tables: &[&str]) -> TableWish {
    wish(tables, Placing::Replace { allow_dangling: false })
}

fn beside(tables: &[&str]) -> TableWish {
    wish(tables, Placing::Beside { schema: None, suffix: None, name: None })
}

fn sql(path: &Path, text: &str) -> String {
    String::from_utf8(shell(path, text)).unwrap().trim_end().to_owned()
}

async fn arranged(path: &Path, wish: &TableWish, source: &Memory) -> TableOrder {
    let arranged = engine(path).arrange(wish, source).await.unwrap();
    assert_eq!(arranged.blockers, Vec::<String>::new());
    assert_eq!(arranged.notes.len(), arranged.order.tables.len());
    arranged.order
}

/// Staged, proven and put.
async fn place(path: &Path, order: &TableOrder, source: &Memory) -> holdfast_engine::Result<Vec<String>> {
    let scratch = tempfile::tempdir().unwrap();
    let (engine, work) = (engine(path), work(&scratch));
    engine.stage(order, source, &work).await?;
    for print in engine.fingerprints(order, source.snapshot_ref(), &work).await? {
        let wanted = source.snapshot_ref().tables.iter().find(|table| table.table == print.table).unwrap();
        assert_eq!((print.rows, &print.content_hash), (wanted.rows, &wanted.content_hash));
    }
    let outcome = engine.put(order, source, &work).await;
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "the scratch file is gone");
    outcome
}

#[tokio::test]
async fn rows_come_back_into_the_same_table_and_go_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sqlite");
    make(&path, SHOP);
    for scope in [Scope::default(), Scope { tables: vec!["orders".into()], ..Scope::default() }] {
        let source = dump(&path, &scope).await;
        let before = sql(&path, ".dump orders");
        sql(&path, "UPDATE orders SET total = 0; INSERT INTO orders(note) VALUES ('late'); DELETE FROM log;");
        let damaged = sql(&path, ".dump orders");
        let order = arranged(&path, &replace(&["orders"]), &source).await;
        assert_eq!(order.tables[0].way, Way::Contents);
        let live = engine(&path);
        assert_eq!(live.state(&order).await.unwrap(), SwapState::NotSwapped);
        assert_eq!(place(&path, &order, &source).await.unwrap(), Vec::<String>::new());
        assert_eq!(live.state(&order).await.unwrap(), SwapState::Swapped);
        assert_eq!(live.back_state(&order).await.unwrap(), SwapState::NotSwapped);
        assert_eq!(
            sql(&path, ".dump orders"),
            before,
            "the rows of the backup, and the definitions as they are"
        );
        assert_eq!(sql(&path, "SELECT count(*) FROM log"), "0", "triggers do not fire");
        assert_eq!(sql(&path, "SELECT seq FROM sqlite_sequence"), "4", "a counter never goes back");
        assert_eq!(sql(&path, "PRAGMA integrity_check"), "ok");
        assert_eq!(sql(&path, "SELECT count(*) FROM orders_before_7c1d"), "4");

        let scratch = tempfile::tempdir().unwrap();
        live.put_back(&order, &work(&scratch)).await.unwrap();
        assert_eq!(live.back_state(&order).await.unwrap(), SwapState::Swapped);
        assert_eq!(sql(&path, ".dump orders"), damaged);
        live.drop_staged(&order).await.unwrap();
        live.drop_staged(&order).await.unwrap();
        live.drop_kept(&order).await.unwrap();
        assert_eq!(sql(&path, "SELECT name FROM sqlite_schema WHERE name LIKE '%7c1d%'"), "");
        sql(
            &path,
            "DELETE FROM orders WHERE note = 'late'; UPDATE orders SET total = id; UPDATE sqlite_sequence SET seq = 3;",
        );
    }
}

#[tokio::test]
async fn a_table_that_looks_different_now_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sqlite");
    make(&path, SHOP);
    let source = dump(&path, &Scope::default()).await;
    let before = sql(
        &path,
        "SELECT sql FROM sqlite_schema WHERE tbl_name = 'orders' AND sql IS NOT NULL ORDER BY name",
    );
    sql(
        &path,
        "DROP TRIGGER orders_log; DROP VIEW big; ALTER TABLE orders DROP COLUMN twice; ALTER TABLE orders ADD COLUMN extra DEFAULT 7; CREATE INDEX extra ON orders(extra)",
    );
    let changed = sql(&path, ".dump orders");
    let order = arranged(&path, &replace(&["orders"]), &source).await;
    assert_eq!(order.tables[0].way, Way::Structure);
    place(&path, &order, &source).await.unwrap();
    let now = sql(
        &path,
        "SELECT sql FROM sqlite_schema WHERE tbl_name = 'orders' AND sql IS NOT NULL ORDER BY name",
    );
    assert_eq!(now, before);
    assert_eq!(sql(&path, "SELECT count(*), sum(twice) > 1 FROM orders"), "3|1");
    let scratch = tempfile::tempdir().unwrap();
    engine(&path).put_back(&order, &work(&scratch)).await.unwrap();
    assert_eq!(sql(&path, ".dump orders"), changed);
    engine(&path).drop_staged(&order).await.unwrap();

    sql(&path, "DROP TABLE orders");
    let order = arranged(&path, &replace(&["orders"]), &source).await;
    assert_eq!(order.tables[0].way, Way::Missing);
    place(&path, &order, &source).await.unwrap();
    assert_eq!(
        sql(
            &path,
            "SELECT sql FROM sqlite_schema WHERE tbl_name = 'orders' AND sql IS NOT NULL ORDER BY name"
        ),
        before
    );
    assert_eq!(sql(&path, "PRAGMA foreign_key_check; PRAGMA integrity_check"), "ok");
}

#[tokio::test]
async fn copies_stand_beside_and_harm_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sqlite");
    make(&path, SHOP);
    let source = dump(&path, &Scope::default()).await;
    let whole = sql(&path, ".dump");
    let order = arranged(&path, &beside(&["orders", "cust*"]), &source).await;
    place(&path, &order, &source).await.unwrap();
    assert_eq!(
        sql(&path, "SELECT group_concat(id || total) FROM orders_restored_7c1d"),
        sql(&path, "SELECT group_concat(id || total) FROM orders")
    );
    assert_eq!(sql(&path, "SELECT count(*) FROM customers_restored_7c1d"), "2");
    sql(
        &path,
        "DROP TABLE orders_restored_7c1d; DROP TABLE customers_restored_7c1d; DELETE FROM sqlite_sequence WHERE name <> 'orders'",
    );
    assert_eq!(sql(&path, ".dump"), whole);

    let named = wish(&["orders"], Placing::Beside { schema: None, suffix: None, name: Some("LINES".into()) });
    let taken = engine(&path).arrange(&named, &source).await.unwrap();
    assert_eq!(taken.blockers, ["“LINES” exists already."]);
    let error = engine(&path).arrange(&beside(&["ordrs"]), &source).await.unwrap_err().into_api();
    assert_eq!(error.code, ErrorCode::NotFound);
    assert!(error.hint.unwrap().contains("orders"));
}

#[tokio::test]
async fn rows_that_would_dangle_stop_it_unless_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sqlite");
    make(&path, SHOP);
    let source = dump(&path, &Scope::default()).await;
    sql(&path, "INSERT INTO orders(id) VALUES (77); INSERT INTO lines VALUES (12, 77)");
    let before = sql(&path, ".dump");
    let order = arranged(&path, &replace(&["orders"]), &source).await;
    let error = place(&path, &order, &source).await.unwrap_err().into_api();
    assert_eq!(error.code, ErrorCode::VerificationFailed);
    assert!(error.message.contains("1 row of “lines” would point to rows of “orders”"), "{}", error.message);
    assert_eq!(sql(&path, ".dump"), before);
    let order = arranged(&path, &wish(&["orders"], Placing::Replace { allow_dangling: true }), &source).await;
    let remarks = place(&path, &order, &source).await.unwrap();
    assert_eq!(remarks.len(), 1);
    // Together with the table that points to it, nothing dangles.
    let together = TableWish { tag: "beef".into(), ..replace(&["orders", "lines"]) };
    let order = arranged(&path, &together, &source).await;
    assert_eq!(place(&path, &order, &source).await.unwrap(), Vec::<String>::new());
    assert_eq!(sql(&path, "SELECT count(*) FROM orders, lines WHERE ord = id"), "2");
}

#[tokio::test]
async fn a_change_after_the_plan_and_a_locked_file_stop_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sqlite");
    make(&path, SHOP);
    let source = dump(&path, &Scope::default()).await;
    let order = arranged(&path, &replace(&["orders"]), &source).await;
    sql(&path, "ALTER TABLE orders ADD COLUMN later");
    let before = sql(&path, ".dump");
    let error = place(&path, &order, &source).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::SourceChanged);
    assert_eq!(sql(&path, ".dump"), before);

    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let impatient = engine(&path).with_wait(std::time::Duration::from_millis(200));
    let order = arranged(&path, &replace(&["customers"]), &source).await;
    impatient.stage(&order, &source, &work(&scratch)).await.unwrap();
    let error = impatient.put(&order, &source, &work(&scratch)).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::DatabaseBusy);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(sql(&path, ".dump"), before);
}
