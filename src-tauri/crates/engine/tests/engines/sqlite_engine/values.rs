//! Values that other tools change on their way.

use holdfast_contract::snapshot::{BackupKind, Scope};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

use super::witness::values;
use super::*;

async fn both_forms(live: &Path, folder: &Path) {
    for (kind, name) in [(BackupKind::Full, "pages"), (BackupKind::Data, "rows")] {
        let copy = folder.join(name);
        let source = dump(live, &Scope { kind, ..Scope::default() }).await;
        load(&source, &copy).await;
        assert_proven(&source, &copy).await;
        assert_eq!(values(live), values(&copy), "{name}");
        assert_same_by_shell(live, &copy);
    }
}

#[tokio::test]
async fn every_storage_class_in_every_kind_of_column() {
    let reals = [
        f64::NAN,
        -0.0,
        0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        5e-324,
        f64::MAX,
        1e16,
        9.007_199_254_740_993e15,
        0.1 + 0.2,
    ];
    let mut all: Vec<Value> = reals.into_iter().map(Value::Real).collect();
    all.extend([i64::MIN, -1, 0, 1, 1 << 53, (1 << 53) + 1, i64::MAX].map(Value::Integer));
    for text in ["", "5", "5.0", " 5", "1e999", "-0", "0x10", "nan", "NULL", "x'00'", "12345678901234567890"]
    {
        all.push(Value::Text(text.into()));
        all.push(Value::Blob(text.into()));
    }
    all.push(Value::Null);
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    let connection = make(&live, "CREATE TABLE t(none, i INTEGER, t TEXT, r REAL, n NUMERIC, b BLOB)");
    for value in &all {
        connection.execute("INSERT INTO t VALUES (?1, ?1, ?1, ?1, ?1, ?1)", [value]).unwrap();
    }
    let not_a_number: String = connection
        .query_row("SELECT group_concat(typeof(none)) FROM t WHERE rowid = 1", [], |row| row.get(0))
        .unwrap();
    assert_eq!(not_a_number, "null", "SQLite itself keeps NaN as NULL");
    let infinite: i64 = connection
        .query_row("SELECT count(*) FROM t WHERE none = 1e999 OR none = -1e999", [], |row| row.get(0))
        .unwrap();
    assert_eq!(infinite, 2);
    drop(connection);
    both_forms(&live, folder.path()).await;
}

#[tokio::test]
async fn text_that_is_not_text() {
    for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
        let folder = tempfile::tempdir().unwrap();
        let live = folder.path().join("live");
        let connection =
            make(&live, &format!("PRAGMA encoding='{encoding}'; CREATE TABLE t(a, b TEXT, c BLOB)"));
        let insert = "INSERT INTO t VALUES (?1, ?1, ?1)";
        for text in ["nul\0inside", "\0", "żółw 🦊 \u{feff}\u{fffe}", "a\tb\r\nc\\N", "\u{10ffff}"] {
            connection.execute(insert, [text]).unwrap();
        }
        if encoding == "UTF-8" {
            for bytes in [&b"bad \xff\xfe"[..], b"\xc3", b"\xed\xa0\x80", b"cut \xf0\x9f\xa6", b"\xc0\x80"] {
                connection.execute(insert, [ToSqlOutput::Borrowed(ValueRef::Text(bytes))]).unwrap();
            }
        } else {
            // Half of a surrogate pair, a whole pair the wrong way round.
            for hex in ["00d84100", "d8004100", "00dc00d8"] {
                let sql =
                    format!("INSERT INTO t(a, b) VALUES (CAST(x'{hex}' AS TEXT), CAST(x'{hex}' AS TEXT))");
                connection.execute(&sql, []).unwrap();
            }
        }
        // Blobs that call themselves text, and the other way round.
        connection
            .execute("INSERT INTO t VALUES (CAST('text' AS BLOB), x'6162', CAST(x'6162' AS TEXT))", [])
            .unwrap();
        drop(connection);
        both_forms(&live, folder.path()).await;
    }
}
