//! An open vault: keys in memory, storage behind, and what is known of its chunks.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use futures::{StreamExt, TryStreamExt};
use holdfast_contract::VaultId;
use holdfast_contract::vault::SlotKind;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::argon::{Argon2Cost, stretch_aside};
use crate::header::PlainHeader;
use crate::history::Tombstone;
use crate::index::{self, ChunkMap, sha_of};
use crate::keys::{Keys, fresh_salt, random};
use crate::object::{FIRST, INDEX, Sealed};
use crate::pack::{PackTable, read_table, table_start};
use crate::slot::{NewSlot, Slot};
use crate::store::Folder;
use crate::{Header, ManifestHead, Record, Result, Secret, Store, StoreStatus, VaultError, hex, words};

#[derive(Clone)]
pub struct Vault {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub store: Store,
    pub keys: Arc<Keys>,
    pub plain: PlainHeader,
    pub header_sha: [u8; 32],
    header: Header,
    /// What is known of the vault, however its storage is looked at.
    pub seen: Arc<Seen>,
}

#[derive(Default)]
pub(crate) struct Seen {
    chunks: RwLock<ChunkMap>,
    refreshing: tokio::sync::Mutex<()>,
    /// Objects are immutable, so what was read once by name stays true.
    pub heads: Mutex<HashMap<String, ManifestHead>>,
    pub tombstones: Mutex<HashMap<String, Tombstone>>,
    pub records: Mutex<HashMap<String, Record>>,
}

impl Vault {
    /// Refuses a place where anything lies already.
    pub async fn create(store: Store, passphrase: &SecretString, now_ms: i64) -> Result<Vault> {
        Self::create_at(store, passphrase, Argon2Cost::STANDARD, now_ms).await
    }

    /// With another cost for the passphrase; `open` accepts none below the floor.
    pub async fn create_at(
        store: Store,
        passphrase: &SecretString,
        cost: Argon2Cost,
        now_ms: i64,
    ) -> Result<Vault> {
        if passphrase.expose_secret().is_empty() {
            return Err(VaultError::PassphraseEmpty);
        }
        if store.header().await?.is_some() {
            return Err(VaultError::Exists { location: store.location() });
        }
        if !store.is_empty().await? {
            return Err(VaultError::NotEmpty { location: store.location() });
        }
        let plain = PlainHeader { id: random()?, created_at_ms: now_ms };
        let text = plain.encode();
        let header_sha: [u8; 32] = Sha256::digest(&text).into();
        let master = Zeroizing::new(random::<32>()?);
        let salt = fresh_salt(now_ms)?;
        let secret = stretch_aside(passphrase, salt, cost).await?;
        let new = NewSlot {
            vault: plain.id,
            header: header_sha,
            kind: SlotKind::Passphrase,
            label: "Passphrase",
            created_at_ms: now_ms,
            stretched: Some((cost, salt)),
        };
        let (id, bytes) = Slot::seal(&new, &secret, &master)?;
        // The header last: without it there is no vault, with it there is one that opens.
        store.put(Folder::Slots, &id, bytes).await?;
        store.put_header(text).await?;
        let header = Self::probe(&store).await?;
        Self::with(store, plain, header_sha, header, master)
    }

    /// Needs no key.
    pub async fn probe(store: &Store) -> Result<Header> {
        let (plain, sha) = read_header(store).await?;
        let mut slots = Vec::new();
        for listed in store.list(Folder::Slots).await? {
            slots.push(read_slot(store, &listed.name, &plain, &sha).await);
        }
        Ok(header(&plain, &slots))
    }

    pub async fn open(store: Store, secret: &Secret) -> Result<Vault> {
        let (plain, sha) = read_header(&store).await?;
        let (kind, refusal, random_secret) = match secret {
            Secret::Passphrase(_) => (SlotKind::Passphrase, VaultError::PassphraseWrong, None),
            Secret::Keychain(key) => (SlotKind::Keychain, VaultError::KeychainKeyWrong, Some(key.clone())),
            Secret::RecoveryWords(text) => {
                (SlotKind::RecoveryKit, VaultError::RecoveryWordsWrong, Some(words::decode(text)?))
            }
        };
        let mut slots = Vec::new();
        for listed in store.list(Folder::Slots).await? {
            slots.push(read_slot(&store, &listed.name, &plain, &sha).await);
        }
        let mut damage = None;
        for slot in &slots {
            let slot = match slot {
                Ok(slot) => slot,
                Err(error @ VaultError::Damaged { .. }) => {
                    damage = Some(error.clone());
                    continue;
                }
                Err(error) => return Err(error.clone()),
            };
            if slot.kind != kind {
                continue;
            }
            let key = match (&random_secret, secret) {
                (Some(key), _) => key.clone(),
                (None, Secret::Passphrase(passphrase)) => {
                    if !slot.cost.is_safe() {
                        return Err(VaultError::UnsafeDerivation { slot: hex::encode(&slot.id) });
                    }
                    stretch_aside(passphrase, slot.argon_salt, slot.cost).await?
                }
                (None, _) => continue,
            };
            match slot.open(&key, &plain.id) {
                Ok(Some(master)) => {
                    let header = header(&plain, &slots);
                    return Self::with(store, plain, sha, header, master);
                }
                Ok(None) => {}
                Err(error) => damage = Some(error),
            }
        }
        // A damaged slot may have been the right one; "wrong passphrase" would mislead.
        Err(damage.unwrap_or(refusal))
    }

    pub fn id(&self) -> VaultId {
        self.inner.header.id.clone()
    }

    /// As it was when the vault was opened; `slots` reads the present ones.
    pub fn header(&self) -> &Header {
        &self.inner.header
    }

    pub async fn status(&self) -> Result<StoreStatus> {
        let mut status = StoreStatus::default();
        for folder in Folder::ALL {
            let listed = self.inner.store.list(folder).await?;
            status.stored_bytes += listed.iter().map(|object| object.size).sum::<u64>();
            if folder == Folder::Packs {
                status.packs = listed.len() as u64;
            }
        }
        status.stored_bytes += self.inner.store.header().await?.map_or(0, |header| header.len() as u64);
        status.backups = self.inner.history().await?.live().count() as u64;
        Ok(status)
    }

    fn with(
        store: Store,
        plain: PlainHeader,
        header_sha: [u8; 32],
        header: Header,
        master: Zeroizing<[u8; 32]>,
    ) -> Result<Vault> {
        let keys = Arc::new(Keys::new(plain.id, master, Arc::clone(&store.writer().clock))?);
        let inner = Inner { store, keys, plain, header_sha, header, seen: Arc::default() };
        Ok(Vault { inner: Arc::new(inner) })
    }

    /// For whoever judges or changes the vault: nothing is read from a cache.
    pub(crate) fn past_the_cache(&self) -> Vault {
        Vault { inner: self.inner.past_the_cache() }
    }
}

impl Inner {
    pub fn past_the_cache(&self) -> Arc<Self> {
        Arc::new(Self {
            store: self.store.past_the_cache(),
            keys: Arc::clone(&self.keys),
            plain: self.plain.clone(),
            header_sha: self.header_sha,
            header: self.header.clone(),
            seen: Arc::clone(&self.seen),
        })
    }

    pub fn with_chunks<T>(&self, look: impl FnOnce(&ChunkMap) -> T) -> T {
        look(&self.seen.chunks.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn change_chunks<T>(&self, change: impl FnOnce(&mut ChunkMap) -> T) -> T {
        change(&mut self.seen.chunks.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Brings the map of chunks up to what lies in the storage now: new indexes are read, packs without a
    /// readable index give their own table, and vanished packs are forgotten.
    pub async fn refresh(&self) -> Result<()> {
        let _one_at_a_time = self.seen.refreshing.lock().await;
        let packs = self.list_packs().await?;
        let indexes = self.store.list(Folder::Index).await?;
        let gone = self.with_chunks(|map| map.packs().iter().any(|pack| !packs.contains_key(&pack.sha)));
        let mut fresh = gone.then(ChunkMap::default);
        for listed in indexes {
            let known = match &fresh {
                Some(map) => map.indexes.contains(&listed.name),
                None => self.with_chunks(|map| map.indexes.contains(&listed.name)),
            };
            if known {
                continue;
            }
            let tables = match self.read_index(&listed.name).await {
                Ok(tables) => tables,
                // An index is only a copy of what the packs say themselves.
                Err(VaultError::Damaged { .. }) => continue,
                Err(error) => return Err(error),
            };
            let add = |map: &mut ChunkMap| {
                for table in tables {
                    if packs.get(&table.sha) == Some(&table.size) {
                        map.indexed.insert(table.sha);
                        map.add(Arc::new(table));
                    }
                }
                map.indexes.insert(listed.name);
            };
            match &mut fresh {
                Some(map) => add(map),
                None => self.change_chunks(add),
            }
        }
        let missing: Vec<([u8; 32], u64)> = {
            let lacks = |map: &ChunkMap| {
                packs.iter().filter(|(sha, _)| !map.has_pack(sha)).map(|(sha, size)| (*sha, *size)).collect()
            };
            match &fresh {
                Some(map) => lacks(map),
                None => self.with_chunks(lacks),
            }
        };
        let tables: Vec<Option<PackTable>> = futures::stream::iter(missing)
            .map(|(sha, size)| async move {
                match self.read_pack_table(sha, size).await {
                    Ok(table) => Ok(Some(table)),
                    Err(VaultError::Damaged { .. }) => Ok(None),
                    Err(error) => Err(error),
                }
            })
            .buffer_unordered(8)
            .try_collect()
            .await?;
        self.change_chunks(|map| {
            if let Some(fresh) = fresh {
                *map = fresh;
            }
            tables.into_iter().flatten().for_each(|table| map.add(Arc::new(table)));
        });
        Ok(())
    }

    pub async fn list_packs(&self) -> Result<HashMap<[u8; 32], u64>> {
        let listed = self.store.list(Folder::Packs).await?;
        Ok(listed.into_iter().filter_map(|pack| Some((sha_of(&pack.name)?, pack.size))).collect())
    }

    pub async fn read_index(&self, name: &str) -> Result<Vec<PackTable>> {
        let bytes = self.store.get(Folder::Index, name).await?;
        let damaged = |what: String| VaultError::damaged(Folder::Index.object(name), what);
        let sealed = Sealed::parse(&self.keys, INDEX, &[0; 16], &bytes).map_err(damaged)?;
        sealed.complete().map_err(damaged)?;
        let payload = sealed.payload(FIRST).map_err(damaged)?;
        index::decode(&payload).ok_or_else(|| damaged("its content makes no sense".to_owned()))
    }

    pub async fn read_pack_table(&self, sha: [u8; 32], size: u64) -> Result<PackTable> {
        let name = hex::encode(&sha);
        let damaged = |what: &str| VaultError::damaged(Folder::Packs.object(&name), what);
        let part = async |range| {
            let found = self.store.get_range(Folder::Packs, &name, range).await?;
            found.ok_or_else(|| damaged("it is missing"))
        };
        let head = part(0..64).await?;
        let end = part(size.saturating_sub(12)..size).await?;
        let start = table_start(size, &end).ok_or_else(|| damaged("it has no proper end"))?;
        let tail = part(start..size).await?;
        read_table(&self.keys, sha, size, &head, &tail).map_err(damaged)
    }

    /// Packs that any mark names.
    pub async fn marked(&self) -> Result<HashSet<[u8; 32]>> {
        Ok(self.marks().await?.into_iter().flat_map(|mark| mark.packs).collect())
    }
}

async fn read_header(store: &Store) -> Result<(PlainHeader, [u8; 32])> {
    let location = store.location();
    match store.header().await? {
        Some(bytes) => Ok((PlainHeader::parse(&bytes, &location)?, Sha256::digest(&bytes).into())),
        None if store.is_empty().await? => Err(VaultError::Missing { location }),
        None => Err(VaultError::NotAVault { location }),
    }
}

fn header(plain: &PlainHeader, slots: &[Result<Slot>]) -> Header {
    let mut slots: Vec<_> = slots.iter().filter_map(|slot| Some(slot.as_ref().ok()?.info())).collect();
    slots.sort_by_key(|slot| slot.created_at_ms);
    Header {
        id: VaultId(hex::encode(&plain.id)),
        format_version: crate::header::VERSION,
        created_at_ms: plain.created_at_ms,
        slots,
    }
}

pub(crate) async fn read_slot(
    store: &Store,
    name: &str,
    plain: &PlainHeader,
    sha: &[u8; 32],
) -> Result<Slot> {
    let bytes = store.get(Folder::Slots, name).await?;
    Slot::parse(name, &bytes, &plain.id, sha)
}
