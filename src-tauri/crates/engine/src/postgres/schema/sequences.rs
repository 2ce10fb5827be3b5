//! Sequences: free ones, those owned by a column, those behind an identity; and where they stand.

use std::collections::HashMap;

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::columns::Columns;
use super::draft::{Draft, Node, Rank, Relation, qualified};
use crate::Result;
use crate::postgres::sql::{Ident, Literal};

/// So many sequences are asked for their state in one query.
const STATES_PER_QUERY: usize = 500;

#[derive(Deserialize)]
struct Sequence {
    oid: u32,
    schema: String,
    name: String,
    owner: String,
    persistence: char,
    /// Of the table whose identity this is.
    table_persistence: Option<char>,
    type_name: String,
    start: i64,
    increment: i64,
    maximum: i64,
    minimum: i64,
    cache: i64,
    cycle: bool,
    readable: bool,
    /// A member of an extension whose state is the user's.
    configured: bool,
}

#[derive(Deserialize)]
struct State {
    oid: u32,
    last: i64,
    called: bool,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft, columns: &Columns) -> Result<()> {
    let sql = format!(
        "SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner, \
         c.relpersistence::text AS persistence, (SELECT t.relpersistence::text FROM pg_catalog.pg_depend d \
           JOIN pg_catalog.pg_class t ON t.oid = d.refobjid WHERE d.classid = {class} AND d.objid = c.oid \
           AND d.refclassid = {class} AND d.deptype = 'i') AS table_persistence, pg_catalog.format_type(s.seqtypid, NULL) AS type_name, s.seqstart AS start, \
         s.seqincrement AS increment, s.seqmax AS maximum, s.seqmin AS minimum, s.seqcache AS cache, s.seqcycle AS cycle, \
         pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_sequence_privilege(c.oid, 'SELECT') AS readable, \
         EXISTS (SELECT 1 FROM pg_catalog.pg_extension e WHERE c.oid = ANY(e.extconfig)) AS configured \
         FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.oid >= {FIRST_USER_OID} AND c.relpersistence <> 't' ORDER BY n.nspname, c.relname",
        class = class::RELATION
    );
    let owned = owned(draft);
    let mut found = rows::<Sequence>(conn, "Reading sequences", &sql).await?;
    // A member comes with its extension; where it stands may be the user's.
    found.retain(|sequence| !draft.is_member(class::RELATION, sequence.oid) || sequence.configured);
    for sequence in found.iter().filter(|sequence| !sequence.configured) {
        add(draft, sequence, owned.get(&sequence.oid), columns);
    }
    states(conn, draft, &found).await
}

/// Table, column number and whether it is an identity, by sequence.
fn owned(draft: &Draft) -> HashMap<u32, (u32, i32, bool)> {
    let of_column = draft.dependencies.iter().filter(|row| {
        row.class == class::RELATION
            && row.ref_class == class::RELATION
            && row.ref_sub > 0
            && matches!(row.kind, 'a' | 'i')
    });
    of_column.map(|row| (row.oid, (row.ref_oid, row.ref_sub, row.kind == 'i'))).collect()
}

fn add(draft: &mut Draft, sequence: &Sequence, owner: Option<&(u32, i32, bool)>, columns: &Columns) {
    let relation = Relation {
        oid: sequence.oid,
        schema: sequence.schema.clone(),
        name: sequence.name.clone(),
        kind: 'S',
        is_partition: false,
    };
    let quoted = relation.quoted();
    let address = relation.address();
    let home = owner.and_then(|(table, number, identity)| {
        let column = columns.of(*table).iter().find(|column| column.number == *number)?;
        Some((draft.relations.get(table)?, column, *identity))
    });
    let options = sequence.options();
    let title = format!("sequence {}.{}", sequence.schema, sequence.name);
    let words = format!("SEQUENCE {quoted}");
    match home {
        Some((table, column, true)) => {
            let how = if column.identity == "a" { "ALWAYS" } else { "BY DEFAULT" };
            let sql = format!(
                "ALTER TABLE {} ALTER COLUMN {} ADD GENERATED {how} AS IDENTITY (SEQUENCE NAME {quoted} {options})",
                table.quoted(),
                Ident(&column.name)
            );
            let mut node = Node::new("identity", Rank::Identity, Some(&sequence.schema), &sequence.name)
                .on(table)
                .sql(sql);
            node.sql.extend(persistence(draft.version, sequence, &quoted));
            draft.add_at(address, node);
            draft.target(address, words, None, title);
        }
        Some((table, column, false)) => {
            let belongs =
                Node::new("sequence owner", Rank::SequenceOwner, Some(&sequence.schema), &sequence.name)
                    .on(table)
                    .sql(format!(
                        "ALTER SEQUENCE {quoted} OWNED BY {}.{}",
                        table.quoted(),
                        Ident(&column.name)
                    ));
            let mut belongs = belongs;
            belongs.wants.push(address);
            draft.add(belongs);
            draft.add_at(address, sequence.create(&quoted, &options));
            draft.target(address, words, None, title);
        }
        None => {
            draft.add_at(address, sequence.create(&quoted, &options));
            draft.target(address, words, Some(sequence.owner.clone()), title);
        }
    }
    draft.relations.insert(sequence.oid, relation);
}

/// An identity's sequence is logged or not as its table is, unless somebody said otherwise. Before version 15 all were
/// logged, and stay so on a newer server.
fn persistence(version: u32, sequence: &Sequence, quoted: &str) -> Option<String> {
    let alter = match (sequence.persistence, sequence.table_persistence) {
        ('p', Some('u')) => format!("ALTER SEQUENCE {quoted} SET LOGGED"),
        ('u', Some('p')) => format!("ALTER SEQUENCE {quoted} SET UNLOGGED"),
        _ => return None,
    };
    if version >= 150_000 {
        return Some(alter);
    }
    let body = format!(
        "BEGIN IF pg_catalog.current_setting('server_version_num')::int >= 150000 THEN EXECUTE {}; END IF; END",
        Literal(&alter)
    );
    Some(format!("DO {}", Literal(&body)))
}

impl Sequence {
    fn create(&self, quoted: &str, options: &str) -> Node {
        let unlogged = if self.persistence == 'u' { "UNLOGGED " } else { "" };
        let sql = format!("CREATE {unlogged}SEQUENCE {quoted} AS {} {options}", self.type_name);
        Node::new("sequence", Rank::Sequence, Some(&self.schema), &self.name).sql(sql)
    }
    fn options(&self) -> String {
        format!(
            "START WITH {} INCREMENT BY {} MINVALUE {} MAXVALUE {} CACHE {}{}",
            self.start,
            self.increment,
            self.minimum,
            self.maximum,
            self.cache,
            if self.cycle { " CYCLE" } else { " NO CYCLE" }
        )
    }
}

/// The state is in the sequences themselves, not in a catalog.
async fn states(conn: &mut PgConnection, draft: &mut Draft, sequences: &[Sequence]) -> Result<()> {
    let readable: Vec<&Sequence> = sequences.iter().filter(|sequence| sequence.readable).collect();
    let mut states = HashMap::new();
    for batch in readable.chunks(STATES_PER_QUERY) {
        let parts: Vec<String> = batch
            .iter()
            .map(|sequence| {
                let name = qualified(&sequence.schema, &sequence.name);
                format!("SELECT {} AS oid, last_value AS last, is_called AS called FROM {name}", sequence.oid)
            })
            .collect();
        for state in rows::<State>(conn, "Reading the state of sequences", &parts.join(" UNION ALL ")).await?
        {
            states.insert(state.oid, state);
        }
    }
    for sequence in sequences {
        let address = Address::relation(sequence.oid);
        let node = Node::new("sequence state", Rank::SequenceState, Some(&sequence.schema), &sequence.name)
            .of(address);
        let node = match states.get(&sequence.oid) {
            Some(state) => node.sql(format!(
                "SELECT pg_catalog.setval({}, {}, {})",
                Literal(&qualified(&sequence.schema, &sequence.name)),
                state.last,
                state.called
            )),
            None => node
                .lost("This login may not read the sequence; after a restore it starts from the beginning."),
        };
        draft.add(node);
    }
    Ok(())
}
