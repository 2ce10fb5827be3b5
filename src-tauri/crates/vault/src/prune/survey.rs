//! What is needed and what is not: all manifests against all packs. Any doubt is an error.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::Sha;
use super::mark::{Mark, since};
use crate::history::History;
use crate::index::IdSet;
use crate::pack::PackTable;
use crate::store::Folder;
use crate::vault::Inner;
use crate::{PrunePlan, Result, VaultError, hex};

pub(super) struct Survey {
    pub history: History,
    pub marks: Vec<Mark>,
    packs: BTreeMap<Sha, Judged>,
    indexes: Vec<(String, HashSet<Sha>)>,
}

pub(super) struct Judged {
    pub table: Arc<PackTable>,
    /// Needed chunks for which this pack stands in.
    pub needed: IdSet,
    needed_bytes: u64,
}

impl Survey {
    pub async fn take(inner: &Inner) -> Result<Self> {
        let history = inner.history().await?;
        if let Some(damage) = history.damaged.first() {
            return Err(damage.clone());
        }
        if let Some(sequence) = history.lost().first() {
            return Err(VaultError::damaged(
                format!("manifests/{sequence:016x}"),
                "it is missing and was never deleted; nothing is removed from a vault that lost a backup",
            ));
        }
        let mut reachable = IdSet::default();
        for name in history.live() {
            let manifest = inner.manifest(name).await?;
            reachable.extend(manifest.streams.iter().flat_map(|stream| &stream.chunks).map(|chunk| chunk.id));
        }
        let marks = inner.marks().await?;
        let (tables, indexes) = read_tables(inner).await?;
        let marked: HashSet<Sha> = marks.iter().flat_map(|mark| mark.packs.iter().copied()).collect();
        let mut survey = Self { history, marks, packs: BTreeMap::new(), indexes };
        survey.judge(tables, reachable, &marked)?;
        Ok(survey)
    }

    /// Packs without a mark come first, so that a chunk in two packs holds on to the one that stays.
    fn judge(
        &mut self,
        tables: Vec<Arc<PackTable>>,
        mut missing: IdSet,
        marked: &HashSet<Sha>,
    ) -> Result<()> {
        let mut tables = tables;
        tables.sort_by_key(|table| (marked.contains(&table.sha), table.sha));
        for table in tables {
            let mut judged = Judged { table: table.clone(), needed: IdSet::default(), needed_bytes: 0 };
            for entry in &table.entries {
                if missing.remove(&entry.id) {
                    judged.needed.insert(entry.id);
                    judged.needed_bytes += u64::from(entry.stored);
                }
            }
            self.packs.insert(table.sha, judged);
        }
        match missing.iter().next() {
            None => Ok(()),
            Some(id) => Err(VaultError::damaged(
                format!("chunk {id:?}"),
                "a backup needs it and no pack has it; nothing is removed from a damaged vault",
            )),
        }
    }

    pub fn plan(&self, grace_ms: i64, now_ms: i64) -> PrunePlan {
        let since = since(&self.marks, now_ms);
        let mut plan = PrunePlan {
            grace_ms,
            packs_total: self.packs.len() as u64,
            removable: Vec::new(),
            waiting: Vec::new(),
            rewrite: Vec::new(),
            frees_bytes: 0,
        };
        for sha in self.useless() {
            let judged = &self.packs[&sha];
            let age = now_ms.saturating_sub(since.get(&sha).copied().unwrap_or(now_ms));
            let name = hex::encode(&sha);
            if age < grace_ms {
                plan.waiting.push(name);
            } else {
                plan.frees_bytes += judged.table.size - judged.needed_bytes.min(judged.table.size);
                if judged.needed.is_empty() { &mut plan.removable } else { &mut plan.rewrite }.push(name);
            }
        }
        plan
    }

    /// Packs with nothing needed, and those of which less than half is; in order.
    pub fn useless(&self) -> Vec<Sha> {
        let useless = |judged: &Judged| {
            let all: u64 = judged.table.entries.iter().map(|entry| u64::from(entry.stored)).sum();
            judged.needed.is_empty() || judged.needed_bytes * 2 < all
        };
        self.packs.iter().filter(|(_, judged)| useless(judged)).map(|(sha, _)| *sha).collect()
    }

    pub fn judged(&self, sha: &Sha) -> Option<&Judged> {
        self.packs.get(sha)
    }

    pub fn size(&self, sha: &Sha) -> u64 {
        self.packs.get(sha).map_or(0, |judged| judged.table.size)
    }

    pub fn indexes_with(&self, packs: &HashSet<Sha>) -> Vec<String> {
        self.indexes
            .iter()
            .filter(|(_, listed)| !listed.is_disjoint(packs))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// What an index must list when the `obsolete` ones go: their packs that stay, and packs no other one lists.
    pub fn kept_packs(&self, obsolete: &[String], going: &HashSet<Sha>) -> Vec<Arc<PackTable>> {
        let listed: HashSet<&Sha> = self
            .indexes
            .iter()
            .filter(|(name, _)| !obsolete.contains(name))
            .flat_map(|(_, packs)| packs)
            .collect();
        let kept = self.packs.iter().filter(|(sha, _)| !going.contains(*sha) && !listed.contains(sha));
        kept.map(|(_, judged)| judged.table.clone()).collect()
    }

    /// Records of backups that were deleted properly.
    pub async fn orphan_records(&self, inner: &Inner) -> Result<Vec<String>> {
        let live: HashSet<String> = self.history.live().map(|name| hex::encode(&name.id)).collect();
        let deleted: HashSet<&str> =
            self.history.tombstones.iter().map(|tombstone| tombstone.id.as_str()).collect();
        let records = inner.store.list(Folder::Records).await?;
        let names = records.into_iter().map(|record| record.name);
        Ok(names.filter(|name| !live.contains(&name[..32]) && deleted.contains(&name[..32])).collect())
    }
}

type Tables = (Vec<Arc<PackTable>>, Vec<(String, HashSet<Sha>)>);

/// Of all packs that are there, in full: from the indexes, and from the packs themselves where none lists them.
/// A pack that cannot be read and that no index lists is not in the result, so it is never touched.
async fn read_tables(inner: &Inner) -> Result<Tables> {
    let present = inner.list_packs().await?;
    let mut tables: HashMap<Sha, Arc<PackTable>> = HashMap::new();
    let mut indexes = Vec::new();
    for listed in inner.store.list(Folder::Index).await? {
        match inner.read_index(&listed.name).await {
            Ok(read) => {
                indexes.push((listed.name, read.iter().map(|table| table.sha).collect()));
                for table in read {
                    if present.get(&table.sha) == Some(&table.size) {
                        tables.entry(table.sha).or_insert_with(|| Arc::new(table));
                    }
                }
            }
            // The packs say the same.
            Err(VaultError::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    for (sha, size) in present {
        let Entry::Vacant(vacant) = tables.entry(sha) else { continue };
        match inner.read_pack_table(sha, size).await {
            Ok(table) => {
                vacant.insert(Arc::new(table));
            }
            Err(VaultError::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok((tables.into_values().collect(), indexes))
}
