//! Words of `guard`.

use clap::Args;

/// Run a command that changes a database, with a proven way back
#[derive(Args)]
#[command(after_help = "Examples:\n  holdfastctl guard --connection shop -- ./manage.py migrate\n  \
                  holdfastctl guard --connection shop --restore-on-failure --check 'select count(*) > 0 from orders' -- apt-get -y upgrade shop\n\n\
                  The command runs as it is written, without a shell. Exit codes: 0 it succeeded and the database is well, 10 it failed and the \
                  database is as it left it, 11 it failed and the database is restored, 12 it failed and so did the restore. Any other: it was not run.")]
pub struct Guard {
    /// The database that is backed up and proven first
    #[arg(long, value_name = "NAME")]
    pub connection: String,
    /// When the command fails or the database is not well afterwards: restore it, without asking
    #[arg(long)]
    pub restore_on_failure: bool,
    /// A query whose first value must not be NULL, false, zero or empty, before and after; may be repeated
    #[arg(long, value_name = "SQL")]
    pub check: Vec<String>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<std::ffi::OsString>,
}
