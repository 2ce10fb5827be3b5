//! The words of the command line and what `--help` says about them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Back up databases into one encrypted vault, prove that every backup restores, and restore safely.
#[derive(Parser)]
#[command(
    name = "holdfastctl",
    version,
    propagate_version = true,
    after_help = "First steps:\n  holdfastctl vault init\n  holdfastctl connection add shop --url postgres://admin@db.example.com/shop --password-stdin\n  \
                  holdfastctl backup create shop\n  holdfastctl backup verify ID --level restored\n  holdfastctl restore ID --to shop\n\n\
                  Exit codes: 0 done, 1 failed, 2 usage, 3 confirmation missing or wrong, 4 verification failed or damage found."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Args, Clone)]
pub struct Global {
    /// Data folder: catalog, settings and, unless chosen otherwise, the vault
    #[arg(long, global = true, value_name = "DIR", env = "HOLDFAST_HOME")]
    pub home: Option<PathBuf>,
    /// Print one JSON document for programs
    #[arg(long, global = true)]
    pub json: bool,
    /// Where secrets are kept: the system's keychain, or a file sealed by the passphrase
    #[arg(
        long,
        global = true,
        value_enum,
        env = "HOLDFAST_SECRETS",
        default_value = "keychain",
        hide_default_value = true
    )]
    pub secrets: SecretsPlace,
    /// Log to the terminal: error, warn, info, debug or trace
    #[arg(long, global = true, value_name = "LEVEL", env = "HOLDFAST_LOG")]
    pub log: Option<String>,
    /// Set by `--detach` for the process it leaves behind
    #[arg(long, global = true, hide = true)]
    pub announce: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SecretsPlace {
    Keychain,
    File,
}

#[derive(Subcommand)]
pub enum Command {
    /// Make, open and look after the vault
    #[command(subcommand)]
    Vault(Vault),
    /// Databases that Holdfast looks after
    #[command(subcommand)]
    Connection(Connection),
    /// Take, list, prove, export and delete backups
    #[command(subcommand)]
    Backup(Backup),
    /// Restore a backup: into a new database, or replacing the live one after proof
    Restore(Restore),
    /// Run a foreign SQL file (pg_dump, mysqldump, sqlite3 .dump, by hand): into a new database, or the live one
    Import(Import),
    /// Long work: list, watch, cancel
    #[command(subcommand)]
    Job(Job),
    /// Work that happens by itself, while the window is open or `worker` runs
    #[command(subcommand)]
    Schedule(Schedule),
    /// Which backups stay: rules, what they would do, and doing it
    #[command(subcommand)]
    Retention(Retention),
    /// Run schedules on a machine without a screen, until it is ended (Ctrl-C or SIGTERM)
    Worker,
    /// The tamper-evident record of every operation
    #[command(subcommand)]
    Audit(Audit),
    /// Any operation by its name, with its request as JSON (`call` without a name lists them)
    Call(Call),
    /// The API of `call` as an OpenAPI 3.1 document
    Openapi,
    /// A completion script for your shell
    Completions { shell: clap_complete::Shell },
}

#[derive(Subcommand)]
pub enum Vault {
    /// Make the vault. The passphrase is asked for, or read from HOLDFAST_PASSPHRASE_FILE
    Init {
        /// Folder of the vault; without it `vault` in the data folder
        #[arg(long, value_name = "DIR")]
        path: Option<String>,
        /// Do not keep a key in the keychain: the passphrase is asked for each time
        #[arg(long)]
        no_remember: bool,
    },
    /// Where it is, whether it opens, what it holds
    Status,
    /// Take up a vault that exists already, with its passphrase or recovery kit
    Attach {
        path: String,
        /// Open it with the words of the recovery kit (asked for, or from standard input)
        #[arg(long)]
        recovery_kit: bool,
        #[arg(long)]
        no_remember: bool,
    },
    /// Check that every object is there and unchanged
    Check {
        /// Also decrypt, decompress and compare every chunk
        #[arg(long)]
        read_data: bool,
        #[command(flatten)]
        detach: Detach,
    },
    /// Free the space of deleted backups
    Prune {
        /// Show what would go
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        detach: Detach,
    },
    /// Print a new recovery kit; older kits stop working
    RecoveryKit,
    /// Change the passphrase
    ChangePassphrase {
        /// Read the new passphrase from this file instead of the terminal
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
}

#[derive(Args, Clone)]
pub struct Detach {
    /// Start it, print the ids and return; it goes on in the background
    #[arg(long)]
    pub detach: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum EnvironmentName {
    Development,
    Staging,
    Production,
}

#[derive(Args)]
pub struct PasswordFrom {
    /// Read the password from the first line of standard input
    #[arg(long)]
    pub password_stdin: bool,
    /// Read the password from the first line of a file
    #[arg(long, value_name = "FILE", conflicts_with = "password_stdin")]
    pub password_file: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Connection {
    /// Add a database: postgres://user@host/db?sslmode=verify-full, mysql://user@host/db?ssl-mode=VERIFY_IDENTITY, or sqlite:///absolute/path
    Add {
        name: String,
        #[arg(long)]
        url: String,
        #[command(flatten)]
        password: PasswordFrom,
        #[arg(long = "env", value_enum, default_value = "development")]
        environment: EnvironmentName,
        /// Group in the list
        #[arg(long)]
        group: Option<String>,
        /// The server itself must refuse every write through this connection
        #[arg(long)]
        read_only: bool,
        /// Prove each backup by a test restore right after it was taken
        #[arg(long)]
        prove: bool,
    },
    /// All connections
    List,
    /// Take the very path the real work takes and say what fails
    Test { name: String },
    /// Forget a connection and its password; its backups stay
    Remove { name: String },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Kind {
    Full,
    Schema,
    Data,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum LevelName {
    Stored,
    Decoded,
    Restored,
}

#[derive(Args)]
pub struct ScopeArgs {
    #[arg(long, value_enum, default_value = "full")]
    pub kind: Kind,
    /// Only these tables (`schema.table`, `table`, with * and ?); may be repeated
    #[arg(long = "table", value_name = "T")]
    pub tables: Vec<String>,
    /// Leave out these tables; may be repeated
    #[arg(long, value_name = "T")]
    pub exclude: Vec<String>,
}

#[derive(Subcommand)]
pub enum Backup {
    /// Take a backup and print its id
    Create {
        name: String,
        #[command(flatten)]
        scope: ScopeArgs,
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        /// Refuse instead of making a partial backup
        #[arg(long)]
        strict: bool,
        /// Prove it by a test restore
        #[arg(long)]
        prove: bool,
        #[command(flatten)]
        detach: Detach,
    },
    /// What a backup would hold, and what it could not
    Plan {
        name: String,
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// Backups, newest first
    List { name: Option<String> },
    /// Tables, omissions and proofs of one backup
    Show { id: String },
    /// Prove a backup as far as you ask for
    Verify {
        id: String,
        #[arg(long, value_enum, default_value = "restored")]
        level: LevelName,
        /// Make the scratch database on this connection's server
        #[arg(long, value_name = "NAME")]
        scratch: Option<String>,
        #[command(flatten)]
        detach: Detach,
    },
    /// Keep it whatever the retention rules say
    Pin { id: String },
    /// Let the retention rules decide about it again
    Unpin { id: String },
    /// The record of a backup's proof: printed, or saved as a file
    Proof {
        id: String,
        /// Save it here instead: JSON, or a page for people with --text
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        #[arg(long, requires = "to")]
        text: bool,
        /// Replace the file if it is there
        #[arg(long, requires = "to")]
        overwrite: bool,
    },
    /// Delete a backup (`vault prune` frees its space)
    Delete {
        id: String,
        /// The backup's name, when the plan asks for it
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
    },
    /// Write a backup as plain SQL or as an SQLite file
    Export {
        id: String,
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        #[arg(long, value_enum, default_value = "sql")]
        format: Format,
        /// Replace the file if it is there
        #[arg(long)]
        overwrite: bool,
        #[command(flatten)]
        detach: Detach,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    Sql,
    Sqlite,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Restore {
    #[command(subcommand)]
    pub command: Option<RestoreCommand>,
    /// The backup
    #[arg(required = true)]
    pub id: Option<String>,
    /// The connection whose server receives it
    #[arg(long, value_name = "NAME", required = true)]
    pub to: Option<String>,
    /// Name of the new database (SQLite: path of the new file); without it a name is made up and printed
    #[arg(long, value_name = "DB", conflicts_with = "replace")]
    pub database: Option<String>,
    /// Only these tables, into the connection's live database (`schema.table`, `table`, with * and ?); may be repeated
    #[arg(long = "table", value_name = "T", conflicts_with = "database")]
    pub tables: Vec<String>,
    /// Replace the live database, or the tables of the same names, after what was restored has been proven
    #[arg(long)]
    pub replace: bool,
    /// With --table: the new name of a single table
    #[arg(long = "as", value_name = "TABLE", requires = "tables", conflicts_with_all = ["replace", "suffix"])]
    pub table_name: Option<String>,
    /// With --table: what is appended to each table's name
    #[arg(long, value_name = "TEXT", requires = "tables", conflicts_with = "replace")]
    pub suffix: Option<String>,
    /// With --table: the schema that receives the tables
    #[arg(long, value_name = "SCHEMA", requires = "tables", conflicts_with = "replace")]
    pub schema: Option<String>,
    /// With --table and --replace: also when rows would be left pointing to rows that are not there
    #[arg(long, requires = "tables", requires = "replace")]
    pub allow_dangling: bool,
    /// Create roles and tablespaces that the server lacks first; what exists is never altered
    #[arg(long)]
    pub globals: bool,
    /// MySQL and MariaDB: let views, routines, triggers and events run as this login, not as their definers
    #[arg(long)]
    pub map_definers: bool,
    /// The live database's name, to confirm --replace
    #[arg(long, value_name = "DB")]
    pub confirm: Option<String>,
    /// Show what would happen and stop
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub detach: Detach,
}

#[derive(Args)]
pub struct Import {
    /// The file: .sql, or compressed with gzip or zstd
    pub file: PathBuf,
    /// The connection that receives it
    #[arg(long, value_name = "NAME")]
    pub to: String,
    /// Name of the new database (SQLite: path of the new file); without it a name is made up and printed
    #[arg(long, value_name = "DB", conflicts_with_all = ["into_live", "replace"])]
    pub database: Option<String>,
    /// Run it in the live database: in one transaction, after a proven safety backup
    #[arg(long, conflicts_with = "replace")]
    pub into_live: bool,
    /// Run it in a database of its own that then takes the live one's place; undo with `restore undo`
    #[arg(long)]
    pub replace: bool,
    /// The live database's name, to confirm --into-live or --replace
    #[arg(long, value_name = "DB")]
    pub confirm: Option<String>,
    /// The dialect, when the guess is wrong
    #[arg(long, value_enum)]
    pub dialect: Option<DialectName>,
    /// Pass over ownership and grants, for a server that lacks the roles
    #[arg(long)]
    pub without_owners: bool,
    /// Look through the file, show what would happen, and stop
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub detach: Detach,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum DialectName {
    Postgres,
    Mysql,
    Sqlite,
}

#[derive(Subcommand)]
pub enum RestoreCommand {
    /// Put the replaced database back
    Undo {
        id: String,
        #[arg(long, value_name = "DB")]
        confirm: Option<String>,
    },
    /// Let go of the replaced database; undo is not possible afterwards
    Release {
        id: String,
        #[arg(long, value_name = "DB")]
        confirm: Option<String>,
    },
    /// Restores, newest first
    List { name: Option<String> },
    /// One restore with its proof
    Show { id: String },
}

#[derive(Subcommand)]
pub enum Job {
    /// Jobs, newest first
    List {
        /// Only what runs or waits
        #[arg(long)]
        active: bool,
    },
    /// Follow a job until it ends
    Watch { id: String },
    /// Ask a job to stop
    Cancel { id: String },
}

#[derive(Subcommand)]
pub enum Audit {
    /// The newest entries
    List {
        #[arg(long)]
        search: Option<String>,
        #[arg(long, default_value = "50")]
        limit: u32,
    },
    /// Check the chain of the whole record
    Verify,
}

#[derive(Args)]
pub struct Call {
    pub operation: Option<String>,
    /// The request
    #[arg(default_value = "{}")]
    pub request: String,
    /// The typed name of the target, where the plan asks for one
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
    /// The digest of the plan
    #[arg(long)]
    pub digest: Option<String>,
    /// Return at once when the operation starts a job
    #[command(flatten)]
    pub detach: Detach,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}

#[derive(Subcommand)]
pub enum Schedule {
    /// Add a schedule: what runs, and when
    #[command(
        after_help = "Examples:\n  holdfastctl schedule add nightly --backup shop --cron '0 2 * * *' --zone Europe/Berlin\n  \
                      holdfastctl schedule add often --backup shop --every 6h --window 'mon-fri 22:00-06:00'\n  \
                      holdfastctl schedule add check --call vault.check --request '{\"read_data\": true}' --cron '0 4 * * SUN'"
    )]
    Add {
        name: String,
        #[command(flatten)]
        work: ScheduledWork,
        #[command(flatten)]
        times: Times,
        /// Save it turned off
        #[arg(long)]
        off: bool,
    },
    /// All schedules with their next runs, and whether anything is there to run them
    List,
    /// One schedule
    Show { schedule: String },
    /// What a timing means and its next five runs; saves nothing
    Preview {
        #[command(flatten)]
        times: Times,
    },
    /// Turn it on, counting from now
    On { schedule: String },
    /// Turn it off
    Off { schedule: String },
    /// Make it due at once
    Run { schedule: String },
    /// Remove it; its history stays
    Remove { schedule: String },
    /// What became of each due time, newest first
    Runs {
        schedule: Option<String>,
        #[arg(long, value_name = "NUMBER")]
        limit: Option<u32>,
    },
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct WorkChoice {
    /// Back up this connection
    #[arg(long, value_name = "CONNECTION")]
    pub backup: Option<String>,
    /// Any schedulable operation (`holdfastctl call` lists them)
    #[arg(long, value_name = "OPERATION")]
    pub call: Option<String>,
}

#[derive(Args)]
pub struct ScheduledWork {
    #[command(flatten)]
    pub choice: WorkChoice,
    /// What the backup holds
    #[arg(long, value_enum, requires = "backup")]
    pub kind: Option<Kind>,
    /// The request of `--call` as JSON
    #[arg(long, value_name = "JSON", requires = "call")]
    pub request: Option<String>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct WhenChoice {
    /// Five fields: minute hour day month weekday
    #[arg(long, value_name = "PATTERN")]
    pub cron: Option<String>,
    /// An interval: `90m`, `6h`, `1d`
    #[arg(long, value_name = "TIME")]
    pub every: Option<String>,
    /// Once, at this local time: `2026-11-22T02:00`
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Each time the window or the worker starts
    #[arg(long)]
    pub start: bool,
}

#[derive(Args)]
pub struct Times {
    #[command(flatten)]
    pub when: WhenChoice,
    /// IANA time zone; without it this machine's
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// Only in these hours: `22:00-06:00`, `mon-fri 22:00-06:00`, `sat,sun 00:00-24:00`
    #[arg(long, value_name = "HOURS")]
    pub window: Option<String>,
    /// Cancel a run that is still going when the window closes
    #[arg(long, requires = "window")]
    pub stop_at_close: bool,
    /// Do not make up for runs that were missed
    #[arg(long)]
    pub skip_missed: bool,
    /// Start up to so long after the due time: `5m`
    #[arg(long, value_name = "TIME")]
    pub jitter: Option<String>,
}

#[derive(Subcommand)]
pub enum Retention {
    /// The rules of a connection's backups
    Show { connection: String },
    /// Set the rules: a backup stays when any of them wants it. What is left out is no rule
    #[command(
        after_help = "Example:\n  holdfastctl retention set shop --last 5 --daily 7 --weekly 4 --monthly 12"
    )]
    Set {
        connection: String,
        #[command(flatten)]
        rules: Rules,
        /// IANA time zone whose midnight divides days
        #[arg(long, value_name = "ZONE")]
        zone: Option<String>,
    },
    /// What goes and why the rest stays, with the rules that are set or with others
    Plan {
        connection: String,
        #[command(flatten)]
        rules: Rules,
    },
    /// Delete what the rules let go. Never the newest good or the newest proven backup, nor a pinned one
    Apply { connection: String },
}

#[derive(Args)]
pub struct Rules {
    /// The newest so many
    #[arg(long, value_name = "NUMBER")]
    pub last: Option<u32>,
    /// All of so many days before the newest
    #[arg(long, value_name = "NUMBER")]
    pub days: Option<u32>,
    /// The newest of each of so many days
    #[arg(long, value_name = "NUMBER")]
    pub daily: Option<u32>,
    #[arg(long, value_name = "NUMBER")]
    pub weekly: Option<u32>,
    #[arg(long, value_name = "NUMBER")]
    pub monthly: Option<u32>,
    #[arg(long, value_name = "NUMBER")]
    pub yearly: Option<u32>,
}
