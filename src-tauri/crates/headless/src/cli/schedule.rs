//! Words of `schedule`.

use clap::{Args, Subcommand};

use super::backup::Kind;

#[derive(Subcommand)]
pub enum Schedule {
    /// Add a schedule: what runs, and when
    #[command(
        after_help = "Examples:\n  holdfastctl schedule add nightly --backup shop --cron '0 2 * * *' --zone Europe/Berlin\n  \
                      holdfastctl schedule add often --backup shop --every 6h --window 'mon-fri 22:00-06:00'\n  \
                      holdfastctl schedule add check --call vault.check --request '{\"level\": \"decoded\"}' --cron '0 4 * * SUN'"
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
    /// Agree to what it does by itself: maintenance that locks others out waits for that
    Agree {
        schedule: String,
        /// Show what is agreed to, and agree to nothing
        #[arg(long)]
        dry_run: bool,
    },
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
