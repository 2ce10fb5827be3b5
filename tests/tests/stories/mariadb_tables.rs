//! Single tables of MariaDB: beside, in place of those of the same names, and back again; kills in between leave the old or
//! the new one. Judged by `mariadb-dump`.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use holdfast_tests::ctl::Ctl;
use holdfast_tests::files::same;
use holdfast_tests::mariadb::Server;

const SHOP: &str = r#"
    CREATE USER IF NOT EXISTS nobody@nowhere;
    GRANT ALL ON *.* TO nobody@nowhere;
    CREATE TABLE customers (id INT PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, customer INT, total DECIMAL(12,2), note VARCHAR(40) INVISIBLE,
      twice DECIMAL(13,2) AS (total * 2) STORED, KEY `by total` (total), CONSTRAINT `who's` FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE SET NULL,
      CONSTRAINT positive CHECK (total >= 0)) COMMENT='orders, of course';
    CREATE TABLE order_lines (line INT AUTO_INCREMENT PRIMARY KEY, ord BIGINT NOT NULL, FOREIGN KEY (ord) REFERENCES orders (id));
    CREATE TABLE audit (what TEXT) ENGINE=MyISAM;
    CREATE VIEW rich AS SELECT id FROM orders WHERE total > 100;
    DELIMITER //
    CREATE TRIGGER `noted it` AFTER INSERT ON orders FOR EACH ROW INSERT INTO audit VALUES (CONCAT('new ', NEW.id))//
    CREATE DEFINER=`nobody`@`nowhere` TRIGGER also AFTER INSERT ON orders FOR EACH ROW BEGIN SET @seen = NEW.id; END//
    CREATE TRIGGER gone BEFORE DELETE ON orders FOR EACH ROW a_label: BEGIN SET @gone = OLD.id; END//
    DELIMITER ;
    INSERT INTO customers SELECT seq, CONCAT('c', seq) FROM seq_1_to_100;
    INSERT INTO orders (customer, total, note) SELECT seq % 100 + 1, seq, 'n' FROM seq_1_to_20000;
    INSERT INTO order_lines (ord) SELECT seq FROM seq_1_to_20000 WHERE seq % 7 = 0;
    TRUNCATE audit;
"#;

/// With a database of another one's, whose foreign key comes along.
fn shop(name: &str) -> (Ctl, &'static Server) {
    let (ctl, server) = (Ctl::with_vault(), Server::shared());
    server.sql("", &format!("CREATE DATABASE {name} COLLATE utf8mb4_bin; CREATE DATABASE beside_{name}"));
    server.sql(name, SHOP);
    server.sql(
        "",
        &format!(
            "CREATE TABLE beside_{name}.claims (ord BIGINT, CONSTRAINT claimed FOREIGN KEY (ord) REFERENCES {name}.orders (id)); \
             INSERT INTO beside_{name}.claims VALUES (3)"
        ),
    );
    ctl.run(&["connection", "add", name, "--url", &server.url(name)]).ok();
    (ctl, server)
}

fn everything(server: &Server, name: &str) -> String {
    server.dump(name) + &server.dump(&format!("beside_{name}"))
}

/// Without the number that the next row gets, which never goes back.
fn unnumbered(dump: &str) -> String {
    let mut parts = dump.split(" AUTO_INCREMENT=");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.trim_start_matches(|letter: char| letter.is_ascii_digit()))
}

#[test]
fn a_table_comes_back_beside_and_in_its_place_and_goes_again() {
    let (ctl, server) = shop("bazaar");
    let id = ctl.run(&["backup", "create", "bazaar", "--json"]).ok().id();
    let before = everything(server, "bazaar");
    server.sql("bazaar", "UPDATE orders SET total = 0 WHERE id > 5000; DELETE FROM audit");
    let damaged = everything(server, "bazaar");

    let said = ctl.run(&["restore", &id, "--to", "bazaar", "--table", "ordrs"]).fails_with(1);
    assert!(said.stderr.contains("orders"), "{}", said.stderr);
    let said =
        ctl.run(&["restore", &id, "--to", "bazaar", "--table", "orders", "--schema", "x"]).fails_with(2);
    assert!(said.stderr.contains("no schemas"), "{}", said.stderr);
    ctl.run(&["restore", &id, "--to", "bazaar", "--table", "orders", "--as", "orders_then"]).ok();
    assert_eq!(
        server.sql("bazaar", "SELECT count(*), sum(total), max(note) FROM orders_then"),
        "20000\t200010000.00\tn"
    );
    ctl.run(&["restore", &id, "--to", "bazaar", "--table", "orders", "--as", "orders_then"]).fails_with(1);
    server.sql("bazaar", "DROP TABLE orders_then");
    same(&everything(server, "bazaar"), &damaged, "nothing else has changed");

    let replace = ["restore", &id, "--to", "bazaar", "--table", "orders", "--replace"];
    let plan = ctl.run(&[&replace[..], &["--dry-run"]].concat()).ok().stdout;
    for words in [
        "In one RENAME TABLE",
        "Its triggers do not fire for it: gone, noted it, also",
        "order_lines_ibfk_1 of order_lines to orders",
        "claimed of beside_bazaar.claims to orders",
        "AUTO_INCREMENT never goes back",
        "orders_before_",
    ] {
        assert!(plan.contains(words), "{words} is not in\n{plan}");
    }
    ctl.run(&replace).fails_with(3);
    same(&everything(server, "bazaar"), &damaged, "a plan changes nothing");
    let done = ctl.json(&[&replace[..], &["--confirm", "bazaar"]].concat());
    let restore = done["id"].as_str().unwrap().to_owned();
    assert_eq!(done["restore"]["state"], "done");
    assert_eq!(done["restore"]["chosen"][0]["to"]["name"], "orders");
    assert_eq!(done["restore"]["proof"][0]["hash_equal"], true);
    let kept = done["restore"]["kept_as"].as_str().unwrap().to_owned();
    assert_eq!(server.sql("bazaar", &format!("SELECT count(*) FROM {kept} WHERE total = 0")), "15000");
    assert_eq!(
        server.sql("bazaar", "INSERT INTO orders (id, total) VALUES (70001, 1); SELECT what FROM audit"),
        "new 70001"
    );
    server.sql("bazaar", "DELETE FROM orders WHERE id = 70001; DELETE FROM audit");

    ctl.run(&["restore", "undo", &restore]).ok();
    assert_eq!(server.sql("bazaar", "SELECT count(*) FROM orders WHERE total = 0"), "15000");
    ctl.run(&["restore", "release", &restore]).ok();
    same(&unnumbered(&everything(server, "bazaar")), &unnumbered(&damaged), "as if nothing had happened");

    let again = ctl.run(&[&replace[..], &["--confirm", "bazaar", "--json"]].concat()).ok().id();
    ctl.run(&["restore", "release", &again]).ok();
    ctl.run(&["restore", "undo", &again]).fails_with(2);
    same(&unnumbered(&everything(server, "bazaar")), &unnumbered(&before), "as on the day of the backup");
}

#[test]
fn a_dropped_table_and_a_changed_one_come_back() {
    let (ctl, server) = shop("market");
    server.sql("", "DROP DATABASE beside_market; CREATE DATABASE beside_market");
    let id = ctl.run(&["backup", "create", "market", "--json"]).ok().id();
    let before = everything(server, "market");
    server.sql("market", "DROP VIEW rich; DROP TABLE order_lines; DROP TRIGGER also; ALTER TABLE orders DROP COLUMN note, DROP FOREIGN KEY `who's`");
    let damaged = everything(server, "market");
    let command = [
        "restore",
        &id,
        "--to",
        "market",
        "--table",
        "orders",
        "--table",
        "order_l*",
        "--replace",
        "--confirm",
        "market",
    ];
    let undone = ctl.json(&command);
    ctl.run(&["restore", "undo", undone["id"].as_str().unwrap()]).ok();
    ctl.run(&["restore", "release", undone["id"].as_str().unwrap()]).ok();
    same(&everything(server, "market"), &damaged, "undone");
    let done = ctl.json(&command);
    server.sql("market", "CREATE ALGORITHM=UNDEFINED DEFINER=root@localhost VIEW rich AS SELECT id FROM orders WHERE total > 100");
    ctl.run(&["restore", "release", done["id"].as_str().unwrap()]).ok();
    same(&everything(server, "market"), &before, "as on the day of the backup");

    // Into another database, from a backup of chosen tables; rows of several engines.
    let part =
        ctl.run(&["backup", "create", "market", "--table", "orders", "--table", "audit", "--json"]).ok().id();
    server.sql("", "CREATE DATABASE stall");
    ctl.run(&["connection", "add", "stall", "--url", &server.url("stall")]).ok();
    ctl.run(&["restore", &part, "--to", "stall", "--table", "*", "--suffix", "_then"]).ok();
    assert_eq!(server.sql("stall", "SELECT count(*) FROM orders_then"), "20000");
    let said = ctl.run(&["restore", &part, "--to", "stall", "--table", "order_lines"]).fails_with(1);
    assert!(said.stderr.contains("no table"), "{}", said.stderr);
    let said = ctl.run(&["backup", "create", "market", "--table", "ordes"]).fails_with(1);
    assert!(said.stderr.contains("Did you mean orders"), "{}", said.stderr);
}

#[test]
fn rows_that_would_dangle_stop_it() {
    let (ctl, server) = shop("kiosk");
    let id = ctl.run(&["backup", "create", "kiosk", "--json"]).ok().id();
    server.sql("kiosk", "INSERT INTO orders (id, customer) VALUES (70001, 1), (70002, 2); INSERT INTO order_lines (ord) VALUES (70001), (70002)");
    let before = everything(server, "kiosk");
    let replace = ["restore", &id, "--to", "kiosk", "--table", "orders", "--replace", "--confirm", "kiosk"];
    let said = ctl.run(&replace).fails_with(4);
    assert!(said.stderr.contains("2 rows of order_lines"), "{}", said.stderr);
    same(&everything(server, "kiosk"), &before, "nothing was changed");
    let done = ctl.json(&[&replace[..], &["--allow-dangling"]].concat());
    assert!(done["restore"]["remarks"].to_string().contains("2 rows of order_lines"), "{done}");
    assert_eq!(server.sql("kiosk", "SELECT count(*) FROM orders"), "20000");
    assert_eq!(server.sql("kiosk", "INSERT INTO orders () VALUES (); SELECT max(id) FROM orders"), "70003");
}

#[test]
fn a_login_without_rights_is_told_beforehand() {
    let (ctl, server) = shop("booth");
    let id = ctl.run(&["backup", "create", "booth", "--json"]).ok().id();
    server.sql("", "CREATE USER clerk@'%' IDENTIFIED BY 'pw'; GRANT SELECT, INSERT, UPDATE, TRIGGER ON booth.* TO clerk@'%'");
    let url = server.url_as("booth", "clerk").replace("clerk@", "clerk:pw@");
    ctl.run(&["connection", "add", "clerk", "--url", &url]).ok();
    let plan = ctl.json(&["restore", &id, "--to", "clerk", "--table", "orders", "--replace", "--dry-run"]);
    let blockers = plan["plan"]["blockers"].to_string();
    assert!(
        blockers.contains("lacks CREATE, ALTER, DROP") && blockers.contains("nobody@nowhere"),
        "{blockers}"
    );
    ctl.run(&["restore", &id, "--to", "clerk", "--table", "orders", "--replace", "--confirm", "booth"])
        .fails_with(1);
}

#[test]
fn somebody_who_uses_the_table_is_waited_for_and_nothing_changes() {
    let (ctl, server) = shop("tent");
    let id = ctl.run(&["backup", "create", "tent", "--json"]).ok().id();
    let before = everything(server, "tent");
    let mut busy =
        server.keep_writing("tent", "START TRANSACTION; SELECT * FROM orders LIMIT 1; DO SLEEP(25); COMMIT");
    while server.sql("tent", "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(25)%' AND db = 'tent' AND id <> connection_id()") == "0" {
        std::thread::sleep(Duration::from_millis(20));
    }
    let said = ctl
        .run(&[
            "restore",
            &id,
            "--to",
            "tent",
            "--table",
            "orders",
            "--replace",
            "--confirm",
            "tent",
            "--json",
        ])
        .fails_with(1);
    assert_eq!(said.json()["error"]["code"], "database_busy", "{}", said.stdout);
    busy.kill().unwrap();
    busy.wait().unwrap();
    same(&everything(server, "tent"), &before, "nothing was changed and nothing is left");
}

#[test]
fn kills_leave_the_old_table_or_the_new_one() {
    let (ctl, server) = shop("stand");
    server.sql("stand", "INSERT INTO orders (customer, total) SELECT seq % 100 + 1, seq FROM seq_20001_to_50000; TRUNCATE audit");
    let id = ctl.run(&["backup", "create", "stand", "--json"]).ok().id();
    let new = everything(server, "stand");
    let spoil = "UPDATE orders SET total = 1 WHERE id % 2 = 0";
    server.sql("stand", spoil);
    let old = everything(server, "stand");
    let command =
        ["restore", &id, "--to", "stand", "--table", "orders", "--replace", "--confirm", "stand", "--json"];
    let start = Instant::now();
    let first = ctl.run(&command).ok().id();
    let full = start.elapsed();
    ctl.run(&["restore", "undo", &first]).ok();
    ctl.run(&["restore", "release", &first]).ok();
    same(&everything(server, "stand"), &old, "undone");
    let mut killed = 0;
    for round in 0..8_u32 {
        let mut child = ctl.start(&command);
        // The moment is the point of the test: there is no event to wait for. Most of them are near the renaming.
        std::thread::sleep(full.mul_f64(if round < 2 {
            0.2 + 0.25 * f64::from(round)
        } else {
            0.62 + 0.06 * f64::from(round - 2)
        }));
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        assert_eq!(server.sql("stand", "SELECT count(*) FROM orders"), "50000", "round {round}");
        // The next start brings it to an end; a session that still works for the dead program may hold it up for a moment.
        let patience = Instant::now();
        let last = loop {
            let restores = ctl.json(&["restore", "list"]);
            let last = restores["restores"][0].clone();
            let ended = ["done", "interrupted", "released", "cancelled", "failed"]
                .contains(&last["state"].as_str().unwrap());
            let left = server.sql("stand", "SHOW TABLES LIKE 'orders\\_restoring%'");
            if ended && left.is_empty() {
                break last;
            }
            assert!(patience.elapsed() < Duration::from_secs(60), "{last}, {left} left");
            std::thread::sleep(Duration::from_millis(200));
        };
        if last["state"] == "done" {
            ctl.run(&["restore", "release", last["id"].as_str().unwrap()]).ok();
            same(&everything(server, "stand"), &new, &format!("round {round}: the new one"));
            server.sql("stand", spoil);
        }
        same(&everything(server, "stand"), &old, &format!("round {round}: the old one"));
    }
    assert!(killed >= 4, "most kills hit a running restore, not {killed}");
}
