//! Names that mean the same to every storage: a typed path, so that nothing hostile or odd reaches a file system.

use std::fmt;
use std::sync::Arc;

use crate::{Result, VaultError};

const SEGMENTS: usize = 4;
const SEGMENT: usize = 200;

/// The name of an object or of a folder of objects: up to four segments, each of lower-case letters, digits, `-`, `_`
/// and `.`, not beginning with a dot, at most 200 long, with `/` between them.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectPath(Arc<str>);

impl ObjectPath {
    /// `Misuse` for anything else.
    pub fn new(text: &str) -> Result<Self> {
        let proper = text.split('/').count() <= SEGMENTS && text.split('/').all(is_segment);
        if proper {
            Ok(Self(text.into()))
        } else {
            Err(VaultError::Misuse { what: format!("{text:?} is not the name of an object.") })
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it lies below `folder`, at any depth.
    pub fn is_below(&self, folder: &ObjectPath) -> bool {
        self.0.strip_prefix(&*folder.0).is_some_and(|rest| rest.starts_with('/'))
    }
}

fn is_segment(segment: &str) -> bool {
    let byte = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    (1..=SEGMENT).contains(&segment.len()) && !segment.starts_with('.') && segment.bytes().all(byte)
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn exploit_hostile_names_are_no_paths() {
        let long = "a".repeat(SEGMENT + 1);
        for name in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/.",
            ".hidden",
            "a\\b",
            "C:",
            "a:b",
            "a\0b",
            "a#1",
            "a b",
            "A",
            "ä",
            "a\n",
            "con/\u{202e}",
            "a/b/c/d/e",
            &long,
        ] {
            assert!(matches!(ObjectPath::new(name), Err(VaultError::Misuse { .. })), "{name:?}");
        }
        for name in ["vault.json", "packs/ab/00ff", "a", "a..b", "a-b_c.d", &long[1..]] {
            assert_eq!(ObjectPath::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn below_means_below() {
        let path = |text| ObjectPath::new(text).unwrap();
        assert!(path("a/b/c").is_below(&path("a")));
        assert!(!path("ab/c").is_below(&path("a")));
        assert!(!path("a").is_below(&path("a")));
    }

    proptest! {
        #[test]
        fn no_path_leaves_its_folder(text in ".{0,40}") {
            if let Ok(path) = ObjectPath::new(&text) {
                let joined = std::path::Path::new("/vault").join(path.as_str());
                prop_assert!(joined.starts_with("/vault"));
                let plain = |part| matches!(part, std::path::Component::Normal(_));
                prop_assert!(std::path::Path::new(path.as_str()).components().all(plain));
            }
        }
    }
}
