//! Random schemas and values survive as pages, as rows and as SQL text.

use holdfast_contract::snapshot::{BackupKind, Scope};
use holdfast_engine::Driver as _;
use holdfast_engine::sqlite::SqliteDriver;
use proptest::prelude::*;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

use super::*;

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Integer),
        prop_oneof![
            any::<f64>().prop_filter("SQLite keeps NaN as NULL", |number| !number.is_nan()),
            Just(f64::INFINITY)
        ]
        .prop_map(Value::Real),
        any::<String>().prop_map(Value::Text),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::Blob),
    ]
}

/// Name, columns with their declared types, whether there is an INTEGER PRIMARY KEY too, rows.
type Table = (String, Vec<(String, &'static str)>, bool, Vec<Vec<Value>>);

fn table() -> impl Strategy<Value = Table> {
    let name = "[^\\x00]{1,12}".prop_filter("reserved", |name| !name.to_lowercase().starts_with("sqlite"));
    let declared =
        prop_oneof![Just(""), Just("INTEGER"), Just("TEXT"), Just("REAL"), Just("BLOB"), Just("NUMERIC")];
    (name, proptest::collection::vec(("[^\\x00]{1,8}", declared), 1..5), any::<bool>()).prop_flat_map(
        |(name, columns, key)| {
            let rows = proptest::collection::vec(proptest::collection::vec(value(), columns.len()), 0..12);
            (Just(name), Just(columns), Just(key), rows)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn anything_comes_back((name, columns, key, rows) in table(), encoding in prop_oneof![Just("UTF-8"), Just("UTF-16le")]) {
        let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let folder = tempfile::tempdir().unwrap();
        let live = folder.path().join("live");
        let connection = make(&live, &format!("PRAGMA encoding='{encoding}'"));
        let key = if key { "the_key INTEGER PRIMARY KEY, " } else { "" };
        let list: Vec<_> = columns.iter().map(|(column, declared)| format!("{} {declared}", quote(column))).collect();
        // Names that clash ("a" and "A") are not a table at all.
        let made = connection.execute_batch(&format!("CREATE TABLE {} ({key}{})", quote(&name), list.join(", ")));
        prop_assume!(made.is_ok());
        let names: Vec<_> = columns.iter().map(|(column, _)| quote(column)).collect();
        let places: Vec<_> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
        let insert = format!("INSERT INTO {} ({}) VALUES ({})", quote(&name), names.join(", "), places.join(", "));
        for row in &rows {
            let values = row.iter().map(|value| ToSqlOutput::Borrowed(ValueRef::from(value)));
            connection.execute(&insert, rusqlite::params_from_iter(values)).unwrap();
        }
        drop(connection);
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let pages = dump(&live, &Scope::default()).await;
            let lines = dump(&live, &Scope { kind: BackupKind::Data, ..Scope::default() }).await;
            assert_eq!(pages.snapshot_ref().tables[0].content_hash, lines.snapshot_ref().tables[0].content_hash);
            assert_eq!(pages.snapshot_ref().tables[0].rows, rows.len() as u64);
            for (source, target) in [(&pages, folder.path().join("pages")), (&lines, folder.path().join("lines"))] {
                load(source, &target).await;
                assert_proven(source, &target).await;
                assert_same_by_shell(&live, &target);
            }
            let mut text = Vec::new();
            SqliteDriver.export().sql(&pages, &mut text, &work(&folder)).await.unwrap();
            let script = folder.path().join("script.sql");
            std::fs::write(&script, text).unwrap();
            let target = folder.path().join("text");
            shell(&target, &format!(".read {}", script.display()));
            assert_proven(&pages, &target).await;
        });
    }
}
