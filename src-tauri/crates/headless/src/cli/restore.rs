//! Words of `restore`.

use clap::{Args, Subcommand};

use super::Detach;

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
