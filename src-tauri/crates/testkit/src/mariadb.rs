//! A throw-away MariaDB server for a test program: private socket, one loopback port, nothing made durable.
//!
//! The server is a child of a small guardian shell that reads words from this process: it can kill and start
//! the server (a crash loses no more than a crash of the real program would), and however the tests end (also by
//! `kill -9`), the pipe closes, and the guardian ends the server by its id and removes its folder.

use std::io::{BufRead, BufReader, Write};
use std::panic::Location;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Mutex;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions};

use crate::shared::Shared;

/// May do everything, without a password, on the socket and from 127.0.0.1.
pub const SUPERUSER: &str = "root";

pub struct Server {
    /// Data folder, log and socket live here.
    dir: PathBuf,
    port: u16,
    guardian: Mutex<Guardian>,
}

struct Guardian {
    /// Closing its stdin is what ends the server.
    process: Child,
    answers: BufReader<ChildStdout>,
}

/// `innodb-flush-log-at-trx-commit=2`: what a client was told is in the system's hands, so it outlives the server's
/// process, and no disk is waited for.
const GUARDIAN: &str = r#"
trap '' INT TERM HUP
port=$1; shift
for folder in /usr/sbin /usr/local/sbin /usr/libexec; do PATH=$PATH:$folder; done
dir=$(mktemp -d /tmp/holdfast-mariadb.XXXXXX) || exit 1
cd "$dir"
leave() { cat "$1" >&2; cd /; rm -rf "$dir"; exit 1; }
user=$(id -un)
mkdir tmp
mariadb-install-db --no-defaults --auth-root-authentication-method=normal --datadir="$dir/data" --user="$user" \
  --skip-test-db --skip-log-bin --innodb-flush-method=nosync --tmpdir="$dir/tmp" >install.log 2>&1 || leave install.log
start() {
  rm -f s.sock
  : >server.log
  mariadbd --no-defaults --datadir="$dir/data" --user="$user" --tmpdir="$dir/tmp" --socket="$dir/s.sock" \
    --pid-file="$dir/pid" --bind-address=127.0.0.1 --port="$port" --skip-name-resolve --skip-log-bin \
    --innodb-flush-method=nosync --innodb-flush-log-at-trx-commit=2 --sync-frm=OFF --innodb-buffer-pool-size=64M \
    --innodb-fast-shutdown=2 --event-scheduler=OFF --lower-case-table-names=0 "$@" >server.log 2>&1 </dev/null &
  server=$!
  until grep -q 'ready for connections' server.log; do
    kill -0 "$server" 2>/dev/null || leave server.log
    sleep 0.05
  done
}
start "$@"
echo "$dir"
while read -r word; do
  case $word in
    kill) kill -KILL "$server"; wait "$server" 2>/dev/null ;;
    start) start "$@" ;;
  esac
  echo "$word"
done
kill -KILL "$server" 2>/dev/null
wait "$server" 2>/dev/null
cd /
rm -rf "$dir"
"#;

impl Server {
    /// The one server of the calling module, started at first use.
    #[track_caller]
    pub fn shared() -> &'static Server {
        static SERVERS: Shared<Server> = Shared::new();
        SERVERS.of(Location::caller(), || Server::start(&[]))
    }

    /// A server of its own; `settings` are options of the server's command line. It ends when the value is dropped.
    pub fn start(settings: &[&str]) -> Server {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|probe| probe.local_addr());
        let port = port.expect("a free port").port();
        let mut command = Command::new("sh");
        command.args(["-c", GUARDIAN, "guardian"]).arg(port.to_string()).args(settings);
        command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("sh starts the test server");
        let mut answers = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "MariaDB did not start (`cargo xtask setup` installs it); see above");
        let dir = PathBuf::from(line.trim_end());
        Server { dir, port, guardian: Mutex::new(Guardian { process, answers }) }
    }

    pub fn socket(&self) -> PathBuf {
        self.dir.join("s.sock")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's own folder for databases, to look for what was left behind.
    pub fn data_dir(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// Ends the server as a crash would (`kill -9`). Returns when it is gone.
    pub fn kill(&self) {
        self.tell("kill");
    }

    /// Starts it again after [`Server::kill`]. Returns when it answers.
    pub fn start_again(&self) {
        self.tell("start");
    }

    fn tell(&self, word: &str) {
        let mut guardian = self.guardian.lock().unwrap();
        writeln!(guardian.process.stdin.as_mut().unwrap(), "{word}").unwrap();
        let mut answer = String::new();
        guardian.answers.read_line(&mut answer).unwrap();
        assert_eq!(answer.trim_end(), word, "the server did not come back; see above");
    }

    /// Over the private socket; nothing is pinned: sessions are as the server makes them, in utf8mb4.
    pub fn options(&self, database: &str, user: &str) -> MySqlConnectOptions {
        let options = MySqlConnectOptions::new()
            .socket(self.socket())
            .ssl_mode(MySqlSslMode::Disabled)
            .username(user)
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None)
            .disable_statement_logging();
        if database.is_empty() { options } else { options.database(database) }
    }

    /// A plain session of the superuser; an empty name is no database.
    pub async fn connect(&self, database: &str) -> MySqlConnection {
        self.options(database, SUPERUSER).connect().await.expect("the test server lets the superuser in")
    }

    /// Runs any number of statements in one session. What needs `DELIMITER` goes to [`Server::script`].
    pub async fn run(&self, database: &str, sql: &str) {
        let mut conn = self.connect(database).await;
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut conn)
            .await
            .unwrap_or_else(|error| panic!("{error}\nin: {sql}"));
    }

    pub async fn create_database(&self, name: &str) {
        let name = name.replace('`', "``");
        self.run("", &format!("CREATE DATABASE `{name}`")).await;
    }

    /// Feeds a script to the reference client, which knows `DELIMITER`; what it printed.
    pub fn script(&self, database: &str, sql: &str) -> String {
        let mut client = self.program("mariadb");
        client.args(["--batch", "--skip-column-names", "--default-character-set=utf8mb4", database]);
        client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = client.spawn().expect("mariadb starts");
        let mut stdin = child.stdin.take().unwrap();
        let sql = sql.to_owned();
        // Beside the reading, or both sides could wait for each other.
        let feeding = std::thread::spawn(move || stdin.write_all(sql.as_bytes()));
        let output = child.wait_with_output().unwrap();
        let said = text(output, "mariadb");
        feeding.join().unwrap().unwrap();
        said
    }

    /// What the reference tool says about a database: everything, exact, without dates and the database's name.
    pub fn dump(&self, database: &str) -> String {
        let mut tool = self.program("mariadb-dump");
        tool.args(["--routines", "--triggers", "--events", "--single-transaction", "--hex-blob", "--tz-utc"]);
        tool.args(["--skip-dump-date", "--skip-comments", "--order-by-primary", "--skip-extended-insert"]);
        tool.args(["--default-character-set=utf8mb4", "--dump-history", database]);
        let said = text(tool.output().unwrap(), "mariadb-dump");
        let name = format!("`{}`", database.replace('`', "``"));
        ["ALTER DATABASE ", "nextval("]
            .iter()
            .fold(said, |said, before| said.replace(&format!("{before}{name}"), &format!("{before}`this`")))
    }

    /// A client program of the server's own version, pointed at this server as the superuser.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.arg("--no-defaults").arg(format!("--socket={}", self.socket().display()));
        command.arg(format!("--user={SUPERUSER}")).current_dir("/");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let guardian = self.guardian.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        drop(guardian.process.stdin.take());
        drop(guardian.process.wait());
    }
}

fn text(output: Output, program: &str) -> String {
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
