//! A throw-away PostgreSQL server for a test program: private socket, no network, no fsync.
//!
//! The server is a child of a small guardian shell that waits on a pipe from this process. However the
//! tests end (also by `kill -9`), the pipe closes, and the guardian stops the server and removes its folder.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use holdfast_contract::connection::{ConnectionSpec, TlsSettings};
use holdfast_engine::{Access, Engine, engine};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions};

use crate::shared::Shared;

/// The cluster's superuser, trusted on the socket like every other role.
pub const SUPERUSER: &str = "postgres";

pub struct Server {
    bin: PathBuf,
    /// Data folder, log and socket live here.
    dir: PathBuf,
    port: u16,
    /// Closing its stdin is what ends the server.
    guardian: Child,
}

const GUARDIAN: &str = r#"
trap '' INT TERM HUP
bin=$1; shift
dir=$(mktemp -d /tmp/holdfast-pg.XXXXXX) || exit 1
cd "$dir"
"$bin/initdb" -D data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >initdb.log 2>&1 \
  || { cat initdb.log >&2; rm -rf "$dir"; exit 1; }
{ printf "listen_addresses=''\nunix_socket_directories='%s'\nfsync=off\nfull_page_writes=off\n" "$dir"
  printf "synchronous_commit=off\nmax_locks_per_transaction=1024\nshared_buffers=64MB\nautovacuum=off\n"
  for setting in "$@"; do printf '%s\n' "$setting"; done; } >>data/postgresql.conf
"$bin/pg_ctl" -D data -l server.log -w start >/dev/null || { cat server.log >&2; rm -rf "$dir"; exit 1; }
echo "$dir"
cat >/dev/null
"$bin/pg_ctl" -D data -m immediate -w stop >/dev/null
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

    /// A server of its own; `settings` are lines for `postgresql.conf`. It ends when the value is dropped.
    pub fn start(settings: &[&str]) -> Server {
        Self::start_from(bin_dir(), settings)
    }

    /// A server of one major version out of those that [`versions`] names.
    pub fn start_version(major: u32, settings: &[&str]) -> Server {
        Self::start_from(version(major), settings)
    }

    fn start_from(bin: PathBuf, settings: &[&str]) -> Server {
        let mut command = as_ordinary_user("sh");
        command.args(["-c", GUARDIAN, "guardian"]).arg(&bin).args(settings);
        command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut guardian = command.spawn().expect("sh (or runuser, as root) starts the test server");
        let mut line = String::new();
        BufReader::new(guardian.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the PostgreSQL of {} did not start; see above", bin.display());
        let port = settings.iter().find_map(|setting| setting.strip_prefix("port=")?.parse().ok());
        Server { bin, dir: PathBuf::from(line.trim_end()), port: port.unwrap_or(5432), guardian }
    }

    /// The socket's folder: what libpq calls the host.
    pub fn socket_dir(&self) -> &Path {
        &self.dir
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn options(&self, database: &str, user: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.dir)
            .port(self.port())
            .database(database)
            .username(user)
            .disable_statement_logging()
    }

    /// A connection of the application's.
    pub fn access(&self, database: &str, user: &str) -> Access {
        let spec = ConnectionSpec::Postgres {
            host: self.dir.to_str().unwrap().into(),
            port: self.port(),
            database: database.into(),
            user: user.into(),
            tls: TlsSettings::default(),
        };
        Access::new(spec)
    }

    pub fn engine_as(&self, database: &str, user: &str) -> Box<dyn Engine> {
        engine(self.access(database, user)).unwrap()
    }

    /// As the superuser.
    pub fn engine(&self, database: &str) -> Box<dyn Engine> {
        self.engine_as(database, SUPERUSER)
    }

    /// A plain session of the superuser.
    pub async fn connect(&self, database: &str) -> PgConnection {
        self.options(database, SUPERUSER).connect().await.expect("the test server lets the superuser in")
    }

    /// Runs a script of any number of statements in one session.
    pub async fn run(&self, database: &str, sql: &str) {
        let mut conn = self.connect(database).await;
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut conn)
            .await
            .unwrap_or_else(|error| panic!("{error}\nin: {sql}"));
    }

    /// `CREATE DATABASE` from template0.
    pub async fn create_database(&self, name: &str) {
        let name = name.replace('"', "\"\"");
        self.run("postgres", &format!("CREATE DATABASE \"{name}\" TEMPLATE template0")).await;
    }

    /// What the reference tool says about a database; the arguments choose (`--schema-only`…).
    pub fn pg_dump(&self, database: &str, arguments: &[&str]) -> String {
        let output = self.program("pg_dump").args(arguments).args(["-d", database]).output().unwrap();
        text(output, "pg_dump")
    }

    /// A client program of the server's own version (where it comes with none, the newest), pointed at this server as
    /// the superuser.
    pub fn program(&self, name: &str) -> Command {
        let own = self.bin.join(name);
        let mut command =
            Command::new(if own.exists() { own } else { fetched("postgresql-clients").join(name) });
        command
            .env_clear()
            .env("PGHOST", &self.dir)
            .env("PGPORT", self.port().to_string())
            .env("PGUSER", SUPERUSER);
        command.env("PGCLIENTENCODING", "UTF8");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guardian.stdin.take());
        drop(self.guardian.wait());
    }
}

fn text(output: Output, program: &str) -> String {
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Major versions, the newest last, that `cargo xtask setup` could fetch; what `test` leaves out for want of one is said by name.
pub fn versions(test: &str) -> Vec<u32> {
    let clients = fetched("postgresql-clients");
    if !clients.join("pg_dump").exists() {
        crate::skipped(test, &format!("no pg_dump at {}: see `cargo xtask setup`", clients.display()));
        return Vec::new();
    }
    let (here, missing): (Vec<u32>, Vec<u32>) =
        (13..=18).partition(|major| version(*major).join("postgres").exists());
    for major in missing {
        let reason = format!("it is not at {}: see `cargo xtask setup`", version(major).display());
        crate::skipped_in_part(test, &format!("PostgreSQL {major}"), &reason);
    }
    here
}

fn version(major: u32) -> PathBuf {
    fetched(&format!("postgresql-{major}"))
}

/// The programs of a folder that `cargo xtask setup` made beside the built ones.
pub fn fetched(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let target = own.ancestors().nth(3).unwrap();
    target.join("servers").join(name).join("bin")
}

/// `HOLDFAST_PG_BIN`, else the newest installed version.
fn bin_dir() -> PathBuf {
    if let Some(chosen) = std::env::var_os("HOLDFAST_PG_BIN") {
        return chosen.into();
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").map(|found| {
        found
            .flatten()
            .map(|entry| entry.path().join("bin"))
            .filter(|bin| bin.join("initdb").exists())
            .max_by_key(|bin| {
                bin.parent().and_then(Path::file_name).and_then(|name| name.to_str()?.parse::<u32>().ok())
            })
    });
    versions.ok().flatten().expect("PostgreSQL server programs: install postgresql, or set HOLDFAST_PG_BIN")
}

/// The server refuses to run as root.
fn as_ordinary_user(program: &str) -> Command {
    let own = tempfile::NamedTempFile::new().unwrap();
    if own.as_file().metadata().unwrap().uid() != 0 {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", program]);
    command
}
