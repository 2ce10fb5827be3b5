//! Operator families and classes: how an index method works with a type.
//!
//! What belongs to a class is written into it; what was added to a family later is added later here too. Families of
//! the server or of an extension may have got members of users: these are added only where they are missing.

use std::collections::BTreeMap;

use serde::Deserialize;
use sqlx::PgConnection;

use super::catalog::{Address, FIRST_USER_OID, class, rows};
use super::draft::{Draft, Node, Rank, qualified};
use super::guests::unless_there;
use crate::Result;
use crate::postgres::sql::Ident;

#[derive(Deserialize)]
struct Family {
    oid: u32,
    schema: String,
    name: String,
    owner: String,
    method: String,
}

#[derive(Deserialize)]
struct OperatorClass {
    oid: u32,
    schema: String,
    name: String,
    owner: String,
    method: String,
    family_schema: String,
    family: String,
    is_default: bool,
    of_type: String,
    storage: Option<String>,
}

/// An operator or a function in a class or family.
#[derive(Deserialize)]
struct Member {
    class: u32,
    oid: u32,
    /// The class or family it is tied to.
    owner_class: u32,
    owner: u32,
    /// `OPERATOR 1 public.<(a,b)`.
    words: String,
    /// The operator or function itself.
    what_class: u32,
    what: u32,
}

pub async fn collect(conn: &mut PgConnection, draft: &mut Draft) -> Result<()> {
    let mut members: BTreeMap<Address, Vec<Member>> = BTreeMap::new();
    for member in rows::<Member>(conn, "Reading members of operator classes", &members_query()).await? {
        members.entry(Address::new(member.owner_class, member.owner)).or_default().push(member);
    }
    let families = rows::<Family>(conn, "Reading operator families", &families_query(&members)).await?;
    for family in &families {
        let address = Address::new(class::OPERATOR_FAMILY, family.oid);
        let own = family.oid >= FIRST_USER_OID && !draft.is_member(class::OPERATOR_FAMILY, family.oid);
        let words = format!(
            "OPERATOR FAMILY {} USING {}",
            qualified(&family.schema, &family.name),
            Ident(&family.method)
        );
        let shown = format!("{} USING {}", family.name, family.method);
        if own {
            let node = Node::new("operator family", Rank::OperatorFamily, Some(&family.schema), &shown);
            draft.add_at(address, node.sql(format!("CREATE {words}")));
            let title = format!("operator family {}.{shown}", family.schema);
            draft.target(address, words.clone(), Some(family.owner.clone()), title);
        }
        let loose = members.remove(&address).unwrap_or_default();
        add_loose(draft, own, address, (&words, &family.schema, &shown), loose);
    }
    for found in rows::<OperatorClass>(conn, "Reading operator classes", &classes_query()).await? {
        let address = Address::new(class::OPERATOR_CLASS, found.oid);
        if draft.is_member(class::OPERATOR_CLASS, found.oid) {
            continue;
        }
        let inside = members.remove(&address).unwrap_or_default();
        let words = format!(
            "OPERATOR CLASS {} USING {}",
            qualified(&found.schema, &found.name),
            Ident(&found.method)
        );
        let shown = format!("{} USING {}", found.name, found.method);
        let node = Node::new("operator class", Rank::OperatorClass, Some(&found.schema), &shown)
            .sql(found.create(&inside));
        let index = draft.add_at(address, node);
        for member in &inside {
            draft.also(Address::new(member.class, member.oid), index);
        }
        let title = format!("operator class {}.{shown}", found.schema);
        draft.target(address, words, Some(found.owner), title);
    }
    Ok(())
}

fn add_loose(
    draft: &mut Draft,
    own: bool,
    family: Address,
    (words, schema, shown): (&str, &str, &str),
    loose: Vec<Member>,
) {
    // What an extension adds to its own family needs nothing of users.
    let of_users = |member: &Member| {
        own || family.oid < FIRST_USER_OID
            || (member.what >= FIRST_USER_OID && !draft.is_member(member.what_class, member.what))
    };
    let loose: Vec<Member> = loose.into_iter().filter(of_users).collect();
    if loose.is_empty() {
        return;
    }
    let mut node = Node::new("operator family members", Rank::OperatorClass, Some(schema), shown).of(family);
    if own {
        let list: Vec<&str> = loose.iter().map(|member| member.words.as_str()).collect();
        node = node.sql(format!("ALTER {words} ADD\n    {}", list.join(",\n    ")));
    } else {
        for member in &loose {
            node = node.sql(unless_there(&format!("ALTER {words} ADD {}", member.words)));
        }
    }
    let index = draft.add(node);
    for member in &loose {
        draft.also(Address::new(member.class, member.oid), index);
    }
}

fn families_query(members: &BTreeMap<Address, Vec<Member>>) -> String {
    let with_members: Vec<String> = members
        .keys()
        .filter(|address| address.class == class::OPERATOR_FAMILY)
        .map(|address| address.oid.to_string())
        .collect();
    format!(
        "SELECT f.oid::int8 AS oid, n.nspname AS schema, f.opfname AS name, pg_catalog.pg_get_userbyid(f.opfowner) AS owner, \
         m.amname AS method FROM pg_catalog.pg_opfamily f JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace \
         JOIN pg_catalog.pg_am m ON m.oid = f.opfmethod \
         WHERE f.oid >= {FIRST_USER_OID} OR f.oid = ANY ('{{{}}}'::pg_catalog.oid[]) ORDER BY 2, 3, 5",
        with_members.join(",")
    )
}

fn classes_query() -> String {
    format!(
        "SELECT c.oid::int8 AS oid, n.nspname AS schema, c.opcname AS name, pg_catalog.pg_get_userbyid(c.opcowner) AS owner, \
         m.amname AS method, fn.nspname AS family_schema, f.opfname AS family, c.opcdefault AS is_default, \
         pg_catalog.format_type(c.opcintype, NULL) AS of_type, \
         CASE WHEN c.opckeytype <> 0 THEN pg_catalog.format_type(c.opckeytype, NULL) END AS storage \
         FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace \
         JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod JOIN pg_catalog.pg_opfamily f ON f.oid = c.opcfamily \
         JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace \
         WHERE c.oid >= {FIRST_USER_OID} ORDER BY 2, 3, 5"
    )
}

fn members_query() -> String {
    let tied = |class: u32, alias: &str| {
        format!(
            "LEFT JOIN pg_catalog.pg_depend d ON d.classid = {class} AND d.objid = {alias}.oid AND d.refclassid IN ({}, {})",
            class::OPERATOR_CLASS,
            class::OPERATOR_FAMILY
        )
    };
    format!(
        "SELECT {operators} AS class, o.oid::int8 AS oid, {owner_class} AS owner_class, \
           COALESCE(d.refobjid, o.amopfamily)::int8 AS owner, \
           'OPERATOR ' || o.amopstrategy || ' ' || o.amopopr::pg_catalog.regoperator::text || COALESCE(' FOR ORDER BY ' || \
             (SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(f.opfname) FROM pg_catalog.pg_opfamily f \
              JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace WHERE f.oid = o.amopsortfamily), '') AS words, \
           {operator} AS what_class, o.amopopr::int8 AS what, 1 AS sort, o.amopstrategy AS number \
         FROM pg_catalog.pg_amop o {o_tied} WHERE o.oid >= {FIRST_USER_OID} \
         UNION ALL SELECT {functions}, p.oid::int8, {owner_class}, COALESCE(d.refobjid, p.amprocfamily)::int8, \
           'FUNCTION ' || p.amprocnum || ' (' || pg_catalog.format_type(p.amproclefttype, NULL) || ', ' || \
             pg_catalog.format_type(p.amprocrighttype, NULL) || ') ' || p.amproc::pg_catalog.regprocedure::text, \
           {procedure}, p.amproc::pg_catalog.oid::int8, 2, p.amprocnum \
         FROM pg_catalog.pg_amproc p {p_tied} WHERE p.oid >= {FIRST_USER_OID} ORDER BY sort, number, words",
        operators = class::ACCESS_METHOD_OPERATOR,
        functions = class::ACCESS_METHOD_PROCEDURE,
        operator = class::OPERATOR,
        procedure = class::PROCEDURE,
        // On families of the server itself no dependency is written down.
        owner_class = format!("COALESCE(d.refclassid, {})::int8", class::OPERATOR_FAMILY),
        o_tied = tied(class::ACCESS_METHOD_OPERATOR, "o"),
        p_tied = tied(class::ACCESS_METHOD_PROCEDURE, "p"),
    )
}

impl OperatorClass {
    fn create(&self, members: &[Member]) -> String {
        let mut list: Vec<String> = Vec::new();
        // The list may not be empty; saying the type itself says nothing new.
        match (&self.storage, members.is_empty()) {
            (Some(storage), _) => list.push(format!("STORAGE {storage}")),
            (None, true) => list.push(format!("STORAGE {}", self.of_type)),
            (None, false) => {}
        }
        list.extend(members.iter().map(|member| member.words.clone()));
        format!(
            "CREATE OPERATOR CLASS {}{} FOR TYPE {} USING {} FAMILY {} AS\n    {}",
            qualified(&self.schema, &self.name),
            if self.is_default { " DEFAULT" } else { "" },
            self.of_type,
            Ident(&self.method),
            qualified(&self.family_schema, &self.family),
            list.join(",\n    ")
        )
    }
}
