//! Constraints of tables and domains. Checks that need nothing but their table are written into its CREATE TABLE;
//! every other constraint follows the rows.

use std::collections::{HashMap, HashSet};

use holdfast_contract::snapshot::{Phase, TableName};
use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank, qualified};
use super::guests::unless_there;
use crate::Result;
use crate::postgres::sql::Ident;

#[derive(Deserialize)]
pub struct ConstraintRow {
    pub oid: u32,
    pub name: String,
    /// `contype`: `c`heck, `f`oreign, `p`rimary, `u`nique, e`x`clusion, `n`ot null, constraint `t`rigger.
    pub kind: char,
    pub relation: u32,
    pub domain: u32,
    pub domain_schema: Option<String>,
    pub domain_name: Option<String>,
    pub index: u32,
    pub index_options: Vec<String>,
    pub is_local: bool,
    pub validated: bool,
    pub no_inherit: bool,
    pub parent: u32,
    /// The column of a NOT NULL.
    pub column: Option<i32>,
    pub definition: String,
}

pub struct Constraints {
    rows: Vec<ConstraintRow>,
    /// Positions of checks that belong inside CREATE TABLE.
    inline: HashMap<u32, Vec<usize>>,
    /// Positions of named NOT NULLs (version 18 and later) by table and column.
    not_null: HashMap<(u32, i32), usize>,
    deferred: HashSet<u32>,
    /// NOT NULLs that are NOT VALID, by table and name.
    unvalidated: HashSet<(u32, String)>,
}

pub async fn read(conn: &mut PgConnection, draft: &Draft) -> Result<Constraints> {
    let sql = format!(
        "SELECT k.oid::int8 AS oid, k.conname AS name, k.contype::text AS kind, k.conrelid::int8 AS relation, \
         k.contypid::int8 AS domain, n.nspname AS domain_schema, t.typname AS domain_name, k.conindid::int8 AS index, \
         CASE WHEN k.contype IN ('p', 'u', 'x') THEN COALESCE(i.reloptions, '{{}}') ELSE '{{}}' END AS index_options, \
         k.conislocal AS is_local, k.convalidated AS validated, k.connoinherit AS no_inherit, \
         k.conparentid::int8 AS parent, CASE WHEN k.contype = 'n' THEN k.conkey[1] END AS column, \
         CASE WHEN k.contype = 't' THEN '' ELSE pg_catalog.pg_get_constraintdef(k.oid) END AS definition \
         FROM pg_catalog.pg_constraint k LEFT JOIN pg_catalog.pg_class i ON i.oid = k.conindid \
         LEFT JOIN pg_catalog.pg_type t ON t.oid = k.contypid LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
         WHERE k.oid >= {FIRST_USER_OID} ORDER BY k.conrelid, k.contypid, k.conname"
    );
    let rows = rows::<ConstraintRow>(conn, "Reading constraints", &sql).await?;
    let mut found = Constraints {
        rows,
        inline: HashMap::new(),
        not_null: HashMap::new(),
        deferred: HashSet::new(),
        unvalidated: HashSet::new(),
    };
    let demanding = demanding(draft);
    for (position, row) in found.rows.iter().enumerate() {
        let guest = draft.guests.contains(&Address::new(class::CONSTRAINT, row.oid));
        match row.kind {
            'n' if row.relation != 0 => {
                if !row.validated {
                    found.unvalidated.insert((row.relation, row.name.clone()));
                }
                found.not_null.insert((row.relation, row.column.unwrap_or(0)), position);
            }
            'c' if row.relation != 0 && (guest || demanding.contains(&row.oid) || !row.validated) => {
                found.deferred.insert(row.oid);
            }
            'c' if row.relation != 0 => found.inline.entry(row.relation).or_default().push(position),
            _ => {}
        }
    }
    Ok(found)
}

/// Checks that call functions of users (which may read other tables) or compare whole rows of others.
fn demanding(draft: &Draft) -> HashSet<u32> {
    let of_constraint = draft.dependencies.iter().filter(|row| row.class == class::CONSTRAINT);
    of_constraint
        .filter(|row| row.ref_class == class::PROCEDURE && !draft.members.contains_key(&row.to()))
        .map(|row| row.oid)
        .collect()
}

impl Constraints {
    /// Those that CREATE TABLE carries: the table's own; a partition, made alone and attached, needs the inherited too.
    pub fn inline(&self, relation: u32, is_partition: bool) -> impl Iterator<Item = &ConstraintRow> {
        let positions = self.inline.get(&relation).map_or(&[][..], Vec::as_slice);
        positions.iter().map(|position| &self.rows[*position]).filter(move |row| row.is_local || is_partition)
    }

    /// True when a parent's NOT NULL of this name is not validated: a valid one below it was made by itself.
    pub fn stands_alone(&self, row: &ConstraintRow, parents: impl Iterator<Item = u32>) -> bool {
        let mut parents = parents;
        parents.any(|parent| self.unvalidated.contains(&(parent, row.name.clone())))
    }

    pub fn not_null(&self, relation: u32, column: i32) -> Option<&ConstraintRow> {
        self.not_null.get(&(relation, column)).map(|position| &self.rows[*position])
    }

    /// Adds nodes for all that is not inline; needs the tables in the draft.
    pub fn add_to(&self, draft: &mut Draft) {
        for row in &self.rows {
            let address = Address::new(class::CONSTRAINT, row.oid);
            if draft.members.contains_key(&address) {
                continue;
            }
            if row.domain != 0 {
                self.add_to_domain(draft, row);
                continue;
            }
            let Some(relation) = draft.home(row.relation, address) else { continue };
            let guest = draft.guests.contains(&address);
            let quoted = relation.quoted();
            let title = format!("constraint {} on {}.{}", row.name, relation.schema, relation.name);
            let words = format!("CONSTRAINT {} ON {quoted}", Ident(&row.name));
            let index_words = format!("INDEX {}", qualified(&relation.schema, &row.name));
            let table_index = draft.at(relation.address());
            let is_partition = relation.is_partition;
            let alter =
                format!("ALTER TABLE ONLY {quoted} ADD CONSTRAINT {} {}", Ident(&row.name), row.definition);
            let whole = alter.replacen("TABLE ONLY", "TABLE", 1);
            let make = |kind, rank| Node::new(kind, rank, Some(&relation.schema), &row.name).on(relation);
            let node = match row.kind {
                'p' => make("primary key", Rank::Key).sql(alter),
                'u' => make("unique constraint", Rank::Key).sql(alter),
                'x' => make("exclusion constraint", Rank::Key).sql(alter),
                'f' if row.parent == 0 => make("foreign key", Rank::ForeignKey)
                    .sql(if relation.kind == 'p' { whole } else { alter }),
                // Those of a parent arrive by it, after the children's own: the order in which they merge.
                'c' if self.deferred.contains(&row.oid) && row.is_local => {
                    make("check constraint", Rank::Check).sql(whole)
                }
                'c' if !self.deferred.contains(&row.oid) && (row.is_local || is_partition) => {
                    if let Some(index) = table_index {
                        draft.also(address, index);
                    }
                    draft.target(address, words, None, title);
                    continue;
                }
                'n' if row.is_local && (guest || !row.validated) => {
                    make("not null constraint", Rank::Check).sql(whole)
                }
                'n' => {
                    if let Some(index) = table_index {
                        draft.also(address, index);
                    }
                    draft.target(address, words, None, title);
                    continue;
                }
                // Inherited: it comes with the parent's.
                'c' => {
                    draft.account(address);
                    continue;
                }
                // Foreign keys' clones on partitions, and what a constraint trigger stands for.
                _ => continue,
            };
            let mut node = node;
            if !row.index_options.is_empty() {
                let index = qualified(&relation.schema, &row.name);
                node = node.sql(format!("ALTER INDEX {index} SET ({})", options(&row.index_options)));
            }
            if guest {
                node.sql.iter_mut().for_each(|sql| *sql = unless_there(sql));
            }
            let index = draft.add_at(address, node);
            if matches!(row.kind, 'p' | 'u' | 'x') {
                draft.also(Address::relation(row.index), index);
                draft.target(Address::relation(row.index), index_words, None, title.clone());
            }
            draft.target(address, words, None, title);
        }
        self.order_inherited(draft);
    }

    fn add_to_domain(&self, draft: &mut Draft, row: &ConstraintRow) {
        let (Some(schema), Some(name)) = (&row.domain_schema, &row.domain_name) else { return };
        let domain = Address::new(class::TYPE, row.domain);
        let Some(index) = draft.at(domain) else { return };
        let address = Address::new(class::CONSTRAINT, row.oid);
        let quoted = qualified(schema, name);
        let title = format!("constraint {} on domain {schema}.{name}", row.name);
        draft.target(address, format!("CONSTRAINT {} ON DOMAIN {quoted}", Ident(&row.name)), None, title);
        if row.kind == 'n' {
            draft.also(address, index);
            return;
        }
        let mut node = Node::new("domain constraint", Rank::TypeConstraint, Some(schema), &row.name)
            .of(domain)
            .sql(format!("ALTER DOMAIN {quoted} ADD CONSTRAINT {} {}", Ident(&row.name), row.definition));
        node.table = Some(TableName { schema: Some(schema.clone()), name: name.clone() });
        node.phase = Phase::Before;
        draft.add_at(address, node);
    }

    /// A deferred check of a parent is added after the same of its children.
    fn order_inherited(&self, draft: &mut Draft) {
        let by_place: HashMap<(u32, &str), u32> = self
            .rows
            .iter()
            .filter(|row| self.deferred.contains(&row.oid) && row.is_local)
            .map(|row| ((row.relation, row.name.as_str()), row.oid))
            .collect();
        let mut by_child: HashMap<u32, Vec<(&str, u32)>> = HashMap::new();
        for ((relation, name), oid) in &by_place {
            by_child.entry(*relation).or_default().push((name, *oid));
        }
        let inherits: Vec<(u32, u32)> = draft
            .dependencies
            .iter()
            .filter(|row| row.class == class::RELATION && row.ref_class == class::RELATION)
            .map(|row| (row.oid, row.ref_oid))
            .collect();
        for (child, parent) in inherits {
            for (name, below) in by_child.get(&child).into_iter().flatten() {
                let above = by_place.get(&(parent, *name));
                if let Some(index) = above.and_then(|oid| draft.at(Address::new(class::CONSTRAINT, *oid))) {
                    draft.nodes[index].wants.push(Address::new(class::CONSTRAINT, *below));
                }
            }
        }
    }
}

/// `"fillfactor" = '70'` for every `fillfactor=70`.
pub fn options(options: &[String]) -> String {
    let one = |option: &String| {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let name = match name.split_once('.') {
            Some((space, name)) => format!("{}.{}", Ident(space), Ident(name)),
            None => Ident(name).to_string(),
        };
        format!("{name} = {}", crate::postgres::sql::Literal(value))
    };
    options.iter().map(one).collect::<Vec<_>>().join(", ")
}
