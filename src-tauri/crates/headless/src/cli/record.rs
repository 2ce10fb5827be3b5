//! Words of `job`, `audit` and `call`.

use clap::{Args, Subcommand};

use super::Detach;

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
    /// What a job did, line by line
    Log { id: String },
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
