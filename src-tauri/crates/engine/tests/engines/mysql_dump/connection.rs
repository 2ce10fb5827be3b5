//! Every step of the way to a server has its own error.

use holdfast_contract::ErrorCode;
use holdfast_contract::connection::{ConnectionSpec, TlsMode, TlsSettings};
use holdfast_engine::mysql::Mysql;
use holdfast_engine::mysql::connect::{Purpose, Session};
use holdfast_engine::{Access, Engine};
use secrecy::SecretString;

use super::access;
use super::server::Server;

fn tcp(server: &Server, host: &str, user: &str, password: Option<&str>, mode: TlsMode) -> Access {
    let spec = ConnectionSpec::Mysql {
        host: host.into(),
        port: server.port(),
        database: "here".into(),
        user: user.into(),
        tls: TlsSettings { mode, ..TlsSettings::default() },
    };
    Access::new(spec).password(password.map(SecretString::from))
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::shared();
    server.run("", "CREATE DATABASE IF NOT EXISTS here; CREATE USER ann IDENTIFIED BY 'p w\"'; GRANT ALL ON here.* TO ann").await;
    server.run("", "CREATE USER ed IDENTIFIED BY 'x'; CREATE USER stranger").await;
    let info = Mysql::new(tcp(server, "127.0.0.1", "ann", Some("p w\""), TlsMode::Prefer))
        .unwrap()
        .ping()
        .await
        .unwrap();
    assert!(info.version.ends_with("-MariaDB") && info.version_number > 100_000, "{info:?}");
    assert_eq!((info.database.as_str(), info.transport.as_str()), ("here", "unencrypted"));
    for (host, user, password, mode, code, native) in [
        ("127.0.0.1", "ann", Some("canary"), TlsMode::Prefer, ErrorCode::AuthenticationFailed, Some("1045")),
        ("127.0.0.1", "ann", None, TlsMode::Prefer, ErrorCode::AuthenticationFailed, Some("1045")),
        ("127.0.0.1", "stranger", None, TlsMode::Prefer, ErrorCode::PermissionDenied, Some("1044")),
        ("127.0.0.1", "ann", Some("p w\""), TlsMode::Require, ErrorCode::TlsFailed, None),
        ("nowhere.invalid", "ann", None, TlsMode::Prefer, ErrorCode::ConnectionNameResolution, None),
        ("/nowhere/socket", "ann", None, TlsMode::Prefer, ErrorCode::ConnectionRefused, Some("os error 2")),
    ] {
        let error =
            Mysql::new(tcp(server, host, user, password, mode)).unwrap().ping().await.unwrap_err().into_api();
        assert_eq!((error.code, error.native.as_deref()), (code, native), "{host} {user}: {error:?}");
        assert!(!format!("{error:?}").contains("canary"));
    }
    let missing =
        Mysql::new(access(server, "nothing_here", "root")).unwrap().ping().await.unwrap_err().into_api();
    assert_eq!((missing.code, missing.native.as_deref()), (ErrorCode::DatabaseMissing, Some("1049")));
    let refused = ConnectionSpec::Mysql {
        host: "127.0.0.1".into(),
        port: 1,
        database: "x".into(),
        user: "x".into(),
        tls: TlsSettings::default(),
    };
    let refused = Access::new(refused);
    let error = Mysql::new(refused).unwrap().ping().await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::ConnectionRefused);
}

#[tokio::test]
async fn the_server_refuses_writes() {
    let server = Server::shared();
    server.run("", "CREATE DATABASE kept; CREATE TABLE kept.t (a int) ENGINE=InnoDB").await;
    let mut readonly = access(server, "kept", "root");
    readonly.read_only = true;
    for (access, purpose) in [(&readonly, Purpose::Load), (&access(server, "kept", "root"), Purpose::Read)] {
        let mut session = Session::open(access, purpose).await.unwrap();
        for statement in ["INSERT INTO t VALUES (1)", "DROP TABLE t", "CREATE TABLE u (a int)", "TRUNCATE t"]
        {
            let error = session.execute("Writing", statement).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::ReadOnly, "{statement}: {error:?}");
        }
        session.close().await;
    }
    let databases = Mysql::new(access(server, "kept", "root")).unwrap().databases().await.unwrap();
    assert!(databases.contains(&"kept".into()) && !databases.contains(&"mysql".into()));
    let advice = Mysql::new(access(server, "kept", "root")).unwrap().advice().await.unwrap();
    assert!(advice.iter().any(|line| line.contains("may do everything")), "{advice:?}");
}
