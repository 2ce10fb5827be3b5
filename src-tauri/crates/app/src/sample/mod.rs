//! The sample database: a small shop with believable rows, so that every screen can be tried at once.
//!
//! Our own generator, the same file for the same seed. What does not belong here: connecting it, which is the operation's work.

mod connect;
mod fill;
mod random;
mod words;

use std::path::Path;

use holdfast_contract::{ApiError, ErrorCode};
use rusqlite::Connection;

pub use connect::connect;

/// Makes the file at `path`, where nothing may be yet. Either it is whole afterwards or it is not there. Blocks.
pub fn create(path: &Path, seed: u64) -> Result<(), ApiError> {
    let unusable = |error: std::io::Error| {
        ApiError::new(
            ErrorCode::HomeUnusable,
            format!("The sample database cannot be made at {}.", path.display()),
        )
        .hint("Check the rights and the free space of the data folder.")
        .native(error.to_string())
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let file = tempfile::Builder::new().prefix(".sample-").tempfile_in(folder).map_err(unusable)?;
    fill_in(file.path(), seed).map_err(|error| {
        ApiError::new(ErrorCode::Internal, "The sample database could not be filled.")
            .native(error.to_string())
    })?;
    file.as_file().sync_all().map_err(unusable)?;
    file.persist_noclobber(path).map(|_| ()).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            ApiError::new(ErrorCode::AlreadyExists, format!("{} exists already.", path.display()))
        }
        _ => unusable(error.error),
    })
}

fn fill_in(path: &Path, seed: u64) -> rusqlite::Result<()> {
    let mut connection = Connection::open(path)?;
    // Nobody else sees this file before it is whole, and a crash throws it away.
    connection.execute_batch("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF;")?;
    connection.execute_batch("PRAGMA user_version=1; PRAGMA application_id=0x484f4c44;")?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(include_str!("schema.sql"))?;
    fill::Shop { tx: &transaction, random: random::Random::new(seed) }.fill()?;
    transaction.execute_batch(include_str!("after.sql"))?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_shop_is_whole_believable_and_always_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        create(&one, 7).unwrap();
        create(&two, 7).unwrap();
        assert!(std::fs::read(&one).unwrap() == std::fs::read(&two).unwrap(), "same seed, same bytes");
        let size = std::fs::metadata(&one).unwrap().len();
        assert!((6 << 20..12 << 20).contains(&size), "{size}");
        assert_eq!(create(&one, 8).unwrap_err().code, ErrorCode::AlreadyExists);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no leftovers");

        let shop = Connection::open(&one).unwrap();
        let text = |sql: &str| shop.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        let number = |sql: &str| shop.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(text("PRAGMA integrity_check"), "ok");
        assert_eq!(number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
        for (table, low, high) in [
            ("customers", 1500, 1500),
            ("products", 240, 240),
            ("orders", 6000, 6000),
            ("order_items", 12_000, 18_000),
            ("events", 40_000, 40_000),
        ] {
            let rows = number(&format!("SELECT count(*) FROM {table}"));
            assert!((low..=high).contains(&rows), "{table} {rows}");
        }
        assert_eq!(
            number(
                "SELECT count(*) FROM orders o WHERE total_cents <> shipping_cents + (SELECT sum(line_total_cents) FROM order_items i WHERE i.order_id = o.id)"
            ),
            0
        );
        assert_eq!(
            number(
                "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.placed_at < c.created_at"
            ),
            0
        );
        assert!(number("SELECT count(*) FROM product_search WHERE product_search MATCH 'espresso'") > 5);
        assert!(number("SELECT count(*) FROM monthly_revenue") >= 23);
        shop.execute("UPDATE orders SET status = 'returned' WHERE id = 1", []).unwrap();
        assert_eq!(number("SELECT count(*) FROM order_status_changes"), 1);
    }
}
