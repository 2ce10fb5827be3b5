//! Where passphrases and passwords come from: a file, standard input, the terminal. Never an argument.

use std::io::{BufRead, IsTerminal};
use std::path::Path;
use std::sync::Mutex;

use holdfast_app::{PassphrasePurpose, PassphraseSource};
use holdfast_contract::connection::Password;
use holdfast_contract::{ApiError, ErrorCode};
use secrecy::{ExposeSecret, SecretString};

use crate::cli::PasswordFrom;
use crate::failure::Result;

pub const FILE_VARIABLE: &str = "HOLDFAST_PASSPHRASE_FILE";

/// Answers the application when it needs the passphrase, and remembers the answer for this one run.
#[derive(Default)]
pub struct Terminal {
    known: Mutex<Option<SecretString>>,
}

impl Terminal {
    /// With a passphrase that another process has handed over.
    pub fn knowing(passphrase: Option<SecretString>) -> Self {
        Self { known: Mutex::new(passphrase) }
    }

    fn remember(&self, passphrase: SecretString) -> SecretString {
        if let Ok(mut known) = self.known.lock() {
            *known = Some(passphrase.clone());
        }
        passphrase
    }

    /// Asked for so far, or in the file: never a prompt.
    pub fn without_asking(&self) -> Result<Option<SecretString>> {
        if let Some(known) = self.known.lock().ok().and_then(|known| known.clone()) {
            return Ok(Some(known));
        }
        match std::env::var_os(FILE_VARIABLE) {
            Some(path) => Ok(Some(self.remember(first_line_of(Path::new(&path))?))),
            None => Ok(None),
        }
    }

    /// For a vault that is being made: asked for twice at the terminal.
    pub fn new_passphrase(&self) -> Result<SecretString> {
        if let Some(passphrase) = self.without_asking()? {
            return Ok(passphrase);
        }
        Ok(self.remember(prompt_twice()?))
    }

    pub fn passphrase_or_ask(&self) -> Result<SecretString> {
        match self.without_asking()? {
            Some(passphrase) => Ok(passphrase),
            None => Ok(self.remember(prompt("Passphrase: ")?)),
        }
    }
}

impl PassphraseSource for Terminal {
    fn passphrase(&self, purpose: PassphrasePurpose) -> Option<SecretString> {
        match self.without_asking() {
            Ok(Some(passphrase)) => Some(passphrase),
            Ok(None) if std::io::stdin().is_terminal() => {
                let typed = match purpose {
                    PassphrasePurpose::Vault => prompt("Passphrase of the vault: "),
                    PassphrasePurpose::SecretsFile => prompt("Passphrase of the secrets file: "),
                    PassphrasePurpose::NewSecretsFile => prompt_twice(),
                };
                typed.ok().map(|passphrase| self.remember(passphrase))
            }
            // The application answers with "passphrase needed", which names the variable.
            Ok(None) | Err(_) => None,
        }
    }

    fn known(&self) -> Option<SecretString> {
        self.without_asking().ok().flatten()
    }
}

pub fn prompt(label: &str) -> Result<SecretString> {
    if !std::io::stdin().is_terminal() {
        return Err(ApiError::new(
            ErrorCode::PassphraseNeeded,
            "A passphrase is needed and there is no terminal to ask at.",
        )
        .hint(format!("Set {FILE_VARIABLE} to a file that holds it in its first line."))
        .into());
    }
    rpassword::prompt_password(label).map(SecretString::from).map_err(|error| {
        ApiError::new(ErrorCode::PassphraseNeeded, format!("The terminal gave no passphrase: {error}."))
            .into()
    })
}

pub fn prompt_twice() -> Result<SecretString> {
    let first = prompt("New passphrase: ")?;
    let second = prompt("Once more: ")?;
    if first.expose_secret() != second.expose_secret() {
        return Err(ApiError::new(
            ErrorCode::PassphraseWrong,
            "The two passphrases differ; nothing was changed.",
        )
        .into());
    }
    Ok(first)
}

/// The first line of a file, without its line end.
pub fn first_line_of(path: &Path) -> Result<SecretString> {
    let fail = |error: std::io::Error| {
        ApiError::new(ErrorCode::PassphraseNeeded, format!("{} cannot be read: {error}.", path.display()))
    };
    let file = std::fs::File::open(path).map_err(fail)?;
    let line = first_line(std::io::BufReader::new(file)).map_err(fail)?;
    if line.expose_secret().is_empty() {
        return Err(ApiError::new(
            ErrorCode::PassphraseNeeded,
            format!("The first line of {} is empty.", path.display()),
        )
        .into());
    }
    Ok(line)
}

/// The first line of standard input, without its line end.
pub fn first_line_of_stdin() -> Result<SecretString> {
    first_line(std::io::stdin().lock()).map_err(|error| {
        ApiError::new(ErrorCode::BadRequest, format!("Standard input cannot be read: {error}.")).into()
    })
}

/// All of standard input, for words that may stand on several lines.
pub fn all_of_stdin() -> Result<SecretString> {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut std::io::stdin().lock(), &mut text).map_err(|error| {
        ApiError::new(ErrorCode::BadRequest, format!("Standard input cannot be read: {error}."))
    })?;
    Ok(SecretString::from(text.split_whitespace().collect::<Vec<_>>().join(" ")))
}

fn first_line(mut from: impl BufRead) -> std::io::Result<SecretString> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    Ok(SecretString::from(line.trim_end_matches(['\r', '\n']).to_owned()))
}

pub fn password(from: &PasswordFrom) -> Result<Option<Password>> {
    let secret = match (&from.password_file, from.password_stdin) {
        (Some(path), _) => first_line_of(path)?,
        (None, true) => first_line_of_stdin()?,
        (None, false) => return Ok(None),
    };
    Ok(Some(reveal(&secret)))
}

/// Into the request; the contract's type keeps it out of logs.
pub fn reveal(secret: &SecretString) -> Password {
    Password(secret.expose_secret().to_owned())
}
