//! Words of `session`.

use clap::Subcommand;

#[derive(Subcommand)]
pub enum Session {
    /// Who is on the database, longest idle first
    List { connection: String },
    /// Close sessions that do nothing; never Holdfast's own. Without --yes it only shows which
    Close {
        connection: String,
        /// Idle for longer than this: `10m`, `2h`, `1d`
        #[arg(long, value_name = "TIME")]
        idle: String,
        /// Also those that hold a transaction open; it is rolled back
        #[arg(long)]
        in_transaction: bool,
        /// Close those that are shown
        #[arg(long)]
        yes: bool,
    },
}
