//! Names of databases: made up for people, checked before use.

use crate::{EngineError, NamePurpose, Result};

/// The server cuts longer names off in silence, and two cut names may be one.
const LONGEST: usize = 63;

/// `shop_restored_7c1d`; a long base is shortened at a letter so that the tag always survives.
pub fn made_up(base: &str, purpose: NamePurpose, tag: &str) -> String {
    let tail = format!("_{}_{tag}", purpose.word());
    let mut end = base.len().min(LONGEST.saturating_sub(tail.len()));
    while !base.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{tail}", &base[..end])
}

pub fn check(name: &str) -> Result<()> {
    let problem = if name.is_empty() {
        "is empty"
    } else if name.contains('\0') {
        "contains a NUL character"
    } else if name.len() > LONGEST {
        "is longer than 63 bytes, which is all the server keeps"
    } else {
        return Ok(());
    };
    Err(EngineError::misuse(format!("The name of the database {problem}.")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn made_up_names_fit_and_keep_their_tag() {
        assert_eq!(made_up("shop", NamePurpose::Scratch, "7c1d"), "shop_proof_7c1d");
        for base in ["ü".repeat(40), "x".repeat(63), "😀".repeat(16), String::new()] {
            let name = made_up(&base, NamePurpose::Staging, "7c1d");
            assert!(name.ends_with("_restoring_7c1d"), "{name}");
            check(&name).unwrap();
        }
        assert!(check(&"x".repeat(64)).is_err());
        assert!(check("a\0b").is_err());
    }
}
