//! The one transaction, and the one that takes it back.

use std::collections::HashSet;

use holdfast_contract::snapshot::{SchemaObject, TableName};

use super::definition::Definition;
use super::keys::{self, ForeignKey};
use super::live::{self, LiveTable};
use super::{LOCK_TIMEOUT, exchange, of_way, schemas};
use crate::postgres::connect::{Purpose, Session};
use crate::postgres::copy_out::Backends;
use crate::postgres::schema::{self, roles_of};
use crate::postgres::sql::{Ident, Literal, Table};
use crate::postgres::{inspect, statements};
use crate::tables::{TableOrder, TableStep, Way};
use crate::{Access, EngineError, Result, SnapshotSource, Work};

pub async fn put(
    access: &Access,
    order: &TableOrder,
    source: &dyn SnapshotSource,
    work: &Work,
) -> Result<Vec<String>> {
    stoppable(access, order, Direction::Forward(schema::objects(source).await?), work).await
}

pub async fn put_back(access: &Access, order: &TableOrder, work: &Work) -> Result<Vec<String>> {
    stoppable(access, order, Direction::Back, work).await
}

enum Direction {
    /// With the definitions of the snapshot.
    Forward(Vec<SchemaObject>),
    Back,
}

/// A transaction that is on disk when this returns. Cancelled before COMMIT was sent, nothing has happened.
async fn stoppable(
    access: &Access,
    order: &TableOrder,
    direction: Direction,
    work: &Work,
) -> Result<Vec<String>> {
    let mut session = Session::open(access, Purpose::Load).await?;
    let backends = Backends::default();
    backends.note(&session);
    let begin =
        format!("BEGIN; SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; SET LOCAL synchronous_commit = on");
    session.execute("Beginning the transaction", &begin).await?;
    let steps = async {
        match &direction {
            Direction::Forward(objects) => forward(&mut session, order, objects, work).await,
            Direction::Back => back(&mut session, order, work).await,
        }
    };
    let outcome = work.unless_cancelled(steps).await;
    match outcome {
        Ok(remarks) => {
            session.execute("Making the change last", "COMMIT").await?;
            session.close().await;
            Ok(remarks)
        }
        Err(EngineError::Cancelled) => {
            backends.end(access, inspect::live(access)).await;
            Err(EngineError::Cancelled)
        }
        Err(error) => {
            session.close().await;
            Err(error)
        }
    }
}

async fn forward(
    session: &mut Session,
    order: &TableOrder,
    objects: &[SchemaObject],
    work: &Work,
) -> Result<Vec<String>> {
    work.progress.phase("Putting the tables in place");
    for schema in schemas(order.tables.iter().filter_map(|step| step.kept.as_ref())) {
        session
            .execute("Making room for what is replaced", &format!("CREATE SCHEMA {}", Ident(&schema)))
            .await?;
    }
    let live = locked(session, order).await?;
    let mut remarks = Vec::new();
    let replaced: Vec<&TableName> = live.iter().map(|(step, _)| &step.to).collect();
    let foreign = keys::read(session, &replaced).await?;
    take_off(session, &foreign).await?;
    for (step, table) in &live {
        let Some(kept) = &step.kept else { continue };
        work.progress.phase(&format!("Replacing {}", step.to));
        match step.way {
            Way::Contents => {
                exchange::contents(session, table, &step.staging, kept).await?;
                advance(session, &step.to).await?;
            }
            _ => exchange::structure(session, table, &step.staging, kept).await?,
        }
    }
    for step in of_way(order, Way::Missing) {
        exchange::relocate(session, &step.staging, &step.to).await?;
    }
    for step in of_way(order, Way::Beside) {
        beside(session, order, step).await?;
    }
    let made: Vec<&TableStep> = of_way(order, Way::Structure).chain(of_way(order, Way::Missing)).collect();
    remarks.extend(in_place(session, &made, objects, order.allows_dangling()).await?);
    // A replaced structure has the foreign keys of the backup; all others come back as they were.
    let theirs = |key: &&ForeignKey| !of_way(order, Way::Structure).any(|step| step.to == key.child());
    for key in foreign.iter().filter(theirs) {
        remarks.extend(keys::put_on(session, key, order.allows_dangling()).await?);
    }
    for schema in schemas(order.tables.iter().map(|step| &step.staging)) {
        session.execute("Tidying up", &format!("DROP SCHEMA {}", Ident(&schema))).await?;
    }
    for step in &order.tables {
        session
            .execute(&format!("Gathering statistics of {}", step.to), &format!("ANALYZE {}", Table(&step.to)))
            .await?;
    }
    Ok(remarks)
}

/// The tables to be replaced, locked against everybody, and still what the order was made for.
async fn locked<'a>(session: &mut Session, order: &'a TableOrder) -> Result<Vec<(&'a TableStep, LiveTable)>> {
    let replaced: Vec<&TableStep> =
        order.tables.iter().filter(|step| matches!(step.way, Way::Contents | Way::Structure)).collect();
    let names: Vec<&TableName> = replaced.iter().map(|step| &step.to).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    // Whoever locks in the same order does not lock each other out.
    let mut quoted: Vec<String> = names.iter().map(|name| format!("ONLY {}", Table(name))).collect();
    quoted.sort();
    let lock = format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", quoted.join(", "));
    session.execute("Locking the tables", &lock).await?;
    let mut found = live::read(session, &names).await?;
    let mut pairs = Vec::new();
    for step in replaced {
        let at = found.iter().position(|table| table.table() == step.to).ok_or_else(|| changed(&step.to))?;
        let table = found.swap_remove(at);
        let incoming =
            live::read(session, &[&step.staging]).await?.pop().ok_or_else(|| changed(&step.staging))?;
        let same = live::same_columns(&table.columns, &incoming.columns);
        if same != (step.way == Way::Contents) {
            return Err(changed(&step.to));
        }
        pairs.push((step, table));
    }
    Ok(pairs)
}

fn changed(table: &TableName) -> EngineError {
    EngineError::source_changed(
        format!("{table} is not as it was when the restore was planned."),
        "Nothing was changed. Plan the restore again.",
    )
}

async fn take_off(session: &mut Session, foreign: &[ForeignKey]) -> Result<()> {
    for key in foreign {
        session.execute(&format!("Taking the foreign key {} off", key.title()), &key.drop()).await?;
    }
    Ok(())
}

/// A sequence never goes back: numbers that were given out since the backup stay used. It goes on when the restored rows are ahead.
async fn advance(session: &mut Session, table: &TableName) -> Result<()> {
    for live in live::read(session, &[table]).await? {
        for sequence in &live.sequences {
            let name = TableName { schema: Some(sequence.schema.clone()), name: sequence.name.clone() };
            let quoted = Table(&name).to_string();
            let sql = format!(
                "SELECT pg_catalog.setval({}, q.most::int8) FROM (SELECT max({}) AS most FROM {}) AS q, {quoted} AS s, \
                 pg_catalog.pg_sequence AS k WHERE k.seqrelid = {}::pg_catalog.regclass AND k.seqincrement > 0 \
                 AND q.most > s.last_value AND q.most <= k.seqmax",
                Literal(&quoted),
                Ident(&sequence.column),
                Table(table),
                Literal(&quoted)
            );
            session.rows(&format!("Setting the sequence {name}"), &sql).await?;
        }
    }
    Ok(())
}

/// A copy comes into a schema where its indexes and constraints must not take the names of others'.
async fn beside(session: &mut Session, order: &TableOrder, step: &TableStep) -> Result<()> {
    let doing = format!("Naming {}", step.to);
    let to = step.to.schema.as_deref().unwrap_or("public");
    session.execute(&doing, &format!("CREATE SCHEMA IF NOT EXISTS {}", Ident(to))).await?;
    let sql = format!(
        "SELECT i.relname FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid \
         WHERE x.indrelid = {}::pg_catalog.regclass ORDER BY 1",
        Literal(&Table(&step.staging).to_string())
    );
    for index in session.rows(&doing, &sql).await?.into_iter().flatten().flatten() {
        let taken = format!(
            "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relname = {}",
            Literal(to),
            Literal(&index)
        );
        if session.value(&doing, &taken).await?.is_none() {
            continue;
        }
        let own = TableName { schema: step.staging.schema.clone(), name: index.clone() };
        let name = crate::postgres::name::made_up(&index, crate::NamePurpose::Restored, &order.wish.tag);
        session.execute(&doing, &format!("ALTER INDEX {} RENAME TO {}", Table(&own), Ident(&name))).await?;
    }
    exchange::relocate(session, &step.staging, &step.to).await
}

/// What made tables are given once they stand in their place, as the backup has it.
async fn in_place(
    session: &mut Session,
    made: &[&TableStep],
    objects: &[SchemaObject],
    allow_dangling: bool,
) -> Result<Vec<String>> {
    let mut remarks = Vec::new();
    if made.is_empty() {
        return Ok(remarks);
    }
    let roles = session.rows("Listing the roles", "SELECT rolname FROM pg_catalog.pg_roles").await?;
    let roles: HashSet<String> = roles.into_iter().flatten().flatten().collect();
    let mut wanted: Vec<&SchemaObject> = Vec::new();
    for step in made {
        let definition = Definition::of(&step.from, objects);
        wanted.extend(definition.in_place.iter().filter(|object| object.kind == "sequence"));
        wanted.extend(&definition.defaults);
        wanted.extend(definition.in_place.iter().filter(|object| object.kind != "sequence"));
    }
    // The snapshot's own order within each group: what one needs comes before it.
    let group = |object: &SchemaObject| match object.kind.as_str() {
        "sequence" => 0,
        "default" | "identity" => 1,
        "foreign key" => 3,
        // About any of the others.
        "comment" => 4,
        "owner" | "grant" => 5,
        _ => 2,
    };
    wanted.sort_by_key(|object| group(object));
    let mut seen = HashSet::new();
    wanted.retain(|object| seen.insert(&object.sql));
    for object in wanted {
        let doing = format!("Setting the {} {}", object.kind, object.name);
        if let Some(role) = roles_of(object).into_iter().find(|role| !roles.contains(role))
            && statements::may_be_left_out(object)
        {
            remarks.push(format!("The role {role} does not exist on this server: {} left out.", object.name));
            continue;
        }
        if object.kind == "sequence" {
            let name = TableName { schema: object.schema.clone(), name: object.name.clone() };
            if super::is_there(session, &name).await? {
                continue;
            }
        }
        let forgiving = statements::may_be_left_out(object) || object.kind == "foreign key";
        if !forgiving {
            for sql in &object.sql {
                session.execute(&doing, sql).await?;
            }
            continue;
        }
        session.execute(&doing, "SAVEPOINT object").await?;
        match session.execute(&doing, &object.sql.join("\n;\n")).await {
            Ok(_) => {}
            Err(error) if excused(&error, object, allow_dangling) => {
                session.execute(&doing, "ROLLBACK TO SAVEPOINT object").await?;
                remarks.push(format!("Left out: {}", error.into_api().message));
            }
            Err(error) => return Err(error),
        }
        session.execute(&doing, "RELEASE SAVEPOINT object").await?;
    }
    for step in made {
        advance(session, &step.to).await?;
    }
    Ok(remarks)
}

/// Rights of roles one may not act for; a foreign key to a table that is not there; with consent, one that rows break.
fn excused(error: &EngineError, object: &SchemaObject, allow_dangling: bool) -> bool {
    match (object.kind.as_str(), error.server_code()) {
        ("foreign key", Some("42P01" | "3F000")) => true,
        ("foreign key", Some("23503")) => allow_dangling,
        ("foreign key", _) => false,
        (_, Some("42501" | "42704")) => true,
        _ => false,
    }
}

async fn back(session: &mut Session, order: &TableOrder, work: &Work) -> Result<Vec<String>> {
    work.progress.phase("Putting the replaced tables back");
    for schema in schemas(order.tables.iter().map(|step| &step.staging)) {
        session
            .execute("Making room for what was restored", &format!("CREATE SCHEMA {}", Ident(&schema)))
            .await?;
    }
    let names: Vec<&TableName> = order.tables.iter().map(|step| &step.to).collect();
    let mut quoted: Vec<String> = names.iter().map(|name| format!("ONLY {}", Table(name))).collect();
    quoted.sort();
    let lock = format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", quoted.join(", "));
    session.execute("Locking the tables", &lock).await?;
    let found = live::read(session, &names).await?;
    let foreign = keys::read(session, &names).await?;
    take_off(session, &foreign).await?;
    let mut restored_keys = Vec::new();
    for step in &order.tables {
        let live = found.iter().find(|table| table.table() == step.to).ok_or_else(|| changed(&step.to))?;
        match (step.way, &step.kept) {
            (Way::Contents, Some(kept)) => exchange::contents(session, live, kept, &step.staging).await?,
            (Way::Structure, Some(kept)) => {
                exchange::structure(session, live, kept, &step.staging).await?;
                restored_keys.extend(&step.back);
            }
            _ => exchange::relocate(session, &step.to, &step.staging).await?,
        }
    }
    // As before the restore: where rows dangled then, they may again.
    let gone = |key: &&ForeignKey| {
        order.tables.iter().any(|step| step.way != Way::Contents && step.to == key.child())
            || of_way(order, Way::Missing).any(|step| step.to == key.parent())
    };
    let mut remarks = Vec::new();
    for key in foreign.iter().filter(|key| !gone(key)) {
        let whole = key.definition.strip_suffix(" NOT VALID").unwrap_or(&key.definition).to_owned();
        remarks.extend(keys::put_on(session, &ForeignKey { definition: whole, ..key.clone() }, true).await?);
    }
    for sql in restored_keys {
        session.execute("Putting a foreign key on again", sql).await?;
    }
    for schema in schemas(order.tables.iter().filter_map(|step| step.kept.as_ref())) {
        session.execute("Tidying up", &format!("DROP SCHEMA {}", Ident(&schema))).await?;
    }
    Ok(remarks)
}
