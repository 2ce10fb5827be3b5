//! A stored backup as an engine reads it back: the other end of `sink`.

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use holdfast_contract::snapshot::{SchemaObject, Snapshot};
use holdfast_contract::{ApiError, BackupId, ErrorCode};
use holdfast_engine::mysql::definer;
use holdfast_engine::{EngineError, Result, SnapshotSource};
use holdfast_vault::{Manifest, StreamEntry, Vault};

use super::sink::far;

/// The stream that holds the schema's objects, one JSON object a line.
pub(crate) const SCHEMA_STREAM: &str = "schema";

pub(crate) struct VaultSource {
    vault: Vault,
    manifest: Manifest,
    snapshot: Snapshot,
    map_definers: bool,
}

impl VaultSource {
    pub(crate) async fn open(vault: &Vault, id: &BackupId) -> Result<Self, ApiError> {
        let manifest = vault.manifest(id).await?;
        let snapshot = snapshot_of(&manifest)?;
        Ok(Self { vault: vault.clone(), manifest, snapshot, map_definers: false })
    }

    /// Definitions come as if the login that loads them had made them, where that makes a difference.
    pub(crate) fn mapping_definers(mut self, map_definers: bool) -> Self {
        self.map_definers = map_definers && holdfast_engine::properties(self.snapshot.server.engine).definers;
        self
    }

    pub(crate) fn streams(&self) -> &[StreamEntry] {
        &self.manifest.streams
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.manifest.head.sequence
    }

    pub(crate) fn into_snapshot(self) -> Snapshot {
        self.snapshot
    }

    /// Bytes that reading every stream once will hand out.
    pub(crate) fn total_bytes(&self) -> u64 {
        self.manifest.streams.iter().map(|stream| stream.bytes).sum()
    }

    /// What people call the contents of a stream: its table, or what it is.
    pub(crate) fn title(&self, stream: &str) -> String {
        let of_table = |table: &&holdfast_contract::snapshot::TableSnapshot| {
            table.streams.iter().any(|name| name == stream)
        };
        match self.snapshot.tables.iter().find(of_table) {
            Some(table) => format!("table {}", table.table),
            None if stream == SCHEMA_STREAM => "the schema".into(),
            None if stream == "pages" => "the database pages".into(),
            None if stream == "large-objects" => "the large objects".into(),
            None => format!("stream {stream}"),
        }
    }

    pub(crate) fn holds_rows(&self, stream: &str) -> bool {
        self.snapshot.tables.iter().any(|table| table.streams.iter().any(|name| name == stream))
    }

    fn entry(&self, stream: &str) -> Result<&StreamEntry> {
        self.manifest.streams.iter().find(|entry| entry.name == stream).ok_or_else(|| {
            let message = format!("The backup's list of contents does not hold {}.", self.title(stream));
            EngineError::Far(ApiError::new(ErrorCode::VaultDamaged, message).hint("Restore another backup."))
        })
    }
}

pub(crate) fn snapshot_of(manifest: &Manifest) -> Result<Snapshot, ApiError> {
    serde_json::from_value(manifest.detail.clone()).map_err(|error| {
        ApiError::new(ErrorCode::VaultDamaged, "The description of this backup cannot be read.")
            .hint("It may have been made by a newer Holdfast; update and try again.")
            .native(error.to_string())
    })
}

#[async_trait]
impl SnapshotSource for VaultSource {
    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    async fn objects(&self) -> Result<Vec<SchemaObject>> {
        let mut bytes = Vec::new();
        let mut stream = self.open(SCHEMA_STREAM).await?;
        while let Some(part) = stream.next().await {
            bytes.extend_from_slice(&part?);
        }
        let line = |line: &[u8]| {
            serde_json::from_slice(line).map_err(|error| {
                let error =
                    ApiError::new(ErrorCode::VaultDamaged, "The schema in this backup cannot be read.")
                        .native(error.to_string());
                EngineError::Far(error)
            })
        };
        let objects = bytes
            .split(|byte| *byte == b'\n')
            .filter(|text| !text.is_empty())
            .map(line)
            .collect::<Result<_>>()?;
        Ok(if self.map_definers { definer::map_to_loader(objects) } else { objects })
    }

    async fn open(&self, stream: &str) -> Result<BoxStream<'static, Result<Bytes>>> {
        let title = self.title(stream);
        let bytes = self.vault.read(self.entry(stream)?);
        Ok(bytes.map(move |part| part.map_err(|error| named(far(error), &title))).boxed())
    }
}

/// Damage is told by what it hits, not only by the name of a pack.
fn named(error: EngineError, title: &str) -> EngineError {
    match error {
        EngineError::Far(mut error) => {
            error.message = format!("Reading {title} back from the vault failed: {}", error.message);
            EngineError::Far(error)
        }
        other => other,
    }
}
