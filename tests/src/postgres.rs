//! The throw-away PostgreSQL server of a test program, with its own client programs as witnesses. Over the socket
//! everybody is trusted; over loopback passwords are asked for, except the superuser's.

use holdfast_testkit::postgres::{self as server, SUPERUSER};
use holdfast_testkit::{Shared, fixtures, pg_dump};
use std::io::Write;
use std::panic::Location;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::ctl::Ctl;

const ACCESS: &str =
    "local all all trust\nhost all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";

pub struct Server {
    server: server::Server,
}

impl Server {
    /// The one server of the calling module, started at first use; ends with the test program, however that ends.
    #[track_caller]
    pub fn shared() -> &'static Server {
        static SERVERS: Shared<Server> = Shared::new();
        SERVERS.of(Location::caller(), Server::start)
    }

    fn start() -> Server {
        Server::start_with(ACCESS, &[])
    }

    /// A server of its own, with these access rules and further lines of `postgresql.conf`.
    pub fn start_with(access: &str, settings: &[String]) -> Server {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|probe| probe.local_addr())
            .expect("a free port")
            .port();
        let rules = tempfile::Builder::new()
            .prefix("holdfast-hba-")
            .permissions(readable())
            .tempfile()
            .expect("a temporary file");
        rules.as_file().write_all(access.as_bytes()).expect("writing the access rules");
        // Read once at the start; the file may go afterwards.
        let mut all = vec![
            format!("port={port}"),
            "listen_addresses='127.0.0.1'".to_owned(),
            format!("hba_file='{}'", rules.path().display()),
            "max_connections=60".to_owned(),
        ];
        all.extend_from_slice(settings);
        let lines: Vec<&str> = all.iter().map(String::as_str).collect();
        Server { server: server::Server::start(&lines) }
    }

    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Through the private socket, as superuser.
    pub fn url(&self, database: &str) -> String {
        self.url_as(database, SUPERUSER)
    }
    pub fn url_as(&self, database: &str, user: &str) -> String {
        format!(
            "postgres://{user}@/{database}?host={}&port={}",
            self.server.socket_dir().display(),
            self.server.port()
        )
    }
    /// Through loopback.
    pub fn tcp_url(&self, database: &str, user: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.server.port())
    }

    /// A client program, told where the server is.
    pub fn client(&self, program: &str) -> Command {
        self.server.program(program)
    }
    /// Runs SQL; what the last statement printed, unaligned.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        finish(self.client("psql").args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]))
            .trim()
            .to_owned()
    }
    pub fn run_script(&self, database: &str, sql: &str) {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), sql).expect("writing the script");
        self.run_file(database, file.path());
    }
    /// A database of this name in the shared server, made by the script, and a vault with a connection to it.
    #[track_caller]
    pub fn filled(name: &str, sql: &str) -> (Ctl, &'static Server) {
        let (ctl, server) = (Ctl::with_vault(), Self::shared());
        server.psql("postgres", &format!("create database {name}"));
        server.run_script(name, sql);
        ctl.run(&["connection", "add", name, "--url", &server.url(name)]).ok();
        (ctl, server)
    }
    /// A database with every captured kind of object, and the roles it needs.
    pub fn make_everything(&self, database: &str) {
        self.psql("postgres", r#"create role app; create role reader; create role auditor; create role "group"; create role "Ünï ""role""""#);
        self.psql("postgres", &format!("create database {database}"));
        let version: u32 = self.psql("postgres", "show server_version_num").parse().expect("a number");
        self.run_script(database, &pg_dump::for_version(fixtures::EVERYTHING, version / 10_000));
    }
    pub fn run_file(&self, database: &str, file: &Path) {
        finish(self.client("psql").args(["-Xq", "-v", "ON_ERROR_STOP=1", "-d", database, "-f"]).arg(file));
    }
    /// Plain text without the random tokens that differ from run to run.
    pub fn pg_dump(&self, database: &str, options: &[&str]) -> String {
        let text = self.server.pg_dump(database, options);
        let differs = |line: &&str| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict");
        text.lines().filter(differs).map(|line| format!("{line}\n")).collect()
    }
    /// A session that stays open until its program is ended.
    pub fn open_session(&self, database: &str) -> Child {
        let mut psql = self.client("psql");
        psql.args(["-XqAt", "-d", database])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = psql.spawn().expect("psql starts");
        // The answer proves that the session is there; the open pipe keeps it.
        child.stdin.as_mut().expect("a pipe").write_all(b"select 'here';\n").expect("psql reads");
        let mut answer = [0u8; 4];
        std::io::Read::read_exact(child.stdout.as_mut().expect("a pipe"), &mut answer).expect("psql answers");
        child
    }
    /// Runs a statement over and over until the program is ended.
    pub fn keep_writing(&self, database: &str, sql: &str) -> Child {
        let mut psql = self.client("psql");
        psql.args(["-Xq", "-d", database]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = psql.spawn().expect("psql starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let sql = format!("{};\n", sql.replace('\n', " "));
        std::thread::spawn(move || while stdin.write_all(sql.as_bytes()).is_ok() {});
        child
    }
}

fn finish(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The server runs as another user than root.
fn readable() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}
