//! Functions, procedures, window functions (as the server prints them) and aggregates.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank, qualified};
use crate::Result;
use crate::postgres::sql::Literal;

#[derive(Deserialize)]
struct Routine {
    oid: u32,
    schema: String,
    name: String,
    owner: String,
    /// `f`unction, `p`rocedure, `w`indow, `a`ggregate.
    kind: char,
    identity: String,
    definition: Option<String>,
    aggregate: Option<Aggregate>,
}

#[derive(Deserialize)]
struct Aggregate {
    arguments: String,
    transition: String,
    state: String,
    space: i32,
    #[serde(rename = "final")]
    finish: Option<String>,
    final_extra: bool,
    final_modify: char,
    combine: Option<String>,
    serial: Option<String>,
    deserial: Option<String>,
    initial: Option<String>,
    moving_transition: Option<String>,
    moving_inverse: Option<String>,
    moving_state: Option<String>,
    moving_space: i32,
    moving_final: Option<String>,
    moving_final_extra: bool,
    moving_final_modify: char,
    moving_initial: Option<String>,
    sort_operator: Option<String>,
    kind: char,
    parallel: char,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    for routine in rows::<Routine>(conn, "Reading functions", &query()).await? {
        if draft.is_member(class::PROCEDURE, routine.oid) {
            continue;
        }
        let (kind, word, rank) = match routine.kind {
            'p' => ("procedure", "PROCEDURE", Rank::Function),
            'a' => ("aggregate", "AGGREGATE", Rank::Aggregate),
            _ => ("function", "FUNCTION", Rank::Function),
        };
        let name = qualified(&routine.schema, &routine.name);
        let sql = match (&routine.definition, &routine.aggregate) {
            (Some(definition), _) => definition.trim_end().to_owned(),
            (None, Some(aggregate)) => aggregate.create(&name),
            (None, None) => continue,
        };
        let identity = match &routine.aggregate {
            Some(aggregate) => aggregate.arguments.clone(),
            None => routine.identity.clone(),
        };
        let shown = format!("{}({})", routine.name, routine.identity);
        let address = Address::new(class::PROCEDURE, routine.oid);
        draft.add_at(address, Node::new(kind, rank, Some(&routine.schema), &shown).sql(sql));
        let title = format!("{kind} {}.{shown}", routine.schema);
        draft.target(address, format!("{word} {name}({identity})"), Some(routine.owner), title);
    }
    Ok(())
}

fn query() -> String {
    let function =
        |column: &str| format!("CASE WHEN a.{column}::pg_catalog.oid <> 0 THEN a.{column}::text END");
    format!(
        "SELECT p.oid::int8 AS oid, n.nspname AS schema, p.proname AS name, pg_catalog.pg_get_userbyid(p.proowner) AS owner, \
         p.prokind::text AS kind, pg_catalog.pg_get_function_identity_arguments(p.oid) AS identity, \
         CASE WHEN p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) END AS definition, \
         CASE WHEN a.aggfnoid IS NOT NULL THEN pg_catalog.json_build_object( \
           'arguments', CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_catalog.pg_get_function_identity_arguments(p.oid) END, \
           'transition', a.aggtransfn::text, 'state', pg_catalog.format_type(a.aggtranstype, NULL), 'space', a.aggtransspace, \
           'final', {final}, 'final_extra', a.aggfinalextra, 'final_modify', a.aggfinalmodify, \
           'combine', {combine}, 'serial', {serial}, 'deserial', {deserial}, 'initial', a.agginitval, \
           'moving_transition', {mtrans}, 'moving_inverse', {minv}, \
           'moving_state', CASE WHEN a.aggmtranstype <> 0 THEN pg_catalog.format_type(a.aggmtranstype, NULL) END, \
           'moving_space', a.aggmtransspace, 'moving_final', {mfinal}, 'moving_final_extra', a.aggmfinalextra, \
           'moving_final_modify', a.aggmfinalmodify, 'moving_initial', a.aggminitval, \
           'sort_operator', CASE WHEN a.aggsortop <> 0 THEN (SELECT 'OPERATOR(' || pg_catalog.quote_ident(sn.nspname) || '.' || o.oprname || ')' \
              FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace sn ON sn.oid = o.oprnamespace WHERE o.oid = a.aggsortop) END, \
           'kind', a.aggkind, 'parallel', p.proparallel) END AS aggregate \
         FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid \
         WHERE p.oid >= {FIRST_USER_OID} AND n.nspname !~ '^pg_temp_' \
         AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = {proc} AND d.objid = p.oid AND d.deptype = 'e') \
         AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = {proc} AND d.objid = p.oid AND d.deptype = 'i') \
         ORDER BY n.nspname, p.proname, identity",
        proc = class::PROCEDURE,
        final = function("aggfinalfn"),
        combine = function("aggcombinefn"),
        serial = function("aggserialfn"),
        deserial = function("aggdeserialfn"),
        mtrans = function("aggmtransfn"),
        minv = function("aggminvtransfn"),
        mfinal = function("aggmfinalfn"),
    )
}

impl Aggregate {
    fn create(&self, name: &str) -> String {
        let mut options = vec![format!("SFUNC = {}", self.transition), format!("STYPE = {}", self.state)];
        let mut option = |word: &str, value: Option<String>| {
            if let Some(value) = value {
                options.push(format!("{word} = {value}"));
            }
        };
        let text = |value: &Option<String>| value.as_deref().map(|value| Literal(value).to_string());
        let size = |bytes: i32| (bytes != 0).then(|| bytes.to_string());
        option("SSPACE", size(self.space));
        option("FINALFUNC", self.finish.clone());
        option("FINALFUNC_MODIFY", self.modify(self.finish.is_some(), self.final_modify));
        option("COMBINEFUNC", self.combine.clone());
        option("SERIALFUNC", self.serial.clone());
        option("DESERIALFUNC", self.deserial.clone());
        option("INITCOND", text(&self.initial));
        option("MSFUNC", self.moving_transition.clone());
        option("MINVFUNC", self.moving_inverse.clone());
        option("MSTYPE", self.moving_state.clone());
        option("MSSPACE", size(self.moving_space));
        option("MFINALFUNC", self.moving_final.clone());
        option("MFINALFUNC_MODIFY", self.modify(self.moving_final.is_some(), self.moving_final_modify));
        option("MINITCOND", text(&self.moving_initial));
        option("SORTOP", self.sort_operator.clone());
        let parallel = match self.parallel {
            's' => Some("SAFE"),
            'r' => Some("RESTRICTED"),
            _ => None,
        };
        option("PARALLEL", parallel.map(str::to_owned));
        for (set, word) in [
            (self.final_extra, "FINALFUNC_EXTRA"),
            (self.moving_final_extra, "MFINALFUNC_EXTRA"),
            (self.kind == 'h', "HYPOTHETICAL"),
        ] {
            if set {
                options.push(word.to_owned());
            }
        }
        format!("CREATE AGGREGATE {name}({}) (\n    {}\n)", self.arguments, options.join(",\n    "))
    }

    /// Said only where it is not what the kind of aggregate has by itself.
    fn modify(&self, has_final: bool, letter: char) -> Option<String> {
        let usual = if self.kind == 'n' { 'r' } else { 'w' };
        let word = match letter {
            'r' => "READ_ONLY",
            's' => "SHAREABLE",
            _ => "READ_WRITE",
        };
        (has_final && letter != usual).then(|| word.to_owned())
    }
}
