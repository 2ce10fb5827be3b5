//! Marks: since when a pack is known to be of no use.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::Sha;
use super::survey::Survey;
use crate::index::sha_of;
use crate::object::{self, FIRST, MARK, Part, Sealed};
use crate::store::Folder;
use crate::vault::Inner;
use crate::{Result, VaultError, hex};

pub(crate) struct Mark {
    pub name: String,
    pub at_ms: i64,
    pub packs: Vec<Sha>,
}

#[derive(Serialize, Deserialize)]
struct Json {
    at_ms: i64,
    packs: Vec<String>,
}

impl Inner {
    /// A mark that cannot be read is no mark: grace begins anew.
    pub async fn marks(&self) -> Result<Vec<Mark>> {
        let mut marks = Vec::new();
        for listed in self.store.list(Folder::Marks).await? {
            let read = match self.store.get(Folder::Marks, &listed.name).await {
                Ok(bytes) => self.read_mark(&bytes),
                Err(VaultError::Damaged { .. }) => None,
                Err(error) => return Err(error),
            };
            let (at_ms, packs) = read.unwrap_or((i64::MAX, Vec::new()));
            marks.push(Mark { name: listed.name, at_ms, packs });
        }
        Ok(marks)
    }

    fn read_mark(&self, bytes: &[u8]) -> Option<(i64, Vec<Sha>)> {
        let sealed = Sealed::parse(&self.keys, MARK, &[0; 16], bytes).ok()?;
        sealed.complete().ok()?;
        let json: Json = serde_json::from_slice(&sealed.payload(FIRST).ok()?).ok()?;
        Some((json.at_ms, json.packs.iter().filter_map(|name| sha_of(name)).collect()))
    }

    async fn put_mark(&self, at_ms: i64, packs: &[Sha]) -> Result<()> {
        let json = Json { at_ms, packs: packs.iter().map(|sha| hex::encode(sha)).collect() };
        let payload = serde_json::to_vec(&json).map_err(VaultError::internal)?;
        let bytes = object::encode(&self.keys, MARK, &[0; 16], &[Part { role: FIRST, payload }])?;
        self.store.put(Folder::Marks, "", bytes).await.map(drop)
    }
}

/// Since when each pack is marked, leaving out marks from the future: the clock was wrong then or is now.
pub(super) fn since(marks: &[Mark], now_ms: i64) -> HashMap<Sha, i64> {
    let mut since = HashMap::new();
    for mark in marks.iter().filter(|mark| mark.at_ms <= now_ms) {
        for sha in &mark.packs {
            let at = since.entry(*sha).or_insert(mark.at_ms);
            *at = mark.at_ms.min(*at);
        }
    }
    since
}

impl Survey {
    /// Makes the marks say exactly what is of no use now. Returns how many packs are new among them.
    pub(super) async fn update_marks(&self, inner: &Inner, now_ms: i64) -> Result<u64> {
        let since = since(&self.marks, now_ms);
        let mut wanted: BTreeMap<i64, Vec<Sha>> = BTreeMap::new();
        let mut new = 0;
        for sha in self.useless() {
            let at = since.get(&sha).copied();
            new += u64::from(at.is_none());
            wanted.entry(at.unwrap_or(now_ms)).or_default().push(sha);
        }
        let mut right: HashSet<i64> = HashSet::new();
        for mark in &self.marks {
            let mut packs = mark.packs.clone();
            packs.sort_unstable();
            if wanted.get(&mark.at_ms) == Some(&packs) && right.insert(mark.at_ms) {
                continue;
            }
            // Removed before it is replaced: between the two grace can only begin anew, never have run already.
            inner.store.remove(Folder::Marks, &mark.name).await?;
        }
        for (at_ms, packs) in &wanted {
            if !right.contains(at_ms) {
                inner.put_mark(*at_ms, packs).await?;
            }
        }
        Ok(new)
    }
}
