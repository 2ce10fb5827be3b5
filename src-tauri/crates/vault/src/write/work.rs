//! What the streams and workers of one backup share: which chunks are there already, the packs that fill, and the index
//! of all of them.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::index::{self, IdSet};
use crate::object::{self, FIRST, INDEX, Part};
use crate::pack::{PackBuilder, PackTable, Scratch};
use crate::segment::{RAW, ZSTD};
use crate::store::{Folder, Guard};
use crate::vault::Inner;
use crate::{ChunkRef, Result, StreamEntry, VaultError, WriteOptions};

/// Packs on their way to the storage at the same time.
const UPLOADS: usize = 2;

/// What streams and workers of one backup share.
pub struct Work {
    pub inner: Arc<Inner>,
    /// Keeps sweeps away as long as anything of this backup is alive.
    pub guard: Guard,
    level: i32,
    /// Packs a prune has marked: their chunks count as absent.
    marked: HashSet<[u8; 32]>,
    pub jobs: Arc<Semaphore>,
    pub waiting: usize,
    uploads: Arc<Semaphore>,
    pub stored: AtomicU64,
    shared: Mutex<Shared>,
}

#[derive(Default)]
pub struct Shared {
    kits: Vec<Kit>,
    /// Chunks that this backup stores itself.
    claimed: IdSet,
    /// Packs without an index whose chunks are used again.
    adopted: HashSet<[u8; 32]>,
    sending: JoinSet<Result<PackTable>>,
    pub names: Vec<String>,
    pub streams: Vec<(usize, StreamEntry)>,
    failed: Option<VaultError>,
}

/// What one worker needs; passed on from chunk to chunk.
struct Kit {
    pack: PackBuilder,
    compressor: zstd::bulk::Compressor<'static>,
    packed: Vec<u8>,
    scratch: Scratch,
}

impl Work {
    pub fn new(inner: Arc<Inner>, guard: Guard, marked: HashSet<[u8; 32]>, options: &WriteOptions) -> Self {
        let workers = options.workers.clamp(1, 64);
        Self {
            inner,
            guard,
            level: options.compression.clamp(1, 19),
            marked,
            jobs: Arc::new(Semaphore::new(workers)),
            waiting: workers + 1,
            uploads: Arc::new(Semaphore::new(UPLOADS)),
            stored: AtomicU64::new(0),
            shared: Mutex::default(),
        }
    }

    pub fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn fine(&self) -> Result<()> {
        self.shared().failed.clone().map_or(Ok(()), Err)
    }

    pub fn fail(&self, error: &VaultError) {
        self.shared().failed.get_or_insert_with(|| error.clone());
    }

    /// On a blocking thread.
    pub fn store(self: &Arc<Self>, batch: &[Bytes]) -> Result<Vec<ChunkRef>> {
        self.fine()?;
        let mut kit: Option<Kit> = None;
        let mut chunks = Vec::with_capacity(batch.len());
        for plain in batch {
            let id = self.inner.keys.chunk_id(plain);
            let bytes = u32::try_from(plain.len()).map_err(VaultError::internal)?;
            chunks.push(ChunkRef { id, bytes });
            if self.has(&id) || !self.shared().claimed.insert(id) {
                continue;
            }
            let mut own = match kit.take() {
                Some(kit) => kit,
                None => self.kit()?,
            };
            let (codec, payload) = compress(&mut own.compressor, plain, &mut own.packed)?;
            let spot = own.pack.add(id, codec, payload, bytes)?;
            own.pack.verify(&spot, plain, &mut own.scratch)?;
            self.stored.fetch_add(u64::from(spot.entry.stored), Ordering::Relaxed);
            if own.pack.is_full() {
                let full = std::mem::replace(&mut own.pack, PackBuilder::new(&self.inner.keys)?);
                self.send(full)?;
            }
            kit = Some(own);
        }
        if let Some(kit) = kit {
            self.shared().kits.push(kit);
        }
        Ok(chunks)
    }

    fn kit(&self) -> Result<Kit> {
        // Taken out in a statement of its own: making a kit must not happen under the lock.
        let waiting = self.shared().kits.pop();
        match waiting {
            Some(kit) => Ok(kit),
            None => Ok(Kit {
                pack: PackBuilder::new(&self.inner.keys)?,
                compressor: zstd::bulk::Compressor::new(self.level).map_err(VaultError::internal)?,
                packed: Vec::new(),
                scratch: Scratch::new()?,
            }),
        }
    }

    /// Whether the vault holds the chunk in a pack that stays.
    fn has(&self, id: &crate::ChunkId) -> bool {
        let found = self
            .inner
            .with_chunks(|map| map.find(id).map(|(pack, _)| (pack.sha, map.indexed.contains(&pack.sha))));
        match found {
            Some((sha, _)) if self.marked.contains(&sha) => false,
            Some((sha, indexed)) => {
                if !indexed {
                    self.shared().adopted.insert(sha);
                }
                true
            }
            None => false,
        }
    }

    /// On a blocking thread: waits while enough packs are on their way.
    fn send(self: &Arc<Self>, pack: PackBuilder) -> Result<()> {
        let (table, bytes) = pack.finish()?;
        let runtime = tokio::runtime::Handle::current();
        let permit =
            runtime.block_on(Arc::clone(&self.uploads).acquire_owned()).map_err(VaultError::internal)?;
        let store = self.inner.store.clone();
        let work = Arc::clone(self);
        self.shared().sending.spawn_on(
            async move {
                let result = store.put(Folder::Packs, "", bytes).await;
                drop(permit);
                result.inspect_err(|error| work.fail(error))?;
                Ok(table)
            },
            &runtime,
        );
        Ok(())
    }

    pub fn take_streams(&self) -> Result<Vec<StreamEntry>> {
        self.fine()?;
        let mut shared = self.shared();
        if shared.streams.len() != shared.names.len() {
            return Err(VaultError::Misuse { what: "A stream of the backup was not finished.".to_owned() });
        }
        let mut streams = std::mem::take(&mut shared.streams);
        streams.sort_by_key(|(number, _)| *number);
        Ok(streams.into_iter().map(|(_, entry)| entry).collect())
    }

    /// The last packs, and when all of them are durable, the index.
    pub async fn publish(self: &Arc<Self>) -> Result<()> {
        let kits = std::mem::take(&mut self.shared().kits);
        let work = Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            kits.into_iter().filter(|kit| !kit.pack.is_empty()).try_for_each(|kit| work.send(kit.pack))
        })
        .await
        .map_err(VaultError::internal)??;
        let mut sending = std::mem::take(&mut self.shared().sending);
        let mut tables = Vec::new();
        while let Some(sent) = sending.join_next().await {
            tables.push(Arc::new(sent.map_err(VaultError::internal)??));
        }
        self.fine()?;
        let adopted = std::mem::take(&mut self.shared().adopted);
        let mut listed = tables.clone();
        self.inner.with_chunks(|map| {
            listed.extend(map.packs().iter().filter(|pack| adopted.contains(&pack.sha)).cloned());
        });
        if listed.is_empty() {
            return Ok(());
        }
        let parts = [Part { role: FIRST, payload: index::encode(&listed) }];
        let bytes = object::encode(&self.inner.keys, INDEX, &[0; 16], &parts)?;
        let name = self.inner.store.put(Folder::Index, "", bytes).await?;
        self.inner.read_index(&name).await?;
        self.inner.change_chunks(|map| {
            map.indexes.insert(name);
            for table in listed {
                map.indexed.insert(table.sha);
                map.add(table);
            }
        });
        Ok(())
    }

    pub async fn all_there(&self, streams: &[StreamEntry]) -> Result<()> {
        let present = self.inner.list_packs().await?;
        self.inner.with_chunks(|map| {
            for chunk in streams.iter().flat_map(|stream| &stream.chunks) {
                let there = map.find(&chunk.id).is_some_and(|(pack, spot)| {
                    spot.entry.plain == chunk.bytes && present.get(&pack.sha) == Some(&pack.size)
                });
                if !there {
                    return Err(VaultError::internal("a chunk of the backup is in no pack"));
                }
            }
            Ok(())
        })
    }
}

/// As it is unless zstd saves at least a thirty-second.
fn compress<'a>(
    compressor: &mut zstd::bulk::Compressor<'_>,
    plain: &'a [u8],
    packed: &'a mut Vec<u8>,
) -> Result<(u8, &'a [u8])> {
    packed.clear();
    packed.reserve(zstd::zstd_safe::compress_bound(plain.len()));
    compressor.compress_to_buffer(plain, packed).map_err(VaultError::internal)?;
    if packed.len() + plain.len() / 32 < plain.len() { Ok((ZSTD, packed)) } else { Ok((RAW, plain)) }
}
