//! Words of `backup`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Detach;

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
    /// Restore the newest whole backup of a connection to scratch, prove it, and measure how long it takes
    Drill {
        connection: String,
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
