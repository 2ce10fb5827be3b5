//! Names of databases and tables: made up for people, checked before use.

use crate::{EngineError, NamePurpose, Result};

/// In characters, unlike PostgreSQL.
const LONGEST: usize = 64;
/// A database is a folder, in whose name every character but letters, digits, `_` and `$` takes five bytes.
const LONGEST_FOLDER: usize = 255;

/// `shop_restored_7c1d`; a long base is shortened so that the tag always survives.
pub fn made_up(base: &str, purpose: NamePurpose, tag: &str) -> String {
    let tail = format!("_{}_{tag}", purpose.word());
    let mut name = String::new();
    for c in base.chars() {
        let longer = format!("{name}{c}");
        if longer.chars().count() + tail.len() > LONGEST
            || folder_bytes(&longer) + tail.len() > LONGEST_FOLDER
        {
            break;
        }
        name = longer;
    }
    format!("{name}{tail}")
}

fn folder_bytes(name: &str) -> usize {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '$' { 1 } else { 5 }).sum()
}

/// Of a database.
pub fn check(name: &str) -> Result<()> {
    let problem = if ["mysql", "information_schema", "performance_schema", "sys"]
        .contains(&name.to_ascii_lowercase().as_str())
    {
        Some("belongs to the server itself")
    } else {
        problem(name)
    };
    refuse("database", problem)
}

pub fn check_table(name: &str) -> Result<()> {
    refuse("table", problem(name))
}

fn refuse(what: &str, problem: Option<&str>) -> Result<()> {
    match problem {
        Some(problem) => Err(EngineError::misuse(format!("The name of the {what} {problem}."))),
        None => Ok(()),
    }
}

/// Both are files in the end.
fn problem(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("is empty")
    } else if name.contains('\0') {
        Some("contains a NUL character")
    } else if name.ends_with(' ') {
        Some("ends with a space, which the server does not allow")
    } else if name.chars().any(|c| u32::from(c) > 0xFFFF) {
        Some(
            "contains a character beyond U+FFFF (an emoji, for example), which the server does not allow in names",
        )
    } else if name.chars().count() > LONGEST {
        Some("is longer than 64 characters, the server's limit")
    } else if folder_bytes(name) > LONGEST_FOLDER {
        Some(
            "is longer than its folder's name can be, because each of its special characters takes five bytes there",
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use holdfast_contract::ErrorCode;

    use super::*;

    #[test]
    fn made_up_names_fit_and_keep_their_tag() {
        assert_eq!(made_up("shop", NamePurpose::Scratch, "7c1d"), "shop_proof_7c1d");
        for base in ["ü".repeat(64), "x".repeat(64), "界".repeat(60), String::new()] {
            let name = made_up(&base, NamePurpose::Staging, "7c1d9e00");
            assert!(name.ends_with("_restoring_7c1d9e00"), "{name}");
            check(&name).unwrap();
        }
        for bad in [&"x".repeat(65), "a\0b", "a ", "😀", "MySQL", &"ü".repeat(60)] {
            assert_eq!(check(bad).unwrap_err().code(), ErrorCode::BadRequest, "{bad:?}");
        }
    }
}
