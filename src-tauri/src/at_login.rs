//! The session's own list of what it starts at log-in, and our line in it.

use std::path::Path;

use auto_launch::{AutoLaunch, AutoLaunchBuilder, MacOSLaunchMode};
use tauri::{AppHandle, Env, Manager};

use crate::arguments::Arguments;

/// Given to the program when the session starts it.
const HIDDEN: &str = "--hidden";

/// This program's line. `Err`: why there can be none.
pub struct AtLogin(Result<AutoLaunch, String>);

impl AtLogin {
    pub fn of_this_program(app: &AppHandle, arguments: &Arguments) -> Self {
        Self(described(app, arguments).map_err(|error| error.to_string()))
    }

    /// Whether the session starts the program now.
    pub fn follow(&self, wanted: bool) -> Result<bool, String> {
        let list = self.0.as_ref().map_err(Clone::clone)?;
        let carried_out = || -> auto_launch::Result<bool> {
            match (list.is_enabled()?, wanted) {
                (false, true) => list.enable()?,
                (true, false) => list.disable()?,
                _ => {}
            }
            list.is_enabled()
        };
        carried_out().map_err(|error| error.to_string())
    }
}

fn described(app: &AppHandle, arguments: &Arguments) -> Result<AutoLaunch, Box<dyn std::error::Error>> {
    // What a person started is the image, not the program inside it, which is gone after a log-out.
    let program = match &app.state::<Env>().appimage {
        Some(image) => image.into(),
        None => std::env::current_exe()?,
    };
    let mut started_with = vec![HIDDEN.to_owned()];
    if arguments.named_home {
        started_with.push(as_word(&format!("--home={}", arguments.home.display())));
    }
    Ok(AutoLaunchBuilder::new()
        .set_app_name("Holdfast")
        .set_app_path(&as_word(&shown(&program)?))
        .set_macos_launch_mode(MacOSLaunchMode::LaunchAgent)
        .set_args(&started_with)
        .build()?)
}

fn shown(program: &Path) -> Result<String, String> {
    let text = program.to_str().map(str::to_owned);
    text.ok_or_else(|| format!("The program's path is no text: {}", program.display()))
}

/// One word of the line, as the list of this system wants it: macOS keeps words apart by itself, the others keep one text.
fn as_word(word: &str) -> String {
    if cfg!(target_os = "macos") {
        word.to_owned()
    } else if cfg!(windows) {
        format!("\"{word}\"")
    } else {
        desktop_entry_word(word)
    }
}

/// Quoted as the Desktop Entry Specification says for `Exec`: once for the word, then once more for the value; `%` would begin a
/// field.
fn desktop_entry_word(word: &str) -> String {
    let mut quoted = String::from("\"");
    for character in word.chars() {
        match character {
            '\\' => quoted.push_str(r"\\\\"),
            '"' | '`' | '$' => {
                quoted.push_str(r"\\");
                quoted.push(character);
            }
            '%' => quoted.push_str("%%"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::desktop_entry_word;

    #[test]
    fn words_survive_the_desktop_entry() {
        for (word, written) in [
            ("/usr/bin/holdfast", r#""/usr/bin/holdfast""#),
            ("--home=/data/My backups", r#""--home=/data/My backups""#),
            (r#"/a"b$c`d"#, r#""/a\\"b\\$c\\`d""#),
            (r"/a\b", r#""/a\\\\b""#),
            ("/100%", r#""/100%%""#),
        ] {
            assert_eq!(desktop_entry_word(word), written);
        }
    }
}
