//! Words of `maintenance`.

use clap::{Args, Subcommand, ValueEnum};

use super::Detach;

#[derive(Subcommand)]
pub enum Maintenance {
    /// What can be done to this database, what it locks, and when it was done last
    List { connection: String },
    /// Do it now
    #[command(
        after_help = "Examples:\n  holdfastctl maintenance run shop analyze\n  holdfastctl maintenance run shop vacuum --table public.orders\n  \
                      holdfastctl maintenance run shop vacuum-full --dry-run\n\n\
                      Damage that a check finds ends it with exit code 4."
    )]
    Run {
        connection: String,
        #[arg(value_enum)]
        action: ActionName,
        #[command(flatten)]
        how: How,
    },
    /// Past runs, newest first
    History {
        connection: Option<String>,
        #[arg(long, value_enum)]
        action: Option<ActionName>,
        #[arg(long, value_name = "NUMBER")]
        limit: Option<u32>,
    },
}

#[derive(Args)]
pub struct How {
    /// Only this table (`schema.table`, or `table` where it is one of its name); may be repeated
    #[arg(long, value_name = "TABLE")]
    pub table: Vec<String>,
    /// Show what it would work on, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Go on although the action comes with a warning
    #[arg(long)]
    pub accept_warning: bool,
    #[command(flatten)]
    pub detach: Detach,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ActionName {
    Vacuum,
    VacuumFull,
    Analyze,
    Reindex,
    Optimize,
    Check,
    QuickCheck,
    ForeignKeyCheck,
    Repair,
    Checkpoint,
    Bloat,
}
