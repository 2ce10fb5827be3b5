//! Where tables and indexes lie, when it is not the database's own tablespace. Said by a statement of its own, which
//! may be left out where the server has no tablespace of that name.
//!
//! The object is named `"tablespace": what lies there`, so that a loader can read the tablespace back.

use holdfast_contract::snapshot::{Phase, SchemaObject};

use super::draft::{Draft, Node, Rank, Relation};
use super::roles;
use crate::postgres::sql::Ident;

/// `words`: how ALTER names it. A table moves while it is empty; an index exists only after the rows.
pub fn add(draft: &mut Draft, relation: &Relation, words: &str, title: &str, tablespace: Option<&str>) {
    let Some(tablespace) = tablespace else { return };
    let node = Node::new("tablespace", Rank::TableSetting, None, &roles::name([tablespace], title));
    let mut node =
        node.of(relation.address()).sql(format!("ALTER {words} SET TABLESPACE {}", Ident(tablespace)));
    if relation.kind != 'i' {
        node.rank = Rank::Place;
        node.phase = Phase::Before;
    }
    draft.add(node);
}

/// The tablespace that the object's statement needs.
pub fn tablespace_of(object: &SchemaObject) -> Option<String> {
    (object.kind == "tablespace").then(|| roles::names_in(&object.name).into_iter().next()).flatten()
}
