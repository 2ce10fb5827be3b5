//! Sequences (MariaDB) and where they stand.

use holdfast_contract::snapshot::{BackupKind, Phase, Scope};

use super::super::connect::Session;
use super::super::sql::{Literal, Name};
use super::{Draft, show};
use crate::Result;

pub async fn collect(session: &mut Session, draft: &mut Draft<'_>, scope: &Scope) -> Result<()> {
    if !session.server.is_mariadb() {
        return Ok(());
    }
    let doing = "Reading the sequences";
    let sql = format!(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = {} AND table_type = 'SEQUENCE' ORDER BY 1, hex(table_name)",
        Literal(draft.database)
    );
    let names: Vec<String> =
        show::catalog(session, doing, &sql, |_| true).await?.into_iter().flatten().flatten().collect();
    let shown = show::create(session, "SEQUENCE", &names).await?;
    for (name, row) in names.iter().zip(shown) {
        let create = row.ok().and_then(|row| show::text(&row, 1));
        let Some(create) = create else {
            draft.omit("sequence", name, "This login may not see its definition.");
            continue;
        };
        let mut statements = vec![create];
        if scope.kind != BackupKind::Schema {
            let sql = format!("SELECT next_not_cached_value, cycle_count FROM {}", Name(name));
            let state = session.rows(doing, &sql).await?.into_iter().next().unwrap_or_default();
            if let [Some(next), Some(round)] = state.as_slice() {
                // As the server would go on after a restart: past the values that it had set aside.
                statements.push(format!("DO SETVAL({}, {next}, 0, {round})", Name(name)));
            }
        }
        draft.add("sequence", name, None, Phase::Before, statements);
    }
    Ok(())
}
