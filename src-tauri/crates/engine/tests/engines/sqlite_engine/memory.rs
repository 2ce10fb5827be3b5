//! Both far ends of a dump, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use holdfast_contract::snapshot::{SchemaObject, Snapshot};
use holdfast_engine::{DumpSink, Result, SnapshotSource, StreamSink, Unit};

#[derive(Default)]
pub struct Memory {
    streams: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    snapshot: Option<Snapshot>,
    objects: Vec<SchemaObject>,
}

impl Memory {
    pub fn close(mut self, mut snapshot: Snapshot) -> Self {
        self.objects = std::mem::take(&mut snapshot.objects);
        self.snapshot = Some(snapshot);
        self
    }
    pub fn snapshot_ref(&self) -> &Snapshot {
        self.snapshot.as_ref().unwrap()
    }
    pub fn stream(&self, name: &str) -> Vec<u8> {
        self.streams.lock().unwrap()[name].clone()
    }
    /// Damage, as a broken store would hand out if it did not verify.
    pub fn replace(&self, name: &str, bytes: Vec<u8>) {
        self.streams.lock().unwrap().insert(name.into(), bytes);
    }
}

struct Stream {
    streams: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    name: String,
    unit: Unit,
    bytes: Vec<u8>,
}

#[async_trait]
impl DumpSink for Memory {
    async fn open(&self, name: &str, unit: Unit) -> Result<Box<dyn StreamSink>> {
        Ok(Box::new(Stream { streams: self.streams.clone(), name: name.into(), unit, bytes: vec![] }))
    }
}

#[async_trait]
impl StreamSink for Stream {
    async fn write(&mut self, data: Bytes) -> Result<()> {
        self.bytes.extend_from_slice(&data);
        Ok(())
    }
    async fn finish(self: Box<Self>) -> Result<()> {
        match self.unit {
            Unit::Line => assert!(self.bytes.is_empty() || self.bytes.ends_with(b"\n")),
            Unit::Fixed(size) => assert_eq!(self.bytes.len() % size as usize, 0),
        }
        let before = self.streams.lock().unwrap().insert(self.name, self.bytes);
        assert!(before.is_none(), "stream names are unique");
        Ok(())
    }
}

#[async_trait]
impl SnapshotSource for Memory {
    fn snapshot(&self) -> &Snapshot {
        self.snapshot_ref()
    }
    async fn objects(&self) -> Result<Vec<SchemaObject>> {
        Ok(self.objects.clone())
    }
    async fn open(&self, stream: &str) -> Result<BoxStream<'static, Result<Bytes>>> {
        // An odd size, so that nothing relies on fragments that align with pages or rows.
        let pieces: Vec<_> =
            self.stream(stream).chunks(7001).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        Ok(futures::stream::iter(pieces).boxed())
    }
}
