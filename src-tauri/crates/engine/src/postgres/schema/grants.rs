//! Grants: the difference between what an object allows and what it allows by itself, in statements.
//!
//! By itself means: what the extension or initdb that made it gave, else the built-in default for its owner.
//! Objects of the system and of extensions are compared too.

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, PUBLIC_SCHEMA, class, rows};
use super::draft::{Draft, Node, Rank};
use super::roles;
use crate::Result;
use crate::postgres::sql::Ident;

/// One right, as `aclexplode` gives it.
#[derive(Clone, Deserialize, PartialEq, Eq)]
pub struct Right {
    /// None: PUBLIC.
    pub grantee: Option<String>,
    pub grantor: String,
    pub privilege: String,
    pub grantable: bool,
}

impl Right {
    fn same(&self, other: &Right) -> bool {
        (&self.grantee, &self.grantor, &self.privilege) == (&other.grantee, &other.grantor, &other.privilege)
    }
}

#[derive(Deserialize)]
struct Acl {
    class: u32,
    oid: u32,
    owner: String,
    /// For objects that are not in the draft: how GRANT names them.
    words: String,
    column: Option<String>,
    has: Vec<Right>,
    usual: Vec<Right>,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let found = rows::<Acl>(conn, "Reading grants", &query()).await?;
    for acl in found {
        add(draft, acl);
    }
    Ok(())
}

/// Rights as JSON, in the order of the list.
pub fn exploded(acl: &str) -> String {
    format!(
        "COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_object( \
         'grantee', CASE WHEN x.grantee <> 0 THEN pg_catalog.pg_get_userbyid(x.grantee) END, \
         'grantor', pg_catalog.pg_get_userbyid(x.grantor), 'privilege', x.privilege_type, 'grantable', x.is_grantable) ORDER BY x.n) \
         FROM pg_catalog.aclexplode({acl}) WITH ORDINALITY AS x(grantor, grantee, privilege_type, is_grantable, n)), '[]')"
    )
}

fn query() -> String {
    // catalog, its oid column's class, letter for acldefault, owner, acl, words
    let named = "pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident";
    let sources = [
        format!(
            "SELECT {} AS class, c.oid, 0 AS sub, CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\" AS letter, c.relowner AS owner, \
             c.relacl AS acl, CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || {named}(c.relname) AS words, NULL::text AS column \
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relacl IS NOT NULL",
            class::RELATION
        ),
        format!(
            "SELECT {}, c.oid, a.attnum, 'c'::\"char\", c.relowner, a.attacl, 'TABLE ' || {named}(c.relname), a.attname::text \
             FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE a.attacl IS NOT NULL AND NOT a.attisdropped",
            class::RELATION
        ),
        format!(
            "SELECT {}, p.oid, 0, 'f'::\"char\", p.proowner, p.proacl, CASE p.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END || \
             {named}(p.proname) || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', NULL \
             FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.proacl IS NOT NULL",
            class::PROCEDURE
        ),
        format!(
            "SELECT {}, t.oid, 0, 'T'::\"char\", t.typowner, t.typacl, 'TYPE ' || {named}(t.typname), NULL \
             FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typacl IS NOT NULL",
            class::TYPE
        ),
        format!(
            "SELECT {}, n.oid, 0, 'n'::\"char\", n.nspowner, n.nspacl, 'SCHEMA ' || pg_catalog.quote_ident(n.nspname), NULL \
             FROM pg_catalog.pg_namespace n WHERE n.nspacl IS NOT NULL",
            class::SCHEMA
        ),
        format!(
            "SELECT {}, l.oid, 0, 'l'::\"char\", l.lanowner, l.lanacl, 'LANGUAGE ' || pg_catalog.quote_ident(l.lanname), NULL \
             FROM pg_catalog.pg_language l WHERE l.lanacl IS NOT NULL",
            class::LANGUAGE
        ),
        format!(
            "SELECT {}, w.oid, 0, 'F'::\"char\", w.fdwowner, w.fdwacl, 'FOREIGN DATA WRAPPER ' || pg_catalog.quote_ident(w.fdwname), NULL \
             FROM pg_catalog.pg_foreign_data_wrapper w WHERE w.fdwacl IS NOT NULL",
            class::FOREIGN_DATA_WRAPPER
        ),
        format!(
            "SELECT {}, s.oid, 0, 'S'::\"char\", s.srvowner, s.srvacl, 'FOREIGN SERVER ' || pg_catalog.quote_ident(s.srvname), NULL \
             FROM pg_catalog.pg_foreign_server s WHERE s.srvacl IS NOT NULL",
            class::FOREIGN_SERVER
        ),
        format!(
            "SELECT {}, m.oid, 0, 'L'::\"char\", m.lomowner, m.lomacl, 'LARGE OBJECT ' || m.oid, NULL \
             FROM pg_catalog.pg_largeobject_metadata m WHERE m.lomacl IS NOT NULL",
            class::LARGE_OBJECT
        ),
        format!(
            "SELECT {}, d.oid, 0, 'd'::\"char\", d.datdba, d.datacl, 'DATABASE {}', NULL \
             FROM pg_catalog.pg_database d WHERE d.datacl IS NOT NULL AND d.datname = pg_catalog.current_database()",
            class::DATABASE,
            super::DATABASE
        ),
    ];
    let by_public = |right: &str| {
        format!(
            "('{{\"={right}/' || pg_catalog.replace(pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(s.owner)), '\"', '\\\"') || '\"}}')::pg_catalog.aclitem[] \
             || pg_catalog.acldefault(s.letter, s.owner)"
        )
    };
    // Schema public: what CREATE DATABASE leaves there depends on the version; compare with version 15's.
    // initdb loads the information schema after it wrote the initial rights down, so its grants to PUBLIC are not there.
    let usual = format!(
        "CASE WHEN s.class = {schema} AND s.oid = {PUBLIC_SCHEMA} THEN {usage} \
              WHEN i.initprivs IS NOT NULL THEN i.initprivs \
              WHEN s.oid < {FIRST_USER_OID} AND s.column IS NULL AND s.words = 'SCHEMA information_schema' THEN {usage} \
              WHEN s.oid < {FIRST_USER_OID} AND s.column IS NULL AND s.words LIKE 'TABLE information\\_schema.%' THEN {reading} \
              ELSE pg_catalog.acldefault(s.letter, s.owner) END",
        schema = class::SCHEMA,
        usage = by_public("U"),
        reading = by_public("r"),
    );
    format!(
        "SELECT s.class, s.oid::int8 AS oid, pg_catalog.pg_get_userbyid(s.owner) AS owner, s.words, s.column, \
         {} AS has, {} AS usual FROM ({}) AS s \
         LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = s.class AND i.objoid = s.oid AND i.objsubid = s.sub \
         WHERE s.acl IS DISTINCT FROM i.initprivs OR (s.class = {} AND s.oid = {PUBLIC_SCHEMA}) ORDER BY s.class, s.oid, s.sub",
        exploded("s.acl"),
        exploded(&usual),
        sources.join(" UNION ALL "),
        class::SCHEMA
    )
}

fn add(draft: &mut Draft, acl: Acl) {
    let address = Address::new(acl.class, acl.oid);
    let known = draft.targets.get(&address);
    // Objects of users that were not captured take their grants with them.
    let is_user = acl.oid >= FIRST_USER_OID && !matches!(acl.class, class::LARGE_OBJECT | class::DATABASE);
    if is_user && draft.at(address).is_none() {
        return;
    }
    let title = known.map_or_else(|| acl.words.clone(), |target| target.title.clone());
    let title = acl.column.as_ref().map_or(title.clone(), |column| format!("column {column} of {title}"));
    let public = acl.class == class::SCHEMA && acl.oid == PUBLIC_SCHEMA;
    let mut statements = Vec::new();
    if public && !acl.has.iter().any(|right| right.grantee.is_none() && right.privilege == "CREATE") {
        // Before version 15 everybody may create objects there.
        statements.push("REVOKE CREATE ON SCHEMA \"public\" FROM PUBLIC".to_owned());
    }
    let column = acl.column.as_ref().map(|column| Ident(column).to_string());
    statements.extend(difference(&acl.has, &acl.usual, &acl.owner, &acl.words, column.as_deref()));
    if statements.is_empty() {
        return;
    }
    let changed = acl
        .has
        .iter()
        .filter(|right| !acl.usual.contains(right))
        .chain(acl.usual.iter().filter(|right| !acl.has.contains(right)));
    let mut names: Vec<&str> = Vec::new();
    for right in changed {
        names.extend(right.grantee.as_deref());
        if right.grantor != acl.owner {
            names.push(&right.grantor);
        }
    }
    let rank = if acl.class == class::SCHEMA { Rank::SchemaGrant } else { Rank::Grant };
    let mut node = Node::new("grant", rank, None, &roles::name(names, &title));
    node.sql = statements;
    if draft.at(address).is_some() {
        node = node.of(address);
    }
    draft.add(node);
}

/// Takes away what is there by itself and should not be, then grants in an order in which every grantor can.
fn difference(has: &[Right], usual: &[Right], owner: &str, words: &str, column: Option<&str>) -> Vec<String> {
    let place = column.map_or(String::new(), |column| format!(" ({column})"));
    let mut statements = Vec::new();
    for right in usual {
        let now = has.iter().find(|now| now.same(right));
        let only_option = match now {
            None => "",
            Some(now) if right.grantable && !now.grantable => "GRANT OPTION FOR ",
            Some(_) => continue,
        };
        let sql =
            format!("REVOKE {only_option}{}{place} ON {words} FROM {}", right.privilege, grantee(right));
        as_grantor(&mut statements, &right.grantor, owner, sql);
    }
    let mut waiting: Vec<&Right> = has
        .iter()
        .filter(|right| !usual.iter().any(|one| one.same(right) && (one.grantable || !right.grantable)))
        .collect();
    let mut may: Vec<(&str, &str)> = Vec::new();
    while !waiting.is_empty() {
        let ready = waiting
            .iter()
            .position(|right| {
                right.grantor == owner || may.contains(&(right.grantor.as_str(), right.privilege.as_str()))
            })
            .unwrap_or(0);
        let right = waiting.remove(ready);
        let mut privileges = vec![right.privilege.as_str()];
        // Neighbours of the same kind go into one statement.
        while let Some(next) = waiting.get(ready) {
            if (&next.grantee, &next.grantor, next.grantable)
                != (&right.grantee, &right.grantor, right.grantable)
            {
                break;
            }
            let ripe =
                next.grantor == owner || may.contains(&(next.grantor.as_str(), next.privilege.as_str()));
            if !ripe {
                break;
            }
            privileges.push(next.privilege.as_str());
            waiting.remove(ready);
        }
        if let (true, Some(grantee)) = (right.grantable, &right.grantee) {
            may.extend(privileges.iter().map(|privilege| (grantee.as_str(), *privilege)));
        }
        let list: Vec<String> = privileges.iter().map(|privilege| format!("{privilege}{place}")).collect();
        let option = if right.grantable { " WITH GRANT OPTION" } else { "" };
        let sql = format!("GRANT {} ON {words} TO {}{option}", list.join(", "), grantee(right));
        as_grantor(&mut statements, &right.grantor, owner, sql);
    }
    statements
}

fn grantee(right: &Right) -> String {
    right.grantee.as_ref().map_or("PUBLIC".to_owned(), |role| Ident(role).to_string())
}

/// Who granted is part of the grant: the server takes it from the session.
fn as_grantor(statements: &mut Vec<String>, grantor: &str, owner: &str, sql: String) {
    if grantor == owner {
        statements.push(sql);
    } else {
        statements.extend([format!("SET ROLE {}", Ident(grantor)), sql, "RESET ROLE".to_owned()]);
    }
}

#[derive(Deserialize)]
struct Defaults {
    oid: u32,
    role: String,
    schema: Option<String>,
    schema_oid: u32,
    letter: char,
    has: Vec<Right>,
    usual: Vec<Right>,
}

/// `ALTER DEFAULT PRIVILEGES`, last of all so that nothing restored gets them.
pub async fn defaults(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let usual = "CASE WHEN d.defaclnamespace = 0 THEN pg_catalog.acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, \
         d.defaclrole) END";
    let sql = format!(
        "SELECT d.oid::int8 AS oid, pg_catalog.pg_get_userbyid(d.defaclrole) AS role, n.nspname AS schema, \
         d.defaclnamespace::int8 AS schema_oid, d.defaclobjtype::text AS letter, {} AS has, {} AS usual \
         FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace ORDER BY 2, 3, 5",
        exploded("d.defaclacl"),
        exploded(usual)
    );
    for found in rows::<Defaults>(conn, "Reading default privileges", &sql).await? {
        let kind = match found.letter {
            'r' => "TABLES",
            'S' => "SEQUENCES",
            'f' => "FUNCTIONS",
            'T' => "TYPES",
            'n' => "SCHEMAS",
            'L' => "LARGE OBJECTS",
            _ => continue,
        };
        let place =
            found.schema.as_ref().map_or(String::new(), |schema| format!(" IN SCHEMA {}", Ident(schema)));
        let prefix = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {}{place}", Ident(&found.role));
        let statements = difference(&found.has, &found.usual, &found.role, kind, None);
        let grantees = found.has.iter().chain(&found.usual).filter_map(|right| right.grantee.as_deref());
        let about = match &found.schema {
            Some(schema) => format!("{} in {schema}", kind.to_lowercase()),
            None => kind.to_lowercase(),
        };
        let name = roles::name(grantees.chain([found.role.as_str()]), &about);
        let mut node = Node::new("default privileges", Rank::DefaultPrivileges, None, &name);
        node.sql = statements.into_iter().map(|sql| format!("{prefix} {sql}")).collect();
        if found.schema.is_some() {
            node = node.of(Address::new(class::SCHEMA, found.schema_oid));
        }
        draft.add_at(Address::new(class::DEFAULT_ACL, found.oid), node);
    }
    Ok(())
}
