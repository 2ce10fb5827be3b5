//! Triggers, in the order in which they fire.

use holdfast_contract::snapshot::Phase;

use super::super::connect::Session;
use super::super::sql::Literal;
use super::{Draft, show, text};
use crate::Result;

pub async fn collect(session: &mut Session, draft: &mut Draft<'_>) -> Result<()> {
    let sql = format!(
        "SELECT trigger_name, event_object_table FROM information_schema.triggers WHERE trigger_schema = {} \
         ORDER BY event_object_table, event_manipulation, action_timing, action_order",
        Literal(draft.database)
    );
    let listed: Vec<(String, String)> = show::catalog(session, "Listing the triggers", &sql, |_| true)
        .await?
        .iter()
        .filter_map(|row| Some((show::text(row, 0)?, show::text(row, 1)?)))
        .collect();
    let names: Vec<String> = listed.iter().map(|(name, _)| name.clone()).collect();
    let shown = show::create(session, "TRIGGER", &names).await?;
    for ((name, table), row) in listed.iter().zip(shown) {
        // name, sql_mode, statement, client's character set, connection's collation, database's collation
        let found = row.ok().and_then(|row| show::text(&row, 2).map(|create| (row, create)));
        let Some((row, create)) = found else {
            draft.omit("trigger", name, "This login may not see its definition.");
            continue;
        };
        let create = text::trigger_unqualified(&create, draft.database);
        let mut statements = vec![show::mode_setting(show::text(&row, 1))];
        statements.extend(show::charset_settings(&create, show::text(&row, 3), show::text(&row, 4)));
        statements.push(create);
        let statements = show::under_collation(statements, show::text(&row, 5), &draft.collation);
        draft.add("trigger", name, Some(table), Phase::After, statements);
    }
    if !draft.rights.has("TRIGGER") {
        draft.omit(
            "triggers",
            "that this login cannot see",
            "This login lacks TRIGGER on the database; triggers of tables on which it lacks it are invisible to it and are not in the backup.",
        );
    }
    Ok(())
}
