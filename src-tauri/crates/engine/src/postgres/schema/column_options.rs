//! Options of columns (`ALTER COLUMN … SET (…)`): which of them a definition may say.
//!
//! A list of what is known, because a server may keep marks of its own among them: since the updates of November 2026
//! each column has a `pg_attver`, which no other server takes and which none needs to be told.

use holdfast_contract::snapshot::SchemaObject;

use super::columns::Columns;
use super::draft::{Draft, Node, Rank};
use crate::postgres::sql::{Ident, Literal};
use crate::{Result, SnapshotSource};

/// What every server of every version takes.
const KNOWN: [&str; 2] = ["n_distinct", "n_distinct_inherited"];
/// The server's own marks: it makes them again, so nothing is lost without them.
const OWN: [&str; 1] = ["pg_attver"];

/// Those that a definition says, and the names of those that it cannot and that are therefore lost.
pub fn sort(options: Vec<String>) -> (Vec<String>, Vec<String>) {
    let (known, others): (Vec<_>, Vec<_>) =
        options.into_iter().partition(|option| KNOWN.contains(&name_of(option)));
    let lost = others.iter().map(|option| name_of(option)).filter(|name| !OWN.contains(name));
    (known, lost.map(str::to_owned).collect())
}

fn name_of(option: &str) -> &str {
    option.split_once('=').map_or(option, |(name, _)| name)
}

/// What is left out is said, column by column.
pub fn add_losses(draft: &mut Draft, columns: &Columns) {
    let mut nodes = Vec::new();
    for relation in draft.relations.values() {
        for column in columns.of(relation.oid) {
            for option in &column.lost_options {
                let name = format!("{}.{} ({option})", relation.name, column.name);
                let node =
                    Node::new("column option", Rank::Default, Some(&relation.schema), &name).on(relation);
                nodes.push(node.lost(
                    "Holdfast does not know this option; set it again after a restore if it is needed.",
                ));
            }
        }
    }
    nodes.sort_by_key(Node::full_name);
    for node in nodes {
        draft.add(node);
    }
}

/// The objects of a backup as this version would have written them: earlier ones copied the server's own marks too.
pub async fn objects(source: &dyn SnapshotSource) -> Result<Vec<SchemaObject>> {
    let mut objects = source.objects().await?;
    let with_columns = |object: &&mut SchemaObject| {
        matches!(object.kind.as_str(), "table" | "foreign table" | "materialized view")
    };
    for object in objects.iter_mut().filter(with_columns) {
        object.sql = std::mem::take(&mut object.sql).into_iter().filter_map(without_marks).collect();
    }
    Ok(objects)
}

/// None: the statement set nothing else.
fn without_marks(statement: String) -> Option<String> {
    let Some((head, list)) = options_of(&statement) else { return Some(statement) };
    if !list.iter().any(|(name, _)| OWN.contains(&name.as_str())) {
        return Some(statement);
    }
    let kept: Vec<String> = list
        .iter()
        .filter(|(name, _)| !OWN.contains(&name.as_str()))
        .map(|(name, value)| format!("{} = {}", Ident(name), Literal(value)))
        .collect();
    (!kept.is_empty()).then(|| format!("{head}({})", kept.join(", ")))
}

/// Of a statement of exactly the form that the capture writes: everything before the list, and the list.
fn options_of(statement: &str) -> Option<(&str, Vec<(String, String)>)> {
    let rest = ["ALTER TABLE ONLY ", "ALTER MATERIALIZED VIEW "]
        .iter()
        .find_map(|start| statement.strip_prefix(start))?;
    let (_, rest) = quoted(rest, '"')?;
    let (_, rest) = quoted(rest.strip_prefix('.')?, '"')?;
    let (_, rest) = quoted(rest.strip_prefix(" ALTER COLUMN ")?, '"')?;
    let rest = rest.strip_prefix(" SET ")?;
    let head = &statement[..statement.len() - rest.len()];
    let mut rest = rest.strip_prefix('(')?;
    let mut list = Vec::new();
    loop {
        let (name, after) = quoted(rest, '"')?;
        let (value, after) = quoted(after.strip_prefix(" = ")?, '\'')?;
        list.push((name, value));
        match after.strip_prefix(", ") {
            Some(more) => rest = more,
            None => return (after == ")").then_some((head, list)),
        }
    }
}

/// What stands between two marks, of which an inner one is written twice; and the text behind.
fn quoted(text: &str, mark: char) -> Option<(String, &str)> {
    let inside = text.strip_prefix(mark)?;
    let mut found = String::new();
    let mut letters = inside.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == mark && letters.next_if(|(_, next)| *next == mark).is_none() {
            return Some((found, &inside[at + 1..]));
        }
        found.push(letter);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_said_and_what_is_unknown_is_lost_by_name() {
        let options = ["pg_attver=26787272", "n_distinct=-0.5", "colour=red", "n_distinct_inherited=7"];
        let (known, lost) = sort(options.map(str::to_owned).into());
        assert_eq!(known, ["n_distinct=-0.5", "n_distinct_inherited=7"]);
        assert_eq!(lost, ["colour"]);
    }

    #[test]
    fn a_backup_that_holds_a_servers_own_mark_loads_without_it() {
        let column = r#"ALTER TABLE ONLY "public"."a "" SET (" ALTER COLUMN "b" SET "#;
        let mark = r#""pg_attver" = '26787272'"#;
        let known = r#""n_distinct" = '-0.5'"#;
        assert_eq!(without_marks(format!("{column}({mark})")), None);
        for both in [format!("{column}({mark}, {known})"), format!("{column}({known}, {mark})")] {
            assert_eq!(without_marks(both), Some(format!("{column}({known})")));
        }
        let view = r#"ALTER MATERIALIZED VIEW "s"."v" ALTER COLUMN "c" SET ("pg_attver" = '1')"#;
        assert_eq!(without_marks(view.into()), None);
    }

    #[test]
    fn nothing_else_is_touched() {
        for statement in [
            r#"ALTER TABLE ONLY "s"."t" ALTER COLUMN "c" SET ("n_distinct" = '5')"#,
            r#"ALTER TABLE ONLY "s"."t" ALTER COLUMN "c" SET DEFAULT '("pg_attver" = ''1'')'::text"#,
            r#"ALTER TABLE ONLY "s"."t" ALTER COLUMN "c" SET STORAGE PLAIN"#,
            r#"CREATE TABLE "s"."pg_attver" ("pg_attver" integer) WITH ("fillfactor" = '70')"#,
        ] {
            assert_eq!(without_marks(statement.into()).as_deref(), Some(statement));
        }
    }
}
