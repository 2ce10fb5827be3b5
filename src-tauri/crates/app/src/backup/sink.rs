//! The dump's way into the vault: every stream an engine opens becomes a stream of the backup being written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use holdfast_engine::{DumpSink, EngineError, Result, StreamSink, Unit};
use holdfast_vault::{BackupWriter, StreamWriter, VaultError};

pub(crate) struct VaultSink<'a> {
    writer: &'a BackupWriter,
    /// What was handed in by the engine, before dedup and compression: the size people know.
    bytes: Arc<AtomicU64>,
}

impl<'a> VaultSink<'a> {
    pub(crate) fn new(writer: &'a BackupWriter) -> Self {
        Self { writer, bytes: Arc::default() }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// A failure of the vault seen from inside an engine: passed through in the vault's own words.
pub(crate) fn far(error: VaultError) -> EngineError {
    EngineError::Far(error.into_api())
}

#[async_trait]
impl DumpSink for VaultSink<'_> {
    async fn open(&self, name: &str, unit: Unit) -> Result<Box<dyn StreamSink>> {
        let unit = match unit {
            Unit::Line => holdfast_vault::Unit::Line,
            Unit::Fixed(bytes) => holdfast_vault::Unit::Fixed(bytes),
        };
        let stream = self.writer.stream(name, unit).await.map_err(far)?;
        Ok(Box::new(CountedStream { stream, bytes: self.bytes.clone() }))
    }
}

struct CountedStream {
    stream: StreamWriter,
    bytes: Arc<AtomicU64>,
}

#[async_trait]
impl StreamSink for CountedStream {
    async fn write(&mut self, data: Bytes) -> Result<()> {
        self.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
        self.stream.write(data).await.map_err(far)
    }

    async fn finish(self: Box<Self>) -> Result<()> {
        self.stream.finish().await.map_err(far)
    }
}
