//! Files that are not what they should be, and targets that may not be written: one clear error each, and nothing left.

use holdfast_contract::ErrorCode;
use holdfast_contract::snapshot::Scope;
use holdfast_engine::{EngineError, NamePurpose, Swap};

use super::*;

#[track_caller]
pub fn refusal(path: &Path) -> impl Future<Output = EngineError> {
    let caller = std::panic::Location::caller();
    async move {
        let scratch = tempfile::tempdir().unwrap();
        let dumped = engine(path).dump(&Scope::default(), &Memory::default(), &work(&scratch)).await;
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
        dumped.err().unwrap_or_else(|| panic!("{caller}: {} was backed up", path.display()))
    }
}

pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 7u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[tokio::test]
async fn each_has_its_own_error() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let gzip = [b"\x1f\x8b".as_slice(), &noise(4094)].concat();
    for (path, code) in [
        (folder.path().join("absent"), ErrorCode::DatabaseMissing),
        (folder.path().to_path_buf(), ErrorCode::NotADatabase),
        (at("text", "hello, this is no database at all\n".repeat(200).as_bytes()), ErrorCode::NotADatabase),
        (at("short", b"SQLi"), ErrorCode::NotADatabase),
        (at("gzip", &gzip), ErrorCode::NotADatabase),
        (at("noise", &noise(8192)), ErrorCode::DatabaseEncrypted),
    ] {
        let error = refusal(&path).await;
        assert_eq!(error.code(), code, "{path:?}: {error}");
        assert_eq!(ping(&engine(&path)).await.unwrap_err().code(), code);
        let api = error.into_api();
        assert!(api.hint.is_some() && api.message.contains(path.to_str().unwrap()), "{api:?}");
    }
    let spec = ConnectionSpec::Sqlite { path: "relative.sqlite".into() };
    let relative = Sqlite::new(Access::new(spec)).err().unwrap();
    assert_eq!(relative.code(), ErrorCode::BadRequest);
}

#[tokio::test]
async fn a_damaged_source_is_never_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    drop(make(
        &live,
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT); CREATE INDEX i ON t(a);
         WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5000) INSERT INTO t SELECT x, 'value ' || x FROM n;",
    ));
    let good = std::fs::read(&live).unwrap();
    let pages = good.len() / 4096;
    let mut caught = 0;
    // Every b-tree page: its type, its cell count and its first cell pointer.
    for page in 1..pages {
        for offset in [0, 3, 8] {
            let mut bad = good.clone();
            bad[page * 4096 + offset] ^= 0x5a;
            std::fs::write(&live, &bad).unwrap();
            let error = refusal(&live).await;
            assert_eq!(error.code(), ErrorCode::DatabaseDamaged, "page {page} offset {offset}: {error}");
            let api = error.into_api();
            assert!(api.message.contains(live.to_str().unwrap()) && api.native.is_some(), "{api:?}");
            caught += 1;
        }
    }
    assert!(caught > 60);
    std::fs::write(&live, &good[..good.len() / 2]).unwrap();
    assert_eq!(refusal(&live).await.code(), ErrorCode::DatabaseDamaged, "truncated");
    std::fs::write(&live, &good[..good.len() - 100]).unwrap();
    assert_eq!(refusal(&live).await.code(), ErrorCode::DatabaseDamaged, "truncated a little");
}

#[tokio::test]
async fn a_load_replaces_nothing_and_leaves_nothing_when_it_fails() {
    let folder = tempfile::tempdir().unwrap();
    let (live, target) = (folder.path().join("live"), folder.path().join("target"));
    drop(make(&live, "CREATE TABLE t(x); INSERT INTO t VALUES (zeroblob(100000))"));
    let source = dump(&live, &Scope::default()).await;
    let scratch = tempfile::tempdir().unwrap();
    let try_load =
        async |work: &Work| engine(&live).load(target.to_str().unwrap(), &source, work).await.unwrap_err();

    std::fs::write(&target, "precious").unwrap();
    assert_eq!(try_load(&work(&scratch)).await.code(), ErrorCode::TargetExists);
    assert_eq!(std::fs::read(&target).unwrap(), b"precious");
    std::fs::remove_file(&target).unwrap();
    // A stray journal would be applied to the new file.
    std::fs::write(folder.path().join("target-journal"), "stray").unwrap();
    assert_eq!(try_load(&work(&scratch)).await.code(), ErrorCode::TargetExists);
    std::fs::remove_file(folder.path().join("target-journal")).unwrap();

    let pages = source.stream("pages");
    source.replace("pages", pages[..pages.len() - 4096].to_vec());
    assert_eq!(try_load(&work(&scratch)).await.code(), ErrorCode::VaultDamaged);
    let mut flipped = pages.clone();
    flipped[4096] ^= 0xff;
    source.replace("pages", flipped);
    assert_eq!(try_load(&work(&scratch)).await.code(), ErrorCode::DatabaseDamaged);
    source.replace("pages", pages);
    let cancelled = work(&scratch);
    cancelled.cancel.cancel();
    assert_eq!(try_load(&cancelled).await.code(), ErrorCode::Cancelled);
    assert_eq!(files_in(folder.path()), ["live"]);
    engine(&live).load(target.to_str().unwrap(), &source, &work(&scratch)).await.unwrap();
}

#[tokio::test]
async fn only_copies_are_moved_and_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let (live, link) = (folder.path().join("shop.sqlite"), folder.path().join("link"));
    drop(make(&live, "CREATE TABLE t(x)"));
    let base = live.to_str().unwrap();
    let e = engine(&live);
    std::os::unix::fs::symlink(&live, &link).unwrap();
    for name in [base, link.to_str().unwrap(), &format!("{}/./shop.sqlite", folder.path().display())] {
        assert_eq!(e.drop_database(name).await.unwrap_err().code(), ErrorCode::NotAllowed);
        assert_eq!(e.rename(name, &format!("{base}2")).await.unwrap_err().code(), ErrorCode::NotAllowed);
    }
    std::fs::remove_file(&link).unwrap();

    let staging = e.made_up_name(base, NamePurpose::Staging, "7c1d");
    let restored = e.made_up_name(base, NamePurpose::Restored, "7c1d");
    assert_eq!(restored, folder.path().join("shop_restored_7c1d.sqlite").to_str().unwrap());
    // Its program crashed: half of it is in the log.
    let open =
        make(Path::new(&staging), "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    assert_eq!(e.rename(&staging, base).await.unwrap_err().code(), ErrorCode::TargetExists);
    drop(open);
    e.rename(&staging, &restored).await.unwrap();
    assert!(!e.exists(&staging).await.unwrap() && e.exists(&restored).await.unwrap());
    assert_eq!(shell(Path::new(&restored), "SELECT x FROM t"), b"1\n");
    e.drop_database(&restored).await.unwrap();
    e.drop_database(&restored).await.unwrap();
    assert_eq!(files_in(folder.path()), ["shop.sqlite"]);
}

#[tokio::test]
async fn a_read_only_connection_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (live, staged, kept) =
        (folder.path().join("live"), folder.path().join("staged"), folder.path().join("kept"));
    drop(make(&live, "CREATE TABLE t(x)"));
    drop(make(&staged, "CREATE TABLE other(x)"));
    let before = std::fs::read(&live).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let swap =
        access(&live, true).swap(staged.to_str().unwrap(), kept.to_str().unwrap(), &work(&scratch)).await;
    assert_eq!(swap.unwrap_err().code(), ErrorCode::ReadOnly);
    assert_eq!(std::fs::read(&live).unwrap(), before);
    assert!(ping(&access(&live, true)).await.is_ok());
}
