//! Looking at everything: is each object there and unchanged, and does each backup decode to what it was?

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures::TryStreamExt;
use holdfast_contract::BackupId;
use holdfast_contract::vault::VaultProblem;
use tokio_util::sync::CancellationToken;

use crate::index::IdSet;
use crate::store::Folder;
use crate::vault::{Inner, read_slot};
use crate::{
    CheckLevel, CheckProgress, CheckReport, Manifest, Result, StreamEntry, Vault, VaultError, header, hex,
};

impl Vault {
    /// Damage is reported, not returned as an error; errors are for storage that cannot be read at all.
    /// With `only`, just what that backup needs is looked at.
    pub async fn check(
        &self,
        level: CheckLevel,
        only: Option<&BackupId>,
        progress: &dyn CheckProgress,
        cancel: &CancellationToken,
    ) -> Result<CheckReport> {
        let vault = &self.past_the_cache();
        let _guard = vault.inner.store.locks().shared().await?;
        let mut check = Check::new(&vault.inner, progress, cancel);
        if only.is_none() {
            check.surroundings().await?;
        }
        let manifests = check.manifests(only).await?;
        check.packs(&manifests, level, only.is_none()).await?;
        if level == CheckLevel::Decoded {
            check.streams(vault, &manifests).await?;
        }
        Ok(check.report())
    }
}

struct Check<'a> {
    inner: &'a Arc<Inner>,
    progress: &'a dyn CheckProgress,
    cancel: &'a CancellationToken,
    objects: u64,
    bytes: u64,
    done: u64,
    total: u64,
    /// Object and what is wrong with it, to the backups that need it.
    problems: BTreeMap<(String, String), BTreeSet<BackupId>>,
}

impl<'a> Check<'a> {
    fn new(inner: &'a Arc<Inner>, progress: &'a dyn CheckProgress, cancel: &'a CancellationToken) -> Self {
        Self { inner, progress, cancel, objects: 0, bytes: 0, done: 0, total: 0, problems: BTreeMap::new() }
    }

    fn problem(&mut self, object: String, what: String, backups: impl IntoIterator<Item = BackupId>) {
        self.problems.entry((object, what)).or_default().extend(backups);
    }

    /// Damage becomes a problem; anything else stops the check.
    fn note<T>(
        &mut self,
        result: Result<T>,
        backups: impl IntoIterator<Item = BackupId>,
    ) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(VaultError::Damaged { object, what }) => {
                self.problem(object, what, backups);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn seen(&mut self, bytes: u64) {
        self.objects += 1;
        self.bytes += bytes;
    }

    /// Header, slots, indexes, tombstones, records, marks.
    async fn surroundings(&mut self) -> Result<()> {
        let inner = self.inner;
        let bytes = inner.store.header().await?;
        self.seen(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64));
        if bytes.as_deref() != Some(inner.plain.encode().as_bytes()) {
            self.problem(header::NAME.to_owned(), "it was changed".to_owned(), []);
        }
        for listed in inner.store.list(Folder::Slots).await? {
            self.seen(listed.size);
            let read = read_slot(&inner.store, &listed.name, &inner.plain, &inner.header_sha).await;
            self.note(read, [])?;
        }
        for listed in inner.store.list(Folder::Index).await? {
            self.seen(listed.size);
            let read = inner.read_index(&listed.name).await;
            self.note(read, [])?;
        }
        for listed in inner.store.list(Folder::Records).await? {
            self.seen(listed.size);
            let read = inner.read_record(&listed.name).await;
            self.note(read, [BackupId(listed.name[..32].to_owned())])?;
        }
        for folder in [Folder::Tombstones, Folder::Marks] {
            for listed in inner.store.list(folder).await? {
                self.seen(listed.size);
                let read = inner.store.get(folder, &listed.name).await;
                self.note(read, [])?;
            }
        }
        Ok(())
    }

    async fn manifests(&mut self, only: Option<&BackupId>) -> Result<Vec<Manifest>> {
        let history = self.inner.history().await?;
        let live: Vec<_> = history.live().filter(|name| only.is_none_or(|id| name.backup() == *id)).collect();
        match only {
            Some(id) if live.is_empty() => return Err(VaultError::BackupMissing { backup: id.clone() }),
            Some(_) => {}
            None => {
                for sequence in history.lost() {
                    let what = "it is missing and was never deleted";
                    self.problem(format!("manifests/{sequence:016x}"), what.to_owned(), []);
                }
                for damage in history.damaged.iter().cloned() {
                    self.note::<()>(Err(damage), [])?;
                }
            }
        }
        let mut manifests = Vec::new();
        for name in live {
            let read = self.inner.manifest(name).await;
            let size = self.inner.store.get_range(Folder::Manifests, &name.name, 0..u64::MAX).await?;
            self.seen(size.map_or(0, |bytes| bytes.len() as u64));
            manifests.extend(self.note(read, [name.backup()])?);
        }
        Ok(manifests)
    }

    /// Every needed pack, and for a whole check every other one too.
    async fn packs(&mut self, manifests: &[Manifest], level: CheckLevel, all: bool) -> Result<()> {
        self.inner.refresh().await?;
        let needed = self.needed(manifests);
        let mut names: BTreeSet<[u8; 32]> = needed.keys().copied().collect();
        let present = self.inner.list_packs().await?;
        if all {
            names.extend(present.keys());
            for sha in present.keys().filter(|sha| !self.inner.with_chunks(|map| map.has_pack(sha))) {
                let object = Folder::Packs.object(&hex::encode(sha));
                self.problem(object, "its table cannot be read".to_owned(), []);
            }
        }
        self.total = names.iter().filter_map(|sha| present.get(sha)).sum();
        if level == CheckLevel::Decoded {
            self.total += manifests
                .iter()
                .flat_map(|manifest| &manifest.streams)
                .map(|stream| stream.bytes)
                .sum::<u64>();
        }
        for sha in names {
            let name = hex::encode(&sha);
            let (progress, cancel, total) = (self.progress, self.cancel, self.total);
            let mut done = self.done;
            let mut read = 0;
            let found = self
                .inner
                .store
                .hash(Folder::Packs, &name, |bytes| {
                    done += bytes;
                    read += bytes;
                    progress.at(done, total);
                    if cancel.is_cancelled() { Err(VaultError::Cancelled) } else { Ok(()) }
                })
                .await;
            self.done = done;
            self.seen(read);
            let object = Folder::Packs.object(&name);
            let found = match found {
                Ok(Some(hash)) if hash == name => Ok(()),
                Ok(Some(_)) => Err(VaultError::damaged(object, "its content does not match its name")),
                Ok(None) => Err(VaultError::damaged(object, "it is missing")),
                Err(error) => Err(error),
            };
            let backups: Vec<BackupId> = needed.get(&sha).into_iter().flatten().cloned().collect();
            self.note(found, backups)?;
        }
        Ok(())
    }

    /// Packs to the backups that need them. A chunk that no pack has is a problem at once.
    fn needed(&mut self, manifests: &[Manifest]) -> HashMap<[u8; 32], BTreeSet<BackupId>> {
        let mut needed: HashMap<[u8; 32], BTreeSet<BackupId>> = HashMap::new();
        let mut absent: HashMap<BackupId, u64> = HashMap::new();
        self.inner.with_chunks(|map| {
            for manifest in manifests {
                let chunks = manifest.streams.iter().flat_map(|stream| &stream.chunks);
                for chunk in chunks {
                    match map.find(&chunk.id) {
                        Some((pack, _)) => {
                            let backups = needed.entry(pack.sha).or_default();
                            if !backups.contains(&manifest.head.id) {
                                backups.insert(manifest.head.id.clone());
                            }
                        }
                        None => *absent.entry(manifest.head.id.clone()).or_default() += 1,
                    }
                }
            }
        });
        for (backup, count) in absent {
            let what = format!("{count} chunks are in no pack that is there and readable");
            self.problem(format!("backup {backup}"), what, [backup]);
        }
        needed
    }

    /// Streams with the same chunks and hash are decoded once, however many backups share them.
    async fn streams(&mut self, vault: &Vault, manifests: &[Manifest]) -> Result<()> {
        let mut users: Vec<(&StreamEntry, Vec<BackupId>)> = Vec::new();
        let mut known: HashMap<([u8; 32], u64, [u8; 32]), usize> = HashMap::new();
        for manifest in manifests {
            for stream in &manifest.streams {
                let mut chunks = blake3::Hasher::new();
                for chunk in &stream.chunks {
                    chunks.update(&chunk.id.0);
                }
                let key = (stream.hash, stream.bytes, *chunks.finalize().as_bytes());
                let at = *known.entry(key).or_insert(users.len());
                if at == users.len() {
                    users.push((stream, Vec::new()));
                }
                users[at].1.push(manifest.head.id.clone());
            }
        }
        for (stream, backups) in users {
            if self.stream(vault, stream, &backups).await? {
                // The whole is wrong; find every chunk that is, so that all damaged packs are named.
                self.chunks(stream, &backups).await?;
            }
            self.done += stream.bytes * (backups.len() as u64 - 1);
            self.progress.at(self.done, self.total);
        }
        Ok(())
    }

    /// True if it is damaged.
    async fn stream(&mut self, vault: &Vault, stream: &StreamEntry, backups: &[BackupId]) -> Result<bool> {
        let mut chunks = vault.read(stream);
        let start = self.done;
        loop {
            let next = chunks.try_next().await;
            if self.cancel.is_cancelled() {
                return Err(VaultError::Cancelled);
            }
            match self.note(next, backups.iter().cloned())? {
                Some(Some(chunk)) => {
                    self.done += chunk.len() as u64;
                    self.progress.at(self.done, self.total);
                }
                outcome => {
                    self.done = start + stream.bytes;
                    return Ok(outcome.is_none());
                }
            }
        }
    }

    async fn chunks(&mut self, stream: &StreamEntry, backups: &[BackupId]) -> Result<()> {
        let mut seen = IdSet::default();
        for chunk in &stream.chunks {
            if seen.insert(chunk.id) {
                let read = self.inner.chunk(*chunk).await;
                if self.cancel.is_cancelled() {
                    return Err(VaultError::Cancelled);
                }
                self.note(read, backups.iter().cloned())?;
            }
        }
        Ok(())
    }

    fn report(self) -> CheckReport {
        let problems = self.problems.into_iter().map(|((object, what), backups)| VaultProblem {
            object,
            what,
            backups: backups.into_iter().collect(),
        });
        CheckReport { objects: self.objects, bytes: self.bytes, problems: problems.collect() }
    }
}
