//! Events: what the server does by itself at a time.

use holdfast_contract::snapshot::Phase;

use super::super::connect::Session;
use super::super::sql::Literal;
use super::{Draft, show};
use crate::Result;

pub async fn collect(session: &mut Session, draft: &mut Draft<'_>) -> Result<()> {
    if !draft.rights.has("EVENT") {
        draft.omit(
            "events",
            "that this login cannot see",
            "This login lacks EVENT on the database; events are invisible to it and are not in the backup.",
        );
        return Ok(());
    }
    let sql = format!(
        "SELECT event_name FROM information_schema.events WHERE event_schema = {} ORDER BY 1",
        Literal(draft.database)
    );
    let names: Vec<String> =
        session.rows("Listing the events", &sql).await?.into_iter().flatten().flatten().collect();
    for (name, row) in names.iter().zip(show::create(session, "EVENT", &names).await?) {
        // name, sql_mode, time zone, statement, client's character set, connection's collation, database's collation
        let found = row.ok().and_then(|row| show::text(&row, 3).map(|create| (row, create)));
        let Some((row, create)) = found else {
            draft.omit("event", name, "This login may not see its definition.");
            continue;
        };
        let mut statements = vec![show::mode_setting(show::text(&row, 1))];
        if let Some(zone) = show::text(&row, 2) {
            statements.push(format!("SET time_zone = {}", Literal(&zone)));
        }
        statements.extend(show::charset_settings(&create, show::text(&row, 4), show::text(&row, 5)));
        statements.push(create);
        let statements = show::under_collation(statements, show::text(&row, 6), &draft.collation);
        draft.add("event", name, None, Phase::After, statements);
    }
    Ok(())
}
