//! A dump kept in memory, and read again from it: the engines' other end in tests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use holdfast_contract::snapshot::{SchemaObject, Snapshot};
use holdfast_engine::{DumpSink, Progress, Result, SnapshotSource, StreamSink, Unit, Work};
use tokio_util::sync::CancellationToken;

type Streams = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// Called before each write with the bytes so far: to cancel, to kill, to wait.
pub type Hook = Arc<dyn Fn(u64) + Send + Sync>;

#[derive(Clone, Default)]
pub struct Memory {
    /// Only streams that were finished.
    pub streams: Streams,
    pub hook: Option<Hook>,
    written: Arc<AtomicU64>,
}

impl Memory {
    pub fn with_hook(hook: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self { hook: Some(Arc::new(hook)), ..Self::default() }
    }

    pub fn text(&self, stream: &str) -> String {
        String::from_utf8(self.streams.lock().unwrap()[stream].clone()).unwrap()
    }

    /// Together with what the dump returned, a stored snapshot.
    pub fn stored(&self, mut snapshot: Snapshot) -> Stored {
        let objects = std::mem::take(&mut snapshot.objects);
        Stored { snapshot, objects, streams: self.streams.clone() }
    }
}

#[async_trait]
impl DumpSink for Memory {
    async fn open(&self, name: &str, _unit: Unit) -> Result<Box<dyn StreamSink>> {
        Ok(Box::new(Stream { memory: self.clone(), name: name.into(), data: Vec::new() }))
    }
}

struct Stream {
    memory: Memory,
    name: String,
    data: Vec<u8>,
}

#[async_trait]
impl StreamSink for Stream {
    async fn write(&mut self, data: Bytes) -> Result<()> {
        let written = self.memory.written.fetch_add(data.len() as u64, Ordering::Relaxed);
        if let Some(hook) = &self.memory.hook {
            hook(written);
            tokio::task::yield_now().await;
        }
        self.data.extend_from_slice(&data);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<()> {
        let twice = self.memory.streams.lock().unwrap().insert(self.name.clone(), self.data);
        assert!(twice.is_none(), "the stream {} was opened twice", self.name);
        Ok(())
    }
}

#[derive(Clone)]
pub struct Stored {
    pub snapshot: Snapshot,
    pub objects: Vec<SchemaObject>,
    pub streams: Streams,
}

#[async_trait]
impl SnapshotSource for Stored {
    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
    async fn objects(&self) -> Result<Vec<SchemaObject>> {
        Ok(self.objects.clone())
    }
    /// In pieces of an odd size: nobody may rely on where they end.
    async fn open(&self, stream: &str) -> Result<BoxStream<'static, Result<Bytes>>> {
        let data = self.streams.lock().unwrap().get(stream).cloned().expect("the stream was written");
        let pieces: Vec<_> = data.chunks(70_001).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        Ok(futures::stream::iter(pieces).boxed())
    }
}

#[derive(Default)]
pub struct Counted {
    pub bytes: AtomicU64,
    pub rows: AtomicU64,
}

impl Progress for Counted {
    fn phase(&self, _text: &str) {}
    fn total_bytes(&self, _total: u64) {}
    fn advance(&self, bytes: u64, rows: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }
}

pub fn work(parallel: usize) -> Work {
    Work {
        cancel: CancellationToken::new(),
        progress: Arc::new(Counted::default()),
        scratch_dir: PathBuf::from("/nonexistent"),
        parallel,
        clock: Arc::new(|| chrono::Utc::now().timestamp_millis()),
    }
}
