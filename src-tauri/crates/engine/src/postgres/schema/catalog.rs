//! The server's catalogs as addresses, and reading them.
//!
//! Every query yields one JSON document a row, so that a struct names what it reads and nothing depends on
//! column order or on wire types.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sqlx::{AssertSqlSafe, PgConnection, Row as _, ValueRef as _};

use crate::postgres::error;
use crate::{EngineError, Result};

/// Objects below were made by initdb: `FirstNormalObjectId` of the server's sources.
pub const FIRST_USER_OID: u32 = 16384;
/// The oid of schema `public` in every database made from the templates.
pub const PUBLIC_SCHEMA: u32 = 2200;

/// Catalog oids, fixed in the server's sources since long before version 13.
pub mod class {
    pub const DEFAULT_ACL: u32 = 826;
    pub const TYPE: u32 = 1247;
    pub const PROCEDURE: u32 = 1255;
    pub const RELATION: u32 = 1259;
    pub const DATABASE: u32 = 1262;
    pub const ACCESS_METHOD: u32 = 2601;
    pub const ACCESS_METHOD_OPERATOR: u32 = 2602;
    pub const ACCESS_METHOD_PROCEDURE: u32 = 2603;
    pub const DEFAULT: u32 = 2604;
    pub const CAST: u32 = 2605;
    pub const CONSTRAINT: u32 = 2606;
    pub const CONVERSION: u32 = 2607;
    pub const LANGUAGE: u32 = 2612;
    pub const LARGE_OBJECT: u32 = 2613;
    pub const SCHEMA: u32 = 2615;
    pub const OPERATOR_CLASS: u32 = 2616;
    pub const OPERATOR: u32 = 2617;
    pub const FOREIGN_DATA_WRAPPER: u32 = 2328;
    pub const FOREIGN_SERVER: u32 = 1417;
    pub const USER_MAPPING: u32 = 1418;
    pub const REWRITE: u32 = 2618;
    pub const TRIGGER: u32 = 2620;
    pub const OPERATOR_FAMILY: u32 = 2753;
    pub const LARGE_OBJECT_METADATA: u32 = 2995;
    pub const EXTENSION: u32 = 3079;
    pub const POLICY: u32 = 3256;
    pub const EVENT_TRIGGER: u32 = 3466;
    pub const SUBSCRIPTION: u32 = 6100;
    pub const PUBLICATION: u32 = 6104;
    pub const PUBLICATION_TABLE: u32 = 6106;
    pub const PUBLICATION_SCHEMA: u32 = 6237;
    pub const STATISTICS: u32 = 3381;
    pub const COLLATION: u32 = 3456;
    pub const TRANSFORM: u32 = 3576;
    pub const TEXT_SEARCH_DICTIONARY: u32 = 3600;
    pub const TEXT_SEARCH_PARSER: u32 = 3601;
    pub const TEXT_SEARCH_CONFIGURATION: u32 = 3602;
    pub const TEXT_SEARCH_TEMPLATE: u32 = 3764;
}

/// One object: the catalog it is a row of, and its oid there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    pub class: u32,
    pub oid: u32,
}

impl Address {
    pub fn new(class: u32, oid: u32) -> Self {
        Self { class, oid }
    }
    pub fn relation(oid: u32) -> Self {
        Self::new(class::RELATION, oid)
    }
}

/// A row of `pg_depend`.
pub struct Dependency {
    pub class: u32,
    pub oid: u32,
    pub ref_class: u32,
    pub ref_oid: u32,
    /// The column referred to, or 0.
    pub ref_sub: i32,
    /// `n`ormal, `a`uto, `i`nternal, `P`/`S` partition, `e`xtension member, `x` auto on extension.
    pub kind: char,
}

impl Dependency {
    pub fn from(&self) -> Address {
        Address::new(self.class, self.oid)
    }
    pub fn to(&self) -> Address {
        Address::new(self.ref_class, self.ref_oid)
    }
}

/// Dependencies of one kind between two catalogs, side by side: there are many, and so they take least time.
#[derive(Deserialize)]
struct Dependencies {
    class: u32,
    ref_class: u32,
    kind: char,
    oids: Vec<u32>,
    ref_oids: Vec<u32>,
    ref_subs: Vec<i32>,
}

/// All dependencies between objects of users; on system objects nothing is ever ordered.
pub async fn dependencies(conn: &mut PgConnection) -> Result<Vec<Dependency>> {
    let sql = format!(
        "SELECT classid::int8 AS class, refclassid::int8 AS ref_class, deptype::text AS kind, \
         pg_catalog.array_agg(objid::int8) AS oids, pg_catalog.array_agg(refobjid::int8) AS ref_oids, \
         pg_catalog.array_agg(refobjsubid) AS ref_subs FROM pg_catalog.pg_depend \
         WHERE objid >= {FIRST_USER_OID} AND (refobjid >= {FIRST_USER_OID} OR refobjid = {PUBLIC_SCHEMA}) GROUP BY 1, 2, 3"
    );
    let mut found = Vec::new();
    for group in rows::<Dependencies>(conn, "Reading dependencies", &sql).await? {
        let (class, ref_class, kind) = (group.class, group.ref_class, group.kind);
        let each = group.oids.iter().zip(&group.ref_oids).zip(&group.ref_subs);
        found.extend(each.map(|((oid, ref_oid), ref_sub)| Dependency {
            class,
            oid: *oid,
            ref_class,
            ref_oid: *ref_oid,
            ref_sub: *ref_sub,
            kind,
        }));
    }
    Ok(found)
}

/// The rows of one query.
pub async fn rows<T: DeserializeOwned>(conn: &mut PgConnection, doing: &str, sql: &str) -> Result<Vec<T>> {
    let sql = format!("SELECT pg_catalog.row_to_json(q)::text FROM ({sql}) AS q");
    let found = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_all(conn)
        .await
        .map_err(|error| error::during(doing, error))?;
    found
        .iter()
        .map(|row| {
            let value = row.try_get_raw(0).map_err(|error| error::during(doing, error))?;
            if value.is_null() {
                return Err(not_understood(doing, "a row is null"));
            }
            let text = value.as_str().map_err(|source| error::during(doing, sqlx::Error::Decode(source)))?;
            serde_json::from_str(text).map_err(|error| not_understood(doing, &error.to_string()))
        })
        .collect()
}

fn not_understood(doing: &str, why: &str) -> EngineError {
    EngineError::unexpected(format!("{doing}: the server's catalog was not understood: {why}."))
}
