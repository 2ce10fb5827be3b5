//! Words of `cleanup`.

use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub enum Cleanup {
    /// What may be worth clearing, and why: advice, nothing is done
    Candidates {
        connection: String,
        /// Names of tables that look temporary (`*`, `?`); may be repeated
        #[arg(long, value_name = "PATTERN")]
        pattern: Vec<String>,
    },
    /// Empty a table: after a proven backup of the whole database, in one transaction, if it still holds the very rows of the backup
    Table {
        connection: String,
        /// `schema.table`, or `table`
        table: String,
        /// Show what would go, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// The table's name (without its schema), to go on
        #[arg(long, value_name = "TABLE")]
        confirm: Option<String>,
    },
    /// Keep a rule and agree to it: which old rows go whenever it runs. One of the same name is replaced
    #[command(
        after_help = "Examples:\n  holdfastctl cleanup rule old-events --connection shop --table events --column created_at --older-days 90 --dry-run\n  \
                      holdfastctl cleanup rule drafts --connection shop --table orders --where \"state = 'draft' and total = 0\""
    )]
    Rule {
        name: String,
        #[command(flatten)]
        rule: RuleArgs,
        /// Count what it would delete now, and keep nothing
        #[arg(long)]
        dry_run: bool,
        /// The database's name, for a production database whose rows go without an archive
        #[arg(long, value_name = "DATABASE")]
        confirm: Option<String>,
    },
    /// Look at a rule that waits (it, or its database, has changed since somebody agreed) and agree to it
    Agree {
        rule: String,
        /// Show what it would do, and agree to nothing
        #[arg(long)]
        dry_run: bool,
        /// Rows that one run may delete at most (twice what matches now, at least 10000)
        #[arg(long, value_name = "NUMBER")]
        most: Option<u64>,
        /// The database's name, for a production database whose rows go without an archive
        #[arg(long, value_name = "DATABASE")]
        confirm: Option<String>,
    },
    /// The rules
    List,
    /// Delete what a rule names, in batches: archived in a proven, pinned backup first; no row goes that is not in it
    Run { rule: String },
    /// Forget a rule
    Remove { rule: String },
}

#[derive(Args)]
pub struct RuleArgs {
    #[arg(long, value_name = "NAME")]
    pub connection: String,
    /// `schema.table`, or `table`
    #[arg(long)]
    pub table: String,
    /// A column that holds a time, with --older-days
    #[arg(
        long,
        requires = "older_days",
        required_unless_present = "condition",
        conflicts_with = "condition"
    )]
    pub column: Option<String>,
    /// Rows whose time is longer ago than so many days
    #[arg(long, value_name = "NUMBER", requires = "column")]
    pub older_days: Option<u32>,
    /// Rows for which this SQL condition holds
    #[arg(long = "where", value_name = "SQL")]
    pub condition: Option<String>,
    /// Rows deleted in one transaction (10000)
    #[arg(long, value_name = "NUMBER")]
    pub batch: Option<u32>,
    /// Rows that one run may delete at most; a run that would take more stops (twice what matches now, at least 10000)
    #[arg(long, value_name = "NUMBER")]
    pub most: Option<u64>,
    /// Keep no backup of what goes
    #[arg(long)]
    pub no_archive: bool,
}
