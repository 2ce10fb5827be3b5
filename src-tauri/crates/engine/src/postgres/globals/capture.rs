//! Reading the server's globals and writing them as a stream.

use bytes::Bytes;
use holdfast_contract::snapshot::{BackupKind, Omission, Scope};
use serde::Deserialize;

use super::{Global, STREAM};
use crate::postgres::connect::Session;
use crate::postgres::schema::{read_rows, setting_words};
use crate::postgres::sql::{Ident, Literal};
use crate::{DumpSink, EngineError, Result, Unit};

/// A backup of rows alone, or of chosen tables, is not one of a server.
fn travel(scope: &Scope) -> bool {
    scope.kind != BackupKind::Data && scope.tables.is_empty()
}

/// What of them does not travel: what this login cannot read, and what would change every other database of the
/// server that receives it. The database itself is whole without it, so it does not make a backup partial.
pub async fn omissions(session: &mut Session, scope: &Scope) -> Result<Vec<Omission>> {
    if !travel(scope) {
        return Ok(Vec::new());
    }
    let outside = |kind: &str, name: &str, reason: String| Omission {
        kind: kind.into(),
        name: name.into(),
        reason,
        by_request: true,
    };
    let mut found = Vec::new();
    if !hashes_readable(session).await? {
        let reason =
            "Only a superuser may read them; roles that a restore makes from this backup have no password.";
        found.push(outside("role passwords", "all roles", reason.into()));
    }
    for Everybodys { name } in everybodys(session).await? {
        // Without its value: people keep secrets in settings of their own.
        let reason = "It holds for every role in every database of the server, so a restore leaves it alone. \
                      Set it there by hand with ALTER ROLE ALL SET.";
        found.push(outside("setting of all roles", &name, reason.into()));
    }
    Ok(found)
}

#[derive(Deserialize)]
struct Everybodys {
    name: String,
}

async fn everybodys(session: &mut Session) -> Result<Vec<Everybodys>> {
    let sql = "SELECT pg_catalog.split_part(c.setting, '=', 1) AS name \
               FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) AS c(setting) \
               WHERE s.setrole = 0 AND s.setdatabase = 0 ORDER BY 1";
    read_rows(session.raw(), "Reading settings of all roles", sql).await
}

async fn hashes_readable(session: &mut Session) -> Result<bool> {
    let sql = "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')";
    Ok(session.value("Looking at the rights on roles", sql).await?.as_deref() == Some("t"))
}

/// Returns the names of the streams written: one, or none.
pub async fn write(session: &mut Session, scope: &Scope, sink: &dyn DumpSink) -> Result<Vec<String>> {
    if !travel(scope) {
        return Ok(Vec::new());
    }
    let mut globals = roles(session).await?;
    globals.extend(memberships(session).await?);
    globals.extend(tablespaces(session).await?);
    if session.version >= 150_000 {
        globals.extend(parameters(session).await?);
    }
    let mut stream = sink.open(STREAM, Unit::Line).await?;
    for global in &globals {
        let mut line = serde_json::to_vec(global)
            .map_err(|_| EngineError::internal("A role cannot be written down."))?;
        line.push(b'\n');
        stream.write(Bytes::from(line)).await?;
    }
    stream.finish().await?;
    Ok(vec![STREAM.to_owned()])
}

#[derive(Deserialize)]
struct Role {
    name: String,
    attributes: Vec<String>,
    mighty: bool,
    limit: i32,
    password: Option<String>,
    until: Option<String>,
    settings: Vec<String>,
    comment: Option<String>,
    labels: Vec<[String; 2]>,
}

/// Those of the system come with the server.
async fn roles(session: &mut Session) -> Result<Vec<Global>> {
    let (from, password) = if hashes_readable(session).await? {
        ("pg_catalog.pg_authid", "r.rolpassword")
    } else {
        ("pg_catalog.pg_roles", "NULL")
    };
    let word = |column: &str, name: &str| format!("CASE WHEN r.{column} THEN '{name}' ELSE 'NO{name}' END");
    let words: Vec<String> = [
        ("rolsuper", "SUPERUSER"),
        ("rolinherit", "INHERIT"),
        ("rolcreaterole", "CREATEROLE"),
        ("rolcreatedb", "CREATEDB"),
        ("rolcanlogin", "LOGIN"),
        ("rolreplication", "REPLICATION"),
        ("rolbypassrls", "BYPASSRLS"),
    ]
    .map(|(column, name)| word(column, name))
    .into();
    let sql = format!(
        "SELECT r.rolname AS name, ARRAY[{}] AS attributes, r.rolsuper OR r.rolreplication OR r.rolbypassrls AS mighty, \
         r.rolconnlimit AS limit, {password} AS password, r.rolvaliduntil::text AS until, \
         COALESCE((SELECT s.setconfig FROM pg_catalog.pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0), '{{}}') AS settings, \
         pg_catalog.shobj_description(r.oid, 'pg_authid') AS comment, \
         COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_array(l.provider, l.label)) FROM pg_catalog.pg_shseclabel l \
           WHERE l.classoid = 1260 AND l.objoid = r.oid), '[]') AS labels \
         FROM {from} r WHERE r.rolname !~ '^pg_' ORDER BY r.rolname",
        words.join(", ")
    );
    let found: Vec<Role> = read_rows(session.raw(), "Reading the server's roles", &sql).await?;
    Ok(found.into_iter().map(role).collect())
}

fn role(found: Role) -> Global {
    let name = Ident(&found.name);
    let mut attributes = found.attributes.join(" ");
    if found.limit != -1 {
        attributes += &format!(" CONNECTION LIMIT {}", found.limit);
    }
    if let Some(until) = &found.until {
        attributes += &format!(" VALID UNTIL {}", Literal(until));
    }
    if let Some(password) = &found.password {
        attributes += &format!(" PASSWORD {}", Literal(password));
    }
    let mut sql = vec![format!("ALTER ROLE {name} WITH {attributes}")];
    for setting in &found.settings {
        sql.extend(setting_words(setting).map(|words| format!("ALTER ROLE {name} {words}")));
    }
    sql.extend(found.comment.iter().map(|text| format!("COMMENT ON ROLE {name} IS {}", Literal(text))));
    for [provider, label] in &found.labels {
        sql.push(format!("SECURITY LABEL FOR {} ON ROLE {name} IS {}", Ident(provider), Literal(label)));
    }
    Global::Role { mighty: found.mighty, sql, name: found.name }
}

#[derive(Deserialize)]
struct Membership {
    role: String,
    member: String,
    grantor: String,
    admin: bool,
    inherit: Option<bool>,
    set: Option<bool>,
}

async fn memberships(session: &mut Session) -> Result<Vec<Global>> {
    let options = if session.version >= 160_000 {
        "m.inherit_option AS inherit, m.set_option AS set"
    } else {
        "NULL AS inherit, NULL AS set"
    };
    // Whoever was given the right to pass it on comes before whom they gave it.
    let sql = format!(
        "SELECT pg_catalog.pg_get_userbyid(m.roleid) AS role, pg_catalog.pg_get_userbyid(m.member) AS member, \
         pg_catalog.pg_get_userbyid(m.grantor) AS grantor, m.admin_option AS admin, {options} \
         FROM pg_catalog.pg_auth_members m WHERE m.member >= 16384 ORDER BY m.admin_option DESC, 1, 2"
    );
    let found: Vec<Membership> = read_rows(session.raw(), "Reading memberships", &sql).await?;
    Ok(found
        .into_iter()
        .map(|Membership { role, member, grantor, admin, inherit, set }| Global::Membership {
            role,
            member,
            grantor,
            admin,
            inherit,
            set,
        })
        .collect())
}

#[derive(Deserialize)]
struct Tablespace {
    name: String,
    owner: String,
    location: String,
    options: Vec<String>,
    grants: Vec<Grant>,
    comment: Option<String>,
}

#[derive(Deserialize)]
struct Grant {
    grantee: Option<String>,
    privilege: String,
    grantable: bool,
}

impl Grant {
    fn words(&self, on: &str) -> String {
        let to = self.grantee.as_ref().map_or("PUBLIC".to_owned(), |role| Ident(role).to_string());
        let option = if self.grantable { " WITH GRANT OPTION" } else { "" };
        format!("GRANT {} ON {on} TO {to}{option}", self.privilege)
    }
}

fn exploded(acl: &str) -> String {
    format!(
        "COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_object('grantee', CASE WHEN x.grantee <> 0 THEN \
         pg_catalog.pg_get_userbyid(x.grantee) END, 'privilege', x.privilege_type, 'grantable', x.is_grantable)) \
         FROM pg_catalog.aclexplode({acl}) AS x), '[]')"
    )
}

async fn tablespaces(session: &mut Session) -> Result<Vec<Global>> {
    let sql = format!(
        "SELECT t.spcname AS name, pg_catalog.pg_get_userbyid(t.spcowner) AS owner, \
         pg_catalog.pg_tablespace_location(t.oid) AS location, COALESCE(t.spcoptions, '{{}}') AS options, {} AS grants, \
         pg_catalog.shobj_description(t.oid, 'pg_tablespace') AS comment FROM pg_catalog.pg_tablespace t \
         WHERE t.oid >= 16384 ORDER BY t.spcname",
        exploded("t.spcacl")
    );
    let found: Vec<Tablespace> = read_rows(session.raw(), "Reading tablespaces", &sql).await?;
    Ok(found.into_iter().map(tablespace).collect())
}

fn tablespace(found: Tablespace) -> Global {
    let words = format!("TABLESPACE {}", Ident(&found.name));
    let options = found.options.iter().filter_map(|option| option.split_once('='));
    let mut sql: Vec<String> = options
        .map(|(name, value)| format!("ALTER {words} SET ({} = {})", Ident(name), Literal(value)))
        .collect();
    let others = found.grants.iter().filter(|grant| grant.grantee.as_ref() != Some(&found.owner));
    sql.extend(others.map(|grant| grant.words(&words)));
    sql.extend(found.comment.iter().map(|text| format!("COMMENT ON {words} IS {}", Literal(text))));
    Global::Tablespace { name: found.name, owner: found.owner, location: found.location, sql }
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    grants: Vec<Grant>,
}

async fn parameters(session: &mut Session) -> Result<Vec<Global>> {
    let sql = format!(
        "SELECT p.parname AS name, {} AS grants FROM pg_catalog.pg_parameter_acl p ORDER BY p.parname",
        exploded("p.paracl")
    );
    let found: Vec<Parameter> = read_rows(session.raw(), "Reading rights to settings", &sql).await?;
    let mut globals = Vec::new();
    for parameter in &found {
        let on = format!("PARAMETER {}", setting_name(&parameter.name));
        for grant in &parameter.grants {
            if let Some(role) = &grant.grantee {
                globals.push(Global::Parameter { role: role.clone(), sql: vec![grant.words(&on)] });
            }
        }
    }
    Ok(globals)
}

fn setting_name(name: &str) -> String {
    name.split('.').map(|part| Ident(part).to_string()).collect::<Vec<_>>().join(".")
}
