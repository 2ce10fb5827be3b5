//! Triggers of a table that comes under another's name. Their names are unique in the database, so they wait on it
//! under made-up ones, and change to their own while nobody can write.

use holdfast_contract::snapshot::{SchemaObject, TableName};

use super::hanging::Hanging;
use crate::Result;
use crate::mysql::connect::Session;
use crate::mysql::exchange::unqualified;
use crate::mysql::sql::{Literal, Name};
use crate::mysql::{error, statements};

/// Makes those of `wanted` on `table`, under names of their own. `table` has none yet.
pub async fn stand_in(
    session: &mut Session,
    table: &str,
    wanted: &Hanging,
    tag: &str,
    step: usize,
) -> Result<()> {
    for (number, trigger) in wanted.triggers.iter().enumerate() {
        let mut trigger = trigger.clone();
        trigger.name = format!("holdfast_{tag}_{step}_{number}");
        trigger.table = Some(TableName { schema: None, name: table.to_owned() });
        for sql in trigger.sql.iter_mut().filter(|sql| is_create(sql)) {
            *sql = unqualified::trigger_as(sql, &Name(&trigger.name).to_string(), &Name(table).to_string());
        }
        statements::run(session, std::slice::from_ref(&trigger), None).await?;
    }
    Ok(())
}

fn is_create(sql: &str) -> bool {
    sql.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("CREATE "))
}

/// `table` has exactly `wanted` afterwards, and `aside`, which had its name before, has none. Safe to repeat.
pub async fn hand_over(
    session: &mut Session,
    database: &str,
    table: &str,
    aside: Option<&str>,
    wanted: &Hanging,
) -> Result<()> {
    let left = match aside {
        Some(aside) => names(session, database, aside).await?,
        None => Vec::new(),
    };
    let there = names(session, database, table).await?;
    if left.is_empty() && there.iter().eq(wanted.triggers.iter().map(|trigger| &trigger.name)) {
        return Ok(());
    }
    // The defaults of the database cannot be changed under a lock, and a trigger made under others needs that.
    let lockable = !wanted.triggers.iter().any(frames_a_database);
    if lockable {
        let aside = aside.map(|aside| format!(", {} WRITE", Name(aside))).unwrap_or_default();
        let lock = format!("LOCK TABLES {} WRITE{aside}", Name(table));
        match session.execute("Locking the tables", &lock).await {
            Ok(_) => {}
            // Without the right, there is a moment without triggers.
            Err(denied) if matches!(error::native(&denied), Some(1044 | 1142)) => {}
            Err(failed) => return Err(failed),
        }
    }
    let changed = change(session, &left, &there, &wanted.triggers).await;
    let unlocked = session.execute("Letting the others write again", "UNLOCK TABLES").await;
    changed.and(unlocked.map(drop))
}

async fn change(
    session: &mut Session,
    left: &[String],
    there: &[String],
    wanted: &[SchemaObject],
) -> Result<()> {
    for name in left.iter().chain(there) {
        let sql = format!("DROP TRIGGER IF EXISTS {}", Name(name));
        session.execute(&format!("Moving the trigger {name}"), &sql).await?;
    }
    statements::run(session, wanted, None).await
}

fn frames_a_database(trigger: &SchemaObject) -> bool {
    trigger.sql.iter().any(|sql| sql.starts_with("ALTER DATABASE"))
}

/// In the order in which they fire.
async fn names(session: &mut Session, database: &str, table: &str) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = {} AND event_object_table = {} \
         ORDER BY event_manipulation, action_timing, action_order",
        Literal(database),
        Literal(table)
    );
    Ok(session.rows("Listing the triggers", &sql).await?.into_iter().flatten().flatten().collect())
}
