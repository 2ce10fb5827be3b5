//! The file format itself: page sizes, vacuum modes, encodings, reserved bytes, header numbers, and a file over 1 GiB.

use std::collections::BTreeMap;
use std::io::{Seek, SeekFrom, Write};
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use holdfast_contract::snapshot::{SchemaObject, Scope, Snapshot};
use holdfast_engine::{DumpSink, SnapshotSource, StreamSink, Unit};

use super::witness::agree;
use super::*;

const SOME: &str = "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b BLOB); CREATE INDEX i ON t(a);
  WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300) INSERT INTO t SELECT x, 'v' || x, zeroblob(x * 7 % 900) FROM n;
  INSERT INTO t VALUES (1000, 'long', zeroblob(200000)); CREATE TABLE gone AS SELECT * FROM t; DROP TABLE gone; DELETE FROM t WHERE id % 3 = 0;";

#[tokio::test]
async fn every_page_size_vacuum_mode_and_encoding() {
    for page_size in [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536] {
        for auto_vacuum in [0, 1, 2] {
            for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
                let folder = tempfile::tempdir().unwrap();
                let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
                let header = format!(
                    "PRAGMA page_size={page_size}; PRAGMA auto_vacuum={auto_vacuum}; PRAGMA encoding='{encoding}';"
                );
                make(&live, &format!("{header}{SOME}"));
                let source = dump(&live, &Scope::default()).await;
                load(&source, &copy).await;
                assert_proven(&source, &copy).await;
                for pragma in [
                    "page_size",
                    "auto_vacuum",
                    "encoding",
                    "freelist_count",
                    "page_count",
                    "integrity_check",
                ] {
                    let ask = format!("PRAGMA {pragma}");
                    assert_eq!(
                        shell(&live, &ask),
                        shell(&copy, &ask),
                        "{page_size} {auto_vacuum} {encoding} {pragma}"
                    );
                }
                assert_same_by_shell(&live, &copy);
            }
        }
    }
}

#[tokio::test]
async fn reserved_bytes_at_the_end_of_pages_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
    let made = Command::new("sqlite3")
        .arg(&live)
        .args([SOME, ".filectrl reserve_bytes 48", "VACUUM"])
        .output()
        .unwrap();
    assert!(made.status.success());
    assert_eq!(std::fs::read(&live).unwrap()[20], 48);
    let source = dump(&live, &Scope::default()).await;
    load(&source, &copy).await;
    assert_proven(&source, &copy).await;
    assert_eq!(std::fs::read(&copy).unwrap()[20], 48);
    agree(&live, &copy);
}

#[tokio::test]
async fn header_numbers_and_the_journal_mode_are_restored() {
    for (mode, after) in [("DELETE", "delete"), ("TRUNCATE", "delete"), ("PERSIST", "delete"), ("WAL", "wal")]
    {
        let folder = tempfile::tempdir().unwrap();
        let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
        make(
            &live,
            &format!(
                "PRAGMA journal_mode={mode}; {SOME} PRAGMA user_version=-7; PRAGMA application_id=2147483647;"
            ),
        );
        load(&dump(&live, &Scope::default()).await, &copy).await;
        let said = shell(&copy, "PRAGMA user_version; PRAGMA application_id; PRAGMA journal_mode");
        // Only WAL is a property of the file; the other modes belong to a connection.
        assert_eq!(String::from_utf8_lossy(&said), format!("-7\n2147483647\n{after}\n"), "{mode}");
        assert_eq!(
            shell(&live, "PRAGMA journal_mode"),
            format!("{after}\n").into_bytes(),
            "{mode}: the source is as it was"
        );
    }
}

/// Keeps only pieces that are not all zero, so that a large sparse file costs nothing.
#[derive(Default)]
struct Sparse {
    pieces: Arc<Mutex<BTreeMap<u64, Bytes>>>,
    length: Arc<Mutex<u64>>,
    snapshot: Option<Snapshot>,
}

const PIECE: usize = 65_536;
static ZERO: [u8; PIECE] = [0; PIECE];

struct Growing {
    pieces: Arc<Mutex<BTreeMap<u64, Bytes>>>,
    length: Arc<Mutex<u64>>,
}

#[async_trait]
impl DumpSink for Sparse {
    async fn open(&self, name: &str, unit: Unit) -> holdfast_engine::Result<Box<dyn StreamSink>> {
        assert_eq!((name, unit), ("pages", Unit::Fixed(PIECE as u32)));
        Ok(Box::new(Growing { pieces: self.pieces.clone(), length: self.length.clone() }))
    }
}

#[async_trait]
impl StreamSink for Growing {
    async fn write(&mut self, data: Bytes) -> holdfast_engine::Result<()> {
        let mut length = self.length.lock().unwrap();
        for at in (0..data.len()).step_by(PIECE) {
            let piece = data.slice(at..(at + PIECE).min(data.len()));
            if piece[..] != ZERO[..piece.len()] {
                self.pieces.lock().unwrap().insert(*length, piece.clone());
            }
            *length += piece.len() as u64;
        }
        Ok(())
    }
    async fn finish(self: Box<Self>) -> holdfast_engine::Result<()> {
        Ok(())
    }
}

#[async_trait]
impl SnapshotSource for Sparse {
    fn snapshot(&self) -> &Snapshot {
        self.snapshot.as_ref().unwrap()
    }
    async fn objects(&self) -> holdfast_engine::Result<Vec<SchemaObject>> {
        Ok(self.snapshot().objects.clone())
    }
    async fn open(
        &self,
        _: &str,
    ) -> holdfast_engine::Result<BoxStream<'static, holdfast_engine::Result<Bytes>>> {
        let (pieces, length) = (self.pieces.clone(), *self.length.lock().unwrap());
        let at = (0..length).step_by(PIECE);
        let read =
            move |at| Ok(pieces.lock().unwrap().get(&at).cloned().unwrap_or(Bytes::from_static(&ZERO)));
        Ok(futures::stream::iter(at.map(read)).boxed())
    }
}

/// The page at 1 GiB is never used: SQLite locks its bytes. A file this large is made of free pages, listed by hand, which
/// are holes on disk; the rows are then put on the far side.
fn beyond_the_lock_page(live: &Path) {
    const LOCK_PAGE: u32 = (1 << 30) / 65_536 + 1;
    make(live, "PRAGMA page_size=65536; CREATE TABLE near(x); INSERT INTO near VALUES ('near')");
    let first = (std::fs::metadata(live).unwrap().len() / 65_536) as u32 + 1;
    let last = LOCK_PAGE + 40;
    // Three trunks list the free pages. The first lists the furthest: SQLite takes those first.
    let leaves: Vec<u32> = (first + 3..=last).rev().filter(|page| *page != LOCK_PAGE).collect();
    let (far, rest) = leaves.split_at(35);
    let (middle, near) = rest.split_at(rest.len() / 2);
    let mut file = std::fs::OpenOptions::new().read(true).write(true).open(live).unwrap();
    file.set_len(u64::from(last) * 65_536).unwrap();
    let mut put = |at: u64, numbers: &[u32]| {
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<_>>()).unwrap();
    };
    for (trunk, next, leaves) in
        [(first, first + 1, far), (first + 1, first + 2, middle), (first + 2, 0, near)]
    {
        assert!((leaves.len() + 8) * 4 <= 65_536, "a trunk is one page");
        put(u64::from(trunk - 1) * 65_536, &[&[next, leaves.len() as u32], leaves].concat());
    }
    put(28, &[last, first, leaves.len() as u32 + 3]);
    drop(file);
    make(
        live,
        "CREATE TABLE far(x, y); WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 60) INSERT INTO far SELECT x, zeroblob(65000) || x FROM n;",
    );
}

#[tokio::test]
async fn a_file_over_one_gibibyte_skips_the_lock_page() {
    let folder = tempfile::tempdir().unwrap();
    let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
    beyond_the_lock_page(&live);
    assert_eq!(shell(&live, "PRAGMA integrity_check; SELECT count(*) FROM far"), b"ok\n60\n");
    let far = shell(&live, "SELECT rootpage FROM sqlite_schema WHERE name = 'far'");
    assert!(
        String::from_utf8(far).unwrap().trim().parse::<u32>().unwrap() > (1 << 30) / 65_536,
        "it lies beyond"
    );

    let mut sink = Sparse::default();
    sink.snapshot = Some(engine(&live).dump(&Scope::default(), &sink, &work(&folder)).await.unwrap());
    assert!(*sink.length.lock().unwrap() > 1 << 30);
    engine(&live).load(copy.to_str().unwrap(), &sink, &work(&folder)).await.unwrap();
    for ask in [
        "PRAGMA integrity_check; PRAGMA page_count",
        "SELECT sum(x), sum(length(y)), min(typeof(y)) FROM far; SELECT * FROM near",
    ] {
        assert_eq!(shell(&live, ask), shell(&copy, ask));
    }
    assert_eq!(shell(&live, ".sha3sum --schema"), shell(&copy, ".sha3sum --schema"));
}
