//! Procedures, functions and packages.

use holdfast_contract::snapshot::Phase;

use super::super::connect::Session;
use super::super::sql::Literal;
use super::{Draft, show};
use crate::Result;

/// Packages before their bodies; functions before the views that call them come by phase order.
const KINDS: [&str; 4] = ["FUNCTION", "PROCEDURE", "PACKAGE", "PACKAGE BODY"];

pub async fn collect(session: &mut Session, draft: &mut Draft<'_>) -> Result<()> {
    let sql = format!(
        "SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = {} ORDER BY 1, 2",
        Literal(draft.database)
    );
    let listed = session.rows("Listing the routines", &sql).await?;
    for kind in KINDS {
        let names: Vec<String> = listed
            .iter()
            .filter(|row| row[0].as_deref() == Some(kind))
            .filter_map(|row| show::text(row, 1))
            .collect();
        let word = kind.to_lowercase();
        for (name, row) in names.iter().zip(show::create(session, kind, &names).await?) {
            // name, sql_mode, statement, client's character set, connection's collation, database's collation
            let found = row.ok().and_then(|row| show::text(&row, 2).map(|create| (row, create)));
            let Some((row, create)) = found else {
                draft.omit(&word, name, "This login may not see its body (it is neither the definer nor may it read all routines).");
                continue;
            };
            let mut statements = vec![show::mode_setting(show::text(&row, 1))];
            statements.extend(show::charset_settings(&create, show::text(&row, 3), show::text(&row, 4)));
            statements.push(create);
            let statements = show::under_collation(statements, show::text(&row, 5), &draft.collation);
            draft.add(&word, name, None, Phase::After, statements);
        }
    }
    if !sees_all(session, draft).await? {
        draft.omit(
            "routines",
            "that this login cannot see",
            "Routines on which this login has no right are invisible to it and are not in the backup. Grant it SELECT on mysql.proc (MariaDB), or SHOW_ROUTINE (MySQL).",
        );
    }
    Ok(())
}

async fn sees_all(session: &mut Session, draft: &Draft<'_>) -> Result<bool> {
    if session.server.is_mariadb() {
        let probe = session.rows("Looking at this login's rights", "SELECT 1 FROM mysql.proc LIMIT 0").await;
        return Ok(probe.is_ok() || draft.rights.has("SHOW CREATE ROUTINE"));
    }
    // Granted on the server only, but then on every database.
    Ok(draft.rights.has("SHOW_ROUTINE")
        || draft.rights.has("CREATE ROUTINE")
        || draft.rights.has("ALTER ROUTINE"))
}
