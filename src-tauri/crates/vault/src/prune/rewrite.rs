//! Moving the needed chunks of half-dead packs into new ones.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::survey::Survey;
use super::{Sha, stop_if};
use crate::pack::{PackBuilder, PackTable};
use crate::segment::FileCipher;
use crate::store::{Folder, missing};
use crate::vault::Inner;
use crate::{Result, VaultError, hex};

impl Inner {
    /// The new packs are durable when this returns. Each chunk is decoded before it moves and compared after.
    pub(super) async fn rewrite(
        self: &Arc<Self>,
        survey: &Survey,
        packs: &[Sha],
        cancel: &CancellationToken,
    ) -> Result<Vec<Arc<PackTable>>> {
        let mut fresh = Vec::new();
        let mut builder = PackBuilder::new(&self.keys)?;
        for sha in packs {
            stop_if(cancel)?;
            let Some(judged) = survey.judged(sha) else { continue };
            let (table, needed) = (judged.table.clone(), judged.needed.clone());
            let name = hex::encode(sha);
            let object = Folder::Packs.object(&name);
            let file = self.store.get_range(Folder::Packs, &name, 0..table.size).await?;
            let file = file.ok_or_else(|| missing(&object))?;
            let inner = Arc::clone(self);
            let (filled, full) = tokio::task::spawn_blocking(move || {
                let cipher = FileCipher::with(&inner.keys, b'P', table.header())?;
                let mut scratch = crate::pack::Scratch::new()?;
                let mut full = Vec::new();
                let mut builder = builder;
                for spot in table.spots().filter(|spot| needed.contains(&spot.entry.id)) {
                    let damaged = |what: &str| VaultError::damaged(object.clone(), what);
                    let range = spot.range();
                    let segment = file
                        .get(range.start as usize..range.end as usize)
                        .ok_or_else(|| damaged("a chunk is cut short"))?;
                    let plain = spot.open(&inner.keys, &cipher, &mut segment.to_vec()).map_err(damaged)?;
                    let mut segment = segment.to_vec();
                    let packed =
                        spot.packed(&cipher, &mut segment).ok_or_else(|| damaged("a chunk was changed"))?;
                    let moved = builder.add(spot.entry.id, spot.entry.codec, packed, spot.entry.plain)?;
                    builder.verify(&moved, &plain, &mut scratch)?;
                    if builder.is_full() {
                        full.push(std::mem::replace(&mut builder, PackBuilder::new(&inner.keys)?).finish()?);
                    }
                }
                Ok::<_, VaultError>((builder, full))
            })
            .await
            .map_err(VaultError::internal)??;
            builder = filled;
            for (table, bytes) in full {
                self.store.put(Folder::Packs, "", bytes).await?;
                fresh.push(Arc::new(table));
            }
        }
        if !builder.is_empty() {
            let (table, bytes) = builder.finish()?;
            self.store.put(Folder::Packs, "", bytes).await?;
            fresh.push(Arc::new(table));
        }
        Ok(fresh)
    }
}
