//! Names of objects: fixed folders, lower-case hexadecimal of fixed lengths, nothing else is seen.

use crate::storage::ObjectPath;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folder {
    Slots,
    Packs,
    Index,
    Manifests,
    Tombstones,
    Records,
    Marks,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub name: String,
    pub size: u64,
}

impl Folder {
    pub const ALL: [Folder; 7] = [
        Folder::Slots,
        Folder::Packs,
        Folder::Index,
        Folder::Manifests,
        Folder::Tombstones,
        Folder::Records,
        Folder::Marks,
    ];

    pub fn path(self) -> &'static str {
        match self {
            Self::Slots => "slots",
            Self::Packs => "packs",
            Self::Index => "index",
            Self::Manifests => "manifests",
            Self::Tombstones => "tombstones",
            Self::Records => "records",
            Self::Marks => "marks",
        }
    }

    /// Digits before the hash of the content.
    fn prefix(self) -> usize {
        match self {
            Self::Slots => 16,
            Self::Packs | Self::Index | Self::Marks => 0,
            Self::Manifests | Self::Tombstones => 48,
            Self::Records => 32,
        }
    }

    pub fn object(self, name: &str) -> String {
        match self {
            Self::Packs => format!("packs/{}/{name}", name.get(..2).unwrap_or_default()),
            _ => format!("{}/{name}", self.path()),
        }
    }

    pub fn is_name(self, name: &str) -> bool {
        name.len() == self.prefix() + 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// Whether a path is that of an object of the vault.
    pub fn is_object(path: &ObjectPath) -> bool {
        Self::ALL.iter().any(|folder| folder.recognise(path.as_str()).is_some())
    }

    /// The name in a full path, if it is one of ours.
    pub fn recognise(self, object: &str) -> Option<String> {
        let name = object.rsplit('/').next()?;
        (self.is_name(name) && self.object(name) == object).then(|| name.to_owned())
    }
}
