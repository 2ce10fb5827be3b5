//! Full, schema only, data only, chosen tables: each says what a restore of it can do, is proven as far as it can be, and does it.
#![allow(clippy::unwrap_used)]

use holdfast_tests::ctl::Ctl;
use holdfast_tests::postgres::Server;
use holdfast_tests::sqlite;

const SHOP: &str = r#"
    create table customers(id int primary key, name text);
    create table orders(id serial primary key, customer int references customers);
    create view names as select name from customers;
    create table days(day int not null) partition by range (day);
    create table days_1 partition of days for values from (0) to (100);
    insert into customers values (1, 'Ann'), (2, 'Bob');
    insert into orders(customer) values (1), (2), (1);
    insert into days values (5), (6);
"#;

fn shop(name: &str) -> (Ctl, &'static Server) {
    Server::filled(name, SHOP)
}

fn level(ctl: &Ctl, id: &str) -> String {
    ctl.json(&["backup", "show", id])["backup"]["level"].as_str().unwrap().to_owned()
}

#[test]
fn each_kind_is_proven_and_does_what_it_says() {
    let (ctl, server) = shop("sorts");
    let made = |options: &[&str]| {
        ctl.run(&[&["backup", "create", "sorts", "--prove", "--json"], options].concat()).ok().id()
    };
    let schema = made(&["--kind", "schema"]);
    assert_eq!(level(&ctl, &schema), "restored");
    let show = ctl.json(&["backup", "show", &schema]);
    assert_eq!(show["can_restore"], "A new database with every object and no rows.");
    ctl.run(&["restore", &schema, "--to", "sorts", "--database", "sorts_empty"]).ok();
    assert_eq!(
        server.pg_dump("sorts_empty", &["--schema-only"]),
        server.pg_dump("sorts", &["--schema-only"])
    );

    let data = made(&["--kind", "data"]);
    assert_eq!(level(&ctl, &data), "restored", "proven with the definitions of the live database");
    server.psql("sorts", "delete from orders where id = 2");
    ctl.run(&["restore", &data, "--to", "sorts", "--table", "orders", "--replace", "--confirm", "sorts"])
        .ok();
    assert_eq!(server.psql("sorts", "select count(*) from orders"), "3");
    ctl.run(&["restore", &data, "--to", "sorts"]).fails_with(1);

    // The roots of partitions stand for these; what needs a table outside is named and left out.
    let part = made(&["--table", "orders", "--table", "days"]);
    assert_eq!(level(&ctl, &part), "restored");
    let show = ctl.json(&["backup", "show", &part]).to_string();
    assert!(show.contains("orders_customer_fkey"), "{show}");
    ctl.run(&["restore", &part, "--to", "sorts", "--database", "sorts_part"]).ok();
    assert_eq!(
        server.psql("sorts_part", "select (select count(*) from orders), (select count(*) from days)"),
        "3|2"
    );

    // Rows that would point to an empty table must not stop the restore.
    let without = made(&["--exclude", "customers"]);
    assert_eq!(level(&ctl, &without), "restored");
    ctl.run(&["restore", &without, "--to", "sorts", "--database", "sorts_without"]).ok();
    assert_eq!(
        server
            .psql("sorts_without", "select (select count(*) from orders), (select count(*) from customers)"),
        "3|0"
    );
}

/// ANALYZE leaves tables of statistics, which nobody chooses: they come back empty like the others.
#[test]
fn an_analyzed_sqlite_file_is_proven_in_every_kind() {
    let ctl = Ctl::with_vault();
    let file = ctl.outside("lite.sqlite");
    sqlite::run(
        &file,
        "create table orders (id integer primary key, what text); create table days (day int); create index by_day on days (day);
         insert into orders values (1, 'a'), (2, 'b'); insert into days values (5), (6), (7); analyze;",
    );
    assert_ne!(sqlite::run(&file, "select count(*) from sqlite_stat1"), "0");
    ctl.run(&["connection", "add", "lite", "--url", &format!("sqlite://{}", file.display())]).ok();
    for options in [&["--kind", "schema"][..], &["--table", "orders"], &["--exclude", "orders"], &[]] {
        let id = ctl.run(&[&["backup", "create", "lite", "--prove", "--json"], options].concat()).ok().id();
        assert_eq!(level(&ctl, &id), "restored", "{options:?}");
    }
}

#[test]
fn a_pattern_without_a_table_is_refused_and_rows_that_do_not_fit_stay_decoded() {
    let (ctl, server) = shop("picky");
    for option in ["--table", "--exclude"] {
        let said = ctl.run(&["backup", "create", "picky", option, "ordrs"]).fails_with(1);
        assert!(said.stderr.contains("Did you mean public.orders"), "{}", said.stderr);
        ctl.run(&["backup", "plan", "picky", option, "ordrs"]).fails_with(1);
    }
    let plan = ctl.run(&["backup", "plan", "picky", "--kind", "data"]).ok().stdout;
    assert!(plan.contains("Rows into tables that are there"), "{plan}");
    let data = ctl.run(&["backup", "create", "picky", "--kind", "data", "--json"]).ok().id();
    server.psql("picky", "alter table orders add column note text");
    let said = ctl.run(&["backup", "verify", &data, "--level", "restored"]).fails_with(1);
    assert!(said.stderr.contains("public.orders is not there with the same columns"), "{}", said.stderr);
    ctl.run(&["backup", "verify", &data, "--level", "decoded"]).ok();
    assert_eq!(level(&ctl, &data), "decoded");
}
