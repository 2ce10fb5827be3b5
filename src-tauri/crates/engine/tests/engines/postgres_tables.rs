//! Chosen tables into a live PostgreSQL database: beside, in the place of others, back again.
#![allow(clippy::unwrap_used)]

use holdfast_contract::ErrorCode;
use holdfast_contract::snapshot::{BackupKind, Scope};
use holdfast_engine::{Engine, EngineError, PlaceTables, Placing, SwapState, TableOrder, TableWish, Way};
use holdfast_testkit::memory;
use holdfast_testkit::postgres as server;
use memory::{Memory, Stored, work};
use server::Server;
use sqlx::{AssertSqlSafe, Row, ValueRef};

const SHOP: &str = r#"
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE TABLE customers(id int PRIMARY KEY, name text NOT NULL);
    CREATE TABLE orders(
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int REFERENCES customers, note text UNIQUE, feel mood,
        total numeric(12,2) CHECK (total >= 0), twice numeric GENERATED ALWAYS AS (total * 2) STORED);
    CREATE TABLE "Lines"(line serial PRIMARY KEY, ord bigint NOT NULL REFERENCES orders ON DELETE CASCADE);
    COMMENT ON CONSTRAINT "Lines_ord_fkey" ON "Lines" IS 'whose';
    CREATE TABLE log(what text);
    CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.log VALUES (TG_OP); RETURN NULL; END';
    CREATE TRIGGER orders_log AFTER INSERT OR DELETE OR TRUNCATE ON orders EXECUTE FUNCTION noted();
    CREATE TRIGGER orders_off AFTER INSERT ON orders EXECUTE FUNCTION noted();
    ALTER TABLE orders DISABLE TRIGGER orders_off;
    CREATE RULE keep AS ON INSERT TO customers WHERE new.id < 0 DO INSTEAD NOTHING;
    CREATE INDEX orders_note ON orders (lower(note)) WHERE total > 1;
    CREATE VIEW big WITH (security_barrier) AS SELECT id, note FROM orders WHERE total > 1;
    COMMENT ON TABLE orders IS 'it''s orders'; COMMENT ON COLUMN orders.note IS 'says';
    GRANT SELECT ON orders TO PUBLIC; GRANT UPDATE (note) ON orders TO PUBLIC;
    ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON orders USING (customer = 1);
    CREATE TABLE days(day date NOT NULL, n int) PARTITION BY RANGE (day);
    CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
    INSERT INTO customers SELECT i, 'c' || i FROM generate_series(1, 50) i;
    INSERT INTO orders(customer, note, feel, total) SELECT i % 50 + 1, E'tab\t' || i, 'good', i FROM generate_series(1, 2000) i;
    INSERT INTO "Lines"(ord) SELECT i FROM generate_series(1, 2000, 3) i;
    INSERT INTO days SELECT '2026-01-01'::date + i, i FROM generate_series(0, 50) i;
    TRUNCATE log;
"#;

const ORDERS: &str = "SELECT count(*) || md5(string_agg(o::text, '|' ORDER BY id)) FROM orders o";

struct Shop {
    name: String,
    engine: Box<dyn Engine>,
}

impl Shop {
    async fn new(name: &str) -> Self {
        Server::shared().create_database(name).await;
        Server::shared().run(name, SHOP).await;
        Self { name: name.into(), engine: as_user(name, server::SUPERUSER) }
    }
    async fn run(&self, sql: &str) {
        Server::shared().run(&self.name, sql).await;
    }
    async fn value(&self, sql: &str) -> String {
        let mut conn = Server::shared().connect(&self.name).await;
        let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut conn).await.unwrap();
        let value = row.try_get_raw(0).unwrap();
        if value.is_null() { "NULL".into() } else { value.as_str().unwrap().to_owned() }
    }
    /// The reference tool's words about the whole database.
    fn text(&self) -> String {
        let text = Server::shared().pg_dump(&self.name, &[]);
        text.lines()
            .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
            .collect::<Vec<_>>()
            .join("\n")
    }
    async fn dump(&self, scope: &Scope) -> Stored {
        let memory = Memory::default();
        let snapshot = self.engine.dump().unwrap().dump(scope, &memory, &work(2)).await.unwrap();
        memory.stored(snapshot)
    }
    fn tables(&self) -> &dyn PlaceTables {
        self.engine.place_tables().unwrap()
    }
    async fn arranged(&self, wish: &TableWish, source: &Stored) -> TableOrder {
        let arranged = self.tables().arrange(wish, source).await.unwrap();
        assert_eq!(arranged.blockers, Vec::<String>::new());
        assert_eq!(arranged.notes.len(), arranged.order.tables.len());
        arranged.order
    }
    /// Staged and proven.
    async fn staged(&self, order: &TableOrder, source: &Stored) {
        self.tables().stage(order, source, &work(2)).await.unwrap();
        assert_eq!(self.tables().state(order).await.unwrap(), SwapState::NotSwapped);
        for print in self.tables().fingerprints(order, &source.snapshot, &work(2)).await.unwrap() {
            let wanted = source.snapshot.tables.iter().find(|table| table.table == print.table).unwrap();
            assert_eq!(
                (print.rows, &print.content_hash),
                (wanted.rows, &wanted.content_hash),
                "{}",
                print.table
            );
        }
    }
    async fn place(&self, order: &TableOrder, source: &Stored) -> Result<Vec<String>, EngineError> {
        self.staged(order, source).await;
        let outcome = self.tables().put(order, source, &work(2)).await;
        let state = if outcome.is_ok() { SwapState::Swapped } else { SwapState::NotSwapped };
        assert_eq!(self.tables().state(order).await.unwrap(), state);
        outcome
    }
}

fn as_user(name: &str, user: &str) -> Box<dyn Engine> {
    Server::shared().engine_as(name, user)
}

fn wish(tables: &[&str], placing: Placing) -> TableWish {
    TableWish { tag: "7c1d".into(), tables: tables.iter().map(|table| (*table).into()).collect(), placing }
}

fn replace(tables: &[&str]) -> TableWish {
    wish(tables, Placing::Replace { allow_dangling: false })
}

/// The first lines that differ; whole texts would fill screens.
fn assert_same_text(found: &str, wanted: &str) {
    let mut lines = found.lines().zip(wanted.lines()).enumerate();
    if let Some((number, (found, wanted))) = lines.find(|(_, (found, wanted))| found != wanted) {
        panic!("line {number}\nfound  {found:.300}\nwanted {wanted:.300}");
    }
    assert_eq!(found.len(), wanted.len());
}

#[tokio::test]
async fn rows_come_back_into_the_same_table_and_go_again() {
    let shop = Shop::new("tables rows").await;
    let scopes = [
        Scope::default(),
        Scope { kind: BackupKind::Data, ..Scope::default() },
        Scope { tables: vec!["orders".into()], ..Scope::default() },
    ];
    for scope in scopes {
        let source = shop.dump(&scope).await;
        let (before, rows) = (shop.text(), shop.value(ORDERS).await);
        shop.run(
            "UPDATE orders SET total = 0 WHERE id > 10; DELETE FROM orders WHERE id = 2000; TRUNCATE log",
        )
        .await;
        let (damaged, damaged_rows) = (shop.text(), shop.value(ORDERS).await);
        assert_ne!(rows, damaged_rows);
        let oid = shop.value("SELECT 'orders'::regclass::oid").await;
        let order = shop.arranged(&replace(&["orders"]), &source).await;
        assert_eq!(order.tables[0].way, Way::Contents);
        shop.staged(&order, &source).await;
        assert_eq!(shop.tables().dangling(&order, &work(1)).await.unwrap(), Vec::<String>::new());
        shop.tables().drop_staged(&order).await.unwrap();
        assert_same_text(&shop.text(), &damaged);
        assert_eq!(shop.place(&order, &source).await.unwrap(), Vec::<String>::new());
        assert_eq!(shop.value(ORDERS).await, rows);
        assert_eq!(shop.value("SELECT 'orders'::regclass::oid").await, oid, "the table stays itself");
        assert_eq!(shop.value("SELECT count(*) FROM log").await, "0", "triggers do not fire");
        assert_eq!(shop.value("SELECT count(*) FROM holdfast_before_7c1d.orders").await, damaged_rows[..4]);

        shop.tables().put_back(&order, &work(1)).await.unwrap();
        assert_eq!(shop.tables().back_state(&order).await.unwrap(), SwapState::Swapped);
        assert_eq!(shop.value(ORDERS).await, damaged_rows);
        shop.tables().drop_staged(&order).await.unwrap();
        shop.tables().drop_staged(&order).await.unwrap();
        assert_same_text(&shop.text(), &damaged);

        shop.place(&order, &source).await.unwrap();
        shop.tables().drop_kept(&order).await.unwrap();
        shop.tables().drop_kept(&order).await.unwrap();
        // A sequence goes on from where it was: nothing else may differ from the day of the backup.
        assert_same_text(&shop.text(), &before);
    }
}

#[tokio::test]
async fn a_table_that_looks_different_now_comes_back_as_it_was() {
    let shop = Shop::new("tables structure").await;
    let source = shop.dump(&Scope::default()).await;
    let (before, rows) = (shop.text(), shop.value(ORDERS).await);
    shop.run("ALTER TABLE orders DROP COLUMN feel; ALTER TABLE orders ADD COLUMN extra int DEFAULT 7; CREATE INDEX extra ON orders(extra); DROP POLICY mine ON orders").await;
    let (changed, changed_rows) = (shop.text(), shop.value(ORDERS).await);
    let order = shop.arranged(&replace(&["orders"]), &source).await;
    assert_eq!(order.tables[0].way, Way::Structure);
    assert_eq!(shop.place(&order, &source).await.unwrap(), Vec::<String>::new());
    assert_eq!(shop.value(ORDERS).await, rows);
    assert_eq!(shop.value("SELECT count(*) FROM big").await, "1999", "the view reads the restored table");
    shop.run("INSERT INTO orders(customer, note, total) VALUES (1, 'new', 3)").await;
    assert_eq!(shop.value("SELECT max(id) FROM orders").await, "2001", "the identity goes on");
    shop.run("DELETE FROM orders WHERE note = 'new'").await;

    shop.tables().put_back(&order, &work(1)).await.unwrap();
    assert_eq!(shop.value(ORDERS).await, changed_rows);
    shop.tables().drop_staged(&order).await.unwrap();
    shop.run("TRUNCATE log").await;
    assert_same_text(&shop.text(), &changed);

    shop.place(&order, &source).await.unwrap();
    shop.tables().drop_kept(&order).await.unwrap();
    shop.run("TRUNCATE log; SELECT setval('orders_id_seq', 2000)").await;
    assert_same_text(&shop.text(), &before);
}

#[tokio::test]
async fn dropped_tables_are_made_as_they_were() {
    let shop = Shop::new("tables missing").await;
    let source = shop.dump(&Scope::default()).await;
    let before = shop.text();
    shop.run("DROP VIEW big; DROP TABLE \"Lines\"; DROP TABLE orders; DROP TABLE days").await;
    let order = shop.arranged(&replace(&["orders", "Lines", "public.days"]), &source).await;
    assert!(order.tables.iter().all(|step| step.way == Way::Missing));
    assert_eq!(order.tables.len(), 5, "the partitions come with their root");
    assert_eq!(shop.place(&order, &source).await.unwrap(), Vec::<String>::new());
    shop.run("CREATE VIEW big WITH (security_barrier) AS SELECT id, note FROM orders WHERE total > 1").await;
    assert_same_text(&shop.text(), &before);
    assert_eq!(shop.value("SELECT count(*) FROM days").await, "51");
}

#[tokio::test]
async fn a_partition_is_replaced_where_it_stands_and_copies_stand_beside() {
    let shop = Shop::new("tables beside").await;
    let source = shop.dump(&Scope::default()).await;
    let before = shop.text();
    shop.run("DELETE FROM days WHERE n > 2").await;
    let order = shop.arranged(&replace(&["days"]), &source).await;
    assert_eq!(order.tables.len(), 2);
    shop.place(&order, &source).await.unwrap();
    shop.tables().drop_kept(&order).await.unwrap();
    assert_same_text(&shop.text(), &before);

    let copies =
        wish(&["orders", "days", "Lines"], Placing::Beside { schema: None, suffix: None, name: None });
    let order = shop.arranged(&copies, &source).await;
    shop.place(&order, &source).await.unwrap();
    let equal = "SELECT (SELECT md5(string_agg(o::text, '|' ORDER BY id)) FROM orders o) = (SELECT md5(string_agg(o::text, '|' ORDER BY id)) FROM orders_restored_7c1d o)";
    assert_eq!(shop.value(equal).await, "t");
    assert_eq!(
        shop.value("SELECT count(*) FROM pg_index WHERE indrelid = 'orders_restored_7c1d'::regclass").await,
        "3"
    );
    assert_eq!(shop.value("SELECT count(*) FROM pg_constraint WHERE conrelid = 'orders_restored_7c1d'::regclass AND contype = 'f'").await, "0");
    shop.run("DROP TABLE orders_restored_7c1d, days_1_restored_7c1d, days_2_restored_7c1d, \"Lines_restored_7c1d\"").await;
    assert_same_text(&shop.text(), &before);

    let elsewhere = wish(
        &["orders", "customers"],
        Placing::Beside { schema: Some("then".into()), suffix: None, name: None },
    );
    let order = shop.arranged(&elsewhere, &source).await;
    shop.place(&order, &source).await.unwrap();
    assert_eq!(
        shop.value("SELECT count(*) FROM \"then\".orders JOIN \"then\".customers c ON c.id = customer").await,
        "2000"
    );
}

#[tokio::test]
async fn rows_that_would_dangle_are_counted_and_stop_it_unless_allowed() {
    let shop = Shop::new("tables dangling").await;
    let source = shop.dump(&Scope::default()).await;
    shop.run(
        "INSERT INTO orders(note) VALUES ('late'); INSERT INTO \"Lines\"(ord) SELECT max(id) FROM orders",
    )
    .await;
    let before = shop.text();
    let order = shop.arranged(&replace(&["orders"]), &source).await;
    shop.staged(&order, &source).await;
    let told = shop.tables().dangling(&order, &work(1)).await.unwrap();
    assert_eq!(
        told,
        [
            "1 row of public.Lines would point to rows of public.orders that are not there (foreign key Lines_ord_fkey)."
        ]
    );
    let error = shop.tables().put(&order, &source, &work(1)).await.unwrap_err().into_api();
    assert!(error.message.contains("public.Lines"), "{}", error.message);
    shop.tables().drop_staged(&order).await.unwrap();
    assert_same_text(&shop.text(), &before);

    let order = shop.arranged(&wish(&["orders"], Placing::Replace { allow_dangling: true }), &source).await;
    let remarks = shop.place(&order, &source).await.unwrap();
    assert_eq!(remarks.len(), 1);
    assert_eq!(
        shop.value("SELECT convalidated FROM pg_constraint WHERE conname = 'Lines_ord_fkey'").await,
        "f"
    );
    shop.tables().put_back(&order, &work(1)).await.unwrap();
    shop.tables().drop_staged(&order).await.unwrap();
    assert_same_text(&shop.text(), &before);
}

#[tokio::test]
async fn what_cannot_be_done_is_said_before_anything_starts() {
    let shop = Shop::new("tables blocked").await;
    let source = shop.dump(&Scope { kind: BackupKind::Data, ..Scope::default() }).await;
    shop.run(
        "ALTER TABLE orders ADD COLUMN extra int; CREATE MATERIALIZED VIEW kept AS SELECT extra FROM orders",
    )
    .await;
    let blockers = async |engine: &dyn Engine, wish: &TableWish| {
        engine.place_tables().unwrap().arrange(wish, &source).await.unwrap().blockers.join("\n")
    };
    let told = blockers(&*shop.engine, &replace(&["orders"])).await;
    assert!(told.contains("the table has extra integer"), "{told}");
    assert!(told.contains("materialised view public.kept"), "{told}");
    let named = wish(&["orders"], Placing::Beside { schema: None, suffix: None, name: Some("log".into()) });
    assert_eq!(blockers(&*shop.engine, &named).await, "public.log exists already.");
    shop.run("CREATE ROLE stranger LOGIN").await;
    let told = blockers(&*as_user(&shop.name, "stranger"), &replace(&["log"])).await;
    assert!(told.contains("may not create a schema") && told.contains("belongs to"), "{told}");
    let error = shop.tables().arrange(&replace(&["ordrs"]), &source).await.unwrap_err().into_api();
    assert_eq!(error.code, ErrorCode::NotFound);
    assert!(error.hint.unwrap().contains("public.orders"));
    Server::shared().create_database("tables bare").await;
    let told = blockers(
        &*as_user("tables bare", server::SUPERUSER),
        &wish(&["orders"], Placing::Beside { schema: None, suffix: None, name: None }),
    )
    .await;
    assert!(told.contains("no type public.mood"), "{told}");
}

#[tokio::test]
async fn a_change_between_plan_and_put_stops_it() {
    let shop = Shop::new("tables moved").await;
    let source = shop.dump(&Scope::default()).await;
    let order = shop.arranged(&replace(&["customers"]), &source).await;
    shop.staged(&order, &source).await;
    shop.run("ALTER TABLE customers ADD COLUMN later int").await;
    let error = shop.tables().put(&order, &source, &work(1)).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::SourceChanged);
    assert_eq!(shop.tables().state(&order).await.unwrap(), SwapState::NotSwapped);
    shop.tables().drop_staged(&order).await.unwrap();
    assert_eq!(shop.value("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'holdfast%'").await, "0");
}
