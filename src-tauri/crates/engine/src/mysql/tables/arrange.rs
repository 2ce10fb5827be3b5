//! What a restore of tables would do, in names and words, and what would stop it. Reads catalogs only.

use std::collections::BTreeSet;

use holdfast_contract::snapshot::{
    BackupKind, EngineKind, SchemaObject, Scope, Snapshot, TableName, TableSnapshot,
};

use super::hanging::{self, Hanging, Ledger};
use super::keys::{self, ForeignKey};
use crate::mysql::connect::{Purpose, Session};
use crate::mysql::rights::Rights;
use crate::mysql::schema::{self, Captured, Table, text};
use crate::mysql::{name, preflight};
use crate::tables::{Arranged, Placing, TableOrder, TableStep, TableWish, Way, choose};
use crate::{Access, EngineError, NamePurpose, Result, SnapshotSource};

pub async fn arrange(access: &Access, wish: &TableWish, source: &dyn SnapshotSource) -> Result<Arranged> {
    let snapshot = source.snapshot();
    if snapshot.server.engine != EngineKind::Mysql {
        return Err(EngineError::OtherKind { wanted: EngineKind::Mysql });
    }
    let objects = source.objects().await?;
    let chosen = choose(&wish.tables, snapshot, &objects)?;
    let database = access.spec.database_name();
    let mut session = Session::open(access, Purpose::Read).await?;
    let live = schema::capture(&mut session, database, &Scope::default()).await?;
    let folds = live.facts.get("lower_case_table_names").is_some_and(|mode| mode != "0");
    let mut found =
        Findings { blockers: Vec::new(), warnings: Vec::new(), mariadb: session.server.is_mariadb() };
    let beside = matches!(wish.placing, Placing::Beside { .. });
    let mut order = TableOrder { wish: wish.clone(), tables: Vec::new() };
    let mut subjects = Vec::new();
    for (number, (from, to)) in chosen.iter().zip(targets(wish, &chosen)?).enumerate() {
        let same = |name: &str| name == to.name || (folds && name.eq_ignore_ascii_case(&to.name));
        let subject = Subject {
            from,
            rows: snapshot.tables.iter().find(|table| table.table == *from),
            live: live.tables.iter().find(|table| same(&table.name)),
            taken: live.objects.iter().find(|object| is_relation(object) && same(&object.name)),
            create: hanging::create(&objects, &from.name),
        };
        let way = if beside { Way::Beside } else { subject.way() };
        let to = match (way, subject.live) {
            (Way::Contents | Way::Structure, Some(live)) => live.table_name(),
            _ => to,
        };
        found.table(&subject, &to, way, snapshot);
        order.tables.push(TableStep {
            from: from.clone(),
            staging: aside(&to, number, NamePurpose::Staging, &wish.tag),
            kept: replaces(way).then(|| aside(&to, number, NamePurpose::Kept, &wish.tag)),
            to,
            way,
            back: Vec::new(),
        });
        subjects.push(subject);
    }
    let mut notes = Vec::new();
    let mut made = Vec::new();
    for (index, subject) in subjects.iter().enumerate() {
        let step = &order.tables[index];
        let ledger = subject.ledger(&mut session, database, &order, step, &live, &objects).await?;
        found.keys(&ledger, subject, step, &order, &live);
        notes.push(subject.notes(step, &ledger));
        made.extend(ledger.new.triggers.clone());
        made.extend(
            objects
                .iter()
                .filter(|object| {
                    object.kind == "table" && object.name == step.from.name && step.way != Way::Contents
                })
                .cloned(),
        );
        order.tables[index].back = hanging::written(&ledger)?;
    }
    found.rights(&mut session, access, &made).await?;
    session.close().await;
    if order.tables.is_empty() {
        found.blockers.push("None of these tables has rows in the backup.".into());
    }
    Ok(Arranged { order, notes, blockers: found.blockers, warnings: found.warnings })
}

fn is_relation(object: &SchemaObject) -> bool {
    matches!(object.kind.as_str(), "table" | "view" | "sequence")
}

fn replaces(way: Way) -> bool {
    matches!(way, Way::Contents | Way::Structure)
}

/// Foreign keys on `table` of tables that the order leaves where they are.
pub async fn outside(
    session: &mut Session,
    database: &str,
    order: &TableOrder,
    table: &str,
) -> Result<Vec<ForeignKey>> {
    let mut found = keys::incoming(session, database, &[table]).await?;
    found.retain(|key| key.schema.is_some() || !order.tables.iter().any(|step| step.to.name == key.table));
    Ok(found)
}

/// Foreign keys are named after their table and renamed with it: the made-up name is short enough for both.
const BASE: usize = 24;

fn aside(table: &TableName, number: usize, purpose: NamePurpose, tag: &str) -> TableName {
    let base: String = table.name.chars().take(BASE).collect();
    // Two long names may begin alike.
    let base = if base.len() < table.name.len() { format!("{base}_{number}") } else { base };
    TableName { schema: None, name: name::made_up(&base, purpose, tag) }
}

fn targets(wish: &TableWish, chosen: &[TableName]) -> Result<Vec<TableName>> {
    let bad = |message: &str| Err(EngineError::misuse(message));
    let Placing::Beside { schema, suffix, name } = &wish.placing else { return Ok(chosen.to_vec()) };
    if schema.is_some() {
        return bad(
            "A MariaDB or MySQL database has no schemas: give a name or a suffix, or restore to a connection of the other database.",
        );
    }
    if name.is_some() && chosen.len() != 1 {
        return bad("One name is for one table; these are several. Give a suffix.");
    }
    let targets: Vec<TableName> = chosen
        .iter()
        .map(|from| TableName {
            schema: None,
            name: match (name, suffix) {
                (Some(name), _) => name.clone(),
                (None, Some(suffix)) => format!("{}{suffix}", from.name),
                (None, None) => name::made_up(&from.name, NamePurpose::Restored, &wish.tag),
            },
        })
        .collect();
    for target in &targets {
        name::check_table(&target.name)?;
    }
    if targets.iter().collect::<BTreeSet<_>>().len() < targets.len() {
        return bad("Two of these tables would get the same name.");
    }
    Ok(targets)
}

/// One table of the backup and what stands where it is to go.
struct Subject<'a> {
    from: &'a TableName,
    rows: Option<&'a TableSnapshot>,
    live: Option<&'a Table>,
    /// Whatever has the name.
    taken: Option<&'a SchemaObject>,
    create: Option<&'a str>,
}

impl Subject<'_> {
    fn way(&self) -> Way {
        match (self.live, self.rows) {
            (None, _) => Way::Missing,
            (Some(live), Some(rows)) if live.columns == rows.columns => Way::Contents,
            _ => Way::Structure,
        }
    }

    async fn ledger(
        &self,
        session: &mut Session,
        database: &str,
        order: &TableOrder,
        step: &TableStep,
        live: &Captured,
        objects: &[SchemaObject],
    ) -> Result<Ledger> {
        let old =
            if replaces(step.way) { hanging::on(&live.objects, &step.to.name) } else { Hanging::default() };
        let new = match step.way {
            Way::Beside => Hanging::default(),
            Way::Contents => old.clone(),
            Way::Structure | Way::Missing => hanging::on(objects, &self.from.name),
        };
        let incoming = match replaces(step.way) {
            true => outside(session, database, order, &step.to.name).await?,
            false => Vec::new(),
        };
        let structure =
            hanging::create(&live.objects, &step.to.name).filter(|_| replaces(step.way)).map(text::structure);
        Ok(Ledger { old, new, incoming, structure })
    }

    fn notes(&self, step: &TableStep, ledger: &Ledger) -> Vec<String> {
        let mut notes = vec![match step.way {
            Way::Beside => "With its columns, checks, keys and indexes. Without foreign keys, triggers and rights: a copy to look at and to take rows from, which acts on nothing else.".to_owned(),
            Way::Missing => "It is not there: it is made as it was, with its keys, indexes, foreign keys and triggers.".into(),
            Way::Contents => "The columns are the same: the new table is defined as the live one is now, with its indexes, triggers and foreign keys, and has the rows of the backup.".into(),
            Way::Structure => "The columns are not the same, so the table comes back as it was defined, with the indexes, triggers and foreign keys of the backup.".into(),
        }];
        if !replaces(step.way) {
            return notes;
        }
        let told = |list: Vec<String>| list.join(", ");
        if !ledger.new.triggers.is_empty() {
            let names = ledger.new.triggers.iter().map(|trigger| trigger.name.clone()).collect();
            notes.push(format!("Its triggers do not fire for it: {}.", told(names)));
        }
        if !ledger.new.keys.is_empty() {
            let titles = ledger.new.keys.iter().map(ForeignKey::title).collect();
            notes.push(format!("Its foreign keys are checked for all rows: {}.", told(titles)));
        }
        if !ledger.incoming.is_empty() {
            let titles = ledger.incoming.iter().map(ForeignKey::title).collect();
            notes.push(format!(
                "Foreign keys to it are checked for all rows and pointed to the new one: {}.",
                told(titles)
            ));
        }
        if self.create.is_some_and(|create| create.contains(" AUTO_INCREMENT")) {
            notes
                .push("AUTO_INCREMENT never goes back: numbers given out since the backup stay used.".into());
        }
        notes.push("Rights on it, views and routines go by its name and stay.".into());
        notes
    }
}

struct Findings {
    blockers: Vec<String>,
    warnings: Vec<String>,
    mariadb: bool,
}

impl Findings {
    fn table(&mut self, subject: &Subject<'_>, to: &TableName, way: Way, snapshot: &Snapshot) {
        let Subject { from, rows, live, taken, create } = subject;
        let mut stop = |why: String| self.blockers.push(why);
        if rows.is_none_or(|table| !table.has_rows) {
            stop(format!("The backup holds no rows of {from}."));
        }
        let defined = snapshot.scope.kind != BackupKind::Data && create.is_some();
        match way {
            Way::Beside if !defined => {
                stop("The backup holds rows only, and no definition to make a table from.".into())
            }
            Way::Missing if !defined => {
                stop(format!("There is no table {to}, and the backup holds rows only."));
            }
            Way::Structure if !defined => stop(format!(
                "The columns of {to} are not those of the backup, which holds rows only: {}.",
                difference(subject)
            )),
            _ => {}
        }
        match (way, taken, live) {
            (Way::Beside, Some(_), _) => stop(format!("{to} exists already.")),
            (Way::Missing, Some(other), None) => stop(format!("{to} is a {} and not a table.", other.kind)),
            (_, _, Some(live)) if !live.readable => stop(format!(
                "{to} keeps its rows elsewhere, or this login may not read all of its columns: it cannot be replaced."
            )),
            _ => {}
        }
        // The server numbers those without a name of their own.
        let named_check = |create: &str| {
            create.lines().any(|line| {
                let line = line.trim_start();
                line.starts_with("CONSTRAINT ") && line.contains(" CHECK ")
            })
        };
        if !self.mariadb && create.is_some_and(named_check) {
            stop(format!(
                "MySQL keeps the names of checks once for the whole database, so {from} cannot stand beside itself: restore the whole database beside."
            ));
        }
    }

    fn keys(
        &mut self,
        ledger: &Ledger,
        subject: &Subject<'_>,
        step: &TableStep,
        order: &TableOrder,
        live: &Captured,
    ) {
        let columns: Vec<String> =
            subject.rows.iter().flat_map(|rows| &rows.columns).map(|it| it.name.to_lowercase()).collect();
        for key in ledger.incoming.iter().filter(|_| step.way == Way::Structure) {
            if let Some(gone) =
                key.parent_columns.iter().find(|column| !columns.contains(&column.to_lowercase()))
            {
                self.blockers.push(format!(
                    "The foreign key {} needs the column {gone}, which {} does not have in the backup: drop that key first, or restore beside.",
                    key.title(),
                    step.from
                ));
            }
        }
        let there = |name: &str| {
            live.tables.iter().any(|table| table.name == name)
                || order.tables.iter().any(|other| other.to.name == name)
        };
        for key in ledger.new.keys.iter().filter(|key| key.parent_schema.is_none() && !there(&key.parent)) {
            let text =
                format!("There is no table {}, to which the foreign key {} refers.", key.parent, key.title());
            if order.allows_dangling() { self.warnings.push(text) } else { self.blockers.push(text) }
        }
    }

    async fn rights(&mut self, session: &mut Session, access: &Access, made: &[SchemaObject]) -> Result<()> {
        if access.read_only {
            self.blockers.push("The connection is read-only.".into());
        }
        let rights = Rights::read(session, access.spec.database_name()).await?;
        let mut wanted = vec!["SELECT", "INSERT", "CREATE", "ALTER", "DROP"];
        if made.iter().any(|object| object.kind == "trigger") {
            wanted.push("TRIGGER");
        }
        let lacking: Vec<&str> = wanted.into_iter().filter(|right| !rights.has(right)).collect();
        if !lacking.is_empty() {
            self.blockers.push(format!("This login lacks {} on the database.", lacking.join(", ")));
        }
        let found = preflight::of_tables(session, made).await?;
        self.blockers.extend(found.blockers);
        self.warnings.extend(found.warnings);
        Ok(())
    }
}

fn difference(subject: &Subject<'_>) -> String {
    let (Some(live), Some(rows)) = (subject.live, subject.rows) else { return String::new() };
    let missing = rows.columns.iter().filter(|column| !live.columns.contains(column));
    let extra = live.columns.iter().filter(|column| !rows.columns.contains(column));
    let mut told: Vec<String> =
        missing.map(|column| format!("the backup has {} {}", column.name, column.type_name)).collect();
    told.extend(extra.map(|column| format!("the table has {} {}", column.name, column.type_name)));
    if told.is_empty() { "their order is another one".into() } else { told.join(", ") }
}
