//! The throw-away MariaDB server of a test program, with its own client programs as witnesses. The superuser is
//! trusted on the socket and from 127.0.0.1; accounts that a story makes have the passwords it gives them.

use holdfast_testkit::Shared;
use holdfast_testkit::mariadb::{self as server, SUPERUSER};
use std::io::{Read, Write};
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub struct Server {
    server: server::Server,
}

impl Server {
    /// The one server of the calling module, started at first use; ends with the test program, however that ends.
    #[track_caller]
    pub fn shared() -> &'static Server {
        static SERVERS: Shared<Server> = Shared::new();
        SERVERS.of(Location::caller(), || Server::start_with(&[]))
    }

    /// A server of its own, with these options on its command line.
    pub fn start_with(settings: &[&str]) -> Server {
        Server { server: server::Server::start(settings) }
    }

    pub fn port(&self) -> u16 {
        self.server.port()
    }
    pub fn socket(&self) -> PathBuf {
        self.server.socket()
    }
    pub fn data_dir(&self) -> PathBuf {
        self.server.data_dir()
    }
    /// `kill -9`; see [`Server::start_again`].
    pub fn kill(&self) {
        self.server.kill();
    }
    pub fn start_again(&self) {
        self.server.start_again();
    }

    /// Through loopback, as superuser.
    pub fn url(&self, database: &str) -> String {
        self.url_as(database, SUPERUSER)
    }
    pub fn url_as(&self, database: &str, user: &str) -> String {
        format!("mariadb://{user}@127.0.0.1:{}/{database}", self.server.port())
    }

    /// A client program, told where the server is.
    pub fn client(&self, program: &str) -> Command {
        self.server.program(program)
    }
    /// Runs a script (`DELIMITER` is known); what it printed, tab-separated, without headings.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.server.script(database, sql).trim_end_matches('\n').to_owned()
    }
    pub fn run_file(&self, database: &str, file: &Path) {
        let script = std::fs::File::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let output = self
            .client("mariadb")
            .args(["--default-character-set=utf8mb4", "--binary-mode", database])
            .stdin(script)
            .output()
            .expect("mariadb starts");
        assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    }
    /// Everything the reference tool says about a database.
    pub fn dump(&self, database: &str) -> String {
        self.server.dump(database)
    }
    /// Databases whose names start so, one in a line.
    pub fn databases_like(&self, prefix: &str) -> String {
        let prefix = prefix.replace('\\', "\\\\").replace('_', "\\_").replace('\'', "''");
        self.sql(
            "",
            &format!(
                "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '{prefix}%' ORDER BY 1"
            ),
        )
    }
    /// A session that stays open until its program is ended.
    pub fn open_session(&self, database: &str) -> Child {
        let mut client = self.client("mariadb");
        client.args(["--batch", "--skip-column-names", "--unbuffered", "--skip-reconnect", database]);
        client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = client.spawn().expect("mariadb starts");
        // The answer proves that the session is there; the open pipe keeps it.
        child.stdin.as_mut().expect("a pipe").write_all(b"select 'here';\n").expect("mariadb reads");
        let mut answer = [0u8; 4];
        child.stdout.as_mut().expect("a pipe").read_exact(&mut answer).expect("mariadb answers");
        child
    }
    /// Runs statements over and over until the program is ended; errors do not stop it.
    pub fn keep_writing(&self, database: &str, sql: &str) -> Child {
        let mut client = self.client("mariadb");
        client.args(["--force", database]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = client.spawn().expect("mariadb starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let sql = format!("{};\n", sql.replace('\n', " "));
        std::thread::spawn(move || while stdin.write_all(sql.as_bytes()).is_ok() {});
        child
    }
}
