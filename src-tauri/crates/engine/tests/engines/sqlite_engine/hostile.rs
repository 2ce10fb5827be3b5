//! Files made by somebody who wants harm: thousands of systematic changes to small databases of every kind, read in a child
//! process with limits. Each ends as an error or as an equal copy; nothing crashes, runs away or is a wrong copy.

use std::io::{BufRead, BufReader, Write};

use holdfast_contract::snapshot::Scope;
use holdfast_contract::{ApiError, ErrorCode};

use super::*;

/// Page sizes small, so that every structure is there in few bytes.
const CORPUS: [(&str, &str); 8] = [
    (
        "tables",
        "PRAGMA page_size=512; CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); CREATE INDEX i ON t(a); WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 60) INSERT INTO t SELECT x, 'text ' || x, x * 1.5 FROM n;",
    ),
    (
        "overflow",
        "PRAGMA page_size=512; CREATE TABLE t(a); INSERT INTO t VALUES (zeroblob(3000)), (hex(zeroblob(900))); CREATE TABLE g AS SELECT * FROM t; DROP TABLE g;",
    ),
    (
        "without rowid",
        "PRAGMA page_size=512; CREATE TABLE w(k TEXT, n INT, v, PRIMARY KEY(k, n)) WITHOUT ROWID; WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 50) INSERT INTO w SELECT 'k' || x % 5, x, x FROM n;",
    ),
    (
        "vacuum",
        "PRAGMA page_size=512; PRAGMA auto_vacuum=2; CREATE TABLE t(a); INSERT INTO t VALUES (zeroblob(5000)), (1), ('x'); CREATE TABLE u(a UNIQUE); INSERT INTO u VALUES (1), (2); DELETE FROM t WHERE a = 1;",
    ),
    (
        "wide text",
        "PRAGMA page_size=512; PRAGMA encoding='UTF-16le'; CREATE TABLE t(a TEXT, b TEXT COLLATE NOCASE UNIQUE); INSERT INTO t VALUES ('żółw', 'a'), ('🦊', 'b'); CREATE VIEW v AS SELECT a FROM t;",
    ),
    (
        "search",
        "PRAGMA page_size=1024; CREATE VIRTUAL TABLE f5 USING fts5(a, b); INSERT INTO f5 VALUES ('red fox', 'jumps'), ('blue whale', 'swims'); CREATE VIRTUAL TABLE f4 USING fts4(a); INSERT INTO f4 VALUES ('green ant');",
    ),
    (
        "spatial",
        "PRAGMA page_size=1024; CREATE VIRTUAL TABLE r USING rtree(id, x0, x1); WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 40) INSERT INTO r SELECT x, x, x + 2 FROM n; CREATE TABLE m(a, b AS (a * 2), c AS (a * 3) STORED); INSERT INTO m(a) VALUES (1);",
    ),
    (
        "schema",
        "PRAGMA page_size=512; CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p(id), CHECK (p > 0)) STRICT_; CREATE TRIGGER g AFTER INSERT ON p BEGIN INSERT INTO c VALUES (new.id); END; CREATE VIEW v AS WITH x AS (SELECT 1) SELECT * FROM x, p; INSERT INTO p VALUES (1), (2); ANALYZE;",
    ),
];

fn seed(index: usize) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seed");
    make(&path, &CORPUS[index].1.replace(" STRICT_", ""));
    std::fs::read(&path).unwrap()
}

/// Every byte of the header, every structural byte of every page, a scatter of others, and the file cut at every odd place.
fn changes(good: &[u8]) -> Vec<(String, Vec<u8>)> {
    let page_size = usize::from(u16::from_be_bytes([good[16], good[17]]));
    let mut places: Vec<usize> = (0..100).collect();
    for (number, page) in good.chunks(page_size).enumerate() {
        let (start, header) = (number * page_size, if number == 0 { 100 } else { 0 });
        places.extend((header..header + 16).map(|at| start + at));
        // The first bytes of its cells: lengths, row ids, serial types.
        let content = usize::from(u16::from_be_bytes([page[header + 5], page[header + 6]]));
        places.extend((content..content + 12).filter(|at| *at < page_size).map(|at| start + at));
        places.extend((0..6).map(|step| start + (step * 83 + number * 7) % page_size));
    }
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    for (turn, at) in places.into_iter().enumerate() {
        // Turn and turn about: one bit, the sign bit, all bits, a small number, a large one.
        let flip = [0x01, 0x80, 0xff, 0x07, 0x40][turn % 5];
        let mut bad = good.to_vec();
        bad[at] ^= flip;
        all.push((format!("byte {at} xor {flip:#x}"), bad));
    }
    for length in (0..good.len()).step_by(page_size / 2 + 61).chain([1, 15, 16, 99, 100, good.len() - 1]) {
        all.push((format!("cut to {length}"), good[..length].to_vec()));
    }
    let mut longer = good.to_vec();
    longer.extend([0xa5; 700]);
    all.push(("with a tail".into(), longer));
    // One page in another's place.
    for page in 1..good.len() / page_size {
        let mut bad = good.to_vec();
        bad.copy_within(0..page_size, page * page_size);
        all.push((format!("page {page} is the first"), bad));
    }
    all
}

/// The header fields that a copy made by SQLite sets itself: file format, counters, version, schema cookie.
fn without_counters(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if bytes.len() >= 100 {
        for range in [18..20, 24..32, 40..44, 92..100] {
            bytes[range].fill(0);
        }
    }
    bytes
}

fn acceptable(error: &ApiError) -> bool {
    let known = matches!(
        error.code,
        ErrorCode::DatabaseDamaged
            | ErrorCode::NotADatabase
            | ErrorCode::DatabaseEncrypted
            | ErrorCode::VersionUnsupported
            | ErrorCode::Unsupported
            | ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::ServerError
    );
    known && !error.message.is_empty()
}

#[tokio::test]
#[ignore = "run by `hostile_files_are_refused_or_equal` in a process with limits"]
async fn child_reads_hostile_files() {
    let index: usize = std::env::var("HOLDFAST_TEST_SEED").unwrap().parse().unwrap();
    let good = seed(index);
    let (mut refused, mut equal) = (0, 0);
    for (what, bytes) in changes(&good) {
        println!("\ncase {what}");
        std::io::stdout().flush().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
        std::fs::write(&live, &bytes).unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let sink = Memory::default();
        let plan = engine(&live).plan(&Scope::default()).await;
        match engine(&live).dump(&Scope::default(), &sink, &work(&scratch)).await {
            Err(error) => {
                let error = error.into_api();
                assert!(acceptable(&error), "{what}: {error:?}");
                refused += 1;
            }
            Ok(snapshot) => {
                assert!(plan.is_ok(), "{what}: what can be copied can be planned");
                let source = sink.close(snapshot);
                let pages = source.stream("pages");
                // To SQLite a file of one byte is one that a Macintosh has just made.
                if bytes.len() < 2 {
                    assert_eq!(source.snapshot_ref().tables, [], "a file of no bytes is an empty database");
                    continue;
                }
                // SQLite takes no more of a file than its header counts.
                assert!(pages.len() <= bytes.len(), "{what}: {} of {}", pages.len(), bytes.len());
                assert!(
                    without_counters(&pages) == without_counters(&bytes[..pages.len().min(bytes.len())]),
                    "{what}: another file"
                );
                match engine(&live).load(copy.to_str().unwrap(), &source, &work(&scratch)).await {
                    Err(error) => assert!(!copy.exists() && acceptable(&error.into_api()), "{what}"),
                    Ok(_) => assert_proven(&source, &copy).await,
                }
                equal += 1;
            }
        }
        assert_eq!(std::fs::read(&live).unwrap(), bytes, "{what}: the source is as it was");
        assert_eq!(files_in(scratch.path()), Vec::<String>::new(), "{what}");
    }
    println!("\nended {refused} {equal}");
}

/// A process that may use little memory and little time: a runaway ends it, and is seen.
fn limited(index: usize) -> std::process::Child {
    Command::new("sh")
        .args(["-c", "ulimit -v 2000000; ulimit -t 240; ulimit -c 0; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "sqlite_engine::hostile::child_reads_hostile_files",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("HOLDFAST_TEST_SEED", index.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn hostile_files_are_refused_or_equal() {
    let (mut refused, mut equal) = (0, 0);
    for pair in [0, 2, 4, 6] {
        let running: Vec<_> = [pair, pair + 1].map(|index| (index, limited(index))).into();
        for (index, mut process) in running {
            let mut last = String::new();
            let mut ended = None;
            for line in BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok) {
                match line.strip_prefix("ended ") {
                    Some(counts) => ended = Some(counts.to_owned()),
                    None if line.starts_with("case ") => last = line,
                    None => {}
                }
            }
            let output = process.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "“{}”, {last}: {}\n{said}", CORPUS[index].0, output.status);
            let counts = ended.unwrap();
            let (bad, good) = counts.split_once(' ').unwrap();
            refused += bad.parse::<u32>().unwrap();
            equal += good.parse::<u32>().unwrap();
        }
    }
    println!("hostile files: {refused} refused, {equal} equal");
    assert!(refused > 500 && equal > 100, "both ends were seen: {refused} {equal}");
}

/// A log that was tampered with: what the copy holds is what SQLite itself makes of it.
#[tokio::test]
async fn a_hostile_log_gives_what_sqlite_sees() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first");
    let writer = make(
        &first,
        "PRAGMA page_size=512; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); INSERT INTO t VALUES (3);",
    );
    let (main, log) =
        (std::fs::read(&first).unwrap(), std::fs::read(folder.path().join("first-wal")).unwrap());
    drop(writer);
    let mut seen = std::collections::BTreeSet::new();
    for at in (0..log.len()).step_by(37) {
        let folder = tempfile::tempdir().unwrap();
        let (live, twin, copy) =
            (folder.path().join("live"), folder.path().join("twin"), folder.path().join("copy"));
        let mut bad = log.clone();
        bad[at] ^= 0x11;
        for path in [&live, &twin] {
            std::fs::write(path, &main).unwrap();
            std::fs::write(
                path.with_file_name(format!("{}-wal", path.file_name().unwrap().to_str().unwrap())),
                &bad,
            )
            .unwrap();
        }
        load(&dump(&live, &Scope::default()).await, &copy).await;
        let expected = shell(&twin, ".dump");
        assert!(shell(&copy, ".dump") == expected, "byte {at}");
        seen.insert(expected);
    }
    assert!(seen.len() > 2, "the log ended at different commits");
}
