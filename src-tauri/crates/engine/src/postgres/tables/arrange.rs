//! What a restore of tables would do, in names and words, and what would stop it. Reads catalogs only.

use std::collections::BTreeSet;

use holdfast_contract::snapshot::{BackupKind, EngineKind, Snapshot, TableName, TableSnapshot};

use super::definition::Definition;
use super::keys::{self, ForeignKey};
use super::live::{self, LiveTable, same_columns};
use super::{partitions, schema_of};
use crate::postgres::connect::{Purpose, Session};
use crate::postgres::name::{self, made_up};
use crate::postgres::sql::Literal;
use crate::postgres::{large_objects, schema};
use crate::tables::{Arranged, Placing, TableOrder, TableStep, TableWish, Way, choose};
use crate::{Access, EngineError, NamePurpose, Result, SnapshotSource};

pub async fn arrange(access: &Access, wish: &TableWish, source: &dyn SnapshotSource) -> Result<Arranged> {
    let snapshot = source.snapshot();
    if snapshot.server.engine != EngineKind::Postgres {
        return Err(EngineError::OtherKind { wanted: EngineKind::Postgres });
    }
    let mut objects = schema::objects(source).await?;
    partitions::complete(&mut objects);
    let mut chosen = choose(&wish.tables, snapshot, &objects)?;
    // A pattern for all tables does not mean what has no table.
    chosen.retain(|table| !large_objects::is_table(table));
    let mut session = Session::open(access, Purpose::Read).await?;
    let mut found = Findings::default();
    found.server(&mut session, access).await?;
    let beside = matches!(wish.placing, Placing::Beside { .. });
    if beside {
        // The rows of a partitioned table are in its partitions, and these come as tables of their own.
        chosen.retain(|table| snapshot.tables.iter().any(|stored| stored.table == *table));
    }
    let targets: Vec<TableName> = match &wish.placing {
        Placing::Beside { schema, suffix, name } => {
            let named = Named { schema: schema.as_deref(), suffix: suffix.as_deref(), name: name.as_deref() };
            named.all(&chosen, &wish.tag)?
        }
        Placing::Replace { .. } => chosen.clone(),
    };
    let live = live::read(&mut session, &targets.iter().collect::<Vec<_>>()).await?;
    let mut order = TableOrder { wish: wish.clone(), tables: Vec::new() };
    let mut notes = Vec::new();
    for (index, (from, to)) in chosen.iter().zip(&targets).enumerate() {
        let subject = Subject {
            from,
            to,
            rows: snapshot.tables.iter().find(|table| table.table == *from),
            definition: Definition::of(from, &objects),
            live: live.iter().find(|table| table.table() == *to),
        };
        let way = if beside { Way::Beside } else { subject.way() };
        // A partitioned table that is there has no rows of its own to replace.
        if subject.rows.is_none() && way != Way::Missing {
            continue;
        }
        found.table(&subject, way, snapshot);
        let kept = matches!(way, Way::Contents | Way::Structure)
            .then(|| aside(&chosen, index, NamePurpose::Kept, &wish.tag));
        let staging = aside(&chosen, index, NamePurpose::Staging, &wish.tag);
        notes.push(subject.notes(way));
        order.tables.push(TableStep {
            from: from.clone(),
            to: to.clone(),
            way,
            staging,
            kept,
            back: Vec::new(),
        });
    }
    found.types(&mut session, snapshot, &order).await?;
    let replaced: Vec<&TableName> =
        order.tables.iter().filter(|step| step.kept.is_some()).map(|step| &step.to).collect();
    let foreign = keys::read(&mut session, &replaced).await?;
    session.close().await;
    found.keys(&foreign, &mut order, &mut notes);
    if order.tables.is_empty() {
        found.blockers.push("None of these tables has rows in the backup.".into());
    }
    Ok(Arranged { order, notes, blockers: found.blockers, warnings: found.warnings })
}

/// In a schema made up for the purpose; tables of one name from several schemas each get their own.
fn aside(chosen: &[TableName], index: usize, purpose: NamePurpose, tag: &str) -> TableName {
    let name = &chosen[index].name;
    let twins = chosen[..index].iter().filter(|table| table.name == *name).count();
    let mut schema = made_up("holdfast", purpose, tag);
    if twins > 0 {
        schema += &format!("_{}", twins + 1);
    }
    TableName { schema: Some(schema), name: name.clone() }
}

struct Named<'a> {
    schema: Option<&'a str>,
    suffix: Option<&'a str>,
    name: Option<&'a str>,
}

impl Named<'_> {
    fn all(&self, chosen: &[TableName], tag: &str) -> Result<Vec<TableName>> {
        let bad = |message: &str| Err(EngineError::misuse(message));
        if self.name.is_some() && chosen.len() != 1 {
            return bad("One name is for one table; these are several. Give a suffix or a schema.");
        }
        let targets: Vec<TableName> = chosen
            .iter()
            .map(|from| {
                let name = match (self.name, self.suffix, self.schema) {
                    (Some(name), _, _) => name.to_owned(),
                    (None, Some(suffix), _) => format!("{}{suffix}", from.name),
                    (None, None, Some(_)) => from.name.clone(),
                    (None, None, None) => made_up(&from.name, NamePurpose::Restored, tag),
                };
                let schema = self.schema.map_or_else(|| schema_of(from).to_owned(), str::to_owned);
                TableName { schema: Some(schema), name }
            })
            .collect();
        for target in &targets {
            name::check(&target.name)?;
            name::check(schema_of(target))?;
        }
        if targets.iter().collect::<BTreeSet<_>>().len() < targets.len() {
            return bad("Two of these tables would get the same name.");
        }
        Ok(targets)
    }
}

/// One table of the backup and what stands where it is to go.
struct Subject<'a> {
    from: &'a TableName,
    to: &'a TableName,
    /// None: the root of partitions.
    rows: Option<&'a TableSnapshot>,
    definition: Definition<'a>,
    live: Option<&'a LiveTable>,
}

impl Subject<'_> {
    fn way(&self) -> Way {
        match (self.live, self.rows) {
            (None, _) => Way::Missing,
            (Some(live), Some(rows)) if !same_columns(&live.columns, &rows.columns) => Way::Structure,
            _ => Way::Contents,
        }
    }

    fn notes(&self, way: Way) -> Vec<String> {
        let mut notes = Vec::new();
        let names = |names: Vec<String>| names.join(", ");
        match (way, self.live) {
            (Way::Beside, _) => {
                if self.definition.table.is_none() || self.definition.inherits() {
                    notes.push(
                        "A plain table: columns and rows, without defaults, checks, keys and indexes.".into(),
                    );
                } else {
                    notes.push("With its columns, checks, keys and indexes. Without foreign keys, triggers, policies and rights: a copy to look at and to take rows from, which acts on nothing else.".into());
                    if self.definition.of_kind("identity").next().is_some()
                        || self
                            .definition
                            .defaults
                            .iter()
                            .any(|default| default.sql.iter().any(|sql| sql.contains("nextval(")))
                    {
                        notes.push(
                            "Its column does not count up by itself: the sequence belongs to the original."
                                .into(),
                        );
                    }
                }
                if self.definition.of_kind("partition").next().is_some() {
                    notes.push("A partition in the backup; the copy is a table of its own.".into());
                }
            }
            (Way::Missing, _) => {
                notes.push("It is not there: it is made as it was, with its keys, indexes, foreign keys, triggers, policies, owner and rights.".into());
            }
            (Way::Contents, Some(live)) => {
                notes.push("The columns are the same, so the table stays and its rows are replaced: views, indexes, rights, policies and everything else that hangs on it stay as they are now.".into());
                if !live.triggers.is_empty() {
                    notes.push(format!(
                        "Its triggers do not fire for it: {}.",
                        names(live.triggers.iter().map(|it| it.name.clone()).collect())
                    ));
                }
                if live.partition {
                    notes.push("It is a partition and stays attached.".into());
                }
            }
            (_, Some(live)) => {
                notes.push("The columns are not the same, so the table is exchanged: it comes back as it was defined, with the indexes, foreign keys, triggers, policies, owner and rights of the backup.".into());
                let views: Vec<String> =
                    live.views.iter().map(|it| format!("{}.{}", it.schema, it.name)).collect();
                if !views.is_empty() {
                    notes.push(format!("Views are pointed to it: {}; one that needs a column which is not there stops the restore, with nothing changed.", names(views)));
                }
                if !live.publications.is_empty() {
                    notes.push(format!(
                        "It leaves the publication {}: add it again.",
                        names(live.publications.clone())
                    ));
                }
            }
            (_, None) => {}
        }
        if let Some(live) = self.live.filter(|_| matches!(way, Way::Contents | Way::Structure)) {
            let sequences: Vec<String> =
                live.sequences.iter().map(|it| format!("{}.{}", it.schema, it.name)).collect();
            if !sequences.is_empty() {
                notes.push(format!("Its sequence {} goes on from where it is, or from the highest restored number if that is higher.", names(sequences)));
            }
            let stored: Vec<String> = live
                .views
                .iter()
                .filter(|it| it.stored)
                .map(|it| format!("{}.{}", it.schema, it.name))
                .collect();
            if !stored.is_empty() {
                notes.push(format!(
                    "Materialised views keep their old rows until they are refreshed: {}.",
                    names(stored)
                ));
            }
        }
        notes
    }
}

#[derive(Default)]
struct Findings {
    blockers: Vec<String>,
    warnings: Vec<String>,
}

impl Findings {
    async fn server(&mut self, session: &mut Session, access: &Access) -> Result<()> {
        if access.read_only {
            self.blockers.push("The connection is read-only.".into());
        }
        let sql = "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), pg_catalog.pg_is_in_recovery()";
        let rows = session.rows("Looking at this login's rights", sql).await?;
        let is = |column: usize| rows.first().and_then(|row| row.get(column)?.as_deref()) == Some("t");
        if is(1) {
            self.blockers.push("The server is a standby: nothing can be changed there.".into());
        }
        if !is(0) {
            self.blockers.push("This login may not create a schema in the database, and the rows need one to arrive in: grant CREATE on the database.".into());
        }
        Ok(())
    }

    fn table(&mut self, subject: &Subject<'_>, way: Way, snapshot: &Snapshot) {
        let Subject { from, to, rows, definition, live } = subject;
        let mut stop = |why: String| self.blockers.push(why);
        if rows.is_some_and(|table| !table.has_rows) {
            stop(format!("The backup holds no rows of {from}."));
        }
        if matches!(way, Way::Missing | Way::Structure) {
            let missing = way == Way::Missing;
            if snapshot.scope.kind == BackupKind::Data || definition.table.is_none() {
                stop(if missing {
                    format!("There is no table {to}, and the backup holds rows only.")
                } else {
                    format!(
                        "The columns of {to} are not those of the backup, which holds rows only: {}.",
                        difference(subject)
                    )
                });
            } else if definition.inherits() {
                stop(format!("{from} inherits from another table; restore it beside."));
            }
        }
        let Some(live) = live else { return };
        if way == Way::Beside {
            stop(format!("{to} exists already."));
            return;
        }
        if !matches!(live.kind, 'r' | 'p') {
            stop(format!("{to} is not a table."));
        }
        if !live.ours {
            stop(format!("{to} belongs to {}, and this login is not a member of that role.", live.owner));
        }
        if live.filtered {
            stop(format!(
                "Row-level security applies to this login on {to}: it does not see all of its rows."
            ));
        }
        if way == Way::Structure {
            if live.partition || live.parent || live.kind == 'p' {
                stop(format!(
                    "{to} has other columns than in the backup and is part of a partitioned or inherited table; restore it beside."
                ));
            }
            if let Some(view) = live.views.iter().find(|view| view.stored) {
                stop(format!(
                    "{to} has other columns than in the backup, and the materialised view {}.{} reads it: drop that view first, or restore beside.",
                    view.schema, view.name
                ));
            }
            if !live.others.is_empty() {
                stop(format!(
                    "{to} has other columns than in the backup, and {} would go on using the old table; restore it beside.",
                    live.others.join(", ")
                ));
            }
        }
    }

    /// Types of columns that this database does not have.
    async fn types(&mut self, session: &mut Session, snapshot: &Snapshot, order: &TableOrder) -> Result<()> {
        let wanted: BTreeSet<&str> = order
            .tables
            .iter()
            .filter_map(|step| snapshot.tables.iter().find(|table| table.table == step.from))
            .flat_map(|table| &table.columns)
            .map(|column| column.type_name.as_str())
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let values: Vec<String> = wanted.iter().map(|name| format!("({})", Literal(name))).collect();
        // A type of which only the length follows is looked up without it.
        let sql = format!(
            "SELECT t.name FROM (VALUES {}) AS t(name) WHERE pg_catalog.to_regtype(t.name) IS NULL \
             AND pg_catalog.to_regtype(pg_catalog.regexp_replace(t.name, '\\([0-9, -]*\\)', '')) IS NULL",
            values.join(", ")
        );
        for name in session.rows("Looking for the types", &sql).await?.into_iter().flatten().flatten() {
            self.blockers.push(format!("The database has no type {name}: create it first."));
        }
        Ok(())
    }

    fn keys(&mut self, foreign: &[ForeignKey], order: &mut TableOrder, notes: &mut [Vec<String>]) {
        for key in foreign {
            if !key.ours {
                self.blockers.push(format!("The foreign key {} has to be taken off and put on again, and this login may not change {}.", key.title(), key.child()));
            }
        }
        for (step, notes) in order.tables.iter_mut().zip(notes) {
            let outgoing: Vec<&ForeignKey> = foreign.iter().filter(|key| key.child() == step.to).collect();
            let incoming: Vec<&ForeignKey> =
                foreign.iter().filter(|key| key.parent() == step.to && key.child() != step.to).collect();
            if step.way == Way::Structure {
                step.back = outgoing.iter().flat_map(|key| key.add()).collect();
            }
            let told =
                |keys: &[&ForeignKey]| keys.iter().map(|key| key.title()).collect::<Vec<_>>().join(", ");
            if !outgoing.is_empty() && step.way == Way::Contents {
                notes.push(format!("Its foreign keys are checked for all rows: {}.", told(&outgoing)));
            }
            if !incoming.is_empty() {
                notes.push(format!("Foreign keys to it are checked for all rows: {}.", told(&incoming)));
            }
        }
    }
}

fn difference(subject: &Subject<'_>) -> String {
    let (Some(live), Some(rows)) = (subject.live, subject.rows) else { return String::new() };
    let missing = rows.columns.iter().filter(|column| !live.columns.contains(column));
    let extra = live.columns.iter().filter(|column| !rows.columns.contains(column));
    let mut told: Vec<String> =
        missing.map(|column| format!("the backup has {} {}", column.name, column.type_name)).collect();
    told.extend(extra.map(|column| format!("the table has {} {}", column.name, column.type_name)));
    told.join(", ")
}
