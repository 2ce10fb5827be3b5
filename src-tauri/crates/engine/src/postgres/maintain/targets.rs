//! Which tables an action works on, and which this login may not touch.

use holdfast_contract::maintenance::MaintenanceKind;
use holdfast_contract::snapshot::TableName;
use holdfast_contract::{ApiError, ErrorCode};

use super::super::connect::{Row, Session};
use crate::maintain::no_such_table;
use crate::{EngineError, Result};

pub struct Target {
    pub name: TableName,
    pub oid: u32,
    pub bytes: u64,
}

/// With a sentence for what is left out. Chosen tables that are not there or not this login's are an error; of the whole
/// database those are passed over, for the server does so too, in silence.
pub async fn find(
    session: &mut Session,
    kind: MaintenanceKind,
    chosen: &[TableName],
) -> Result<(Vec<Target>, Vec<String>)> {
    let all = listed(session, kind).await?;
    if chosen.is_empty() {
        let whole = |one: &Listed| !one.partitioned || kind == MaintenanceKind::Analyze;
        let (ours, others): (Vec<_>, Vec<_>) = all.into_iter().filter(whole).partition(|one| one.allowed);
        let mut remarks = Vec::new();
        if !others.is_empty() {
            let names: Vec<String> = others.iter().take(5).map(|one| one.target.name.to_string()).collect();
            let more = if others.len() > 5 { ", …" } else { "" };
            remarks.push(format!(
                "{} tables belong to others and are left out: {}{more}.",
                others.len(),
                names.join(", ")
            ));
            if ours.is_empty() {
                return Err(not_ours(&others[0].target.name));
            }
        }
        return Ok((ours.into_iter().map(|one| one.target).collect(), remarks));
    }
    let mut targets: Vec<Target> = Vec::new();
    for wanted in chosen {
        let one = chosen_one(&all, wanted)?;
        if !one.allowed {
            return Err(not_ours(wanted));
        }
        if targets.iter().all(|known| known.oid != one.target.oid) {
            let Target { name, oid, bytes } = &one.target;
            targets.push(Target { name: name.clone(), oid: *oid, bytes: *bytes });
        }
    }
    Ok((targets, Vec::new()))
}

fn chosen_one<'a>(all: &'a [Listed], wanted: &TableName) -> Result<&'a Listed> {
    let mut fitting = all.iter().filter(|one| {
        let name = &one.target.name;
        name.name == wanted.name && (wanted.schema.is_none() || name.schema == wanted.schema)
    });
    let found = fitting.next().ok_or_else(|| no_such_table(wanted))?;
    match fitting.next() {
        None => Ok(found),
        Some(_) => {
            Err(ApiError::new(ErrorCode::Ambiguous, format!("Several schemas have a table {}.", wanted.name))
                .hint("Write the schema in front: schema.table.")
                .into())
        }
    }
}

fn not_ours(table: &TableName) -> EngineError {
    ApiError::new(ErrorCode::PermissionDenied, format!("This login may not maintain {table}."))
        .hint(
            "Use the owner of the table or database, or a superuser (from PostgreSQL 17 on: GRANT MAINTAIN).",
        )
        .into()
}

struct Listed {
    target: Target,
    partitioned: bool,
    allowed: bool,
}

async fn listed(session: &mut Session, kind: MaintenanceKind) -> Result<Vec<Listed>> {
    let granted =
        if session.version >= 170_000 { " OR pg_catalog.has_table_privilege(c.oid, 'MAINTAIN')" } else { "" };
    let allowed = match kind {
        // Catalogs only.
        MaintenanceKind::Bloat => "true".to_owned(),
        // The right to run the extension's functions is what counts.
        MaintenanceKind::Check => "true".to_owned(),
        _ => format!(
            "(pg_catalog.pg_has_role(c.relowner, 'USAGE') OR pg_catalog.pg_has_role(d.datdba, 'USAGE'){granted})"
        ),
    };
    let sized = |size: &str| {
        format!(
            "SELECT n.nspname, c.relname, c.oid, c.relkind = 'p', {size}, {allowed} \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database() \
         WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' \
         AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2"
        )
    };
    let rows = measured(session, "Listing the tables", sized).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| match <[Option<String>; 6]>::try_from(row) {
            Ok([Some(schema), Some(name), Some(oid), partitioned, bytes, allowed]) => Some(Listed {
                target: Target {
                    name: TableName { schema: Some(schema), name },
                    oid: oid.parse().ok()?,
                    bytes: bytes.and_then(|bytes| bytes.parse().ok()).unwrap_or(0),
                },
                partitioned: partitioned.as_deref() == Some("t"),
                allowed: allowed.as_deref() == Some("t"),
            }),
            _ => None,
        })
        .collect())
}

/// What they take on disk now.
pub async fn bytes(session: &mut Session, targets: &[Target]) -> Result<u64> {
    let list: Vec<String> = targets.iter().map(|target| target.oid.to_string()).collect();
    let sized = |size: &str| {
        format!(
            "SELECT pg_catalog.sum({size}) FROM pg_catalog.pg_class c WHERE c.oid = ANY ('{{{}}}'::pg_catalog.oid[])",
            list.join(",")
        )
    };
    let rows = measured(session, "Measuring the tables", sized).await?;
    let sum = rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten();
    Ok(sum.and_then(|sum| sum.parse().ok()).unwrap_or(0))
}

/// Measuring a table waits for whoever has locked it; then its size by the last statistics must do.
async fn measured(session: &mut Session, doing: &str, sized: impl Fn(&str) -> String) -> Result<Vec<Row>> {
    let exact = sized("pg_catalog.pg_total_relation_size(c.oid)");
    let tried = session.rows(doing, &format!("SET LOCAL lock_timeout = '500ms'; {exact}")).await;
    match tried {
        Err(refusal) if refusal.server_code() == Some("55P03") => {
            let by_statistics = "(SELECT pg_catalog.sum(r.relpages) FROM pg_catalog.pg_class r WHERE r.oid IN (c.oid, c.reltoastrelid) \
                 OR r.oid IN (SELECT i.indexrelid FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid)) \
                 * pg_catalog.current_setting('block_size')::int8";
            session.rows(doing, &sized(by_statistics)).await
        }
        other => other,
    }
}
