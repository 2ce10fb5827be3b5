//! Words of `connection`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Clone, Copy, ValueEnum)]
pub enum EnvironmentName {
    Development,
    Staging,
    Production,
}

#[derive(Args)]
pub struct PasswordFrom {
    /// Read the password from the first line of standard input
    #[arg(long)]
    pub password_stdin: bool,
    /// Read the password from the first line of a file
    #[arg(long, value_name = "FILE", conflicts_with = "password_stdin")]
    pub password_file: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Connection {
    /// Add a database: postgres://user@host/db?sslmode=verify-full, mysql://user@host/db?ssl-mode=VERIFY_IDENTITY, or sqlite:///absolute/path
    Add {
        name: String,
        #[arg(long)]
        url: String,
        #[command(flatten)]
        password: PasswordFrom,
        #[arg(long = "env", value_enum, default_value = "development")]
        environment: EnvironmentName,
        /// Group in the list
        #[arg(long)]
        group: Option<String>,
        /// The server itself must refuse every write through this connection
        #[arg(long)]
        read_only: bool,
        /// Prove each backup by a test restore right after it was taken
        #[arg(long)]
        prove: bool,
    },
    /// All connections
    List,
    /// Take the very path the real work takes and say what fails
    Test { name: String },
    /// Sessions that this program keeps open for it, and by what limits; with options: set limits of its own
    Pool {
        name: String,
        /// Sessions that stay open when nobody uses them (0 to 16)
        #[arg(long)]
        size: Option<u32>,
        /// More than those while many are needed at once (0 to 16)
        #[arg(long)]
        overflow: Option<u32>,
        /// Seconds that a use waits for a free session (1 to 300)
        #[arg(long, value_name = "SECONDS")]
        wait: Option<u32>,
        /// Seconds after which a session is not used again (60 to 86400)
        #[arg(long, value_name = "SECONDS")]
        recycle: Option<u32>,
        /// Seconds after which a session that nobody uses is closed (5 to 86400)
        #[arg(long, value_name = "SECONDS")]
        idle: Option<u32>,
        /// The limits of the settings again
        #[arg(long, conflicts_with_all = ["size", "overflow", "wait", "recycle", "idle"])]
        default: bool,
    },
    /// Forget a connection and its password; its backups stay
    Remove { name: String },
}
