//! What the vault's tests share: cheap vaults, deterministic data, a store that fails on demand.
#![allow(clippy::unwrap_used, dead_code)]

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use bytes::{Bytes, BytesMut};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use holdfast_contract::BackupId;
use holdfast_vault::*;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

pub const CHEAP: Argon2Cost = Argon2Cost::FLOOR;
pub const DAY: i64 = 86_400_000;

pub fn passphrase() -> SecretString {
    SecretString::from("correct horse battery staple")
}

pub async fn vault(store: Store) -> Vault {
    Vault::create_at(store, &passphrase(), CHEAP, 1_000).await.unwrap()
}

pub async fn reopen(store: Store) -> Vault {
    Vault::open(store, &Secret::Passphrase(passphrase())).await.unwrap()
}

/// Rows that look like a table and compress like one.
pub fn rows(count: usize, seed: u64) -> Vec<u8> {
    let mut out = String::new();
    let mut state = seed | 1;
    for n in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        out += &format!("{n}\tcustomer {}\t{:016x}\t\\N\tsome words that repeat\n", n % 97, state);
    }
    out.into_bytes()
}

pub fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut out = vec![0; bytes];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut out);
    out
}

pub async fn try_backup(vault: &Vault, streams: &[(&str, Unit, &[u8])], now_ms: i64) -> Result<ManifestHead> {
    // One worker, so that the number of packs is certain.
    let writer = vault.begin(WriteOptions { compression: 1, workers: 1 }).await?;
    for (name, unit, data) in streams {
        let mut stream = writer.stream(name, *unit).await?;
        for part in data.chunks(60_000) {
            stream.write(Bytes::copy_from_slice(part)).await?;
        }
        stream.finish().await?;
    }
    writer
        .commit(serde_json::json!({"name": "test"}), serde_json::json!({"tables": streams.len()}), now_ms)
        .await
}

pub async fn backup(vault: &Vault, data: &[u8], now_ms: i64) -> ManifestHead {
    try_backup(vault, &[("rows", Unit::Line, data)], now_ms).await.unwrap()
}

pub async fn read(vault: &Vault, stream: &StreamEntry) -> Result<Vec<u8>> {
    let all: BytesMut = vault.read(stream).try_collect().await?;
    Ok(all.to_vec())
}

pub async fn contents(vault: &Vault, id: &BackupId) -> Result<Vec<Vec<u8>>> {
    let manifest = vault.manifest(id).await?;
    let mut all = Vec::new();
    for stream in &manifest.streams {
        all.push(read(vault, stream).await?);
    }
    Ok(all)
}

pub async fn check(vault: &Vault, level: CheckLevel) -> CheckReport {
    vault.check(level, None, &(), &CancellationToken::new()).await.unwrap()
}

pub async fn prune(vault: &Vault, grace_ms: i64, now_ms: i64) -> Result<PruneResult> {
    let plan = vault.prune_plan(grace_ms, now_ms).await?;
    vault.prune(&plan, now_ms, &CancellationToken::new()).await
}

pub async fn objects(store: &InMemory) -> Vec<(Path, Bytes)> {
    let listed: Vec<ObjectMeta> = store.list(None).try_collect().await.unwrap();
    let mut all = Vec::new();
    for meta in listed {
        let bytes = store.get(&meta.location).await.unwrap().bytes().await.unwrap();
        all.push((meta.location, bytes));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

pub async fn copy(from: &InMemory) -> Arc<InMemory> {
    let to = InMemory::new();
    for (path, bytes) in objects(from).await {
        to.put(&path, bytes.into()).await.unwrap();
    }
    Arc::new(to)
}

/// Passes everything on until its fuel for changes is used up; then every change fails, as after a crash.
#[derive(Debug)]
pub struct Failing {
    inner: Arc<InMemory>,
    pub fuel: AtomicI64,
    /// Whether the failing change happens all the same (the answer is lost).
    pub answer_lost: bool,
    pub changes: AtomicU64,
}

impl Failing {
    pub fn new(inner: Arc<InMemory>, fuel: i64, answer_lost: bool) -> Arc<Self> {
        Arc::new(Self { inner, fuel: AtomicI64::new(fuel), answer_lost, changes: AtomicU64::new(0) })
    }

    /// Whether to do it, and whether to say so.
    fn spend(&self) -> (bool, bool) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        match self.fuel.fetch_sub(1, Ordering::SeqCst) {
            left if left > 0 => (true, true),
            0 => (self.answer_lost, false),
            _ => (false, false),
        }
    }
}

fn full() -> Error {
    Error::Generic {
        store: "failing",
        source: Box::new(std::io::Error::from(std::io::ErrorKind::StorageFull)),
    }
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failing")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Failing {
    async fn put_opts(
        &self,
        at: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        let (act, tell) = self.spend();
        let result = if act { self.inner.put_opts(at, payload, options).await } else { Err(full()) };
        if tell { result } else { Err(full()) }
    }
    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        Err(full())
    }
    async fn get_opts(&self, at: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.inner.get_opts(at, options).await
    }
    async fn get_ranges(&self, at: &Path, ranges: &[Range<u64>]) -> object_store::Result<Vec<Bytes>> {
        self.inner.get_ranges(at, ranges).await
    }
    fn delete_stream(
        &self,
        paths: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        let (act, tell) = self.spend();
        let done = if act { self.inner.delete_stream(paths) } else { futures::stream::empty().boxed() };
        // The deletion must have run before the answer is thrown away.
        if tell {
            done
        } else {
            done.chain(futures::stream::once(async { Err(full()) }))
                .filter_map(|r| async { r.is_err().then_some(r) })
                .boxed()
        }
    }
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }
    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }
    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> object_store::Result<()> {
        Err(full())
    }
}
