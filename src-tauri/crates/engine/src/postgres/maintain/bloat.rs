//! How much of a table is empty room, estimated from the planner's statistics: rows times the average width of their
//! columns, against the pages there are. Off by some per cent; whole multiples show.

use holdfast_contract::maintenance::{FindingLevel, MaintenanceFinding, MaintenanceReport};

use super::super::connect::Session;
use super::targets::Target;
use crate::Result;

/// Less is not worth anybody's time.
const WORTH_BYTES: u64 = 1 << 20;

pub async fn estimate(
    session: &mut Session,
    targets: &[Target],
    report: &mut MaintenanceReport,
) -> Result<()> {
    let list: Vec<String> = targets.iter().map(|target| target.oid.to_string()).collect();
    // 24 bytes of header and 4 of line pointer for each row, widths aligned to 8, 24 bytes of header for each page.
    let sql = format!(
        "WITH w AS (SELECT s.starelid, sum((1 - s.stanullfrac) * s.stawidth) AS width \
           FROM (SELECT schemaname, tablename, null_frac AS stanullfrac, avg_width AS stawidth, \
                 (pg_catalog.quote_ident(schemaname) || '.' || pg_catalog.quote_ident(tablename))::pg_catalog.regclass AS starelid \
                 FROM pg_catalog.pg_stats WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema') s GROUP BY 1) \
         SELECT c.oid, pg_catalog.pg_relation_size(c.oid), \
           CASE WHEN c.reltuples > 0 AND w.width IS NOT NULL THEN \
             pg_catalog.ceil(c.reltuples * (28 + 8 * pg_catalog.ceil(w.width / 8)) \
               / (pg_catalog.current_setting('block_size')::float8 - 24)) * pg_catalog.current_setting('block_size')::float8 END::int8, \
           coalesce(t.n_dead_tup, 0), t.last_vacuum IS NULL AND t.last_autovacuum IS NULL \
         FROM pg_catalog.pg_class c LEFT JOIN w ON w.starelid = c.oid \
         LEFT JOIN pg_catalog.pg_stat_all_tables t ON t.relid = c.oid \
         WHERE c.oid = ANY ('{{{}}}'::pg_catalog.oid[]) AND c.relkind IN ('r', 'm')",
        list.join(",")
    );
    for row in session.rows("Estimating empty room", &sql).await? {
        let number = |at: usize| row.get(at).cloned().flatten().and_then(|text| text.parse::<u64>().ok());
        let (Some(oid), Some(size)) = (number(0), number(1)) else { continue };
        let Some(target) = targets.iter().find(|target| u64::from(target.oid) == oid) else { continue };
        let dead = number(3).unwrap_or(0);
        let never = row.get(4).is_some_and(|value| value.as_deref() == Some("t"));
        report.findings.extend(judged(target, size, number(2), dead, never));
    }
    report.findings.sort_by_key(|finding| std::cmp::Reverse(finding.bytes));
    Ok(())
}

/// None where there is nothing to say.
fn judged(
    target: &Target,
    size: u64,
    needed: Option<u64>,
    dead: u64,
    never: bool,
) -> Option<MaintenanceFinding> {
    let wasted = needed.map(|needed| size.saturating_sub(needed));
    let worth = wasted.is_some_and(|wasted| wasted >= WORTH_BYTES && wasted * 5 >= size);
    if !worth && dead == 0 && (needed.is_some() || size < WORTH_BYTES) {
        return None;
    }
    let mut words = Vec::new();
    match wasted {
        Some(wasted) if worth => {
            words.push(format!("about {} % of the table is empty room", wasted * 100 / size.max(1)));
        }
        None if size >= WORTH_BYTES => words.push("no statistics yet: run ANALYZE first".to_owned()),
        _ => {}
    }
    if dead > 0 {
        let ever = if never { ", never vacuumed" } else { "" };
        words.push(format!("{dead} dead rows{ever}"));
    }
    Some(MaintenanceFinding {
        table: Some(target.name.to_string()),
        level: if worth { FindingLevel::Warning } else { FindingLevel::Info },
        text: words.join("; "),
        bytes: wasted.filter(|_| worth),
    })
}
