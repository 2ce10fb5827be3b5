//! Level *decoded*: every stream decrypts, decompresses and is whole, and where a table has streams of its own,
//! its rows are counted and hashed again.
//!
//! A SQLite backup keeps its tables inside the pages: here they are read and authenticated, but no table is
//! claimed. Only level *restored* opens them.

use std::collections::BTreeMap;

use futures::StreamExt;
use holdfast_contract::backup::TableProof;
use holdfast_contract::snapshot::TableSnapshot;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::content::ContentHasher;
use holdfast_engine::{EngineError, SnapshotSource, Work};

use super::compare::Comparison;
use crate::backup::source::{SCHEMA_STREAM, VaultSource};

pub(super) async fn compare(source: &VaultSource, work: &Work) -> Result<Comparison, ApiError> {
    work.progress.total_bytes(source.total_bytes());
    let mut result = Comparison::default();
    let mut read: BTreeMap<String, ContentHasher> = BTreeMap::new();
    for stream in source.streams() {
        work.progress.phase(&format!("Reading {} back", source.title(&stream.name)));
        match read_back(source, &stream.name, work).await {
            Ok(back) if back.bytes == stream.bytes => {
                read.insert(stream.name.clone(), back.rows);
            }
            Ok(_) => result.problems.push(format!("Not all of {} comes back.", source.title(&stream.name))),
            Err(EngineError::Far(error)) if is_damage(error.code) => result.problems.push(error.message),
            Err(other) => return Err(other.into_api()),
        }
    }
    if read.contains_key(SCHEMA_STREAM)
        && let Err(error) = source.objects().await
    {
        result.problems.push(error.into_api().message);
    }
    for table in source.snapshot().tables.iter().filter(|table| table.has_rows && !table.streams.is_empty()) {
        let (proof, problem) = judge(table, &read);
        result.tables.push(proof);
        result.problems.extend(problem);
    }
    Ok(result)
}

/// The vault's verdicts on what it holds; anything else means that the check could not be made.
pub(super) fn is_damage(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::VaultDamaged | ErrorCode::NotFound)
}

/// What came back of one stream.
#[derive(Default)]
struct Back {
    bytes: u64,
    rows: ContentHasher,
}

async fn read_back(source: &VaultSource, stream: &str, work: &Work) -> Result<Back, EngineError> {
    // Pages have no line ends: hashing them as rows would hold them all in memory.
    let holds_rows = source.holds_rows(stream);
    let mut back = Back::default();
    let mut bytes = source.open(stream).await?;
    while let Some(part) = bytes.next().await {
        work.checkpoint()?;
        let part = part?;
        let rows = back.rows.rows();
        back.bytes += part.len() as u64;
        if holds_rows {
            back.rows.write(&part);
        }
        work.progress.advance(part.len() as u64, back.rows.rows() - rows);
    }
    Ok(back)
}

fn judge(table: &TableSnapshot, read: &BTreeMap<String, ContentHasher>) -> (TableProof, Option<String>) {
    let mut sum = ContentHasher::new();
    let mut missing = false;
    for stream in &table.streams {
        match read.get(stream) {
            Some(part) => sum.merge(part),
            None => missing = true,
        }
    }
    let hash_equal = !missing && sum.rows() == table.rows && sum.hex() == table.content_hash;
    let name = &table.table;
    // A stream that did not come back has been told already.
    let problem = (!hash_equal && !missing).then(|| {
        format!(
            "Table {name}: {} rows come back instead of {}, or with other contents.",
            sum.rows(),
            table.rows
        )
    });
    let proof = TableProof {
        table: name.clone(),
        expected_rows: table.rows,
        found_rows: (!missing).then_some(sum.rows()),
        hash_equal,
    };
    (proof, problem)
}
