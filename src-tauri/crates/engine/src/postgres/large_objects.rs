//! Large objects: they have no table of their own that a login may read, so they are read and written
//! piecewise through the server's functions.
//!
//! They travel as rows `oid, offset, bytes` of the pseudo table `pg_catalog.pg_largeobject`, in one stream,
//! counted and hashed like any table; a proof therefore covers them too.

use bytes::Bytes;
use futures::TryStreamExt;
use futures::stream::BoxStream;
use holdfast_contract::snapshot::{Column, TableName};

use super::connect::Session;
use super::piece::Piece;
use crate::{EngineError, Result, Work};

pub const STREAM: &str = "large-objects";
/// Bytes of one row: a few pages of the server's storage, small enough for every buffer on the way.
const SLICE: u32 = 32 << 10;
/// Text of one round trip when loading.
const BATCH: usize = 1 << 20;

/// This login may read the object: owner, granted, or superuser. The function that tells is new in 17.
const READABLE: &str = "(EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = current_user AND r.rolsuper) \
    OR pg_catalog.pg_has_role(m.lomowner, 'USAGE') \
    OR EXISTS (SELECT FROM pg_catalog.aclexplode(m.lomacl) a WHERE a.privilege_type = 'SELECT' \
               AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE'))))";

pub fn table() -> TableName {
    TableName { schema: Some("pg_catalog".into()), name: "pg_largeobject".into() }
}

pub fn is_table(table: &TableName) -> bool {
    table.name == "pg_largeobject" && table.schema.as_deref() == Some("pg_catalog")
}

pub fn columns() -> Vec<Column> {
    [("loid", "oid"), ("offset", "bigint"), ("data", "bytea")]
        .map(|(name, type_name)| Column { name: name.into(), type_name: type_name.into() })
        .into()
}

/// All of them in one COPY. `OFFSET 0` keeps the planner from calling `lo_open` more than once an object,
/// and keeps the order of the objects.
pub fn piece(index: usize) -> Piece {
    let sql = format!(
        "COPY (SELECT o.oid, p.at, pg_catalog.lo_get(o.oid, p.at, {SLICE}) \
         FROM (SELECT s.oid, pg_catalog.lo_lseek64(s.fd, 0, 2) AS size, pg_catalog.lo_close(s.fd) AS closed \
               FROM (SELECT m.oid, pg_catalog.lo_open(m.oid, 262144) AS fd \
                     FROM pg_catalog.pg_largeobject_metadata m WHERE {READABLE} ORDER BY m.oid OFFSET 0) s OFFSET 0) o \
         CROSS JOIN LATERAL pg_catalog.generate_series(0, greatest(o.size - 1, 0), {SLICE}) AS p(at)) TO STDOUT"
    );
    Piece { table: index, stream: STREAM.into(), sql, label: "large objects".into(), estimate: u64::MAX }
}

/// One slice as it travels.
pub struct Slice {
    pub oid: u32,
    pub offset: u64,
    /// Hex digits.
    pub hex: String,
}

impl Slice {
    fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = std::str::from_utf8(line).ok()?.split('\t');
        let (oid, offset, data) = (fields.next()?, fields.next()?, fields.next()?);
        let hex = data.strip_prefix("\\\\x")?;
        let valid = fields.next().is_none() && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        valid.then_some(Self { oid: oid.parse().ok()?, offset: offset.parse().ok()?, hex: hex.into() })
    }

    /// The statement that puts it in place; every object has a slice at 0, which makes the object.
    pub fn sql(&self) -> String {
        let Self { oid, offset, hex } = self;
        let mut sql = String::with_capacity(hex.len() + 200);
        if *offset == 0 {
            sql += &format!(
                "SELECT pg_catalog.lo_create({oid}) \
                 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata WHERE oid = {oid});\n"
            );
        }
        sql += &format!("SELECT pg_catalog.lo_put({oid}, {offset}, '\\x{hex}'::pg_catalog.bytea);\n");
        sql
    }
}

/// Whole lines out of a stream cut anywhere.
pub struct Slices {
    stream: BoxStream<'static, Result<Bytes>>,
    buffer: Vec<u8>,
    at: usize,
}

impl Slices {
    pub fn new(stream: BoxStream<'static, Result<Bytes>>) -> Self {
        Self { stream, buffer: Vec::new(), at: 0 }
    }

    pub async fn next(&mut self) -> Result<Option<Slice>> {
        let damaged = || EngineError::incomplete("The stream of large objects is not what was written.");
        let mut searched = self.at;
        loop {
            if let Some(length) = self.buffer[searched..].iter().position(|byte| *byte == b'\n') {
                let line = &self.buffer[self.at..searched + length];
                let slice = Slice::parse(line).ok_or_else(damaged)?;
                self.at = searched + length + 1;
                return Ok(Some(slice));
            }
            self.buffer.drain(..self.at);
            self.at = 0;
            searched = self.buffer.len();
            match self.stream.try_next().await? {
                Some(data) => self.buffer.extend_from_slice(&data),
                None if self.buffer.is_empty() => return Ok(None),
                None => return Err(damaged()),
            }
        }
    }
}

pub async fn load(
    session: &mut Session,
    stream: BoxStream<'static, Result<Bytes>>,
    work: &Work,
) -> Result<u64> {
    let doing = "Loading large objects";
    work.progress.phase(doing);
    let mut slices = Slices::new(stream);
    let mut batch = String::new();
    let mut rows = 0;
    while let Some(slice) = slices.next().await? {
        batch += &slice.sql();
        rows += 1;
        if batch.len() >= BATCH {
            session.execute(doing, &batch).await?;
            batch.clear();
        }
        work.progress.advance(slice.hex.len() as u64, 1);
    }
    if !batch.is_empty() {
        session.execute(doing, &batch).await?;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use futures::StreamExt;

    #[tokio::test]
    async fn slices_survive_any_fragmentation_and_a_cut_is_noticed() {
        let whole = b"16\t0\t\\\\x6162\n16\t2\t\\\\x\n";
        for size in 1..whole.len() {
            let parts: Vec<Result<Bytes>> =
                whole.chunks(size).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
            let mut slices = Slices::new(futures::stream::iter(parts).boxed());
            let first = slices.next().await.unwrap().unwrap();
            assert_eq!((first.oid, first.offset, first.hex.as_str()), (16, 0, "6162"));
            assert_eq!(slices.next().await.unwrap().unwrap().offset, 2);
            assert!(slices.next().await.unwrap().is_none());
        }
        let cut = futures::stream::iter([Ok(Bytes::from_static(b"16\t0\t\\\\x61"))]).boxed();
        assert!(Slices::new(cut).next().await.is_err());
    }
}
