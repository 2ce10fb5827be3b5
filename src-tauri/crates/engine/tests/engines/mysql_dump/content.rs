//! F46-F57 of the list of content that breaks dumps.

use super::round_trip;
use super::server::Server;

fn stream(snapshot: &holdfast_contract::snapshot::Snapshot, memory: &super::Memory, table: &str) -> String {
    let found = snapshot.tables.iter().find(|found| found.table.name == table).unwrap();
    memory.text(&found.streams[0])
}

#[tokio::test]
async fn dates_and_numbers_at_their_edges() {
    let script = r"
        SET sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00';
        CREATE TABLE d (id int PRIMARY KEY, d date, dt datetime(6), t time(6), ts timestamp(3) NULL, y year);
        INSERT INTO d VALUES (1, '0000-00-00', '0000-00-00 00:00:00', '-838:59:59.999999', '1970-01-01 00:00:01.001', 0),
            (2, '2026-02-31', '9999-12-31 23:59:59.999999', '838:59:59', '2038-01-19 03:14:07.999', 2155),
            (3, '2026-00-10', '2026-11-00 01:02:03.000001', '00:00:00.1', NULL, 1901),
            (4, NULL, NULL, NULL, '0000-00-00 00:00:00', NULL);
        CREATE TABLE n (id int PRIMARY KEY, a tinyint unsigned, b bigint unsigned, c bigint, e decimal(65,30), f float,
            g double, h float(7,4), i double(12,3), j decimal(10,0) unsigned zerofill, k bit(1), l bit(64), m bool);
        INSERT INTO n VALUES (1, 255, 18446744073709551615, -9223372036854775808,
            '99999999999999999999999999999999999.999999999999999999999999999999', 3.4028234e38, 1.7976931348623157e308,
            123.4567, 123456789.123, 42, b'1', b'1111111111111111111111111111111111111111111111111111111111111111', true),
            (2, 0, 0, 0, -0.000000000000000000000000000001, 1.17549435e-38, 2.2250738585072014e-308, -0.0001, -0.001, 0, b'0', b'0', false),
            (3, NULL, NULL, NULL, NULL, 16777217, 0.1, 3.14159, 0.1, NULL, NULL, NULL, NULL),
            (4, 1, 9007199254740993, 9007199254740993, 1, 0.1, 1e-320, 1, 1, 1, b'1', b'101', 1);
        CREATE TABLE bits (id int PRIMARY KEY, b binary(4), v varbinary(4), x blob, c char(4), s set('a','b c','') , e enum('','x,y','z''w'));
        INSERT INTO bits VALUES (1, 'a', 'a\0', '\0\n\t\\\r', 'a  ', '', ''), (2, '\0\0\0\0', '', '', '', 'a,b c', 'x,y'), (3, NULL, NULL, NULL, NULL, NULL, 'z''w');
        SET sql_mode = '';
        INSERT INTO bits VALUES (4, 'abcd', 'abcd', 'x', 'abcd', 'nothing', 'nothing');";
    let (snapshot, memory) = round_trip(Server::shared(), "edges", script).await;
    let dates = stream(&snapshot, &memory, "d");
    assert!(
        dates.starts_with(
            "1\t0000-00-00\t0000-00-00 00:00:00.000000\t-838:59:59.999999\t1970-01-01 00:00:01.001\t0000\n"
        ),
        "{dates}"
    );
    assert!(
        dates.contains("2026-02-31")
            && dates.contains("2026-00-10")
            && dates.contains("\t0000-00-00 00:00:00.000\t\\N\n")
    );
    let numbers = stream(&snapshot, &memory, "n");
    assert!(
        numbers.contains("\t18446744073709551615\t-9223372036854775808\t")
            && numbers.contains("\t3.4028234663852886e38\t"),
        "{numbers}"
    );
    assert!(numbers.contains("\tffffffffffffffff\t"), "BIT travels in hex");
    assert!(stream(&snapshot, &memory, "bits").contains("\t61000000\t6100\t000a095c0d\ta\t\t\n"));
    assert!(snapshot.omissions.iter().all(|omission| omission.by_request), "{:?}", snapshot.omissions);
}

#[tokio::test]
async fn text_in_every_character_set() {
    let script = "
        CREATE TABLE t (id int PRIMARY KEY, l varchar(20) CHARACTER SET latin1, g varchar(20) CHARACTER SET gbk,
            s varchar(20) CHARACTER SET sjis, b5 varchar(20) CHARACTER SET big5, u3 varchar(20) CHARACTER SET utf8mb3, u4 text CHARACTER SET utf8mb4,
            u2 varchar(20) CHARACTER SET ucs2, u16 varchar(20) CHARACTER SET utf16, u32 varchar(20) CHARACTER SET utf32,
            k varchar(20) CHARACTER SET koi8r, a varchar(20) CHARACTER SET ascii, e enum('ä','ö') CHARACTER SET latin1, j json);
        INSERT INTO t VALUES (1, 'Grüße €', '中文誠', 'ソ表示\\\\', '功許', 'ü', '😀\\n\\t\\r\\\\N', 'ü', '😀', '😀', 'привет', 'x', 'ö', '{\"a\": 12345678901234567890123, \"a\": 2}'),
            (2, '', '', '', '', '', '', '', '', '', '', '', 'ä', '[]'), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
        INSERT INTO t (id, l, g, s) VALUES (4, _latin1 x'8190008d', _gbk x'815c', _sjis x'835c');
        CREATE TABLE `tä``ble 'x\" ;` (`säu  le` int, `a.b` int, `select` int, PRIMARY KEY (`säu  le`)) COMMENT 'it''s; \\\\ \\n DELIMITER';
        INSERT INTO `tä``ble 'x\" ;` VALUES (1, 2, 3);";
    let (snapshot, memory) = round_trip(Server::shared(), "charsets", script).await;
    let table = snapshot.tables.iter().find(|table| table.table.name == "t").unwrap();
    assert_eq!(table.columns[1].type_name, "varchar(20) character set latin1");
    assert_eq!(table.columns[7].type_name, "varchar(20) character set ucs2 in hex");
    let rows = memory.streams.lock().unwrap()[&table.streams[0]].clone();
    let has = |wanted: &[u8]| rows.windows(wanted.len()).any(|window| window == wanted);
    assert!(has(b"Gr\xfc\xdfe \x80"), "latin1 as stored");
    assert!(has("\t😀\\n\\t\\r\\\\N\t00fc\t".as_bytes()), "escapes and wide text");
}

#[tokio::test]
async fn spatial_generated_invisible() {
    let script = "
        CREATE TABLE g (id int PRIMARY KEY, p point NOT NULL, any geometry, SPATIAL INDEX (p));
        INSERT INTO g VALUES (1, ST_GeomFromText('POINT(12.5 -7)', 4326), ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))', 25832)),
            (2, ST_GeomFromText('POINT(0 0)'), NULL);
        CREATE TABLE v (a int, b int AS (a * 2) VIRTUAL, c int AS (a + 1) PERSISTENT, d int INVISIBLE DEFAULT 7, e varchar(10) DEFAULT (concat('x', a)), KEY (b), UNIQUE (c));
        INSERT INTO v (a, d) VALUES (1, 8), (2, 9);
        CREATE TABLE only_made (a int AS (1) VIRTUAL, b int AS (2) PERSISTENT);
        INSERT INTO only_made VALUES (), ();
        CREATE TABLE hidden (a int INVISIBLE DEFAULT 1, b int);
        INSERT INTO hidden (a, b) VALUES (5, 6);
        CREATE TABLE checked (a int CHECK (a > 0), CONSTRAINT pair CHECK (a < 100));
        INSERT INTO checked VALUES (1);";
    let (snapshot, memory) = round_trip(Server::shared(), "shapes", script).await;
    assert!(
        stream(&snapshot, &memory, "g")
            .starts_with("1\te6100000010100000000000000000029400000000000001cc0\t")
    );
    assert_eq!(stream(&snapshot, &memory, "v"), "1\t8\tx1\n2\t9\tx2\n");
    assert_eq!(stream(&snapshot, &memory, "only_made"), "\n\n");
}

#[tokio::test]
async fn routines_triggers_events_views_with_their_settings() {
    let script = r#"
        CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT, n int, s varchar(40)) AUTO_INCREMENT = 40;
        INSERT INTO t VALUES (0, 1, 'zero'), (NULL, 2, 'next');
        SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'; INSERT INTO t VALUES (0, 3, 'really zero'); SET sql_mode = DEFAULT;
        DELIMITER //
        SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'//
        CREATE FUNCTION f(a int) RETURNS varchar(20) DETERMINISTIC BEGIN
            -- don't stop; here
            RETURN 'x' || "a"; END//
        SET sql_mode = DEFAULT//
        CREATE DEFINER = `nobody`@`nowhere` PROCEDURE p(INOUT x varchar(10) CHARACTER SET latin1) SQL SECURITY INVOKER COMMENT 'with ; and //' BEGIN
            DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; SET x = 'ü😀'; END//
        CREATE PROCEDURE stubborn() BEGIN DELETE FROM routines.t WHERE false; END//
        CREATE AGGREGATE FUNCTION agg(x int) RETURNS int BEGIN DECLARE total int DEFAULT 0;
            DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN total; LOOP FETCH GROUP NEXT ROW; SET total = total + x; END LOOP; END//
        SET sql_mode = ORACLE//
        CREATE PACKAGE pk AS PROCEDURE x; END//
        CREATE PACKAGE BODY pk AS PROCEDURE x AS BEGIN NULL; END; END//
        SET sql_mode = DEFAULT//
        CREATE TRIGGER routines.second BEFORE INSERT ON routines.t FOR EACH ROW SET NEW.s = concat(NEW.s, '2')//
        CREATE TRIGGER `first` BEFORE INSERT ON t FOR EACH ROW PRECEDES second BEGIN SET NEW.s = concat(NEW.s, '1'); END//
        CREATE TRIGGER third AFTER DELETE ON `routines`.`t` FOR EACH ROW BEGIN INSERT INTO audit VALUES (OLD.id); END//
        SET time_zone = '+05:30'//
        CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'it''s' DO BEGIN SELECT 1; END//
        SET time_zone = DEFAULT//
        DELIMITER ;
        CREATE TABLE audit (id int);
        CREATE VIEW z_base AS SELECT id, f(n) AS fn, 'a `routines`.`t`' AS txt FROM t;
        CREATE VIEW a_top AS SELECT * FROM z_base WHERE fn LIKE 'x%' WITH CASCADED CHECK OPTION;
        CREATE ALGORITHM = MERGE DEFINER = `nobody`@`nowhere` SQL SECURITY INVOKER VIEW other AS SELECT a.id, s.table_name FROM a_top a, information_schema.tables s;
        CREATE VIEW loop_a AS SELECT 1 AS loop_b;
        CREATE VIEW loop_b AS SELECT loop_b AS loop_a FROM loop_a;
        SET NAMES latin1; CREATE VIEW from_latin1 AS SELECT 'plain' AS x; SET NAMES utf8mb4;"#;
    let (snapshot, _) = round_trip(Server::shared(), "routines", script).await;
    let count = |kind: &str| {
        snapshot.object_counts.iter().find(|found| found.kind == kind).map_or(0, |found| found.count)
    };
    assert_eq!((count("view"), count("function"), count("trigger"), count("event")), (6, 2, 3, 1));
    assert_eq!((count("package"), count("package body"), count("procedure")), (1, 1, 2));
    let named: Vec<_> = snapshot.remarks.iter().filter(|remark| remark.contains("(routines)")).collect();
    assert_eq!(named.len(), 1, "{:?}", snapshot.remarks);
    assert!(named[0].ends_with(": procedure stubborn."), "{named:?}");
    // The copy fires in the same order and speaks of itself.
    let server = Server::shared();
    let fired = server.script("routines_copy", "INSERT INTO t (s) VALUES ('x'); SELECT s FROM t ORDER BY id DESC LIMIT 1; SELECT fn, txt FROM a_top WHERE id = 41");
    assert_eq!(fired, "x12\nx2\ta `routines`.`t`\n");
}

#[tokio::test]
async fn partitions_sequences_history_cycles_engines() {
    let script = "
        CREATE TABLE r (id int, d date, PRIMARY KEY (id, d)) PARTITION BY RANGE (year(d)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2
            (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE);
        INSERT INTO r VALUES (1, '2019-01-01'), (2, '2026-01-01');
        CREATE SEQUENCE s START WITH 5 INCREMENT BY 3 CACHE 10; SELECT nextval(s), nextval(s);
        CREATE SEQUENCE down START WITH -1 INCREMENT BY -2 MINVALUE -100 MAXVALUE -1 CYCLE NOCACHE; SELECT nextval(down);
        CREATE TABLE uses (id int DEFAULT nextval(s), x int); INSERT INTO uses (x) VALUES (1);
        CREATE TABLE h (a int) WITH SYSTEM VERSIONING; INSERT INTO h VALUES (1); UPDATE h SET a = 2; DELETE FROM h; INSERT INTO h VALUES (3);
        CREATE TABLE h2 (a int, rs timestamp(6) GENERATED ALWAYS AS ROW START INVISIBLE, re timestamp(6) GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (rs, re)) WITH SYSTEM VERSIONING;
        INSERT INTO h2 VALUES (1); UPDATE h2 SET a = 2;
        CREATE TABLE period (a int, f date, t date, PERIOD FOR booked (f, t), UNIQUE (a, booked WITHOUT OVERLAPS)); INSERT INTO period VALUES (1, '2026-01-01', '2026-02-01');
        CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE);
        INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1); ALTER TABLE a ADD CONSTRAINT back FOREIGN KEY (b) REFERENCES b (id);
        CREATE TABLE self (id int PRIMARY KEY, up int, FOREIGN KEY (up) REFERENCES self (id)); INSERT INTO self VALUES (1, NULL), (2, 1);
        CREATE TABLE m1 (a int) ENGINE=MyISAM; INSERT INTO m1 VALUES (1); CREATE TABLE m2 LIKE m1; INSERT INTO m2 VALUES (2);
        CREATE TABLE mrg (a int) ENGINE=MRG_MyISAM UNION=(m1, m2);
        CREATE TABLE aria (a int) ENGINE=Aria TRANSACTIONAL=1; INSERT INTO aria VALUES (1); CREATE TABLE mem (a int) ENGINE=MEMORY; INSERT INTO mem VALUES (1);
        CREATE TABLE gaps (id bigint unsigned PRIMARY KEY AUTO_INCREMENT); INSERT INTO gaps VALUES (7), (1000000); DELETE FROM gaps WHERE id = 1000000;
        CREATE TABLE full_text (t text, FULLTEXT (t)) ROW_FORMAT=COMPRESSED; INSERT INTO full_text VALUES ('words');";
    let (snapshot, memory) = round_trip(Server::shared(), "kinds", script).await;
    let omissions: Vec<_> = snapshot.omissions.iter().filter(|omission| !omission.by_request).collect();
    assert!(omissions.is_empty(), "{omissions:?}");
    assert_eq!(stream(&snapshot, &memory, "h").lines().count(), 3, "two past rows and one present");
    let merged = snapshot.tables.iter().find(|table| table.table.name == "mrg").unwrap();
    assert!(!merged.has_rows, "its members hold the rows");
    let server = Server::shared();
    assert_eq!(
        server
            .script("kinds_copy", "SELECT a FROM h FOR SYSTEM_TIME ALL ORDER BY a; SELECT count(*) FROM mrg"),
        "1\n2\n3\n2\n"
    );
    assert_eq!(
        server.script("kinds_copy", "INSERT INTO gaps VALUES (NULL); SELECT max(id) FROM gaps"),
        "1000001\n"
    );
}

#[tokio::test]
async fn databases_with_odd_names_and_nothing_in_them() {
    let server = Server::shared();
    let (empty, _) = round_trip(
        server,
        "o`dd 'n\"ämé;",
        "ALTER DATABASE CHARACTER SET sjis COLLATE sjis_bin COMMENT 'it''s'",
    )
    .await;
    assert!(empty.tables.is_empty());
    let script = "CREATE TABLE t (a int); CREATE TABLE own (b int); CREATE VIEW w AS SELECT * FROM t, information_schema.engines; \
                  CREATE SEQUENCE q; CREATE TABLE d (a int DEFAULT nextval(q));";
    let (_, _) = round_trip(server, "dots.and`ticks", script).await;
}
