//! Through the near end of a tunnel: the address that is dialled and the name that the certificate must bear are two things, on
//! every way to a server, and a near end that is gone is told as what it is.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use holdfast_contract::ErrorCode;
use holdfast_contract::connection::{ConnectionSpec, TlsMode, TlsSettings};
use holdfast_contract::snapshot::Scope;
use holdfast_engine::{Access, Engine, NearEnd, engine};
use holdfast_testkit::memory::{Memory, work};
use holdfast_testkit::{mariadb, postgres};
use tokio::net::{TcpStream, UnixListener};

/// Known to the certificate and to no name server.
const NAME: &str = "db.behind.invalid";

/// Bears [`NAME`], signed by itself.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let (pem, key) = (folder.join("server.pem"), folder.join("server.key"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-days",
            "30",
            "-nodes",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-subj", &format!("/CN={NAME}"), "-addext", &format!("subjectAltName=DNS:{NAME}")])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .args([&key, Path::new("-out"), &pem])
        .output()
        .expect("the openssl program");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (pem, key)
}

/// For root, PostgreSQL runs as another account, and wants its key to be its own.
fn hand_to_the_server(paths: &[&Path]) {
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        assert!(Command::new("chown").arg("postgres").args(paths).status().unwrap().success());
    }
}

/// Hands on what comes to the near end.
struct Forwarder(tokio::task::JoinHandle<()>);

impl Forwarder {
    fn listen(socket: &Path, port: u16) -> Self {
        drop(std::fs::remove_file(socket));
        let listener = UnixListener::bind(socket).unwrap();
        Self(tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    // Ends with either side.
                    drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
                });
            }
        }))
    }

    /// Returns when nobody listens any more.
    async fn end(self) {
        self.0.abort();
        drop(self.0.await);
    }
}

/// A server at `port` of this machine that says it is [`NAME`].
async fn holds(spec: impl Fn(&str, TlsSettings) -> ConnectionSpec, port: u16, pem: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let near_end = NearEnd::new(folder.path().to_owned());
    let at = |host: &str, mode: TlsMode, ca: bool| -> Box<dyn Engine> {
        let ca_file = ca.then(|| pem.to_str().unwrap().to_owned());
        let spec = spec(host, TlsSettings { mode, ca_file, ..TlsSettings::default() });
        engine(Access::new(spec).through(near_end.clone())).unwrap()
    };
    let socket = near_end.socket(&spec(NAME, TlsSettings::default())).unwrap();
    let forwarder = Forwarder::listen(&socket, port);
    let shop = at(NAME, TlsMode::VerifyFull, true);
    let server = shop.ping().await.unwrap();
    assert!(server.transport.contains("TLS"), "{}", server.transport);
    let memory = Memory::default();
    let dumped = shop.dump().unwrap().dump(&Scope::default(), &memory, &work(2)).await.unwrap();
    assert_eq!(dumped.tables.iter().map(|table| table.rows).sum::<u64>(), 3, "several sessions at once");
    let mut session = shop.connect().await.unwrap();
    assert_eq!(session.value("Asking", "SELECT 1").await.unwrap().as_deref(), Some("1"));

    // Another name, or nobody who vouches for it: refused, as without a tunnel.
    for (host, ca) in [("db.elsewhere.invalid", true), (NAME, false)] {
        let refused = at(host, TlsMode::VerifyFull, ca).ping().await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::TlsFailed, "{host}: {refused:?}");
    }
    at("db.elsewhere.invalid", TlsMode::VerifyCa, true).ping().await.unwrap();

    forwarder.end().await;
    let gone = shop.ping().await.unwrap_err();
    assert_eq!(gone.code(), ErrorCode::ConnectionRefused, "{gone:?}");
    assert!(gone.into_api().message.contains(NAME), "by the server's name");
    let _again = Forwarder::listen(&socket, port);
    shop.ping().await.unwrap();
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn to_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, key) = certificate(folder.path());
    let settings = [
        "ssl=on".to_owned(),
        "listen_addresses='127.0.0.1'".to_owned(),
        format!("ssl_cert_file='{}'", pem.display()),
        format!("ssl_key_file='{}'", key.display()),
    ];
    hand_to_the_server(&[folder.path(), &pem, &key]);
    let server = postgres::Server::start(&settings.each_ref().map(String::as_str));
    server.run("postgres", "CREATE DATABASE shop").await;
    server.run("shop", "CREATE TABLE t AS SELECT generate_series(1, 3) AS n").await;
    let port = server.port();
    let spec = |host: &str, tls: TlsSettings| ConnectionSpec::Postgres {
        host: host.into(),
        port,
        database: "shop".into(),
        user: postgres::SUPERUSER.into(),
        tls,
    };
    holds(spec, port, &pem).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn to_mariadb() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, key) = certificate(folder.path());
    let settings = [format!("--ssl-cert={}", pem.display()), format!("--ssl-key={}", key.display())];
    let server = mariadb::Server::start(&settings.each_ref().map(String::as_str));
    server.run("", "CREATE DATABASE shop; CREATE TABLE shop.t (n int primary key); INSERT INTO shop.t VALUES (1), (2), (3)").await;
    let port = server.port();
    let spec = |host: &str, tls: TlsSettings| ConnectionSpec::Mysql {
        host: host.into(),
        port,
        database: "shop".into(),
        user: mariadb::SUPERUSER.into(),
        tls,
    };
    holds(spec, port, &pem).await;
}
