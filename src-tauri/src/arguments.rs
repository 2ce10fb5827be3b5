//! What the desktop program is told when it starts: where its data is and where secrets are kept.

use std::path::PathBuf;

use clap::Parser;
use holdfast_app::SecretsChoice;
use holdfast_app::home::default_root;
use holdfast_contract::ApiError;

#[derive(Parser)]
#[command(name = "holdfast", version, about = "Backs up, proves and restores databases: the window.")]
struct CommandLine {
    /// Data folder: catalog, default vault, logs
    #[arg(long, value_name = "DIR", env = "HOLDFAST_HOME")]
    home: Option<PathBuf>,

    /// Start without the window, as the session does at log-in
    #[arg(long)]
    hidden: bool,

    /// Set by the program when it starts itself again
    #[arg(long, hide = true)]
    renewed: bool,
}

#[derive(Clone)]
pub struct Arguments {
    /// Absolute.
    pub home: PathBuf,
    pub secrets: SecretsChoice,
    /// Without the window.
    pub hidden: bool,
    /// Started by itself, see [`crate::renewal`].
    pub renewed: bool,
    /// The data folder was named: whoever starts the program again has to name it too.
    pub named_home: bool,
}

impl Arguments {
    /// Ends the process with a message when the command line is wrong.
    pub fn of_this_process() -> Result<Self, ApiError> {
        let line = CommandLine::parse();
        let named_home = line.home.is_some();
        let home = match line.home {
            Some(home) => home,
            None => default_root(|name| std::env::var_os(name))?,
        };
        Ok(Self {
            // A folder that cannot be made absolute fails a moment later, when it is opened, with its reason.
            home: std::path::absolute(&home).unwrap_or(home),
            secrets: secrets(std::env::var("HOLDFAST_SECRETS").ok().as_deref()),
            hidden: line.hidden,
            renewed: line.renewed,
            named_home,
        })
    }
}

fn secrets(choice: Option<&str>) -> SecretsChoice {
    match choice {
        Some("file") => SecretsChoice::File,
        _ => SecretsChoice::Keychain,
    }
}

/// The account at this machine, as the audit log names it.
pub fn account() -> String {
    holdfast_app::home::account(|name| std::env::var(name).ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_sealed_file_is_chosen_openly() {
        assert!(secrets(Some("file")) == SecretsChoice::File);
        assert!(secrets(None) == SecretsChoice::Keychain);
        assert!(secrets(Some("keychain")) == SecretsChoice::Keychain);
    }

    #[test]
    fn home_may_be_given() {
        let line = CommandLine::try_parse_from(["holdfast", "--home", "/srv/holdfast"]).unwrap();
        assert_eq!(line.home.unwrap(), PathBuf::from("/srv/holdfast"));
        assert!(CommandLine::try_parse_from(["holdfast", "--nonsense"]).is_err());
    }
}
