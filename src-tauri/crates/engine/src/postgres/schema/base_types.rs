//! Base types, and shells that were never filled. A base type's own functions take and return it, so its shell comes
//! first, then the functions, then the type.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank, qualified};
use crate::Result;
use crate::postgres::sql::Literal;

#[derive(Deserialize)]
struct BaseType {
    oid: u32,
    schema: String,
    name: String,
    owner: String,
    defined: bool,
    length: i32,
    input: String,
    output: String,
    receive: Option<String>,
    send: Option<String>,
    modifier_in: Option<String>,
    modifier_out: Option<String>,
    analyze: Option<String>,
    subscript: Option<String>,
    collatable: bool,
    default: Option<String>,
    element: Option<String>,
    category: char,
    preferred: bool,
    delimiter: char,
    alignment: char,
    storage: char,
    by_value: bool,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    for found in rows::<BaseType>(conn, "Reading base types", &query(draft.version)).await? {
        if draft.is_member(class::TYPE, found.oid) {
            continue;
        }
        let name = qualified(&found.schema, &found.name);
        let address = Address::new(class::TYPE, found.oid);
        let shell = Node::new("shell type", Rank::Type, Some(&found.schema), &found.name)
            .sql(format!("CREATE TYPE {name}"));
        let kind = if found.defined {
            let shell = draft.add(shell);
            let mut node =
                Node::new("base type", Rank::Type, Some(&found.schema), &found.name).sql(found.create(&name));
            node.needs.insert(shell);
            let index = draft.add_at(address, node);
            draft.shells.insert(index, shell);
            "base type"
        } else {
            draft.add_at(address, shell);
            "shell type"
        };
        let title = format!("{kind} {}.{}", found.schema, found.name);
        draft.target(address, format!("TYPE {name}"), Some(found.owner), title);
    }
    Ok(())
}

fn query(version: u32) -> String {
    let subscript = if version >= 140_000 {
        "NULLIF(t.typsubscript::pg_catalog.oid, 0)::pg_catalog.regproc::text"
    } else {
        "NULL::text"
    };
    let function = |column: &str| format!("NULLIF(t.{column}::pg_catalog.oid, 0)::pg_catalog.regproc::text");
    format!(
        "SELECT t.oid::int8 AS oid, n.nspname AS schema, t.typname AS name, pg_catalog.pg_get_userbyid(t.typowner) AS owner, \
         t.typisdefined AS defined, t.typlen AS length, t.typinput::text AS input, t.typoutput::text AS output, \
         {receive} AS receive, {send} AS send, {modifier_in} AS modifier_in, {modifier_out} AS modifier_out, \
         {analyze} AS analyze, {subscript} AS subscript, t.typcollation <> 0 AS collatable, \
         COALESCE(pg_catalog.pg_get_expr(t.typdefaultbin, 0), pg_catalog.quote_literal(t.typdefault)) AS default, \
         CASE WHEN t.typelem <> 0 THEN pg_catalog.format_type(t.typelem, NULL) END AS element, \
         t.typcategory::text AS category, t.typispreferred AS preferred, t.typdelim::text AS delimiter, \
         t.typalign::text AS alignment, t.typstorage::text AS storage, t.typbyval AS by_value \
         FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
         WHERE t.oid >= {FIRST_USER_OID} AND n.nspname !~ '^pg_(temp_|toast)' AND (NOT t.typisdefined OR (t.typtype = 'b' \
           AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid))) \
         ORDER BY n.nspname, t.typname",
        receive = function("typreceive"),
        send = function("typsend"),
        modifier_in = function("typmodin"),
        modifier_out = function("typmodout"),
        analyze = function("typanalyze"),
    )
}

impl BaseType {
    fn create(&self, name: &str) -> String {
        let length = if self.length < 0 { "VARIABLE".to_owned() } else { self.length.to_string() };
        let mut options = vec![
            format!("INTERNALLENGTH = {length}"),
            format!("INPUT = {}", self.input),
            format!("OUTPUT = {}", self.output),
        ];
        let letter = |letter: char| Literal(letter.encode_utf8(&mut [0; 4])).to_string();
        let said = [
            ("RECEIVE", self.receive.clone()),
            ("SEND", self.send.clone()),
            ("TYPMOD_IN", self.modifier_in.clone()),
            ("TYPMOD_OUT", self.modifier_out.clone()),
            ("ANALYZE", self.analyze.clone()),
            ("SUBSCRIPT", self.subscript.clone()),
            ("COLLATABLE", self.collatable.then(|| "true".to_owned())),
            ("DEFAULT", self.default.clone()),
            ("ELEMENT", self.element.clone()),
            ("CATEGORY", (self.category != 'U').then(|| letter(self.category))),
            ("PREFERRED", self.preferred.then(|| "true".to_owned())),
            ("DELIMITER", (self.delimiter != ',').then(|| letter(self.delimiter))),
            ("ALIGNMENT", Some(self.alignment().to_owned())),
            ("STORAGE", Some(self.storage().to_owned())),
        ];
        options.extend(
            said.into_iter().filter_map(|(word, value)| value.map(|value| format!("{word} = {value}"))),
        );
        if self.by_value {
            options.push("PASSEDBYVALUE".to_owned());
        }
        format!("CREATE TYPE {name} (\n    {}\n)", options.join(",\n    "))
    }

    fn alignment(&self) -> &'static str {
        match self.alignment {
            'c' => "char",
            's' => "int2",
            'd' => "double",
            _ => "int4",
        }
    }

    fn storage(&self) -> &'static str {
        match self.storage {
            'e' => "external",
            'x' => "extended",
            'm' => "main",
            _ => "plain",
        }
    }
}
