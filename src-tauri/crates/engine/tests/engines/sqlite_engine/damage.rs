//! Damaged and encrypted files: never a backup, and the error says which table, what still reads and what to do.

use holdfast_contract::snapshot::Scope;
use holdfast_contract::{ApiError, ErrorCode};

use super::bad_files::{noise, refusal};
use super::*;

struct Stage {
    folder: TempDir,
    good: Vec<u8>,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        make(
            &folder.path().join("live"),
            "CREATE TABLE fine(x); INSERT INTO fine VALUES ('still here');
             CREATE TABLE orders(id INTEGER PRIMARY KEY, name TEXT, note TEXT); CREATE INDEX by_name ON orders(name);
             WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000) INSERT INTO orders SELECT x, 'name ' || x, hex(zeroblob(20)) FROM n;
             CREATE TABLE long(x); INSERT INTO long VALUES ('short'), (hex(zeroblob(20000)));
             CREATE TABLE gone AS SELECT * FROM orders; DROP TABLE gone;",
        );
        let good = std::fs::read(folder.path().join("live")).unwrap();
        Self { folder, good }
    }
    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("live")
    }
    fn number(&self, sql: &str) -> usize {
        String::from_utf8(shell(&self.path(), sql)).unwrap().trim().parse().unwrap()
    }
    /// The root page of a tree.
    fn root(&self, name: &str) -> usize {
        self.number(&format!("SELECT rootpage FROM sqlite_schema WHERE name = '{name}'"))
    }
    /// The page of the `index`-th child of an interior table page.
    fn child(&self, page: usize, index: usize) -> usize {
        let start = (page - 1) * 4096;
        let at = start + 12 + index * 2;
        let cell = start + usize::from(u16::from_be_bytes([self.good[at], self.good[at + 1]]));
        u32::from_be_bytes(self.good[cell..cell + 4].try_into().unwrap()) as usize
    }
    async fn damaged(&self, spoil: impl FnOnce(&mut Vec<u8>)) -> ApiError {
        let mut bytes = self.good.clone();
        spoil(&mut bytes);
        std::fs::write(self.path(), bytes).unwrap();
        let error = refusal(&self.path()).await.into_api();
        assert_eq!(error.code, ErrorCode::DatabaseDamaged, "{error:?}");
        assert!(error.message.contains(self.path().to_str().unwrap()), "{error:?}");
        let hint = error.hint.clone().unwrap();
        assert!(
            hint.contains("last proven backup") && hint.contains(".recover"),
            "it says what to do: {hint}"
        );
        error
    }
}

#[tokio::test]
async fn a_corrupt_page_is_named_with_its_table_and_the_rest_is_counted() {
    let stage = Stage::new();
    let leaf = stage.child(stage.root("orders"), 3);
    let error = stage.damaged(|bytes| bytes[(leaf - 1) * 4096] = 0x77).await;
    assert!(error.message.contains(&format!("table “orders” (tree {})", stage_root(&error))), "{error:?}");
    assert!(error.message.contains(&format!("page {leaf}")), "{error:?}");
    assert!(
        error.message.contains("Of 3 tables, 2 still read from beginning to end; “orders” breaks off after"),
        "{error:?}"
    );
    let native = error.native.unwrap();
    assert!(
        native.contains("“fine”: all 1 rows read") && native.contains("“long”: all 2 rows read"),
        "{native}"
    );
}

fn stage_root(error: &ApiError) -> String {
    let (_, rest) = error.message.split_once("(tree ").unwrap();
    rest.split(')').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_broken_index_leaves_the_rows_and_says_so() {
    let stage = Stage::new();
    let root = stage.root("by_name");
    let error = stage.damaged(|bytes| bytes[(root - 1) * 4096] = 0x77).await;
    assert!(error.message.contains("index “by_name” of “orders”"), "{error:?}");
    assert!(
        error.message.contains("The rows of all 3 tables still read from beginning to end."),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_broken_overflow_chain_and_freelist_are_found() {
    let stage = Stage::new();
    // The last four bytes of a cell with overflow point to its chain: find the chain's first page by its zeros in hex.
    let chain = (1..stage.good.len() / 4096)
        .find(|page| stage.good[page * 4096 + 4..page * 4096 + 4096].iter().all(|byte| *byte == b'0'))
        .unwrap();
    let error =
        stage.damaged(|bytes| bytes[chain * 4096..chain * 4096 + 4].copy_from_slice(&[0, 0xff, 0, 0])).await;
    assert!(error.message.contains("“long” breaks off after 1 rows"), "{error:?}");

    let trunk = u32::from_be_bytes(stage.good[32..36].try_into().unwrap()) as usize;
    assert!(trunk > 0);
    let error = stage.damaged(|bytes| bytes[(trunk - 1) * 4096 + 4] = 0xee).await;
    assert!(error.message.to_lowercase().contains("freelist"), "{error:?}");
    assert!(error.message.contains("The rows of all 3 tables still read"), "{error:?}");
}

#[tokio::test]
async fn a_truncated_file_says_how_much_is_missing() {
    let stage = Stage::new();
    let pages = stage.good.len() / 4096;
    let half = pages / 2;
    let error = stage.damaged(|bytes| bytes.truncate(half * 4096 + 100)).await;
    let counted = format!(
        "cut short: its header counts {pages} pages of 4096 bytes, but it ends after {half} and 100 bytes of another"
    );
    assert!(error.message.contains(&counted), "{error:?}");
    assert!(error.message.contains("still read from beginning to end"), "{error:?}");
    assert!(error.native.unwrap().contains("“fine”: all 1 rows read"));
    let error = stage.damaged(|bytes| bytes.truncate(4096)).await;
    assert!(error.message.contains("ends after 1"), "{error:?}");
}

#[tokio::test]
async fn a_spoiled_list_of_tables_and_a_lost_header_are_damage() {
    let stage = Stage::new();
    let error = stage.damaged(|bytes| bytes[100] = 0x77).await;
    assert!(error.message.contains("No table of it can be read"), "{error:?}");
    let at = stage.good.windows(17).position(|bytes| bytes == b"CREATE TABLE fine").unwrap();
    let error = stage.damaged(|bytes| bytes[at..at + 6].copy_from_slice(b"CRASH ")).await;
    assert!(error.message.contains("still read"), "the others can be read: {error:?}");
    // The first words overwritten: not “no database”, for everything after them is one.
    stage.damaged(|bytes| bytes[..16].fill(0)).await;
}

#[tokio::test]
async fn encrypted_files_are_called_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    let mut plain_header = noise(4096 * 5);
    plain_header[..16].copy_from_slice(b"SQLite format 3\0");
    // Page size 4096, 80 reserved bytes for the vector and the code of each page, as SQLCipher 4 writes them.
    plain_header[16..32].copy_from_slice(&[0x10, 0, 1, 1, 80, 64, 32, 32, 0, 0, 0, 9, 0, 0, 0, 5]);
    let mut see = noise(4096 * 4);
    see[16..24].copy_from_slice(&[0x10, 0, 1, 1, 32, 64, 32, 32]);
    for (what, bytes) in [
        ("SQLCipher", noise(4096 * 3)),
        ("SQLCipher, one page of 1024", noise(1024)),
        ("SQLCipher with a plain header", plain_header),
        ("SEE", see),
    ] {
        std::fs::write(&live, bytes).unwrap();
        let error = refusal(&live).await.into_api();
        assert_eq!(error.code, ErrorCode::DatabaseEncrypted, "{what}: {error:?}");
        assert!(error.message.contains("encrypted") && !error.message.contains("damaged"), "{what}");
        assert_eq!(ping(&engine(&live)).await.unwrap_err().code(), ErrorCode::DatabaseEncrypted, "{what}");
        let plan = engine(&live).plan(&Scope::default()).await.unwrap_err();
        assert_eq!(plan.code(), ErrorCode::DatabaseEncrypted, "{what}");
    }
    // Noise inside a database is data, and noise over a page of it is damage.
    make(&folder.path().join("data"), "CREATE TABLE t(x); INSERT INTO t VALUES (randomblob(50000))");
    dump(&folder.path().join("data"), &Scope::default()).await;
    let mut bytes = std::fs::read(folder.path().join("data")).unwrap();
    bytes[4096..8192].copy_from_slice(&noise(4096));
    std::fs::write(&live, bytes).unwrap();
    assert_eq!(refusal(&live).await.code(), ErrorCode::DatabaseDamaged);
}
