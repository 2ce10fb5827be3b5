//! Words of `retention`.

use clap::{Args, Subcommand};

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
        /// No rules of its own any more: those of its group hold
        #[arg(long)]
        inherit: bool,
        /// Backups that one run may delete at most; a run that would take more stops (twice what would go now, at least 10)
        #[arg(long, value_name = "NUMBER")]
        most: Option<u64>,
        /// Show what is agreed to, and set nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Rules for all connections of a group that have none of their own; without rules: the groups that have some
    Group {
        group: Option<String>,
        #[command(flatten)]
        rules: Rules,
        #[arg(long, value_name = "ZONE")]
        zone: Option<String>,
        /// The group has no rules any more
        #[arg(long)]
        forget: bool,
        /// Backups that one run may delete of each connection at most (twice what would go now, at least 10)
        #[arg(long, value_name = "NUMBER")]
        most: Option<u64>,
        /// Only show what they would do to each connection of the group
        #[arg(long, requires = "group", conflicts_with = "forget")]
        dry_run: bool,
    },
    /// What goes and why the rest stays, with the rules that are set or with others
    Plan {
        connection: String,
        #[command(flatten)]
        rules: Rules,
    },
    /// Delete what the rules let go. Never the newest good or the newest proven backup, nor a pinned one
    Apply {
        connection: String,
        /// Free the room at once
        #[arg(long)]
        prune: bool,
    },
    /// Apply the rules to every connection of a group, and free the room
    Run { group: String },
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
