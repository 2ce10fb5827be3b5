//! Writing a backup: streams are cut, chunks sealed by a few workers, packs published as they fill.
//!
//! Memory is bounded by the workers (one open pack each), two packs on their way to the storage, and a few chunks
//! waiting. Nothing is listed before `commit`; dropping the writer leaves only packs that a prune removes.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use holdfast_contract::BackupId;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use crate::cut::Cutter;
use crate::index::{self, IdSet};
use crate::keys::random;
use crate::manifest::{self, Head, ManifestName};
use crate::object::{self, FIRST, INDEX, Part};
use crate::pack::{PackBuilder, PackTable, Scratch};
use crate::segment::{RAW, ZSTD};
use crate::store::{Folder, Guard};
use crate::vault::Inner;
use crate::{ChunkRef, ManifestHead, Result, StreamEntry, Unit, Vault, VaultError, WriteOptions, hex};

/// Chunks go to the workers in groups of about this size, so that small ones do not cost a hand-over each.
const BATCH: usize = 256 << 10;
/// Packs on their way to the storage at the same time.
const UPLOADS: usize = 2;

pub struct BackupWriter {
    id: BackupId,
    raw_id: [u8; 16],
    work: Arc<Work>,
}

/// A stream of a backup that is being written. It must be finished before the backup is committed.
pub struct StreamWriter {
    work: Arc<Work>,
    number: usize,
    name: String,
    unit: Unit,
    cutter: Cutter,
    hash: blake3::Hasher,
    bytes: u64,
    batch: Vec<Bytes>,
    batch_bytes: usize,
    pending: VecDeque<JoinHandle<Result<Vec<ChunkRef>>>>,
    chunks: Vec<ChunkRef>,
}

/// What streams and workers of one backup share.
struct Work {
    inner: Arc<Inner>,
    /// Keeps sweeps away as long as anything of this backup is alive.
    _guard: Guard,
    level: i32,
    /// Packs a prune has marked: their chunks count as absent.
    marked: HashSet<[u8; 32]>,
    jobs: Arc<Semaphore>,
    waiting: usize,
    uploads: Arc<Semaphore>,
    stored: AtomicU64,
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    kits: Vec<Kit>,
    /// Chunks that this backup stores itself.
    claimed: IdSet,
    /// Packs without an index whose chunks are used again.
    adopted: HashSet<[u8; 32]>,
    sending: JoinSet<Result<PackTable>>,
    names: Vec<String>,
    streams: Vec<(usize, StreamEntry)>,
    failed: Option<VaultError>,
}

/// What one worker needs; passed on from chunk to chunk.
struct Kit {
    pack: PackBuilder,
    compressor: zstd::bulk::Compressor<'static>,
    packed: Vec<u8>,
    scratch: Scratch,
}

impl Vault {
    /// Holds a shared lock until the writer is gone.
    pub async fn begin(&self, options: WriteOptions) -> Result<BackupWriter> {
        let inner = Arc::clone(&self.inner);
        let guard = inner.store.locks().shared().await?;
        inner.refresh().await?;
        let marked = inner.marked().await?;
        let raw_id: [u8; 16] = random()?;
        let workers = options.workers.clamp(1, 64);
        let work = Work {
            inner,
            _guard: guard,
            level: options.compression.clamp(1, 19),
            marked,
            jobs: Arc::new(Semaphore::new(workers)),
            waiting: workers + 1,
            uploads: Arc::new(Semaphore::new(UPLOADS)),
            stored: AtomicU64::new(0),
            shared: Mutex::default(),
        };
        Ok(BackupWriter { id: BackupId(hex::encode(&raw_id)), raw_id, work: Arc::new(work) })
    }
}

impl BackupWriter {
    pub fn id(&self) -> &BackupId {
        &self.id
    }

    /// Several may be written at the same time.
    pub async fn stream(&self, name: &str, unit: Unit) -> Result<StreamWriter> {
        let mut shared = self.work.shared();
        if name.len() > usize::from(u16::MAX) || shared.names.iter().any(|known| known == name) {
            return Err(VaultError::Misuse {
                what: "The name of a stream is too long or used twice.".to_owned(),
            });
        }
        let number = shared.names.len();
        shared.names.push(name.to_owned());
        Ok(StreamWriter {
            work: Arc::clone(&self.work),
            number,
            name: name.to_owned(),
            unit,
            cutter: Cutter::new(unit, &self.work.inner.keys.cutting),
            hash: blake3::Hasher::new(),
            bytes: 0,
            batch: Vec::new(),
            batch_bytes: 0,
            pending: VecDeque::new(),
            chunks: Vec::new(),
        })
    }

    /// Bytes this backup adds to the vault so far.
    pub fn stored_bytes(&self) -> u64 {
        self.work.stored.load(Ordering::Relaxed)
    }

    /// Index, then manifest, then everything is looked at once more. An error means that there is no such backup,
    /// unless storage failed while the manifest was read back; then `heads` tells.
    pub async fn commit(
        self,
        summary: serde_json::Value,
        detail: serde_json::Value,
        now_ms: i64,
    ) -> Result<ManifestHead> {
        let inner = &self.work.inner;
        let streams = self.work.take_streams()?;
        self.work.publish().await?;
        let _commit = inner.store.locks().commit().await?;
        let history = inner.history().await?;
        let previous = history.tip();
        let last = previous.as_ref().map_or(0, |tip| tip.sequence);
        let sequence = last.checked_add(1).ok_or_else(|| {
            VaultError::damaged("manifests", "a manifest has an impossible sequence number")
        })?;
        let head = Head {
            id: self.id.clone(),
            sequence,
            previous,
            created_at_ms: now_ms,
            stored_bytes: self.stored_bytes(),
            summary,
        };
        let bytes = manifest::encode(&inner.keys, &self.raw_id, &head, &detail, &streams)?;
        // Before the commit point, not after: every chunk has a place in a pack that is there.
        self.work.all_there(&streams).await?;
        let prefix = ManifestName::prefix(head.sequence, &self.raw_id);
        let name = inner.store.put(Folder::Manifests, &prefix, bytes).await?;
        let name =
            ManifestName::parse(&name).ok_or_else(|| VaultError::internal("the name of a manifest"))?;
        let manifest = inner.manifest(&name).await?;
        if manifest.streams != streams {
            return Err(VaultError::damaged(name.object(), "it did not read back as it was written"));
        }
        Ok(manifest.head)
    }
}

impl StreamWriter {
    pub async fn write(&mut self, data: Bytes) -> Result<()> {
        self.work.fine()?;
        self.bytes += data.len() as u64;
        self.hash.update(&data);
        let mut rest = &data[..];
        while !rest.is_empty() {
            let (part, later) = rest.split_at(rest.len().min(self.cutter.room()));
            self.cutter.push(part);
            rest = later;
            while let Some(chunk) = self.cutter.next() {
                self.enqueue(chunk).await?;
            }
        }
        Ok(())
    }

    pub async fn finish(mut self) -> Result<()> {
        if let Some(chunk) = self.cutter.rest() {
            self.enqueue(chunk).await?;
        }
        self.dispatch().await?;
        while !self.pending.is_empty() {
            self.collect().await?;
        }
        let entry = StreamEntry {
            name: std::mem::take(&mut self.name),
            unit: self.unit,
            bytes: self.bytes,
            units: self.cutter.units(),
            hash: *self.hash.finalize().as_bytes(),
            chunks: std::mem::take(&mut self.chunks),
        };
        self.work.shared().streams.push((self.number, entry));
        Ok(())
    }

    async fn enqueue(&mut self, chunk: Bytes) -> Result<()> {
        self.batch_bytes += chunk.len();
        self.batch.push(chunk);
        if self.batch_bytes >= BATCH { self.dispatch().await } else { Ok(()) }
    }

    async fn dispatch(&mut self) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        let permit = Arc::clone(&self.work.jobs).acquire_owned().await.map_err(VaultError::internal)?;
        let work = Arc::clone(&self.work);
        self.pending.push_back(tokio::task::spawn_blocking(move || {
            let result = work.store(&batch);
            drop(permit);
            result.inspect_err(|error| work.fail(error))
        }));
        while self.pending.len() > self.work.waiting
            || self.pending.front().is_some_and(|job| job.is_finished())
        {
            self.collect().await?;
        }
        Ok(())
    }

    /// The oldest job's chunks; order is the stream's whatever job is quicker.
    async fn collect(&mut self) -> Result<()> {
        if let Some(job) = self.pending.front_mut() {
            let chunks = job.await.map_err(VaultError::internal)?;
            self.pending.pop_front();
            self.chunks.extend(chunks?);
        }
        Ok(())
    }
}

impl Work {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fine(&self) -> Result<()> {
        self.shared().failed.clone().map_or(Ok(()), Err)
    }

    fn fail(&self, error: &VaultError) {
        self.shared().failed.get_or_insert_with(|| error.clone());
    }

    /// On a blocking thread.
    fn store(self: &Arc<Self>, batch: &[Bytes]) -> Result<Vec<ChunkRef>> {
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

    fn take_streams(&self) -> Result<Vec<StreamEntry>> {
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
    async fn publish(self: &Arc<Self>) -> Result<()> {
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

    async fn all_there(&self, streams: &[StreamEntry]) -> Result<()> {
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
