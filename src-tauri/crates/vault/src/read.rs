//! Reading a stream back, chunk by chunk, each verified before it is handed out.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryFutureExt};

use crate::segment::FileCipher;
use crate::store::Folder;
use crate::vault::Inner;
use crate::{ChunkRef, Result, StreamEntry, Vault, VaultError, hex};

/// Chunks fetched and decoded ahead of the reader.
const AHEAD: usize = 4;

impl Vault {
    /// Sweeps wait until the stream is dropped. The whole is compared with the stream's hash too: after the last
    /// chunk comes an error if it differs.
    pub fn read(&self, stream: &StreamEntry) -> BoxStream<'static, Result<Bytes>> {
        let inner = Arc::clone(&self.inner);
        let stream = stream.clone();
        let name = stream.name.clone();
        async move {
            let guard = inner.store.locks().shared().await?;
            let (expected, bytes) = (stream.hash, stream.bytes);
            let chunks = futures::stream::iter(stream.chunks)
                .map(move |chunk| {
                    let inner = Arc::clone(&inner);
                    async move { inner.chunk(chunk).await }
                })
                .buffered(AHEAD);
            let state = (chunks, blake3::Hasher::new(), 0u64, guard, false);
            let what = format!("the stream {name}");
            let verified =
                futures::stream::try_unfold(state, move |(mut chunks, mut hash, mut seen, guard, over)| {
                    let what = what.clone();
                    async move {
                        if over {
                            return Ok(None);
                        }
                        match chunks.next().await.transpose()? {
                            Some(chunk) => {
                                hash.update(&chunk);
                                seen += chunk.len() as u64;
                                Ok(Some((chunk, (chunks, hash, seen, guard, false))))
                            }
                            None if hash.finalize() == expected && seen == bytes => Ok(None),
                            None => Err(VaultError::damaged(
                                what,
                                "its chunks do not add up to what was backed up",
                            )),
                        }
                    }
                });
            Ok(verified)
        }
        .try_flatten_stream()
        .boxed()
    }
}

impl Inner {
    pub async fn chunk(self: &Arc<Self>, chunk: ChunkRef) -> Result<Bytes> {
        let mut last = VaultError::damaged(format!("chunk {:?}", chunk.id), "it is in no pack");
        for attempt in 0..2 {
            if attempt > 0 {
                // Another process may have moved it to another pack meanwhile.
                self.refresh().await?;
            }
            let Some((pack, spot)) = self.with_chunks(|map| map.find(&chunk.id)) else { continue };
            let name = hex::encode(&pack.sha);
            let object = Folder::Packs.object(&name);
            let Some(sealed) = self.store.get_range(Folder::Packs, &name, spot.range()).await? else {
                last = VaultError::damaged(object, "it is missing");
                continue;
            };
            let inner = Arc::clone(self);
            let opened = tokio::task::spawn_blocking(move || {
                let cipher = FileCipher::with(&inner.keys, b'P', pack.header())
                    .map_err(|_| "its key cannot be derived")?;
                spot.open(&inner.keys, &cipher, &mut Vec::from(sealed))
            });
            match opened.await.map_err(VaultError::internal)? {
                Ok(plain) if plain.len() == chunk.bytes as usize => return Ok(plain.into()),
                Ok(_) => {
                    last = VaultError::damaged(object, "a chunk has another length than the manifest says")
                }
                Err(what) => last = VaultError::damaged(object, what),
            }
        }
        Err(last)
    }
}
