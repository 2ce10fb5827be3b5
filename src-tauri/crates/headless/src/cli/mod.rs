//! The words of the command line and what `--help` says about them, a file per family of commands.

mod backup;
mod cleanup;
mod connection;
mod guard;
mod import;
mod maintenance;
mod record;
mod restore;
mod retention;
mod schedule;
mod session;
mod vault;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use backup::{Backup, Format, Kind, LevelName, ScopeArgs};
pub use cleanup::{Cleanup, RuleArgs};
pub use connection::{Connection, EnvironmentName, PasswordFrom};
pub use guard::Guard;
pub use import::{DialectName, Import};
pub use maintenance::{ActionName, Maintenance};
pub use record::{Audit, Call, Job};
pub use restore::{Restore, RestoreCommand};
pub use retention::{Retention, Rules};
pub use schedule::{Schedule, ScheduledWork, Times};
pub use session::Session;
pub use vault::Vault;

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
    /// Vacuum, analyze, reindex, check: what the database offers, and how long it took
    #[command(subcommand)]
    Maintenance(Maintenance),
    /// Clear what is not needed: candidates, a table, old rows by rules
    #[command(subcommand)]
    Cleanup(Cleanup),
    /// Sessions of others on a database: list, close those that do nothing
    #[command(subcommand)]
    Session(Session),
    Guard(Guard),
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
    Completions {
        shell: clap_complete::Shell,
    },
}

#[derive(Args, Clone)]
pub struct Detach {
    /// Start it, print the ids and return; it goes on in the background
    #[arg(long)]
    pub detach: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
