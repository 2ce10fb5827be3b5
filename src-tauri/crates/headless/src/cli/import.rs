//! Words of `import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Detach;

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
