//! Operators. One that is only spoken of (as somebody's commutator) is made by whoever speaks of it.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank};
use crate::Result;
use crate::postgres::sql::Ident;

#[derive(Deserialize)]
struct Operator {
    oid: u32,
    schema: String,
    /// Never quoted: the letters of operators need none.
    name: String,
    owner: String,
    function: Option<String>,
    left: Option<String>,
    right: Option<String>,
    commutator: Option<String>,
    negator: Option<String>,
    restrict: Option<String>,
    join: Option<String>,
    merges: bool,
    hashes: bool,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    for operator in rows::<Operator>(conn, "Reading operators", &query()).await? {
        if draft.is_member(class::OPERATOR, operator.oid) {
            continue;
        }
        let address = Address::new(class::OPERATOR, operator.oid);
        let Some(function) = &operator.function else {
            draft.account(address);
            continue;
        };
        let none = "NONE".to_owned();
        let (left, right) =
            (operator.left.as_ref().unwrap_or(&none), operator.right.as_ref().unwrap_or(&none));
        let name = format!("{}.{}", Ident(&operator.schema), operator.name);
        let shown = format!("{}({left}, {right})", operator.name);
        let node = Node::new("operator", Rank::Operator, Some(&operator.schema), &shown)
            .sql(operator.create(&name, function));
        draft.add_at(address, node);
        let title = format!("operator {}.{shown}", operator.schema);
        draft.target(
            address,
            format!("OPERATOR {name} ({left}, {right})"),
            Some(operator.owner.clone()),
            title,
        );
    }
    Ok(())
}

fn query() -> String {
    let operator = |column: &str| {
        format!(
            "(SELECT 'OPERATOR(' || pg_catalog.quote_ident(m.nspname) || '.' || p.oprname || ')' FROM pg_catalog.pg_operator p \
             JOIN pg_catalog.pg_namespace m ON m.oid = p.oprnamespace WHERE p.oid = o.{column})"
        )
    };
    let function = |column: &str| format!("NULLIF(o.{column}::pg_catalog.oid, 0)::pg_catalog.regproc::text");
    format!(
        "SELECT o.oid::int8 AS oid, n.nspname AS schema, o.oprname AS name, pg_catalog.pg_get_userbyid(o.oprowner) AS owner, \
         {function} AS function, CASE WHEN o.oprleft <> 0 THEN pg_catalog.format_type(o.oprleft, NULL) END AS left, \
         CASE WHEN o.oprright <> 0 THEN pg_catalog.format_type(o.oprright, NULL) END AS right, \
         {commutator} AS commutator, {negator} AS negator, {restrict} AS restrict, {join} AS join, \
         o.oprcanmerge AS merges, o.oprcanhash AS hashes \
         FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace \
         WHERE o.oid >= {FIRST_USER_OID} AND n.nspname !~ '^pg_temp_' ORDER BY n.nspname, o.oprname, 6, 7",
        function = function("oprcode"),
        restrict = function("oprrest"),
        join = function("oprjoin"),
        commutator = operator("oprcom"),
        negator = operator("oprnegate"),
    )
}

impl Operator {
    fn create(&self, name: &str, function: &str) -> String {
        let mut options = vec![format!("FUNCTION = {function}")];
        let said = [
            ("LEFTARG", &self.left),
            ("RIGHTARG", &self.right),
            ("COMMUTATOR", &self.commutator),
            ("NEGATOR", &self.negator),
            ("RESTRICT", &self.restrict),
            ("JOIN", &self.join),
        ];
        for (word, value) in said {
            options.extend(value.as_ref().map(|value| format!("{word} = {value}")));
        }
        for (set, word) in [(self.merges, "MERGES"), (self.hashes, "HASHES")] {
            if set {
                options.push(word.to_owned());
            }
        }
        format!("CREATE OPERATOR {name} (\n    {}\n)", options.join(",\n    "))
    }
}
