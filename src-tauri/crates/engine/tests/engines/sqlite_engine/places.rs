//! Where a file lies and what it is called: odd names, links, folders that may not be written.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

use holdfast_contract::ErrorCode;
use holdfast_contract::snapshot::Scope;

use super::*;

#[tokio::test]
async fn any_name_is_only_a_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "q?mode=ro",
        "100%25",
        "a#b",
        "file:x",
        "file:x?mode=memory",
        "two words",
        " lead",
        "e🦊é",
        "n\nl",
        "tab\t",
        ":memory:",
        "-wal",
        "a'b\"c`",
    ] {
        let live = folder.path().join(name);
        make_anywhere(&live, "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
        let copy = folder.path().join(format!("{name}-copy"));
        let source = dump(&live, &Scope::default()).await;
        load(&source, &copy).await;
        assert_proven(&source, &copy).await;
        // A reader of a WAL database that may not write leaves the (empty) files of the log for the next program.
        for file in [&live, &copy] {
            for suffix in ["", "-wal", "-shm"] {
                let mut file = file.clone().into_os_string();
                file.push(suffix);
                std::fs::remove_file(file).ok();
            }
        }
        assert_eq!(files_in(folder.path()), Vec::<String>::new(), "{name:?}: nothing else was made");
    }
}

/// Flags say that a name is no URI.
fn make_anywhere(path: &Path, sql: &str) {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_CREATE;
    Connection::open_with_flags(path, flags).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn links_lead_to_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let real = elsewhere.path().join("real.sqlite");
    // The log lies beside the real file; through the link it must be found there.
    let writer = make(
        &real,
        "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES ('only in the log')",
    );
    let (soft, hard) = (folder.path().join("soft"), folder.path().join("hard"));
    std::os::unix::fs::symlink(&real, &soft).unwrap();
    let copy = folder.path().join("copy");
    load(&dump(&soft, &Scope::default()).await, &copy).await;
    assert_eq!(shell(&copy, "SELECT x FROM t"), b"only in the log\n");
    drop(writer);
    std::fs::hard_link(&real, &hard).unwrap();
    let copy = folder.path().join("hard_copy");
    load(&dump(&hard, &Scope::default()).await, &copy).await;
    assert_same_by_shell(&real, &copy);
    // A link is the live database by another name: never dropped or moved as a copy.
    for other in [&soft, &hard] {
        let refused = engine(&real).drop_database(other.to_str().unwrap()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::NotAllowed);
    }
}

#[tokio::test]
async fn an_empty_file_of_no_bytes_is_a_database_without_tables() {
    let folder = tempfile::tempdir().unwrap();
    let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
    std::fs::write(&live, b"").unwrap();
    let plan = engine(&live).plan(&Scope::default()).await.unwrap();
    assert_eq!((plan.tables.len(), plan.omissions.len(), plan.remarks.len()), (0, 0, 0));
    let source = dump(&live, &Scope::default()).await;
    load(&source, &copy).await;
    assert_eq!(source.snapshot_ref().tables, []);
    assert_eq!(shell(&copy, "PRAGMA integrity_check; SELECT count(*) FROM sqlite_schema"), b"ok\n0\n");
    assert_eq!(files_in(folder.path()), ["copy", "live"]);
}

#[tokio::test]
#[ignore = "run by `a_folder_that_may_not_be_written` as a user without rights"]
async fn child_without_rights() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let folder = variable("HOLDFAST_TEST_FOLDER");
    let at = |name: &str| Path::new(&folder).join(name);
    let work =
        Work { scratch_dir: variable("HOLDFAST_TEST_SCRATCH").into(), ..work(&tempfile::tempdir().unwrap()) };
    let take = async |name: &str| engine(&at(name)).dump(&Scope::default(), &Memory::default(), &work).await;
    assert!(std::fs::write(at("probe"), "x").is_err(), "the folder must refuse");

    let snapshot = take("plain").await.unwrap();
    assert_eq!(snapshot.tables[0].rows, 1);
    // A database in WAL mode needs files beside it; if they cannot be made, that is said with what to do.
    let refused = take("logged").await.unwrap_err().into_api();
    assert_eq!(refused.code, ErrorCode::PermissionDenied, "{refused:?}");
    assert!(refused.hint.unwrap().contains("-wal"));
    let refused = take("secret").await.unwrap_err().into_api();
    assert_eq!(refused.code, ErrorCode::PermissionDenied, "{refused:?}");
    let target = at("new");
    let refused =
        engine(&at("plain")).load(target.to_str().unwrap(), &Memory::default().close(snapshot), &work).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::PermissionDenied);
}

#[test]
fn a_folder_that_may_not_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    make(&at("plain"), "CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    make(&at("logged"), "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    make(&at("secret"), "CREATE TABLE t(x)");
    let mode =
        |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    for (name, bits) in [("plain", 0o444), ("logged", 0o444), ("secret", 0o000)] {
        mode(&at(name), bits);
    }
    mode(folder.path(), 0o555);
    mode(scratch.path(), 0o777);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "sqlite_engine::places::child_without_rights",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("HOLDFAST_TEST_FOLDER", folder.path())
        .env("HOLDFAST_TEST_SCRATCH", scratch.path());
    if std::fs::write(at("probe"), "x").is_ok() {
        // The superuser may write anywhere: be nobody.
        std::fs::remove_file(at("probe")).unwrap();
        command.uid(65_534).gid(65_534);
    }
    let ended = command.output().unwrap();
    mode(folder.path(), 0o755);
    assert!(
        ended.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr)
    );
    assert_eq!(files_in(folder.path()), ["logged", "plain", "secret"]);
}
