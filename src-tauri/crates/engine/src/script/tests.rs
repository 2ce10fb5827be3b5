#![allow(clippy::unwrap_used)]
//! Splitting: joined pieces are the text, statements come out whole, and a client command is seen exactly where the
//! client program would see one.

use std::io::Write;

use holdfast_contract::import::{Compression, SqlDialect};
use proptest::prelude::*;

use super::feed::Feed;
use super::input::Input;
use super::{Piece, Splitter, What};
use crate::Result;

const ALL: [SqlDialect; 3] = [SqlDialect::Postgres, SqlDialect::Mysql, SqlDialect::Sqlite];

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn split(text: &str, dialect: SqlDialect) -> Result<Vec<Piece>> {
    let file = file(text.as_bytes());
    let mut splitter = Splitter::open(file.path(), dialect)?;
    let mut pieces = Vec::new();
    while let Some(piece) = splitter.next()? {
        pieces.push(piece);
    }
    Ok(pieces)
}

fn statements(text: &str, dialect: SqlDialect) -> Vec<String> {
    let pieces = split(text, dialect).unwrap();
    pieces.iter().filter(|piece| piece.what == What::Statement).map(|piece| piece.sql().to_owned()).collect()
}

fn commands(text: &str, dialect: SqlDialect) -> Vec<(u64, String)> {
    let pieces = split(text, dialect).unwrap();
    pieces
        .iter()
        .filter(|piece| piece.what == What::Command)
        .map(|piece| (piece.line, String::from_utf8_lossy(&piece.text).trim().to_owned()))
        .collect()
}

fn message(text: &str, dialect: SqlDialect) -> String {
    split(text, dialect).unwrap_err().into_api().message
}

#[test]
fn postgres_statements_end_where_psql_ends_them() {
    let cases = [
        ("select 1; select 2;", vec!["select 1", "select 2"]),
        ("select ';', \";\", $$;$$, $a$;$$;$a$; x", vec!["select ';', \";\", $$;$$, $a$;$$;$a$", "x"]),
        ("select 'it''s;'; x", vec!["select 'it''s;'", "x"]),
        (r"select E'\';', 'a\'; x;", vec![r"select E'\';', 'a\'", "x"]),
        ("select E'a'\n  '\\';'; x;", vec!["select E'a'\n  '\\';'", "x"]),
        ("/* ; /* ; */ ; */ select 1 -- ;\n; x", vec!["select 1 -- ;\n", "x"]),
        (
            "create rule r as on insert to t do (select 1; select 2); x",
            vec!["create rule r as on insert to t do (select 1; select 2)", "x"],
        ),
        (
            "create function f() returns int begin atomic select case when true then 1 end; select 2; end; x",
            vec![
                "create function f() returns int begin atomic select case when true then 1 end; select 2; end",
                "x",
            ],
        ),
        ("begin; end; x", vec!["begin", "end", "x"]),
        ("select a$b$, $1; $b$;", vec!["select a$b$, $1"]),
        (
            "set standard_conforming_strings = off; select 'a\\';'; x",
            vec!["set standard_conforming_strings = off", "select 'a\\';'", "x"],
        ),
    ];
    for (text, wanted) in cases {
        if text.contains("a$b$") {
            // An identifier swallows the dollars; the last piece is then an open dollar quote.
            assert!(message(text, SqlDialect::Postgres).contains("dollar quote"));
            continue;
        }
        assert_eq!(statements(text, SqlDialect::Postgres), wanted, "{text}");
    }
}

#[test]
fn rows_of_copy_are_no_statements() {
    let text =
        "COPY public.t (a, \"from\") FROM stdin;\n1\t\\N\n\\! rm -rf /\n;\n\\.x\n\\\\.\n\\.\nselect 1;\n";
    let pieces = split(text, SqlDialect::Postgres).unwrap();
    assert_eq!(statements(text, SqlDialect::Postgres).len(), 2);
    assert!(commands(text, SqlDialect::Postgres).is_empty());
    let rows: Vec<u8> =
        pieces.iter().filter(|piece| piece.what == What::Rows).flat_map(|piece| piece.text.clone()).collect();
    assert_eq!(rows, b"1\t\\N\n\\! rm -rf /\n;\n\\.x\n\\\\.\n");
    assert_eq!(pieces.last().unwrap().what, What::Space);
    // a column named stdin, a query, and COPY to somewhere have no rows behind them
    for other in [
        "COPY t TO stdout;\n\\! x\n",
        "COPY (select 1 from stdin) TO stdout;\n\\! x\n",
        "select 'copy t from stdin';\n\\! x\n",
    ] {
        assert_eq!(commands(other, SqlDialect::Postgres).len(), 1, "{other}");
    }
    assert!(
        message("COPY t FROM stdin;\n1\n2\n", SqlDialect::Postgres)
            .starts_with("Line 1: the rows of this COPY have no end")
    );
    assert!(message("COPY t FROM stdin; select 1;\n1\n\\.\n", SqlDialect::Postgres).contains("next line"));
    let long = format!("COPY t FROM stdin;\n{}\n\\.\n\\! x\n", "a\\tb\n\\\\".repeat(200_000));
    assert_eq!(commands(&long, SqlDialect::Postgres).len(), 1, "many pieces later");
}

#[test]
fn client_commands_are_seen_through_every_disguise() {
    let postgres = [
        ("\\! id\n", 1),
        ("  \\! id", 1),
        ("select 1; \\! id\n", 1),
        ("select 1 \\! id\n;", 1),
        ("/* */ \\copy t from program 'id'\n", 1),
        ("select E'\\\\'; \\! id\n", 1),
        ("select 'a\\'; \\! id\n", 1),
        ("select $a$ $$ $a$ \\gexec\n", 1),
        ("COPY t FROM stdin;\n\\.\n\\! id\n", 1),
        ("COPY t FROM stdin;\r\n1\r\n\\.\r\n\\! id\r\n", 1),
        (
            "-- \\! id\n/* \\! id /* */ \\! */ select '\\! id', \"\\! id\", $x$\n\\! id\n$x$, E'\\\\\\'\\! id';",
            0,
        ),
        ("COPY t FROM stdin;\n\\! id\n\\.\n", 0),
    ];
    for (text, count) in postgres {
        assert_eq!(commands(text, SqlDialect::Postgres).len(), count, "{text}");
    }
    let mysql = [
        ("\\! id\n", 1),
        ("system id\n", 1),
        ("select 1;\nsource other.sql\n", 1),
        ("/* x */\nsystem id", 1),
        ("select 1 \\! id\n;", 1),
        ("DELIMITER ;;\nselect ';' ;;\n\\! id\n", 2),
        ("set sql_mode='NO_BACKSLASH_ESCAPES';\nselect '\\';\n\\! id\n", 1),
        ("select '\\'; \n\\! id\n', `\n\\! id\n`, \"\\\"\n\\! id\" # \\! id\n-- \\! id\n;", 0),
        ("/*M!999999\\- enable the sandbox mode */ \nselect 1;", 0),
        ("select 1 as\nsystem_id;", 0),
    ];
    for (text, count) in mysql {
        assert_eq!(commands(text, SqlDialect::Mysql).len(), count, "{text}");
    }
    for (text, count) in [
        (".shell id\n", 1),
        ("select 1;\n.read x\n", 1),
        ("select '\n.shell id\n', [\n.shell\n];", 0),
        ("create table t(a\n, b) -- \n;", 0),
    ] {
        assert_eq!(commands(text, SqlDialect::Sqlite).len(), count, "{text}");
    }
}

#[test]
fn mysql_statements_end_at_the_delimiter() {
    let dump = "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n\
        INSERT INTO `t` VALUES (1,'a;\\'b',_binary '\\0\\\\');\n\
        DELIMITER ;;\n\
        /*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN\nSET NEW.a = 1; -- ;;\nEND */;;\n\
        DELIMITER ;\nselect 1--1;\n";
    let found = statements(dump, SqlDialect::Mysql);
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(found[2].ends_with("END */"));
    assert_eq!(found[3], "select 1--1");
    assert!(message("/*!50003 CREATE TRIGGER", SqlDialect::Mysql).contains("comment"));
}

#[test]
fn sqlite_triggers_end_at_their_own_end() {
    let text = "CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; UPDATE t SET a = 1; END; CREATE TEMP TRIGGER b BEGIN SELECT 1; END ; x; create table \"trigger;\"([a;b], `c;`);";
    assert_eq!(statements(text, SqlDialect::Sqlite).len(), 4);
}

#[test]
fn what_is_broken_is_named_with_its_line() {
    assert_eq!(
        message("select 1;\n\nselect 'open\n", SqlDialect::Postgres),
        "Line 3: the quote that opens here is never closed."
    );
    assert_eq!(
        message("x;\n /* a /* b */", SqlDialect::Postgres),
        "Line 2: the comment that opens here is never closed."
    );
    assert_eq!(
        message("\n$f$ body $g$", SqlDialect::Postgres),
        "Line 2: the dollar quote that opens here is never closed."
    );
    assert!(message("select 1;\nab\0c;", SqlDialect::Sqlite).starts_with("Line 2: there is a zero byte"));
    let broken = |bytes: &[u8]| {
        let file = file(bytes);
        let mut splitter = match Splitter::open(file.path(), SqlDialect::Postgres) {
            Ok(splitter) => splitter,
            Err(error) => return error.into_api().message,
        };
        loop {
            match splitter.next() {
                Ok(Some(_)) => {}
                Ok(None) => return "nothing".into(),
                Err(error) => return error.into_api().message,
            }
        }
    };
    assert_eq!(broken(b"select 1;\nselect '\xe4';"), "Line 2: this is not UTF-8 text.");
    assert!(broken(b"\xff\xfes\0e\0l\0e\0").contains("UTF-16"));
    assert!(broken(b"s\0e\0l\0e\0c\0t\0").contains("UTF-16"));
    assert!(broken(b"PGDMP\x01\x0e").contains("custom format"));
    assert!(broken(b"").contains("empty"));
    assert_eq!(broken(b"\xef\xbb\xbfselect 1;"), "nothing", "a byte order mark is no statement");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all("select 1;\n".repeat(20_000).as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    assert!(broken(&gzip[..gzip.len() / 2]).contains("cut short"));
    let zstd = zstd::encode_all("select 1;\n".repeat(20_000).as_bytes(), 1).unwrap();
    assert!(broken(&zstd[..zstd.len() - 9]).contains("cut short"), "{}", broken(&zstd[..zstd.len() - 9]));
    assert_eq!(broken(&[gzip.clone(), gzip].concat()), "nothing", "files joined together are one");
}

#[test]
fn compression_is_told_by_content_and_one_statement_is_bounded() {
    let zstd = file(&zstd::encode_all(&b"select 1;"[..], 1).unwrap());
    assert_eq!(Input::open(zstd.path()).unwrap().compression, Compression::Zstd);
    let endless = file(
        b"select 'x".iter().copied().chain(std::iter::repeat_n(b'y', 3 << 20)).collect::<Vec<_>>().as_slice(),
    );
    let feed = Feed::new(Input::open(endless.path()).unwrap()).with_longest(1 << 20);
    let error = Splitter::new(feed, SqlDialect::Postgres).next().unwrap_err().into_api();
    assert!(error.message.contains("longer than"), "{}", error.message);
}

/// One statement of random nesting, without its end.
fn statement() -> impl Strategy<Value = String> {
    let inside = "[a-z;\\\\ \n.!-]{0,12}";
    let part = prop_oneof![
        "[a-z]{1,8}",
        inside.prop_map(|text| format!("'{}'", text.replace('\\', ""))),
        inside.prop_map(|text| format!("E'{}x'", text.replace('\\', "\\'"))),
        inside.prop_map(|text| format!("\"{text}\"")),
        (inside, "[a-z]{0,4}").prop_map(|(text, tag)| format!("${tag}$ {text}'\"$x ${tag}$")),
        inside.prop_map(|text| format!("/* {text} /* ;' */ \" */")),
        inside.prop_map(|text| format!("-- {}\n", text.replace('\n', ""))),
        inside.prop_map(|text| format!("({})", text.replace(['\\', '-'], ""))),
    ];
    prop::collection::vec(part, 1..8).prop_map(|parts| format!("select {}", parts.join(" ")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn statements_of_any_nesting_come_out_whole(wanted in prop::collection::vec(statement(), 1..6)) {
        let text = wanted.iter().map(|sql| format!("{sql};\n")).collect::<String>();
        prop_assert_eq!(statements(&text, SqlDialect::Postgres), wanted);
    }

    #[test]
    fn pieces_joined_are_the_text(text in "([a-z ;'\"`\\\\$()\\[\\].!#/*\n-]|COPY a FROM stdin;\n|DELIMITER ;;\n|CREATE TRIGGER |END;){0,60}") {
        for dialect in ALL {
            let file = file(text.as_bytes());
            let Ok(mut splitter) = Splitter::open(file.path(), dialect) else { continue };
            let (mut joined, mut lines) = (Vec::new(), 1);
            while let Ok(Some(piece)) = splitter.next() {
                prop_assert!(!piece.text.is_empty());
                prop_assert_eq!(piece.line, lines);
                prop_assert_eq!(piece.offset, joined.len() as u64);
                lines += piece.text.iter().filter(|byte| **byte == b'\n').count() as u64;
                joined.extend_from_slice(&piece.text);
            }
            prop_assert!(text.as_bytes().starts_with(&joined), "{dialect:?}");
        }
    }
}
