//! TLS to a real server with certificates of our own: each mode does what its libpq name promises, and never less.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use holdfast_tests::ctl::Ctl;
use holdfast_tests::postgres::Server;
use tempfile::TempDir;

const ACCESS: &str = "local all all trust\n\
     hostssl all badge 127.0.0.1/32 cert\n\
     hostssl all all 127.0.0.1/32 trust\n";

struct Authority {
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("holdfast-tls-").tempdir().unwrap();
        let authority = Self { folder };
        for name in ["ca", "stranger"] {
            let subject = format!("/CN=Holdfast test {name}");
            authority.openssl(
                &["req", "-x509", "-days", "30", "-subj", &subject, "-out", &format!("{name}.pem")],
                &[name],
            );
        }
        authority
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// With a fresh key `NAME.key` where a name is given.
    fn openssl(&self, arguments: &[&str], fresh_key: &[&str]) {
        let mut command = Command::new("openssl");
        command.current_dir(self.folder.path()).args(arguments);
        for name in fresh_key {
            command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout"]);
            command.arg(format!("{name}.key"));
        }
        let output = command.output().expect("the openssl program");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// `NAME.pem` and `NAME.key`, signed by the authority.
    fn sign(&self, name: &str, common_name: &str, extension: &str, days: &str) {
        let (request, certificate, subject) =
            (format!("{name}.csr"), format!("{name}.pem"), format!("/CN={common_name}"));
        self.openssl(&["req", "-subj", &subject, "-out", &request], &[name]);
        std::fs::write(self.path("extensions"), extension).unwrap();
        let signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions"];
        let mut arguments = vec!["x509", "-req", "-in", &request, "-days", days, "-out", &certificate];
        arguments.extend_from_slice(&signer);
        self.openssl(&arguments, &[]);
    }

    /// What the server reads belongs to the user that it runs as.
    fn give_to_the_server(&self) {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        std::fs::set_permissions(self.folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
            for name in ["server.pem", "server.key", "ca.pem"] {
                assert!(
                    Command::new("chown").arg("postgres").arg(self.path(name)).status().unwrap().success()
                );
            }
        }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn each_mode_keeps_its_promise() {
    let authority = Authority::new();
    authority.sign("server", "localhost", "subjectAltName=DNS:localhost", "30");
    authority.sign("badge", "badge", "extendedKeyUsage=clientAuth", "30");
    authority.give_to_the_server();
    let files = [("ssl_cert_file", "server.pem"), ("ssl_key_file", "server.key"), ("ssl_ca_file", "ca.pem")];
    let mut settings: Vec<String> =
        files.iter().map(|(name, file)| format!("{name}='{}'", shown(&authority.path(file)))).collect();
    settings.push("ssl=on".to_owned());
    let server = Server::start_with(ACCESS, &settings);
    server.psql("postgres", "create role badge login");

    let ctl = Ctl::new();
    let (ca, stranger) = (shown(&authority.path("ca.pem")), shown(&authority.path("stranger.pem")));
    let mut tried = 0;
    let mut test = |host: &str, user: &str, parameters: &str| {
        tried += 1;
        let name = format!("t{tried}");
        let url = format!("postgres://{user}@{host}:{}/postgres?{parameters}", server.port());
        ctl.run(&["connection", "add", &name, "--url", &url]).ok();
        let document = ctl.run(&["--json", "connection", "test", &name]).json();
        match document["ok"] == true {
            true => document["server"]["transport"].as_str().unwrap().to_owned(),
            false => document["error"]["code"].as_str().unwrap().to_owned(),
        }
    };
    let badge = format!(
        "&sslcert={}&sslkey={}",
        shown(&authority.path("badge.pem")),
        shown(&authority.path("badge.key"))
    );
    for (host, parameters) in [
        ("127.0.0.1", "sslmode=prefer".to_owned()),
        ("127.0.0.1", "sslmode=require".to_owned()),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={ca}")),
        ("localhost", format!("sslmode=verify-full&sslrootcert={ca}")),
    ] {
        let transport = test(host, "postgres", &parameters);
        assert!(transport.starts_with("TLS"), "{parameters}: {transport}");
    }
    for (host, parameters) in [
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={ca}")),
        ("localhost", format!("sslmode=verify-full&sslrootcert={stranger}")),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={stranger}")),
        ("localhost", "sslmode=verify-full".to_owned()),
    ] {
        assert_eq!(test(host, "postgres", &parameters), "tls_failed", "{host} {parameters}");
    }
    let plain = test("127.0.0.1", "postgres", "sslmode=disable");
    assert_eq!(plain, "authentication_failed", "the server lets nobody in without TLS");

    let verified = format!("sslmode=verify-full&sslrootcert={ca}");
    assert_ne!(
        test("localhost", "badge", &verified).split(' ').next(),
        Some("TLS"),
        "no certificate, no entry"
    );
    let with_badge = test("localhost", "badge", &format!("{verified}{badge}"));
    assert!(with_badge.starts_with("TLS"), "the client's certificate opens the door: {with_badge}");

    // The same server with a certificate that has run out.
    authority.sign("server", "localhost", "subjectAltName=DNS:localhost", "0");
    authority.give_to_the_server();
    server.psql("postgres", "select pg_reload_conf()");
    // It runs out within the second, and the server takes it up in its own time.
    let refused = (0..50).any(|_| test("localhost", "postgres", &verified) == "tls_failed");
    assert!(refused, "a certificate that has run out is refused");
}
