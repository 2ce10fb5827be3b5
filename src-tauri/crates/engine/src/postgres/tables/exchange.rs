//! The two ways in which a live table and another one change places, each its own reverse. Runs inside the caller's
//! transaction, with the tables locked and their foreign keys taken off.

use holdfast_contract::snapshot::TableName;

use super::live::{LiveTable, Switch};
use super::schema_of;
use crate::Result;
use crate::postgres::connect::Session;
use crate::postgres::schema::constraints::options;
use crate::postgres::sql::{ColumnList, Ident, Literal, Table};

/// The rows of `live` are copied to `aside`, which is made, and those of `incoming` moved in; `incoming` is gone after it.
pub async fn contents(
    session: &mut Session,
    live: &LiveTable,
    incoming: &TableName,
    aside: &TableName,
) -> Result<()> {
    let name = live.table();
    let (own, columns) = (Table(&name), ColumnList(&live.columns));
    session
        .execute(
            &format!("Keeping the rows of {name}"),
            &format!("CREATE TABLE {} AS SELECT {columns} FROM ONLY {own}", Table(aside)),
        )
        .await?;
    let doing = format!("Replacing the rows of {name}");
    if !live.triggers.is_empty() {
        session.execute(&doing, &format!("ALTER TABLE {own} DISABLE TRIGGER USER")).await?;
    }
    for rule in &live.rules {
        session.execute(&doing, &format!("ALTER TABLE {own} DISABLE RULE {}", Ident(&rule.name))).await?;
    }
    session.execute(&doing, &format!("TRUNCATE TABLE ONLY {own}")).await?;
    let insert = if live.columns.is_empty() {
        format!("INSERT INTO {own} SELECT FROM {}", Table(incoming))
    } else {
        format!(
            "INSERT INTO {own} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {}",
            Table(incoming)
        )
    };
    session.execute(&doing, &insert).await?;
    for (word, switches) in [("TRIGGER", &live.triggers), ("RULE", &live.rules)] {
        for switch in switches.iter().filter(|switch| switch.state != 'D') {
            session.execute(&doing, &format!("ALTER TABLE {own} {}", enable(word, switch))).await?;
        }
    }
    session.execute(&doing, &format!("DROP TABLE {}", Table(incoming))).await?;
    Ok(())
}

fn enable(word: &str, switch: &Switch) -> String {
    let how = match switch.state {
        'R' => "REPLICA ",
        'A' => "ALWAYS ",
        _ => "",
    };
    format!("ENABLE {how}{word} {}", Ident(&switch.name))
}

/// `live` moves to `aside`, and `incoming` to where it stood, with sequences and views that go on serving the place.
pub async fn structure(
    session: &mut Session,
    live: &LiveTable,
    incoming: &TableName,
    aside: &TableName,
) -> Result<()> {
    let place = live.table();
    let doing = format!("Exchanging {place}");
    let serial: Vec<_> = live.sequences.iter().filter(|sequence| !sequence.identity).collect();
    for sequence in &serial {
        let name = TableName { schema: Some(sequence.schema.clone()), name: sequence.name.clone() };
        session.execute(&doing, &format!("ALTER SEQUENCE {} OWNED BY NONE", Table(&name))).await?;
    }
    relocate(session, &place, aside).await?;
    relocate(session, incoming, &place).await?;
    for sequence in serial {
        let sql = format!(
            "SELECT 1 FROM pg_catalog.pg_attribute WHERE attrelid = {}::pg_catalog.regclass AND attname = {} AND NOT attisdropped",
            Literal(&Table(&place).to_string()),
            Literal(&sequence.column)
        );
        if session.value(&doing, &sql).await?.is_some() {
            let name = TableName { schema: Some(sequence.schema.clone()), name: sequence.name.clone() };
            let column = Ident(&sequence.column);
            session
                .execute(
                    &doing,
                    &format!("ALTER SEQUENCE {} OWNED BY {}.{column}", Table(&name), Table(&place)),
                )
                .await?;
        }
    }
    for view in &live.views {
        let name = TableName { schema: Some(view.schema.clone()), name: view.name.clone() };
        let with = if view.options.is_empty() {
            String::new()
        } else {
            format!(" WITH ({})", options(&view.options))
        };
        let definition = view.definition.trim_end().trim_end_matches(';');
        session
            .execute(
                &format!("Pointing the view {name} to the restored table"),
                &format!("CREATE OR REPLACE VIEW {}{with} AS {definition}", Table(&name)),
            )
            .await?;
    }
    Ok(())
}

/// Under another name in another schema, with everything that belongs to it.
pub async fn relocate(session: &mut Session, from: &TableName, to: &TableName) -> Result<()> {
    let doing = format!("Moving {from} to {to}");
    if from.name != to.name {
        session
            .execute(&doing, &format!("ALTER TABLE {} RENAME TO {}", Table(from), Ident(&to.name)))
            .await?;
    }
    if schema_of(from) != schema_of(to) {
        let renamed = TableName { schema: from.schema.clone(), name: to.name.clone() };
        session
            .execute(&doing, &format!("ALTER TABLE {} SET SCHEMA {}", Table(&renamed), Ident(schema_of(to))))
            .await?;
    }
    Ok(())
}
