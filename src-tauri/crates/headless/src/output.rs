//! Text for people or one JSON document for programs, on standard output; problems and progress on standard error.

use std::io::{IsTerminal, Write};

use serde::Serialize;
use serde_json::json;

use crate::failure::{Failure, Result, internal};

pub struct Output {
    json: bool,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    pub fn prints_json(&self) -> bool {
        self.json
    }

    /// Progress is drawn only where a person looks.
    pub fn draws_progress(&self) -> bool {
        !self.json && std::io::stderr().is_terminal()
    }

    /// The result of a command: the document as it is, or the text made from it.
    pub fn result(&self, document: &impl Serialize, text: impl FnOnce() -> String) -> Result<()> {
        let out = if self.json {
            serde_json::to_string_pretty(document).map_err(|error| internal(error.to_string()))?
        } else {
            text()
        };
        self.line(&out)
    }

    /// One line or block on standard output. A reader that went away (`| head`) is not an error.
    pub fn line(&self, text: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        match writeln!(out, "{text}").and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(internal(format!("Standard output: {error}.")))
            }
            _ => Ok(()),
        }
    }

    /// A word to the person, beside the result.
    pub fn remark(&self, text: &str) {
        // Standard error may be closed; there is nobody left to tell.
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    pub fn failure(&self, failure: &Failure) -> std::process::ExitCode {
        if !failure.printed {
            let error = &failure.error;
            if self.json {
                let document = json!({ "error": error });
                // As above: without a reader only the exit code remains.
                let _ = self.line(&serde_json::to_string_pretty(&document).unwrap_or_default());
            } else {
                let native = error.native.as_deref().map(|code| format!(" [{code}]")).unwrap_or_default();
                self.remark(&format!("error: {}{native}", error.message));
                if let Some(hint) = &error.hint {
                    self.remark(&format!("hint: {hint}"));
                }
                if error.retry {
                    self.remark("Trying again may help.");
                }
            }
        }
        std::process::ExitCode::from(failure.exit_code())
    }
}
