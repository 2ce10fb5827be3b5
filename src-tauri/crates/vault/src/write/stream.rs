//! One stream of a backup: cut into chunks, handed to the workers in groups, its entry put together in the stream's order.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::work::Work;
use crate::cut::Cutter;
use crate::{ChunkRef, Result, StreamEntry, Unit, VaultError};

/// Chunks go to the workers in groups of about this size, so that small ones do not cost a hand-over each.
const BATCH: usize = 256 << 10;

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

impl StreamWriter {
    pub(super) fn new(work: Arc<Work>, number: usize, name: String, unit: Unit) -> Self {
        Self {
            cutter: Cutter::new(unit, &work.inner.keys.cutting),
            work,
            number,
            name,
            unit,
            hash: blake3::Hasher::new(),
            bytes: 0,
            batch: Vec::new(),
            batch_bytes: 0,
            pending: VecDeque::new(),
            chunks: Vec::new(),
        }
    }

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
