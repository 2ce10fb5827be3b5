//! Independent judges of whether two files hold the same database.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;

use super::*;

/// The shell's dump and content hash, its integrity check, and `sqldiff` where it is installed.
pub fn agree(one: &Path, other: &Path) {
    assert_same_by_shell(one, other);
    assert_eq!(shell(one, ".sha3sum --schema"), shell(other, ".sha3sum --schema"));
    assert_eq!(shell(other, "PRAGMA integrity_check"), b"ok\n");
    let Ok(diff) = Command::new("sqldiff").arg("--schema").args([one, other]).output() else { return };
    assert!(diff.status.success(), "{}", String::from_utf8_lossy(&diff.stderr));
    let Ok(diff) = Command::new("sqldiff").args([one, other]).output() else { return };
    assert_eq!(String::from_utf8_lossy(&diff.stdout), "");
}

/// Every value of every readable table as its storage class and its very bytes, read without any of the engine's code.
pub fn values(path: &Path) -> BTreeMap<String, Vec<Vec<u8>>> {
    let connection = Connection::open(path).unwrap();
    let names: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite_stat%'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut found = BTreeMap::new();
    for name in names {
        let sql = format!("SELECT * FROM \"{}\" NOT INDEXED", name.replace('"', "\"\""));
        let mut statement = connection.prepare(&sql).unwrap();
        let width = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        let mut lines = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let mut line = Vec::new();
            for index in 0..width {
                match row.get_ref(index).unwrap() {
                    ValueRef::Null => line.push(b'n'),
                    ValueRef::Integer(number) => {
                        line.push(b'i');
                        line.extend(number.to_be_bytes());
                    }
                    ValueRef::Real(number) => {
                        line.push(b'r');
                        line.extend(number.to_bits().to_be_bytes());
                    }
                    ValueRef::Text(bytes) => {
                        line.push(b't');
                        line.extend((bytes.len() as u64).to_be_bytes());
                        line.extend(bytes);
                    }
                    ValueRef::Blob(bytes) => {
                        line.push(b'b');
                        line.extend((bytes.len() as u64).to_be_bytes());
                        line.extend(bytes);
                    }
                }
            }
            lines.push(line);
        }
        found.insert(name, lines);
    }
    found
}
