//! What a connection may do, and how it fails to come about.

use holdfast_contract::ErrorCode;
use holdfast_contract::connection::{ConnectionSpec, TlsMode, TlsSettings};
use holdfast_engine::{Access, engine};
use secrecy::SecretString;

use super::memory::work;
use super::server::{self, Server};
use super::{backed_up, code};

#[tokio::test]
async fn a_read_only_connection_is_refused_by_the_server() {
    let server = Server::shared();
    server.create_database("guarded").await;
    let guarded = engine(server.access("guarded", server::SUPERUSER).read_only(true)).unwrap();
    let stored = backed_up(&*guarded, 1).await;
    let load = guarded.load().unwrap();
    for error in
        [load.load("guarded_copy", &stored, &work(1)).await.map(drop), load.drop_database("postgres").await]
    {
        let error = error.unwrap_err().into_api();
        assert_eq!((error.code, error.native.as_deref()), (ErrorCode::ReadOnly, Some("25006")));
    }
    let preflight = load.preflight(&stored.snapshot, &stored.objects).await.unwrap();
    assert!(preflight.blockers.iter().any(|text| text.contains("read-only")));
}

#[tokio::test]
async fn every_step_of_connecting_fails_by_its_own_name() {
    let server = Server::start(&["listen_addresses='127.0.0.1'", "port=25439"]);
    server.create_database("closed").await;
    server
        .run(
            "postgres",
            "CREATE ROLE known LOGIN PASSWORD 'right'; CREATE ROLE barred; \
              REVOKE CONNECT ON DATABASE closed FROM PUBLIC; CREATE ROLE plain LOGIN",
        )
        .await;
    let hba = server.socket_dir().join("data/pg_hba.conf");
    std::fs::write(&hba, "local all all trust\nhost all known 127.0.0.1/32 scram-sha-256\nhost all barred 127.0.0.1/32 trust\n").unwrap();
    server.run("postgres", "SELECT pg_reload_conf()").await;

    let at = |host: &str, port: u16, database: &str, user: &str, password: Option<&str>, mode: TlsMode| {
        let spec = ConnectionSpec::Postgres {
            host: host.into(),
            port,
            database: database.into(),
            user: user.into(),
            tls: TlsSettings { mode, ..TlsSettings::default() },
        };
        Access::new(spec).password(password.map(|text| SecretString::from(text.to_owned())))
    };
    let port = server.port();
    let socket = server.socket_dir().to_str().unwrap().to_owned();
    let prefer = TlsMode::Prefer;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let cases = [
        (
            at("no-such-host.invalid", port, "postgres", "known", None, prefer),
            ErrorCode::ConnectionNameResolution,
            None,
        ),
        (at("127.0.0.1", free, "postgres", "known", None, prefer), ErrorCode::ConnectionRefused, None),
        (at("/nonexistent", port, "postgres", "known", None, prefer), ErrorCode::ConnectionRefused, None),
        (
            at("127.0.0.1", port, "postgres", "known", Some("canary-wrong"), prefer),
            ErrorCode::AuthenticationFailed,
            Some("28P01"),
        ),
        (
            at("127.0.0.1", port, "postgres", "known", None, prefer),
            ErrorCode::AuthenticationFailed,
            Some("28P01"),
        ),
        (
            at("127.0.0.1", port, "postgres", "barred", None, prefer),
            ErrorCode::AuthenticationFailed,
            Some("28000"),
        ),
        (
            at("127.0.0.1", port, "postgres", "stranger", None, prefer),
            ErrorCode::AuthenticationFailed,
            Some("28000"),
        ),
        (
            at("127.0.0.1", port, "postgres", "known", Some("right"), TlsMode::Require),
            ErrorCode::TlsFailed,
            None,
        ),
        (
            at("127.0.0.1", port, "missing", "known", Some("right"), prefer),
            ErrorCode::DatabaseMissing,
            Some("3D000"),
        ),
        (at(&socket, port, "closed", "plain", None, prefer), ErrorCode::PermissionDenied, Some("42501")),
    ];
    for (access, code, native) in cases {
        let place = format!("{:?}", access.spec);
        let error = engine(access).unwrap().ping().await.unwrap_err().into_api();
        assert_eq!(
            (error.code, error.native.as_deref().filter(|text| !text.starts_with("os error"))),
            (code, native),
            "{place}"
        );
        assert!(error.hint.is_some(), "{place}");
        assert!(!format!("{error:?}").contains("canary"), "no password in any error");
    }

    // Somebody who accepts and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let access = at("127.0.0.1", silent.local_addr().unwrap().port(), "postgres", "known", None, prefer);
    assert_eq!(code(engine(access).unwrap().ping().await), ErrorCode::ConnectionTimedOut);

    let good = engine(at("127.0.0.1", port, "postgres", "known", Some("right"), prefer)).unwrap();
    let info = good.ping().await.unwrap();
    assert_eq!((info.transport.as_str(), info.database.as_str()), ("unencrypted", "postgres"));
    assert!(
        info.version_number >= 130_000
            && info.version.starts_with(&(info.version_number / 10_000).to_string())
    );
    assert!(good.databases().await.unwrap().contains(&"postgres".to_owned()));
    let superuser = engine(at(&socket, port, "postgres", server::SUPERUSER, None, prefer)).unwrap();
    assert!(superuser.advice().await.unwrap().iter().any(|text| text.contains("superuser")));
}
