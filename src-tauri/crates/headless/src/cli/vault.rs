//! Words of `vault`.

use std::path::PathBuf;

use clap::Subcommand;

use super::Detach;

#[derive(Subcommand)]
pub enum Vault {
    /// Make the vault. The passphrase is asked for, or read from HOLDFAST_PASSPHRASE_FILE
    Init {
        /// Folder of the vault; without it `vault` in the data folder
        #[arg(long, value_name = "DIR")]
        path: Option<String>,
        /// Do not keep a key in the keychain: the passphrase is asked for each time
        #[arg(long)]
        no_remember: bool,
    },
    /// Where it is, whether it opens, what it holds
    Status,
    /// Take up a vault that exists already, with its passphrase or recovery kit
    Attach {
        path: String,
        /// Open it with the words of the recovery kit (asked for, or from standard input)
        #[arg(long)]
        recovery_kit: bool,
        #[arg(long)]
        no_remember: bool,
    },
    /// Check that every object is there and unchanged
    Check {
        /// Also decrypt, decompress and compare every chunk
        #[arg(long)]
        read_data: bool,
        #[command(flatten)]
        detach: Detach,
    },
    /// Free the space of deleted backups
    Prune {
        /// Show what would go
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        detach: Detach,
    },
    /// Print a new recovery kit; older kits stop working
    RecoveryKit,
    /// Change the passphrase
    ChangePassphrase {
        /// Read the new passphrase from this file instead of the terminal
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
}
