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
    #![allow(clippy::unwrap_used)]
    use clap::{Command, CommandFactory, Parser};

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_that_help_and_guide_show_is_understood() {
        let mut shown: Vec<String> = Vec::new();
        collect(&Cli::command(), &mut shown);
        let help = shown.len();
        shown.push(include_str!("../../../../../docs/guide.md").to_owned());
        shown.push(include_str!("../../../../../docs/troubleshooting.md").to_owned());
        shown.push(include_str!("../../../../../README.md").to_owned());
        let lines = shown.iter().flat_map(|text| text.lines());
        let commands: Vec<Vec<String>> = lines
            .map(|line| {
                words(
                    line.trim_start_matches(|character: char| character.is_whitespace() || character == '$'),
                )
            })
            // Alternatives side by side are read by people only.
            .filter(|words| {
                words.first().is_some_and(|word| word == "holdfastctl") && !words.contains(&"|".to_owned())
            })
            .collect();
        assert!(help > 5 && commands.len() > 40, "{help} help texts, {} commands", commands.len());
        let refused: Vec<String> = commands
            .iter()
            .filter_map(|words| Cli::try_parse_from(words).err().map(|error| format!("{words:?}\n{error}")))
            .collect();
        assert!(refused.is_empty(), "{}", refused.join("\n"));
    }

    fn collect(command: &Command, shown: &mut Vec<String>) {
        shown.extend(command.get_after_help().map(ToString::to_string));
        command.get_subcommands().for_each(|below| collect(below, shown));
    }

    /// As a shell takes them apart, up to a comment.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
        for character in line.chars() {
            match (quote, character) {
                (Some(open), close) if open == close => quote = None,
                (None, '\'' | '"') => {
                    quote = Some(character);
                    word.get_or_insert_default();
                }
                (None, '#') if word.is_none() => break,
                (None, character) if character.is_whitespace() => words.extend(word.take()),
                _ => word.get_or_insert_default().push(character),
            }
        }
        words.extend(word);
        words
    }
}
